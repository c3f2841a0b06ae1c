#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
  pthread_mutex_t lock; /* over all below; nothing else is locked under it */
  int fd;
  bool is_told; /* whether FD is readable */
  size_t first, len, cap;
  void *items[];
};

struct queue *queue_new(size_t cap, struct error *err) {
  struct queue *q = NULL;
  if (cap < (SIZE_MAX - sizeof *q) / sizeof q->items[0])
    q = calloc(1, sizeof *q + cap * sizeof q->items[0]);
  if (!q) {
    error_set(err, ERROR_MEMORY, "no memory for a queue of %zu", cap);
    return NULL;
  }
  q->cap = cap;
  q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (q->fd < 0) {
    error_errno(err, ERROR_INTERNAL, errno, "creating an eventfd");
    free(q);
    return NULL;
  }
  pthread_mutex_init(&q->lock, NULL); /* cannot fail for a plain mutex */
  return q;
}

void queue_free(struct queue *q) {
  if (!q) return;
  pthread_mutex_destroy(&q->lock);
  close(q->fd);
  free(q);
}

/* A count of at most one is written and read without blocking, so neither of these
 * can fail. */
static void tell(struct queue *q) {
  if (q->is_told) return;
  (void)eventfd_write(q->fd, 1);
  q->is_told = true;
}

static void untell(struct queue *q) {
  eventfd_t count;
  if (!q->is_told) return;
  (void)eventfd_read(q->fd, &count);
  q->is_told = false;
}

bool queue_give(struct queue *q, void *item) {
  pthread_mutex_lock(&q->lock);
  bool has_room = q->len < q->cap;
  if (has_room) {
    q->items[(q->first + q->len) % q->cap] = item;
    q->len++;
    tell(q);
  }
  pthread_mutex_unlock(&q->lock);
  return has_room;
}

void *queue_take(struct queue *q) {
  void *item = NULL;
  pthread_mutex_lock(&q->lock);
  if (q->len > 0) {
    item = q->items[q->first];
    q->first = (q->first + 1) % q->cap;
    q->len--;
  } else {
    untell(q);
  }
  pthread_mutex_unlock(&q->lock);
  return item;
}

int queue_fd(const struct queue *q) { return q->fd; }
