/* What changes while the daemon runs: hoko.lua, the zones' data, the keystore, and of the
 * scripts that they were saved. */
#include "schedule/serving.h"

#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether hoko.lua is another file than when this was last asked. */
static bool has_file_changed(struct daemon *d) {
  char path[4096];
  struct stat st;
  int len = snprintf(path, sizeof path, "%s/hoko.lua", d->options->folder);
  if (len < 0 || len >= (int)sizeof path || stat(path, &st) != 0) st = (struct stat){.st_size = -1};
  int64_t mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
  bool is_same = mtime_ns == d->file_mtime_ns && st.st_size == d->file_size;
  d->file_mtime_ns = mtime_ns;
  d->file_size = st.st_size;
  return !is_same;
}

int reload_first(struct daemon *d, struct error *err) {
  const struct daemon_wishes *wishes;
  (void)has_file_changed(d);
  if (d->options->load(d->options->user, &wishes, err) != 0) return -1;
  if (jobs_apply(d, wishes, err) != 0) return -1;
  return scripts_take(d, wishes, err);
}

/* A broken file keeps the schedule that is. */
void reload_again(struct daemon *d) {
  struct error err;
  int64_t count;
  notify_reloading(&d->notify, d->options->clock);
  d->wants_reload = false;
  if (reload_first(d, &err) == 0) {
    (void)condition_ends(&d->file_trouble, &count);
    daemon_log(d, NULL, LOG_INFO, "hoko.lua is read: %zu jobs", d->wishes->len);
  } else if (err.code == ERROR_STATE) {
    d->wants_reload = true; /* the state's trouble is told, and hoko.lua's turn comes */
  } else if (condition_holds(&d->file_trouble, daemon_wall_ms(d))) {
    daemon_log_error(d, &err, d->file_trouble.count);
    daemon_log(d, NULL, LOG_WARN, "the schedule stays as it was before hoko.lua changed");
  }
  notify_send(&d->notify, "READY=1\n");
}

static void on_zone_change(void *user, const struct zone *old, const struct zone *newer) {
  struct daemon *d = user;
  for (size_t i = 0; i < d->jobs_len; i++) {
    struct served *s = d->jobs[i];
    if (s->rules.zone != old) continue;
    struct policy copy;
    int dropped =
        step_drop(d, s); /* under the old times; where it fails they are past all the same */
    s->rules.zone = newer;
    copy = s->policy;
    policy_reschedule(&copy, &s->rules, daemon_wall_ms(d));
    if (dropped != 0 || step_save(d, s, &copy) != 0) s->policy = copy;
    s->deadline_ms = 0;
  }
}

void reload_keys(struct daemon *d, const char *why) {
  for (size_t i = 0; i < d->jobs_len; i++) {
    struct served *s = d->jobs[i];
    struct policy copy = s->policy;
    if (!copy.is_keyless) continue;
    policy_key_works(&copy, daemon_wall_ms(d));
    if (step_save(d, s, &copy) == 0) daemon_log(d, s, LOG_INFO, "%s: tried again", why);
    s->deadline_ms = 0;
  }
}

/* What no descriptor tells: the zones' data, the keystore, a file on a disk without inotify. */
void reload_look(struct daemon *d) {
  struct error err;
  bool is_keyless = false;
  int64_t now_ms = daemon_passed_ms(), count;
  for (size_t i = 0; i < d->jobs_len; i++) is_keyless |= d->jobs[i]->policy.is_keyless;
  if (now_ms < d->looked_ms + (is_keyless ? RELOAD_KEY_LOOK_MS : RELOAD_LOOK_MS)) return;
  d->looked_ms = now_ms;
  if (zones_refresh(d->options->zones, on_zone_change, d, &err) == 0)
    (void)condition_ends(&d->zone_trouble, &count);
  else if (condition_holds(&d->zone_trouble, daemon_wall_ms(d)))
    daemon_log_error(d, &err, d->zone_trouble.count);
  if (has_file_changed(d)) d->wants_reload = true;
  if (is_keyless && d->options->has_key_changed(d->options->user))
    reload_keys(d, "the keystore has changed");
}

void reload_watch(struct daemon *d, const char *folder) {
  if (d->folder_fd >= 0) /* without it files are looked at now and then */
    (void)inotify_add_watch(d->folder_fd, folder,
                            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
}

void reload_hear(struct daemon *d) {
  char bytes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
  ssize_t got;
  while (d->folder_fd >= 0 && (got = read(d->folder_fd, bytes, sizeof bytes)) > 0)
    for (char *at = bytes; at < bytes + got;) {
      const struct inotify_event *e = (const struct inotify_event *)(const void *)at;
      if (e->len > 0 && strcmp(e->name, "hoko.lua") == 0 && !(e->mask & IN_MOVED_FROM))
        d->wants_reload = true; /* an editor that moves it away puts another one there */
      if (e->len > 0) scripts_hear(d, e->name);
      at += sizeof *e + e->len;
    }
}
