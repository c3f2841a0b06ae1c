/* state_bench - what the state costs for N keyed rows: CPU and size.
 *
 *   state_bench [ROWS] [FOLDER]
 *
 * First a sync of new keys (look-up, intent, acknowledgement, 10,000 a request), then
 * look-ups of unchanged rows in the order of the source, with every hundredth row new,
 * and in random order, in frames of 2,000 rows. */
#include "state/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 10000, FRAME = 2000, KEY_LEN = 36 };

static void die(const struct error *err) {
  fprintf(stderr, "state_bench: %s\n", err->message);
  exit(1);
}

static double cpu_s(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

/* A key that looks like a UUID: no two are near each other. */
static void make_key(uint64_t i, char key[KEY_LEN + 1]) {
  struct uuid id;
  uint64_t halves[2] = {mix(i * 2 + 1), mix(i * 2 + 2)};
  memcpy(id.bytes, halves, sizeof id.bytes);
  uuid_format(&id, key);
  key[KEY_LEN] = '\0';
}

struct texts {
  char key[KEY_LEN + 1], name[48], email[48], phone[24];
};

static struct row make_row(uint64_t i, struct texts *t) {
  make_key(i, t->key);
  snprintf(t->name, sizeof t->name, "\"Mohammed Al-%" PRIu64 " Qahtani\"", i);
  snprintf(t->email, sizeof t->email, "\"person.%" PRIu64 "@example.com\"", i);
  snprintf(t->phone, sizeof t->phone, "\"+9665%08" PRIu64 "\"", i);
  return (struct row){.line = (uint32_t)i + 2,
                      .key = slice_of(t->key),
                      .field = {slice_of(t->name), slice_of(t->email), slice_of(t->phone)}};
}

static struct stream *open_stream(struct state *s) {
  struct stream *st;
  struct error err;
  struct stream_options o = {.name = SLICE("bench"), .base_url = SLICE("https://hoko.to/api")};
  if (stream_open(&st, s, &o, &err) != 0) die(&err);
  return st;
}

static void expect_known(struct stream *st, struct known *k, size_t n, size_t known) {
  struct error err;
  if (stream_find(st, k, n, &err) != 0) die(&err);
  size_t found = 0;
  for (size_t i = 0; i < n; i++) found += k[i].seq > 0;
  if (found == known) return;
  fprintf(stderr, "state_bench: %zu of %zu known, not %zu\n", found, n, known);
  exit(1);
}

static struct texts texts[BATCH];
static struct row rows[BATCH];
static struct known known[BATCH];
static struct ack acks[BATCH];

static void sync_batch(struct stream *st, uint64_t from) {
  struct error err;
  struct buf records = BUF_WITH_LIMIT(16 << 20);
  for (size_t i = 0; i < BATCH; i++) row_put(&records, &rows[i]);
  struct intent in = {.sent_at_ms = 1, .rows_len = BATCH, .rows = buf_slice(&records)};
  if (intent_commit(st, &in, 1, &err) != 0) die(&err);
  for (size_t i = 0; i < BATCH; i++) {
    uint64_t id[2] = {mix(from + i), 1};
    acks[i] = (struct ack){.key = rows[i].key, .line = rows[i].line, .sent_at_ms = 1700000000000};
    memcpy(acks[i].id.bytes, id, sizeof id);
    memcpy(acks[i].field, rows[i].field, sizeof rows[i].field);
  }
  struct commit c = {
      .acks = acks, .acks_len = BATCH, .closed = &in.number, .closed_len = 1, .run = 1};
  if (stream_commit(st, &c, &err) != 0) die(&err);
  buf_free(&records);
}

static void first_sync(struct stream *st, uint64_t total) {
  double making = 0, worst = 0, began = cpu_s();
  for (uint64_t from = 0; from < total; from += BATCH) {
    double a = cpu_s();
    for (size_t i = 0; i < BATCH; i++) {
      rows[i] = make_row(from + i, &texts[i]);
      known[i] = (struct known){.key = rows[i].key};
    }
    double b = cpu_s();
    making += b - a;
    for (size_t i = 0; i < BATCH; i += FRAME) expect_known(st, known + i, FRAME, 0);
    double c = cpu_s();
    sync_batch(st, from);
    if (cpu_s() - c > worst) worst = cpu_s() - c;
  }
  printf("first sync       %.2f CPU s/M, worst request %.0f ms\n",
         (cpu_s() - began - making) * 1e6 / (double)total, worst * 1e3);
}

/* Looks up all rows, every NEW_EACH-th of which is new (0: none), in order or not. */
static void look_up(struct state *s, const char *what, uint64_t total, uint64_t new_each,
                    const uint32_t *order) {
  struct stream *st = open_stream(s);
  double making = 0, began = cpu_s();
  for (uint64_t from = 0; from < total; from += FRAME) {
    double a = cpu_s();
    size_t new_len = 0;
    for (size_t i = 0; i < FRAME; i++) {
      uint64_t at = order ? order[from + i] : from + i;
      bool is_new = new_each && at % new_each == 0;
      new_len += is_new;
      make_key(is_new ? at + total * 2 : at, texts[i].key);
      known[i] = (struct known){.key = slice_of(texts[i].key)};
    }
    making += cpu_s() - a;
    expect_known(st, known, FRAME, FRAME - new_len);
  }
  printf("%-16s %.2f CPU s/M\n", what, (cpu_s() - began - making) * 1e6 / (double)total);
  stream_close(st);
}

static uint32_t *shuffled(uint64_t total) {
  uint32_t *order = malloc(total * sizeof *order);
  if (!order) exit(1);
  for (uint64_t i = 0; i < total; i++) {
    uint64_t j = mix(i) % (i + 1);
    order[i] = order[j];
    order[j] = (uint32_t)i;
  }
  return order;
}

int main(int argc, char **argv) {
  uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) / BATCH * BATCH : 1000000;
  char path[512], url[540];
  snprintf(path, sizeof path, "%s/state_bench.db", argc > 2 ? argv[2] : "/tmp");
  snprintf(url, sizeof url, "sqlite:%s", path);
  unlink(path);
  struct state *s;
  struct error err;
  struct state_options o = {.url = url, .clock = &clock_real};
  if (state_open(&s, &o, &err) != 0) die(&err);
  struct stream *st = open_stream(s);
  first_sync(st, total);
  double began = cpu_s();
  stream_close(st);
  printf("closing          %.0f ms\n", (cpu_s() - began) * 1e3);
  look_up(s, "in order", total, 0, NULL);
  look_up(s, "1 % new", total, 100, NULL);
  uint32_t *order = shuffled(total);
  look_up(s, "random order", total, 0, order);
  free(order);
  state_close(s);
  struct stat file;
  struct rusage u;
  if (stat(path, &file) == 0) printf("file             %.0f MB\n", (double)file.st_size / 1e6);
  getrusage(RUSAGE_SELF, &u);
  printf("peak memory      %.0f MiB, of which %.0f are the bench's own\n",
         (double)u.ru_maxrss / 1024,
         (double)(total * 4 + sizeof texts + sizeof rows + sizeof known + sizeof acks) / (1 << 20));
  unlink(path);
  return 0;
}
