#include "host/peak.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int64_t peak_bytes(pid_t pid) {
  static const char name[] = "VmHWM:";
  char path[64], text[4096];
  int64_t kib = 0;
  if (pid)
    (void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
  else
    (void)snprintf(path, sizeof path, "/proc/self/status");
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0) (void)close(fd);
  if (len < 0) return 0;
  text[len] = '\0';
  const char *line = strstr(text, name);
  return line && sscanf(line + sizeof name - 1, "%" SCNd64, &kib) == 1 ? kib * 1024 : 0;
}
