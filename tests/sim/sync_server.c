#include "sync_server.h"

#include "api/answer.h"
#include "api/deletion.h"
#include "base/json_scan.h"
#include "base/json_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARTNERS_MAX = 4096, FLYING_MAX = 64, NAMES_MAX = 64, ROWS_MAX = 64 };

static const int64_t NS_A_MS = 1000000;

static uint64_t rnd_state;

uint64_t rnd(void) {
  rnd_state += 0x9e3779b97f4a7c15u; /* splitmix64 */
  uint64_t z = rnd_state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

bool chance(unsigned percent) { return rnd() % 100 < percent; }
int64_t between(int64_t from, int64_t to) {
  return from + (int64_t)(rnd() % (uint64_t)(to - from + 1));
}

static int64_t now_ms;
static int64_t sim_mono(const struct clock *c) {
  (void)c;
  return now_ms * NS_A_MS;
}
static int64_t sim_wall(const struct clock *c) {
  (void)c;
  return 1700000000000 + now_ms;
}
const struct clock sim_clock = {sim_mono, sim_wall};
int64_t sim_now_ms(void) { return now_ms; }

/* ---- the server ----------------------------------------------------------- */

static struct server_partner partners[PARTNERS_MAX];
static size_t partners_len;
static uint64_t ids_made;
static bool is_settling;
const char *server_broken;
void (*server_on_create)(const char *name);
bool (*server_on_delete)(const char *name);

void server_find_wrong(const char *what) {
  if (!server_broken) server_broken = what;
}

/* A request under way, or one whose client is gone. */
struct flying {
  struct exchange *e; /* NULL: nobody waits */
  enum exchange_method method;
  char *body;
  size_t body_len;
  char target[128];
  int64_t apply_at, answer_at; /* apply_at INT64_MAX: never */
  bool is_applied, is_refused, is_past_refused;
  enum exchange_end end;
  int status;
  char wrong; /* 0, or how the answer is spoilt */
  struct buf answer;
};

static struct flying flying[FLYING_MAX];
static unsigned bad_days; /* percent of requests that go wrong */
static int64_t skew_ms;
static enum server_applies applies;

static void text_of(struct slice json, char *to, size_t size) {
  struct buf plain = BUF_WITH_LIMIT(size - 1);
  if (json_unescape(&plain, json)) server_find_wrong("a body with a wrong escape");
  memcpy(to, plain.ptr ? plain.ptr : "", plain.len);
  to[plain.len] = '\0';
  buf_free(&plain);
}

static unsigned version_of(const char *phone) { return (unsigned)strtoul(phone + 1, NULL, 10); }

static void put_partner(struct buf *b, const struct server_partner *p) {
  char id[UUID_TEXT_LEN], when[CLOCK_TEXT_SIZE];
  uuid_format(&p->id, id);
  clock_format(p->created_ms, when);
  buf_printf(
      b, "{\"id\":\"%.*s\",\"name\":\"%s\",\"email\":null,\"phone\":\"%s\",\"createdAt\":\"%s\"}",
      UUID_TEXT_LEN, id, p->name, p->phone, when);
}

static struct server_partner *find(const struct uuid *id) {
  for (size_t i = 0; i < partners_len; i++)
    if (uuid_equal(&partners[i].id, id)) return &partners[i];
  return NULL;
}

static struct server_partner *make(const char *name) {
  struct server_partner *p = &partners[partners_len++];
  *p = (struct server_partner){.created_ms = sim_wall(NULL) + skew_ms};
  uint64_t high = 0x5eed000000000000u, low = 0x8000000000000000u | ++ids_made;
  memcpy(p->id.bytes, &high, 8);
  memcpy(p->id.bytes + 8, &low, 8);
  (void)snprintf(p->name, sizeof p->name, "%s", name);
  if (partners_len == PARTNERS_MAX) server_find_wrong("the server is full");
  return p;
}

/* A row of a body: each "" where it does not stand. */
struct row_at_server {
  char id[64], name[32], phone[32];
};

/* Calls TAKE with each row of F's body. */
static void each_row(struct flying *f,
                     void (*take)(struct flying *f, const struct row_at_server *r)) {
  struct json_scan scan;
  struct row_at_server r = {.id = ""};
  char key[16];
  json_init(&scan, 8);
  json_feed(&scan, (struct slice){f->body, f->body_len}, true);
  for (enum json_token t = json_next(&scan); t != JSON_END_OF_VALUE && t != JSON_ERROR;
       t = json_next(&scan)) {
    if (t == JSON_OBJECT_BEGIN) r = (struct row_at_server){.id = ""};
    if (t == JSON_KEY) {
      text_of(scan.text, key, sizeof key);
      if (json_next(&scan) != JSON_STRING) server_find_wrong("a value that is no string");
      if (key[0] == 'i') text_of(scan.text, r.id, sizeof r.id);
      if (key[0] == 'n') text_of(scan.text, r.name, sizeof r.name);
      if (key[0] == 'p') text_of(scan.text, r.phone, sizeof r.phone);
    }
    if (t == JSON_OBJECT_END) take(f, &r);
  }
}

static struct server_partner *partner_of(const struct row_at_server *r) {
  struct uuid id;
  return uuid_parse(slice_of(r->id), &id) ? find(&id) : NULL;
}

static void apply_row(struct flying *f, const struct row_at_server *r) {
  struct server_partner *p = r->id[0] ? partner_of(r) : make(r->name);
  if (!p) {
    server_find_wrong("an update of an id that was never given");
    return;
  }
  if (r->phone[0]) {
    if (version_of(r->phone) < p->version)
      server_find_wrong("an older value came after a newer one (promise 3)");
    (void)snprintf(p->phone, sizeof p->phone, "%s", r->phone);
    p->version = version_of(r->phone);
  }
  if (f->answer.len > 1) buf_add_char(&f->answer, ',');
  put_partner(&f->answer, p);
}

/* Rows whose name begins with "bad" or whose partner was deleted are refused, and with
 * them their request. */
static bool is_refused_row(const struct row_at_server *r) {
  const struct server_partner *p = partner_of(r);
  return strncmp(r->name, "bad", 3) == 0 || (p && p->is_deleted);
}

static void note_refused(struct flying *f, const struct row_at_server *r) {
  if (is_refused_row(r)) f->is_refused = true;
}

/* Of a request that is refused, as much as this server does all the same. */
static void apply_part(struct flying *f, const struct row_at_server *r) {
  if (is_refused_row(r)) f->is_past_refused = true;
  if (is_refused_row(r) || (f->is_past_refused && applies == SERVER_ROWS_BEFORE)) return;
  apply_row(f, r);
}

/* Applies the array, whole or as it is refused, and writes the answer. */
static void apply(struct flying *f) {
  each_row(f, note_refused);
  if (f->is_refused && f->end == EXCHANGE_ANSWERED && f->status == 200) f->status = 400;
  if (f->is_refused && applies == SERVER_NOTHING) return;
  buf_add_char(&f->answer, '[');
  each_row(f, f->is_refused ? apply_part : apply_row);
  buf_add_char(&f->answer, ']');
}

/* A create that left, and what its client may know of it. */
struct sent {
  char name[32];
  int64_t at_ms;
  bool is_unclear;
};

static struct sent sent[NAMES_MAX];
static size_t sent_len;

static struct sent *sent_of(const char *name) {
  for (size_t i = 0; i < sent_len; i++)
    if (strcmp(sent[i].name, name) == 0) return &sent[i];
  struct sent *s = &sent[sent_len < NAMES_MAX - 1 ? sent_len++ : sent_len];
  *s = (struct sent){.is_unclear = false};
  (void)snprintf(s->name, sizeof s->name, "%s", name);
  return s;
}

/* Deletes all that are named, or none where one of them is not there. */
static void apply_deletion(struct flying *f) {
  struct uuid ids[ROWS_MAX];
  struct buf body = BUF_WITH_LIMIT(1 << 16);
  size_t len = 0;
  buf_printf(&body, "{\"deletedIds\":%.*s}", (int)f->body_len, f->body);
  if (deletion_read(buf_slice(&body), ids, ROWS_MAX, &len))
    server_find_wrong("a DELETE that cannot be read");
  for (size_t i = 0; i < len; i++) {
    const struct server_partner *p = find(&ids[i]);
    if (!p) server_find_wrong("a deletion of an id that was never given");
    if (!p || p->is_deleted) f->is_refused = true;
  }
  if (f->is_refused && f->end == EXCHANGE_ANSWERED && f->status == 200) f->status = 400;
  for (size_t i = 0; i < len && !f->is_refused; i++) {
    struct server_partner *p = find(&ids[i]);
    if (!server_on_delete || !server_on_delete(p->name))
      server_find_wrong("a partner is deleted whose row the source has");
    p->is_deleted = true;
    sent_of(p->name)->is_unclear = false; /* its client knew of it */
  }
  buf_add_slice(&f->answer, buf_slice(&body));
  buf_free(&body);
}

/* Of the one partner that is asked for: an array of it, or of none. */
static void show(struct flying *f, const char *id_text) {
  struct uuid id;
  const struct server_partner *p = uuid_parse(slice_of(id_text), &id) ? find(&id) : NULL;
  buf_add_char(&f->answer, '[');
  if (!p)
    server_find_wrong("a question for an id that was never given");
  else if (!p->is_deleted)
    put_partner(&f->answer, p);
  buf_add_char(&f->answer, ']');
}

static void list(struct flying *f) {
  unsigned take = 0, skip = 0;
  if (strncmp(f->target, "/partners?id=", 13) == 0) {
    show(f, f->target + 13);
    return;
  }
  if (sscanf(f->target, "/partners?take=%u&skip=%u", &take, &skip) != 2)
    server_find_wrong("a listing that cannot be read");
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
  case 0:
    f->end = EXCHANGE_NOT_SENT;
    f->apply_at = INT64_MAX;
    break;
  case 1:
    f->end = EXCHANGE_BROKEN;
    f->apply_at = INT64_MAX;
    break;
  case 2: f->end = EXCHANGE_BROKEN; break;
  case 3:
    f->end = EXCHANGE_BROKEN;
    f->apply_at = now_ms + between(1000, SERVER_LATE_MAX_MS);
    break;
  case 4:
    f->status = 503;
    f->apply_at = chance(50) ? f->apply_at : INT64_MAX;
    break;
  case 5:
    f->status = 504;
    f->apply_at = now_ms + between(1000, SERVER_LATE_MAX_MS);
    break;
  case 6:
    f->status = 429;
    f->apply_at = INT64_MAX;
    break;
  case 7: f->wrong = 's'; break;
  case 8: f->wrong = 'g'; break;
  case 9: f->status = 204; break;
  }
  /* An update or deletion that is applied late would undo a newer one, which no client can help:
   * its lateness ends before the client sends again. */
  bool is_update = f->method == EXCHANGE_DELETE ||
                   memmem(f->body ? f->body : "", f->body_len, "\"id\"", 4) != NULL;
  if (is_update && f->apply_at != INT64_MAX && f->apply_at > f->answer_at)
    f->apply_at = f->answer_at;
}

static void run_until(int64_t when) {
  for (unsigned i = 0; i < FLYING_MAX; i++) {
    struct flying *f = &flying[i];
    if (!f->method && !f->body && !f->e) continue;
    if (!f->is_applied && f->apply_at <= when) {
      f->is_applied = true;
      if (f->method == EXCHANGE_GET)
        list(f);
      else if (f->method == EXCHANGE_DELETE)
        apply_deletion(f);
      else
        apply(f);
    }
  }
}

static void forget(struct flying *f) {
  free(f->body);
  buf_free(&f->answer);
  *f = (struct flying){.e = NULL};
}

/* ---- what may not be sent --------------------------------------------------- */

static const struct row_at_server *mine; /* that is compared with those of others */

static void compare(struct flying *f, const struct row_at_server *r) {
  (void)f;
  bool is_same =
      mine->id[0] ? strcmp(mine->id, r->id) == 0 : !r->id[0] && strcmp(mine->name, r->name) == 0;
  if (is_same) server_find_wrong("two requests under way name one partner (J5)");
}

static void watch_row(struct flying *f, const struct row_at_server *r) {
  mine = r;
  for (unsigned i = 0; i < FLYING_MAX; i++)
    if (flying[i].e && &flying[i] != f && flying[i].method != EXCHANGE_GET)
      each_row(&flying[i], compare);
  if (r->id[0]) return;
  if (server_on_create && chance(2)) server_on_create(r->name);
  struct sent *s = sent_of(r->name);
  if (s->is_unclear && !is_settling)
    server_find_wrong("an unclear create is sent again by no settle (J3)");
  if (s->is_unclear && now_ms - s->at_ms < SERVER_WINDOW_MS)
    server_find_wrong("an unclear create is sent again within the window (J3)");
  *s = (struct sent){.at_ms = now_ms, .is_unclear = true};
  (void)snprintf(s->name, sizeof s->name, "%s", r->name);
}

static void clear_row(struct flying *f, const struct row_at_server *r) {
  (void)f;
  if (!r->id[0]) sent_of(r->name)->is_unclear = false;
}

/* Whether the client knows what became of a create that was answered so. */
static bool is_clear(const struct flying *f) {
  if (f->end != EXCHANGE_ANSWERED) return f->end == EXCHANGE_NOT_SENT;
  return (f->status == 200 && !f->wrong) || f->status == 400 || f->status == 429;
}

/* ---- the transport -------------------------------------------------------- */

static int64_t closed_until;

static int64_t sim_ready_at(struct transport *t) {
  (void)t;
  return closed_until > now_ms ? closed_until * NS_A_MS : now_ms * NS_A_MS;
}

static void sim_submit(struct transport *t, struct exchange *e) {
  (void)t;
  if (closed_until > now_ms) server_find_wrong("a request inside a closed window");
  for (unsigned i = 0; i < FLYING_MAX; i++) {
    struct flying *f = &flying[i];
    if (f->e || f->body || f->method) continue;
    *f = (struct flying){.e = e, .method = e->method, .answer = BUF_WITH_LIMIT(1 << 22)};
    f->body = malloc(e->body.len + 1);
    if (e->body.len) memcpy(f->body, e->body.ptr, e->body.len);
    f->body_len = e->body.len;
    (void)snprintf(f->target, sizeof f->target, "%s", e->target);
    decide(f);
    if (f->method != EXCHANGE_GET) each_row(f, watch_row);
    e->began_mono_ns = now_ms * NS_A_MS;
    e->began_wall_ms = sim_wall(NULL);
    return;
  }
  server_find_wrong("more requests under way than allowed");
}

static void hand_back(struct flying *f) {
  struct exchange *e = f->e;
  static const char refusal[] = "{\"error\":{\"en\":\"Invalid request\",\"ar\":\"x\"}}";
  e->end = f->end;
  e->status = f->end == EXCHANGE_ANSWERED ? f->status : 0;
  e->attempts = f->end == EXCHANGE_NOT_SENT ? 0 : 1;
  e->limits = (struct exchange_limits){-1, -1, -1, -1, -1};
  e->ended_mono_ns = now_ms * NS_A_MS;
  if (f->end == EXCHANGE_ANSWERED && f->status != 503) /* that one is not Hoko's own */
    e->limits.date_ms = sim_wall(NULL) + skew_ms;
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
  if (f->method != EXCHANGE_GET && is_clear(f)) each_row(f, clear_row);
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

struct transport server_transport = {.whom = "the simulated server",
                                     .ready_at = sim_ready_at,
                                     .submit = sim_submit,
                                     .next = sim_next,
                                     .cancel = sim_cancel};

void server_drop_client(void) {
  for (unsigned i = 0; i < FLYING_MAX; i++) {
    struct flying *f = &flying[i];
    if (!f->e) continue;
    f->e = NULL;
    if (f->apply_at == INT64_MAX || f->is_applied) forget(f);
  }
}

void pass_time(int64_t wake_ns, int64_t limit_ms) {
  int64_t next = limit_ms;
  if (wake_ns != INT64_MAX && (wake_ns + NS_A_MS - 1) / NS_A_MS < next)
    next = (wake_ns + NS_A_MS - 1) / NS_A_MS;
  for (unsigned i = 0; i < FLYING_MAX; i++)
    if (flying[i].e && flying[i].answer_at < next) next = flying[i].answer_at;
  if (next > now_ms)
    now_ms = next;
  else
    now_ms++;
  run_until(now_ms);
  for (unsigned i = 0; i < FLYING_MAX; i++)
    if (!flying[i].e && flying[i].is_applied) forget(&flying[i]);
}

void server_begin(uint64_t seed) {
  rnd_state = seed;
  now_ms = between(0, 1000000);
  partners_len = sent_len = 0;
  closed_until = 0;
  server_broken = NULL;
}

void server_set_bad_days(unsigned percent) { bad_days = percent; }

void server_set_applies(enum server_applies what) { applies = what; }

void server_set_skew(int64_t ms) { skew_ms = ms; }

void server_is_settling(bool is) { is_settling = is; }

void server_end(void) {
  for (int i = 0; i < 20; i++) pass_time(INT64_MAX, now_ms + 60000);
  for (unsigned i = 0; i < FLYING_MAX; i++) forget(&flying[i]);
}

const struct server_partner *server_partners(size_t *len) {
  *len = partners_len;
  return partners;
}

const char *server_delete_one(void) {
  struct server_partner *p = partners_len ? &partners[rnd() % partners_len] : NULL;
  if (!p) return NULL;
  p->is_deleted = true;
  sent_of(p->name)->is_unclear = false; /* whoever knows of it may make it anew */
  return p->name;
}
