/* The keystore from the command line.  What was asked for goes to stdout, what was done
 * to stderr; a key or passphrase is never an argument. */
#include "cli/key.h"

#include "base/number.h"
#include "cli/commands.h"
#include "cli/key_input.h"

#include <stdio.h>

/* The end of a command that changed or did not change KS, which is freed. */
static int finish(struct cli *cli, struct keystore *ks, int rc, const struct error *err) {
  keystore_free(ks);
  return rc == 0 ? EXIT_OK : command_fail(cli, err);
}

static int run_rename(struct cli *cli) {
  struct error err;
  struct keystore *ks = key_input_keystore(cli, "rename a key", &err);
  int rc = ks ? keystore_rename(ks, cli->args[0], cli->args[1], &err) : -1;
  if (rc == 0) term_note(cli->term, "%s is now called %s", cli->args[0], cli->args[1]);
  return finish(cli, ks, rc, &err);
}

static const struct command key_rename = {
    .name = "rename",
    .summary = "give a key another name",
    .usage = "OLD NEW",
    .run = run_rename,
    .args_min = 2,
    .args_max = 2,
};

static int run_remove(struct cli *cli) {
  struct error err;
  struct keystore *ks = key_input_keystore(cli, "remove a key", &err);
  int rc = ks ? keystore_remove(ks, cli->args[0], &err) : -1;
  if (rc == 0)
    term_note(cli->term, "removed the key %s; Hoko still takes it until it is revoked there",
              cli->args[0]);
  return finish(cli, ks, rc, &err);
}

static const struct command key_remove = {
    .name = "remove",
    .summary = "forget a key",
    .usage = "NAME",
    .run = run_remove,
    .args_min = 1,
    .args_max = 1,
};

static const char *const kdfs[] = {
    [KEYSTORE_KDF_MODERATE] = "moderate", [KEYSTORE_KDF_INTERACTIVE] = "interactive", NULL};

static const struct option passwd_options[] = {
    {.name = "kdf",
     .type = OPTION_CHOICE,
     .value = "COST",
     .fallback = "moderate",
     .choices = kdfs,
     .help = "what unlocking costs: a second and 256 MiB, or a tenth and 64 MiB"},
    OPTION_END,
};

static int set_passphrase(const struct cli *cli, struct keystore *ks, struct error *err) {
  enum keystore_kdf kdf = (enum keystore_kdf)options_choice(&cli->options, "kdf");
  char prompt[PATH_SIZE + 64];
  (void)snprintf(prompt, sizeof prompt,
                 "New passphrase for the keystore %s: ", keystore_path_of(ks));
  struct secret *passphrase = key_input_secret_twice(cli, prompt, err);
  int rc = -1;
  if (passphrase && secret_len(passphrase) == 0)
    error_set(err, ERROR_AUTH, "an empty passphrase protects nothing");
  else if (passphrase)
    rc = keystore_passwd(ks, passphrase, kdf, err);
  secret_free(passphrase);
  return rc;
}

static int run_passwd(struct cli *cli) {
  struct error err;
  struct keystore *ks = key_input_keystore(cli, "change its passphrase", &err);
  int rc = ks ? set_passphrase(cli, ks, &err) : -1;
  if (rc == 0) {
    bool was_kept = unlock_forget(ks);
    term_note(cli->term, "the passphrase is changed%s",
              was_kept ? "; hoko key unlock again, the session is locked" : "");
  }
  return finish(cli, ks, rc, &err);
}

static const struct command key_passwd = {
    .name = "passwd",
    .summary = "change the passphrase, or what unlocking costs",
    .usage = "",
    .options = passwd_options,
    .run = run_passwd,
};

static const struct option unlock_options[] = {
    {.name = "for",
     .type = OPTION_DURATION,
     .value = "TIME",
     .fallback = "8h",
     .min = 1000,
     .help = "how long it stays unlocked"},
    OPTION_END,
};

static int run_unlock(struct cli *cli) {
  struct error err;
  int64_t for_ms = options_int(&cli->options, "for");
  struct keystore *ks = key_input_keystore(cli, "keep it unlocked", &err);
  int rc = ks ? unlock_keep(ks, for_ms, &err) : -1;
  struct buf time = BUF_WITH_LIMIT(128);
  number_put_duration(&time, for_ms);
  const char *text = buf_text(&time);
  if (rc == 0)
    term_note(cli->term, "unlocked for %s, for every program of this user",
              text ? text : "a while");
  buf_free(&time);
  return finish(cli, ks, rc, &err);
}

static const struct command key_unlock = {
    .name = "unlock",
    .summary = "keep the keystore unlocked for a while, in the kernel's keyring",
    .usage = "",
    .options = unlock_options,
    .run = run_unlock,
};

static int run_lock(struct cli *cli) {
  struct error err;
  char path[PATH_SIZE];
  struct keystore *ks = keystore_path(path, &err) == 0 ? keystore_open(path, &err) : NULL;
  if (ks) term_note(cli->term, "%s", unlock_forget(ks) ? "locked" : "it was not unlocked");
  return finish(cli, ks, ks ? 0 : -1, &err);
}

static const struct command key_lock = {
    .name = "lock",
    .summary = "forget what unlock kept",
    .usage = "",
    .run = run_lock,
};

static const struct command *const subs[] = {&key_add,    &key_list,   &key_test,   &key_rotate,
                                             &key_rename, &key_remove, &key_passwd, &key_unlock,
                                             &key_lock,   NULL};

const struct command command_key = {
    .name = "key",
    .summary = "the keystore: keys that no script sees",
    .usage = "",
    .subs = subs,
};
