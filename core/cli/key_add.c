#include "cli/key.h"
#include "cli/key_input.h"
#include "cli/project.h"

#include <stdio.h>

static const struct option add_options[] = {
    {.name = "origin",
     .type = OPTION_TEXT,
     .value = "URL",
     .help = "the server that the key is for; without it that of the base URL in force"},
    {.name = "header",
     .type = OPTION_TEXT,
     .value = "TEXT",
     .fallback = SECRET_HEADER_DEFAULT,
     .help = "how a request carries it"},
    {.name = "expires",
     .type = OPTION_TEXT,
     .value = "DATE",
     .help = "when it ends, as 2027-01-31, for list and metrics to tell"},
    OPTION_END,
};

static int find_origin(const struct cli *cli, char origin[ORIGIN_SIZE], struct error *err) {
  const char *given = options_text(&cli->options, "origin");
  struct project p;
  if (given)
    return origin_of_server(origin, slice_of(given), err) ? error_context(err, "--origin") : 0;
  if (project_open(&p, cli, NULL, err) != 0) return -1;
  memcpy(origin, p.origin, ORIGIN_SIZE);
  project_free(&p);
  return 0;
}

/* What is wrong with the request itself is told before a person types anything. */
static int check_add(const struct cli *cli, struct keystore_entry *entry, struct error *err) {
  const char *name = cli->args[0], *header = options_text(&cli->options, "header");
  if (keystore_check_name(name, err) != 0 || secret_check_header(header, err) != 0) return -1;
  if (key_input_expires(cli, &entry->expires_ms, err) != 0) return -1;
  if (find_origin(cli, entry->origin, err) != 0) return -1;
  (void)snprintf(entry->name, sizeof entry->name, "%s", name);
  (void)snprintf(entry->header, sizeof entry->header, "%s", header);
  if (origin_is_safe(entry->origin)) return 0;
  error_set(err, ERROR_USAGE, "a key for %s would travel in clear", entry->origin);
  return error_hint(err, "--origin https://%s", entry->origin + strlen("http://"));
}

static int add_to(struct cli *cli, struct keystore *ks, struct keystore_entry *entry,
                  const struct secret *key, struct error *err) {
  char ending[KEY_INPUT_ENDING_SIZE];
  entry->added_ms = clock_wall_ms(cli->clock);
  if (keystore_add(ks, entry, key, err) != 0) return -1;
  key_input_ending(ending, key);
  term_note(cli->term, "added the key %s for %s%s", entry->name, entry->origin, ending);
  return 0;
}

static int add_to_existing(struct cli *cli, struct keystore_entry *entry, struct error *err) {
  struct keystore *ks = key_input_keystore(cli, "add a key", err);
  if (!ks) return -1;
  int rc = -1;
  struct secret *key = NULL;
  if (keystore_find(ks, entry->name, NULL)) {
    error_set(err, ERROR_USAGE, "there is a key \"%s\" in the keystore already", entry->name);
    error_hint(err, "hoko key rotate %s puts a new key of the same server in its place",
               entry->name);
  } else if ((key = key_input_key(cli, entry, err))) {
    rc = add_to(cli, ks, entry, key, err);
  }
  secret_free(key);
  keystore_free(ks);
  return rc;
}

static int add_to_new(struct cli *cli, const char *path, struct keystore_entry *entry,
                      struct error *err) {
  struct unlock how = key_input_unlock(cli, "add a key");
  struct secret *passphrase = unlock_new_passphrase(path, &how, err);
  struct secret *key = passphrase ? key_input_key(cli, entry, err) : NULL;
  struct keystore *ks = key ? keystore_create(path, passphrase, KEYSTORE_KDF_MODERATE, err) : NULL;
  int rc = -1;
  if (ks) {
    term_note(cli->term, "made the keystore %s", path);
    rc = add_to(cli, ks, entry, key, err);
  }
  keystore_free(ks);
  secret_free(key);
  secret_free(passphrase);
  return rc;
}

static int run_add(struct cli *cli) {
  struct error err;
  struct keystore_entry entry = {.added_ms = 0};
  char path[PATH_SIZE];
  int rc = check_add(cli, &entry, &err);
  if (rc == 0) rc = keystore_path(path, &err);
  if (rc == 0) rc = secret_harden_process(&err);
  if (rc == 0)
    rc = keystore_exists(path) ? add_to_existing(cli, &entry, &err)
                               : add_to_new(cli, path, &entry, &err);
  return rc == 0 ? EXIT_OK : command_fail(cli, &err);
}

const struct command key_add = {
    .name = "add",
    .summary = "store a key, read from the terminal or from standard input",
    .usage = "NAME",
    .options = add_options,
    .run = run_add,
    .args_min = 1,
    .args_max = 1,
};
