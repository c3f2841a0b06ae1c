#include "schedule/guard.h"

#include "base/file.h"
#include "base/path.h"
#include "base/random.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

static void make_token(char token[GUARD_TOKEN_SIZE]) {
  uint8_t random[16];
  random_bytes(random, sizeof random);
  for (size_t i = 0; i < sizeof random; i++) (void)snprintf(token + 2 * i, 3, "%02x", random[i]);
}

static bool is_token(struct slice s) {
  if (s.len != GUARD_TOKEN_SIZE - 1) return false;
  for (size_t i = 0; i < s.len; i++)
    if (!strchr("0123456789abcdef", s.ptr[i])) return false;
  return true;
}

/* How long it takes tells nothing of where they differ. */
static bool is_same(const struct guard *g, struct slice given) {
  unsigned char differs = 0;
  if (given.len != GUARD_TOKEN_SIZE - 1) return false;
  for (size_t i = 0; i < given.len; i++)
    differs = (unsigned char)(differs | (g->token[i] ^ given.ptr[i]));
  return differs == 0;
}

static int write_link(const struct guard *g, const char *folder, struct error *err) {
  char path[PATH_SIZE], link[128];
  int len =
      snprintf(link, sizeof link, "http://127.0.0.1:%u/?token=%s\n", (unsigned)g->port, g->token);
  if (path_join(path, folder, ".hoko/web-link") != 0)
    return error_set(err, ERROR_STATE, "path too long: %s/.hoko", folder);
  return file_replace(path, (struct slice){link, (size_t)len}, 0600, err);
}

int guard_open(struct guard *g, const char *folder, uint16_t port, struct error *err) {
  char path[PATH_SIZE];
  struct buf text = BUF_WITH_LIMIT(256);
  if (path_join(path, folder, ".hoko/web-token") != 0)
    return error_set(err, ERROR_STATE, "path too long: %s/.hoko", folder);
  g->port = port;
  bool is_there = access(path, F_OK) == 0 && file_read(&text, path, err) == 0;
  if (is_there && text.len > 0 && text.ptr[text.len - 1] == '\n') text.len--;
  if (is_there && is_token(buf_slice(&text)))
    memcpy(g->token, text.ptr, text.len);
  else
    make_token(g->token);
  g->token[GUARD_TOKEN_SIZE - 1] = '\0';
  int result = file_replace(path, slice_of(g->token), 0600, err);
  buf_free(&text);
  return result == 0 ? write_link(g, folder, err) : -1;
}

bool guard_is_our_name(const struct guard *g, const struct web_request *r) {
  static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
  struct slice host = web_request_header(r, "Host");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char ours[64];
    (void)snprintf(ours, sizeof ours, "%s:%u", names[i], (unsigned)g->port);
    if (host.len == strlen(ours) && strncasecmp(host.ptr, ours, host.len) == 0) return true;
  }
  return false;
}

bool guard_has_token(const struct guard *g, const struct web_request *r) {
  for (size_t i = 0; i < r->args_len; i++)
    if (slice_is(r->args[i].name, "token") && is_same(g, r->args[i].value)) return true;
  return false;
}

/* Cookies do not tell ports apart, so ours has it in its name. */
static int name_cookie(const struct guard *g, char name[32]) {
  return snprintf(name, 32, "hoko-%u=", (unsigned)g->port);
}

bool guard_has_cookie(const struct guard *g, const struct web_request *r) {
  char name[32];
  size_t len = (size_t)name_cookie(g, name);
  struct slice rest = web_request_header(r, "Cookie");
  while (rest.len > 0) {
    const char *end = memchr(rest.ptr, ';', rest.len);
    struct slice one = {rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len};
    rest = end ? (struct slice){end + 1, rest.len - one.len - 1} : (struct slice){0};
    while (one.len > 0 && *one.ptr == ' ') one = (struct slice){one.ptr + 1, one.len - 1};
    if (one.len > len && memcmp(one.ptr, name, len) == 0 &&
        is_same(g, (struct slice){one.ptr + len, one.len - len}))
      return true;
  }
  return false;
}

void guard_give_cookie(const struct guard *g, struct web_answer *a) {
  char name[32];
  (void)name_cookie(g, name);
  web_answer_header(a, "Set-Cookie", "%s%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000",
                    name, g->token);
}

bool guard_is_our_form(const struct guard *g, const struct web_request *r) {
  static const char field[] = "token=";
  char ours[96];
  struct slice origin = web_request_header(r, "Origin"), host = web_request_header(r, "Host");
  struct slice site = web_request_header(r, "Sec-Fetch-Site");
  struct slice body = buf_slice(&r->body);
  (void)snprintf(ours, sizeof ours, "http://%.*s", SLICE_ARG(host));
  if (origin.len > 0 && !slice_is(origin, ours)) return false;
  if (site.len > 0 && !slice_is(site, "same-origin")) return false;
  if (body.len < sizeof field || memcmp(body.ptr, field, sizeof field - 1) != 0) return false;
  return is_same(g, (struct slice){body.ptr + sizeof field - 1, body.len - (sizeof field - 1)});
}
