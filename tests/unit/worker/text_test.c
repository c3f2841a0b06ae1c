#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/bind/text.h"

#include "lua_state.h"

struct use {
  const char *call, *result; /* NULL: nil */
};

static const struct use uses[] = {
    {"trim(nil)", NULL},
    {"trim('')", NULL},
    {"trim(' \\t\\r\\n\\v\\f ')", NULL},
    {"trim('a')", "a"},
    {"trim('  a b ')", "a b"},
    {"trim('\\u{A0}\\u{2003}نورة\\u{3000} ')", "نورة"},
    {"trim('\\u{A0} \\u{A0}')", NULL},
    {"trim(' \\xff ')", "\xff"},
    {"squeeze(nil)", NULL},
    {"squeeze('  ')", NULL},
    {"squeeze(' a \\t\\n b  c ')", "a b c"},
    {"squeeze('نورة \\u{A0}\\u{2003}الحربي')", "نورة الحربي"},
    {"fold(nil)", NULL},
    {"fold(' ')", NULL},
    {"fold(' AbC ')", "abc"},
    {"fold('Straße ÉCOLE')", "strasse école"},
    {"fold('ＡＢＣ１２')", "abc12"},
    {"fold('\\u{FEFB}') == hoko.text.fold('لا') and 'same'", "same"},
    {"digits(nil)", NULL},
    {"digits('none')", NULL},
    {"digits('a1b22-3')", "1223"},
    {"digits('٠١٢٣٤٥٦٧٨٩')", "0123456789"},
    {"digits('۰۱۲۳۴۵۶۷۸۹')", "0123456789"},
    {"digits('０１９')", "019"},
    {"digits('ABC\\xd9')", NULL},
    {"email(nil)", NULL},
    {"email(' ')", NULL},
    {"email('a@b.c')", "a@b.c"},
    {"email(' Sara.1@Example.ORG\\n')", "sara.1@example.org"},
    {"email('ÉCOLE@Example.fr')", "école@example.fr"},
    {"email('Straße@x.de')", "straße@x.de"},
    {"slug(nil)", NULL},
    {"slug(' -- ')", NULL},
    {"slug('  José\\'s  Café ')", "joses-cafe"},
    {"slug('Al-Otaibi & Sons, Ltd.')", "al-otaibi-sons-ltd"},
    {"slug('مُحَمَّد  الأحمــد')", "محمد-الأحمد"},
    {"slug('شركة آفاق 24/7')", "شركة-آفاق-24-7"},
    {"slug('Район Й')", "район-й"},
    {"slug('O’Brien')", "obrien"},
    {"phone(nil)", NULL},
    {"phone('')", NULL},
    {"phone('n/a')", NULL},
    {"phone('+966 50 123-4567')", "+966501234567"},
    {"phone('00966 50.123')", "+0096650123"},
    {"phone('٠٥٠١٢٣')", "+050123"},
    {"phone(nil, 'SA')", NULL},
    {"phone('', 'SA')", NULL},
    {"phone('0501234567', 'SA')", "+966501234567"},
    {"phone('501234567', 'SA')", "+966501234567"},
    {"phone('٠٥٠ ١٢٣ ٤٥٦٧', 'SA')", "+966501234567"},
    {"phone('+966 (0)50 123 4567', 'SA')", "+966501234567"},
    {"phone('(966) 50 123 4567', 'SA')", "+966501234567"},
    {"phone('00966 50.123.4567', 'sa')", "+966501234567"},
    {"phone('+00966501234567', 'SA')", "+966501234567"},
    {"phone('050 123 456', 'SA')", NULL},
    {"phone('050 123 45678', 'SA')", NULL},
    {"phone('+966 50 123', 'SA')", NULL},
    {"phone('+971 50 123 4567', 'SA')", "+971501234567"},
    {"phone('00971 50 123 4567', 'SA')", "+971501234567"},
    {"phone('0501234567 / 0559876543', 'SA')", "+966501234567"},
    {"phone('0112345678 ext 12', 'SA')", "+966112345678"},
    {"phone('Tel. 050-123-4567', 'SA')", "+966501234567"},
    {"phone('050+1234567', 'SA')", NULL},
    {"phone('04 123 4567', 'AE')", "+97141234567"},
    {"phone('0770 123 4567', 'IQ')", "+9647701234567"},
    {"phone('01001234567', 'EG')", "+201001234567"},
    {"phone('1712 3456', 'BH')", "+97317123456"},
    {"phone('(415) 555-2671', 'US')", "+14155552671"},
    {"phone('1-415-555-2671', 'CA')", "+14155552671"},
    {"phone('011 966 50 123 4567', 'US')", "+966501234567"},
    {"phone('115 555 2671', 'US')", NULL},
    {"phone('020 7946 0958', 'GB')", "+442079460958"},
    {"phone('+44 (0)20 7946 0958', 'SA')", "+442079460958"},
    {"phone('06 1234 5678', 'FR')", "+33612345678"},
    {"phone('0171 1234567', 'DE')", "+491711234567"},
    {"phone('06 6988 1234', 'IT')", "+390669881234"},
    {"phone('0049 30 12345', 'IT')", "+493012345"},
    {"phone('06 20 123 4567', 'HU')", "+36201234567"},
    {"phone('8 (495) 123-45-67', 'RU')", "+74951234567"},
    {"phone('098765 43210', 'IN')", "+919876543210"},
    {"phone('0300 1234567', 'PK')", "+923001234567"},
    {"phone('0532 123 45 67', 'TR')", "+905321234567"},
    {"phone('0412 345 678', 'AU')", "+61412345678"},
    {"phone('0011 966 50 123 4567', 'AU')", "+966501234567"},
    {"phone('+999 123 4567', 'SA')", "+9991234567"},
    {"phone('+123456789012345678', 'SA')", NULL},
    {"phone('+0 123 456 789', 'SA')", NULL},
    {"phone(551234567, 'SA')", "+966551234567"},
    {"phone(5.51234567e8, 'SA')", "+966551234567"},
    {"phone('1', hoko.null)", "+1"},
    {"phone(hoko.null)", NULL},
    {"trim(1)", "1"},
    {"trim(1.5)", "1.5"},
    {"digits(-7)", "7"},
};

static lua_State *text_state(struct worker_shared *shared) {
  lua_State *L = state_new(shared);
  text_bind(L);
  return L;
}

static void each_gives_what_the_table_says(void **state) {
  struct worker_shared shared;
  lua_State *L = text_state(&shared);
  (void)state;
  for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
    lua_pushfstring(L, "return hoko.text.%s", uses[i].call);
    if (luaL_dostring(L, lua_tostring(L, -1)))
      fail_msg("%s: %s", uses[i].call, lua_tostring(L, -1));
    const char *got = lua_tostring(L, -1);
    bool is_equal =
        got && uses[i].result ? strcmp(got, uses[i].result) == 0 : got == uses[i].result;
    if (!is_equal)
      fail_msg("%s gives %s, not %s", uses[i].call, got ? got : "nil",
               uses[i].result ? uses[i].result : "nil");
    lua_settop(L, 1);
  }
  lua_close(L);
}

static const struct use misuses[] = {
    {"trim(true)", "hoko.text.trim: expected a string or nil, got a boolean"},
    {"email({})", "hoko.text.email: expected a string or nil, got a table"},
    {"phone(io.stdout)", "hoko.text.phone: expected a string or nil, got a userdata"},
    {"phone('1', 5)", "hoko.text.phone: the country must be a string such as \"SA\", not a number"},
    {"phone('1', 'KSA')",
     "hoko.text.phone: no country 'KSA' is known (two letters of ISO 3166, such as \"SA\")"},
    {"fold('\\xff')",
     "hoko.text.fold: the text is no valid UTF-8 (hoko.csv has the option encoding)"},
    {"email('\\xff')",
     "hoko.text.email: the text is no valid UTF-8 (hoko.csv has the option encoding)"},
    {"slug(('é'):rep(1 << 20))", "hoko.text.slug: the text is longer than 1 MiB"},
};

static void misuse_raises_at_the_script_s_line(void **state) {
  struct worker_shared shared;
  lua_State *L = text_state(&shared);
  (void)state;
  for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
    lua_pushfstring(L, "\nlocal x = hoko.text.%s", misuses[i].call);
    const char *code = lua_tostring(L, -1);
    assert_int_equal(luaL_loadbuffer(L, code, strlen(code), "@script.lua"), LUA_OK);
    assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_ERRRUN);
    lua_pushfstring(L, "script.lua:2: %s", misuses[i].result);
    assert_string_equal(lua_tostring(L, -2), lua_tostring(L, -1));
    lua_settop(L, 1);
  }
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_gives_what_the_table_says),
      cmocka_unit_test(misuse_raises_at_the_script_s_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
