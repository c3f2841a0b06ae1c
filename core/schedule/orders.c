/* What `hoko jobs run|pause|resume` ask for. */
#include "schedule/serving.h"

#include "schedule/control.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { CLIENTS_MAX = ORDERS_FDS_MAX - 1 };

/* A run by hand starts later; who asked for it waits, as long as the line is open. */
struct client {
  int fd;
  char *job; /* that it waits for; NULL: it has not asked for a run */
  bool is_started;
};

struct orders {
  struct daemon *daemon;
  int fd;
  struct client clients[CLIENTS_MAX];
  size_t clients_len;
};

int orders_open(struct orders **out, struct daemon *d, struct error *err) {
  struct orders *o = calloc(1, sizeof *o);
  if (!o) return error_set(err, ERROR_MEMORY, "no memory for the control socket");
  o->daemon = d;
  if (control_listen(d->options->folder, &o->fd, err) != 0) {
    free(o);
    return -1;
  }
  *out = o;
  return 0;
}

static void drop(struct orders *o, size_t i) {
  (void)close(o->clients[i].fd);
  free(o->clients[i].job);
  o->clients[i] = o->clients[--o->clients_len];
}

void orders_close(struct orders *o) {
  if (!o) return;
  while (o->clients_len > 0) drop(o, 0);
  control_remove(o->daemon->options->folder);
  (void)close(o->fd);
  free(o);
}

size_t orders_fds(const struct orders *o, struct pollfd *to) {
  size_t n = 0;
  to[n++] = (struct pollfd){.fd = o->fd, .events = POLLIN};
  for (size_t i = 0; i < o->clients_len; i++)
    to[n++] = (struct pollfd){.fd = o->clients[i].fd, .events = POLLIN};
  return n;
}

/* ---- orders ---- */

static void order_run(struct orders *o, struct client *c, struct served *s) {
  (void)control_send(c->fd, "ok"); /* who is gone is noticed when it is read */
  c->job = strdup(s->name);
  if (c->job && step_request(o->daemon, s) == 0) return;
  free(c->job);
  c->job = NULL;
  (void)control_send(c->fd, "error the state cannot be written");
}

static void order_pause(struct orders *o, struct client *c, struct served *s, bool is_pause) {
  struct policy copy = s->policy;
  if (is_pause)
    policy_pause(&copy);
  else
    policy_resume(&copy);
  bool is_saved = step_save(o->daemon, s, &copy) == 0;
  (void)control_send(c->fd, is_saved ? "ok" : "error the state cannot be written");
  if (is_saved) daemon_log(o->daemon, s, LOG_INFO, is_pause ? "paused" : "resumed");
  s->deadline_ms = 0;
}

static void obey(struct orders *o, struct client *c, const char *text) {
  const char *blank = strchr(text, ' ');
  struct slice verb = {text, blank ? (size_t)(blank - text) : strlen(text)};
  struct served *s = blank ? jobs_find(o->daemon, blank + 1) : NULL;
  if (!s || !s->is_wanted) {
    (void)control_send(c->fd, "error hoko serve has no job \"%s\"", blank ? blank + 1 : "");
  } else if (slice_is(verb, "run") && !c->job) {
    order_run(o, c, s);
  } else if (slice_is(verb, "pause") || slice_is(verb, "resume")) {
    order_pause(o, c, s, slice_is(verb, "pause"));
  } else {
    (void)control_send(c->fd, "error hoko serve does not know what that means");
  }
}

void orders_serve(struct orders *o) {
  for (int fd; o->clients_len < CLIENTS_MAX && (fd = control_accept(o->fd)) >= 0;)
    o->clients[o->clients_len++] = (struct client){.fd = fd};
  for (size_t i = o->clients_len; i-- > 0;) {
    char text[CONTROL_TEXT_SIZE];
    int got = control_receive(o->clients[i].fd, text);
    if (got > 0)
      obey(o, &o->clients[i], text);
    else if (got < 0)
      drop(o, i);
  }
}

/* ---- news ---- */

void orders_tell_started(struct orders *o, const struct served *s) {
  if (!s->policy.is_by_hand) return;
  for (size_t i = 0; i < o->clients_len; i++) {
    struct client *c = &o->clients[i];
    if (!c->job || c->is_started || strcmp(c->job, s->name) != 0) continue;
    c->is_started = control_send(c->fd, "run %s", s->run);
  }
}

void orders_tell_ended(struct orders *o, const struct served *s, int exit_code) {
  for (size_t i = 0; i < o->clients_len; i++) {
    struct client *c = &o->clients[i];
    if (!c->is_started || strcmp(c->job, s->name) != 0) continue;
    (void)control_send(c->fd, "end %d", exit_code); /* who is gone is noticed when it is read */
    free(c->job);
    c->job = NULL;
    c->is_started = false;
  }
}
