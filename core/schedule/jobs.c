#include "schedule/serving.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PAGE = 100 };

static int compare(const void *a, const void *b) {
  const struct served *const *left = a, *const *right = b;
  return strcmp((*left)->name, (*right)->name);
}

struct served *jobs_find(struct daemon *d, const char *name) {
  size_t from = 0, to = d->jobs_len;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    int order = strcmp(name, d->jobs[middle]->name);
    if (order == 0) return d->jobs[middle];
    if (order < 0)
      to = middle;
    else
      from = middle + 1;
  }
  return NULL;
}

static void sort(struct daemon *d) {
  if (d->jobs_len > 1) qsort(d->jobs, d->jobs_len, sizeof(struct served *), compare);
}

/* A new one behind the last; the caller sorts. */
static struct served *add(struct daemon *d, struct slice name, struct error *err) {
  char text[STATE_TEXT_SIZE];
  struct served *s = NULL;
  if (d->jobs_len == d->jobs_cap) {
    size_t cap = d->jobs_cap ? 2 * d->jobs_cap : 16;
    struct served **jobs = realloc(d->jobs, cap * sizeof(struct served *));
    if (jobs) {
      d->jobs = jobs;
      d->jobs_cap = cap;
    }
  }
  if (name.len < sizeof text && d->jobs_len < d->jobs_cap) {
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    s = served_new(text);
  }
  if (s)
    d->jobs[d->jobs_len++] = s;
  else
    (void)error_set(err, ERROR_MEMORY, "no memory for job \"%.*s\"", SLICE_ARG(name));
  return s;
}

int jobs_load(struct daemon *d, struct error *err) {
  struct job_record page[PAGE];
  struct slice after = {0};
  for (size_t n;; after = page[n - 1].name) {
    if (job_record_list(d->options->state, after, page, PAGE, &n, err) != 0) return -1;
    for (size_t i = 0; i < n; i++) {
      struct served *s = add(d, page[i].name, err);
      if (!s || served_take_record(s, &page[i], d->options->zones, err) != 0) return -1;
      if (served_is_under_way(s)) d->active++;
    }
    if (n < PAGE) break;
  }
  sort(d);
  return 0;
}

/* ---- what hoko.lua wants ---- */

static int state_failed(struct error *err) {
  return error_set(err, ERROR_STATE, "the state cannot be written; hoko.lua is read again then");
}

/* A job that was not there before, not recorded yet. */
static int begin_job(struct daemon *d, const struct daemon_wish *w, struct error *err) {
  struct served *s = add(d, slice_of(w->name), err);
  if (!s) return -1;
  policy_begin(&s->policy, daemon_wall_ms(d));
  return served_take_wish(s, w, err);
}

/* Jobs from the one numbered KNOWN on are new: recorded, or gone again. */
static int record_new(struct daemon *d, size_t known, struct error *err) {
  size_t n = d->jobs_len - known;
  struct job_record *records = calloc(n + 1, sizeof *records);
  if (!records) return error_set(err, ERROR_MEMORY, "no memory for %zu new jobs", n);
  for (size_t i = 0; i < n; i++)
    served_put_record(d->jobs[known + i], &d->jobs[known + i]->policy, &records[i]);
  int result = n > 0 ? job_record_add(d->options->state, records, n, err) : 0;
  if (result != 0) daemon_stall(d, err);
  free(records);
  return result;
}

static int begin_new(struct daemon *d, const struct daemon_wishes *wishes, struct error *err) {
  size_t known = d->jobs_len;
  int result = 0;
  bool *is_new = calloc(wishes->len + 1, sizeof *is_new);
  if (!is_new) return error_set(err, ERROR_MEMORY, "no memory for the jobs");
  for (size_t i = 0; i < wishes->len; i++) is_new[i] = !jobs_find(d, wishes->at[i].name);
  for (size_t i = 0; i < wishes->len && result == 0; i++)
    if (is_new[i]) result = begin_job(d, &wishes->at[i], err);
  if (result == 0) result = record_new(d, known, err);
  while (result != 0 && d->jobs_len > known) served_free(d->jobs[--d->jobs_len]);
  sort(d);
  free(is_new);
  return result;
}

static int change_job(struct daemon *d, struct served *s, const struct daemon_wish *w,
                      struct error *err) {
  bool is_new_schedule = !served_is_as(s, w);
  if (is_new_schedule && step_drop(d, s) != 0) return state_failed(err);
  if (served_take_wish(s, w, err) != 0) return -1;
  s->deadline_ms = 0;
  if (!is_new_schedule) return 0;
  struct policy copy = s->policy;
  policy_reschedule(&copy, &s->rules, daemon_wall_ms(d));
  return step_save(d, s, &copy) == 0 ? 0 : state_failed(err);
}

static int remove_job(struct daemon *d, struct served *s, struct error *err) {
  if (s->is_leaving) return 0;
  if (step_drop(d, s) != 0) return state_failed(err);
  served_drop_wish(s);
  s->is_leaving = true;
  return 0;
}

static int compare_wishes(const void *a, const void *b) {
  const struct daemon_wish *left = a, *right = b;
  return strcmp(left->name, right->name);
}

int jobs_apply(struct daemon *d, const struct daemon_wishes *wishes, struct error *err) {
  size_t known = d->jobs_len;
  for (size_t i = 0; i < known; i++) {
    notify_watchdog(&d->notify, d->options->clock); /* a thousand changes take a while */
    struct served *s = d->jobs[i];
    const struct daemon_wish key = {.name = s->name};
    const struct daemon_wish *w =
        wishes->len ? bsearch(&key, wishes->at, wishes->len, sizeof key, compare_wishes) : NULL;
    if ((w ? change_job(d, s, w, err) : remove_job(d, s, err)) != 0) return -1;
  }
  if (begin_new(d, wishes, err) != 0) return -1;
  d->wishes = wishes;
  return 0;
}

void jobs_sweep(struct daemon *d) {
  const struct job_step step = {.kind = JOB_STEP_REMOVE};
  size_t kept = 0;
  for (size_t i = 0; i < d->jobs_len; i++) {
    struct served *s = d->jobs[i];
    bool is_taken,
        may_go = s->is_leaving && !served_is_under_way(s) && !s->child.pid && !s->hook.pid;
    if (may_go && !daemon_is_stalled(d) && step_commit(d, s, &s->policy, &step, &is_taken) == 0)
      served_free(s);
    else
      d->jobs[kept++] = s;
  }
  d->jobs_len = kept;
}

/* ---- after a restart ---- */

int jobs_recover(struct daemon *d, struct error *err) {
  for (size_t i = 0; i < d->jobs_len; i++) {
    struct served *s = d->jobs[i];
    if (served_is_under_way(s) && process_adopt(d, s, err) != 0) return -1;
    policy_wake(&s->policy, daemon_wall_ms(d));
  }
  return 0;
}

void jobs_free(struct daemon *d) {
  for (size_t i = 0; i < d->jobs_len; i++) served_free(d->jobs[i]);
  free(d->jobs);
}
