#include "cli/jobs.h"

#include "cli/commands.h"

static const struct command *const subs[] = {&jobs_next, NULL};

const struct command command_jobs = {
    .name = "jobs",
    .summary = "the schedule in hoko.lua",
    .usage = "",
    .subs = subs,
};
