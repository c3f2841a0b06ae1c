#include "mock/method.h"

const char *const method_name[METHODS] = {
    [METHOD_GET] = "GET",       [METHOD_POST] = "POST",   [METHOD_PUT] = "PUT",
    [METHOD_DELETE] = "DELETE", [METHOD_OTHER] = "other",
};

enum method method_named(struct slice name) {
  for (int i = 0; i < METHOD_OTHER; i++)
    if (slice_is(name, method_name[i])) return (enum method)i;
  return METHOD_OTHER;
}
