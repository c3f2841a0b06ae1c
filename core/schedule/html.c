#include "schedule/html.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <string.h>

static const char *const words[WORD_COUNT][HTML_LANGUAGES] = {
    [WORD_JOBS] = {"Jobs", "المهام"},
    [WORD_JOB] = {"Job", "المهمة"},
    [WORD_NEXT] = {"Next", "التالي"},
    [WORD_LAST] = {"Last run", "آخر تشغيل"},
    [WORD_RESULT] = {"Result", "النتيجة"},
    [WORD_ROWS] = {"Rows", "الصفوف"},
    [WORD_TOOK] = {"Took", "المدة"},
    [WORD_RUN_NOW] = {"Run now", "شغّل الآن"},
    [WORD_RUNNING] = {"running", "قيد التشغيل"},
    [WORD_PAUSED] = {"paused", "موقوفة"},
    [WORD_KEYLESS] = {"waits for a key", "بانتظار مفتاح"},
    [WORD_BY_HAND] = {"by hand", "يدويًا"},
    [WORD_NEVER] = {"never", "لم تعمل بعد"},
    [WORD_OK] = {"ok", "ناجح"},
    [WORD_FAILED] = {"failed", "فشل"},
    [WORD_DIED] = {"died", "انقطع"},
    [WORD_NOT_STARTED] = {"did not start", "لم يبدأ"},
    [WORD_SCHEDULE] = {"Schedule", "الجدول"},
    [WORD_ZONE] = {"Time zone", "المنطقة الزمنية"},
    [WORD_SCRIPT] = {"Script", "البرنامج"},
    [WORD_RUNS] = {"Runs", "عمليات التشغيل"},
    [WORD_RUN] = {"Run", "التشغيل"},
    [WORD_STARTED] = {"Started", "البداية"},
    [WORD_EXIT] = {"Exit code", "رمز الخروج"},
    [WORD_ERROR] = {"Error", "الخطأ"},
    [WORD_HINT] = {"Hint", "تلميح"},
    [WORD_REJECTS] = {"Rejected rows", "الصفوف المرفوضة"},
    [WORD_KEY] = {"Key", "المفتاح"},
    [WORD_REASON] = {"Reason", "السبب"},
    [WORD_DAYS] = {"The last 30 days", "آخر 30 يومًا"},
    [WORD_NO_JOBS] = {"hoko.lua has no jobs.", "لا توجد مهام في hoko.lua."},
    [WORD_NO_RUNS] = {"It has not run yet.", "لم تعمل بعد."},
    [WORD_REQUESTS] = {"Requests", "الطلبات"},
    [WORD_SKIP] = {"To the content", "إلى المحتوى"},
    [WORD_USUAL] = {"usually", "عادةً"},
    [WORD_LOCKED] = {"This page needs its token", "تحتاج هذه الصفحة إلى رمزها"},
    [WORD_OPEN_LINK] = {"Open the link that is in", "افتح الرابط الموجود في"},
    [WORD_MISSING_PAGE] = {"There is no such page", "لا توجد صفحة كهذه"},
    [WORD_WAITS] = {"Waited for the rate limit", "انتظار حد الطلبات"},
    [WORD_PER_DAY] = {"Bars: rows of a day. Line: how long its runs took.",
                      "الأعمدة: صفوف اليوم. الخط: مدة التشغيل."},
    [WORD_FAILURES] = {"failed", "فشل"},
    [WORD_STATE] = {"State", "الحالة"},
    [WORD_MORE_REJECTS] = {"The first 100; all of them: hoko rejects list",
                           "أول 100 صف؛ القائمة كاملة: hoko rejects list"},
};

/* Tables become lists of cards where a line has no room for them. */
static const char style[] =
    ":root{color-scheme:light dark;--line:#8884;--bad:#b3261e;--good:#1b6e3c;--dim:#666}"
    "@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#7bd88f;--dim:#aaa}}"
    "body{font:16px/1.5 system-ui,'Noto Sans','Noto Sans Arabic',sans-serif;margin:0 "
    "auto;max-width:70rem;padding:1rem}"
    "h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2rem}"
    "a{color:LinkText}a:focus-visible,button:focus-visible{outline:3px solid "
    "Highlight;outline-offset:2px}"
    ".skip{position:absolute;inset-inline-start:-99rem}.skip:focus{position:static}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:start;padding:.45rem .6rem;border-bottom:1px solid "
    "var(--line);vertical-align:top}"
    "th{font-weight:600}td.n{font-variant-numeric:tabular-nums}"
    "time,bdi{white-space:nowrap}.bad{color:var(--bad);font-weight:600}.good{color:var(--good)}."
    "dim{color:var(--dim)}"
    "button{font:inherit;white-space:nowrap;min-height:2.75rem;padding:.2rem "
    ".9rem;cursor:pointer}form{margin:0}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem}dt{font-weight:600}"
    "dd{margin:0;overflow-wrap:anywhere}svg{width:100%;height:auto;max-height:10rem}"
    ".r{fill:var(--good)}.f{fill:var(--bad)}.m{fill:var(--dim)}.d{fill:none;stroke:currentColor;"
    "stroke-width:1.5}"
    "@media(max-width:44rem){thead{position:absolute;inset-inline-start:-999rem}"
    "tr{display:block;border:1px solid var(--line);border-radius:.5rem;margin:0 0 "
    ".8rem;padding:.3rem .6rem}"
    "td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.25rem "
    "0;overflow-wrap:anywhere}"
    "td::before{content:attr(data-label);font-weight:600;flex:none}td.go::before{content:none}td:"
    "has(>span:empty){display:none}"
    "td.go button{width:100%}td.go form{flex:1}}";

enum html_language html_language_of(struct slice accept) {
  bool is_arabic = accept.len >= 2 && (accept.ptr[0] | 0x20) == 'a' &&
                   (accept.ptr[1] | 0x20) == 'r' &&
                   (accept.len == 2 || strchr("-,; ", accept.ptr[2]));
  return is_arabic ? HTML_ARABIC : HTML_ENGLISH;
}

const char *html_word(enum html_language language, enum html_word word) {
  return words[word][language];
}

static void put_escaped(struct buf *b, struct slice text) {
  for (size_t i = 0; i < text.len; i++) switch (text.ptr[i]) {
    case '<': buf_add_text(b, "&lt;"); break;
    case '>': buf_add_text(b, "&gt;"); break;
    case '&': buf_add_text(b, "&amp;"); break;
    case '"': buf_add_text(b, "&quot;"); break;
    case '\'': buf_add_text(b, "&#39;"); break;
    default: buf_add_char(b, text.ptr[i]);
    }
}

void html_put_text(struct buf *b, struct slice text) {
  struct buf visible = BUF_WITH_LIMIT(1 << 20);
  utf8_printable(&visible, text);
  if (!buf_ok(&visible)) b->is_failed = true;
  put_escaped(b, buf_slice(&visible));
  buf_free(&visible);
}

void html_put_word(struct buf *b, enum html_language language, enum html_word word) {
  buf_add_text(b, html_word(language, word));
}

void html_put_query(struct buf *b, struct slice text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.ptr[i];
    bool is_plain =
        (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || strchr("-._~", c);
    if (is_plain && c)
      buf_add_char(b, (char)c);
    else
      buf_printf(b, "%%%02X", c);
  }
}

void html_put_time(struct buf *b, int64_t wall_ms) {
  char text[CLOCK_TEXT_SIZE];
  clock_format(wall_ms, text);
  buf_printf(b, "<time datetime=\"%s\" dir=\"ltr\">%.10s %.8s UTC</time>", text, text, text + 11);
}

void html_begin(struct buf *b, enum html_language language, struct slice title, int refresh_s,
                bool has_way_back) {
  bool is_arabic = language == HTML_ARABIC;
  buf_printf(b, "<!doctype html>\n<html lang=\"%s\" dir=\"%s\"><head><meta charset=\"utf-8\">",
             is_arabic ? "ar" : "en", is_arabic ? "rtl" : "ltr");
  buf_add_text(b, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
  if (refresh_s > 0) buf_printf(b, "<meta http-equiv=\"refresh\" content=\"%d\">", refresh_s);
  buf_add_text(b, "<title>");
  html_put_text(b, title);
  buf_printf(b, " · hoko</title><style>%s</style></head>\n<body><a class=\"skip\" href=\"#main\">",
             style);
  html_put_word(b, language, WORD_SKIP);
  buf_add_text(b, "</a>");
  if (has_way_back)
    buf_printf(b, "<nav><a href=\"/\">%s</a></nav>", html_word(language, WORD_JOBS));
  buf_add_text(b, "<main id=\"main\"><h1><bdi>");
  html_put_text(b, title);
  buf_add_text(b, "</bdi></h1>\n");
}

void html_end(struct buf *b) { buf_add_text(b, "</main></body></html>\n"); }
