#include "cli/junit.h"

#include "base/file.h"

enum { CASES_BYTES = 64 << 20, HEAD_BYTES = 512 };

void junit_init(struct junit *j) { *j = (struct junit){.cases = BUF_WITH_LIMIT(CASES_BYTES)}; }

/* XML 1.0 has no way to write most control characters. */
static void put_char(struct buf *b, char c) {
  switch (c) {
  case '&': buf_add_text(b, "&amp;"); return;
  case '<': buf_add_text(b, "&lt;"); return;
  case '>': buf_add_text(b, "&gt;"); return;
  case '"': buf_add_text(b, "&quot;"); return;
  case '\n': buf_add_text(b, "&#10;"); return;
  case '\t': buf_add_text(b, "&#9;"); return;
  default: buf_add_char(b, (unsigned char)c < 0x20 ? '?' : c);
  }
}

static void put_attribute(struct buf *b, const char *name, struct slice value) {
  buf_printf(b, " %s=\"", name);
  for (size_t i = 0; i < value.len; i++) put_char(b, value.ptr[i]);
  buf_add_char(b, '"');
}

void junit_add(struct junit *j, const struct junit_case *c) {
  struct buf *b = &j->cases;
  buf_add_text(b, "  <testcase");
  put_attribute(b, "classname", c->file);
  put_attribute(b, "name", c->name);
  put_attribute(b, "time", c->seconds);
  j->tests++;
  if (c->message.len) {
    j->failures++;
    buf_add_text(b, "><failure");
    put_attribute(b, "message", c->message);
    buf_add_text(b, "/></testcase>\n");
  } else {
    buf_add_text(b, "/>\n");
  }
}

int junit_write(const struct junit *j, const char *path, struct error *err) {
  struct buf text = BUF_WITH_LIMIT(CASES_BYTES + HEAD_BYTES);
  buf_printf(&text,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"hoko test\" "
             "tests=\"%zu\" failures=\"%zu\">\n",
             j->tests, j->failures);
  buf_add_slice(&text, buf_slice(&j->cases));
  buf_add_text(&text, "</testsuite>\n");
  int rc = -1;
  if (!buf_ok(&j->cases) || !buf_ok(&text))
    (void)error_set(err, ERROR_MEMORY, "out of memory for the results of tests");
  else
    rc = file_replace(path, buf_slice(&text), 0644, err);
  buf_free(&text);
  return rc;
}

void junit_free(struct junit *j) { buf_free(&j->cases); }
