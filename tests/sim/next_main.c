/* Answers requests "ZONE<TAB>AFTER<TAB>BEFORE<TAB>CRON" of stdin, one a line: the
 * instants (seconds since 1970) after AFTER and before BEFORE on one line, with "!"
 * behind one that daylight saving moved; or "error: …".  cron_oracle.py compares
 * them with what Python finds. */
#include "base/number.h"
#include "schedule/next.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct request {
  struct slice fields[4]; /* zone, after, before, cron */
  int64_t after_s, before_s;
  struct cron cron;
};

static int request_read(struct request *r, struct slice line, struct error *err) {
  for (size_t i = 0; i < 4; i++) {
    const char *tab = i < 3 ? memchr(line.ptr, '\t', line.len) : line.ptr + line.len;
    if (!tab) return error_set(err, ERROR_USAGE, "fewer than 4 fields");
    r->fields[i] = (struct slice){line.ptr, (size_t)(tab - line.ptr)};
    if (i < 3) line = (struct slice){tab + 1, line.len - r->fields[i].len - 1};
  }
  if (number_int64(r->fields[1], NEXT_MIN_S, NEXT_END_S, &r->after_s) != 0 ||
      number_int64(r->fields[2], NEXT_MIN_S, NEXT_END_S, &r->before_s) != 0)
    return error_set(err, ERROR_USAGE, "a time that is no number of seconds");
  return cron_parse(&r->cron, r->fields[3], err);
}

static void put_instants(const struct request *r, const struct zone *zone) {
  struct next_walk walk;
  struct next next;
  const char *between = "";
  next_begin(&walk, &r->cron, zone, r->after_s);
  while (next_step(&walk, &next) && next.at_s < r->before_s) {
    printf("%s%" PRId64 "%s", between, next.at_s, next.is_moved ? "!" : "");
    between = " ";
  }
  printf("\n");
}

/* *zone is the one of the last request, kept while the next ones are for it too. */
static int answer(struct slice line, struct zone **zone, struct error *err) {
  struct request r;
  if (request_read(&r, line, err) != 0) return -1;
  if (!*zone || !slice_is(r.fields[0], zone_name(*zone))) {
    zone_close(*zone);
    *zone = NULL;
    if (zone_open(zone, r.fields[0], getenv("TZDIR"), err) != 0) return -1;
  }
  put_instants(&r, *zone);
  return 0;
}

int main(void) {
  char *line = NULL;
  size_t cap = 0;
  ssize_t len;
  struct zone *zone = NULL;
  while ((len = getline(&line, &cap, stdin)) > 0) {
    struct error err;
    size_t text_len = (size_t)len - (line[len - 1] == '\n' ? 1 : 0);
    if (answer((struct slice){line, text_len}, &zone, &err) != 0)
      printf("error: %s\n", err.message);
    if (fflush(stdout) != 0) return 1;
  }
  free(line);
  zone_close(zone);
  return 0;
}
