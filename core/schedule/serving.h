/* serving.h - the daemon from inside, for the files that make it up:
 *
 *   daemon.c   the loop: clock, signals, descriptors
 *   tell.c     its log
 *   reload.c   what changes meanwhile: hoko.lua, zones, keys
 *   scripts.c  the scripts, read when they are saved
 *   jobs.c     which jobs there are: the state's, and what hoko.lua wants
 *   step.c     what a job does next: policy's answer, recorded, then done
 *   process.c  the runs' processes: started, heard, ended
 *   orders.c   what comes over the control socket
 *   face.c     what is shown by HTTP */
#ifndef HOKO_SCHEDULE_SERVING_H
#define HOKO_SCHEDULE_SERVING_H

#include "schedule/notify.h"
#include "schedule/scripts.h"
#include "schedule/served.h"
#include "schedule/watch.h"

struct orders;
struct face;

struct daemon {
  const struct daemon_options *options;
  const struct daemon_wishes *wishes;
  struct served **jobs; /* in the order of their names */
  size_t jobs_len, jobs_cap;
  size_t active; /* runs under way */
  struct orders *orders;
  struct face *metrics, *pages; /* NULL: not asked for */
  struct scripts scripts;
  struct notify notify;
  struct watch watch;
  int lock_fd, signal_fd, timer_fd, folder_fd; /* folder_fd: inotify's */
  int64_t file_mtime_ns, file_size;            /* of hoko.lua when it was last read */
  int64_t stalled_until_ms;                    /* of passed time: the state could not be written */
  int64_t looked_ms;                           /* of passed time: for what no descriptor tells */
  struct condition state_trouble, file_trouble, zone_trouble, web_trouble;
  int64_t prune_at_ms; /* of passed time: when old runs are forgotten next */
  bool wants_reload, is_ending;
  int64_t end_at_ms; /* of passed time, while ending */
};

/* ---- daemon.c ---- */

int64_t daemon_wall_ms(const struct daemon *d);
int64_t daemon_passed_ms(void); /* goes on while the machine sleeps */

/* ---- tell.c ---- */

/* A line about S (NULL: about none) and its run; what a job may log is bounded. */
void daemon_log(struct daemon *d, struct served *s, enum log_level level, const char *format, ...)
    PRINTF_LIKE(4, 5);
void daemon_log_error(struct daemon *d, const struct error *err, int64_t count);
/* The state could not be written: nothing more is decided for a while. */
void daemon_stall(struct daemon *d, const struct error *err);
bool daemon_is_stalled(const struct daemon *d);

/* ---- reload.c ---- */

enum {
  RELOAD_LOOK_MS = 30000,    /* so often at the latest, whatever no descriptor tells */
  RELOAD_KEY_LOOK_MS = 2000, /* while a job waits for a key */
};
MUST_USE int reload_first(struct daemon *d, struct error *err);
/* A broken file keeps the schedule that is. */
void reload_again(struct daemon *d);
/* What the folder's descriptor tells, and what none does. */
void reload_hear(struct daemon *d);
void reload_look(struct daemon *d);
/* What is saved and removed in FOLDER is heard of from now on. */
void reload_watch(struct daemon *d, const char *folder);
/* Jobs that wait for a key are tried again; WHY is logged. */
void reload_keys(struct daemon *d, const char *why);

/* ---- jobs.c ---- */

struct served *jobs_find(struct daemon *d, const char *name);
/* Reads what the state has. */
MUST_USE int jobs_load(struct daemon *d, struct error *err);
/* Makes the jobs those of WISHES.  -1: the state could not be written, call it again. */
MUST_USE int jobs_apply(struct daemon *d, const struct daemon_wishes *wishes, struct error *err);
/* Runs that were under way are adopted, or were cut off. */
MUST_USE int jobs_recover(struct daemon *d, struct error *err);
/* Forgets those that are not wanted and do not run any more. */
void jobs_sweep(struct daemon *d);
void jobs_free(struct daemon *d);

/* ---- step.c ---- */

/* Records COPY as S's standing, together with STEP.  -1: the daemon is stalled. */
MUST_USE int step_commit(struct daemon *d, struct served *s, const struct policy *copy,
                         const struct job_step *step, bool *is_taken);
MUST_USE int step_save(struct daemon *d, struct served *s, const struct policy *copy);
/* Records under the old rules what came due and is no more to start. */
MUST_USE int step_drop(struct daemon *d, struct served *s);
/* A run by hand, as soon as none is under way.  -1: it is not recorded. */
MUST_USE int step_request(struct daemon *d, struct served *s);
/* All that S has to do now. */
void step_job(struct daemon *d, struct served *s);
/* Free slots go to who has waited longest. */
void step_give_slots(struct daemon *d);
/* Its process is gone: records the end, now or when the state can be written again. */
void step_end(struct daemon *d, struct served *s);

/* ---- process.c ---- */

/* -1 is told, and S then has ended. */
void process_start(struct daemon *d, struct served *s);
void process_start_hook(struct daemon *d, struct served *s, const char *hook);
MUST_USE int process_adopt(struct daemon *d, struct served *s, struct error *err);
void process_stop(struct daemon *d, struct served *s);
/* Hears what it wrote and sees whether it has ended. */
void process_look(struct daemon *d, struct served *s);
/* As the first process of a container it inherits what scripts' commands leave behind, for
 * whose end nobody else waits. */
void process_reap(const struct daemon *d);

/* ---- orders.c ---- */

MUST_USE int orders_open(struct orders **out, struct daemon *d, struct error *err);
void orders_close(struct orders *o);
enum { ORDERS_FDS_MAX = 33 };
struct pollfd;
/* What is to be polled; returns how many. */
size_t orders_fds(const struct orders *o, struct pollfd *to);
void orders_serve(struct orders *o);
void orders_tell_started(struct orders *o, const struct served *s);
void orders_tell_ended(struct orders *o, const struct served *s, int exit_code);

#endif
