#include "cli/key_input.h"

#include <stdio.h>
#include <unistd.h>

struct unlock key_input_unlock(const struct cli *cli, const char *purpose) {
  bool has_fd = options_given(&cli->options, "passphrase-fd");
  return (struct unlock){.passphrase_fd =
                             has_fd ? (int)options_int(&cli->options, "passphrase-fd") : -1,
                         .purpose = purpose};
}

struct keystore *key_input_keystore(const struct cli *cli, const char *purpose, struct error *err) {
  struct unlock how = key_input_unlock(cli, purpose);
  if (secret_harden_process(err) != 0) return NULL;
  return unlock_open(&how, err);
}

static bool is_person(const struct cli *cli) { return isatty(term_in_fd(cli->term)) == 1; }

static struct secret *read_line(const struct cli *cli, struct error *err) {
  return prompt_read_fd(term_in_fd(cli->term), "standard input", err);
}

struct secret *key_input_secret(const struct cli *cli, const char *prompt, struct error *err) {
  return is_person(cli) ? prompt_secret(prompt, err) : read_line(cli, err);
}

struct secret *key_input_secret_twice(const struct cli *cli, const char *prompt,
                                      struct error *err) {
  return is_person(cli) ? prompt_secret_twice(prompt, "The same again: ", err)
                        : read_line(cli, err);
}

struct secret *key_input_key(const struct cli *cli, const struct keystore_entry *entry,
                             struct error *err) {
  char prompt[KEYSTORE_NAME_SIZE + ORIGIN_SIZE + 64];
  (void)snprintf(prompt, sizeof prompt, "Key %s for %s: ", entry->name, entry->origin);
  struct secret *key = key_input_secret(cli, prompt, err);
  if (!key || secret_bind(key, entry->origin, entry->header, err) == 0) return key;
  secret_free(key);
  return NULL;
}

void key_input_ending(char text[KEY_INPUT_ENDING_SIZE], const struct secret *key) {
  char last[SECRET_LAST_FOUR_SIZE];
  secret_last_four(key, last);
  (void)snprintf(text, KEY_INPUT_ENDING_SIZE, last[0] ? ", which ends in …%s" : "%s", last);
}

int key_input_expires(const struct cli *cli, int64_t *ms, struct error *err) {
  enum { DAY_LEN = 10 };
  const char *text = options_text(&cli->options, "expires");
  char instant[64];
  *ms = 0;
  if (!text) return 0;
  (void)snprintf(instant, sizeof instant, "%s%s", text,
                 strlen(text) == DAY_LEN ? "T00:00:00Z" : "");
  if (clock_parse(slice_of(instant), ms) != 0 || *ms <= 0) {
    error_set(err, ERROR_USAGE, "--expires: \"%.80s\" is no date", text);
    return error_hint(err, "--expires 2027-01-31, or with a time: 2027-01-31T12:00:00Z");
  }
  if (*ms > clock_wall_ms(cli->clock)) return 0;
  return error_set(err, ERROR_USAGE, "--expires: %s is over already", text);
}
