#include "sync/match.h"

#include "base/json_text.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdlib.h>

enum { UNUSED = 0, FOLD_MAX = 256 << 10 };

int matching_init(struct matching *m, size_t rows_max, struct error *err) {
  m->cap = 1;
  while (m->cap < 2 * rows_max) m->cap *= 2;
  m->partner_of = calloc(rows_max, sizeof *m->partner_of);
  m->scratch = calloc(m->cap, sizeof *m->scratch);
  if (m->partner_of && m->scratch) return 0;
  matching_free(m);
  return error_set(err, ERROR_MEMORY, "out of memory for matching %zu rows", rows_max);
}

void matching_free(struct matching *m) {
  free(m->partner_of);
  free(m->scratch);
  *m = (struct matching){0};
}

const char *match_name(enum match match) {
  static const char *const name[] = {
      [MATCH_FULL] = "a full match",
      [MATCH_INCOMPLETE] = "the answer is not a whole array of partners",
      [MATCH_COUNT] = "the answer has another number of partners than was sent",
      [MATCH_FOREIGN] = "the answer has partners that were not sent"};
  return name[match];
}

static enum match shape(const struct batch *b) {
  struct range range = batch_range(b);
  if (b->flight->answer.state != ANSWER_COMPLETE) return MATCH_INCOMPLETE;
  return b->flight->answer.partners_len == range.to - range.from ? MATCH_FULL : MATCH_COUNT;
}

static uint64_t id_hash(const struct uuid *id) {
  uint64_t a, b;
  memcpy(&a, id->bytes, sizeof a);
  memcpy(&b, id->bytes + sizeof a, sizeof b);
  return (a * 0x9e3779b97f4a7c15u) ^ (b * 0xc2b2ae3d27d4eb4fu);
}

/* A table of row numbers + 1, open addressing. */
static void table_put(struct matching *m, uint64_t hash, uint32_t row) {
  size_t mask = m->cap - 1, at = (size_t)(hash >> 20) & mask;
  while (m->scratch[at] != UNUSED) at = (at + 1) & mask;
  m->scratch[at] = row + 1;
}

/* Most answers come in the order of the request: no table is built until one does not. */
enum match match_updates(struct matching *m, const struct batch *b) {
  struct range range = batch_range(b);
  uint32_t n = range.to - range.from, i = 0;
  enum match match = shape(b);
  if (match != MATCH_FULL) return match;
  for (; i < n && uuid_equal(&b->rows[range.from + i].id, &b->flight->answer.partners[i].id); i++)
    m->partner_of[i] = i;
  if (i == n) return MATCH_FULL;
  memset(m->scratch, 0, m->cap * sizeof *m->scratch);
  for (uint32_t row = i; row < n; row++) table_put(m, id_hash(&b->rows[range.from + row].id), row);
  for (uint32_t p = i; p < n; p++) {
    const struct uuid *id = &b->flight->answer.partners[p].id;
    size_t mask = m->cap - 1, at = (size_t)(id_hash(id) >> 20) & mask;
    while (m->scratch[at] != UNUSED &&
           (m->scratch[at] == UINT32_MAX ||
            !uuid_equal(&b->rows[range.from + m->scratch[at] - 1].id, id)))
      at = (at + 1) & mask;
    if (m->scratch[at] == UNUSED) return MATCH_FOREIGN;
    m->partner_of[m->scratch[at] - 1] = p;
    m->scratch[at] = UINT32_MAX; /* each row once */
  }
  return MATCH_FULL;
}

/* ---- creates ------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v) {
  h = (h ^ v) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 32);
}

uint64_t match_content(const uint64_t field[ROW_FIELDS]) {
  uint64_t h = 1;
  for (int f = 0; f < ROW_FIELDS; f++) h = mix(h, field[f]);
  return h ? h : 1;
}

static uint64_t row_content(const struct row *row, const struct hash_key *key) {
  uint64_t field[ROW_FIELDS];
  for (int f = 0; f < ROW_FIELDS; f++) field[f] = answer_hash_field(key, row->field[f]);
  return match_content(field);
}

/* White space off both ends, NFC, e-mail in lower case, of a phone the digits. */
static uint64_t fold_field(enum row_field f, struct slice json, const struct hash_key *key) {
  struct buf plain = BUF_WITH_LIMIT(FOLD_MAX), folded = BUF_WITH_LIMIT(FOLD_MAX);
  uint64_t hash = 0;
  if (json.len >= 2 && json.ptr[0] == '"' &&
      !json_unescape(&plain, (struct slice){json.ptr + 1, json.len - 2})) {
    struct slice text = utf8_trim(buf_slice(&plain));
    bool is_folded = true;
    if (f == ROW_EMAIL)
      is_folded = utf8_fold(&folded, text) == 0;
    else if (f == ROW_NAME)
      is_folded = utf8_nfc(&folded, text) == 0;
    else
      for (size_t i = 0; i < text.len; i++)
        if (isdigit((unsigned char)text.ptr[i])) buf_add_char(&folded, text.ptr[i]);
    if (is_folded && buf_ok(&folded) && folded.len) hash = hash_slice(key, buf_slice(&folded));
  }
  buf_free(&plain);
  buf_free(&folded);
  return hash;
}

uint64_t match_fold(const struct slice field[ROW_FIELDS], const struct hash_key *key) {
  uint64_t hash[ROW_FIELDS];
  for (int f = 0; f < ROW_FIELDS; f++) hash[f] = fold_field((enum row_field)f, field[f], key);
  return match_content(hash);
}

/* Pairs rows and objects of equal hash; twins (equal in all) pair in any order.
 * DISTINCT: two different rows of one hash are no unique assignment. */
struct pairing {
  struct matching *m;
  const uint64_t *row_hash, *partner_hash;
  uint32_t n;
};

static enum match pair(const struct pairing *p) {
  struct matching *m = p->m;
  memset(m->scratch, 0, m->cap * sizeof *m->scratch);
  for (uint32_t row = 0; row < p->n; row++) table_put(m, p->row_hash[row], row);
  for (uint32_t i = 0; i < p->n; i++) {
    size_t mask = m->cap - 1, at = (size_t)(p->partner_hash[i] >> 20) & mask;
    while (m->scratch[at] != UNUSED &&
           (m->scratch[at] == UINT32_MAX || p->row_hash[m->scratch[at] - 1] != p->partner_hash[i]))
      at = (at + 1) & mask;
    if (m->scratch[at] == UNUSED) return MATCH_FOREIGN;
    m->partner_of[m->scratch[at] - 1] = i;
    m->scratch[at] = UINT32_MAX;
  }
  return MATCH_FULL;
}

static void hash_exact(const struct batch *b, const struct hash_key *key, uint64_t *rows,
                       uint64_t *partners, uint32_t n) {
  struct range range = batch_range(b);
  for (uint32_t i = 0; i < n; i++) {
    struct row row = batch_row(b, range.from + i);
    rows[i] = row_content(&row, key);
    partners[i] = match_content(b->flight->answer.partners[i].field_hash);
  }
}

static bool hash_folded(const struct batch *b, const struct hash_key *key, uint64_t *rows,
                        uint64_t *partners, uint32_t n) {
  struct range range = batch_range(b);
  for (uint32_t i = 0; i < n; i++) {
    struct row row = batch_row(b, range.from + i), object;
    if (answer_object(answer_text(&b->flight->answer, i), &object)) return false;
    rows[i] = match_fold(row.field, key);
    partners[i] = match_fold(object.field, key);
  }
  return true;
}

/* Whether two rows that differ exactly are alike folded: then which is which cannot be known. */
static bool is_ambiguous(const struct batch *b, const struct hash_key *key, const uint64_t *folded,
                         uint32_t n, struct matching *m) {
  struct range range = batch_range(b);
  memset(m->scratch, 0, m->cap * sizeof *m->scratch);
  for (uint32_t i = 0; i < n; i++) {
    size_t mask = m->cap - 1, at = (size_t)(folded[i] >> 20) & mask;
    struct row row = batch_row(b, range.from + i);
    for (; m->scratch[at] != UNUSED; at = (at + 1) & mask) {
      uint32_t other = m->scratch[at] - 1;
      struct row theirs = batch_row(b, range.from + other);
      if (folded[other] == folded[i] && row_content(&row, key) != row_content(&theirs, key))
        return true;
    }
    m->scratch[at] = i + 1;
  }
  return false;
}

enum match match_creates(struct matching *m, const struct batch *b, const struct hash_key *key) {
  struct range range = batch_range(b);
  uint32_t n = range.to - range.from;
  enum match match = shape(b);
  if (match != MATCH_FULL) return match;
  uint64_t *rows = malloc(2 * (size_t)n * sizeof *rows), *partners = rows + n;
  if (!rows) return MATCH_INCOMPLETE; /* an unknown outcome, never a guess */
  struct pairing p = {m, rows, partners, n};
  hash_exact(b, key, rows, partners, n);
  match = pair(&p);
  if (match != MATCH_FULL && hash_folded(b, key, rows, partners, n) &&
      !is_ambiguous(b, key, rows, n, m))
    match = pair(&p);
  free(rows);
  return match;
}

unsigned match_changed_fields(const struct batch *b, uint32_t row_number,
                              const struct answer_partner *p, const struct hash_key *key) {
  struct row row = batch_sent_row(b, row_number);
  unsigned changed = 0;
  for (int f = 0; f < ROW_FIELDS; f++)
    if (row.field[f].len && answer_hash_field(key, row.field[f]) != p->field_hash[f])
      changed |= 1u << f;
  return changed;
}
