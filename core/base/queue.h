/* queue.h - pointers handed from one thread to another.
 *
 * A mutex guards the ring; an eventfd tells the receiver, so that it can wait in
 * poll(2) with its other descriptors.  Each pointer has one owner: the sender
 * until queue_give(), the receiver after queue_take(). */
#ifndef HOKO_BASE_QUEUE_H
#define HOKO_BASE_QUEUE_H

#include "base/error.h"

#include <stddef.h>

struct queue;

/* Room for CAP pointers. */
struct queue *queue_new(size_t cap, struct error *err);
void queue_free(struct queue *q);
/* false: full (the caller keeps ITEM). */
MUST_USE bool queue_give(struct queue *q, void *item);
/* NULL: empty.  Any thread. */
void *queue_take(struct queue *q);
/* Readable while something may be in it; queue_take() until NULL clears it. */
int queue_fd(const struct queue *q);

#endif
