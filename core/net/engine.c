#include "net/engine.h"

#include "base/queue.h"
#include "base/signals.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { POLL_MAX_MS = 60 * 1000 }; /* libcurl's own deadlines are sooner */

struct engine {
  const struct transfer_shared *shared;
  pthread_t thread;
  struct queue *to_io, *to_main;
  struct exchange cancel_mark, stop_mark; /* commands among the exchanges in to_io */
  bool is_cancelled;                      /* nothing was submitted since the last cancel */
  /* The I/O thread's from here on. */
  CURLM *multi;
  struct transfer *transfers[NET_CONCURRENCY_MAX]; /* made at first use, kept */
  int transfers_max;
  bool is_stopping;
};

/* The queue to the main thread has room for all that can be under way. */
static void give(struct engine *g, struct exchange *e) {
  bool has_room = queue_give(g->to_main, e);
  assert(has_room);
  (void)has_room;
}

static void give_unsent(struct engine *g, struct exchange *e) {
  e->end = EXCHANGE_NOT_SENT;
  error_set(&e->err, ERROR_MEMORY, "no memory for a request to %s", g->shared->origin);
  e->ended_mono_ns = clock_mono_ns(g->shared->clock);
  give(g, e);
}

/* An idle transfer, or NULL without memory: there is always one free, since no more than
 * transfers_max exchanges are submitted. */
static struct transfer *idle_transfer(struct engine *g) {
  for (int i = 0; i < g->transfers_max; i++) {
    if (!g->transfers[i]) return g->transfers[i] = transfer_new(g->shared);
    if (!transfer_exchange(g->transfers[i])) return g->transfers[i];
  }
  return NULL;
}

static void begin(struct engine *g, struct exchange *e) {
  struct transfer *t = idle_transfer(g);
  if (!t) {
    give_unsent(g, e);
  } else if (transfer_begin(t, e) != 0) {
    give(g, e);
  } else if (curl_multi_add_handle(g->multi, transfer_easy(t)) != CURLM_OK) {
    give(g, transfer_end(t, CURLE_OUT_OF_MEMORY));
  }
}

static void cancel_all(struct engine *g) {
  for (int i = 0; i < g->transfers_max; i++) {
    struct transfer *t = g->transfers[i];
    if (!t || !transfer_exchange(t)) continue;
    (void)curl_multi_remove_handle(g->multi, transfer_easy(t)); /* it was added */
    give(g, transfer_cancelled(t));
  }
}

static void take_commands(struct engine *g) {
  struct exchange *e;
  while ((e = queue_take(g->to_io))) {
    if (e == &g->cancel_mark) {
      cancel_all(g);
    } else if (e == &g->stop_mark) {
      cancel_all(g);
      g->is_stopping = true;
    } else {
      begin(g, e);
    }
  }
}

static void give_finished(struct engine *g) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(g->multi, &left))) {
    struct transfer *t = transfer_of(message->easy_handle);
    CURLcode code = message->data.result; /* the message dies with the removal */
    (void)curl_multi_remove_handle(g->multi, transfer_easy(t));
    give(g, transfer_end(t, code));
  }
}

static void *run(void *user) {
  struct engine *g = user;
  struct curl_waitfd commands = {.fd = queue_fd(g->to_io), .events = CURL_WAIT_POLLIN};
  while (!g->is_stopping) {
    int under_way;
    (void)curl_multi_perform(g->multi, &under_way); /* fails only for a bad handle */
    give_finished(g);
    (void)curl_multi_poll(g->multi, &commands, 1, POLL_MAX_MS, NULL);
    take_commands(g);
  }
  return NULL;
}

static int start_thread(struct engine *g, struct error *err) {
  int errnum = signals_start_thread(&g->thread, run, g);
  return errnum ? error_errno(err, ERROR_MEMORY, errnum, "starting the I/O thread") : 0;
}

static void free_all(struct engine *g) {
  for (int i = 0; i < g->transfers_max; i++) transfer_free(g->transfers[i]);
  if (g->multi) (void)curl_multi_cleanup(g->multi);
  queue_free(g->to_io);
  queue_free(g->to_main);
  free(g);
}

int engine_start(struct engine **out, const struct transfer_shared *shared, int concurrency,
                 struct error *err) {
  struct engine *g = calloc(1, sizeof *g);
  if (!g) return error_set(err, ERROR_MEMORY, "no memory for the network");
  g->shared = shared;
  g->transfers_max = concurrency;
  g->is_cancelled = true;
  g->to_io = queue_new(2 * (size_t)concurrency + 1, err); /* a cancel for each, and the stop */
  if (g->to_io) g->to_main = queue_new((size_t)concurrency, err);
  if (!g->to_main) goto failed;
  g->multi = curl_multi_init();
  if (!g->multi ||
      curl_multi_setopt(g->multi, CURLMOPT_MAXCONNECTS, (long)concurrency) != CURLM_OK) {
    error_set(err, ERROR_MEMORY, "no memory for the network");
    goto failed;
  }
  if (start_thread(g, err) != 0) goto failed;
  *out = g;
  return 0;
failed:
  free_all(g);
  return -1;
}

/* The queue to the I/O thread has room for whatever may be in it. */
static void command(struct engine *g, struct exchange *e) {
  bool has_room = queue_give(g->to_io, e);
  assert(has_room);
  (void)has_room;
}

void engine_stop(struct engine *g) {
  if (!g) return;
  command(g, &g->stop_mark);
  pthread_join(g->thread, NULL);
  free_all(g);
}

void engine_submit(struct engine *g, struct exchange *e) {
  g->is_cancelled = false;
  command(g, e);
}

void engine_cancel(struct engine *g) {
  if (g->is_cancelled) return;
  g->is_cancelled = true;
  command(g, &g->cancel_mark);
}

struct exchange *engine_take(struct engine *g) {
  return queue_take(g->to_main);
}
int engine_fd(const struct engine *g) { return queue_fd(g->to_main); }
