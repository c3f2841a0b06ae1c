/* feed.h - a descriptor from which each read(2) gives one chunk of a text, so that
 * tests decide where a parser's bytes end. */
#ifndef HOKO_TESTS_WORKER_FEED_H
#define HOKO_TESTS_WORKER_FEED_H

#include "base/slice.h"

#include <cmocka.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Chunks of CHUNK bytes, packets of a socket; for a few hundred of them at most. */
static inline int feed_chunks(struct slice text, size_t chunk) {
  int fd[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
  for (size_t at = 0; at < text.len; at += chunk) {
    size_t len = text.len - at < chunk ? text.len - at : chunk;
    assert_int_equal(send(fd[1], text.ptr + at, len, MSG_DONTWAIT), len);
  }
  close(fd[1]);
  return fd[0];
}

/* The whole text as a file. */
static inline int feed_file(struct slice text) {
  int fd = memfd_create("feed", 0);
  assert_true(fd >= 0);
  for (size_t at = 0; at < text.len;) {
    ssize_t len = write(fd, text.ptr + at, text.len - at);
    assert_true(len > 0);
    at += (size_t)len;
  }
  assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

#endif
