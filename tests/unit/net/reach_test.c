#include "net/reach.h"

#include "base/origin.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/socket.h>

static struct reach *of(const char *word) {
  struct error err;
  const char *words[] = {word, NULL};
  struct reach *r = reach_new(words, &err);
  if (!r) fail_msg("%s: %s", word, err.message);
  return r;
}

/* ---- which servers are in a list ---- */

static const struct {
  const char *word, *origin;
  bool is_in;
} servers[] = {
    {"crm.example", "https://crm.example", true},
    {"crm.example", "http://crm.example:8080", true},
    {"CRM.example", "https://crm.example", true},
    {"crm.example", "https://x.crm.example", false},
    {"crm.example", "https://crm.example.evil", false},
    {"crm.example:8443", "https://crm.example:8443", true},
    {"crm.example:8443", "https://crm.example", false},
    {"crm.example:443", "https://crm.example", true},
    {"10.1.2.3", "http://10.1.2.3:99", true},
    {"10.1.2.3", "http://10.1.2.4", false},
    {"10.0.0.0/8", "http://10.1.2.3", true},
    {"10.0.0.0/8", "http://11.1.2.3", false},
    {"10.1.2.0/23", "http://10.1.3.255", true},
    {"10.1.2.0/23", "http://10.1.4.0", false},
    {"::1", "http://[::1]:8080", true},
    {"[::1]:8080", "http://[::1]:8080", true},
    {"[::1]:8080", "http://[::1]:8081", false},
    {"[::1]", "http://[::1]:8081", true},
    {"fd00::/8", "http://[fd12::1]", true},
    {"127.0.0.1", "http://[::ffff:127.0.0.1]", true},
    {"127.0.0.1", "http://localhost", false},
    {"localhost", "http://127.0.0.1", false},
};

static void a_server_is_in_the_list_by_host_port_or_network(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
    struct reach *r = of(servers[i].word);
    struct error err;
    char origin[ORIGIN_SIZE];
    assert_int_equal(origin_of_url(origin, slice_of(servers[i].origin), &err), 0);
    if (reach_has(r, origin) != servers[i].is_in)
      fail_msg("%s in %s", servers[i].origin, servers[i].word);
    reach_free(r);
  }
}

static void without_a_list_no_server_is_reached(void **state) {
  struct error err;
  (void)state;
  struct reach *r = reach_new(NULL, &err);
  assert_non_null(r);
  assert_false(reach_has(r, "https://hoko.to"));
  reach_free(r);
}

/* ---- which addresses a name may have ---- */

static const struct {
  const char *word, *origin, *address;
  bool is_admitted;
} addresses[] = {
    {"crm.example", "https://crm.example", "93.184.216.34", true},
    {"crm.example", "https://crm.example", "2606:2800:220:1:248:1893:25c8:1946", true},
    {"crm.example", "https://crm.example", "127.0.0.1", false},
    {"crm.example", "https://crm.example", "127.255.0.1", false},
    {"crm.example", "https://crm.example", "0.0.0.0", false},
    {"crm.example", "https://crm.example", "10.0.0.1", false},
    {"crm.example", "https://crm.example", "172.16.0.1", false},
    {"crm.example", "https://crm.example", "172.31.255.255", false},
    {"crm.example", "https://crm.example", "172.32.0.1", true},
    {"crm.example", "https://crm.example", "192.168.1.1", false},
    {"crm.example", "https://crm.example", "100.64.0.1", false},
    {"crm.example", "https://crm.example", "169.254.169.254", false},
    {"crm.example", "https://crm.example", "224.0.0.1", false},
    {"crm.example", "https://crm.example", "255.255.255.255", false},
    {"crm.example", "https://crm.example", "::", false},
    {"crm.example", "https://crm.example", "::1", false},
    {"crm.example", "https://crm.example", "::127.0.0.1", false},
    {"crm.example", "https://crm.example", "::ffff:127.0.0.1", false},
    {"crm.example", "https://crm.example", "::ffff:8.8.8.8", true},
    {"crm.example", "https://crm.example", "64:ff9b::7f00:1", false},
    {"crm.example", "https://crm.example", "2002:7f00:1::", false},
    {"crm.example", "https://crm.example", "fe80::1", false},
    {"crm.example", "https://crm.example", "fd00::1", false},
    {"crm.example", "https://crm.example", "ff02::1", false},
    {"localhost", "http://localhost:80", "127.0.0.1", true},
    {"localhost", "http://localhost:80", "::1", true},
    {"localhost", "http://localhost:80", "10.0.0.1", false},
    {"10.1.2.3", "http://10.1.2.3", "10.1.2.3", true},
    {"10.0.0.0/8", "https://crm.example", "10.1.2.3", true},
    {"10.1.2.3:443", "https://crm.example", "10.1.2.3", true},
    {"10.1.2.3:8443", "https://crm.example", "10.1.2.3", false},
};

static void address_of(struct sockaddr_storage *to, const char *text) {
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    memcpy(to, &v4, sizeof v4);
  } else {
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    memcpy(to, &v6, sizeof v6);
  }
}

static void a_name_is_believed_only_as_far_as_its_address(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    struct reach *r = of(addresses[i].word);
    struct sockaddr_storage address;
    address_of(&address, addresses[i].address);
    bool is_admitted = reach_admits(r, addresses[i].origin, (const struct sockaddr *)&address);
    if (is_admitted != addresses[i].is_admitted)
      fail_msg("%s at %s with %s", addresses[i].origin, addresses[i].address, addresses[i].word);
    reach_free(r);
  }
}

static void an_address_of_another_family_is_never_admitted(void **state) {
  (void)state;
  struct reach *r = of("crm.example");
  struct sockaddr_storage address = {.ss_family = AF_UNIX};
  char text[REACH_ADDRESS_SIZE];
  assert_false(reach_admits(r, "https://crm.example", (const struct sockaddr *)&address));
  assert_string_equal(reach_describe((const struct sockaddr *)&address, text), "unknown");
  reach_free(r);
}

/* ---- words that are none ---- */

static void a_word_that_is_no_server_is_refused_by_name(void **state) {
  static const char *const words[] = {"",
                                      "a b",
                                      "https://crm.example/",
                                      "10.0.0.0/33",
                                      "10.0.0.0/0",
                                      "10.0.0/8",
                                      "/8",
                                      "10.0.0.0/",
                                      "crm:0",
                                      "crm:x",
                                      "crm:65536",
                                      "[::1",
                                      "::1/129",
                                      "a@b",
                                      "127.1",
                                      "fe80::1%eth0",
                                      "crm.",
                                      "10.0.0.0/8/8"};
  (void)state;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    struct error err;
    const char *list[] = {words[i], NULL};
    if (reach_new(list, &err)) fail_msg("%s is taken", words[i]);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, words[i]));
  }
}

static void more_words_than_fit_are_refused(void **state) {
  const char *words[REACH_WORDS_MAX + 2];
  struct error err;
  (void)state;
  for (size_t i = 0; i <= REACH_WORDS_MAX; i++) words[i] = "crm.example";
  words[REACH_WORDS_MAX + 1] = NULL;
  assert_null(reach_new(words, &err));
  assert_int_equal(err.code, ERROR_USAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_server_is_in_the_list_by_host_port_or_network),
      cmocka_unit_test(without_a_list_no_server_is_reached),
      cmocka_unit_test(a_name_is_believed_only_as_far_as_its_address),
      cmocka_unit_test(an_address_of_another_family_is_never_admitted),
      cmocka_unit_test(a_word_that_is_no_server_is_refused_by_name),
      cmocka_unit_test(more_words_than_fit_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
