#include "net/easy.h"

#include <assert.h>

CURLcode easy_set_callbacks(CURL *easy, const struct easy_callbacks *callbacks, void *owner,
                            char *detail) {
  CURLcode bad = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callbacks->on_attempt);
  bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, owner);
  bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callbacks->on_socket);
  bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, owner);
  bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callbacks->on_header);
  bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, owner);
  bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callbacks->on_body);
  bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, owner);
  bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
  bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, owner);
  return bad;
}

void *easy_owner(CURL *easy) {
  char *owner = NULL;
  CURLcode code = curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
  assert(code == CURLE_OK && owner);
  (void)code;
  return owner;
}

CURLcode easy_set_connection(CURL *easy, const char *proxy, int64_t connect_timeout_ms) {
  CURLcode bad = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  bad |= curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
  bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  bad |= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "hoko/" HOKO_VERSION);
  bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout_ms);
  bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  return bad;
}

enum exchange_end easy_explain(CURL *easy, struct fault_facts *facts, struct error *err) {
  long os_errno = 0;
  char *address = NULL;
  (void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &facts->verify_result);
  (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
  (void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
  facts->os_errno = (int)os_errno;
  facts->address = address ? address : "";
  return fault_explain(facts, err);
}
