#include "mock/sample.h"

#include "base/file.h"
#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const size_t FILE_MAX = (size_t)8 << 30;

/* One call of partners_apply(). */
struct piece {
  struct change list[CHANGES_MAX];
  struct uuid ids[CHANGES_MAX];
  uint32_t index[CHANGES_MAX];
};

static struct piece *piece_new(struct error *err) {
  struct piece *piece = malloc(sizeof *piece);
  if (!piece) (void)error_set(err, ERROR_MEMORY, "no memory for partners");
  return piece;
}

static struct uuid numbered_id(size_t number) {
  char text[UUID_TEXT_LEN + 1];
  struct uuid id = {{0}};
  (void)snprintf(text, sizeof text, "00000000-0000-4000-8000-%012zu", number);
  (void)uuid_parse(slice_of(text), &id); /* SAMPLE_MAX has fewer than 12 digits */
  return id;
}

/* Appends formatted text to B, which has room, and gives it as a field. */
static struct change_text text_field(struct buf *b, const char *format, size_t number) {
  size_t before = b->len;
  buf_printf(b, format, number);
  return (struct change_text){CHANGE_TEXT, {b->ptr + before, b->len - before}};
}

enum { TEXT_PER_PARTNER = 128 };

static int make_piece(struct partners *p, struct piece *piece, struct buf *text, size_t first,
                      size_t len, int64_t now_s, struct error *err) {
  struct partners_done done = {.index = piece->index};
  buf_clear(text);
  if (!buf_room(text, text->limit)) return error_set(err, ERROR_MEMORY, "no memory for partners");
  for (size_t i = 0; i < len; i++) {
    struct change *c = &piece->list[i];
    *c = (struct change){0};
    c->field[PARTNER_NAME] = text_field(text, "Partner %zu", first + i);
    c->field[PARTNER_EMAIL] = text_field(text, "partner%zu@example.com", first + i);
    c->field[PARTNER_PHONE] = text_field(text, "+9665%08zu", first + i);
    piece->ids[i] = numbered_id(first + i);
  }
  return partners_apply(p, piece->list, len, piece->ids, now_s, &done, err);
}

int sample_make(struct partners *p, size_t len, int64_t now_s, struct error *err) {
  int result = 0;
  struct buf text = BUF_WITH_LIMIT((size_t)CHANGES_MAX * TEXT_PER_PARTNER);
  struct piece *piece = piece_new(err);
  if (!piece) return -1;
  for (size_t made = 0; made < len && result == 0; made += CHANGES_MAX) {
    size_t more = len - made < CHANGES_MAX ? len - made : CHANGES_MAX;
    result = make_piece(p, piece, &text, made + 1, more, now_s, err);
  }
  buf_free(&text);
  free(piece);
  return result;
}

/* Turns objects with ids into creates of these ids. */
static void take_ids(struct changes *c, struct uuid ids[CHANGES_MAX]) {
  random_bytes(ids, c->len * sizeof *ids);
  for (size_t i = 0; i < c->len; i++) {
    ids[i] = c->list[i].has_id ? c->list[i].id : uuid_from_random(ids[i].bytes);
    c->list[i].has_id = false;
  }
}

static int load_text(struct partners *p, struct slice text, int64_t now_s, struct error *err) {
  int result = -1;
  struct changes c = {0};
  struct change_reader reader;
  struct piece *piece = piece_new(err);
  if (!piece) return -1;
  struct partners_done done = {.index = piece->index};
  if (change_reader_begin(&reader, CHANGE_LOAD, text, err) < 0) goto out;
  while (!reader.is_done) {
    if (change_reader_next(&reader, &c, err) < 0) goto out;
    take_ids(&c, piece->ids);
    if (partners_apply(p, c.list, c.len, piece->ids, now_s, &done, err) < 0) goto out;
  }
  partners_sort(p);
  result = 0;
out:
  changes_free(&c);
  free(piece);
  return result;
}

int sample_load(struct partners *p, const char *path, int64_t now_s, struct error *err) {
  struct buf text = BUF_WITH_LIMIT(FILE_MAX);
  if (access(path, F_OK) < 0) return 0; /* what else is wrong with it, reading tells */
  int result = file_read(&text, path, err);
  if (result == 0 && load_text(p, buf_slice(&text), now_s, err) < 0)
    result = error_context(err, "%s", path);
  buf_free(&text);
  return result;
}

void sample_put(struct buf *b, const struct partners *p) {
  struct partner_writer w;
  partner_writer_begin(&w, b);
  for (size_t i = 0; i < partners_len(p); i++) {
    struct partner one = partners_get(p, partners_at(p, i));
    if (i) buf_add_char(b, '\n');
    partner_write(&w, &one);
  }
  partner_writer_end(&w);
}

int sample_save(const struct partners *p, const char *path, struct error *err) {
  struct buf text = BUF_WITH_LIMIT(FILE_MAX);
  sample_put(&text, p);
  buf_add_char(&text, '\n');
  int result = buf_ok(&text) ? file_replace(path, buf_slice(&text), 0644, err)
                             : error_set(err, ERROR_MEMORY, "no memory to write %s", path);
  buf_free(&text);
  return result;
}
