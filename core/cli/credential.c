#include "cli/credential.h"

#include "cli/key_input.h"

#include <stdio.h>

static int no_key(const char *path, struct error *err) {
  (void)error_set(err, ERROR_AUTH,
                  "there is no key: HOKO_API_KEY is not set, and there is no keystore at %s", path);
  return error_hint(err, "hoko key add default");
}

/* *KEPT is there, unlocked and as its file is now. */
static int need_keystore(struct cli *cli, const char *why, struct keystore **kept,
                         struct error *err) {
  bool is_changed;
  if (*kept) return keystore_refresh(*kept, &is_changed, err);
  struct unlock how = key_input_unlock(cli, why);
  *kept = unlock_open(&how, err);
  return *kept ? 0 : -1;
}

static int from_keystore(struct cli *cli, const struct project *p, const char *purpose,
                         struct keystore **kept, struct secret **key, struct error *err) {
  char why[PROJECT_URL_SIZE + 64];
  (void)snprintf(why, sizeof why, "%s with %s", purpose, p->origin);
  if (need_keystore(cli, why, kept, err)) return -1;
  *key = keystore_key(*kept, p->key, err);
  bool is_sent = *key && strcmp(secret_origin(*key), p->origin) == 0;
  if (is_sent) keystore_note_used(*kept, p->key, clock_wall_ms(cli->clock));
  return *key ? 0 : -1;
}

int credential_find_kept(struct cli *cli, const struct project *p, const char *purpose,
                         struct keystore **kept, struct secret **key, struct error *err) {
  char path[PATH_SIZE];
  *key = NULL;
  if (secret_harden_process(err)) return -1;
  bool is_named = options_text(&cli->options, "key") != NULL;
  if (!is_named && secret_from_environment(key, p->origin, err)) return -1;
  if (*key) return 0;
  if (keystore_path(path, err)) return -1;
  if (!keystore_exists(path)) return no_key(path, err);
  return from_keystore(cli, p, purpose, kept, key, err);
}

int credential_find(struct cli *cli, const struct project *p, const char *purpose,
                    struct secret **key, struct error *err) {
  struct keystore *kept = NULL;
  int rc = credential_find_kept(cli, p, purpose, &kept, key, err);
  keystore_free(kept);
  return rc;
}

int credential_named(struct cli *cli, const char *purpose, const char *name, struct keystore **kept,
                     struct secret **key, struct error *err) {
  char path[PATH_SIZE], why[KEYSTORE_NAME_SIZE + 64];
  if (secret_harden_process(err) || keystore_path(path, err)) return -1;
  if (!keystore_exists(path)) {
    (void)error_set(err, ERROR_AUTH, "there is no key \"%s\": there is no keystore at %s", name,
                    path);
    return error_hint(err, "hoko key add %s --origin URL", name);
  }
  (void)snprintf(why, sizeof why, "%s with the key \"%s\"", purpose, name);
  if (need_keystore(cli, why, kept, err)) return -1;
  *key = keystore_key(*kept, name, err);
  if (!*key) return -1;
  keystore_note_used(*kept, name, clock_wall_ms(cli->clock));
  return 0;
}
