/* json_cases.h - texts that RFC 8259 allows or forbids, with what is read of them. */
#ifndef HOKO_TESTS_JSON_CASES_H
#define HOKO_TESTS_JSON_CASES_H

#include "base/slice.h"

struct accepted {
  struct slice text;
  const char *trace;
};

static const struct accepted accepted[] = {
    {SLICE_INIT("[]"), "[ ] ."},
    {SLICE_INIT("{}"), "{ } ."},
    {SLICE_INIT(" \t\r\n[ \n] \r\n"), "[ ] ."},
    {SLICE_INIT("null"), "z ."},
    {SLICE_INIT(" true "), "t ."},
    {SLICE_INIT("[true,false,null]"), "[ t f z ] ."},
    {SLICE_INIT("\"\""), "\"\" ."},
    {SLICE_INIT("0"), "0 ."},
    {SLICE_INIT("-0"), "-0 ."},
    {SLICE_INIT("[0,-0,10,-10,9007199254740993]"), "[ 0 -0 10 -10 9007199254740993 ] ."},
    {SLICE_INIT("[0.5,-1.25,1e5,1E+5,1e-05,0e0,1.0e+10]"),
     "[ 0.5 -1.25 1e5 1E+5 1e-05 0e0 1.0e+10 ] ."},
    {SLICE_INIT("123456789012345678901234567890"), "123456789012345678901234567890 ."},
    {SLICE_INIT("{\"a\":{\"b\":[{}]},\"c\":[[]]}"),
     "{ \"a\": { \"b\": [ { } ] } \"c\": [ [ ] ] } ."},
    {SLICE_INIT("{\"a\":1,\"a\":2}"), "{ \"a\": 1 \"a\": 2 } ."},
    {SLICE_INIT("{\"\":0}"), "{ \"\": 0 } ."},
    {SLICE_INIT("{ \"a\" : 1 , \"b\" : 2 }"), "{ \"a\": 1 \"b\": 2 } ."},
    {SLICE_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\" ."},
    {SLICE_INIT("\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\""),
     "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" ."},
    {SLICE_INIT("\"\\u0000\\u001f\""), "\"\\u0000\\u001f\" ."},
    {SLICE_INIT("\"\x7f\""), "\"\x7f\" ."},
    {SLICE_INIT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""),
     "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" ."},
    {SLICE_INIT("\"\xe2\x80\xa8\xef\xbf\xbf\""), "\"\xe2\x80\xa8\xef\xbf\xbf\" ."},
    {SLICE_INIT("\"0123456789abcdef0123456789abcdef\""), "\"0123456789abcdef0123456789abcdef\" ."},
    {SLICE_INIT("\"0123456789abcde\\n0123456\\\\89\xc3\xa9\""),
     "\"0123456789abcde\\n0123456\\\\89\xc3\xa9\" ."},
};

struct refused {
  struct slice text;
  const char *trace;
  unsigned column; /* 1-based, of the byte to blame */
  const char *reason;
};

#define NO_VALUE "expected a value"
#define NO_DIGIT "a number lacks a digit"
#define TOO_EARLY "the text ends too early"
#define NO_COMMA_ARRAY "expected ',' or ']'"
#define NO_COMMA_OBJECT "expected ',' or '}'"
#define NO_KEY "expected a key in double quotes"
#define NO_COLON "expected ':' behind a key"
#define RAW "a control character in a string is not escaped"
#define NO_ESCAPE "no such escape in a string"
#define NO_UTF8 "a string is not valid UTF-8"
#define BEHIND "expected nothing behind the value"

static const struct refused refused[] = {
    {SLICE_INIT("\xef\xbb\xbf[]"), "!", 1, NO_VALUE},
    {SLICE_INIT("]"), "!", 1, NO_VALUE},
    {SLICE_INIT(","), "!", 1, NO_VALUE},
    {SLICE_INIT("\xa0"), "!", 1, NO_VALUE},
    {SLICE_INIT("\0"), "!", 1, NO_VALUE},
    {SLICE_INIT("// c\n1"), "!", 1, NO_VALUE},
    {SLICE_INIT("[/**/]"), "[ !", 2, NO_VALUE},
    {SLICE_INIT("[1/**/]"), "[ 1 !", 3, NO_COMMA_ARRAY},
    {SLICE_INIT("True"), "!", 1, NO_VALUE},
    {SLICE_INIT("truE"), "!", 1, NO_VALUE},
    {SLICE_INIT("nul"), "!", 4, TOO_EARLY},
    {SLICE_INIT("[nul]"), "[ !", 2, NO_VALUE},
    {SLICE_INIT("NaN"), "!", 1, NO_VALUE},
    {SLICE_INIT("Infinity"), "!", 1, NO_VALUE},
    {SLICE_INIT("-Infinity"), "!", 2, NO_DIGIT},
    {SLICE_INIT("+1"), "!", 1, NO_VALUE},
    {SLICE_INIT(".5"), "!", 1, NO_VALUE},
    {SLICE_INIT("[-]"), "[ !", 3, NO_DIGIT},
    {SLICE_INIT("-"), "!", 2, TOO_EARLY},
    {SLICE_INIT("--1"), "!", 2, NO_DIGIT},
    {SLICE_INIT("[1.]"), "[ !", 4, NO_DIGIT},
    {SLICE_INIT("1."), "!", 3, TOO_EARLY},
    {SLICE_INIT("[1.e5]"), "[ !", 4, NO_DIGIT},
    {SLICE_INIT("[1e]"), "[ !", 4, NO_DIGIT},
    {SLICE_INIT("[1e+]"), "[ !", 5, NO_DIGIT},
    {SLICE_INIT("1e"), "!", 3, TOO_EARLY},
    {SLICE_INIT("[1ea]"), "[ !", 4, NO_DIGIT},
    {SLICE_INIT("[01]"), "[ 0 !", 3, NO_COMMA_ARRAY},
    {SLICE_INIT("[-01]"), "[ -0 !", 4, NO_COMMA_ARRAY},
    {SLICE_INIT("0x10"), "0 .!", 2, BEHIND},
    {SLICE_INIT("1 2"), "1 .!", 3, BEHIND},
    {SLICE_INIT("1_000"), "1 .!", 2, BEHIND},
    {SLICE_INIT("[1.5.5]"), "[ 1.5 !", 5, NO_COMMA_ARRAY},
    {SLICE_INIT("\xef\xbc\x91"), "!", 1, NO_VALUE},
    {SLICE_INIT("["), "[ !", 2, TOO_EARLY},
    {SLICE_INIT("[1"), "[ 1 !", 3, TOO_EARLY},
    {SLICE_INIT("[1,"), "[ 1 !", 4, TOO_EARLY},
    {SLICE_INIT("[,1]"), "[ !", 2, NO_VALUE},
    {SLICE_INIT("[1,,2]"), "[ 1 !", 4, NO_VALUE},
    {SLICE_INIT("[1,]"), "[ 1 !", 4, NO_VALUE},
    {SLICE_INIT("[1 2]"), "[ 1 !", 4, NO_COMMA_ARRAY},
    {SLICE_INIT("[1}"), "[ 1 !", 3, NO_COMMA_ARRAY},
    {SLICE_INIT("[}"), "[ !", 2, NO_VALUE},
    {SLICE_INIT("[]]"), "[ ] .!", 3, BEHIND},
    {SLICE_INIT("[],"), "[ ] .!", 3, BEHIND},
    {SLICE_INIT("{"), "{ !", 2, TOO_EARLY},
    {SLICE_INIT("{]"), "{ !", 2, NO_KEY},
    {SLICE_INIT("{,}"), "{ !", 2, NO_KEY},
    {SLICE_INIT("{a:1}"), "{ !", 2, NO_KEY},
    {SLICE_INIT("{'a':1}"), "{ !", 2, NO_KEY},
    {SLICE_INIT("{1:1}"), "{ !", 2, NO_KEY},
    {SLICE_INIT("{null:1}"), "{ !", 2, NO_KEY},
    {SLICE_INIT("{\"a\"}"), "{ \"a\": !", 5, NO_COLON},
    {SLICE_INIT("{\"a\" 1}"), "{ \"a\": !", 6, NO_COLON},
    {SLICE_INIT("{\"a\":}"), "{ \"a\": !", 6, NO_VALUE},
    {SLICE_INIT("{\"a\"::1}"), "{ \"a\": !", 6, NO_VALUE},
    {SLICE_INIT("{\"a\":1,}"), "{ \"a\": 1 !", 8, NO_KEY},
    {SLICE_INIT("{\"a\":1 \"b\":2}"), "{ \"a\": 1 !", 8, NO_COMMA_OBJECT},
    {SLICE_INIT("{\"a\":1]"), "{ \"a\": 1 !", 7, NO_COMMA_OBJECT},
    {SLICE_INIT("{\"a\":1"), "{ \"a\": 1 !", 7, TOO_EARLY},
    {SLICE_INIT("{\"a\":1,,\"b\":2}"), "{ \"a\": 1 !", 8, NO_KEY},
    {SLICE_INIT("{\"a\",1}"), "{ \"a\": !", 5, NO_COLON},
    {SLICE_INIT("[\"a\":1]"), "[ \"a\" !", 5, NO_COMMA_ARRAY},
    {SLICE_INIT("\""), "!", 2, TOO_EARLY},
    {SLICE_INIT("\"abc"), "!", 5, TOO_EARLY},
    {SLICE_INIT("'abc'"), "!", 1, NO_VALUE},
    {SLICE_INIT("\"a\nb\""), "!", 3, RAW},
    {SLICE_INIT("\"a\tb\""), "!", 3, RAW},
    {SLICE_INIT("\"a\0b\""), "!", 3, RAW},
    {SLICE_INIT("\"0123456789abcdef\x1f\""), "!", 18, RAW},
    {SLICE_INIT("\"\\"), "!", 3, TOO_EARLY},
    {SLICE_INIT("\"\\\""), "!", 4, TOO_EARLY},
    {SLICE_INIT("\"\\x41\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\'\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\a\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\\0\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\U0041\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\u\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\u00g0\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\u004\""), "!", 2, NO_ESCAPE},
    {SLICE_INIT("\"\\u00"), "!", 6, TOO_EARLY},
};

#endif
