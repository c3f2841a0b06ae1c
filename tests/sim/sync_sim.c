/* sync_sim.c - the engine on a virtual clock against a server that has bad days.
 *
 *   sync_sim [--seed N] [--seeds N] [--folder DIR]
 *
 * Each seed is one story: a source of keyed rows is synced by runs that are killed or lose
 * power anywhere, whose disk is full or fails, and whose requests meet the server's bad
 * days (sync_server.h), while somebody deletes partners there and rows leave the source and
 * come back, until nothing is pending or held.  Then every key of the source must have
 * exactly one partner with the newest values, and no other key one.  On the way:
 *
 * - J1: a create that leaves stands in an intent that is committed (some are looked up).
 * - J2: the counts of a run that came to its end add up.
 * - J3, J5, promise 3: as the server watches them.
 * - J4: after a kill or a power cut the state opens, and in the end it is sound.
 *
 * A failure prints its seed; SIGINT and SIGTERM end it behind the story in hand.  The state
 * is real SQLite on a disk in memory; the file that it takes the name of, and its locks, are
 * in DIR. */
#include "disk.h"
#include "sync_server.h"

#include "state/state.h"
#include "sync/missing.h"
#include "sync/settle.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS_MAX = 24, RUNS_MAX = 60, STEPS_MAX = 20000, DISK_CALLS_MAX = 250 };

/* ---- the source ----------------------------------------------------------- */

struct source_row {
  char key[16], name[32];
  unsigned version;
  bool is_bad, is_deleted; /* somebody deletes its partner at the server */
  bool is_away, was_away;  /* it has left the source; its partner may have been deleted for that */
};

static struct source_row source[KEYS_MAX];
static unsigned source_len, versions;

static void edit_source(void) {
  for (unsigned i = 0; i < source_len; i++)
    if (chance(40)) source[i].version = ++versions;
}

/* Rows leave the source or come back; the first is always there. */
static void move_rows(void) {
  for (unsigned i = 1; i < source_len; i++) {
    if (!chance(15)) continue;
    source[i].is_away = !source[i].is_away;
    source[i].was_away = true;
  }
}

static bool may_be_deleted(const char *name) {
  for (unsigned i = 0; i < source_len; i++)
    if (strcmp(source[i].name, name) == 0) return source[i].is_away;
  return false;
}

/* Its row changes, so that the next run meets it. */
static void delete_one(void) {
  const char *name = server_delete_one();
  for (unsigned i = 0; name && i < source_len; i++) {
    if (strcmp(source[i].name, name) != 0) continue;
    source[i].is_deleted = true;
    source[i].version = ++versions;
  }
}

/* A server that applies a part shows that at the first request with a good row beside a
 * bad one.  One bad row is enough for that; with more of them, what a request of bad rows
 * only leaves behind would be taken as what this server does. */
static void new_source(enum server_applies applies) {
  unsigned bad_max = applies == SERVER_NOTHING ? KEYS_MAX : 1, bad = 0;
  source_len = (unsigned)between(1, KEYS_MAX);
  versions = 0;
  for (unsigned i = 0; i < source_len; i++) {
    struct source_row *r = &source[i];
    *r = (struct source_row){.is_bad = bad < bad_max && chance(5), .version = ++versions};
    bad += r->is_bad;
    (void)snprintf(r->key, sizeof r->key, "k%u", i);
    (void)snprintf(r->name, sizeof r->name, "%s%u", r->is_bad ? "bad" : "Name ", i);
  }
}

static void put_source(struct buf *frame) {
  for (unsigned i = 0; i < source_len; i++) {
    if (source[i].is_away) continue;
    char name[48], phone[48];
    struct row row = {.line = i + 1, .key = slice_of(source[i].key)};
    int len = snprintf(name, sizeof name, "\"%s\"", source[i].name);
    row.field[ROW_NAME] = (struct slice){name, (size_t)len};
    len = snprintf(phone, sizeof phone, "\"+%u\"", source[i].version);
    row.field[ROW_PHONE] = (struct slice){phone, (size_t)len};
    row_put(frame, &row);
  }
}

/* ---- the client ----------------------------------------------------------- */

/* What one run meets besides the server's bad days. */
struct trouble {
  unsigned steps;        /* it is killed after so many */
  enum disk_failure how; /* of the disk: DISK_DEAD kills it there */
  unsigned at;           /* the disk's n-th call; 0: never */
  bool is_power_cut;     /* what was not synced is lost where it is killed */
};

static struct { uint64_t kills, power_cuts, failures; } told; /* of all stories */

static char url[600];
static struct stream *open_stream;
static struct seen seen;
static bool deletes_missing, recreates; /* this story's runs make anew what was deleted */

static struct stream *give_stream(void *user, struct error *err) {
  (void)user;
  (void)err;
  return open_stream;
}

static void refused(void *user, uint64_t ordinal, const struct sync_refusal *why) {
  (void)user;
  (void)ordinal;
  (void)why;
}

static void warned(void *user, const char *message) {
  (void)user;
  (void)message;
}

static struct sync_options options_of(struct state *state) {
  return (struct sync_options){
      .state = state,
      .transport = &server_transport,
      .clock = &sim_clock,
      .events = {.refused = refused, .warn = warned, .stream = give_stream},
      .file = "source.csv",
      .key_name = "ref",
      .has_key = true,
      .recreates = recreates,
      .seen = deletes_missing ? &seen : NULL,
      .batch_rows = (uint32_t)between(1, 8),
      .batch_bytes = 4096,
      .concurrency = (unsigned)between(1, 4),
      .give_up_ms = 20 * 60 * 1000,
      .bisect_limit = 1500,
      .seed = rnd(),
      .hash_key = {rnd(), rnd()}};
}

static bool open_state(struct state **state, bool is_reader, struct stream **st,
                       struct error *err) {
  const struct state_options so = {.url = url, .clock = &sim_clock, .is_reader = is_reader};
  const struct stream_options options = {.name = SLICE("sim"),
                                         .base_url = SLICE("http://sim"),
                                         .is_reader = is_reader,
                                         .script = SLICE("sim"),
                                         .run = SLICE("r")};
  *state = NULL;
  return !state_open(state, &so, err) && !stream_open(st, *state, &options, err);
}

/* J1 of the create of NAME, by another connection, as another process would look. */
static void look_up_create(const char *name) {
  struct error err;
  struct state *state;
  struct stream *reader;
  struct explained e;
  for (unsigned k = 0; k < source_len; k++) {
    if (strcmp(source[k].name, name) != 0) continue;
    bool is_open = open_state(&state, true, &reader, &err);
    is_open = is_open && stream_explain(reader, slice_of(source[k].key), &e, &err) == 0;
    if (is_open && !e.is_under_way) server_find_wrong("a create leaves that no intent has (J1)");
    if (!is_open && !disk_has_failed()) server_find_wrong("the state could not be looked at");
    state_close(state);
  }
}

/* Whether the client goes on after a step. */
static bool lives(const struct trouble *t, unsigned *steps_left) {
  if (t->how == DISK_DEAD && disk_has_failed()) return false;
  return (*steps_left)-- > 0;
}

/* Steps it until it is done; false: it is killed. */
static bool drive_settle(struct settle *s, const struct trouble *t, unsigned *steps_left) {
  server_is_settling(true);
  settle_step(s);
  while (!settle_is_done(s) && !server_broken && lives(t, steps_left)) {
    pass_time(settle_wake_at(s), sim_now_ms() + 60000);
    settle_step(s);
  }
  server_is_settling(false);
  return settle_is_done(s) && lives(t, steps_left);
}

static bool drive_sync(struct sync *s, const struct trouble *t, unsigned *steps_left) {
  sync_step(s);
  while (!sync_is_done(s) && !server_broken && lives(t, steps_left)) {
    pass_time(sync_wake_at(s), sim_now_ms() + 60000);
    sync_step(s);
  }
  return sync_is_done(s) && lives(t, steps_left);
}

/* Before the rows, or AFTER the sync of them.  false: it was killed, or it failed. */
static bool settle_once(struct state *state, const struct sync *after, const struct trouble *t,
                        unsigned *steps_left) {
  struct error err;
  struct settle *s;
  struct settle_options o = {.state = state,
                             .stream = open_stream,
                             .resend = options_of(state),
                             .window_ms = SERVER_WINDOW_MS,
                             .only_adopts = after != NULL,
                             .doubt_since_ms = after ? sync_doubt_since_ms(after) : 0,
                             .made = after ? sync_made(after) : NULL};
  if (settle_new(&s, &o, &err)) {
    if (!disk_has_failed()) server_find_wrong("settling could not begin");
    return false;
  }
  if (!s) return true;
  bool is_whole = drive_settle(s, t, steps_left);
  if (!is_whole) server_drop_client();
  is_whole = is_whole && !settle_error(s); /* a run whose settling fails ends there */
  if (settle_result(s).twins) server_find_wrong("a twin is told where none was made");
  settle_free(s);
  return is_whole;
}

static bool drive_missing(struct missing *m, const struct trouble *t, unsigned *steps_left) {
  missing_step(m);
  while (!missing_is_done(m) && !server_broken && lives(t, steps_left)) {
    pass_time(missing_wake_at(m), sim_now_ms() + 60000);
    missing_step(m);
  }
  return missing_is_done(m) && lives(t, steps_left);
}

/* What left the source is deleted; false: it was killed, or it failed. */
static bool delete_missing(struct state *state, const struct trouble *t, unsigned *steps_left) {
  struct error err;
  struct missing *m;
  const struct sync_options o = options_of(state);
  const struct missing_job job = {.stream = open_stream,
                                  .seen = &seen,
                                  .deletes = true,
                                  .limit = 100 * MISSING_PERCENT,
                                  .removal = {.transport = &server_transport,
                                              .clock = &sim_clock,
                                              .batch_rows = o.batch_rows,
                                              .give_up_ms = o.give_up_ms,
                                              .bisect_limit = o.bisect_limit,
                                              .hash_key = o.hash_key,
                                              .seed = rnd()}};
  if (missing_new(&m, &job, &err)) {
    if (!disk_has_failed()) server_find_wrong("the missing keys could not be found");
    return false;
  }
  bool is_whole = drive_missing(m, t, steps_left);
  if (!is_whole) server_drop_client();
  is_whole = is_whole && !missing_error(m);
  missing_free(m);
  return is_whole;
}

/* true: nothing is pending or held. */
static bool is_all_done(const struct sync *sync) {
  struct error err;
  int64_t held, oldest;
  if (sync_tally(sync)->pending || sync_error(sync)) return false;
  if (held_count(open_stream, &held, &oldest, &err)) {
    if (!disk_has_failed()) server_find_wrong("held rows could not be counted");
    return false;
  }
  return held == 0;
}

/* The source by one sync, and a look for what is held after it. */
static bool sync_once(struct state *state, const struct trouble *t, unsigned *steps) {
  struct error err;
  struct sync *sync = NULL;
  struct sync_options o = options_of(state);
  struct buf frame = BUF_WITH_LIMIT(1 << 20);
  if (sync_new(&sync, &o, &err)) {
    server_find_wrong("sync could not begin");
    return false;
  }
  put_source(&frame);
  sync_feed(sync, frame.ptr, frame.len);
  sync_end(sync);
  bool is_whole = drive_sync(sync, t, steps);
  const struct tally *tally = sync_tally(sync);
  if (is_whole && !server_broken && tally->submitted != tally_told(tally))
    server_find_wrong("the counts do not add up (J2)");
  bool is_looked_for = tally->held || sync_doubt_since_ms(sync);
  if (is_whole && is_looked_for && !sync_error(sync)) is_whole = settle_once(state, sync, t, steps);
  if (is_whole && deletes_missing && !sync_error(sync)) is_whole = delete_missing(state, t, steps);
  if (!is_whole) server_drop_client();
  bool is_done = is_whole && is_all_done(sync);
  sync_free(sync);
  return is_done;
}

/* Closes the state as a process that ends, or as one that writes nothing any more. */
static void close_state(struct state *state, bool is_killed, bool is_power_cut) {
  told.power_cuts += is_killed && is_power_cut;
  told.kills += is_killed && !is_power_cut;
  told.failures += !is_killed && disk_has_failed();
  if (is_killed) disk_fail(1, DISK_DEAD);
  state_close(state);
  open_stream = NULL;
  (void)disk_is_met(); /* the disk is sound from here on */
  if (is_killed && is_power_cut) disk_cut(rnd());
}

/* One run over the whole source.  true: nothing is pending or held. */
static bool run_once(const struct trouble *t) {
  struct error err;
  struct state *state;
  unsigned steps = t->steps;
  bool is_clean = false;
  seen_free(&seen);
  disk_fail(t->at, t->how);
  if (open_state(&state, false, &open_stream, &err)) {
    is_clean = settle_once(state, NULL, t, &steps) && !server_broken && sync_once(state, t, &steps);
  } else if (!disk_has_failed()) {
    server_find_wrong("the state could not be opened");
    (void)fprintf(stderr, "%s\n", err.message);
  }
  server_drop_client();
  bool is_killed =
      steps > t->steps || (t->how == DISK_DEAD && disk_has_failed()); /* it counts down */
  close_state(state, is_killed, t->is_power_cut);
  return is_clean && !is_killed;
}

/* ---- a story -------------------------------------------------------------- */

static void check_end(void) {
  size_t len;
  const struct server_partner *partners = server_partners(&len);
  for (unsigned k = 0; k < source_len; k++) {
    unsigned found = 0, version = 0;
    for (size_t i = 0; i < len; i++) {
      if (partners[i].is_deleted || strcmp(partners[i].name, source[k].name) != 0) continue;
      found++;
      version = partners[i].version;
    }
    /* A deletion whose answer was lost with its client may look like somebody else's. */
    bool may_be_gone = (source[k].is_deleted || source[k].was_away) && !recreates;
    if (source[k].is_away) {
      if (found) server_find_wrong("a partner is left whose row has left the source");
    } else if (source[k].is_bad ? found != 0 : found == 0 && !may_be_gone)
      server_find_wrong("a row is lost (promise 1)");
    else if (found > 1)
      server_find_wrong("a partner is made twice (promise 2)");
    else if (found && version != source[k].version)
      server_find_wrong("a partner has not its newest value");
  }
}

static void tell_finding(void *user, const char *finding) {
  (void)user;
  (void)fprintf(stderr, "%s\n", finding);
}

static void check_state(void) {
  struct error err;
  struct state *state;
  struct stream *reader;
  int64_t findings = 0;
  if (!open_state(&state, true, &reader, &err) ||
      state_check(state, tell_finding, NULL, &findings, &err) || findings)
    server_find_wrong("the state is not sound");
  state_close(state);
}

static struct trouble next_trouble(unsigned run) {
  static const enum disk_failure how[] = {DISK_FULL_ONCE, DISK_ERROR_ONCE, DISK_DEAD, DISK_DEAD};
  struct trouble t = {.steps = STEPS_MAX, .is_power_cut = chance(50)};
  if (run >= 30) return t; /* every bad day ends */
  if (chance(40)) t.steps = (unsigned)between(1, 40);
  if (!chance(30)) return t;
  t.how = how[rnd() % 4];
  t.at = (unsigned)between(1, DISK_CALLS_MAX);
  return t;
}

static void story(uint64_t seed) {
  server_begin(seed);
  server_set_bad_days((unsigned)between(0, 60));
  server_set_skew(chance(50) ? between(-600000, 600000) : 0);
  enum server_applies applies = chance(60)   ? SERVER_NOTHING
                                : chance(50) ? SERVER_GOOD_ROWS
                                             : SERVER_ROWS_BEFORE;
  server_set_applies(applies);
  recreates = chance(50);
  deletes_missing = chance(50);
  new_source(applies);
  disk_clear();
  bool is_clean = false;
  for (unsigned run = 0; run < RUNS_MAX && !server_broken && !is_clean; run++) {
    if (run > 30) server_set_bad_days(0);
    if (run < 20 && chance(50)) edit_source();
    if (run < 20 && chance(15)) delete_one();
    if (run < 20 && deletes_missing && chance(30)) move_rows();
    const struct trouble t = next_trouble(run);
    is_clean = run_once(&t);
    for (int64_t until = sim_now_ms() + between(1000, 20 * 60000); sim_now_ms() < until;)
      pass_time(INT64_MAX, until);
  }
  if (!server_broken && !is_clean) server_find_wrong("the story does not end");
  server_set_bad_days(0); /* what the last run adopted is missed by the next */
  if (!server_broken && deletes_missing && !run_once(&(struct trouble){.steps = STEPS_MAX}))
    server_find_wrong("a calm run is not clean");
  server_end();
  if (!server_broken) check_end();
  if (!server_broken) check_state();
}

/* A reader takes an empty file for no state: this one has a byte, which nobody reads. */
static int make_file(const char *folder) {
  char path[600];
  (void)snprintf(path, sizeof path, "%s/s.db", folder);
  FILE *file = fopen(path, "we");
  if (!file) return -1;
  (void)fputc('\n', file);
  return fclose(file);
}

static volatile sig_atomic_t is_stopped;

static void stop(int number) {
  (void)number;
  is_stopped = 1;
}

/* How many stories failed, of SEEDS from FIRST on; how many were told, into *DONE. */
static uint64_t tell_stories(uint64_t first, uint64_t seeds, uint64_t *done) {
  uint64_t failed = 0;
  for (*done = 0; *done < seeds && !is_stopped; ++*done) {
    story(first + *done);
    if (!server_broken) continue;
    failed++;
    (void)fprintf(stderr, "seed %" PRIu64 ": %s\n", first + *done, server_broken);
  }
  return failed;
}

int main(int argc, char **argv) {
  uint64_t first = 1, seeds = 500;
  const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  char folder[512], command[600];
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--seed") == 0)
      first = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--seeds") == 0)
      seeds = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--folder") == 0)
      parent = argv[i + 1];
  }
  (void)snprintf(folder, sizeof folder, "%s/sync-sim-XXXXXX", parent);
  if (!mkdtemp(folder)) return 2;
  (void)snprintf(url, sizeof url, "sqlite:%s/s.db", folder);
  if (make_file(folder)) return 2;
  disk_install();
  server_on_create = look_up_create;
  server_on_delete = may_be_deleted;
  (void)signal(SIGINT, stop);
  (void)signal(SIGTERM, stop);
  uint64_t done, failed = tell_stories(first, seeds, &done);
  (void)printf("%" PRIu64 " stories from seed %" PRIu64 ": %" PRIu64 " passed, %" PRIu64
               " failed; ",
               done, first, done - failed, failed);
  (void)printf("%" PRIu64 " kills, %" PRIu64 " power cuts, %" PRIu64 " failures of the disk\n",
               told.kills, told.power_cuts, told.failures);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command) || failed != 0;
}
