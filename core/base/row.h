/* row.h - a partner row on its way, as one record of bytes.
 *
 * The worker writes records, the bridge carries them, plan and batch read them,
 * the state keeps them in intents: one form everywhere, so no room parses
 * another's.  Each field is its own piece of JSON text, so that rows can be
 * merged, compared and shown field by field without parsing.
 *
 * A record, little endian:
 *   u32 size of the whole record, u32 line, u16 key_len, u8 id_len (0 or 36),
 *   u8 zero, u32 len of name, email, phone (0: absent), then the bytes of key,
 *   id, name, email, phone. */
#ifndef HOKO_BASE_ROW_H
#define HOKO_BASE_ROW_H

#include "base/buf.h"

enum row_field { ROW_NAME, ROW_EMAIL, ROW_PHONE, ROW_FIELDS };

enum { ROW_HEAD_SIZE = 24, ROW_KEY_MAX = 1024, ROW_FIELD_MAX = 10000 };

/* A view: the slices point into the record's bytes. */
struct row {
  uint32_t line;                  /* in the source, 1-based; 0: not known */
  struct slice key;               /* len 0: none */
  struct slice id;                /* 36 bytes as the user wrote them; len 0: a create */
  struct slice field[ROW_FIELDS]; /* a JSON string with its quotes, or null; len 0: absent */
};

extern const char *const row_field_name[ROW_FIELDS]; /* "name" "email" "phone" */

size_t row_size(const struct row *r);
void row_put(struct buf *b, const struct row *r);
/* Takes the next record off *bytes; false: there is none, or it is damaged (then
 * bytes->len stays above 0). */
bool row_take(struct slice *bytes, struct row *r);

/* OVER's fields laid over UNDER's: present ones win. Key, id and line are OVER's where it has them.
 */
struct row row_merged(const struct row *under, const struct row *over);
static inline bool row_is_null(struct slice field) { return field.len == 4 && field.ptr[0] == 'n'; }

#endif
