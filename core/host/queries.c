#include "host/queries.h"

#include "base/json_text.h"

#include <inttypes.h>

/* A server that sends slower than the script reads wakes us for every few rows; so long
 * they are gathered, since each frame costs two messages. */
static const int64_t GATHER_NS = 10 * 1000000;

static struct open_query *find(struct queries *qs, int64_t number) {
  for (size_t i = 0; i < QUERIES_MAX; i++)
    if (qs->at[i].number == number) return &qs->at[i];
  return NULL;
}

static void close_one(struct queries *qs, struct open_query *o) {
  if (qs->asked == o) qs->asked = NULL;
  query_close(o->query);
  buf_free(&o->frame);
  *o = (struct open_query){.query = NULL};
}

static void ask(struct queries *qs, struct open_query *o, bool wants_columns) {
  qs->asked = o;
  qs->wants_columns = wants_columns;
  qs->asked_ns = clock_mono_ns(qs->clock);
}

int queries_add(struct queries *qs, struct query *q, struct error *err) {
  struct open_query *o = find(qs, 0);
  if (!o) {
    query_close(q);
    return error_set(err, ERROR_USAGE, "more than %d queries are open", QUERIES_MAX);
  }
  *o = (struct open_query){
      .query = q, .number = ++qs->last_number, .frame = BUF_WITH_LIMIT(QUERY_FRAME_MAX)};
  ask(qs, o, true);
  return 0;
}

int queries_ask(struct queries *qs, int64_t number, struct error *err) {
  struct open_query *o = number > 0 ? find(qs, number) : NULL;
  if (!o) return error_set(err, ERROR_INTERNAL, "the worker asked for rows of an unknown query");
  ask(qs, o, false);
  return 0;
}

void queries_drop(struct queries *qs, int64_t number) {
  struct open_query *o = number > 0 ? find(qs, number) : NULL;
  if (o) close_one(qs, o);
}

void queries_cancel(struct queries *qs) {
  if (qs->asked) close_one(qs, qs->asked);
}

/* ---- moving on ----------------------------------------------------------- */

static void put_columns(const struct open_query *o, struct buf *reply) {
  buf_printf(reply, "{\"number\":%" PRId64 ",\"columns\":[", o->number);
  for (size_t i = 0; i < query_columns_len(o->query); i++) {
    if (i) buf_add_char(reply, ',');
    json_put_string(reply, slice_of(query_column(o->query, i)));
  }
  buf_add_text(reply, "]}");
}

static bool is_over(const struct open_query *o) { return o->is_ended || o->has_failed; }
static bool has_room(const struct open_query *o) {
  return !is_over(o) && o->frame.len < QUERY_FRAME_FULL;
}

/* Reads ahead as far as the frame goes. */
static void fill(struct open_query *o) {
  if (!has_room(o)) return;
  enum query_got got = query_step(o->query, &o->frame, &o->err);
  o->is_waiting = got == QUERY_WAITS;
  o->is_ended = got == QUERY_ENDED;
  o->has_failed = got == QUERY_FAILED;
}

static int tell_failure(struct queries *qs, struct open_query *o, struct error *err) {
  *err = o->err;
  close_one(qs, o);
  return -1;
}

static int tell_columns(struct queries *qs, struct open_query *o, struct error *err) {
  if (o->has_failed && !o->frame.len) return tell_failure(qs, o, err);
  if (!query_columns_len(o->query)) return 0;
  put_columns(o, &qs->reply);
  qs->asked = NULL;
  if (buf_ok(&qs->reply)) return 1;
  close_one(qs, o);
  return error_set(err, ERROR_MEMORY, "out of memory for the columns of a query");
}

static int tell_rows(struct queries *qs, struct open_query *o, struct error *err) {
  if (o->has_failed && !o->frame.len) return tell_failure(qs, o, err);
  bool is_late = o->frame.len && clock_mono_ns(qs->clock) - qs->asked_ns >= GATHER_NS;
  if (has_room(o) && !is_late) return 0;
  struct buf told = o->frame;
  o->frame = qs->reply;
  qs->reply = told;
  qs->asked = NULL;
  buf_add_char(&qs->reply, (char)o->is_ended);
  bool is_whole = buf_ok(&qs->reply);
  if (o->is_ended || !is_whole) close_one(qs, o);
  return is_whole ? 1 : error_set(err, ERROR_MEMORY, "out of memory for the rows of a query");
}

int queries_step(struct queries *qs, struct slice *reply, struct error *err) {
  for (size_t i = 0; i < QUERIES_MAX; i++)
    if (qs->at[i].query) fill(&qs->at[i]);
  if (!qs->asked) return 0;
  buf_clear(&qs->reply);
  int got = qs->wants_columns ? tell_columns(qs, qs->asked, err) : tell_rows(qs, qs->asked, err);
  *reply = buf_slice(&qs->reply);
  return got;
}

/* ---- waiting ------------------------------------------------------------- */

int64_t queries_wake_at(const struct queries *qs) {
  for (size_t i = 0; i < QUERIES_MAX; i++)
    if (qs->at[i].query && has_room(&qs->at[i]) && !qs->at[i].is_waiting) return 0;
  return qs->asked && qs->asked->frame.len ? qs->asked_ns + GATHER_NS : INT64_MAX;
}

nfds_t queries_poll(const struct queries *qs, struct pollfd *fds) {
  nfds_t n = 0;
  for (size_t i = 0; i < QUERIES_MAX; i++) {
    const struct open_query *o = &qs->at[i];
    short events;
    if (!o->query || !o->is_waiting || !has_room(o)) continue;
    int fd = query_poll(o->query, &events);
    if (fd >= 0) fds[n++] = (struct pollfd){.fd = fd, .events = events};
  }
  return n;
}

void queries_init(struct queries *qs, const struct clock *clock) {
  *qs = (struct queries){.clock = clock, .reply = BUF_WITH_LIMIT(QUERY_FRAME_MAX)};
}

void queries_close(struct queries *qs) {
  for (size_t i = 0; i < QUERIES_MAX; i++)
    if (qs->at[i].query) close_one(qs, &qs->at[i]);
  buf_free(&qs->reply);
}
