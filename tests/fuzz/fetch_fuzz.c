/* What a worker may ask of hoko.http: method, URL and header lines, each ended by a NUL. */
#include "check.h"
#include "net/flow.h"

#include <curl/curl.h>
#include <strings.h>

static struct slice take(struct slice *rest) {
  const char *end = rest->len ? memchr(rest->ptr, '\0', rest->len) : NULL;
  struct slice first = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
  size_t used = first.len + (end ? 1 : 0);
  *rest = (struct slice){rest->ptr + used, rest->len - used};
  return first;
}

/* One line of the request stays one, and none is libcurl's or the server's to say. */
static void check_lines(const struct fetch *f) {
  for (const struct curl_slist *l = f->lines; l; l = l->next) {
    check(!strpbrk(l->data, "\r\n"));
    check(strncasecmp(l->data, "Host", 4) != 0 || !strchr(":;", l->data[4]));
    check(strncasecmp(l->data, "Content-Length:", 15) != 0);
    check(strncasecmp(l->data, "Transfer-Encoding:", 18) != 0);
  }
}

/* libcurl reads the URL as the origin that was looked up in the reach. */
static void check_server(const struct fetch *f) {
  char *host = NULL, *user = NULL;
  CURLU *url = curl_url();
  check(url && curl_url_set(url, CURLUPART_URL, f->url.ptr, 0) == CURLUE_OK);
  check(curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK);
  check(curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
  check(strcmp(host, "crm.example") == 0 || strcmp(host, "10.1.2.3") == 0 ||
        strcmp(host, "[::1]") == 0);
  curl_free(host);
  curl_url_cleanup(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const words[] = {"crm.example", "10.1.2.3:8080", "::1", NULL};
  struct error err;
  struct slice rest = {(const char *)data, size};
  struct reach *reach = reach_new(words, &err);
  check(reach != NULL);
  struct fetch_request r = {.reach = reach, .timeout_ms = 1000, .clock = &clock_real};
  r.method = take(&rest);
  r.url = take(&rest);
  r.headers = take(&rest);
  r.body = rest;
  struct fetch *f = fetch_new(&r, &err);
  if (f) {
    check_lines(f);
    check_server(f);
  }
  fetch_free(f);
  reach_free(reach);
  return 0;
}
