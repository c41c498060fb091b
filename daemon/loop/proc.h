// Child processes as ops, over uv_spawn: output captured under a cap, a time limit, always reaped.
// A child has a session of its own, no descriptors beyond 0-2, and never NOTIFY_SOCKET or
// WATCHDOG_*.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"
#include <sys/types.h>

struct proc {
	struct op op;
	// -- in; borrowed until finished
	const char *const *argv;      // NULL-ended; argv[0] looked up in PATH
	const char *const *extra_env; // "NAME=value", NULL-ended, or NULL
	const char *stdin_text;       // written to the child, then closed; NULL: /dev/null
	int64_t total_ms;             // then SIGKILL and ERR_TRANSIENT; 0: no limit
	size_t most_output_bytes;     // of stdout and of stderr; 0: 1 MiB; more is ERR_INVALID
	uid_t uid;                    // run as; 0: as ourselves
	gid_t gid;
	const char *cwd; // NULL: ours
	// -- out, owned
	struct buf out, errors;
	int exit_status; // the exit code, or 128 + signal; -1 when it never ran
	// -- private
	void *state;
};

void proc_init(struct proc *proc);
/* Finishes with ERR_OK whenever the child ran to its end, whatever its exit status; TRANSIENT on
 * the time limit; INVALID when it cannot be started or floods its output; CANCELED (killed). */
void proc_start(struct loop *loop, struct proc *proc, struct task *owner);
void proc_done(struct proc *proc);

/* A child that stays: the embedded database server. */
struct service {
	struct op op; // finishes when the child has exited; exit_status tells
	const char *const *argv;
	const char *const *extra_env;
	uid_t uid;
	gid_t gid;
	const char *cwd;
	int stdout_fd;   // where its output and its errors go; -1: /dev/null
	int exit_status; // as above; -1 when it never ran
	pid_t pid;       // 0 when it does not run
	void *state;
};

/* The op finishes when it exits, with ERR_OK whatever its exit status; INVALID when it cannot be
 * started. op_cancel() sends SIGTERM and it finishes with ERR_CANCELED once it has gone: whoever
 * cannot wait sends more with service_signal(). */
void service_start(struct loop *loop, struct service *service, struct task *owner);
/* To the child alone, not to its children. Nothing happens when it does not run. */
void service_signal(struct service *service, int signal_number);
