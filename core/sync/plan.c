#include "sync/plan.h"

static struct plan reject(const char *code, const char *field, const char *message) {
  return (struct plan){.what = PLAN_REJECT, .code = code, .field = field, .message = message};
}

static uint8_t all_fields(const struct row *row) {
  uint8_t mask = 0;
  for (int f = 0; f < ROW_FIELDS; f++)
    if (row->field[f].len) mask = (uint8_t)(mask | 1u << f);
  return mask;
}

static uint8_t changed_fields(const struct row *row, const struct known *known) {
  uint8_t mask = 0;
  for (int f = 0; f < ROW_FIELDS; f++)
    if (row->field[f].len && !slice_equal(row->field[f], known->field[f]))
      mask = (uint8_t)(mask | 1u << f);
  return mask;
}

static struct plan create(const struct plan_facts *f, struct row row) {
  if (!row.field[ROW_NAME].len || row_is_null(row.field[ROW_NAME])) {
    struct plan plan = reject("name_missing", "name",
                              "a new partner needs a name (no partner of this key is known yet)");
    plan.row = row;
    plan.as.mask = all_fields(&row);
    plan.is_partial = f->has_key;
    return plan;
  }
  return (struct plan){.kind = BATCH_CREATE,
                       .row = row,
                       .as = {.seq = f->known->seq,
                              .mask = all_fields(&row),
                              .why = f->known->seq ? WHY_ANEW : WHY_NEW}};
}

/* The partner is gone at Hoko; made anew it gets back what was last acknowledged. */
static struct plan recreate(const struct plan_facts *f) {
  struct row before = {.key = f->row->key};
  memcpy(before.field, f->known->field, sizeof before.field);
  struct row row = row_merged(&before, f->row);
  row.id = (struct slice){NULL, 0};
  return create(f, row);
}

static enum why why_updated(const struct plan_facts *f, bool is_delta) {
  if (is_delta) return WHY_CHANGED;
  if (f->known->seq && !f->known->is_gone) return WHY_ALL;
  return f->row->id.len ? WHY_BOUND : WHY_TRIED;
}

static struct plan update(const struct plan_facts *f, const struct uuid *id) {
  bool is_delta =
      !f->sends_all && f->known->seq && !f->known->is_gone; /* its fields are this partner's */
  uint8_t mask = is_delta ? changed_fields(f->row, f->known) : all_fields(f->row);
  if (mask == 0 && is_delta)
    return (struct plan){.what = PLAN_UNCHANGED,
                         .row = *f->row,
                         .as = {.id = *id, .seq = f->known->seq},
                         .has_id = true,
                         .kind = BATCH_UPDATE};
  if (mask == 0) return reject("no_change", "", "the row has a partner and nothing to change");
  return (struct plan){
      .kind = BATCH_UPDATE,
      .row = *f->row,
      .has_id = true,
      .as = {
          .id = *id, .seq = f->known->seq, .mask = mask, .why = (uint8_t)why_updated(f, is_delta)}};
}

/* What was refused stays so; but a gone partner can be made anew, or the row names another. */
static bool is_refused_still(const struct plan_facts *f, const struct uuid *id) {
  const struct known *known = f->known;
  if (known->is_gone && (f->recreates || (id && !uuid_equal(id, &known->id)))) return false;
  return known->is_rejected && !f->retries_rejects && f->content &&
         known->rejected_content == f->content;
}

struct plan plan_row(const struct plan_facts *f) {
  const struct known *known = f->known;
  struct uuid id;
  bool has_id = uuid_parse(f->row->id, &id);
  if (has_id && known->seq && !known->is_gone && !uuid_equal(&id, &known->id))
    return reject("key_conflict", "id", "the key is bound to another partner already");
  if (known->is_held) return (struct plan){.what = f->has_key ? PLAN_PENDING : PLAN_HELD};
  if (is_refused_still(f, has_id ? &id : NULL)) return (struct plan){.what = PLAN_REFUSED};
  if (f->adopts && known->seq)
    return (struct plan){.what = PLAN_UNCHANGED}; /* the state knows better */
  if (has_id) return update(f, &id);
  if (known->is_made) return (struct plan){.what = PLAN_UNCHANGED};
  if (!known->seq) return create(f, *f->row);
  if (!known->is_gone) return update(f, &known->id);
  if (f->recreates) return recreate(f);
  /* Its reject was taken off the list: whoever did that may have brought the partner back. */
  if (f->retries_rejects || !known->is_rejected) return update(f, &known->id);
  return reject("unknown_id", "id",
                "Hoko no longer has the partner of this key; --recreate makes it anew");
}
