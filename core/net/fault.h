/* fault.h - what libcurl's end of a transfer means, in our words and a person's.
 *
 * Pure: everything it needs is in struct fault_facts. */
#ifndef HOKO_NET_FAULT_H
#define HOKO_NET_FAULT_H

#include "net/transport.h"

#include <curl/curl.h>

struct fault_facts {
  CURLcode code;      /* not CURLE_OK */
  int attempts;       /* times that a connection was ready for the request */
  bool is_once_over;  /* libcurl wanted to send a request again that may be sent once */
  const char *detail; /* libcurl's error text, "" where there is none */
  long verify_result; /* of the certificate, OpenSSL's X509_V_… */
  int os_errno;
  const char *origin;  /* "https://hoko.to" */
  const char *address; /* that was tried last; "" where none was */
  int64_t connect_timeout_ms, stall_timeout_ms, total_timeout_ms;
};

/* Fills *ERR (ERROR_UNREACHABLE, or ERROR_MEMORY) and tells how the exchange ended. */
enum exchange_end fault_explain(const struct fault_facts *f, struct error *err);

#endif
