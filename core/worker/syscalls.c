#include "worker/syscalls.h"

#include "base/sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* O_PATH handles, leases and signals on other processes' behalf stay out. */
static const int descriptor_commands[] = {F_GETFD, F_SETFD, F_GETFL, F_SETFL};

static const int allowed[] = {
    /* descriptors */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(fstat64),
    /* memory */
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    /* signals and the end */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* time, chance, who am I */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrusage),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
#if IS_SANITIZED
    SCMP_SYS(openat),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(getrlimit),
    SCMP_SYS(prlimit64),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sysinfo),
    SCMP_SYS(set_robust_list),
#endif
};

/* Under a sanitizer they only fail: it looks for leaks by a tracer that it clones. */
static const int deadly[] = {SCMP_SYS(execve),
                             SCMP_SYS(execveat),
                             SCMP_SYS(fork),
                             SCMP_SYS(vfork),
                             SCMP_SYS(clone),
                             SCMP_SYS(clone3),
                             SCMP_SYS(ptrace),
                             SCMP_SYS(process_vm_readv),
                             SCMP_SYS(process_vm_writev),
                             SCMP_SYS(pidfd_open),
                             SCMP_SYS(pidfd_getfd),
                             SCMP_SYS(kcmp),
                             SCMP_SYS(socket),
                             SCMP_SYS(socketpair),
                             SCMP_SYS(connect),
                             SCMP_SYS(bind),
                             SCMP_SYS(listen),
                             SCMP_SYS(accept),
                             SCMP_SYS(accept4),
                             SCMP_SYS(keyctl),
                             SCMP_SYS(add_key),
                             SCMP_SYS(request_key),
                             SCMP_SYS(io_uring_setup),
                             SCMP_SYS(io_uring_enter),
                             SCMP_SYS(io_uring_register),
                             SCMP_SYS(bpf),
                             SCMP_SYS(perf_event_open),
                             SCMP_SYS(userfaultfd),
                             SCMP_SYS(mount),
                             SCMP_SYS(umount2),
                             SCMP_SYS(pivot_root),
                             SCMP_SYS(chroot),
                             SCMP_SYS(unshare),
                             SCMP_SYS(setns),
                             SCMP_SYS(init_module),
                             SCMP_SYS(finit_module),
                             SCMP_SYS(delete_module),
                             SCMP_SYS(kexec_load),
                             SCMP_SYS(open_by_handle_at),
                             SCMP_SYS(personality),
                             SCMP_SYS(memfd_create)};

/* The call, if its argument I equals VALUE under MASK; ~0 compares all of it. */
static int allow_if(scmp_filter_ctx filter, int call, unsigned i, scmp_datum_t mask,
                    scmp_datum_t value) {
  const struct scmp_arg_cmp equals = {
      .arg = i, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &equals);
}

static int allow_lists(scmp_filter_ctx filter) {
  int rc = 0;
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed && rc == 0; i++)
    rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly && rc == 0 && !IS_SANITIZED; i++)
    rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
  for (size_t i = 0; i < sizeof descriptor_commands / sizeof *descriptor_commands && rc == 0; i++)
    rc = allow_if(filter, SCMP_SYS(fcntl), 1, ~(scmp_datum_t)0,
                  (scmp_datum_t)descriptor_commands[i]);
  return rc;
}

/* Those that depend on an argument: memory never becomes executable, fstat() of the
 * C library is newfstatat() without a path, abort() signals this process alone. */
static int allow_with_arguments(scmp_filter_ctx filter) {
  const scmp_datum_t whole = ~(scmp_datum_t)0;
  int rc = 0;
  if (!IS_SANITIZED) rc = allow_if(filter, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
  if (rc == 0 && !IS_SANITIZED) rc = allow_if(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
  if (rc == 0) rc = allow_if(filter, SCMP_SYS(newfstatat), 3, whole, AT_EMPTY_PATH);
  if (rc == 0) rc = allow_if(filter, SCMP_SYS(tgkill), 0, whole, (scmp_datum_t)getpid());
  return rc;
}

int syscalls_limit(bool *is_held, struct error *err) {
  *is_held = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
  if (!*is_held) return 0;
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (!filter) return error_set(err, ERROR_MEMORY, "out of memory for the worker's cage");
  int rc = allow_lists(filter);
  if (rc == 0) rc = allow_with_arguments(filter);
  if (rc == 0)
    rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree of calls */
  if (rc == 0) rc = seccomp_load(filter);
  seccomp_release(filter);
  return rc ? error_errno(err, ERROR_INTERNAL, -rc, "shutting the worker's cage") : 0;
}
