#include "net/heap.h"

#include <curl/curl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void give_back(void *ptr) {
  if (!ptr) return;
  explicit_bzero(ptr, malloc_usable_size(ptr));
  free(ptr);
}

/* realloc(3) would leave the old bytes where they were. */
static void *take_larger(void *old, size_t size) {
  void *ptr = malloc(size);
  if (!ptr || !old) return ptr;
  size_t had = malloc_usable_size(old);
  memcpy(ptr, old, had < size ? had : size);
  give_back(old);
  return ptr;
}

int heap_start(struct error *err) {
  CURLcode code =
      curl_global_init_mem(CURL_GLOBAL_ALL, malloc, give_back, take_larger, strdup, calloc);
  if (code != CURLE_OK)
    return error_set(err, ERROR_INTERNAL, "libcurl does not start: %s", curl_easy_strerror(code));
  return 0;
}

void heap_stop(void) { curl_global_cleanup(); }
