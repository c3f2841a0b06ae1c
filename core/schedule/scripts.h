/* scripts.h - the jobs' scripts, looked at when they are saved: that one is gone, or that
 * `hoko check` refuses it, is told then, and not in the night in which it is to start.
 *
 * Another process reads them, in a cage, and runs none.  What is told is told once, and once
 * more when it is over.  Main thread only. */
#ifndef HOKO_SCHEDULE_SCRIPTS_H
#define HOKO_SCHEDULE_SCRIPTS_H

#include "schedule/child.h"
#include "schedule/daemon.h"

enum script_standing { SCRIPT_WELL, SCRIPT_WRONG, SCRIPT_GONE };

struct script {
  char *path, *job; /* as hoko.lua has it; the first job that wants it ... */
  size_t jobs;      /* ... of so many */
  ino_t inode;
  int64_t changed_ns; /* when it was looked at last; 0: it was not there */
  bool is_unread, is_being_read;
  enum script_standing told;
  int64_t line; /* of its first mistake, while it is being read; 0: none so far */
  char mistake[512];
};

struct scripts {
  struct script *at; /* in the order of their paths */
  size_t len;
  struct child check; /* reads some of them */
  bool is_check_odd;  /* it said something that is no finding */
  int64_t kill_at_ms; /* of passed time: when it has taken too long */
  int64_t look_at_ms; /* of passed time: when the files are looked at next */
};

struct daemon;

/* Makes those that are watched WISHES'; what is known of one stays known. */
MUST_USE int scripts_take(struct daemon *d, const struct daemon_wishes *wishes, struct error *err);
/* A file of this name was saved or removed in a folder that is watched. */
void scripts_hear(struct daemon *d, const char *name);
/* Looks at what is due, and hears what was found. */
void scripts_look(struct daemon *d);
/* In how many milliseconds scripts_look() has something to do, whatever no descriptor tells. */
int64_t scripts_wait_ms(const struct daemon *d);
void scripts_free(struct scripts *s);

#endif
