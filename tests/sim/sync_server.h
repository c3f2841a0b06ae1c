/* sync_server.h - chance, a virtual clock, and a server of partners that has bad days.
 *
 * Everything is decided by server_begin()'s seed.  The server is a struct transport: what
 * is submitted is dropped, cut, refused, limited, answered wrongly or applied late.  It
 * watches what reaches it, and tells by server_broken what may not be:
 *   J3  a create that left without a clear answer comes again by settling only, and not
 *       before the window has passed
 *   J5  no two requests under way name one partner
 *   promise 3  no older value comes after a newer one
 *   no partner is deleted that server_on_delete does not allow */
#ifndef HOKO_TESTS_SIM_SYNC_SERVER_H
#define HOKO_TESTS_SIM_SYNC_SERVER_H

#include "base/clock.h"
#include "base/uuid.h"
#include "net/transport.h"

enum { SERVER_WINDOW_MS = 15 * 60 * 1000, SERVER_LATE_MAX_MS = 13 * 60 * 1000 };

/* ---- chance and time ---- */

uint64_t rnd(void);
bool chance(unsigned percent);
int64_t between(int64_t from, int64_t to);

extern const struct clock sim_clock;
int64_t sim_now_ms(void);
/* Passes time up to WAKE_NS or to the next thing that happens, at most up to LIMIT_MS. */
void pass_time(int64_t wake_ns, int64_t limit_ms);

/* ---- the server ---- */

struct server_partner {
  struct uuid id;
  char name[32], phone[32];
  unsigned version; /* of its phone, for the order of updates */
  int64_t created_ms;
  bool is_deleted;
};

extern const char *server_broken; /* what was found wrong first, or NULL */
extern struct transport server_transport;
/* Called for some creates that leave, if not NULL. */
extern void (*server_on_create)(const char *name);
/* Whether the partner of that name may be deleted by the client; NULL: none may. */
extern bool (*server_on_delete)(const char *name);

/* A new story: no partners, nothing under way. */
void server_begin(uint64_t seed);
/* So many of a hundred requests go wrong. */
void server_set_bad_days(unsigned percent);
/* What a request that is refused leaves behind. */
enum server_applies { SERVER_NOTHING, SERVER_GOOD_ROWS, SERVER_ROWS_BEFORE };
void server_set_applies(enum server_applies applies);
/* The server's clock less the client's. */
void server_set_skew(int64_t skew_ms);
/* Whether what is sent is sent by a settle (J3). */
void server_is_settling(bool is);
/* The client is gone; what it sent goes on. */
void server_drop_client(void);
/* What is late comes now, and all is forgotten but the partners. */
void server_end(void);
const struct server_partner *server_partners(size_t *len);
/* Somebody deletes a partner in the server's own pages; its name, or NULL: there is none. */
const char *server_delete_one(void);
void server_find_wrong(const char *what);

#endif
