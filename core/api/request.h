/* request.h - bodies of requests, from rows. */
#ifndef HOKO_API_REQUEST_H
#define HOKO_API_REQUEST_H

#include "base/row.h"

enum { REQUEST_ROWS_MAX = 10000 };

/* Appends ROW as an object, with a comma before it unless IS_FIRST.  A create leaves id
 * and null fields out (hoko-api 4.2, 32).  Begin with "[" and end with "]". */
void request_put_row(struct buf *body, const struct row *row, bool is_create, bool is_first);
/* The bytes that it takes, comma included. */
size_t request_row_size(const struct row *row, bool is_create);

#endif
