#include "base/exit_code.h"

enum exit_code exit_code_of(enum error_code code) {
  switch (code) {
  case ERROR_NONE: return EXIT_OK;
  case ERROR_SCRIPT:
  case ERROR_DENIED: return EXIT_SCRIPT;
  case ERROR_USAGE:
  case ERROR_DATA: return EXIT_USAGE;
  case ERROR_AUTH: return EXIT_AUTH;
  case ERROR_UNREACHABLE: return EXIT_UNREACHABLE;
  case ERROR_STATE:
  case ERROR_MEMORY:
  case ERROR_INTERNAL: return EXIT_STATE;
  case ERROR_LIMIT: return EXIT_LIMIT;
  case ERROR_INTERRUPTED: return EXIT_SIGINT;
  }
  return EXIT_STATE;
}
