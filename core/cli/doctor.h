/* doctor.h - the checks behind `hoko doctor`: each looks at one thing and says what
 * it found, and where that is not good what to do about it. */
#ifndef HOKO_CLI_DOCTOR_H
#define HOKO_CLI_DOCTOR_H

#include "cli/project.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_finding {
  enum doctor_verdict verdict;
  char what[512];
  char fix[512];       /* "" where there is nothing to do */
  enum exit_code exit; /* of a FAIL: what a run would end with */
};

struct doctor {
  const struct cli *cli;
  const struct project *project; /* NULL while the machine is looked at */
};

struct doctor_check {
  const char *name;
  void (*look)(const struct doctor *d, struct doctor_finding *f);
};

extern const struct doctor_check
    doctor_system[]; /* this machine and this program; name NULL at the end */
extern const struct doctor_check doctor_project[]; /* the project, once it is settled */
extern const struct doctor_check doctor_online[];  /* Hoko, where --online asks for it */

void doctor_say(struct doctor_finding *f, enum doctor_verdict verdict, const char *format, ...)
    PRINTF_LIKE(3, 4);
void doctor_fix(struct doctor_finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
/* A FAIL with the error's words. */
void doctor_fail(struct doctor_finding *f, const struct error *err);

#endif
