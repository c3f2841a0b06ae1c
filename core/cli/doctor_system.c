/* What this machine and this build give. */
#include "cli/doctor.h"

#include "keys/keys.h"
#include "net/net.h"
#include "schedule/zone.h"
#include "state/state.h"
#include "worker/worker.h"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 2026-01-01: an older clock was never set. */
#define CLOCK_LEAST_MS INT64_C(1767225600000)

static void look_at_lua(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  doctor_say(f, DOCTOR_OK, "%s", worker_version());
}

static void look_at_curl(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  const char *all = net_version(); /* "libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13 …" */
  const char *tls = all + strcspn(all, " ") + 1;
  int two = (int)(tls - all + (ptrdiff_t)strcspn(tls, " "));
  doctor_say(f, DOCTOR_OK, "%.*s, HTTP/2", two, all);
  if (strstr(all, "nghttp2")) return;
  doctor_say(f, DOCTOR_WARN, "%.*s, without HTTP/2", two, all);
  doctor_fix(f, "a libcurl with nghttp2 needs fewer connections");
}

static void look_at_sqlite(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  doctor_say(f, DOCTOR_OK, "%s; the state uses no WAL, whose reset fault was mended in 3.51.3",
             state_version());
}

static void look_at_sodium(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  doctor_say(f, DOCTOR_OK, "%s", keys_version());
}

static void look_at_editing(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
#ifdef HOKO_HAS_READLINE
  doctor_say(f, DOCTOR_OK, "readline; this binary is under the GPL's terms");
#else
  doctor_say(f, DOCTOR_WARN, "this build reads plain lines");
  doctor_fix(f, "build with -DHOKO_READLINE=ON for history and completion in hoko repl");
#endif
}

static void look_at_swap(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  if (secret_is_locked()) {
    doctor_say(f, DOCTOR_OK, "keys are kept out of swap");
    return;
  }
  doctor_say(f, DOCTOR_WARN, "keys may be written to swap: mlock fails");
  doctor_fix(f, "ulimit -l 8192, or LimitMEMLOCK=8M in the unit");
}

static void look_at_keyring(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  if (unlock_can_keep()) {
    doctor_say(f, DOCTOR_OK, "hoko key unlock can keep a keystore open for this login");
    return;
  }
  doctor_say(f, DOCTOR_WARN, "the kernel's keyring is shut, so hoko key unlock keeps nothing");
  doctor_fix(f, "containers often have none: HOKO_PASSPHRASE_FILE, or the systemd credential "
                "hoko-passphrase");
}

static void look_at_seccomp(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0) {
    doctor_say(f, DOCTOR_OK, "the kernel holds scripts in their cage");
    return;
  }
  doctor_say(f, DOCTOR_FAIL, "this kernel has no seccomp: scripts do not run");
  doctor_fix(f, "hoko run --allow-uncaged, for scripts that you trust");
}

static void look_at_landlock(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi > 0) {
    doctor_say(f, DOCTOR_OK, "ABI %ld: the worker has no path of its own", abi);
    return;
  }
  doctor_say(f, DOCTOR_WARN, "this kernel has no Landlock: one wall of the cage is missing");
  doctor_fix(f, "Linux 5.13 or later, with lsm=…,landlock on its command line");
}

static void look_at_zones(const struct doctor *d, struct doctor_finding *f) {
  (void)d;
  struct zone *zone;
  struct error err;
  if (zone_open(&zone, SLICE("Asia/Riyadh"), NULL, &err) == 0) {
    zone_close(zone);
    doctor_say(f, DOCTOR_OK, "%s", ZONE_FOLDER);
    return;
  }
  doctor_say(f, DOCTOR_WARN, "%s; schedules know UTC only", err.message);
  doctor_fix(f, "apt install tzdata");
}

static void look_at_clock(const struct doctor *d, struct doctor_finding *f) {
  char text[CLOCK_TEXT_SIZE];
  int64_t now = clock_wall_ms(d->cli->clock);
  clock_format(now, text);
  doctor_say(f, DOCTOR_OK, "%s", text);
  if (now >= CLOCK_LEAST_MS) return;
  doctor_say(f, DOCTOR_FAIL, "%s: it was never set, and TLS refuses every server", text);
  doctor_fix(f, "timedatectl set-ntp true");
  f->exit = EXIT_UNREACHABLE;
}

const struct doctor_check doctor_system[] = {
    {"Lua", look_at_lua},          {"libcurl", look_at_curl},        {"SQLite", look_at_sqlite},
    {"libsodium", look_at_sodium}, {"line editor", look_at_editing}, {"memory lock", look_at_swap},
    {"keyring", look_at_keyring},  {"seccomp", look_at_seccomp},     {"Landlock", look_at_landlock},
    {"time zones", look_at_zones}, {"clock", look_at_clock},         {NULL, NULL},
};
