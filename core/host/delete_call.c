#include "host/delete_call.h"

#include "base/json_scan.h"

#include <stdlib.h>

enum fate { LEFT, DELETED, UNKNOWN };

/* The keys of partners that are not there any more go behind the others; returns how many stay. */
static size_t part_bindings(struct delete_call *c) {
  struct bindings *b = &c->bindings;
  size_t left = 0;
  for (size_t i = 0; i < b->len; i++) {
    struct binding one = b->list[i];
    if (c->fate[one.at] != LEFT) continue;
    b->list[i] = b->list[left];
    b->list[left++] = one;
  }
  return left;
}

static int took(void *user, enum removed what, const uint32_t *places, size_t len,
                struct error *err) {
  struct delete_call *c = user;
  for (size_t i = 0; i < len; i++) c->fate[places[i]] = what == REMOVED ? DELETED : UNKNOWN;
  size_t left = part_bindings(c), told = c->bindings.len - left;
  c->bindings.len = left;
  return told ? bindings_deleted(c->state, c->bindings.list + left, told, err) : 0;
}

/* A client that dies behind the deletion must not take a row that comes again for equal to
 * what Hoko has; but a deletion that a person declines leaves no doubt. */
static int find_bindings(struct delete_call *c, const struct delete_options *o, struct error *err) {
  struct bindings *b = &c->bindings;
  c->state = o->state;
  if (!o->state) return 0;
  if (bindings_find(b, o->state, o->base_url, c->ids, c->len, err)) return -1;
  return o->may_be_declined ? 0 : bindings_doubt(o->state, b->list, b->len, err);
}

static int read_ids(struct delete_call *c, struct slice json) {
  struct json_scan scan;
  enum json_token token;
  json_init(&scan, 4);
  json_feed(&scan, json, true);
  if (json_next(&scan) != JSON_OBJECT_BEGIN || json_next(&scan) != JSON_KEY) return -1;
  if (json_next(&scan) != JSON_ARRAY_BEGIN) return -1;
  while ((token = json_next(&scan)) == JSON_STRING)
    if (c->len == DELETE_CALL_IDS_MAX || !uuid_parse(scan.text, &c->ids[c->len++])) return -1;
  return token == JSON_ARRAY_END ? 0 : -1;
}

int delete_call_begin(struct delete_call *c, struct slice json,
                      const struct delete_options *options, struct error *err) {
  struct removal_job ours = options->job;
  *c = (struct delete_call){.ids = calloc(DELETE_CALL_IDS_MAX, sizeof *c->ids),
                            .fate = calloc(DELETE_CALL_IDS_MAX, sizeof *c->fate)};
  ours.user = c;
  ours.told = took;
  int rc;
  if (!c->ids || !c->fate)
    rc = error_set(err, ERROR_MEMORY, "out of memory for deleting");
  else if (read_ids(c, json))
    rc = error_set(err, ERROR_INTERNAL, "the worker's ids make no sense");
  else if ((rc = find_bindings(c, options, err)) == 0)
    rc = removal_new(&c->removal, &ours, err);
  if (rc) {
    delete_call_free(c);
    return -1;
  }
  removal_begin(c->removal, c->ids, c->len);
  c->is_active = true;
  return 0;
}

static void put_places(struct buf *b, const struct delete_call *c, const char *name,
                       enum fate fate) {
  bool is_first = true;
  buf_printf(b, "\"%s\":[", name);
  for (size_t i = 0; i < c->len; i++) {
    if (c->fate[i] != fate) continue;
    buf_printf(b, is_first ? "%zu" : ",%zu", i + 1);
    is_first = false;
  }
  buf_add_char(b, ']');
}

bool delete_call_step(struct delete_call *c, struct buf *reply, int *rc, struct error *err) {
  if (!c->is_active) return false;
  removal_step(c->removal);
  if (!removal_is_done(c->removal)) return false;
  const struct error *why = removal_error(c->removal);
  if (why) *err = *why;
  *rc = why ? -1 : 0;
  buf_add_char(reply, '{');
  put_places(reply, c, "deleted", DELETED);
  buf_add_char(reply, ',');
  put_places(reply, c, "unknown", UNKNOWN);
  buf_add_char(reply, '}');
  delete_call_free(c);
  return true;
}

int64_t delete_call_wake_at(const struct delete_call *c) {
  return c->is_active ? removal_wake_at(c->removal) : INT64_MAX;
}

void delete_call_stop(struct delete_call *c, const struct error *why) {
  if (c->is_active) removal_stop(c->removal, why);
}

void delete_call_free(struct delete_call *c) {
  removal_free(c->removal);
  bindings_free(&c->bindings);
  free(c->ids);
  free(c->fate);
  *c = (struct delete_call){.is_active = false};
}
