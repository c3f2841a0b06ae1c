#include "cli/scdoc.h"

#include "base/utf8.h"

#include <ctype.h>

enum { TEXT_INDENT = 2, MEANING_INDENT = 8, WORD_BYTES = 4096 };

/* A paragraph on its way to the page, word by word. */
struct page {
  struct buf *out;
  const struct scdoc_style *style;
  struct buf word; /* with its escape sequences */
  struct buf seen; /* the same without them, for the width */
  size_t indent;   /* of the paragraph's further lines */
  size_t column;   /* where the present line stands; 0: nothing on it yet */
  bool is_bold, is_underlined;
};

void scdoc_escape(struct buf *b, const char *text) {
  for (; *text; text++) {
    if (strchr("\\*_", *text)) buf_add_char(b, '\\');
    buf_add_char(b, *text);
  }
}

static void put_blanks(struct page *p, size_t count) {
  for (size_t i = 0; i < count; i++) buf_add_char(p->out, ' ');
}

static void end_word(struct page *p) {
  if (!buf_ok(&p->word) || !buf_ok(&p->seen)) p->out->is_failed = true;
  if (p->word.len == 0) return;
  size_t width = utf8_width(buf_slice(&p->seen));
  if (p->column > p->indent && p->column + 1 + width > p->style->columns) {
    buf_add_char(p->out, '\n');
    p->column = 0;
  }
  if (p->column == 0) {
    put_blanks(p, p->indent);
    p->column = p->indent;
  } else if (p->column > p->indent) {
    buf_add_char(p->out, ' ');
    p->column++;
  }
  buf_add_slice(p->out, buf_slice(&p->word));
  p->column += width;
  buf_clear(&p->word);
  buf_clear(&p->seen);
}

static void end_paragraph(struct page *p) {
  end_word(p);
  if (p->column > 0) buf_add_char(p->out, '\n');
  p->column = 0;
}

static void put_style(struct page *p, bool *is_on, const char *sequence) {
  *is_on = !*is_on;
  buf_add_text(&p->word, *is_on ? sequence : p->style->plain);
}

/* An underscore inside a word stands for itself, as in scdoc. */
static bool is_underline(struct slice line, size_t i) {
  bool is_after_word = i > 0 && isalnum((unsigned char)line.ptr[i - 1]);
  bool is_before_word = i + 1 < line.len && isalnum((unsigned char)line.ptr[i + 1]);
  return !(is_after_word && is_before_word);
}

static void put_char(struct page *p, char c) {
  buf_add_char(&p->word, c);
  buf_add_char(&p->seen, c);
}

static void put_inline(struct page *p, struct slice line) {
  for (size_t i = 0; i < line.len; i++) {
    char c = line.ptr[i];
    if (c == '\\' && i + 1 < line.len)
      put_char(p, line.ptr[++i]);
    else if (c == '*')
      put_style(p, &p->is_bold, p->style->bold);
    else if (c == '_' && is_underline(line, i))
      put_style(p, &p->is_underlined, p->style->underline);
    else if (c == ' ')
      end_word(p);
    else
      put_char(p, c);
  }
  end_word(p);
}

static void put_heading(struct page *p, struct slice text) {
  end_paragraph(p);
  buf_add_text(p->out, p->style->bold);
  buf_add_slice(p->out, text);
  buf_add_text(p->out, p->style->plain);
  buf_add_char(p->out, '\n');
}

static void put_literal(struct page *p, struct slice line) {
  put_blanks(p, line.len > 0 ? 2 * TEXT_INDENT : 0);
  buf_add_slice(p->out, line);
  buf_add_char(p->out, '\n');
}

static bool begins(struct slice line, const char *with) {
  size_t len = strlen(with);
  return line.len >= len && memcmp(line.ptr, with, len) == 0;
}

static struct slice behind(struct slice line, size_t len) {
  return (struct slice){line.ptr + len, line.len - len};
}

static bool ends(struct slice line, const char *with) {
  size_t len = strlen(with);
  return line.len >= len && memcmp(line.ptr + line.len - len, with, len) == 0;
}

/* A line of text, by the form it begins with. */
static void put_text(struct page *p, struct slice line) {
  bool is_last = ends(line, "++");
  if (is_last) line.len -= 2;
  if (begins(line, "\t")) {
    if (p->indent != MEANING_INDENT) end_paragraph(p);
    p->indent = MEANING_INDENT;
    put_inline(p, behind(line, 1));
  } else if (begins(line, "- ")) {
    end_paragraph(p);
    put_blanks(p, TEXT_INDENT);
    buf_add_text(p->out, "- ");
    p->indent = p->column = TEXT_INDENT + 2;
    put_inline(p, behind(line, 2));
  } else {
    if (p->indent == MEANING_INDENT) end_paragraph(p);
    if (p->column == 0) p->indent = TEXT_INDENT;
    put_inline(p, line);
  }
  if (is_last) end_paragraph(p);
}

static struct slice take_line(struct slice *rest) {
  const char *end = memchr(rest->ptr, '\n', rest->len);
  struct slice line = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
  *rest = behind(*rest, line.len + (end != NULL));
  return line;
}

void scdoc_show(struct buf *b, struct slice source, const struct scdoc_style *style) {
  struct page p = {.out = b,
                   .style = style,
                   .word = BUF_WITH_LIMIT(WORD_BYTES),
                   .seen = BUF_WITH_LIMIT(WORD_BYTES),
                   .indent = TEXT_INDENT};
  bool is_literal = false, is_heading = false;
  while (source.len > 0) {
    struct slice line = take_line(&source);
    if (begins(line, "```")) {
      end_paragraph(&p);
      is_literal = !is_literal;
    } else if (is_literal) {
      put_literal(&p, line);
    } else if (begins(line, "# ")) {
      put_heading(&p, behind(line, 2));
    } else if (line.len == 0) {
      end_paragraph(&p);
      p.indent = TEXT_INDENT;
      if (!is_heading) buf_add_char(b, '\n');
    } else {
      put_text(&p, line);
    }
    is_heading = begins(line, "# ") && !is_literal;
  }
  end_paragraph(&p);
  buf_free(&p.word);
  buf_free(&p.seen);
}
