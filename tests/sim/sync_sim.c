/* sync_sim.c - the engine on a virtual clock against a server that has bad days.
 *
 *   sync_sim [--seed N] [--seeds N] [--folder DIR] [-v]
 *
 * Each seed is one story: a source of keyed rows is synced by runs that crash,
 * requests that are dropped, cut, refused, limited, answered wrongly or applied
 * late, while somebody deletes partners at the server, until nothing is pending or
 * held.  Then every key must have exactly one
 * partner with the newest values, no older value may have come after a newer one,
 * and in each run the counts must add up (J2, and the promises 1 to 3 of the
 * manual).  A failure prints its seed.  The state is real SQLite in DIR. */
#include "api/answer.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "state/state.h"
#include "sync/settle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  KEYS_MAX = 24,
  PARTNERS_MAX = 4096,
  FLYING_MAX = 64,
  RUNS_MAX = 60,
  STEPS_MAX = 20000,
  WINDOW_MS = 15 * 60 * 1000,
  LATE_MAX_MS = 13 * 60 * 1000,
};

static const int64_t NS_A_MS = 1000000;

/* ---- chance and time ------------------------------------------------------ */

static uint64_t rnd_state;

static uint64_t rnd(void) {
  rnd_state += 0x9e3779b97f4a7c15u; /* splitmix64 */
  uint64_t z = rnd_state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static bool chance(unsigned percent) { return rnd() % 100 < percent; }
static int64_t between(int64_t from, int64_t to) { return from + (int64_t)(rnd() % (uint64_t)(to - from + 1)); }

static int64_t now_ms;
static int64_t sim_mono(const struct clock *c) { (void)c; return now_ms * NS_A_MS; }
static int64_t sim_wall(const struct clock *c) { (void)c; return 1700000000000 + now_ms; }
static const struct clock sim_clock = {sim_mono, sim_wall};

/* ---- the server ----------------------------------------------------------- */

struct partner_at_server {
  struct uuid id;
  char name[32], phone[32];
  unsigned version; /* of its phone, for the order of updates */
  int64_t created_ms;
  bool is_deleted;
};

static struct partner_at_server partners[PARTNERS_MAX];
static size_t partners_len;
static uint64_t ids_made;
static const char *broken; /* what was found wrong, or NULL */

enum fate { APPLY, REFUSE, NOTHING };

/* A request under way, or one whose client is gone. */
struct flying {
  struct exchange *e; /* NULL: nobody waits */
  enum exchange_method method;
  char *body;
  size_t body_len;
  char target[128];
  int64_t apply_at, answer_at; /* apply_at INT64_MAX: never */
  bool is_applied;
  enum exchange_end end;
  int status;
  char wrong; /* 0, or how the answer is spoilt */
  struct buf answer;
};

static struct flying flying[FLYING_MAX];
static unsigned bad_days; /* percent of requests that go wrong */

static void text_of(struct slice json, char *to, size_t size) {
  struct buf plain = BUF_WITH_LIMIT(size - 1);
  if (json_unescape(&plain, json)) broken = "a body with a wrong escape";
  memcpy(to, plain.ptr ? plain.ptr : "", plain.len);
  to[plain.len] = '\0';
  buf_free(&plain);
}

static unsigned version_of(const char *phone) { return (unsigned)strtoul(phone + 1, NULL, 10); }

static void put_partner(struct buf *b, const struct partner_at_server *p) {
  char id[UUID_TEXT_LEN], when[CLOCK_TEXT_SIZE];
  uuid_format(&p->id, id);
  clock_format(p->created_ms, when);
  buf_printf(b, "{\"id\":\"%.*s\",\"name\":\"%s\",\"email\":null,\"phone\":\"%s\",\"createdAt\":\"%s\"}", UUID_TEXT_LEN, id,
             p->name, p->phone, when);
}

static struct partner_at_server *find(const struct uuid *id) {
  for (size_t i = 0; i < partners_len; i++)
    if (uuid_equal(&partners[i].id, id)) return &partners[i];
  return NULL;
}

static struct partner_at_server *make(const char *name) {
  struct partner_at_server *p = &partners[partners_len++];
  *p = (struct partner_at_server){.created_ms = sim_wall(NULL)};
  uint64_t high = 0x5eed000000000000u, low = 0x8000000000000000u | ++ids_made;
  memcpy(p->id.bytes, &high, 8);
  memcpy(p->id.bytes + 8, &low, 8);
  (void)snprintf(p->name, sizeof p->name, "%s", name);
  if (partners_len == PARTNERS_MAX) broken = "the server is full";
  return p;
}

/* Applies the whole array, or its first half, and writes the answer. */
static void apply(struct flying *f) {
  struct json_scan scan;
  char id_text[64] = "", name[32] = "", phone[32] = "", key[16];
  json_init(&scan, 8);
  json_feed(&scan, (struct slice){f->body, f->body_len}, true);
  buf_add_char(&f->answer, '[');
  for (enum json_token t = json_next(&scan); t != JSON_END_OF_VALUE && t != JSON_ERROR; t = json_next(&scan)) {
    if (t == JSON_OBJECT_BEGIN) id_text[0] = name[0] = phone[0] = '\0';
    if (t == JSON_KEY) {
      text_of(scan.text, key, sizeof key);
      if (json_next(&scan) != JSON_STRING) broken = "a value that is no string";
      if (key[0] == 'i') text_of(scan.text, id_text, sizeof id_text);
      if (key[0] == 'n') text_of(scan.text, name, sizeof name);
      if (key[0] == 'p') text_of(scan.text, phone, sizeof phone);
    }
    if (t != JSON_OBJECT_END) continue;
    struct uuid id;
    struct partner_at_server *p = uuid_parse(slice_of(id_text), &id) ? find(&id) : make(name);
    if (!p) {
      broken = "an update of an id that was never given";
      return;
    }
    if (phone[0] && version_of(phone) < p->version) broken = "an older value came after a newer one (promise 3)";
    if (phone[0]) {
      (void)snprintf(p->phone, sizeof p->phone, "%s", phone);
      p->version = version_of(phone);
    }
    if (f->answer.len > 1) buf_add_char(&f->answer, ',');
    put_partner(&f->answer, p);
  }
  buf_add_char(&f->answer, ']');
}

static bool names(const struct flying *f, const struct partner_at_server *p) {
  char id[UUID_TEXT_LEN];
  uuid_format(&p->id, id);
  return memmem(f->body, f->body_len, id, sizeof id) != NULL;
}

/* Rows whose name begins with "bad" or whose partner was deleted are refused, and with
 * them their request. */
static bool is_refused(const struct flying *f) {
  for (size_t i = 0; i < partners_len; i++)
    if (partners[i].is_deleted && names(f, &partners[i])) return true;
  return memmem(f->body, f->body_len, "\"bad", 4) != NULL;
}

/* Of the one partner that is asked for: an array of it, or of none. */
static void show(struct flying *f, const char *id_text) {
  struct uuid id;
  struct partner_at_server *p = uuid_parse(slice_of(id_text), &id) ? find(&id) : NULL;
  buf_add_char(&f->answer, '[');
  if (!p) broken = "a question for an id that was never given";
  else if (!p->is_deleted) put_partner(&f->answer, p);
  buf_add_char(&f->answer, ']');
}

static void list(struct flying *f) {
  unsigned take = 0, skip = 0;
  if (strncmp(f->target, "/partners?id=", 13) == 0) {
    show(f, f->target + 13);
    return;
  }
  if (sscanf(f->target, "/partners?take=%u&skip=%u", &take, &skip) != 2) broken = "a listing that cannot be read";
  buf_add_char(&f->answer, '[');
  for (size_t n = partners_len, i = 0; n-- > 0 && i < (size_t)skip + take;) {
    if (partners[n].is_deleted || i++ < skip) continue;
    if (f->answer.len > 1) buf_add_char(&f->answer, ',');
    put_partner(&f->answer, &partners[n]);
  }
  buf_add_char(&f->answer, ']');
}

static void decide(struct flying *f) {
  int64_t delay = between(5, 500);
  f->apply_at = now_ms + delay / 2;
  f->answer_at = now_ms + delay;
  f->end = EXCHANGE_ANSWERED;
  f->status = 200;
  if (!chance(bad_days)) return;
  switch (rnd() % 10) {
  case 0: f->end = EXCHANGE_NOT_SENT; f->apply_at = INT64_MAX; break;
  case 1: f->end = EXCHANGE_BROKEN; f->apply_at = INT64_MAX; break;
  case 2: f->end = EXCHANGE_BROKEN; break;
  case 3: f->end = EXCHANGE_BROKEN; f->apply_at = now_ms + between(1000, LATE_MAX_MS); break;
  case 4: f->status = 503; f->apply_at = chance(50) ? f->apply_at : INT64_MAX; break;
  case 5: f->status = 504; f->apply_at = now_ms + between(1000, LATE_MAX_MS); break;
  case 6: f->status = 429; f->apply_at = INT64_MAX; break;
  case 7: f->wrong = 's'; break;
  case 8: f->wrong = 'g'; break;
  case 9: f->status = 204; break;
  }
  /* An update that is applied late would undo a newer one, which no client can help:
   * its lateness ends before the client sends again. */
  bool is_update = memmem(f->body ? f->body : "", f->body_len, "\"id\"", 4) != NULL;
  if (is_update && f->apply_at != INT64_MAX && f->apply_at > f->answer_at) f->apply_at = f->answer_at;
}

static void run_until(int64_t when) {
  for (unsigned i = 0; i < FLYING_MAX; i++) {
    struct flying *f = &flying[i];
    if (!f->method && !f->body && !f->e) continue;
    if (!f->is_applied && f->apply_at <= when) {
      f->is_applied = true;
      if (f->method == EXCHANGE_GET) list(f);
      else if (is_refused(f)) f->status = f->end == EXCHANGE_ANSWERED && f->status == 200 ? 400 : f->status;
      else apply(f);
    }
  }
}

static void forget(struct flying *f) {
  free(f->body);
  buf_free(&f->answer);
  *f = (struct flying){.e = NULL};
}

/* ---- the transport -------------------------------------------------------- */

static int64_t closed_until;

static int64_t sim_ready_at(struct transport *t) {
  (void)t;
  return closed_until > now_ms ? closed_until * NS_A_MS : now_ms * NS_A_MS;
}

static void sim_submit(struct transport *t, struct exchange *e) {
  (void)t;
  if (closed_until > now_ms) broken = "a request inside a closed window";
  for (unsigned i = 0; i < FLYING_MAX; i++) {
    struct flying *f = &flying[i];
    if (f->e || f->body || f->method) continue;
    *f = (struct flying){.e = e, .method = e->method, .answer = BUF_WITH_LIMIT(1 << 22)};
    f->body = malloc(e->body.len + 1);
    if (e->body.len) memcpy(f->body, e->body.ptr, e->body.len);
    f->body_len = e->body.len;
    (void)snprintf(f->target, sizeof f->target, "%s", e->target);
    decide(f);
    e->began_mono_ns = now_ms * NS_A_MS;
    e->began_wall_ms = sim_wall(NULL);
    return;
  }
  broken = "more requests under way than allowed";
}

static void hand_back(struct flying *f) {
  struct exchange *e = f->e;
  static const char refusal[] = "{\"error\":{\"en\":\"Invalid request\",\"ar\":\"x\"}}";
  e->end = f->end;
  e->status = f->end == EXCHANGE_ANSWERED ? f->status : 0;
  e->attempts = f->end == EXCHANGE_NOT_SENT ? 0 : 1;
  e->limits = (struct exchange_limits){-1, -1, -1, -1, -1};
  if (f->end != EXCHANGE_ANSWERED) (void)error_set(&e->err, ERROR_UNREACHABLE, "the line is cut");
  if (e->status == 429) closed_until = now_ms + between(1000, 60000);
  if (e->status == 400) buf_add(&e->text, refusal, sizeof refusal - 1);
  if (e->status == 200) {
    struct slice body = buf_slice(&f->answer);
    if (f->wrong == 's' && body.len > 2) body.len /= 2;
    if (f->wrong == 'g') body = SLICE("<html>");
    if (e->answer) {
      (void)answer_feed(e->answer, body);
      answer_end(e->answer);
    } else {
      buf_add_slice(&e->text, body);
    }
  }
  f->e = NULL;
}

static struct exchange *sim_next(struct transport *t) {
  (void)t;
  run_until(now_ms);
  for (unsigned i = 0; i < FLYING_MAX; i++) {
    struct flying *f = &flying[i];
    if (!f->e || f->answer_at > now_ms) continue;
    struct exchange *e = f->e;
    hand_back(f);
    if (f->is_applied || f->apply_at == INT64_MAX) forget(f);
    return e;
  }
  return NULL;
}

static void sim_cancel(struct transport *t) { (void)t; }

static struct transport sim_transport = {sim_ready_at, sim_submit, sim_next, sim_cancel};

/* The client is gone; what it sent goes on. */
static void drop_client(void) {
  for (unsigned i = 0; i < FLYING_MAX; i++) {
    struct flying *f = &flying[i];
    if (!f->e) continue;
    f->e = NULL;
    if (f->apply_at == INT64_MAX || f->is_applied) forget(f);
  }
}

/* Passes time up to the next thing that happens, at most up to LIMIT. */
static void pass_time(int64_t wake_ns, int64_t limit) {
  int64_t next = limit;
  if (wake_ns != INT64_MAX && (wake_ns + NS_A_MS - 1) / NS_A_MS < next) next = (wake_ns + NS_A_MS - 1) / NS_A_MS;
  for (unsigned i = 0; i < FLYING_MAX; i++)
    if (flying[i].e && flying[i].answer_at < next) next = flying[i].answer_at;
  if (next > now_ms) now_ms = next;
  else now_ms++;
  run_until(now_ms);
  for (unsigned i = 0; i < FLYING_MAX; i++)
    if (!flying[i].e && flying[i].is_applied) forget(&flying[i]);
}

/* ---- the source ----------------------------------------------------------- */

struct source_row {
  char key[16], name[32];
  unsigned version;
  bool is_bad, is_deleted; /* somebody deletes its partner at the server */
};

static struct source_row source[KEYS_MAX];
static unsigned source_len, versions;

static void edit_source(void) {
  for (unsigned i = 0; i < source_len; i++)
    if (chance(40)) source[i].version = ++versions;
}

/* Somebody deletes a partner in the server's own pages; its row changes, so that the
 * next run meets it. */
static void delete_one(void) {
  struct partner_at_server *p = partners_len ? &partners[rnd() % partners_len] : NULL;
  for (unsigned i = 0; p && i < source_len; i++) {
    if (strcmp(source[i].name, p->name) != 0) continue;
    p->is_deleted = source[i].is_deleted = true;
    source[i].version = ++versions;
  }
}

static void new_source(void) {
  source_len = (unsigned)between(1, KEYS_MAX);
  versions = 0;
  for (unsigned i = 0; i < source_len; i++) {
    source[i].is_bad = chance(5);
    (void)snprintf(source[i].key, sizeof source[i].key, "k%u", i);
    (void)snprintf(source[i].name, sizeof source[i].name, "%s%u", source[i].is_bad ? "bad" : "Name ", i);
    source[i].version = ++versions;
  }
}

static void put_source(struct buf *frame) {
  for (unsigned i = 0; i < source_len; i++) {
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

static struct stream *open_stream;
static bool recreates; /* this story's runs make anew what was deleted */

static struct stream *give_stream(void *user, struct error *err) { (void)user, (void)err; return open_stream; }
static void refused(void *user, uint64_t ordinal, const struct sync_refusal *why) { (void)user, (void)ordinal, (void)why; }
static void warned(void *user, const char *message) { (void)user, (void)message; }

static struct sync_options options_of(struct state *state) {
  return (struct sync_options){.state = state,
                               .transport = &sim_transport,
                               .clock = &sim_clock,
                               .events = {.refused = refused, .warn = warned, .stream = give_stream},
                               .file = "source.csv",
                               .key_name = "ref",
                               .has_key = true,
                               .recreates = recreates,
                               .batch_rows = (uint32_t)between(1, 8),
                               .batch_bytes = 4096,
                               .concurrency = (unsigned)between(1, 4),
                               .give_up_ms = 20 * 60 * 1000,
                               .bisect_limit = 1500,
                               .seed = rnd(),
                               .hash_key = {rnd(), rnd()}};
}

/* Steps S until it is done; false: the story crashes the client here. */
static bool drive_settle(struct settle *s, unsigned *steps_left) {
  settle_step(s);
  while (!settle_is_done(s) && !broken) {
    if ((*steps_left)-- == 0) return false;
    pass_time(settle_wake_at(s), now_ms + 60000);
    settle_step(s);
  }
  return true;
}

static bool drive_sync(struct sync *s, unsigned *steps_left) {
  sync_step(s);
  while (!sync_is_done(s) && !broken) {
    if ((*steps_left)-- == 0) return false;
    pass_time(sync_wake_at(s), now_ms + 60000);
    sync_step(s);
  }
  return true;
}

static bool settle_once(struct state *state, bool only_adopts, unsigned *steps_left, int64_t *held) {
  struct error err;
  struct settle *s;
  struct settle_options o = {
      .state = state, .stream = open_stream, .resend = options_of(state), .window_ms = WINDOW_MS, .only_adopts = only_adopts};
  if (settle_new(&s, &o, &err)) {
    broken = "settling could not begin";
    return true;
  }
  if (!s) return true;
  bool is_whole = drive_settle(s, steps_left);
  *held = settle_result(s).held;
  if (!is_whole) drop_client();
  settle_free(s);
  return is_whole;
}

static bool adds_up(const struct tally *t) { return t->submitted == tally_told(t); }

/* One run over the whole source.  true: nothing is pending or held. */
static bool run_once(const char *url, unsigned steps) {
  struct error err;
  struct state *state = NULL;
  struct state_options so = {.url = url, .clock = &sim_clock};
  struct stream_options st = {.name = SLICE("sim"), .base_url = SLICE("http://sim"), .script = SLICE("sim"), .run = SLICE("r")};
  struct sync *sync = NULL;
  int64_t held = 0, still = 0;
  bool is_clean = false;
  if (state_open(&state, &so, &err) || stream_open(&open_stream, state, &st, &err)) {
    broken = "the state could not be opened";
    (void)fprintf(stderr, "%s\n", err.message);
    state_close(state);
    return false;
  }
  struct sync_options o = options_of(state);
  struct buf frame = BUF_WITH_LIMIT(1 << 20);
  if (!settle_once(state, false, &steps, &held) || broken) goto out;
  put_source(&frame);
  if (sync_new(&sync, &o, &err)) {
    broken = "sync could not begin";
    goto out;
  }
  sync_feed(sync, frame.ptr, frame.len);
  frame = BUF_WITH_LIMIT(0);
  sync_end(sync);
  if (!drive_sync(sync, &steps)) {
    drop_client();
    goto out;
  }
  const struct tally *t = sync_tally(sync);
  if (!broken && !adds_up(t)) broken = "the counts do not add up (J2)";
  is_clean = t->pending == 0 && !sync_error(sync);
  if (t->held && !settle_once(state, true, &steps, &still)) is_clean = false;
  if (is_clean && held_count(open_stream, &still, &held, &err)) broken = "held rows could not be counted";
  is_clean = is_clean && still == 0;
out:
  buf_free(&frame);
  sync_free(sync);
  stream_close(open_stream);
  open_stream = NULL;
  state_close(state);
  return is_clean;
}

/* ---- a story -------------------------------------------------------------- */

static void check_end(void) {
  for (unsigned k = 0; k < source_len && !broken; k++) {
    unsigned found = 0, version = 0;
    for (size_t i = 0; i < partners_len; i++)
      if (!partners[i].is_deleted && strcmp(partners[i].name, source[k].name) == 0)
        found++, version = partners[i].version;
    bool may_be_gone = source[k].is_deleted && !recreates;
    if (source[k].is_bad ? found != 0 : found == 0 && !may_be_gone) broken = "a row is lost (promise 1)";
    else if (found > 1) broken = "a partner is made twice (promise 2)";
    else if (found && version != source[k].version) broken = "a partner has not its newest value";
  }
}

static void story(uint64_t seed, const char *folder) {
  char path[512], url[600];
  rnd_state = seed;
  now_ms = between(0, 1000000);
  partners_len = 0;
  closed_until = 0;
  broken = NULL;
  bad_days = (unsigned)between(0, 60);
  recreates = chance(50);
  new_source();
  (void)snprintf(path, sizeof path, "%s/sim-%" PRIu64, folder, seed);
  (void)snprintf(url, sizeof url, "sqlite:%s/s.db", path);
  if (mkdir(path, 0700)) broken = "the folder of the story cannot be made";
  bool is_clean = false;
  for (unsigned run = 0; run < RUNS_MAX && !broken && !is_clean; run++) {
    if (run > 30) bad_days = 0; /* every bad day ends */
    if (run < 20 && chance(50)) edit_source();
    if (run < 20 && chance(15)) delete_one();
    is_clean = run_once(url, chance(40) && run < 30 ? (unsigned)between(1, 40) : STEPS_MAX);
    for (int64_t until = now_ms + between(1000, 20 * 60000); now_ms < until;) pass_time(INT64_MAX, until);
  }
  if (!broken && !is_clean) broken = "the story does not end";
  for (int i = 0; i < 20; i++) pass_time(INT64_MAX, now_ms + 60000); /* what is late comes now */
  if (!broken) check_end();
  for (unsigned i = 0; i < FLYING_MAX; i++) forget(&flying[i]);
  (void)snprintf(path, sizeof path, "rm -rf '%s/sim-%" PRIu64 "'", folder, seed);
  if (system(path)) (void)fprintf(stderr, "the folder of seed %" PRIu64 " stays\n", seed);
}

int main(int argc, char **argv) {
  uint64_t first = 1, seeds = 500;
  const char *folder = "/dev/shm";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--seed") == 0) first = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--seeds") == 0) seeds = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--folder") == 0) folder = argv[i + 1];
  }
  uint64_t failed = 0;
  for (uint64_t seed = first; seed < first + seeds; seed++) {
    story(seed, folder);
    if (!broken) continue;
    failed++;
    (void)fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, broken);
  }
  (void)printf("%" PRIu64 " stories from seed %" PRIu64 ": %" PRIu64 " passed, %" PRIu64 " failed\n", seeds, first,
               seeds - failed, failed);
  return failed != 0;
}
