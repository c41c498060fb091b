// A Unix socket is made under a temporary name, given its owner and mode, and renamed into place:
// so that nobody can connect before the mode is right, and a stale socket is replaced in one step.
// A lock file beside it settles which of two daemons that start together has the path.
#include "control/listener.h"
#include "base/num.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, GROUPS_MOST = 65536 };

static enum err_class class_of(int code)
{
	switch (code) {
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case EADDRINUSE:
	case EEXIST:
		return ERR_CONFLICT;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOSPC:
		return ERR_TRANSIENT;
	default:
		return ERR_INVALID;
	}
}

static struct err failed(const char *what, const char *path)
{
	int code = errno;
	return err_code(
		class_of(code), strerrorname_np(code), "%s %s: %s", what, path, strerror(code));
}

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

static struct err fill_address(const char *path, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!*path || !str_copy(ret_address->sun_path, sizeof(ret_address->sun_path), path))
		return err_new(ERR_INVALID,
			"the socket path '%s' is %s; the system takes at most %zu bytes", path,
			*path ? "too long" : "empty", sizeof(ret_address->sun_path) - 1);
	return ERR_OK;
}

static struct err make_parent(const char *path)
{
	_cleanup_free_ char *parent = strdup(path);
	if (!parent)
		return err_nomem();
	char *slash = strrchr(parent, '/');
	if (!slash || slash == parent)
		return ERR_OK;
	*slash = '\0';
	if (mkdir(parent, 0755) != 0 && errno != EEXIST)
		return failed("cannot make the directory", parent);
	return ERR_OK;
}

// What stands at the path now: nothing or a dead socket is fine.
static struct err check_occupant(const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? ERR_OK : failed("cannot look at", path);
	if (!S_ISSOCK(st.st_mode))
		return err_new(ERR_INVALID, "%s exists and is no socket; it is left alone", path);
	struct sockaddr_un address;
	struct err err = fill_address(path, &address);
	if (err_is(&err))
		return err;
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed("cannot make a socket for", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN)
		return err_new(ERR_CONFLICT, "another daemon listens on %s", path);
	if (errno == ECONNREFUSED || errno == ENOENT)
		return ERR_OK;
	return failed("cannot ask who listens on", path);
}

static struct err take_lock(const char *path, int *ret_fd)
{
	_cleanup_free_ char *name = str_format("%s.lock", path);
	if (!name)
		return err_nomem();
	_cleanup_close_ int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed("cannot open", name);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return err_new(ERR_CONFLICT, "another daemon holds %s", path);
		return failed("cannot lock", name);
	}
	*ret_fd = take_fd(&fd);
	return ERR_OK;
}

// Binds and publishes; what was made under the temporary name is removed on failure.
static struct err bind_and_rename(
	int fd, const char *path, const char *temporary, gid_t gid, struct stat *ret_stat)
{
	struct sockaddr_un address;
	struct err err = fill_address(temporary, &address);
	if (err_is(&err))
		return err;
	if (unlink(temporary) != 0 && errno != ENOENT)
		return failed("cannot remove", temporary);
	// The mode of an unbound socket is the mode that bind() gives its file (unix(7)).
	if (fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return failed("cannot bind", path);
	if (gid != (gid_t)-1 && chown(temporary, (uid_t)-1, gid) != 0)
		err = failed("cannot give the group its socket", path);
	else if (chmod(temporary, 0660) != 0 || listen(fd, BACKLOG) != 0 ||
		 lstat(temporary, ret_stat) != 0 || rename(temporary, path) != 0)
		err = failed("cannot listen on", path);
	if (err_is(&err))
		unlink(temporary);
	return err;
}

struct err listener_open_unix(const char *path, gid_t gid, struct listener_socket *ret_socket)
{
	struct sockaddr_un address;
	struct err err = fill_address(path, &address);
	if (err_is(&err))
		return err;
	err = make_parent(path);
	if (err_is(&err))
		return err;
	_cleanup_close_ int lock_fd = -1;
	err = take_lock(path, &lock_fd);
	if (err_is(&err))
		return err;
	err = check_occupant(path);
	if (err_is(&err))
		return err;
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_free_ char *temporary = str_format("%s.new", path);
	if (!copy || !temporary)
		return err_nomem();
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed("cannot make a socket for", path);
	struct stat st;
	err = bind_and_rename(fd, path, temporary, gid, &st);
	if (err_is(&err))
		return err;
	*ret_socket = (struct listener_socket){
		.fd = take_fd(&fd),
		.lock_fd = take_fd(&lock_fd),
		.path = TAKE(copy),
		.device = st.st_dev,
		.inode = st.st_ino,
	};
	return ERR_OK;
}

union any_address {
	struct sockaddr base;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static struct err parse_listen(
	const char *listen, bool is_open, union any_address *ret_address, socklen_t *ret_size)
{
	char host[64];
	const char *colon = strrchr(listen, ':');
	int64_t port;
	size_t n = colon ? (size_t)(colon - listen) : 0;
	if (n == 0 || n >= sizeof(host) || !num_parse_i64(colon + 1, 0, 65535, &port))
		return err_new(ERR_INVALID,
			"'%s' is no listen address; write it like 127.0.0.1:9464", listen);
	memcpy(host, listen, n);
	host[n] = '\0';
	*ret_address = (union any_address){0};
	if (str_eq(host, "localhost"))
		str_copy(host, sizeof(host), "127.0.0.1");
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &ret_address->v6.sin6_addr) == 1 &&
			(is_open || IN6_IS_ADDR_LOOPBACK(&ret_address->v6.sin6_addr))) {
			ret_address->v6.sin6_family = AF_INET6;
			ret_address->v6.sin6_port = htons((uint16_t)port);
			*ret_size = sizeof(ret_address->v6);
			return ERR_OK;
		}
	} else if (inet_pton(AF_INET, host, &ret_address->v4.sin_addr) == 1 &&
		   (is_open || (ntohl(ret_address->v4.sin_addr.s_addr) >> 24) == 127)) {
		ret_address->v4.sin_family = AF_INET;
		ret_address->v4.sin_port = htons((uint16_t)port);
		*ret_size = sizeof(ret_address->v4);
		return ERR_OK;
	}
	if (is_open)
		return err_new(ERR_INVALID,
			"'%s' has no address of this machine; write it in digits, like "
			"10.0.0.5:9464",
			listen);
	return err_new(ERR_INVALID,
		"'%s' is no loopback address, and TCP asks nobody who they are; to let the network "
		"read there all the same, say by which names: --listen-hosts ops.example.com",
		listen);
}

struct err listener_open_tcp(
	const char *listen_text, bool is_open, struct listener_socket *ret_socket, int *ret_port)
{
	union any_address address = {0};
	socklen_t size = 0;
	struct err err = parse_listen(listen_text, is_open, &address, &size);
	if (err_is(&err))
		return err;
	_cleanup_close_ int fd =
		socket(address.base.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		bind(fd, &address.base, size) != 0 || listen(fd, BACKLOG) != 0 ||
		getsockname(fd, &address.base, &size) != 0)
		return failed("cannot listen on", listen_text);
	*ret_port = ntohs(
		address.base.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
	*ret_socket = (struct listener_socket){.fd = take_fd(&fd), .lock_fd = -1};
	return ERR_OK;
}

void listener_done(struct listener_socket *socket)
{
	struct stat st;
	if (socket->path && lstat(socket->path, &st) == 0 && st.st_dev == socket->device &&
		st.st_ino == socket->inode)
		unlink(socket->path);
	free(TAKE(socket->path));
	closep(&socket->lock_fd);
	socket->lock_fd = -1;
}

bool listener_lists_host(const char *hosts, const char *name)
{
	size_t bytes = strlen(name);
	for (const char *at = hosts; at && *at && bytes > 0;) {
		size_t n = strcspn(at, ", ");
		if (n == bytes && strncasecmp(at, name, n) == 0)
			return true;
		at += n + strspn(at + n, ", ");
	}
	return false;
}

struct err listener_group(const char *name, gid_t *ret_gid)
{
	int64_t number;
	if (num_parse_i64(name, 0, UINT32_MAX - 1, &number)) {
		*ret_gid = (gid_t)number;
		return ERR_OK;
	}
	const struct group *group = getgrnam(name);
	if (!group)
		return err_new(ERR_INVALID, "there is no group '%s' on this system", name);
	*ret_gid = group->gr_gid;
	return ERR_OK;
}

bool identity_get(int fd, struct identity *ret_identity)
{
	struct ucred ucred;
	socklen_t size = sizeof(ucred);
	*ret_identity = (struct identity){(uid_t)-1, (gid_t)-1, 0};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &size) != 0 || ucred.uid == (uid_t)-1)
		return false;
	*ret_identity = (struct identity){ucred.uid, ucred.gid, ucred.pid};
	return true;
}

bool identity_is_in(int fd, const struct identity *identity, gid_t gid)
{
	if (identity->gid == gid)
		return true;
	socklen_t size = 0;
	// cppcheck-suppress nullPointer // asks for the size only
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE ||
		size > GROUPS_MOST * sizeof(gid_t))
		return false;
	_cleanup_free_ gid_t *groups = malloc(size);
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
		return false;
	for (size_t i = 0; i < size / sizeof(gid_t); i++)
		if (groups[i] == gid)
			return true;
	return false;
}
