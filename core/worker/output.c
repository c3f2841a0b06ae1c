#include "worker/output.h"

#include "bridge/bridge.h"

#include <stdio.h>
#include <unistd.h>

enum { OUTPUT_BUFFER = 32 << 10, PIECE_MAX = 1 << 20 };

static ssize_t send_output(struct channel *channel, int64_t which, const char *bytes, size_t len) {
  for (size_t at = 0; at < len; at += PIECE_MAX) {
    size_t piece = len - at < PIECE_MAX ? len - at : PIECE_MAX;
    struct message m = {.kind = MESSAGE_OUTPUT, .number = {which}, .text = {{bytes + at, piece}}};
    if (channel_send(channel, &m)) _exit(0); /* the host is gone */
  }
  return (ssize_t)len;
}

static ssize_t write_out(void *cookie, const char *bytes, size_t len) {
  return send_output(cookie, STDOUT_FILENO, bytes, len);
}

static ssize_t write_err(void *cookie, const char *bytes, size_t len) {
  return send_output(cookie, STDERR_FILENO, bytes, len);
}

static ssize_t read_nothing(void *cookie, char *to, size_t len) {
  (void)cookie, (void)to, (void)len;
  return 0;
}

int output_redirect(struct channel *channel, struct error *err) {
  FILE *out = fopencookie(channel, "w", (cookie_io_functions_t){.write = write_out});
  FILE *errors = fopencookie(channel, "w", (cookie_io_functions_t){.write = write_err});
  FILE *in = fopencookie(channel, "r", (cookie_io_functions_t){.read = read_nothing});
  if (!out || !errors || !in)
    return error_set(err, ERROR_MEMORY, "out of memory for the worker's output");
  if (setvbuf(out, NULL, _IOFBF, OUTPUT_BUFFER) || setvbuf(errors, NULL, _IOLBF, OUTPUT_BUFFER))
    return error_set(err, ERROR_MEMORY, "out of memory for the worker's output");
  stdout = out;
  stderr = errors;
  stdin = in;
  return 0;
}
