#include "net/fault.h"

#include "base/number.h"
#include "base/origin.h"
#include "base/printable.h"

#include <errno.h>

/* X509_V_ERR_… of OpenSSL's x509_vfy.h; libcurl hands the numbers through. */
enum {
  VERIFY_NO_ISSUER = 20,
  VERIFY_NOT_YET_VALID = 9,
  VERIFY_EXPIRED = 10,
  VERIFY_SELF_SIGNED = 18,
  VERIFY_SELF_SIGNED_IN_CHAIN = 19,
  VERIFY_NO_FIRST_ISSUER = 21,
};

/* WHAT, the origin, and libcurl's own words where it has some. */
static int say(struct error *err, const struct fault_facts *f, const char *what) {
  char detail[512];
  printable_copy(detail, sizeof detail, slice_of(f->detail));
  return error_set(err, ERROR_UNREACHABLE, "%s %s%s%s", what, f->origin, detail[0] ? ": " : "",
                   detail);
}

static void explain_certificate(const struct fault_facts *f, struct error *err) {
  struct slice host = origin_host(f->origin);
  const char *hint = "a connection that cannot be trusted gets no key; ask the server's owner";
  switch (f->verify_result) {
  case VERIFY_EXPIRED:
    error_set(err, ERROR_UNREACHABLE, "the certificate of %.*s has expired", SLICE_ARG(host));
    hint = "the server's owner renews it; if this machine's clock is wrong (see `date`), set that";
    break;
  case VERIFY_NOT_YET_VALID:
    error_set(err, ERROR_UNREACHABLE, "the certificate of %.*s is not valid yet", SLICE_ARG(host));
    hint = "this machine's clock is probably wrong: see `date`";
    break;
  case VERIFY_SELF_SIGNED:
  case VERIFY_SELF_SIGNED_IN_CHAIN:
    error_set(err, ERROR_UNREACHABLE, "the certificate of %.*s is self-signed", SLICE_ARG(host));
    hint = "if the server is yours, add its CA to this machine's (update-ca-certificates)";
    break;
  case VERIFY_NO_ISSUER:
  case VERIFY_NO_FIRST_ISSUER:
    error_set(err, ERROR_UNREACHABLE,
              "the certificate of %.*s comes from an issuer that is not known here",
              SLICE_ARG(host));
    hint = "install the package ca-certificates, or add the server's CA (update-ca-certificates)";
    break;
  default:
    if (strstr(f->detail, "subject name")) {
      error_set(err, ERROR_UNREACHABLE, "the certificate of %.*s is for another host",
                SLICE_ARG(host));
      hint = "check the host name in the base URL";
    } else {
      say(err, f, "no trusted connection to");
    }
  }
  error_hint(err, "%s", hint);
}

/* A handshake that the network broke, not the peer's certificate or version. */
static bool is_broken_handshake(const struct fault_facts *f) {
  return strstr(f->detail, "SSL_ERROR_SYSCALL") || strstr(f->detail, "reset by peer") ||
         strstr(f->detail, "unexpected eof");
}

static bool is_tls(const struct fault_facts *f) {
  switch ((int)f->code) {
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_CLIENTCERT:
  case CURLE_USE_SSL_FAILED:
  case CURLE_SSL_ENGINE_INITFAILED: return true;
  case CURLE_SSL_CONNECT_ERROR: return !is_broken_handshake(f);
  default: return false;
  }
}

static void explain_tls(const struct fault_facts *f, struct error *err) {
  if (f->code == CURLE_PEER_FAILED_VERIFICATION) {
    explain_certificate(f, err);
  } else {
    say(err, f, "no TLS with");
    if (strstr(f->detail, "wrong version number"))
      error_hint(err, "what answers there does not speak TLS: is the port right?");
  }
}

static void explain_connect(const struct fault_facts *f, struct error *err) {
  const char *via = f->address[0] ? " at " : "";
  if (f->os_errno == 0) {
    say(err, f, "no connection to");
    return;
  }
  error_errno(err, ERROR_UNREACHABLE, f->os_errno, "no connection to %s%s%s", f->origin, via,
              f->address);
  if (f->os_errno == ECONNREFUSED && origin_is_loopback(f->origin))
    error_hint(err, "nothing listens on port %u of this machine; is it started?",
               origin_port(f->origin));
}

static void explain_timeout(const struct fault_facts *f, struct error *err) {
  bool is_connect = f->attempts == 0, is_stall = strstr(f->detail, "too slow") != NULL;
  struct buf limit = BUF_WITH_LIMIT(64);
  number_put_duration(&limit, is_connect ? f->connect_timeout_ms
                              : is_stall ? f->stall_timeout_ms
                                         : f->total_timeout_ms);
  const char *after = buf_text(&limit);
  if (!after) after = "too long";
  if (is_connect) {
    error_set(err, ERROR_UNREACHABLE, "no connection to %s within %s", f->origin, after);
  } else if (is_stall) {
    error_set(err, ERROR_UNREACHABLE, "%s stood still for %s in the middle of an exchange",
              f->origin, after);
  } else {
    error_set(err, ERROR_UNREACHABLE, "no whole answer from %s within %s", f->origin, after);
  }
  buf_free(&limit);
}

static void explain(const struct fault_facts *f, struct error *err) {
  switch ((int)f->code) {
  case CURLE_OUT_OF_MEMORY: error_set(err, ERROR_MEMORY, "no memory for a request"); break;
  case CURLE_COULDNT_RESOLVE_HOST:
    error_set(err, ERROR_UNREACHABLE, "no address is known for %.*s",
              SLICE_ARG(origin_host(f->origin)));
    error_hint(err, "check the name, and this machine's network and DNS");
    break;
  case CURLE_COULDNT_RESOLVE_PROXY:
    say(err, f, "the proxy's address is not known; not reached:");
    break;
  case CURLE_COULDNT_CONNECT: explain_connect(f, err); break;
  case CURLE_OPERATION_TIMEDOUT: explain_timeout(f, err); break;
  case CURLE_GOT_NOTHING:
    error_set(err, ERROR_UNREACHABLE, "%s closed the connection without an answer", f->origin);
    break;
  case CURLE_PARTIAL_FILE: say(err, f, "the answer was cut off by"); break;
  case CURLE_SEND_ERROR: say(err, f, "the connection broke while a request was sent to"); break;
  case CURLE_RECV_ERROR:
    say(err, f, "the connection broke before the answer was whole from");
    break;
  case CURLE_BAD_CONTENT_ENCODING:
    say(err, f, "an answer came that cannot be decompressed from");
    break;
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY: say(err, f, "no HTTP is spoken by what answers at"); break;
  default: say(err, f, "the exchange failed with");
  }
}

enum exchange_end fault_explain(const struct fault_facts *f, struct error *err) {
  if (f->attempts == 0 && is_tls(f)) {
    explain_tls(f, err);
    return EXCHANGE_TLS_REFUSED;
  }
  if (f->is_once_over) {
    error_set(
        err, ERROR_UNREACHABLE,
        "%s closed a kept connection without an answer; the request was not sent again, since it "
        "may have been applied",
        f->origin);
  } else {
    explain(f, err);
  }
  return f->attempts == 0 ? EXCHANGE_NOT_SENT : EXCHANGE_BROKEN;
}
