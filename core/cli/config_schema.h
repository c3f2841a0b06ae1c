/* config_schema.h - every name that hoko.lua may use: type, range, default, place
 * in struct config.  The reader and the manual's page know nothing else. */
#ifndef HOKO_CLI_CONFIG_SCHEMA_H
#define HOKO_CLI_CONFIG_SCHEMA_H

#include "base/buf.h"
#include "cli/config.h"

enum config_kind {
  CONFIG_TEXT,     /* const char *, not empty */
  CONFIG_INT,      /* int64_t */
  CONFIG_RATE,     /* int64_t; "auto" is 0 */
  CONFIG_FACTOR,   /* double */
  CONFIG_DURATION, /* int64_t milliseconds, written "15m" */
  CONFIG_SIZE,     /* int64_t bytes, written "4MiB" or as a number of bytes */
  CONFIG_CHOICE,   /* int, index in choices */
  CONFIG_TEXTS,    /* struct config_texts */
  CONFIG_COMMANDS, /* the same, or true: the bool at `also` */
  CONFIG_TABLE,    /* a struct of fields, in place */
  CONFIG_JOBS,     /* a table of tables by name */
};

struct config_field {
  const char *name; /* NULL ends a table */
  enum config_kind kind;
  size_t offset;                     /* in the struct of its table */
  size_t also;                       /* of COMMANDS' bool */
  int64_t min, max;                  /* of numbers, milliseconds and bytes */
  int64_t fallback;                  /* default of all that are numbers or choices */
  const char *text_fallback;         /* default of TEXT; NULL stays NULL */
  const char *const *choices;        /* of CHOICE, NULL at the end */
  const struct config_field *fields; /* of TABLE, and of each table in JOBS */
  const char *example;               /* what a user would type as its value */
  bool is_required;
};

extern const struct config_field config_fields[]; /* of struct config */

/* Sets what FIELDS have in the zeroed BASE to its default.  -1: no memory. */
int config_set_defaults(const struct config_field *fields, void *base);

/* Appends what FIELD's value must be: "a whole number from 1 to 64". */
void config_field_put_expected(struct buf *b, const struct config_field *field);

#endif
