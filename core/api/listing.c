#include "api/listing.h"

#include "base/clock.h"
#include "base/json_scan.h"
#include "base/map.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define UNKNOWN_TIME INT64_MIN

struct seen {
  struct uuid id;
  int64_t created_ms;  /* UNKNOWN_TIME: the object does not say */
  uint32_t pass, page; /* in which it was seen last */
};

/* What the passes are compared by: partners of the time that is asked for. */
struct pass {
  size_t partners_len;
  int64_t newest_ms; /* of them; UNKNOWN_TIME where there is none */
  bool is_whole;
};

struct listing {
  struct listing_options options;
  char target[80];
  uint64_t skip;
  uint32_t pass, page; /* numbers, from 1 */
  bool is_in_doubt;    /* partners of one instant were seen to change their order */

  struct seen *seen;
  size_t seen_len, seen_cap;
  struct map index; /* hash of the id → seen */

  struct pass last, present;
  size_t shared_len;  /* partners of both */
  size_t strange_len; /* partners of the present pass that the last should have shown too */

  uint32_t tail[LISTING_PAGE_MAX]; /* the last rows of the page before, as indices of seen */
  size_t tail_len;
  int64_t tail_end_ms; /* when its last one was created */
  uint32_t fresh[LISTING_PAGE_MAX];
  size_t fresh_len;
};

static void set_target(struct listing *l) {
  (void)snprintf(l->target, sizeof l->target, "/partners?take=%" PRIu32 "&skip=%" PRIu64 "&sort=%s",
                 l->options.page_rows, l->skip, l->options.is_newest_first ? "desc" : "asc");
}

static void begin_pass(struct listing *l) {
  l->pass++;
  l->skip = l->options.skip;
  l->tail_len = 0;
  l->present = (struct pass){.newest_ms = UNKNOWN_TIME};
  l->shared_len = l->strange_len = 0;
}

int listing_new(struct listing **out, const struct listing_options *options, struct error *err) {
  assert(options->page_rows >= 1 && options->page_rows <= LISTING_PAGE_MAX);
  assert(options->overlap_rows < options->page_rows);
  struct listing *l = calloc(1, sizeof *l);
  if (!l) return error_set(err, ERROR_MEMORY, "no memory for a listing");
  l->options = *options;
  if (!options->is_newest_first) l->options.since_ms = LISTING_ALL_TIME;
  l->index = MAP_WITH_LIMIT(options->partners_max);
  begin_pass(l);
  set_target(l);
  *out = l;
  return 0;
}

void listing_free(struct listing *l) {
  if (!l) return;
  map_free(&l->index);
  free(l->seen);
  free(l);
}

const char *listing_target(const struct listing *l) { return l->target; }

const uint32_t *listing_fresh(const struct listing *l, size_t *len) {
  *len = l->fresh_len;
  return l->fresh;
}

/* ---- partners seen ---- */

struct wanted {
  const struct listing *l;
  const struct uuid *id;
};

static bool is_wanted(const void *user, uint32_t value) {
  const struct wanted *w = user;
  return uuid_equal(&w->l->seen[value].id, w->id);
}

static uint64_t hash_of(const struct listing *l, const struct uuid *id) {
  return hash_bytes(&l->options.key, id->bytes, sizeof id->bytes);
}

static uint32_t find(const struct listing *l, const struct uuid *id) {
  struct wanted w = {l, id};
  return map_find(&l->index, hash_of(l, id), is_wanted, &w);
}

bool listing_has(const struct listing *l, const struct uuid *id) {
  uint32_t i = find(l, id);
  return i != MAP_FREE && l->seen[i].pass == l->pass;
}

/* The index of a new entry, or MAP_FREE without memory or past the limit. */
static uint32_t add(struct listing *l, const struct uuid *id) {
  if (l->seen_len == l->seen_cap) {
    size_t cap = l->seen_cap ? 2 * l->seen_cap : 256;
    struct seen *more = realloc(l->seen, cap * sizeof *more);
    if (!more) return MAP_FREE;
    l->seen = more;
    l->seen_cap = cap;
  }
  uint32_t i = (uint32_t)l->seen_len;
  if (map_add(&l->index, hash_of(l, id), i) != 0) return MAP_FREE;
  l->seen[l->seen_len++] = (struct seen){.id = *id, .created_ms = UNKNOWN_TIME};
  return i;
}

static int64_t created_ms_of(struct slice object) {
  struct json_scan json;
  int64_t created_ms = UNKNOWN_TIME;
  json_init(&json, JSON_DEPTH_MAX);
  json_feed(&json, object, true);
  for (enum json_token t = json_next(&json); t != JSON_END_OF_VALUE && t != JSON_ERROR;
       t = json_next(&json)) {
    if (t != JSON_KEY || json.depth != 1 || !slice_is(json.text, "createdAt")) continue;
    if (json_next(&json) != JSON_STRING || clock_parse(json.text, &created_ms) != 0)
      return UNKNOWN_TIME;
    return created_ms;
  }
  return created_ms;
}

/* Counts the sighting of S, for the first time in this pass, and what it says of the last. */
static void compare(struct listing *l, const struct seen *s) {
  bool is_dated = s->created_ms != UNKNOWN_TIME;
  if (is_dated && s->created_ms < l->options.since_ms) return;
  l->present.partners_len++;
  if (is_dated && s->created_ms > l->present.newest_ms) l->present.newest_ms = s->created_ms;
  if (s->pass > 0 && s->pass == l->pass - 1) {
    l->shared_len++;
  } else if (!is_dated || s->created_ms <= l->last.newest_ms) {
    l->strange_len++;
  }
}

/* ---- a page ---- */

/* Marks what the page shows; *is_moving: something of it is new to this pass.
 * -1: no memory. */
static int mark(struct listing *l, const struct answer *page, bool *is_moving) {
  l->fresh_len = 0;
  *is_moving = false;
  for (size_t i = 0; i < page->partners_len; i++) {
    const struct uuid *id = &page->partners[i].id;
    uint32_t at = find(l, id);
    if (at == MAP_FREE) {
      at = add(l, id);
      if (at == MAP_FREE) return -1;
      l->fresh[l->fresh_len++] = (uint32_t)i;
    }
    struct seen *s = &l->seen[at];
    s->page = l->page;
    if (s->pass == l->pass) continue;
    s->created_ms = created_ms_of(answer_text(page, i));
    compare(l, s);
    s->pass = l->pass;
    *is_moving = true;
  }
  return 0;
}

enum overlap { OVERLAP_MET, OVERLAP_SHUFFLED, OVERLAP_BROKEN };

/* Whether the page holds the last rows of the one before, or which of them it lacks. */
static enum overlap overlap_of(const struct listing *l) {
  enum overlap overlap = OVERLAP_MET;
  for (size_t i = 0; i < l->tail_len; i++) {
    const struct seen *s = &l->seen[l->tail[i]];
    if (s->page == l->page) continue;
    if (s->created_ms == UNKNOWN_TIME || s->created_ms != l->tail_end_ms) return OVERLAP_BROKEN;
    overlap = OVERLAP_SHUFFLED;
  }
  return overlap;
}

static int64_t created_at(const struct listing *l, const struct answer *page, size_t i) {
  return l->seen[find(l, &page->partners[i].id)].created_ms;
}

/* A page in another order than the one asked for would end the walk too early. */
static bool is_in_order(const struct listing *l, const struct answer *page) {
  int64_t before = INT64_MAX;
  for (size_t i = 0; l->options.is_newest_first && i < page->partners_len; i++) {
    int64_t created_ms = created_at(l, page, i);
    if (created_ms == UNKNOWN_TIME) continue;
    if (created_ms > before) return false;
    before = created_ms;
  }
  return true;
}

/* How many rows of this page the next one is to begin with. */
static size_t choose_overlap(const struct listing *l, const struct answer *page) {
  size_t len = page->partners_len, ties = 0, most = len / (l->is_in_doubt ? 2 : 4);
  int64_t end_ms = created_at(l, page, len - 1);
  while (ties < len && created_at(l, page, len - 1 - ties) == end_ms) ties++;
  if (ties > most) ties = l->is_in_doubt ? most : 0;
  return ties > l->options.overlap_rows ? ties : l->options.overlap_rows;
}

static void keep_tail(struct listing *l, const struct answer *page) {
  l->tail_len = choose_overlap(l, page);
  for (size_t i = 0; i < l->tail_len; i++)
    l->tail[i] = find(l, &page->partners[page->partners_len - l->tail_len + i].id);
  l->tail_end_ms = created_at(l, page, page->partners_len - 1);
}

static bool is_far_enough(const struct listing *l, const struct answer *page) {
  if (page->partners_len < l->options.page_rows) return true;
  int64_t created_ms = created_at(l, page, page->partners_len - 1);
  return created_ms != UNKNOWN_TIME && created_ms < l->options.since_ms;
}

/* ---- a pass ---- */

static bool is_agreed(const struct listing *l) {
  return l->last.is_whole && l->shared_len == l->last.partners_len && l->strange_len == 0;
}

static enum listing_step ask_anew(struct listing *l, bool is_whole, struct error *err) {
  l->last = l->present;
  l->last.is_whole = is_whole;
  if (l->pass >= l->options.passes_max) {
    error_set(err, ERROR_UNREACHABLE, "the list of partners changes faster than it can be read");
    error_hint(err, "try again when fewer programs write to the workspace");
    return LISTING_FAILED;
  }
  begin_pass(l);
  set_target(l);
  return LISTING_ASK;
}

static enum listing_step end_pass(struct listing *l, struct error *err) {
  bool needs_agreement = l->options.needs_agreement || l->is_in_doubt;
  return !needs_agreement || is_agreed(l) ? LISTING_DONE : ask_anew(l, true, err);
}

static enum listing_step refuse(struct listing *l, const struct answer *page, struct error *err) {
  l->fresh_len = 0;
  error_set(err, ERROR_UNREACHABLE, "a page of %" PRIu32 " partners was asked for and %zu came",
            l->options.page_rows, page->partners_len);
  return LISTING_FAILED;
}

enum listing_step listing_take(struct listing *l, const struct answer *page, struct error *err) {
  bool is_moving;
  l->page++;
  if (page->partners_len > l->options.page_rows) return refuse(l, page, err);
  if (mark(l, page, &is_moving) != 0) {
    error_set(err, ERROR_MEMORY, "no memory for a list of more than %zu partners", l->seen_len);
    return LISTING_FAILED;
  }
  if (!is_in_order(l, page)) {
    error_set(err, ERROR_UNREACHABLE,
              "the list of partners is not in the order that was asked for");
    return LISTING_FAILED;
  }
  enum overlap overlap = overlap_of(l);
  bool is_first_doubt = overlap == OVERLAP_SHUFFLED && !l->is_in_doubt;
  if (is_first_doubt) l->is_in_doubt = true;
  if (overlap == OVERLAP_BROKEN || is_first_doubt) return ask_anew(l, false, err);
  if (is_far_enough(l, page)) return end_pass(l, err);
  if (!is_moving) return ask_anew(l, false, err);
  keep_tail(l, page);
  l->skip += page->partners_len - l->tail_len;
  set_target(l);
  return LISTING_ASK;
}

bool listing_is_recent(const struct listing *l, const struct uuid *id) {
  uint32_t at = find(l, id);
  if (at == MAP_FREE) return false;
  int64_t created_ms = l->seen[at].created_ms;
  return created_ms == UNKNOWN_TIME || created_ms >= l->options.since_ms;
}
