#include "keys/secret.h"

#include <sodium.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct secret {
  char *bytes; /* from sodium_malloc: cap bytes and a NUL */
  size_t len, cap;
  char origin[ORIGIN_SIZE];        /* "" unless it is a key */
  char header[SECRET_HEADER_SIZE]; /* the template */
  char label[SECRET_LABEL_SIZE];
};

static const char placeholder[] = "{key}";

struct secret *secret_new(size_t cap, struct error *err) {
  if (sodium_init() < 0) {
    error_set(err, ERROR_INTERNAL, "libsodium does not start");
    return NULL;
  }
  struct secret *s = calloc(1, sizeof *s);
  char *bytes = s ? sodium_malloc(cap + 1) : NULL;
  if (!bytes) {
    free(s);
    error_set(err, ERROR_MEMORY, "no memory for a secret");
    return NULL;
  }
  s->bytes = bytes;
  s->cap = cap;
  return s;
}

char *secret_room(struct secret *s) { return s->bytes; }

/* The system refuses mprotect() of our own pages only when it has no memory for its
 * map of them; then they stay as open as they were, which is a wall less and no leak. */
static void shut(const struct secret *s) { (void)sodium_mprotect_noaccess(s->bytes); }

void secret_filled(struct secret *s, size_t len) {
  s->len = len < s->cap ? len : s->cap;
  s->bytes[s->len] = '\0';
  shut(s);
}

struct secret *secret_of(struct slice bytes, struct error *err) {
  struct secret *s = secret_new(bytes.len, err);
  if (!s) return NULL;
  if (bytes.len > 0) memcpy(s->bytes, bytes.ptr, bytes.len);
  secret_filled(s, bytes.len);
  return s;
}

void secret_free(struct secret *s) {
  if (!s) return;
  sodium_free(s->bytes);
  free(s);
}

size_t secret_len(const struct secret *s) { return s->len; }

struct slice secret_open(const struct secret *s) {
  /* Without memory for it the pages stay shut, and reading would fault. */
  if (sodium_mprotect_readonly(s->bytes) != 0) abort();
  return (struct slice){s->bytes, s->len};
}

void secret_close(const struct secret *s) { shut(s); }

bool secret_equal(const struct secret *a, const struct secret *b) {
  if (a->len != b->len) return false;
  struct slice x = secret_open(a), y = a == b ? x : secret_open(b);
  bool is_equal = sodium_memcmp(x.ptr, y.ptr, x.len) == 0;
  secret_close(a);
  secret_close(b);
  return is_equal;
}

static int check_key(const struct secret *s, struct error *err) {
  if (s->len == 0) return error_set(err, ERROR_AUTH, "the key is empty");
  if (s->len > SECRET_KEY_LEN_MAX)
    return error_set(err, ERROR_AUTH, "the key has %zu bytes; at most %d are taken", s->len,
                     SECRET_KEY_LEN_MAX);
  struct slice bytes = secret_open(s);
  size_t good = 0;
  while (good < bytes.len && bytes.ptr[good] > ' ' && bytes.ptr[good] <= '~') good++;
  secret_close(s);
  if (good == s->len) return 0;
  error_set(err, ERROR_AUTH, "byte %zu of %zu of the key is a blank, a line end or no ASCII",
            good + 1, s->len);
  return error_hint(err, "copy the key again, alone, as it was shown when it was made");
}

/* Fields that belong to the connection: a key in one of them would break the request. */
static bool is_reserved(struct slice name) {
  static const char *const reserved[] = {"host",   "content-length", "transfer-encoding",
                                         "expect", "connection",     "upgrade",
                                         "origin", "referer",        "te"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (name.len == strlen(reserved[i]) && strncasecmp(name.ptr, reserved[i], name.len) == 0)
      return true;
  return false;
}

/* tchar of RFC 9110, 5.6.2. */
static bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return c != '\0' && strchr("!#$%&'*+-.^_`|~", c);
}

static const char *header_fault(const char *header) {
  size_t name_len = 0, len = strlen(header);
  if (len >= SECRET_HEADER_SIZE) return "it is longer than 256 bytes";
  while (is_token_char(header[name_len])) name_len++;
  if (name_len == 0 || header[name_len] != ':') return "it does not begin with a name and a colon";
  if (is_reserved((struct slice){header, name_len})) return "that header is not for keys";
  for (size_t i = 0; i < len; i++)
    if (header[i] < ' ' || header[i] > '~') return "it is not printable ASCII";
  const char *at = strstr(header + name_len, placeholder);
  if (!at) return "{key} is not in its value";
  if (strstr(at + 1, placeholder)) return "{key} is in it twice";
  return NULL;
}

int secret_check_header(const char *header, struct error *err) {
  const char *fault = header_fault(header);
  if (!fault) return 0;
  error_set(err, ERROR_USAGE, "the header of a key: %s", fault);
  return error_hint(err, "write it like 'X-Api-Key: {key}'");
}

int secret_bind(struct secret *s, const char *origin, const char *header, struct error *err) {
  char checked[ORIGIN_SIZE];
  if (check_key(s, err) != 0 || secret_check_header(header, err) != 0) return -1;
  if (origin_of_server(checked, slice_of(origin), err) != 0) return -1;
  if (!origin_is_safe(checked)) {
    error_set(err, ERROR_USAGE, "a key for %s would travel in clear", checked);
    return error_hint(err, "use https://; http:// is for this machine only");
  }
  memcpy(s->origin, checked, sizeof checked);
  memcpy(s->header, header, strlen(header) + 1);
  return 0;
}

const char *secret_origin(const struct secret *s) { return s->origin; }
const char *secret_template(const struct secret *s) { return s->header; }

void secret_set_label(struct secret *s, struct slice label) {
  (void)snprintf(s->label, sizeof s->label, "%.*s", SLICE_ARG(label));
}

const char *secret_label(const struct secret *s) { return s->label; }

struct secret *secret_header(const struct secret *s, const char *origin, struct error *err) {
  if (s->origin[0] == '\0' || strcmp(s->origin, origin) != 0) {
    error_set(err, ERROR_AUTH, "a key of %s is not sent to %s",
              s->origin[0] ? s->origin : "no server", origin);
    (void)error_hint(err, "hoko key add NAME --origin %s adds a key of that server", origin);
    return NULL;
  }
  struct secret *line = secret_new(strlen(s->header) + s->len, err);
  if (!line) return NULL;
  const char *at = strstr(s->header, placeholder), *tail = at + strlen(placeholder);
  size_t before = (size_t)(at - s->header);
  char *to = secret_room(line);
  memcpy(to, s->header, before);
  memcpy(to + before, secret_open(s).ptr, s->len);
  secret_close(s);
  memcpy(to + before + s->len, tail, strlen(tail));
  secret_filled(line, before + s->len + strlen(tail));
  return line;
}

void secret_fingerprint(const struct secret *s, char text[SECRET_FINGERPRINT_SIZE]) {
  /* Public, so that every host gives one key one fingerprint; it only keeps these
   * digests apart from other digests of the same bytes. */
  static const unsigned char context[] = "hoko key fingerprint, version 1";
  unsigned char digest[crypto_generichash_BYTES_MIN];
  struct slice bytes = secret_open(s);
  (void)crypto_generichash(digest, sizeof digest, (const unsigned char *)bytes.ptr, bytes.len,
                           context, sizeof context - 1);
  secret_close(s);
  (void)sodium_bin2hex(text, SECRET_FINGERPRINT_SIZE, digest, (SECRET_FINGERPRINT_SIZE - 1) / 2);
}

void secret_last_four(const struct secret *s, char text[SECRET_LAST_FOUR_SIZE]) {
  enum { SHOWN = SECRET_LAST_FOUR_SIZE - 1, ENOUGH = 2 * SHOWN };
  text[0] = '\0';
  if (s->len < ENOUGH) return;
  memcpy(text, secret_open(s).ptr + s->len - SHOWN, SHOWN + 1);
  secret_close(s);
}

int secret_from_environment(struct secret **key, const char *origin, struct error *err) {
  *key = NULL;
  char *value = getenv("HOKO_API_KEY");
  if (!value) return 0;
  struct secret *s = secret_of(slice_of(value), err);
  sodium_memzero(value, strlen(value));
  (void)unsetenv("HOKO_API_KEY"); /* cannot fail: the name has no "=" */
  if (!s) return -1;
  if (secret_bind(s, origin, SECRET_HEADER_DEFAULT, err) != 0) {
    secret_free(s);
    return error_context(err, "HOKO_API_KEY");
  }
  secret_set_label(s, SLICE("HOKO_API_KEY"));
  *key = s;
  return 0;
}

bool secret_is_locked(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  bool is_locked = sodium_mlock(page, size) == 0;
  (void)munmap(page, size);
  return is_locked;
}

int secret_harden_process(struct error *err) {
  const struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0)
    return error_errno(err, ERROR_INTERNAL, errno, "turning core dumps off");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return error_errno(err, ERROR_INTERNAL, errno, "hiding this process from debuggers");
  return 0;
}
