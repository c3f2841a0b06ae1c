#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Certificates for 127.0.0.1, made anew: one good for two days, one that ended yesterday. */
static const char make_certificates[] =
    "exec >/dev/null 2>&1; set -e; printf 'subjectAltName=IP:127.0.0.1\\n' >ext\n"
    "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out "
    "request.pem "
    "-subj /CN=127.0.0.1\n"
    "openssl x509 -req -in request.pem -key key.pem -days 2 -extfile ext -out good.pem\n"
    "openssl x509 -req -in request.pem -key key.pem -days -1 -extfile ext -out old.pem\n"
    "mkdir -p api; printf '[]' >api/partners\n";

static int make_folder(void **state) {
  static char folder[] = "/tmp/hoko-tls-XXXXXX";
  *state = mkdtemp(folder);
  return *state && chdir(folder) == 0 && system(make_certificates) == 0 ? 0 : -1;
}

static int drop_folder(void **state) {
  char command[64];
  (void)snprintf(command, sizeof command, "rm -rf %s", (char *)*state);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

struct peer {
  pid_t pid;
  FILE *out;
  int port;
};

static void peer_start(struct peer *p, char *const argv[]) {
  int ends[2];
  posix_spawn_file_actions_t actions;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  assert_int_equal(posix_spawnp(&p->pid, argv[0], &actions, NULL, argv, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  p->out = fdopen(ends[0], "r");
}

static void peer_stop(struct peer *p) {
  kill(p->pid, SIGKILL);
  waitpid(p->pid, NULL, 0);
  fclose(p->out);
}

/* A TLS server with CERTIFICATE, on a port of its own. */
static void openssl_start(struct peer *p, char *certificate) {
  char line[200];
  peer_start(p, (char *[]){"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate,
                           "-key", "key.pem", "-www", NULL});
  p->port = 0;
  while (p->port == 0 && fgets(line, sizeof line, p->out))
    if (strncmp(line, "ACCEPT ", 7) == 0) p->port = (int)strtol(strrchr(line, ':') + 1, NULL, 10);
  assert_true(p->port > 0);
}

/* One exchange with https://HOST:PORT/api, its body kept as text. */
static void ask(struct wish *w, const char *host, int port, const char *ca_file) {
  char url[100];
  struct net *n;
  struct error err;
  struct net_options options = {.base_url = url, .ca_file = ca_file, .connect_timeout_ms = 20000};
  (void)snprintf(url, sizeof url, "https://%s:%d/api", host, port);
  assert_int_equal(net_open(&n, &options, &err), 0);
  wish_init(w, EXCHANGE_GET, "");
  w->e.answer = NULL;
  client_perform(n, &w->e);
  net_close(n);
}

struct tls_case {
  char *certificate;
  const char *host, *ca_file;
  const char *message; /* NULL: it is trusted */
};

static const struct tls_case cases[] = {
    {"good.pem", "127.0.0.1", "good.pem", NULL},
    {"good.pem", "127.0.0.1", NULL, "the certificate of 127.0.0.1 is self-signed"},
    {"good.pem", "localhost", "good.pem", "the certificate of localhost is for another host"},
    {"old.pem", "127.0.0.1", "old.pem", "the certificate of 127.0.0.1 has expired"},
};

static void only_a_certificate_that_can_be_trusted_is(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct peer p;
    struct wish w;
    openssl_start(&p, cases[i].certificate);
    ask(&w, cases[i].host, p.port, cases[i].ca_file);
    if (!cases[i].message) {
      if (w.e.end != EXCHANGE_ANSWERED) fail_msg("%s", w.e.err.message);
      assert_int_equal(w.e.status, 200);
    } else {
      assert_int_equal(w.e.end, EXCHANGE_TLS_REFUSED);
      assert_int_equal(w.e.attempts, 0);
      assert_string_equal(w.e.err.message, cases[i].message);
      assert_true(w.e.err.hint[0] != '\0');
    }
    wish_free(&w);
    peer_stop(&p);
  }
}

static void a_port_without_tls_is_told_as_such(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY_NOW,
                                          .text = "HTTP/1.1 400 Bad Request\r\n\r\n"};
  struct server *s = server_start(&step, 1);
  struct wish w;
  ask(&w, "127.0.0.1", server_port(s), NULL);
  assert_int_equal(w.e.end, EXCHANGE_TLS_REFUSED);
  assert_non_null(strstr(w.e.err.hint, "is the port right?"));
  wish_free(&w);
  server_stop(s);
}

static void a_handshake_that_breaks_is_no_refusal(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_RESET_EARLY};
  struct server *s = server_start(&step, 1);
  struct wish w;
  ask(&w, "127.0.0.1", server_port(s), NULL);
  assert_int_equal(w.e.end, EXCHANGE_NOT_SENT);
  assert_int_equal(w.e.attempts, 0);
  wish_free(&w);
  server_stop(s);
}

/* nghttpd takes no port 0: one that was free a moment ago. */
static int free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  close(fd);
  return ntohs(address.sin_port);
}

/* It speaks nothing but HTTP/2. */
static void http_2_is_spoken_where_it_is_offered(void **state) {
  (void)state;
  if (system("command -v nghttpd >/dev/null") != 0) skip();
  char port[8], line[200];
  struct peer p;
  struct wish w;
  p.port = free_port();
  (void)snprintf(port, sizeof port, "%d", p.port);
  peer_start(&p, (char *[]){"nghttpd", "-v", "-a", "127.0.0.1", "-d", ".", port, "key.pem",
                            "good.pem", NULL});
  assert_non_null(fgets(line, sizeof line, p.out)); /* "IPv4: listen 127.0.0.1:…" */
  ask(&w, "127.0.0.1", p.port, "good.pem");
  if (w.e.end != EXCHANGE_ANSWERED) fail_msg("%s", w.e.err.message);
  assert_int_equal(w.e.status, 200);
  assert_string_equal(buf_text(&w.e.text), "[]");
  wish_free(&w);
  peer_stop(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_a_certificate_that_can_be_trusted_is),
      cmocka_unit_test(a_port_without_tls_is_told_as_such),
      cmocka_unit_test(a_handshake_that_breaks_is_no_refusal),
      cmocka_unit_test(http_2_is_spoken_where_it_is_offered),
  };
  return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
