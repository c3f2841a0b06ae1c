/* scdoc.h - the few forms of scdoc(5) that the manual uses, shown on a terminal.
 *
 * "# HEADING"; paragraphs, which are filled; lines that begin with a tab, which
 * are the meaning of the line before; "- item"; literal lines between two lines
 * of ```; "++" at a line's end, which begins a new one; *bold*, _underlined_, and \
 * before a character that stands for itself. */
#ifndef HOKO_CLI_SCDOC_H
#define HOKO_CLI_SCDOC_H

#include "base/buf.h"

struct scdoc_style {
  const char *bold, *underline, *plain; /* escape sequences, or "" */
  size_t columns;
};

/* Appends SOURCE, as it looks in STYLE, to B. */
void scdoc_show(struct buf *b, struct slice source, const struct scdoc_style *style);
/* Appends TEXT so that scdoc shows it as it is. */
void scdoc_escape(struct buf *b, const char *text);

#endif
