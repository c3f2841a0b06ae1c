/* flow.h - the I/O thread's side of a fetch (fetch.h): libcurl fills it piece by piece,
 * and is paused while it is the main thread's turn. */
#ifndef HOKO_NET_FLOW_H
#define HOKO_NET_FLOW_H

#include "base/origin.h"
#include "net/fetch.h"
#include "net/headers.h"
#include "net/reach.h"

#include <curl/curl.h>

enum flow_wish { FLOW_PULL, FLOW_DROP };

enum { FLOW_METHOD_SIZE = 16 };

struct fetch {
  /* Made by fetch_new(), unchanged since. */
  CURL *easy; /* the I/O thread's while under way */
  const struct reach *reach;
  const struct clock *clock;
  char method[FLOW_METHOD_SIZE], origin[ORIGIN_SIZE];
  struct buf url, body;
  struct curl_slist *lines;
  int64_t timeout_ms;
  bool is_stream, is_safe;
  enum flow_wish wish; /* of the main thread; set before its turn is given */
  /* The I/O thread's while under way. */
  bool is_turn, is_done;
  CURLcode code;
  unsigned attempts;
  bool is_once_over;
  char barred[REACH_ADDRESS_SIZE];
  const char *barred_kind; /* NULL: every address could be spoken to */
  char detail[CURL_ERROR_SIZE];
  struct headers headers;
  /* Whose turn it is. */
  struct buf head, piece;
  bool is_ended, has_failed;
  struct error err;
};

/* How long a connection may take. */
int64_t flow_connect_ms(const struct fetch *f);
CURLcode flow_set_callbacks(struct fetch *f);
struct fetch *flow_of(CURL *easy);
/* Takes the turn: the piece is empty and what waits may come. */
void flow_begin_turn(struct fetch *f);
/* libcurl is done with it. */
void flow_done(struct fetch *f, CURLcode code);
/* Ends the turn if there is something to give; false: not yet, or it is not ours. */
bool flow_end_turn(struct fetch *f);

#endif
