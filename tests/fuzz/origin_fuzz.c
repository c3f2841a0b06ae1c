/* An origin is its own origin, has nothing that needs escaping, a host and a port. */
#include "base/origin.h"

#include "check.h"

static void check_text(const char *origin) {
  size_t len = strlen(origin);
  check(len > 0 && len < ORIGIN_SIZE);
  for (size_t i = 0; i < len; i++) {
    check(origin[i] > ' ' && origin[i] < 0x7f && !(origin[i] >= 'A' && origin[i] <= 'Z'));
    check(!strchr("@\\%?#", origin[i]));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char origin[ORIGIN_SIZE], again[ORIGIN_SIZE];
  struct error err;
  if (origin_of_url(origin, (struct slice){(const char *)data, len}, &err) != 0) {
    check(err.code == ERROR_USAGE && err.message[0] != '\0');
    return 0;
  }
  check_text(origin);
  check(origin_of_url(again, slice_of(origin), &err) == 0 && strcmp(origin, again) == 0);
  check(origin_host(origin).len > 0);
  check(origin_port(origin) >= 1 && origin_port(origin) <= 65535);
  check(origin_is_safe(origin) || strncmp(origin, "http://", 7) == 0);
  return 0;
}
