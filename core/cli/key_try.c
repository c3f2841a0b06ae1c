/* The commands that show a key to Hoko: `hoko key test` and `hoko key rotate`. */
#include "cli/credential.h"
#include "cli/key.h"
#include "cli/key_input.h"
#include "cli/key_probe.h"
#include "cli/project.h"

/* A key of another server than the base URL's cannot be tried: which request of it would be
 * harmless is not known. */
static int other_origin(const struct project *p, const struct secret *key, struct error *err) {
  error_set(err, ERROR_AUTH,
            "this key is for %s, and the base URL in force is %s: nothing was sent",
            secret_origin(key), p->base_url);
  return error_hint(err, "only keys of Hoko can be tested; --base-url says where Hoko is");
}

/* NAME's key, or without one that which a run would use. */
static int find_key(struct cli *cli, struct project *p, struct secret **key, struct error *err) {
  *key = NULL;
  if (cli->args_len == 0) return credential_find(cli, p, "test the key", key, err);
  struct keystore *ks = key_input_keystore(cli, "test a key", err);
  if (ks) *key = keystore_key(ks, cli->args[0], err);
  bool is_sent = *key && strcmp(secret_origin(*key), p->origin) == 0;
  if (is_sent) keystore_note_used(ks, cli->args[0], clock_wall_ms(cli->clock));
  keystore_free(ks);
  return *key ? 0 : -1;
}

static int test(struct cli *cli, struct project *p, struct error *err) {
  char fingerprint[SECRET_FINGERPRINT_SIZE];
  struct secret *key;
  if (find_key(cli, p, &key, err) != 0) return -1;
  int rc = strcmp(secret_origin(key), p->origin) == 0 ? key_probe(cli, p, key, err)
                                                      : other_origin(p, key, err);
  secret_fingerprint(key, fingerprint);
  secret_free(key);
  if (rc != 0) return -1;
  term_printf(cli->term,
              "the key works at %s and may read partners\n"
              "whether it may write shows at the first write: Hoko has no harmless way to ask\n"
              "fingerprint %s\n",
              p->base_url, fingerprint);
  return 0;
}

static int run_test(struct cli *cli) {
  struct error err;
  struct project p;
  if (project_open(&p, cli, NULL, &err) != 0) return command_fail(cli, &err);
  int rc = test(cli, &p, &err);
  project_free(&p);
  return rc == 0 ? EXIT_OK : command_fail(cli, &err);
}

const struct command key_test = {
    .name = "test",
    .summary = "try a key with one harmless read",
    .usage = "[NAME]",
    .run = run_test,
    .args_max = 1,
};

static const struct option rotate_options[] = {
    {.name = "expires",
     .type = OPTION_TEXT,
     .value = "DATE",
     .help = "when the new key ends, as 2027-01-31"},
    OPTION_END,
};

static int try_key(struct cli *cli, const struct project *p, const struct secret *key,
                   struct error *err) {
  if (strcmp(secret_origin(key), p->origin) != 0) {
    term_note(cli->term, "not tried: only a key for %s could be", p->origin);
    return 0;
  }
  if (key_probe(cli, p, key, err) == 0) return 0;
  return error_context(err, "the new key was not taken, the old one stays");
}

static int rotate(struct cli *cli, const struct project *p, struct keystore *ks,
                  struct error *err) {
  struct keystore_entry entry;
  int64_t expires_ms;
  if (key_input_expires(cli, &expires_ms, err) != 0) return -1;
  if (!keystore_find(ks, cli->args[0], &entry)) {
    secret_free(
        keystore_key(ks, cli->args[0], err)); /* says that there is none, and which is near */
    return -1;
  }
  struct secret *key = key_input_key(cli, &entry, err);
  if (!key) return -1;
  int rc = try_key(cli, p, key, err);
  if (rc == 0)
    rc = keystore_replace(ks, entry.name, key, clock_wall_ms(cli->clock), expires_ms, err);
  char ending[KEY_INPUT_ENDING_SIZE];
  key_input_ending(ending, key);
  if (rc == 0) term_note(cli->term, "%s has a new key%s", entry.name, ending);
  secret_free(key);
  return rc;
}

static int run_rotate(struct cli *cli) {
  struct error err;
  struct project p;
  if (project_open(&p, cli, NULL, &err) != 0) return command_fail(cli, &err);
  struct keystore *ks = key_input_keystore(cli, "rotate a key", &err);
  int rc = ks ? rotate(cli, &p, ks, &err) : -1;
  project_free(&p);
  keystore_free(ks);
  return rc == 0 ? EXIT_OK : command_fail(cli, &err);
}

const struct command key_rotate = {
    .name = "rotate",
    .summary = "try a new key, then put it in the place of the old one",
    .usage = "NAME",
    .options = rotate_options,
    .run = run_rotate,
    .args_min = 1,
    .args_max = 1,
};
