/* The tests of a project's scripts; lua/hoko/test.lua finds and counts what fails. */
#include "worker/task.h"

#include "worker/job.h"

static int run_tests(lua_State *L) {
  job_open(L, lua_touserdata(L, 1));
  lua_getfield(L, 2, "run_tests");
  lua_call(L, 0, 0);
  return 0;
}

void task_test(struct channel *channel, const struct message *m, struct message *done,
               struct buf *done_text) {
  job_do(channel, m, run_tests, done, done_text);
}
