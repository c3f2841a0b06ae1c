#include "base/utf8.h"
#include "cli/key.h"
#include "cli/key_input.h"

#include <stdio.h>

enum { DAY_SIZE = 11, MINUTE_SIZE = 17, KEY_WIDTH = 5 };

/* As much of "2027-01-31 12:00" as fits SIZE; "-" for 0. */
static void put_time(char *to, size_t size, int64_t ms) {
  char text[CLOCK_TEXT_SIZE] = "-";
  if (ms) clock_format(ms, text);
  if (ms) text[DAY_SIZE - 1] = ' '; /* for the T between day and time */
  text[size - 1] = '\0';
  memcpy(to, text, strlen(text) + 1);
}

struct list_line {
  char name[KEYSTORE_NAME_SIZE], origin[ORIGIN_SIZE], key[16];
  char added[DAY_SIZE], used[MINUTE_SIZE], expires[32];
};

static int fill_line(const struct cli *cli, const struct keystore *ks, size_t i,
                     struct list_line *line, struct error *err) {
  struct keystore_entry e = keystore_entry(ks, i);
  char last[SECRET_LAST_FOUR_SIZE], expires[DAY_SIZE];
  struct secret *key = keystore_key(ks, e.name, err);
  if (!key) return -1;
  secret_last_four(key, last);
  secret_free(key);
  (void)snprintf(line->name, sizeof line->name, "%s", e.name);
  (void)snprintf(line->origin, sizeof line->origin, "%s", e.origin);
  (void)snprintf(line->key, sizeof line->key, last[0] ? "…%s" : "-", last);
  put_time(line->added, sizeof line->added, e.added_ms);
  put_time(line->used, sizeof line->used, e.used_ms);
  put_time(expires, sizeof expires, e.expires_ms);
  bool is_over = e.expires_ms && e.expires_ms <= clock_wall_ms(cli->clock);
  (void)snprintf(line->expires, sizeof line->expires, "%s%s", expires, is_over ? " (over)" : "");
  return 0;
}

static void put_column(struct buf *b, const char *text, size_t width) {
  size_t columns = utf8_width(slice_of(text));
  buf_printf(b, "%s%*s", text, columns < width ? (int)(width - columns) + 2 : 2, "");
}

static void print_line(struct cli *cli, const struct list_line *l, size_t name, size_t origin) {
  struct buf b = BUF_WITH_LIMIT(4096);
  put_column(&b, l->name, name);
  put_column(&b, l->origin, origin);
  put_column(&b, l->key, KEY_WIDTH);
  put_column(&b, l->added, DAY_SIZE - 1);
  put_column(&b, l->used, MINUTE_SIZE - 1);
  buf_printf(&b, "%s\n", l->expires);
  term_out(cli->term, buf_slice(&b));
  buf_free(&b);
}

static size_t widest(size_t width, const char *text) {
  size_t len = strlen(text); /* names and origins are ASCII */
  return len > width ? len : width;
}

static int list(struct cli *cli, const struct keystore *ks, struct error *err) {
  static const struct list_line head = {"NAME", "ORIGIN", "KEY", "ADDED", "LAST USED", "EXPIRES"};
  struct list_line line;
  size_t name = strlen(head.name), origin = strlen(head.origin);
  for (size_t i = 0; i < keystore_len(ks); i++) {
    struct keystore_entry e = keystore_entry(ks, i);
    name = widest(name, e.name);
    origin = widest(origin, e.origin);
  }
  if (keystore_len(ks) > 0)
    print_line(cli, &head, name, origin);
  else
    term_note(cli->term, "the keystore %s is empty", keystore_path_of(ks));
  for (size_t i = 0; i < keystore_len(ks); i++) {
    if (fill_line(cli, ks, i, &line, err) != 0) return -1;
    print_line(cli, &line, name, origin);
  }
  return 0;
}

static int run_list(struct cli *cli) {
  struct error err;
  struct keystore *ks = key_input_keystore(cli, "list its keys", &err);
  int rc = ks ? list(cli, ks, &err) : -1;
  keystore_free(ks);
  return rc == 0 ? EXIT_OK : command_fail(cli, &err);
}

const struct command key_list = {
    .name = "list",
    .summary = "name, origin, last four characters, added, last used, expires",
    .usage = "",
    .run = run_list,
};
