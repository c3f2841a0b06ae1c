/* path.h - names of files as text; nothing here touches the disk. */
#ifndef HOKO_BASE_PATH_H
#define HOKO_BASE_PATH_H

#include "base/buf.h"

enum { PATH_SIZE = 4096 };

/* DIR/NAME into TO; NAME alone when it is absolute or DIR is "" or ".". -1: too long. */
MUST_USE int path_join(char to[PATH_SIZE], const char *dir, const char *name);
/* The folder that PATH is in ("." where it names none). */
MUST_USE int path_dir(char to[PATH_SIZE], const char *path);
/* Resolves ".", ".." and doubled slashes in the text of absolute PATH. */
MUST_USE int path_normal(char to[PATH_SIZE], const char *path);
/* Whether absolute, normal PATH is DIR or beneath it; *rest is behind the slash ("" for DIR). */
bool path_beneath(const char *dir, const char *path, const char **rest);

#endif
