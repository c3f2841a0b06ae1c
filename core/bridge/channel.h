/* channel.h - one end of the bridge: a stream socket, frames in and out.
 *
 * The host's end never blocks: what the worker does not read yet waits in memory
 * (bounded by the credits that the host gave).  The worker's end blocks.  A
 * message's texts are valid until the next channel_next() of that end, but for
 * MESSAGE_ROWS whose payload channel_keep() hands over. */
#ifndef HOKO_BRIDGE_CHANNEL_H
#define HOKO_BRIDGE_CHANNEL_H

#include "bridge/message.h"

enum channel_got { CHANNEL_MESSAGE, CHANNEL_NOTHING, CHANNEL_CLOSED, CHANNEL_BROKEN };

struct channel;

/* FD becomes the channel's. IS_WORKER: this end blocks and takes messages to the worker. */
struct channel *channel_new(int fd, bool is_worker, struct error *err);
void channel_free(struct channel *c);
int channel_fd(const struct channel *c);

/* Worker: waits for a message.  Host: CHANNEL_NOTHING when no whole one is there.
 * CLOSED: the other end is gone.  BROKEN: *err tells. */
enum channel_got channel_next(struct channel *c, struct message *m, struct error *err);
/* Worker: whether channel_next() would find the beginning of a message now. */
bool channel_is_ready(const struct channel *c);
/* Takes over the payload of the last message (free() it); its texts stay valid. */
char *channel_keep(struct channel *c);
/* The descriptor that came with the last REPLY, or -1; it is the caller's. */
int channel_take_fd(struct channel *c);

/* Worker: sent on return; -1: the host is gone.  Host: queued, then channel_flush(). */
MUST_USE int channel_send(struct channel *c, const struct message *m);
/* The same with FD (or -1) attached; FD is closed here. */
MUST_USE int channel_send_fd(struct channel *c, const struct message *m, int fd);
/* Worker: sends the bytes of ready-made frames. */
MUST_USE int channel_send_raw(struct channel *c, struct slice frames);
/* Host: writes what the socket takes; -1: the worker is gone, or the queue was at its limit. */
MUST_USE int channel_flush(struct channel *c);
/* Bytes queued and not written. */
size_t channel_queued(const struct channel *c);

#endif
