#include "net/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

struct fault_case {
  struct fault_facts facts;
  enum exchange_end end;
  const char *message, *hint; /* parts of them */
};

#define VERIFY .code = CURLE_PEER_FAILED_VERIFICATION, .detail = "SSL certificate problem: x"

static const struct fault_case cases[] = {
    {{VERIFY, .verify_result = 10},
     EXCHANGE_TLS_REFUSED,
     "the certificate of hoko.to has expired",
     "clock"},
    {{VERIFY, .verify_result = 9}, EXCHANGE_TLS_REFUSED, "not valid yet", "`date`"},
    {{VERIFY, .verify_result = 18}, EXCHANGE_TLS_REFUSED, "self-signed", "update-ca-certificates"},
    {{VERIFY, .verify_result = 19}, EXCHANGE_TLS_REFUSED, "self-signed", "update-ca-certificates"},
    {{VERIFY, .verify_result = 20},
     EXCHANGE_TLS_REFUSED,
     "issuer that is not known",
     "ca-certificates"},
    {{VERIFY, .verify_result = 21},
     EXCHANGE_TLS_REFUSED,
     "issuer that is not known",
     "ca-certificates"},
    {{VERIFY, .verify_result = 26},
     EXCHANGE_TLS_REFUSED,
     "no trusted connection to https://hoko.to: SSL",
     ""},
    {{.code = CURLE_PEER_FAILED_VERIFICATION,
      .detail = "SSL: no alternative certificate subject name matches target host name 'hoko.to'"},
     EXCHANGE_TLS_REFUSED,
     "is for another host",
     "base URL"},
    {{.code = CURLE_SSL_CONNECT_ERROR,
      .detail = "error:0A00010B:SSL routines::wrong version number"},
     EXCHANGE_TLS_REFUSED,
     "no TLS with",
     "is the port right?"},
    {{.code = CURLE_SSL_CONNECT_ERROR,
      .detail = "error:0A000410:SSL routines::sslv3 alert handshake failure"},
     EXCHANGE_TLS_REFUSED,
     "handshake failure",
     ""},
    {{.code = CURLE_SSL_CACERT_BADFILE, .detail = "error setting certificate file: /x"},
     EXCHANGE_TLS_REFUSED,
     "certificate file",
     ""},
    {{.code = CURLE_SSL_CONNECT_ERROR,
      .detail = "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to x"},
     EXCHANGE_NOT_SENT,
     "SSL_ERROR_SYSCALL",
     ""},
    {{.code = CURLE_SSL_CONNECT_ERROR, .detail = "OpenSSL SSL_connect: Connection reset by peer"},
     EXCHANGE_NOT_SENT,
     "reset by peer",
     ""},
    {{.code = CURLE_SSL_CONNECT_ERROR, .detail = "SSL routines::unexpected eof while reading"},
     EXCHANGE_NOT_SENT,
     "unexpected eof",
     ""},
    {{.code = CURLE_SSL_CONNECT_ERROR, .detail = "alert", .attempts = 1},
     EXCHANGE_BROKEN,
     "alert",
     ""},
    {{.code = CURLE_COULDNT_RESOLVE_HOST, .detail = "Could not resolve host: hoko.to"},
     EXCHANGE_NOT_SENT,
     "no address is known for hoko.to",
     "DNS"},
    {{.code = CURLE_COULDNT_RESOLVE_PROXY, .detail = "Could not resolve proxy: p"},
     EXCHANGE_NOT_SENT,
     "proxy",
     ""},
    {{.code = CURLE_COULDNT_CONNECT, .os_errno = ECONNREFUSED, .address = "192.0.2.1"},
     EXCHANGE_NOT_SENT,
     "no connection to https://hoko.to at 192.0.2.1: Connection refused",
     ""},
    {{.code = CURLE_COULDNT_CONNECT, .os_errno = EHOSTUNREACH},
     EXCHANGE_NOT_SENT,
     "no connection to https://hoko.to: No route to host",
     ""},
    {{.code = CURLE_COULDNT_CONNECT, .detail = "Failed to connect"},
     EXCHANGE_NOT_SENT,
     "no connection to https://hoko.to: Failed to connect",
     ""},
    {{.code = CURLE_COULDNT_CONNECT, .os_errno = ECONNREFUSED, .origin = "http://localhost:8080"},
     EXCHANGE_NOT_SENT,
     "Connection refused",
     "nothing listens on port 8080"},
    {{.code = CURLE_OPERATION_TIMEDOUT, .detail = "Connection timed out"},
     EXCHANGE_NOT_SENT,
     "no connection to https://hoko.to within 10 s",
     ""},
    {{.code = CURLE_OPERATION_TIMEDOUT,
      .attempts = 1,
      .detail = "Operation too slow. Less than 1 bytes/sec"},
     EXCHANGE_BROKEN,
     "stood still for 1 min",
     ""},
    {{.code = CURLE_OPERATION_TIMEDOUT, .attempts = 1, .detail = "Operation timed out"},
     EXCHANGE_BROKEN,
     "no whole answer from https://hoko.to within 5 min",
     ""},
    {{.code = CURLE_GOT_NOTHING, .attempts = 1}, EXCHANGE_BROKEN, "without an answer", ""},
    {{.code = CURLE_SEND_ERROR, .attempts = 1, .detail = "Send failure: Broken pipe"},
     EXCHANGE_BROKEN,
     "while a request was sent to https://hoko.to: Send failure: Broken pipe",
     ""},
    {{.code = CURLE_RECV_ERROR, .attempts = 1}, EXCHANGE_BROKEN, "before the answer was whole", ""},
    {{.code = CURLE_PARTIAL_FILE, .attempts = 1}, EXCHANGE_BROKEN, "cut off", ""},
    {{.code = CURLE_BAD_CONTENT_ENCODING, .attempts = 1}, EXCHANGE_BROKEN, "decompressed", ""},
    {{.code = CURLE_UNSUPPORTED_PROTOCOL, .attempts = 1}, EXCHANGE_BROKEN, "no HTTP", ""},
    {{.code = CURLE_WEIRD_SERVER_REPLY, .attempts = 1}, EXCHANGE_BROKEN, "no HTTP", ""},
    {{.code = CURLE_HTTP2_STREAM, .attempts = 1, .detail = "was not closed cleanly"},
     EXCHANGE_BROKEN,
     "the exchange failed with https://hoko.to: was not closed cleanly",
     ""},
    {{.code = CURLE_COULDNT_CONNECT, .attempts = 1, .os_errno = ECONNREFUSED},
     EXCHANGE_BROKEN,
     "refused",
     ""},
    {{.code = CURLE_ABORTED_BY_CALLBACK, .attempts = 1, .is_once_over = true},
     EXCHANGE_BROKEN,
     "not sent again",
     ""},
    {{.code = CURLE_RECV_ERROR, .attempts = 1, .detail = "\x1b[31m\xff"},
     EXCHANGE_BROKEN,
     "\\x1b[31m\\xff",
     ""},
};

static void each_fault_has_its_outcome_and_a_sentence_that_helps(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct fault_facts facts = cases[i].facts;
    struct error err;
    if (!facts.detail) facts.detail = "";
    if (!facts.origin) facts.origin = "https://hoko.to";
    if (!facts.address) facts.address = "";
    facts.connect_timeout_ms = 10000;
    facts.stall_timeout_ms = 60000;
    facts.total_timeout_ms = 300000;
    assert_int_equal(fault_explain(&facts, &err), cases[i].end);
    assert_int_equal(err.code, ERROR_UNREACHABLE);
    if (!strstr(err.message, cases[i].message)) fail_msg("%zu: %s", i, err.message);
    if (!strstr(err.hint, cases[i].hint)) fail_msg("%zu: %s", i, err.hint);
  }
}

static void no_memory_is_told_as_such(void **state) {
  (void)state;
  struct error err;
  struct fault_facts facts = {
      .code = CURLE_OUT_OF_MEMORY, .detail = "", .origin = "https://hoko.to", .address = ""};
  assert_int_equal(fault_explain(&facts, &err), EXCHANGE_NOT_SENT);
  assert_int_equal(err.code, ERROR_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_fault_has_its_outcome_and_a_sentence_that_helps),
      cmocka_unit_test(no_memory_is_told_as_such),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
