// Listening sockets and who is at the other end: the part that deals with the file system and with
// the kernel's idea of identity.
#pragma once

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct listener_socket {
	int fd;
	int lock_fd; // -1 for TCP; held as long as the socket is ours
	char *path;  // owned; NULL for TCP
	dev_t device;
	ino_t inode;
};

/* Binds `path` with mode 0660: never open to others, not for an instant. The socket of a dead
 * daemon is replaced, that of a living one refused (ERR_CONFLICT), any other file refused
 * (ERR_INVALID). `gid` (gid_t)-1: as created. Makes the last directory of the path when it is
 * absent. */
struct err listener_open_unix(
	const char *path, gid_t gid, struct listener_socket *ret_socket) MUST_CHECK;
/* Loopback addresses, or any when `is_open`. Port 0 takes any free one. */
struct err listener_open_tcp(const char *listen, bool is_open, struct listener_socket *ret_socket,
	int *ret_port) MUST_CHECK;
/* Removes the socket's file when it is still ours, and gives up the lock. Does not close `fd`. */
void listener_done(struct listener_socket *socket);

/* Is `name` one of "a.example.com, b"? Any case; NULL has none. */
bool listener_lists_host(const char *hosts, const char *name);

/* A group by name or number. Reads the system's user database: at start only. */
struct err listener_group(const char *name, gid_t *ret_gid) MUST_CHECK;

struct identity {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

/* False when the kernel does not say (TCP). */
bool identity_get(int fd, struct identity *ret_identity);
/* Is the peer in the group, by its primary or a supplementary one? */
bool identity_is_in(int fd, const struct identity *identity, gid_t gid);
