#include "worker/source/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct encoding {
  iconv_t iconv;
  uint64_t offset; /* of the next byte to convert */
  uint64_t line;   /* that it stands in */
  char name[64];
};

static const char *const preloaded[] = {
    "UTF-16",       "UTF-16LE",     "UTF-16BE",     "UTF-32",       "WINDOWS-1256", "WINDOWS-1252",
    "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1257",
    "WINDOWS-1258", "ISO-8859-1",   "ISO-8859-2",   "ISO-8859-3",   "ISO-8859-4",   "ISO-8859-5",
    "ISO-8859-6",   "ISO-8859-7",   "ISO-8859-8",   "ISO-8859-9",   "ISO-8859-10",  "ISO-8859-13",
    "ISO-8859-14",  "ISO-8859-15",  "ISO-8859-16",  "KOI8-R",       "KOI8-U",       "MACINTOSH",
    "CP437",        "CP850",        "CP852",        "CP864",        "CP866",        "TIS-620",
    "GB18030",      "GBK",          "BIG5",         "SHIFT_JIS",    "CP932",        "EUC-JP",
    "EUC-KR",       "CP949"};

void encoding_preload(void) {
  for (size_t i = 0; i < sizeof preloaded / sizeof *preloaded; i++)
    (void)iconv_open("UTF-8",
                     preloaded[i]); /* one that is not installed is told when it is asked for */
}

bool encoding_is_utf8(const char *name) {
  return strcasecmp(name, "UTF-8") == 0 || strcasecmp(name, "UTF8") == 0;
}

/* Slashes would ask iconv to leave out or replace characters in silence. */
static bool is_plain_name(const char *name, size_t size) {
  size_t len =
      strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+()");
  return len > 0 && name[len] == '\0' && len < size;
}

struct encoding *encoding_new(const char *name, struct error *err) {
  struct encoding *e = calloc(1, sizeof *e);
  if (!e) {
    error_set(err, ERROR_MEMORY, "out of memory");
    return NULL;
  }
  e->line = 1;
  e->iconv = is_plain_name(name, sizeof e->name) ? iconv_open("UTF-8", name) : (iconv_t)-1;
  if (e->iconv == (iconv_t)-1) {
    free(e);
    error_set(err, ERROR_USAGE, "the encoding '%.60s' is not known here", name);
    error_hint(err,
               "those that always are: UTF-8, UTF-16, windows-1250 to windows-1258, ISO-8859-1 "
               "to -16, KOI8-R, GB18030, BIG5, SHIFT_JIS, EUC-KR; convert others with iconv(1)");
    return NULL;
  }
  (void)snprintf(e->name, sizeof e->name, "%s", name);
  return e;
}

void encoding_free(struct encoding *e) {
  if (!e) return;
  (void)iconv_close(e->iconv); /* fails only on a handle that is none */
  free(e);
}

static uint64_t count_lines(const char *text, size_t len) {
  uint64_t lines = 0;
  for (size_t i = 0; i < len; i++) lines += text[i] == '\n';
  return lines;
}

static int fail(const struct encoding *e, const char *what, struct error *err) {
  return error_set(err, ERROR_DATA, "byte %" PRIu64 " (line %" PRIu64 ") %s %s", e->offset + 1,
                   e->line, what, e->name);
}

int encoding_read(struct encoding *e, struct slice *in, bool is_end, char *to, size_t room,
                  size_t *len, struct error *err) {
  char *from = (char *)(uintptr_t)in->ptr, *out = to; /* iconv's prototype lacks the const */
  size_t in_left = in->len, out_left = room;
  size_t code = iconv(e->iconv, &from, &in_left, &out, &out_left);
  int reason = code == (size_t)-1 ? errno : 0;
  *len = room - out_left;
  e->offset += in->len - in_left;
  e->line += count_lines(to, *len);
  *in = (struct slice){from, in_left};
  if (*len > 0 || reason == 0 || reason == E2BIG) return 0;
  if (reason == EILSEQ) return fail(e, "stands for no character of", err);
  if (is_end) return fail(e, "begins a character that the end of the file cuts off, in", err);
  return 0;
}
