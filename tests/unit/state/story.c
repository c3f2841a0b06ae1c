#include "story.h"

#include "state/db.h"

static int64_t request; /* the intent that is under way */

static int open_state(struct scene *x) {
  struct state_options o = {.url = x->url, .clock = &scene_clock};
  return state_open(&x->s, &o, &x->err);
}

static int open_stream(struct scene *x) { return scene_stream(x, "crm", false); }

static int begin_run(struct scene *x) {
  struct run_record r = {.run = "01JD0000000000000000000001", .script = SLICE("s.lua")};
  return run_record_begin(x->s, &r, &x->err);
}

/* Commit 1 of keys from FROM on. */
static int send(struct scene *x, int from, uint32_t len) {
  struct buf rows = BUF_WITH_LIMIT(1 << 20);
  struct intent in = {.sent_at_ms = 5, .rows_len = len};
  char key[16];
  for (uint32_t i = 0; i < len; i++) {
    snprintf(key, sizeof key, "k%u", (unsigned)from + i);
    row_put(&rows, &(struct row){.key = slice_of(key), .field = {SLICE("\"Ali\"")}});
  }
  in.rows = buf_slice(&rows);
  int result = buf_ok(&rows) ? intent_commit(x->st, &in, 1, &x->err) : -1;
  if (!buf_ok(&rows)) error_set(&x->err, ERROR_MEMORY, "no memory for the test");
  if (result == 0) request = in.number;
  buf_free(&rows);
  return result;
}

static int send_first(struct scene *x) { return send(x, 0, 3); }

static int acknowledge_first(struct scene *x) {
  struct ack acks[3] = {{.key = SLICE("k0"), .id = scene_id(1), .field = {SLICE("\"Ali\"")}},
                        {.key = SLICE("k1"), .id = scene_id(2), .field = {SLICE("\"Ali\"")}},
                        {.key = SLICE("k2"), .id = scene_id(3), .field = {SLICE("\"Ali\"")}}};
  struct store_value watermark = {SLICE("job"), SLICE("cursor"), SLICE("3")};
  struct commit c = {.acks = acks,
                     .acks_len = 3,
                     .closed = &request,
                     .closed_len = 1,
                     .values = &watermark,
                     .values_len = 1,
                     .report = SLICE("{\"rows\":3}"),
                     .run = 1};
  return stream_commit(x->st, &c, &x->err);
}

static int send_second(struct scene *x) { return send(x, 10, 40); }

static int hold_second(struct scene *x) {
  uint64_t made[] = {1, 2, 3};
  struct reject r = {.key = SLICE("r"), .content = 5, .row = SLICE("{}"), .code = SLICE("refused")};
  struct commit c = {.unclear = &request,
                     .unclear_len = 1,
                     .rejects = &r,
                     .rejects_len = 1,
                     .made = made,
                     .made_len = 3,
                     .run = 1};
  return stream_commit(x->st, &c, &x->err);
}

static int settle_some(struct scene *x) {
  struct held held[2];
  size_t n;
  if (held_list(x->st, 0, held, 2, &n, &x->err) != 0) return -1;
  assert_int_equal(n, 2);
  int64_t settled[] = {held[0].number, held[1].number};
  struct ack acks[2] = {{.key = SLICE("k10"), .id = scene_id(10), .field = {SLICE("\"Ali\"")}},
                        {.key = SLICE("r"), .id = scene_id(11), .field = {SLICE("\"R\"")}}};
  uint32_t gone = 2;
  struct commit c = {.acks = acks,
                     .acks_len = 2,
                     .settled = settled,
                     .settled_len = 2,
                     .gone = &gone,
                     .gone_len = 1};
  return stream_commit(x->st, &c, &x->err);
}

static int send_third(struct scene *x) { return send(x, 100, 2); }

static int halve_third(struct scene *x) {
  struct buf rows = BUF_WITH_LIMIT(4096);
  row_put(&rows, &(struct row){.key = SLICE("k100"), .field = {SLICE("\"A\"")}});
  size_t first = rows.len;
  row_put(&rows, &(struct row){.key = SLICE("k101"), .field = {SLICE("\"B\"")}});
  struct intent halves[] = {
      {.sent_at_ms = 6, .rows_len = 1, .rows = {rows.ptr, first}},
      {.sent_at_ms = 7, .rows_len = 1, .rows = {rows.ptr + first, rows.len - first}}};
  struct commit c = {.closed = &request, .closed_len = 1, .opened = halves, .opened_len = 2};
  int result = buf_ok(&rows) ? stream_commit(x->st, &c, &x->err)
                             : error_set(&x->err, ERROR_MEMORY, "no memory for the test");
  buf_free(&rows);
  return result;
}

static int acknowledge_many(struct scene *x) {
  static char keys[STORY_MANY][16];
  static struct ack acks[STORY_MANY];
  for (uint32_t i = 0; i < STORY_MANY; i++) {
    snprintf(keys[i], sizeof keys[i], "m%u", i);
    acks[i] = (struct ack){
        .key = slice_of(keys[i]), .id = scene_id(1000 + i), .field = {SLICE("\"Somebody\"")}};
  }
  struct commit c = {.acks = acks, .acks_len = STORY_MANY, .run = 1};
  return stream_commit(x->st, &c, &x->err);
}

static int close_stream(struct scene *x) {
  stream_close(x->st); /* indexes the many; holds no more of the halves */
  x->st = NULL;
  return 0;
}

static int open_again(struct scene *x) { return scene_stream(x, "crm", false); }

/* From the last to the first: each is searched. */
static int find_many(struct scene *x) {
  static char keys[STORY_MANY][16];
  static struct known k[STORY_MANY];
  for (uint32_t i = 0; i < STORY_MANY; i++) {
    snprintf(keys[i], sizeof keys[i], "m%u", STORY_MANY - 1 - i);
    k[i] = (struct known){.key = slice_of(keys[i])};
  }
  if (stream_find(x->st, k, STORY_MANY, &x->err) != 0) return -1;
  for (uint32_t i = 0; i < STORY_MANY; i++) assert_true(k[i].seq > 0);
  return 0;
}

static int finish_run(struct scene *x) {
  struct run_record r = {.number = 1, .ended_ms = 9, .outcome = SLICE("ok"), .report = SLICE("{}")};
  return run_record_finish(x->s, &r, &x->err);
}

int story_step(struct scene *x, int i) {
  static int (*const steps[STORY_STEPS])(struct scene * x) = {
      open_state,       open_stream,  begin_run,   send_first, acknowledge_first,
      send_second,      hold_second,  settle_some, send_third, halve_third,
      acknowledge_many, close_stream, open_again,  find_many,  finish_run};
  return steps[i](x);
}

/* ---- what is on the disk ---- */

static const char *const tables[] = {
    "SELECT number, name, base_url FROM stream",
    "SELECT number, key, hex(id), name, email, phone, sent_at, run, line, gone FROM partner",
    "SELECT number, stream, run, sent_at, rows_len, hex(rows) FROM intent",
    "SELECT number, stream, run, sent_at, key, hex(row) FROM held",
    "SELECT number, stream, hex(contents) FROM made",
    "SELECT number, stream, run, key, content, row, code, retry FROM reject",
    "SELECT number, run, script, ended, outcome, report FROM run",
    "SELECT scope, name, value FROM store",
};

static void put_rows(struct scene *x, struct db *db, const char *text, struct buf *to) {
  struct statement *sql = db_prepare(db, text, &x->err);
  int is_row;
  if (!sql) fail_msg("%s", x->err.message);
  while ((is_row = db_step(db, sql, &x->err)) > 0) {
    for (int i = 0; i < sqlite3_column_count(sql->sqlite); i++) {
      buf_add_slice(to, column_slice(sql, i));
      buf_add_char(to, '|');
    }
    buf_add_char(to, '\n');
  }
  OK(x, is_row);
}

char *story_content(struct scene *x) {
  struct buf text = BUF_WITH_LIMIT(1 << 26);
  struct db db;
  int64_t made;
  if (access(x->path, F_OK) != 0) return calloc(1, 1);
  OK(x, db_open(&db, x->path, DB_SHARED, &x->err));
  OK(x, db_number(&db, "SELECT count(*) FROM sqlite_schema", 0, &made, &x->err));
  for (size_t i = 0; made > 0 && i < sizeof tables / sizeof *tables; i++)
    put_rows(x, &db, tables[i], &text);
  db_close(&db);
  assert_non_null(buf_text(&text));
  return text.ptr;
}

static void tell(void *user, const char *finding) {
  (void)user;
  fail_msg("%s", finding);
}

void story_check(struct scene *x) {
  int64_t findings;
  OK(x, state_check(x->s, tell, NULL, &findings, &x->err));
}
