#include "cli/jobs.h"

#include "cli/commands.h"

static const struct command *const subs[] = {&jobs_list,  &jobs_next,   &jobs_run,
                                             &jobs_pause, &jobs_resume, NULL};

const struct command command_jobs = {
    .name = "jobs",
    .summary = "the schedule in hoko.lua",
    .usage = "",
    .subs = subs,
    .is_first_sub_default = true,

};
