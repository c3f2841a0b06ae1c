#include "cli/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ARGS_MAX = 16 };

static int run_nothing(struct cli *cli) {
  (void)cli;
  return EXIT_OK;
}

static const char *const formats[] = {"text", "json", NULL};
static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static const struct option common[] = {
    {.name = "project", .letter = 'C', .type = OPTION_TEXT, .value = "DIR", .help = "folder"},
    {.name = "key", .type = OPTION_TEXT, .value = "NAME", .help = "key"},
    {.name = "verbose", .letter = 'v', .type = OPTION_COUNT, .help = "more"},
    {.name = "quiet", .letter = 'q', .type = OPTION_FLAG, .help = "less"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .value = "F",
     .choices = formats,
     .fallback = "text",
     .help = "form"},
    {.name = "help", .letter = 'h', .type = OPTION_FLAG, .help = "help"},
    OPTION_END,
};
static const struct option run_options[] = {
    {.name = "dry-run", .type = OPTION_FLAG, .help = "dry"},
    {.name = "lines",
     .letter = 'n',
     .type = OPTION_INT,
     .value = "N",
     .min = 0,
     .max = 10,
     .fallback = "3",
     .help = "n"},
    {.name = "wait",
     .type = OPTION_DURATION,
     .value = "TIME",
     .fallback = "5m",
     .max = 3600000,
     .help = "wait"},
    {.name = "memory", .type = OPTION_SIZE, .value = "SIZE", .min = 1024, .help = "memory"},
    {.name = "report", .type = OPTION_TEXT, .value = "FILE", .help = "report"},
    {.name = "fault", .type = OPTION_TEXTS, .value = "SPEC", .help = "faults"},
    {.name = "allow-run",
     .type = OPTION_LIST,
     .value = "LIST",
     .is_value_optional = true,
     .help = "run"},
    {.name = "allow-read", .type = OPTION_LIST, .value = "LIST", .help = "read"},
    OPTION_END,
};
static const struct option list_options[] = {
    {.name = "json", .type = OPTION_FLAG, .help = "json"},
    {.name = "key", .type = OPTION_TEXT, .value = "KEY", .help = "its own"},
    OPTION_END,
};

static const struct command run = {.name = "run",
                                   .usage = "SCRIPT [ARG…]",
                                   .options = run_options,
                                   .run = run_nothing,
                                   .is_rest_verbatim = true,
                                   .args_min = 1,
                                   .args_max = COMMAND_ARGS_ANY};
static const struct command list = {
    .name = "list", .usage = "", .options = list_options, .run = run_nothing};
static const struct command show = {
    .name = "show", .usage = "RUN", .run = run_nothing, .args_min = 1, .args_max = 1};
static const struct command *const runs_subs[] = {&list, &show, NULL};
static const struct command runs = {
    .name = "runs", .usage = "", .subs = runs_subs, .is_first_sub_default = true};
static const struct command *const key_subs[] = {&show, &list, NULL};
static const struct command key = {.name = "key", .usage = "", .subs = key_subs};
static const struct command completion = {.name = "completion",
                                          .usage = "bash|zsh|fish",
                                          .run = run_nothing,
                                          .args_min = 1,
                                          .args_max = 1,
                                          .arg_choices = shells};
static const struct command *const commands[] = {&run, &runs, &key, &completion, NULL};

struct line {
  struct cli cli;
  struct error err;
  int outcome;
};

/* Reads "hoko WORD…", words parted by one blank. */
static void line_read(struct line *l, char *text) {
  static char name[] = "hoko";
  char *argv[ARGS_MAX] = {name};
  int argc = 1;
  for (char *rest = text, *word; (word = strsep(&rest, " "));) {
    assert_true(argc < ARGS_MAX);
    argv[argc++] = word;
  }
  *l = (struct line){.cli.options.common = common};
  error_clear(&l->err);
  l->outcome = command_line_read(&l->cli, commands, argc, argv, &l->err);
}

/* Words stay the caller's array's, so each test keeps its own. */
#define READ(l, text)                                                                              \
  char words_##l[] = text;                                                                         \
  struct line l;                                                                                   \
  line_read(&l, words_##l)

struct wrong {
  const char *words, *message, *hint;
};

static const struct wrong wrongs[] = {
    {"rum", "hoko has no command \"rum\"; the nearest is run", "hoko help"},
    {"something", "hoko has no command \"something\"", "hoko help"},
    {"x.lua", "hoko has no command \"x.lua\"", "hoko run x.lua"},
    {"--keyy x", "hoko has no option --keyy; the nearest is --key", "hoko help"},
    {"run --dry-rn x", "hoko run has no option --dry-rn; the nearest is --dry-run",
     "hoko help run"},
    {"run --dry-rn=1 x", "hoko run has no option --dry-rn; the nearest is --dry-run",
     "hoko help run"},
    {"run -x s", "hoko run has no option -x", "hoko help run"},
    {"run -qx s", "hoko run has no option -x", "hoko help run"},
    {"run", "hoko run needs SCRIPT [ARG…]", "hoko help run"},
    {"run --lines", "--lines needs N behind it", "hoko help run"},
    {"run --report --dry-run s", "--report needs FILE behind it",
     "--report=--dry-run where that is meant"},
    {"run --lines=11 s", "--lines: \"11\" is not a whole number from 0 to 10", "hoko help run"},
    {"run --lines= s", "--lines: \"\" is not a whole number from 0 to 10", "hoko help run"},
    {"run -n x s", "--lines: \"x\" is not a whole number from 0 to 10", "hoko help run"},
    {"run --wait 2h s",
     "--wait: \"2h\" is not a duration such as 500ms, 90s, 15m, 2h or 1d, at most 1h",
     "hoko help run"},
    {"run --wait 5 s",
     "--wait: \"5\" is not a duration such as 500ms, 90s, 15m, 2h or 1d, at most 1h",
     "hoko help run"},
    {"run --memory 1 s", "--memory: \"1\" is not a size such as 64KiB, 4MiB or 1GiB, at least 1KiB",
     "hoko help run"},
    {"run --report= s", "--report needs FILE, but its value is empty", "hoko help run"},
    {"run --dry-run=yes s", "--dry-run takes no value, and \"yes\" is one", "--dry-run"},
    {"--format jsn run s", "--format: \"jsn\" is not text or json", "--format=json"},
    {"runs shw", "hoko runs has no command \"shw\"; the nearest is show", "hoko help runs"},
    {"runs show", "hoko runs show needs RUN", "hoko help runs"},
    {"runs show a b", "hoko runs show: \"b\" is one argument too many", "hoko help runs"},
    {"runs show --json a", "hoko runs show has no option --json", "hoko help runs"},
    {"key", "hoko key: which one? show or list", "hoko help key"},
    {"key --json", "hoko key has no option --json", "hoko help key"},
    {"completion", "hoko completion needs bash|zsh|fish", "hoko help completion"},
    {"completion bsh", "hoko completion does not know \"bsh\"; the nearest is bash",
     "hoko completion bash|zsh|fish"},
};

static void wrong_use_names_the_nearest_and_what_to_type(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
    char words[128];
    (void)snprintf(words, sizeof words, "%s", wrongs[i].words);
    struct line l;
    line_read(&l, words);
    if (l.outcome != -1) fail_msg("accepted: %s", wrongs[i].words);
    assert_string_equal(l.err.message, wrongs[i].message);
    assert_string_equal(l.err.hint, wrongs[i].hint);
    assert_int_equal(l.err.code, ERROR_USAGE);
    command_line_free(&l.cli);
  }
}

static void words_behind_the_script_are_the_scripts(void **state) {
  (void)state;
  READ(l, "-C dir run --dry-run -n 5 s.lua --dry-run -q -- --lines=99");
  assert_int_equal(l.outcome, 0);
  assert_ptr_equal(l.cli.command, &run);
  assert_int_equal(l.cli.args_len, 5);
  assert_string_equal(l.cli.args[0], "s.lua");
  assert_string_equal(l.cli.args[1], "--dry-run");
  assert_string_equal(l.cli.args[3], "--");
  assert_string_equal(l.cli.args[4], "--lines=99");
  assert_null(l.cli.args[5]);
  assert_int_equal(options_count(&l.cli.options, "dry-run"), 1);
  assert_false(options_given(&l.cli.options, "quiet"));
  assert_int_equal(options_int(&l.cli.options, "lines"), 5);
  assert_string_equal(options_text(&l.cli.options, "project"), "dir");
  command_line_free(&l.cli);
}

static void a_lone_dash_and_words_behind_two_are_arguments(void **state) {
  (void)state;
  READ(dash, "run -");
  assert_int_equal(dash.outcome, 0);
  assert_string_equal(dash.cli.args[0], "-");
  command_line_free(&dash.cli);
  READ(ended, "runs show -- --json");
  assert_int_equal(ended.outcome, 0);
  assert_string_equal(ended.cli.args[0], "--json");
  command_line_free(&ended.cli);
}

static void common_options_stand_on_either_side(void **state) {
  (void)state;
  READ(l, "-vq --key=a runs -v list --format json -v");
  assert_int_equal(l.outcome, 0);
  assert_ptr_equal(l.cli.command, &list);
  assert_ptr_equal(l.cli.parent, &runs);
  assert_int_equal(options_count(&l.cli.options, "verbose"), 3);
  assert_true(options_given(&l.cli.options, "quiet"));
  assert_int_equal(options_choice(&l.cli.options, "format"), 1);
  command_line_free(&l.cli);
}

static void a_commands_own_option_goes_before_a_common_one_of_its_name(void **state) {
  (void)state;
  READ(l, "--key common runs list --key own");
  assert_int_equal(l.outcome, 0);
  assert_string_equal(options_text(&l.cli.options, "key"), "own");
  command_line_free(&l.cli);
  READ(before, "--key common runs list");
  assert_null(options_text(&before.cli.options, "key"));
  command_line_free(&before.cli);
}

static void the_first_sub_command_may_be_left_out(void **state) {
  (void)state;
  READ(bare, "runs");
  assert_int_equal(bare.outcome, 0);
  assert_ptr_equal(bare.cli.command, &list);
  command_line_free(&bare.cli);
  READ(with_option, "runs --json");
  assert_int_equal(with_option.outcome, 0);
  assert_ptr_equal(with_option.cli.command, &list);
  assert_true(options_given(&with_option.cli.options, "json"));
  command_line_free(&with_option.cli);
}

static void values_stand_in_each_of_their_places(void **state) {
  (void)state;
  const char *const forms[] = {"run --lines=7 s", "run --lines 7 s", "run -n7 s",
                               "run -n=7 s",      "run -n 7 s",      "run -qn7 s"};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    char words[64];
    (void)snprintf(words, sizeof words, "%s", forms[i]);
    struct line l;
    line_read(&l, words);
    assert_int_equal(l.outcome, 0);
    assert_int_equal(options_int(&l.cli.options, "lines"), 7);
    command_line_free(&l.cli);
  }
}

static void the_last_value_holds_and_else_the_default(void **state) {
  (void)state;
  READ(l, "run --wait 1m --wait 2m --report - s");
  assert_int_equal(l.outcome, 0);
  assert_int_equal(options_int(&l.cli.options, "wait"), 120000);
  assert_int_equal(options_int(&l.cli.options, "lines"), 3);
  assert_string_equal(options_text(&l.cli.options, "report"), "-");
  assert_false(options_given(&l.cli.options, "memory"));
  assert_null(options_text(&l.cli.options, "memory"));
  command_line_free(&l.cli);
}

static void lists_are_split_and_texts_are_not(void **state) {
  (void)state;
  READ(l, "run --fault a,b --allow-read x,y --fault c --allow-read=z --allow-run s");
  assert_int_equal(l.outcome, 0);
  const char *const faults[] = {"a,b", "c"}, *const reads[] = {"x", "y", "z"};
  struct slice text;
  size_t at = 0;
  for (struct options_walk w = {0}; options_next(&l.cli.options, "fault", &w, &text); at++)
    assert_true(at < 2 && slice_is(text, faults[at]));
  assert_int_equal(at, 2);
  at = 0;
  for (struct options_walk w = {0}; options_next(&l.cli.options, "allow-read", &w, &text); at++)
    assert_true(at < 3 && slice_is(text, reads[at]));
  assert_int_equal(at, 3);
  assert_true(options_given(&l.cli.options, "allow-run"));
  assert_string_equal(options_text(&l.cli.options, "allow-run"), "");
  assert_int_equal(l.cli.args_len, 1);
  command_line_free(&l.cli);
}

static void help_is_read_without_what_is_missing(void **state) {
  (void)state;
  READ(no_script, "run --help");
  assert_int_equal(no_script.outcome, 0);
  command_line_free(&no_script.cli);
  READ(no_sub, "key -h");
  assert_int_equal(no_sub.outcome, 0);
  assert_ptr_equal(no_sub.cli.command, &key);
  command_line_free(&no_sub.cli);
}

static void an_empty_variable_counts_as_unset(void **state) {
  (void)state;
  char empty[] = "EMPTY=", set[] = "SET=x", longer[] = "SETTER=y";
  char *const environment[] = {longer, empty, set, NULL};
  struct cli cli = {.environment = environment};
  assert_string_equal(command_env(&cli, "SET"), "x");
  assert_null(command_env(&cli, "EMPTY"));
  assert_null(command_env(&cli, "SE"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrong_use_names_the_nearest_and_what_to_type),
      cmocka_unit_test(words_behind_the_script_are_the_scripts),
      cmocka_unit_test(a_lone_dash_and_words_behind_two_are_arguments),
      cmocka_unit_test(common_options_stand_on_either_side),
      cmocka_unit_test(a_commands_own_option_goes_before_a_common_one_of_its_name),
      cmocka_unit_test(the_first_sub_command_may_be_left_out),
      cmocka_unit_test(values_stand_in_each_of_their_places),
      cmocka_unit_test(the_last_value_holds_and_else_the_default),
      cmocka_unit_test(lists_are_split_and_texts_are_not),
      cmocka_unit_test(help_is_read_without_what_is_missing),
      cmocka_unit_test(an_empty_variable_counts_as_unset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
