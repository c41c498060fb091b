// The files of the embedded database server: where they are, whose they are, who may reach them.
//
//   <state_dir>/postgres/          ours; 0711 when the server runs as another user, else 0700
//     lock                         held (flock) by the one daemon that uses the folder
//     server.conf hba.conf ident.conf   written at every start
//     server.log                   ours; the server only has it open
//     data/                        the server's; 0700
//     run/                         the server's; 0700: its socket (or a short path, see
//     cluster_init)
//
// Started as root, the server runs as an unprivileged user. What that user can write is never
// followed or trusted: only regular files are read there, a process is signalled only when it is
// that user's and works in our data folder.
#pragma once

#include "base/err.h"
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct cluster {
	char root[PATH_MAX], data[PATH_MAX], run[PATH_MAX], bin[PATH_MAX];
	uid_t uid; // the server's user; 0: as ourselves
	gid_t gid;
	char user[64]; // our own user's name, whom the server lets in
	int lock_fd;   // -1: not locked
	long log_from; // where the log of the running server begins
};

/* Makes the folders. INVALID when the server's user cannot get to them or no user is fit; the
 * socket goes to a folder under /run, $XDG_RUNTIME_DIR or /tmp, named by a hash of ours, when its
 * own path is too long for a Unix socket (107 bytes). */
struct err cluster_init(struct cluster *cluster, const char *state_dir) MUST_CHECK;
void cluster_done(struct cluster *cluster);
/* TRANSIENT when another daemon has it. */
struct err cluster_lock(struct cluster *cluster) MUST_CHECK;
/* Is there a finished data folder? */
bool cluster_is_made(const struct cluster *cluster);
/* The folder with initdb and postgres into cluster->bin: of the data folder's version when there is
 * one, else the newest. $HOLDFAST_POSTGRES_BIN, /usr/lib/postgresql, PATH. INVALID with the remedy.
 */
struct err cluster_find_programs(struct cluster *cluster) MUST_CHECK;
/* Leftovers of an interrupted initdb: fills `ret_paths` (owned strings) up to `most`. */
int cluster_leftovers(const struct cluster *cluster, char **ret_paths, int most);
/* Does the path lie in such a leftover? */
bool cluster_is_draft(const struct cluster *cluster, const char *path);
/* An empty folder for initdb to fill. */
struct err cluster_make_draft(const struct cluster *cluster, char ret_path[PATH_MAX]) MUST_CHECK;
/* Puts the filled folder in force, durably. */
struct err cluster_accept_draft(const struct cluster *cluster, const char *path) MUST_CHECK;
/* Writes server.conf, hba.conf and ident.conf. */
struct err cluster_write_settings(const struct cluster *cluster) MUST_CHECK;
/* Opens server.log for the server, kept under a bound; -1 on failure. */
int cluster_open_log(struct cluster *cluster);
/* Cuts server.log to its end when it has outgrown its bound. */
void cluster_trim_log(const struct cluster *cluster);
/* The last complaint in server.log since cluster_open_log(), or "". */
void cluster_last_words(const struct cluster *cluster, char *ret_text, size_t bytes);

enum cluster_state { CLUSTER_DOWN, CLUSTER_STARTING, CLUSTER_UP, CLUSTER_STOPPING };
/* What postmaster.pid and /proc say; *ret_pid is the server when not DOWN. `child` is a process
 * that is known to be the server, or 0. */
enum cluster_state cluster_look(const struct cluster *cluster, pid_t child, pid_t *ret_pid);
/* Is the process a server of ours? Its pid file goes a moment before it does. */
bool cluster_is_server(const struct cluster *cluster, pid_t pid);
/* Removes lock files (postmaster.pid, the socket's) whose process is not a server of ours, when
 * none is: Postgres itself would refuse to start if the number has been given to another process
 * since. */
void cluster_remove_stale_locks(const struct cluster *cluster);
/* Kills an initdb that outlived its daemon; its folder is a leftover then. */
void cluster_end_drafts(const struct cluster *cluster);
