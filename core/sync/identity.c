#include "sync/identity.h"

enum { ROW_BITS = 14, ROW_MASK = (1 << ROW_BITS) - 1 };

static uint32_t pack(const struct batch *b, uint32_t row) { return b->number << ROW_BITS | row; }

/* Ids are random but for an attacker, who does not know the key: one multiplication. */
static uint64_t hash_id(const struct identities *ids, const struct uuid *id) {
  uint64_t a, b;
  memcpy(&a, id->bytes, sizeof a);
  memcpy(&b, id->bytes + sizeof a, sizeof b);
  __extension__ unsigned __int128 product =
      (unsigned __int128)(a ^ ids->key.k0) * (b ^ ids->key.k1);
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

int identity_add(struct identities *ids, const struct identity *who, const struct batch *b,
                 uint32_t row) {
  if (who->id && map_add(&ids->map, hash_id(ids, who->id), pack(b, row))) return -1;
  if (who->key.len && map_add(&ids->map, hash_slice(&ids->key, who->key), pack(b, row))) return -1;
  return 0;
}

void identity_remove(struct identities *ids, const struct identity *who, const struct batch *b,
                     uint32_t row) {
  if (who->id)
    (void)map_remove(&ids->map, hash_id(ids, who->id), pack(b, row)); /* merged rows stand once */
  if (who->key.len) (void)map_remove(&ids->map, hash_slice(&ids->key, who->key), pack(b, row));
}

struct question {
  const struct identities *ids;
  const struct identity *who;
  bool is_under_way;
};

static bool is_under_way(const struct batch *b) { return b->state >= BATCH_SENT; }

static bool same_id(const void *user, uint32_t value) {
  const struct question *q = user;
  const struct batch *b = &q->ids->pool[value >> ROW_BITS];
  return is_under_way(b) == q->is_under_way &&
         uuid_equal(&b->rows[value & ROW_MASK].id, q->who->id);
}

static bool same_key(const void *user, uint32_t value) {
  const struct question *q = user;
  const struct batch *b = &q->ids->pool[value >> ROW_BITS];
  if (is_under_way(b) != q->is_under_way) return false;
  return slice_equal(batch_row(b, value & ROW_MASK).key, q->who->key);
}

struct place_of_row identity_find(const struct identities *ids, const struct identity *who,
                                  bool under_way) {
  struct question q = {ids, who, under_way};
  uint32_t value = MAP_FREE;
  if (who->id) value = map_find(&ids->map, hash_id(ids, who->id), same_id, &q);
  if (value == MAP_FREE && who->key.len)
    value = map_find(&ids->map, hash_slice(&ids->key, who->key), same_key, &q);
  if (value == MAP_FREE) return (struct place_of_row){NULL, 0};
  return (struct place_of_row){&ids->pool[value >> ROW_BITS], value & ROW_MASK};
}
