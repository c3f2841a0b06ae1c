#include "schedule/zones.h"

#include <stdlib.h>

struct zones {
  const char *folder;
  struct zone **all;
  size_t len, cap;
};

struct zones *zones_new(const char *folder) {
  struct zones *zs = calloc(1, sizeof *zs);
  if (zs) zs->folder = folder;
  return zs;
}

void zones_free(struct zones *zs) {
  if (!zs) return;
  for (size_t i = 0; i < zs->len; i++) zone_close(zs->all[i]);
  free(zs->all);
  free(zs);
}

static int make_room(struct zones *zs, struct error *err) {
  if (zs->len < zs->cap) return 0;
  size_t cap = zs->cap ? 2 * zs->cap : 8;
  struct zone **all = realloc(zs->all, cap * sizeof *all);
  if (!all) return error_set(err, ERROR_MEMORY, "no memory for time zones");
  zs->all = all;
  zs->cap = cap;
  return 0;
}

int zones_get(struct zones *zs, struct slice name, const struct zone **out, struct error *err) {
  for (size_t i = 0; i < zs->len; i++) {
    if (!slice_is(name, zone_name(zs->all[i]))) continue;
    *out = zs->all[i];
    return 0;
  }
  if (make_room(zs, err) != 0 || zone_open(&zs->all[zs->len], name, zs->folder, err) != 0)
    return -1;
  *out = zs->all[zs->len++];
  return 0;
}

int zones_refresh(struct zones *zs,
                  void (*on_change)(void *user, const struct zone *old, const struct zone *newer),
                  void *user, struct error *err) {
  int result = 0;
  for (size_t i = 0; i < zs->len; i++) {
    struct zone *old = zs->all[i], *newer;
    if (zone_newer(old, &newer, err) != 0) result = -1;
    if (!newer) continue;
    zs->all[i] = newer;
    on_change(user, old, newer);
    zone_close(old);
  }
  return result;
}
