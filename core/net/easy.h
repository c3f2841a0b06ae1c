/* easy.h - what holds for every request of ours, whoever makes it: libcurl's easy handle
 * set so that a server is verified, no redirect is followed and nothing but HTTP is
 * spoken.  The I/O threads' only. */
#ifndef HOKO_NET_EASY_H
#define HOKO_NET_EASY_H

#include "net/fault.h"

#include <curl/curl.h>

struct easy_callbacks {
  curl_prereq_callback on_attempt;
  curl_opensocket_callback on_socket;
  curl_write_callback on_header, on_body;
};

/* The owner of a handle is what its callbacks get and easy_owner() returns; DETAIL has
 * CURL_ERROR_SIZE bytes. */
CURLcode easy_set_callbacks(CURL *easy, const struct easy_callbacks *callbacks, void *owner,
                            char *detail);
void *easy_owner(CURL *easy);

/* PROXY: "" for none. */
CURLcode easy_set_connection(CURL *easy, const char *proxy, int64_t connect_timeout_ms);

/* Adds what libcurl knows of the transfer that failed, and tells it as fault_explain(). */
enum exchange_end easy_explain(CURL *easy, struct fault_facts *facts, struct error *err);

#endif
