#include "cli/commands.h"

static const char *const log_formats[] = {"text", "json", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};

const struct option commands_common[] = {
    {.name = "project",
     .letter = 'C',
     .type = OPTION_TEXT,
     .value = "DIR",
     .completes = COMPLETES_FOLDER,
     .help = "the project folder"},
    {.name = "key", .type = OPTION_TEXT, .value = "NAME", .help = "the keystore's entry to use"},
    {.name = "passphrase-fd",
     .type = OPTION_INT,
     .value = "N",
     .max = 1 << 20,
     .help = "the descriptor that the keystore's passphrase is read from, one line"},
    {.name = "base-url", .type = OPTION_TEXT, .value = "URL", .help = "where Hoko is"},
    {.name = "state", .type = OPTION_TEXT, .value = "URL", .help = "sqlite:FILE or postgresql://…"},
    {.name = "quiet", .letter = 'q', .type = OPTION_FLAG, .help = "warnings and errors only"},
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_COUNT,
     .help = "more detail; -vv for more yet"},
    {.name = "log-format",
     .type = OPTION_CHOICE,
     .value = "FORMAT",
     .choices = log_formats,
     .fallback = "text",
     .help = "how lines on stderr are written"},
    {.name = "color",
     .type = OPTION_CHOICE,
     .value = "WHEN",
     .choices = colors,
     .fallback = "auto",
     .help = "when to use colour"},
    {.name = "help", .letter = 'h', .type = OPTION_FLAG, .help = "the manual page"},
    {.name = "version", .type = OPTION_FLAG, .help = "the versions of hoko and what it stands on"},
    OPTION_END,
};

const struct command *const commands[] = {
    &command_run,     &command_settle,     &command_repl,  &command_eval,  &command_check,
    &command_test,    &command_key,        &command_jobs,  &command_serve, &command_runs,
    &command_rejects, &command_explain,    &command_state, &command_mock,  &command_init,
    &command_doctor,  &command_completion, &command_help,  NULL,
};
