#include "base/origin.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

struct origin_case {
  const char *url, *origin; /* NULL: refused */
};

static const struct origin_case origin_cases[] = {
    {"https://hoko.to/api", "https://hoko.to"},
    {"https://hoko.to", "https://hoko.to"},
    {"HTTPS://Hoko.TO/api?x=1#y", "https://hoko.to"},
    {"https://hoko.to:443/api", "https://hoko.to"},
    {"https://hoko.to:0443", "https://hoko.to"},
    {"https://hoko.to:8443?q", "https://hoko.to:8443"},
    {"https://hoko.to:80", "https://hoko.to:80"},
    {"http://127.0.0.1:8080/api", "http://127.0.0.1:8080"},
    {"http://localhost#a@b", "http://localhost"},
    {"http://[::1]:9/", "http://[::1]:9"},
    {"http://[0:0:0:0:0:0:0:1]", "http://[::1]"},
    {"https://xn--mgbh0fb.example/", "https://xn--mgbh0fb.example"},
    {"https://a_b.example", "https://a_b.example"},
    {"", NULL},
    {"hoko.to", NULL},
    {"ftp://hoko.to", NULL},
    {"https:/hoko.to", NULL},
    {"https:///hoko.to", NULL},
    {"https://:443", NULL},
    {"https://user@hoko.to", NULL},
    {"https://user:word@hoko.to", NULL},
    {"https://hoko.to\\@evil.example", NULL},
    {"https://hoko.to\\evil", NULL},
    {"https://hoko.to%2e", NULL},
    {"https://hoko .to", NULL},
    {" https://hoko.to", NULL},
    {"https://hoko.to.", NULL},
    {"https://.hoko.to", NULL},
    {"https://hoko..to", NULL},
    {"https://ho\xc3\xb6ko.to", NULL},
    {"https://127.1", NULL},
    {"https://0x7f000001", NULL},
    {"https://2130706433", NULL},
    {"https://1.2.3.4.5", NULL},
    {"https://hoko.to:", NULL},
    {"https://hoko.to:0", NULL},
    {"https://hoko.to:65536", NULL},
    {"https://hoko.to:+80", NULL},
    {"https://hoko.to:8x", NULL},
    {"https://hoko.to:1:2", NULL},
    {"https://[::1", NULL},
    {"https://[]", NULL},
    {"https://[::1%25lo]", NULL},
    {"https://[::1]x", NULL},
};

static void a_url_has_one_origin_or_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof origin_cases / sizeof *origin_cases; i++) {
    const struct origin_case *c = &origin_cases[i];
    struct error err = {0};
    char origin[ORIGIN_SIZE] = "";
    int rc = origin_of_url(origin, slice_of(c->url), &err);
    if ((rc == 0) != (c->origin != NULL)) fail_msg("%s: %s %s", c->url, origin, err.message);
    if (c->origin) assert_string_equal(origin, c->origin);
    if (!c->origin) assert_int_equal(err.code, ERROR_USAGE);
  }
}

static void a_nul_in_a_url_is_refused(void **state) {
  (void)state;
  struct error err;
  char origin[ORIGIN_SIZE];
  assert_int_equal(origin_of_url(origin, SLICE("https://hoko.to\0.evil.example"), &err), -1);
}

static void a_name_of_254_bytes_is_refused(void **state) {
  (void)state;
  char url[8 + 254] = "https://";
  memset(url + 8, 'a', 254);
  struct error err;
  char origin[ORIGIN_SIZE];
  assert_int_equal(origin_of_url(origin, (struct slice){url, 8 + 254}, &err), -1);
  assert_int_equal(origin_of_url(origin, (struct slice){url, 8 + 253}, &err), 0);
}

static void a_password_in_a_url_is_not_shown(void **state) {
  (void)state;
  struct error err;
  char origin[ORIGIN_SIZE];
  assert_int_equal(origin_of_url(origin, SLICE("https://me:canary@hoko.to"), &err), -1);
  assert_null(strstr(err.message, "canary"));
  assert_int_equal(origin_of_url(origin, SLICE("ftp://me:canary@hoko.to"), &err), -1);
  assert_null(strstr(err.message, "canary"));
}

static void host_and_port_are_read_back(void **state) {
  (void)state;
  assert_true(slice_is(origin_host("https://hoko.to"), "hoko.to"));
  assert_true(slice_is(origin_host("http://[::1]:9"), "::1"));
  assert_int_equal(origin_port("https://hoko.to"), 443);
  assert_int_equal(origin_port("http://localhost"), 80);
  assert_int_equal(origin_port("http://[::1]:9"), 9);
}

static void only_this_machine_is_loopback(void **state) {
  (void)state;
  assert_true(origin_is_loopback("http://localhost:1"));
  assert_true(origin_is_loopback("http://127.9.9.9"));
  assert_true(origin_is_loopback("http://[::1]:9"));
  assert_false(origin_is_loopback("http://127.evil.example"));
  assert_false(origin_is_loopback("http://127.0.0.a1"));
  assert_false(origin_is_loopback("http://localhost.evil.example"));
  assert_false(origin_is_loopback("http://128.0.0.1"));
  assert_false(origin_is_safe("http://hoko.to"));
  assert_true(origin_is_safe("https://hoko.to"));
  assert_true(origin_is_safe("http://127.0.0.1:8080"));
}

static void a_database_is_a_server_but_no_url_of_hoko(void **state) {
  (void)state;
  char origin[ORIGIN_SIZE];
  struct error err;
  assert_int_equal(origin_of_server(origin, SLICE("PostgreSQL://DB.example.com:5432"), &err), 0);
  assert_string_equal(origin, "postgresql://db.example.com");
  assert_int_equal(origin_port(origin), 5432);
  assert_true(origin_is_safe(origin));
  assert_int_equal(origin_of_url(origin, SLICE("postgresql://db.example.com"), &err), -1);
  assert_int_equal(origin_of_server(origin, SLICE("https://hoko.to/api"), &err), 0);
  assert_string_equal(origin, "https://hoko.to");
}

static void an_origin_is_put_together(void **state) {
  (void)state;
  char origin[ORIGIN_SIZE], host[400];
  struct error err;
  assert_int_equal(origin_of_place(origin, "postgresql", "::1", 6432, &err), 0);
  assert_string_equal(origin, "postgresql://[::1]:6432");
  assert_int_equal(origin_of_place(origin, "postgresql", "localhost", 5432, &err), 0);
  assert_string_equal(origin, "postgresql://localhost");
  memset(host, 'a', sizeof host);
  host[sizeof host - 1] = '\0';
  assert_int_equal(origin_of_place(origin, "postgresql", host, 5432, &err), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_url_has_one_origin_or_is_refused),
      cmocka_unit_test(a_nul_in_a_url_is_refused),
      cmocka_unit_test(a_name_of_254_bytes_is_refused),
      cmocka_unit_test(a_password_in_a_url_is_not_shown),
      cmocka_unit_test(host_and_port_are_read_back),
      cmocka_unit_test(only_this_machine_is_loopback),
      cmocka_unit_test(a_database_is_a_server_but_no_url_of_hoko),
      cmocka_unit_test(an_origin_is_put_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
