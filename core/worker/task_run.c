/* A script, once: libraries, load, call. */
#include "worker/task.h"

#include "worker/host.h"
#include "worker/job.h"
#include "worker/loader.h"
#include "worker/shared.h"

#include <lauxlib.h>

/* Task table at 2 → the script's chunk is called. */
static int run_script(lua_State *L) {
  struct job *job = lua_touserdata(L, 1);
  const char *path;
  int fd;
  job_open(L, job);
  lua_getfield(L, 2, "script");
  path = lua_tostring(L, -1);
  worker_shared(L)->script = path;
  job->is_loading = true;
  if (host_open(L, path, OPEN_MODULE, &fd, &job->err) || loader_load_fd(L, fd, path, &job->err))
    return 0;
  job->is_loading = false;
  lua_getglobal(L, "arg");
  int n = (int)lua_rawlen(L, -1);
  luaL_checkstack(L, n + 4, "too many arguments");
  for (int i = 1; i <= n; i++) lua_rawgeti(L, -i, i);
  lua_remove(L, -n - 1);
  lua_call(L, n, 0);
  return 0;
}

void task_run(struct channel *channel, const struct message *m, struct message *done,
              struct buf *done_text) {
  job_do(channel, m, run_script, done, done_text);
}
