#include "cli/credential.h"

#include "cli/key_input.h"

#include <stdio.h>

static int no_key(const char *path, struct error *err) {
  (void)error_set(err, ERROR_AUTH, "there is no key: HOKO_API_KEY is not set, and there is no keystore at %s", path);
  return error_hint(err, "hoko key add default");
}

static int from_keystore(struct cli *cli, const struct project *p, const char *purpose, struct secret **key,
                         struct error *err) {
  char why[PROJECT_URL_SIZE + 64];
  (void)snprintf(why, sizeof why, "%s with %s", purpose, p->origin);
  struct unlock how = key_input_unlock(cli, why);
  struct keystore *ks = unlock_open(&how, err);
  if (!ks) return -1;
  *key = keystore_key(ks, p->key, err);
  bool is_sent = *key && strcmp(secret_origin(*key), p->origin) == 0;
  if (is_sent) keystore_note_used(ks, p->key, clock_wall_ms(cli->clock));
  keystore_free(ks);
  return *key ? 0 : -1;
}

int credential_find(struct cli *cli, const struct project *p, const char *purpose, struct secret **key,
                    struct error *err) {
  char path[PATH_SIZE];
  *key = NULL;
  if (secret_harden_process(err)) return -1;
  bool is_named = options_text(&cli->options, "key") != NULL;
  if (!is_named && secret_from_environment(key, p->origin, err)) return -1;
  if (*key) return 0;
  if (keystore_path(path, err)) return -1;
  if (!keystore_exists(path)) return no_key(path, err);
  return from_keystore(cli, p, purpose, key, err);
}
