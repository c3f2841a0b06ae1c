#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *to, size_t len) {
  char *at = to;
  while (len > 0) {
    ssize_t got = getrandom(at, len, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) abort(); /* no kernel that we run on refuses; guessable bytes would be worse */
    at += got;
    len -= (size_t)got;
  }
}
