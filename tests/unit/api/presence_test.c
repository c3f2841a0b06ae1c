/* One partner's GET: each line is one form that its answer may take. */
#include "api/presence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define OBJECT "{\"id\":\"" ID "\",\"name\":\"A\",\"email\":null,\"phone\":null}"
#define OTHER "{\"id\":\"c2a9b7d4-88f1-4f6d-b0e6-91d27a5c4402\",\"name\":\"B\"}"
#define REFUSAL "{\"error\":{\"en\":\"Invalid request\",\"ar\":\"x\"}}"

static const struct {
  int status;
  const char *body;
  enum presence presence;
} answers[] = {
    {200, "[" OBJECT "]", PRESENCE_THERE},
    {200, " [ " OBJECT " ]\n", PRESENCE_THERE},
    {200, OBJECT, PRESENCE_THERE},
    {200, "{\"name\":\"A\",\"id\":\"7B1F0C52-3D0E-4C8A-9A55-0F6F2D1E8C11\"}", PRESENCE_THERE},
    {200, "[]", PRESENCE_ABSENT},
    {200, "[ ]", PRESENCE_ABSENT},
    {400, REFUSAL, PRESENCE_ABSENT},
    {400, "<html>", PRESENCE_UNCLEAR},
    {200, "[" OTHER "]", PRESENCE_UNCLEAR},
    {200, "[" OBJECT "," OTHER "]", PRESENCE_UNCLEAR},
    {200, "[" OBJECT, PRESENCE_UNCLEAR},
    {200, "[" OBJECT ",]", PRESENCE_UNCLEAR},
    {200, "", PRESENCE_UNCLEAR},
    {200, "null", PRESENCE_UNCLEAR},
    {200, "{}", PRESENCE_UNCLEAR},
    {200, "<html>", PRESENCE_UNCLEAR},
    {204, "", PRESENCE_UNCLEAR},
    {403, REFUSAL, PRESENCE_UNCLEAR},
    {404, REFUSAL, PRESENCE_UNCLEAR},
    {500, REFUSAL, PRESENCE_UNCLEAR},
};

static void only_a_clear_answer_tells_whether_a_partner_is_there(void **unused) {
  (void)unused;
  struct uuid id;
  assert_true(uuid_parse(SLICE(ID), &id));
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    enum presence got = presence_of(answers[i].status, slice_of(answers[i].body), &id);
    if (got != answers[i].presence) fail_msg("%d %s: %d", answers[i].status, answers[i].body, got);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_a_clear_answer_tells_whether_a_partner_is_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
