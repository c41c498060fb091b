// The embedded database server: made once with initdb, started as our child, stopped with us.
//
// It survives our own sudden death and is then taken over at the next start, so the daemon never
// waits for a server to come down only to start it again. A server that is there is used; what is
// not, is made.
#pragma once

#include "base/err.h"
#include "loop/loop.h"
#include <stdbool.h>
#include <sys/types.h>

struct embedded;

/* Prepares the folders (cluster.h). `watcher` is woken when the server ends by itself. INVALID when
 * this machine cannot run one there. */
struct err embedded_new(struct loop *loop, const char *state_dir, struct task *watcher,
	struct embedded **ret_embedded) MUST_CHECK;
/* Not while it runs. */
void embedded_free(struct embedded *embedded);
/* Makes sure that it runs: takes over, or cleans up, makes and starts. Ends with ERR_OK when it
 * takes connections, TRANSIENT or INVALID with the server's last words otherwise. */
struct op *embedded_start(struct embedded *embedded, struct task *owner);
/* Fast shutdown, then harder; ends with ERR_OK when the server is gone. A start in progress is
 * canceled. */
struct op *embedded_stop(struct embedded *embedded, struct task *owner);
bool embedded_is_running(const struct embedded *embedded);
/* How to connect to it. Borrowed. */
const char *embedded_conninfo(const struct embedded *embedded);
/* The server's process, 0 when it does not run. */
pid_t embedded_pid(const struct embedded *embedded);
/* Keeps server.log under its bound; call now and then. */
void embedded_trim_log(const struct embedded *embedded);
