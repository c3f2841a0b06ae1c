#include "mock/reply.h"
#include "mock/access.h"

#include "base/random.h"

/* 400 to 429 as the documents have them; the others are ours. */
static const struct {
  unsigned status;
  const char *en, *ar;
} texts[] = {
    {400, "Invalid request", "طلب غير صالح"},
    {401, "Invalid API key", "مفتاح API غير صالح"},
    {403, "Missing required scopes", "الصلاحيات المطلوبة مفقودة"},
    {404, "Not found", "غير موجود"},
    {413, "Request body too large", "حجم الطلب كبير جدا"},
    {429, "Rate limit exceeded", "تم تجاوز حد المعدل"},
    {0, "Something went wrong", "حدث خطأ ما"},
};

static void put_error(struct web_answer *a, unsigned status) {
  size_t i = 0;
  while (texts[i].status && texts[i].status != status) i++;
  a->status = status;
  web_answer_header(a, "Content-Type", "application/json");
  buf_clear(&a->body);
  buf_printf(&a->body, "{\"error\":{\"en\":\"%s\",\"ar\":\"%s\"}", texts[i].en, texts[i].ar);
}

void reply_error(struct web_answer *a, unsigned status) {
  put_error(a, status);
  buf_add_char(&a->body, '}');
}

void reply_missing_scopes(struct web_answer *a, unsigned scopes) {
  put_error(a, 403);
  buf_add_text(&a->body, ",\"missingScopes\":");
  access_put_scopes(&a->body, scopes);
  buf_add_char(&a->body, '}');
}

void reply_rate_limit(struct web_answer *a, const char *retry_after) {
  put_error(a, 429);
  if (retry_after) buf_printf(&a->body, ",\"retryAfter\":%s", retry_after);
  buf_add_char(&a->body, '}');
}

/* Lists */

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t kept = *a;
  *a = *b;
  *b = kept;
}

/* A random cycle through all places (Sattolo): nothing stays where it was. */
static void reorder(uint32_t *index, size_t len, uint64_t *random) {
  for (size_t i = len; i-- > 1;) swap(&index[i], &index[fault_random(random) % i]);
}

static void leave_out(struct work *w, size_t place) {
  w->len--;
  memmove(&w->index[place], &w->index[place + 1], (w->len - place) * sizeof *w->index);
}

/* Bends which partners are shown; true: a foreign one comes last. */
static bool bend_list(struct work *w, const struct fault_set *faults, uint64_t *random) {
  if (!w->len) return faults->of[FAULT_EXTRA] != NULL;
  if (faults->of[FAULT_REORDER]) reorder(w->index, w->len, random);
  if (faults->of[FAULT_DUPLICATE]) {
    if (w->len == 1) w->len = 2; /* there is no other to take its place */
    w->index[w->len - 1] = w->index[0];
  }
  if (faults->of[FAULT_SHORT]) leave_out(w, fault_random(random) % w->len);
  if (!faults->of[FAULT_FOREIGN]) return faults->of[FAULT_EXTRA] != NULL;
  if (w->len) w->len--;
  return true;
}

static struct uuid foreign_id(void) {
  uint8_t bytes[16];
  random_bytes(bytes, sizeof bytes);
  return uuid_from_random(bytes);
}

void reply_partners(struct web_answer *a, struct work *w, const struct fault_set *faults,
                    uint64_t *random, int64_t now_s) {
  struct partner_writer writer;
  bool has_foreign = bend_list(w, faults, random);
  web_answer_header(a, "Content-Type", "application/json");
  partner_writer_begin(&writer, &a->body);
  for (size_t i = 0; i < w->len; i++) {
    struct partner p = partners_get(w->partners, w->index[i]);
    partner_write(&writer, &p);
  }
  if (has_foreign) {
    const struct partner p = {.id = foreign_id(),
                              .text = {SLICE("Somebody Else")},
                              .created_s = now_s,
                              .updated_s = now_s};
    partner_write(&writer, &p);
  }
  partner_writer_end(&writer);
}

static void put_id(struct buf *b, const struct uuid *id, bool is_first) {
  char text[UUID_TEXT_LEN];
  uuid_format(id, text);
  buf_add_text(b, is_first ? "\"" : ",\"");
  buf_add(b, text, sizeof text);
  buf_add_char(b, '"');
}

void reply_deleted(struct web_answer *a, struct work *w, const struct fault_set *faults,
                   uint64_t *random) {
  bool has_foreign = bend_list(w, faults, random);
  web_answer_header(a, "Content-Type", "application/json");
  buf_add_text(&a->body, "{\"deletedIds\":[");
  for (size_t i = 0; i < w->len; i++) {
    struct partner p = partners_get(w->partners, w->index[i]);
    put_id(&a->body, &p.id, i == 0);
  }
  if (has_foreign) {
    struct uuid id = foreign_id();
    put_id(&a->body, &id, w->len == 0);
  }
  buf_add_text(&a->body, "]}");
}

/* The answer as a whole */

static void put_page(struct web_answer *a) {
  web_answer_header(a, "Content-Type", "text/html; charset=utf-8");
  buf_clear(&a->body);
  buf_add_text(&a->body, "<!doctype html>\n<title>Welcome</title>\n<h1>Please sign in</h1>\n");
}

static void put_body(struct web_answer *a, const char *text) {
  buf_clear(&a->body);
  buf_add_text(&a->body, text);
}

static void put_deep(struct web_answer *a, int64_t depth) {
  buf_clear(&a->body);
  char *to = buf_room(&a->body, 2 * (size_t)depth);
  if (!to) return;
  memset(to, '[', (size_t)depth);
  memset(to + depth, ']', (size_t)depth);
  a->body.len = 2 * (size_t)depth;
}

static void bend_body(struct web_answer *a, const struct fault_set *faults) {
  if (faults->of[FAULT_GARBAGE]) put_page(a);
  if (faults->of[FAULT_NULL]) put_body(a, "null");
  if (faults->of[FAULT_BODY]) put_body(a, faults->of[FAULT_BODY]->text);
  if (faults->of[FAULT_DEEP]) put_deep(a, faults->of[FAULT_DEEP]->number);
  if (faults->of[FAULT_SPACES]) a->spaces_len = (uint64_t)faults->of[FAULT_SPACES]->number;
}

static void bend_head(struct web_answer *a, const struct fault_set *faults) {
  const struct fault *header = faults->of[FAULT_HEADER];
  if (faults->of[FAULT_ACCEPTED]) a->status = 202;
  if (faults->of[FAULT_ANSWER]) a->status = (unsigned)faults->of[FAULT_ANSWER]->number;
  if (faults->of[FAULT_EMPTY]) {
    a->status = 204;
    buf_clear(&a->body);
  }
  if (faults->of[FAULT_CLOSE]) web_answer_header(a, "Connection", "close");
  if (header) web_answer_header(a, header->text, "%s", header->text + header->number);
}

static void bend_way(struct web_answer *a, const struct fault_set *faults) {
  if (faults->of[FAULT_STALL]) a->delay_ms += faults->of[FAULT_STALL]->number;
  if (faults->of[FAULT_CHUNKED]) a->is_chunked = true;
  if (faults->of[FAULT_DROP]) a->way = WEB_DROP;
  if (faults->of[FAULT_STALL_HALF]) {
    a->way = WEB_PAUSE;
    a->pause_ms = faults->of[FAULT_STALL_HALF]->number;
  }
  if (faults->of[FAULT_TRUNCATE]) a->way = WEB_CUT;
  if (faults->of[FAULT_RESET_HALF]) a->way = WEB_RESET_HALF;
  if (faults->of[FAULT_RESET_AFTER]) a->way = WEB_RESET;
}

void reply_bend(struct web_answer *a, const struct fault_set *faults) {
  bend_body(a, faults);
  bend_head(a, faults);
  bend_way(a, faults);
}
