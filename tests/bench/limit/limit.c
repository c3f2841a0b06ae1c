/* limit.c - the floor that hoko is compared with: the job and nothing but the job.
 *
 * One thread reads the CSV, runs the transform and encodes rows; the other keeps up to
 * N requests in flight by libcurl and matches the answers. No state, no recovery, no
 * cage, no TLS: not a client to use.
 *
 * usage: limit CSV SCRIPT.lua URL [N]
 * Prints how many rows were answered. */
#include "limit/script.h"

#include <curl/curl.h>
#include <pthread.h>

enum { IN_FLIGHT_MAX = 62, BATCHES_MAX = IN_FLIGHT_MAX + 2 };

struct lane {
  struct batch *item[BATCHES_MAX];
  size_t len;
};

struct request {
  CURL *easy;
  struct batch *batch;
  struct buf answer;
  size_t sent;
};

/* Batches go round: idle → filled by the Lua thread → ready → on the wire → idle. */
struct pipeline {
  pthread_mutex_t lock; /* guards idle, ready, is_filled */
  pthread_cond_t has_idle;
  struct lane idle, ready;
  bool is_filled; /* no batch will become ready any more */
  CURLM *multi;
  struct request request[IN_FLIGHT_MAX], *spare[IN_FLIGHT_MAX];
  int in_flight_max, spare_len;
  size_t rows_answered;
};

static void lane_put(struct lane *l, struct batch *b) { l->item[l->len++] = b; }

static struct batch *lane_take(struct lane *l) {
  struct batch *b = l->item[0];
  memmove(l->item, l->item + 1, --l->len * sizeof *l->item);
  return b;
}

/* ---- requests ------------------------------------------------------------ */

static size_t on_answer(char *p, size_t size, size_t n, void *user) {
  buf_add(user, (struct slice){p, size * n});
  return size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *user) {
  struct request *r = user;
  size_t left = r->batch->body.len - r->sent, len = size * n < left ? size * n : left;
  memcpy(p, r->batch->body.ptr + r->sent, len);
  r->sent += len;
  return len;
}

/* Refuses, so that libcurl never sends a body twice by itself. */
static int on_seek(void *user, curl_off_t at, int whence) {
  (void)user, (void)at, (void)whence;
  return CURL_SEEKFUNC_FAIL;
}

static void request_init(struct request *r, const char *url, struct curl_slist *headers) {
  r->easy = curl_easy_init();
  if (!r->easy) die("out of memory");
  curl_easy_setopt(r->easy, CURLOPT_URL, url);
  curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
  curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_answer);
  curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, &r->answer);
  curl_easy_setopt(r->easy, CURLOPT_BUFFERSIZE, 512L << 10);
  curl_easy_setopt(r->easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
  curl_easy_setopt(r->easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(r->easy, CURLOPT_READFUNCTION, on_body);
  curl_easy_setopt(r->easy, CURLOPT_READDATA, r);
  curl_easy_setopt(r->easy, CURLOPT_SEEKFUNCTION, on_seek);
}

static void request_start(struct pipeline *p, struct request *r, struct batch *b) {
  r->batch = b;
  r->sent = r->answer.len = 0;
  curl_easy_setopt(r->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)b->body.len);
  curl_multi_add_handle(p->multi, r->easy);
}

static void request_check(const struct request *r, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
  if (code) die(curl_easy_strerror(code));
  if (status != 200) die("an answer other than 200");
  if (!batch_is_answered(r->batch, (struct slice){r->answer.ptr, r->answer.len}))
    die("an answer that does not match");
}

/* ---- the I/O thread ------------------------------------------------------ */

/* Puts what is ready on the wire; false: nothing will become ready any more. */
static bool start_ready(struct pipeline *p) {
  pthread_mutex_lock(&p->lock);
  while (p->ready.len && p->spare_len)
    request_start(p, p->spare[--p->spare_len], lane_take(&p->ready));
  bool goes_on = !p->is_filled || p->ready.len;
  pthread_mutex_unlock(&p->lock);
  return goes_on;
}

static void give_back(struct pipeline *p, struct batch *b) {
  batch_clear(b);
  pthread_mutex_lock(&p->lock);
  lane_put(&p->idle, b);
  pthread_cond_signal(&p->has_idle);
  pthread_mutex_unlock(&p->lock);
}

/* Whether any request ended. */
static bool finish_done(struct pipeline *p) {
  bool is_any = false;
  CURLMsg *m;
  int left;
  while ((m = curl_multi_info_read(p->multi, &left))) {
    struct request *r;
    CURLcode code = m->data.result;
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&r);
    curl_multi_remove_handle(p->multi, r->easy);
    request_check(r, code);
    p->rows_answered += r->batch->rows_len;
    give_back(p, r->batch);
    p->spare[p->spare_len++] = r;
    is_any = true;
  }
  return is_any;
}

static void *io_main(void *user) {
  struct pipeline *p = user;
  int running;
  for (;;) {
    bool goes_on = start_ready(p);
    if (!goes_on && p->spare_len == p->in_flight_max) return NULL;
    curl_multi_perform(p->multi, &running);
    if (!finish_done(p)) curl_multi_poll(p->multi, NULL, 0, 1000, NULL);
  }
}

/* ---- the Lua thread ------------------------------------------------------ */

static struct batch *take_idle(struct pipeline *p) {
  pthread_mutex_lock(&p->lock);
  while (!p->idle.len) pthread_cond_wait(&p->has_idle, &p->lock);
  struct batch *b = lane_take(&p->idle);
  pthread_mutex_unlock(&p->lock);
  return b;
}

static void give_ready(struct pipeline *p, struct batch *b) {
  batch_end(b);
  pthread_mutex_lock(&p->lock);
  lane_put(&p->ready, b);
  pthread_mutex_unlock(&p->lock);
  curl_multi_wakeup(p->multi);
}

static void fill_batches(struct pipeline *p, const char *path, const char *script) {
  struct csv c;
  struct slice cell[COLUMNS], value[FIELDS];
  struct lua_State *L = script_new(script);
  struct batch *b = take_idle(p);
  csv_open(&c, path);
  (void)csv_next(&c, cell); /* the header */
  while (csv_next(&c, cell)) {
    if (!script_transform(L, cell, value)) continue;
    batch_add(b, value);
    if (b->rows_len < BATCH_ROWS) continue;
    give_ready(p, b);
    b = take_idle(p);
  }
  if (b->rows_len) give_ready(p, b);
  csv_close(&c);
  pthread_mutex_lock(&p->lock);
  p->is_filled = true;
  pthread_mutex_unlock(&p->lock);
  curl_multi_wakeup(p->multi);
}

static void pipeline_init(struct pipeline *p, const char *url, int in_flight) {
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  *p = (struct pipeline){.in_flight_max = in_flight, .multi = curl_multi_init()};
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->has_idle, NULL);
  for (int i = 0; i < in_flight; i++) {
    request_init(&p->request[i], url, headers);
    p->spare[p->spare_len++] = &p->request[i];
  }
  for (int i = 0; i < in_flight + 2; i++) {
    struct batch *b = calloc(1, sizeof *b);
    if (!b) die("out of memory");
    lane_put(&p->idle, b);
  }
}

int main(int argc, char **argv) {
  static struct pipeline pipeline;
  char url[512];
  pthread_t io;
  if (argc < 4) die("usage: limit CSV SCRIPT.lua URL [N]");
  long in_flight = argc > 4 ? strtol(argv[4], NULL, 10) : 1;
  if (in_flight < 1 || in_flight > IN_FLIGHT_MAX) die("from 1 to 62 requests can be in flight");
  (void)snprintf(url, sizeof url, "%s/partners", argv[3]);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  pipeline_init(&pipeline, url, (int)in_flight);
  if (pthread_create(&io, NULL, io_main, &pipeline)) die("no thread");
  fill_batches(&pipeline, argv[1], argv[2]);
  pthread_join(io, NULL);
  printf("%zu\n", pipeline.rows_answered);
  return 0;
}
