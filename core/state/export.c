/* The identity map as lines of JSON, to be kept, read or moved to another state. */
#include "state/handle.h"

#include "base/json_text.h"

enum { LINE_LIMIT = 1 << 20 };

/* The streams' order is that of their numbers; a reading of minutes does not keep
 * others from writing: it goes on behind the last partner, a frame a transaction. */
static const char sql_export[] =
    "SELECT partner.number, stream.name, stream.base_url, key, id, partner.name, email, phone,"
    " sent_at, gone FROM partner CROSS JOIN stream"
    " WHERE stream.number = partner.number >> 32 AND partner.number > ?1 AND (?2 IS NULL OR "
    "stream.name = ?2)"
    " AND (?3 IS NULL OR stream.base_url = ?3) AND (?4 IS NULL OR key = ?4)"
    " ORDER BY partner.number LIMIT 10000";
enum { COLUMN_NUMBER, COLUMN_STREAM, COLUMN_URL, COLUMN_KEY, COLUMN_ID, COLUMN_FIELDS };
enum { COLUMN_SENT_AT = COLUMN_FIELDS + ROW_FIELDS, COLUMN_GONE };

static void put_line(struct buf *b, struct statement *sql) {
  char text[CLOCK_TEXT_SIZE], id_text[UUID_TEXT_LEN];
  struct uuid id = {0};
  struct slice bytes = column_slice(sql, COLUMN_ID);
  if (bytes.len == sizeof id.bytes) memcpy(id.bytes, bytes.ptr, bytes.len);
  uuid_format(&id, id_text);
  clock_format(column_int(sql, COLUMN_SENT_AT), text);
  buf_add_text(b, "{\"stream\":");
  json_put_string(b, column_slice(sql, COLUMN_STREAM));
  buf_add_text(b, ",\"base_url\":");
  json_put_string(b, column_slice(sql, COLUMN_URL));
  buf_add_text(b, ",\"key\":");
  json_put_string(b, column_slice(sql, COLUMN_KEY));
  buf_printf(b, ",\"id\":\"%.*s\"", (int)sizeof id_text, id_text);
  for (int f = 0; f < ROW_FIELDS; f++) {
    struct slice field = column_slice(sql, COLUMN_FIELDS + f);
    if (field.len == 0) continue;
    buf_printf(b, ",\"%s\":", row_field_name[f]);
    buf_add_slice(b, field);
  }
  buf_printf(b, ",\"sent_at\":\"%s\",\"gone\":%s}\n", text,
             (int)column_int(sql, COLUMN_GONE) ? "true" : "false");
}

/* What one call of put_frame() works with. */
struct exporting {
  struct state *s;
  int (*put)(void *user, struct slice line, struct error *err);
  void *user;
  struct buf line;
  int64_t after, rows;
};

static int put_partner(struct exporting *x, struct statement *sql, struct error *err) {
  int64_t number = column_int(sql, COLUMN_NUMBER);
  if (db_expect_behind(&x->s->db, x->after, number, err) != 0) return -1;
  buf_clear(&x->line);
  put_line(&x->line, sql);
  x->after = number;
  x->rows++;
  if (buf_ok(&x->line)) return x->put(x->user, buf_slice(&x->line), err);
  return error_set(err, ERROR_MEMORY, "no memory to export partners");
}

static int put_frame(struct exporting *x, struct statement *sql, struct error *err) {
  int is_row;
  while ((is_row = db_step(&x->s->db, sql, err)) > 0) {
    if (put_partner(x, sql, err) == 0) continue;
    statement_reset(sql);
    return -1;
  }
  return is_row;
}

int state_export(struct state *s, const struct reject_filter *filter,
                 int (*put)(void *user, struct slice line, struct error *err), void *user,
                 int64_t *rows, struct error *err) {
  struct exporting x = {.s = s, .put = put, .user = user, .line = BUF_WITH_LIMIT(LINE_LIMIT)};
  struct statement *sql = db_prepare(&s->db, sql_export, err);
  int result = sql ? 0 : -1;
  for (int64_t before = -1; result == 0 && before != x.rows;) {
    before = x.rows;
    bind_int(sql, 1, x.after);
    bind_text(sql, 2, filter->stream);
    bind_text(sql, 3, filter->base_url);
    bind_text(sql, 4, filter->key);
    result = put_frame(&x, sql, err);
  }
  buf_free(&x.line);
  *rows = x.rows;
  return result;
}
