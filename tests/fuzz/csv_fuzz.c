/* Records are the same wherever the bytes are cut; cells lie within the record;
 * lines only go up; quoting what was read and reading it again gives the same. */
#include "worker/source/csv.h"

#include "base/buf.h"
#include "base/hash.h"

#include "check.h"

#include <sys/socket.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 12, PACKETS_MAX = 100, LIMIT = 1 << 24 };

static const struct hash_key key = {1, 2};

static int open_chunks(struct slice text, size_t chunk) {
  int fd[2];
  check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0);
  for (size_t at = 0; at < text.len; at += chunk) {
    size_t len = text.len - at < chunk ? text.len - at : chunk;
    check(send(fd[1], text.ptr + at, len, MSG_DONTWAIT) == (ssize_t)len);
  }
  close(fd[1]);
  return fd[0];
}

static void put_quoted(struct buf *out, struct slice cell) {
  buf_add_char(out, '"');
  for (size_t i = 0; i < cell.len; i++) {
    if (cell.ptr[i] == '"') buf_add_char(out, '"');
    buf_add_char(out, cell.ptr[i]);
  }
  buf_add_char(out, '"');
}

/* Reads FD; returns a hash of all, and the good records quoted anew in *again. */
static uint64_t read_all(int fd, char delimiter, bool is_ragged, struct buf *again) {
  struct bytes bytes;
  struct csv csv;
  struct error err;
  uint64_t hash = 0, line = 0;
  enum csv_got got;
  if (bytes_open(&bytes, fd, NULL, CSV_RECORD_MAX, &err)) return 1;
  csv_init(&csv, &bytes, delimiter);
  csv.is_ragged = is_ragged;
  while ((got = csv_next(&csv, &err)) == CSV_RECORD || got == CSV_BAD) {
    check(csv.line > line);
    line = csv.line;
    hash = hash * 31 + line * 2 + (got == CSV_BAD);
    if (got == CSV_BAD) hash = hash * 31 + hash_bytes(&key, csv.raw, csv.raw_len);
    for (size_t i = 0; got == CSV_RECORD && i < csv.cells_len; i++) {
      struct slice cell = csv_cell(&csv, i);
      check(cell.ptr >= bytes.at && cell.ptr + cell.len <= bytes.end);
      hash = hash * 31 + hash_slice(&key, cell);
      if (i) buf_add_char(again, delimiter);
      put_quoted(again, cell);
    }
    if (got == CSV_RECORD) buf_add_char(again, '\n');
  }
  check(got == CSV_END || got == CSV_FAILED);
  csv_free(&csv);
  bytes_close(&bytes);
  return hash;
}

/* Cells alone, without lines: what was written anew has other line numbers. */
static uint64_t hash_cells(int fd, char delimiter, bool is_ragged) {
  struct bytes bytes;
  struct csv csv;
  struct error err;
  uint64_t hash = 0;
  check(bytes_open(&bytes, fd, NULL, CSV_RECORD_MAX, &err) == 0);
  csv_init(&csv, &bytes, delimiter);
  csv.is_ragged = is_ragged;
  enum csv_got got;
  while ((got = csv_next(&csv, &err)) == CSV_RECORD)
    for (size_t i = 0; i < csv.cells_len; i++)
      hash = hash * 31 + hash_slice(&key, csv_cell(&csv, i)) + i;
  check(got == CSV_END);
  csv_free(&csv);
  bytes_close(&bytes);
  return hash;
}

static void check_again(struct slice again, char delimiter, bool is_ragged) {
  struct buf twice = BUF_WITH_LIMIT(LIMIT);
  if (again.len == 0 || again.len > TEXT_MAX * 4) return;
  uint64_t first = hash_cells(open_chunks(again, again.len), delimiter, is_ragged);
  (void)read_all(open_chunks(again, again.len), delimiter, is_ragged, &twice);
  check(buf_ok(&twice) && slice_equal(buf_slice(&twice), again));
  check(first == hash_cells(open_chunks(buf_slice(&twice), twice.len), delimiter, is_ragged));
  buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const char delimiters[] = {',', ';', '\t', '|'};
  if (len < 2 || len > TEXT_MAX) return 0;
  char delimiter = delimiters[data[0] & 3];
  bool is_ragged = (data[0] & 4) != 0;
  struct slice text = {(const char *)data + 1, len - 1};
  struct buf whole = BUF_WITH_LIMIT(LIMIT), parts = BUF_WITH_LIMIT(LIMIT);
  uint64_t first = read_all(open_chunks(text, text.len), delimiter, is_ragged, &whole);
  size_t chunk = 1 + text.len / PACKETS_MAX + data[0] / 8;
  check(first == read_all(open_chunks(text, chunk), delimiter, is_ragged, &parts));
  check(slice_equal(buf_slice(&whole), buf_slice(&parts)));
  check_again(buf_slice(&whole), delimiter, is_ragged);
  buf_free(&whole);
  buf_free(&parts);
  return 0;
}
