#include "web/web.h"

#include <microhttpd.h>

const char *web_version(void) { return MHD_get_version(); }
