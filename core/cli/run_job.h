/* run_job.h - what `hoko run`, `eval` and `repl` make of their command line: a job, its
 * project, and how its events are shown.
 *
 * A command that has one takes RUN_JOB_OPTIONS into its table, and "dry-run" and
 * "no-progress" beside.  Main thread only. */
#ifndef HOKO_CLI_RUN_JOB_H
#define HOKO_CLI_RUN_JOB_H

#include "cli/command.h"
#include "cli/permits.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "host/host.h"

/* Rows of a table of options: those of `hoko run` and `hoko eval` before those of the job. */
#define RUN_SCRIPT_OPTIONS                                                                         \
  {.name = "dry-run",                                                                              \
   .type = OPTION_FLAG,                                                                            \
   .help = "decide everything, send nothing, print what would be done"},                           \
  {                                                                                                \
    .name = "report", .type = OPTION_TEXT, .value = "FILE", .completes = COMPLETES_FILE,           \
    .help = "write a JSON report of the run; - is stdout"                                          \
  }

#define RUN_JOB_OPTIONS                                                                            \
  {.name = "give-up",                                                                              \
   .type = OPTION_DURATION,                                                                        \
   .value = "TIME",                                                                                \
   .fallback = "15m",                                                                              \
   .min = 1,                                                                                       \
   .help = "how long Hoko may be out of reach, counted from its last good answer"},                \
      {.name = "wait",                                                                             \
       .type = OPTION_DURATION,                                                                    \
       .value = "TIME",                                                                            \
       .fallback = "0ms",                                                                          \
       .help = "how long to wait for a stream that another run writes"},                           \
      {.name = "settle-window",                                                                    \
       .type = OPTION_DURATION,                                                                    \
       .value = "TIME",                                                                            \
       .fallback = "15m",                                                                          \
       .help = "how late a create may be applied that was never answered"},                        \
      {.name = "bisect-limit",                                                                     \
       .type = OPTION_INT,                                                                         \
       .value = "N",                                                                               \
       .fallback = "1500",                                                                         \
       .max = 1000000,                                                                             \
       .help = "requests that may be spent on finding rows that Hoko refuses"},                    \
      {.name = "retry-rejects",                                                                    \
       .type = OPTION_FLAG,                                                                        \
       .help = "send rejected rows again even if they are unchanged"},                             \
      {.name = "recreate",                                                                         \
       .type = OPTION_FLAG,                                                                        \
       .help = "make partners anew that Hoko no longer has"},                                      \
      {.name = "timeout",                                                                          \
       .type = OPTION_DURATION,                                                                    \
       .value = "TIME",                                                                            \
       .min = 1,                                                                                   \
       .help = "time that the script itself may run; requests take at most 10 s to connect, 60 s " \
               "without a byte, 300 s in all"},                                                    \
      {.name = "memory",                                                                           \
       .type = OPTION_SIZE,                                                                        \
       .value = "SIZE",                                                                            \
       .min = 1 << 20,                                                                             \
       .help = "memory that the script may use"},                                                  \
      {.name = "allow-read",                                                                       \
       .type = OPTION_LIST,                                                                        \
       .value = "LIST",                                                                            \
       .completes = COMPLETES_FILE,                                                                \
       .help = "folders and files that the script may read besides the project"},                  \
      {.name = "allow-write",                                                                      \
       .type = OPTION_LIST,                                                                        \
       .value = "LIST",                                                                            \
       .completes = COMPLETES_FOLDER,                                                              \
       .help = "folders that the script may write in besides the project"},                        \
      {.name = "allow-net",                                                                        \
       .type = OPTION_LIST,                                                                        \
       .value = "LIST",                                                                            \
       .help = "servers that the script may speak to: HOST, HOST:PORT or NETWORK/BITS"},           \
      {.name = "allow-env",                                                                        \
       .type = OPTION_LIST,                                                                        \
       .value = "LIST",                                                                            \
       .help = "environment variables that the script may see"},                                   \
      {.name = "allow-run",                                                                        \
       .type = OPTION_LIST,                                                                        \
       .value = "LIST",                                                                            \
       .help = "commands that the script may start, without a shell; true: all, with one"},        \
  {                                                                                                \
    .name = "allow-uncaged", .type = OPTION_FLAG,                                                  \
    .help = "run the script even where the kernel has no seccomp to hold it"                       \
  }

/* Its texts are the job's and outlive the run. */
struct run_job {
  struct cli *cli;
  struct project project;
  struct job job;
  struct progress progress;
  int64_t began_ns; /* for the progress; set when rows may come */
  struct permits permits;
  struct keystore *keystore; /* unlocked; NULL until a key of it is needed */
  char stream[PATH_SIZE], script[PATH_SIZE];
  bool is_within_line; /* what the script printed last did not end its line */
  struct buf *planned; /* where lines of a dry run go instead of stdout; or NULL */
  void *of_command;    /* what events need that the command adds; or NULL */
};

/* Finds the project and starts *W, which has read hoko.lua and waits for the job.  -1: *err;
 * *OUT is NULL, or is freed by the caller. */
MUST_USE int run_job_new(struct run_job **out, struct worker **w, struct cli *cli,
                         enum job_kind kind, struct error *err);
void run_job_free(struct run_job *c);

/* How a run's events are shown to a person; C is their user. */
struct run_events run_job_events(struct run_job *c);
/* What came of it: its error, or its summary. */
void run_job_tell(struct run_job *c, const struct run_result *r);

#endif
