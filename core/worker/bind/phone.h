/* phone.h - telephone numbers as people write them, in the form of E.164: a plus,
 * the country's code, the national number without its trunk prefix. */
#ifndef HOKO_WORKER_BIND_PHONE_H
#define HOKO_WORKER_BIND_PHONE_H

#include "base/slice.h"

enum { PHONE_SIZE = 17 }; /* "+", at most 15 digits, NUL */

/* How a country's subscribers are dialled: geographic and mobile numbers; service
 * numbers (0800, short codes) mostly cannot be called from abroad. */
struct phone_country {
  char iso[3];            /* ISO 3166-1 alpha-2 */
  char code[4];           /* behind the plus */
  char trunk[3];          /* before a national number inside the country, or "" */
  unsigned char min, max; /* digits of a national number, without trunk */
  enum { PHONE_PLAIN, PHONE_KEEPS_ZERO, PHONE_NANP } plan;
};

/* NULL: no such country in the table.  Any letter case. */
const struct phone_country *phone_country(struct slice iso);
/* The table, for whose codes begin equal the first: COUNTRIES_LEN rows. */
const struct phone_country *phone_countries(size_t *countries_len);

/* Reads TEXT as someone in HOME dials it; "+" or the prefix for calls abroad lead
 * to any country.  Extensions and second numbers behind it are left out.  false:
 * no number of that length can be. */
bool phone_read(struct slice text, const struct phone_country *home, char to[PHONE_SIZE]);

/* Appends the decimal digits of TEXT to TO, which has room for TEXT.len, and
 * returns how many; Arabic, Persian and full-width digits count. */
size_t phone_digits(char *to, struct slice text);

#endif
