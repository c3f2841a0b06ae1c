/* The I/O thread of fetches: one multi handle, a turn at a time for each (flow.h). */
#include "net/fetch.h"

#include "base/queue.h"
#include "base/signals.h"
#include "net/flow.h"
#include "net/heap.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { POLL_MAX_MS = 60 * 1000 };

struct fetcher {
  pthread_t thread;
  struct queue *to_io, *to_main;
  char stop_mark; /* its address is the command to stop */
  bool has_heap;
  /* The I/O thread's, and the main thread's once it has ended. */
  CURLM *multi;
  struct fetch *fetches[FETCHES_MAX];
  bool is_stopping;
};

/* Each fetch stands at most once in a queue, so both have room for all. */
static void give(struct queue *q, void *item) {
  bool has_room = queue_give(q, item);
  assert(has_room);
  (void)has_room;
}

static struct fetch **place_of(struct fetcher *g, const struct fetch *f) {
  for (size_t i = 0; i < FETCHES_MAX; i++)
    if (g->fetches[i] == f) return &g->fetches[i];
  return NULL;
}

static void remove_fetch(struct fetcher *g, struct fetch **place) {
  (void)curl_multi_remove_handle(g->multi, (*place)->easy); /* one that is done is out already */
  fetch_free(*place);
  *place = NULL;
}

static void add(struct fetcher *g, struct fetch *f) {
  struct fetch **place = place_of(g, NULL);
  assert(place); /* no more than FETCHES_MAX are submitted */
  *place = f;
  if (curl_multi_add_handle(g->multi, f->easy) != CURLM_OK) flow_done(f, CURLE_OUT_OF_MEMORY);
}

static void take_command(struct fetcher *g, void *item) {
  if (item == &g->stop_mark) {
    g->is_stopping = true;
    return;
  }
  struct fetch *f = item, **place = place_of(g, f);
  if (place && f->wish == FLOW_DROP) {
    remove_fetch(g, place);
    return;
  }
  if (!place) add(g, f);
  flow_begin_turn(f);
}

static void note_finished(struct fetcher *g) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(g->multi, &left))) {
    struct fetch *f = flow_of(message->easy_handle);
    CURLcode code = message->data.result; /* the message dies with the removal */
    (void)curl_multi_remove_handle(g->multi, f->easy);
    flow_done(f, code);
  }
}

static void give_back(struct fetcher *g) {
  for (size_t i = 0; i < FETCHES_MAX; i++)
    if (g->fetches[i] && flow_end_turn(g->fetches[i])) give(g->to_main, g->fetches[i]);
}

static void *run(void *user) {
  struct fetcher *g = user;
  struct curl_waitfd commands = {.fd = queue_fd(g->to_io), .events = CURL_WAIT_POLLIN};
  void *item;
  while (!g->is_stopping) {
    int under_way;
    (void)curl_multi_perform(g->multi, &under_way); /* fails only for a bad handle */
    note_finished(g);
    give_back(g);
    (void)curl_multi_poll(g->multi, &commands, 1, POLL_MAX_MS, NULL);
    while ((item = queue_take(g->to_io))) take_command(g, item);
  }
  return NULL;
}

static int start_thread(struct fetcher *g, struct error *err) {
  int errnum = signals_start_thread(&g->thread, run, g);
  return errnum ? error_errno(err, ERROR_MEMORY, errnum, "starting the I/O thread") : 0;
}

static void free_all(struct fetcher *g) {
  for (size_t i = 0; i < FETCHES_MAX; i++)
    if (g->fetches[i]) remove_fetch(g, &g->fetches[i]);
  if (g->multi) (void)curl_multi_cleanup(g->multi);
  if (g->has_heap) heap_stop();
  queue_free(g->to_io);
  queue_free(g->to_main);
  free(g);
}

int fetcher_start(struct fetcher **out, struct error *err) {
  struct fetcher *g = calloc(1, sizeof *g);
  if (!g) return error_set(err, ERROR_MEMORY, "no memory for the network");
  g->to_io = queue_new(FETCHES_MAX + 1, err); /* and the stop */
  if (g->to_io) g->to_main = queue_new(FETCHES_MAX, err);
  if (!g->to_main || heap_start(err) != 0) goto failed;
  g->has_heap = true;
  g->multi = curl_multi_init();
  if (!g->multi) {
    (void)error_set(err, ERROR_MEMORY, "no memory for the network");
    goto failed;
  }
  if (start_thread(g, err) != 0) goto failed;
  *out = g;
  return 0;
failed:
  free_all(g);
  return -1;
}

void fetcher_stop(struct fetcher *g) {
  void *item;
  if (!g) return;
  give(g->to_io, &g->stop_mark);
  pthread_join(g->thread, NULL);
  while ((item = queue_take(g->to_io))) { /* submitted and not seen */
    if (item != &g->stop_mark && !place_of(g, item)) fetch_free(item);
  }
  free_all(g);
}

static void command(struct fetcher *g, struct fetch *f, enum flow_wish wish) {
  f->wish = wish;
  give(g->to_io, f);
}

void fetcher_submit(struct fetcher *g, struct fetch *f) { command(g, f, FLOW_PULL); }
void fetcher_pull(struct fetcher *g, struct fetch *f) { command(g, f, FLOW_PULL); }
void fetcher_drop(struct fetcher *g, struct fetch *f) { command(g, f, FLOW_DROP); }
struct fetch *fetcher_take(struct fetcher *g) {
  return queue_take(g->to_main);
}
int fetcher_fd(const struct fetcher *g) { return queue_fd(g->to_main); }
