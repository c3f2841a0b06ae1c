/* Files that a worker asks for, which the host opens, removes and renames for it. */
#include "host/calls_inside.h"

#include "base/file.h"
#include "base/json_text.h"
#include "base/random.h"

#include <string.h>
#include <unistd.h>

enum { SCRIPT_MAX = 16 << 20 };

/* Of the script, when it is first opened; one that comes through a pipe has none. */
static void note_hash(struct running *r, const char *path, int fd) {
  struct buf text = BUF_WITH_LIMIT(SCRIPT_MAX);
  struct error ignored; /* the worker reads it too, and tells what is wrong */
  bool is_it = !r->result->script_hash[0] && strcmp(path, r->job->script) == 0 &&
               lseek(fd, 0, SEEK_CUR) == 0;
  if (is_it && file_read_fd(&text, fd, path, &ignored) == 0)
    digest_text(buf_slice(&text), r->result->script_hash);
  if (is_it)
    (void)lseek(fd, 0, SEEK_SET); /* it could be asked where it stands, so it can be moved */
  buf_free(&text);
}

/* Opens what M asks for; *FOUND is the JSON of its name where it was looked for. */
static int open_asked(struct running *r, const struct message *m, struct buf *found,
                      struct error *err) {
  char path[PATH_SIZE];
  if (m->number[0] < OPEN_READ || m->number[0] > OPEN_MODULE)
    return error_set(err, ERROR_INTERNAL, "no such way to open a file");
  if (m->number[0] != OPEN_MODULE)
    return files_open_for(&r->files, m->text[0], (enum open_mode)m->number[0], err);
  int fd = files_open_module(&r->files, m->text[0], path, err);
  if (fd >= 0) note_hash(r, path, fd);
  if (fd >= 0) json_put_string(found, slice_of(path));
  return fd;
}

void calls_open(struct running *r, const struct message *m) {
  struct buf found = BUF_WITH_LIMIT(6 * PATH_SIZE);
  struct error err;
  int fd = open_asked(r, m, &found, &err);
  struct message reply = {.kind = MESSAGE_REPLY, .text = {buf_slice(&found)}};
  if (fd < 0)
    calls_reply_error(r, &err);
  else
    (void)!channel_send_fd(r->worker->channel, &reply, fd); /* as in running_send() */
  r->is_replying = false;                                   /* the script's own time goes on */
  buf_free(&found);
}

int call_remove(struct running *r, struct slice json, struct reply *reply, struct error *err) {
  static const char *const names[] = {"path"};
  struct buf path = BUF_WITH_LIMIT(PATH_SIZE);
  int rc = calls_texts(json, names, &path, 1, err) || files_remove(&r->files, buf_slice(&path), err)
               ? -1
               : 0;
  buf_add_text(&reply->json, "true");
  buf_free(&path);
  return rc;
}

int call_rename(struct running *r, struct slice json, struct reply *reply, struct error *err) {
  static const char *const names[] = {"from", "to"};
  struct buf paths[2] = {BUF_WITH_LIMIT(PATH_SIZE), BUF_WITH_LIMIT(PATH_SIZE)};
  int rc = calls_texts(json, names, paths, 2, err) ||
                   files_rename(&r->files, buf_slice(&paths[0]), buf_slice(&paths[1]), err)
               ? -1
               : 0;
  buf_add_text(&reply->json, "true");
  buf_free(&paths[0]);
  buf_free(&paths[1]);
  return rc;
}
