#include "state/dsn.h"

#include "base/buf.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int setup(void **state) {
  (void)state;
  return unsetenv("PGHOST") || unsetenv("PGPORT");
}

static void a_server_is_known_by_host_and_port(void **state) {
  (void)state;
  static const struct {
    const char *text, *host, *name;
    unsigned port;
  } cases[] = {
      {"postgresql://u@db.example.com/crm", "db.example.com", "postgresql://db.example.com/crm",
       5432},
      {"postgres://db.example.com:6432/crm?sslmode=require", "db.example.com",
       "postgresql://db.example.com:6432/crm", 6432},
      {"postgresql://db.example.com", "db.example.com", "postgresql://db.example.com/", 5432},
      {"postgresql://%64b.example.com/a%20b", "db.example.com", "postgresql://db.example.com/a b",
       5432},
      {"postgresql:///crm", "localhost", "postgresql://localhost/crm", 5432},
      {"postgresql:///crm?host=/run/pg&port=7", "localhost", "postgresql://localhost:7/crm", 7},
      {"postgresql://%2Frun%2Fpg/crm", "localhost", "postgresql://localhost/crm", 5432},
      {"postgresql://[::1]/crm", "::1", "postgresql://::1/crm", 5432},
      {"postgresql://a.example.com/crm?host=b.example.com", "b.example.com",
       "postgresql://b.example.com/crm", 5432},
  };
  struct dsn d;
  struct error err;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (dsn_parse(&d, cases[i].text, &err)) fail_msg("%s: %s", cases[i].text, err.message);
    assert_int_equal(d.kind, DSN_POSTGRESQL);
    assert_string_equal(d.host, cases[i].host);
    assert_string_equal(d.name, cases[i].name);
    assert_int_equal(d.port, cases[i].port);
    dsn_free(&d);
  }
}

static void a_file_is_taken_as_it_stands(void **state) {
  (void)state;
  struct dsn d;
  struct error err;
  assert_int_equal(dsn_parse(&d, "sqlite:data/a b?.db", &err), 0);
  assert_int_equal(d.kind, DSN_SQLITE);
  assert_string_equal(d.file, "data/a b?.db");
  assert_string_equal(d.name, "sqlite:data/a b?.db");
  dsn_free(&d);
}

static void the_environment_says_where_only_if_the_dsn_does_not(void **state) {
  (void)state;
  struct dsn d;
  struct error err;
  assert_int_equal(setenv("PGHOST", "env.example.com", 1) | setenv("PGPORT", "77", 1), 0);
  assert_int_equal(dsn_parse(&d, "postgresql:///crm", &err), 0);
  assert_string_equal(d.name, "postgresql://env.example.com:77/crm");
  dsn_free(&d);
  assert_int_equal(dsn_parse(&d, "postgresql://db:5432/crm", &err), 0);
  assert_string_equal(d.name, "postgresql://db/crm");
  dsn_free(&d);
  assert_int_equal(setup(NULL), 0);
}

static void what_could_lead_elsewhere_or_holds_a_password_is_refused_and_not_shown(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"postgresql://u:geheim@h/d", "a password has no place in the name of a database"},
      {"postgresql://h/d?password=geheim", "a password has no place in the name of a database"},
      {"postgresql://h/d?sslpassword=geheim", "a password has no place in the name of a database"},
      {"postgresql://u:geheim%zz@h/d", "this is no URL of a PostgreSQL database"},
      {"postgresql://h:x/d", "the port of the database is no number from 1 to 65535"},
      {"postgresql://h:70000/d", "the port of the database is no number from 1 to 65535"},
      {"postgresql://h,i/d", "the database is on one host, here are several"},
      {"postgresql://h/d?hostaddr=10.0.0.1", "the parameter 'hostaddr' is not taken"},
      {"postgresql://h/d?passfile=/etc/shadow", "the parameter 'passfile' is not taken"},
      {"postgresql://h/d?service=x", "the parameter 'service' is not taken"},
      {"postgresql://h/d?sslkey=/etc/shadow", "the parameter 'sslkey' is not taken"},
      {"postgresql://h/d?nonsense=1",
       "this is no URL of a PostgreSQL database: invalid URI query parameter: \"nonsense\""},
      {"sqlite:", "sqlite: names no file"},
      {"host=h password=geheim",
       "a database is named sqlite:FILE or postgresql://USER@HOST/DATABASE"},
      {"", "a database is named sqlite:FILE or postgresql://USER@HOST/DATABASE"},
  };
  struct dsn d;
  struct error err;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (dsn_parse(&d, cases[i][0], &err) == 0) fail_msg("%s was taken", cases[i][0]);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.message, cases[i][1]);
    assert_null(strstr(err.message, "geheim"));
    assert_null(strstr(err.hint, "geheim"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_server_is_known_by_host_and_port),
      cmocka_unit_test(a_file_is_taken_as_it_stands),
      cmocka_unit_test(the_environment_says_where_only_if_the_dsn_does_not),
      cmocka_unit_test(what_could_lead_elsewhere_or_holds_a_password_is_refused_and_not_shown),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}
