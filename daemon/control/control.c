// The loop's side of the server. libmicrohttpd runs from one task: its epoll descriptor, its own
// timeouts, our deadlines and every answer only wake that task.
//
// Deadlines are ours, not libmicrohttpd's, whose timeout counts from the last byte: a client that
// sends a byte now and then would stay for ever. Each connection has a fixed time for one request
// and for reading one answer; in between, while the backend works, it has all the time it wants.
#include "control/control.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "control/exchange.h"
#include "control/listener.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 30000,
	MOST_CONNECTIONS = 128,
	MOST_HEADER_BYTES = 16 << 10,
	SHORT_MS = 250, // between looks while no descriptor is left
};

struct listener {
	struct control *control;
	struct listener_socket socket;
	struct MHD_Daemon *mhd;
	uv_poll_t *poll; // owned until closed
	size_t peers;
	bool has_room; // a connection was closed: at its limit libmicrohttpd accepts in its next
		       // run only
	bool is_tcp;
};

/* One connection. Linked in `waiting` while it has a deadline: sending a request, reading an
 * answer. */
struct peer {
	struct list link;
	struct listener *listener;
	struct identity identity;
	int64_t deadline_ms;
	int fd; // libmicrohttpd's
	bool may_change;
};

struct control {
	struct loop *loop;
	const struct control_backend *backend;
	struct task task;
	struct timer timer;
	struct listener listeners[2];
	size_t listener_count;
	struct list waiting;   // peers, earliest deadline first: all have the same patience
	struct list exchanges; // all that libmicrohttpd or the backend holds
	bool is_short;         // no descriptor is left to accept a client with
	int64_t patience_ms;
	int most_connections;
	char *listen_hosts; // owned; NULL: none
	gid_t admin_gid;    // (gid_t)-1: none
	int port;
};

// ---- peers

static void peer_await(struct peer *peer)
{
	struct control *control = peer->listener->control;
	list_remove(&peer->link);
	peer->deadline_ms = loop_now_ms(control->loop) + control->patience_ms;
	list_append(&control->waiting, &peer->link);
}

static void peer_hang_up(struct peer *peer)
{
	list_remove(&peer->link);
	shutdown(peer->fd, SHUT_RDWR); // libmicrohttpd sees the end and closes
}

static bool may_change(const struct control *control, int fd, const struct identity *identity)
{
	if (identity->uid == (uid_t)-1)
		return false;
	return identity->uid == 0 || identity->uid == geteuid() ||
	       (control->admin_gid != (gid_t)-1 &&
		       identity_is_in(fd, identity, control->admin_gid));
}

static struct peer *peer_new(struct listener *listener, int fd)
{
	struct control *control = listener->control;
	struct peer *peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	*peer = (struct peer){.listener = listener, .fd = fd};
	list_init(&peer->link);
	if (!listener->is_tcp && identity_get(fd, &peer->identity))
		peer->may_change = may_change(control, fd, &peer->identity);
	else
		peer->identity = (struct identity){(uid_t)-1, (gid_t)-1, 0};
	peer_await(peer);
	return peer;
}

// Somebody fills all places: whoever has been idle longest makes room.
static void make_room(struct listener *listener)
{
	struct control *control = listener->control;
	struct peer *peer;
	if (listener->peers + 8 < (size_t)control->most_connections)
		return;
	list_for_each (peer, &control->waiting, link) {
		if (peer->listener == listener) {
			peer_hang_up(peer);
			return;
		}
	}
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	struct listener *listener = cls;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		listener->peers++;
		make_room(listener);
		*context = info ? peer_new(listener, info->connect_fd) : NULL;
		return;
	}
	listener->peers--;
	listener->has_room = true;
	struct peer *peer = *context;
	if (peer)
		list_remove(&peer->link);
	free(peer);
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

// ---- requests

// A web page that was told our address under another name (DNS rebinding) is not let in.
static bool is_host_ours(const struct control *control, struct MHD_Connection *connection)
{
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	char name[256];
	unsigned char address[16];
	if (!host)
		return true; // HTTP/1.0, no browser
	const char *from = host[0] == '[' ? host + 1 : host;
	size_t n = host[0] == '[' ? strcspn(from, "]") : strcspn(from, ":");
	if (n >= sizeof(name))
		return false;
	memcpy(name, from, n);
	name[n] = '\0';
	return str_eq_nocase(name, "localhost") ||
	       listener_lists_host(control->listen_hosts, name) ||
	       inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

// What can be said from the headers alone is said before the body is taken in.
static bool refuse(const struct control *control, struct exchange *exchange)
{
	struct control_exchange *public = &exchange->public;
	const char *length = MHD_lookup_connection_value(
		exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int64_t bytes;
	if (public->is_tcp && !is_host_ours(control, exchange->connection))
		control_error(public, 403, "BadHost", "this server has no such name",
			"ask for http://127.0.0.1 or http://localhost, or let --listen-hosts "
			"name it");
	else if (!str_eq(public->method, "GET") && !str_eq(public->method, "POST"))
		control_error(
			public, 405, "MethodNotAllowed", "only GET and POST exist here", NULL);
	else if (str_eq(public->method, "POST") && public->is_tcp)
		control_error(public, 403, "ReadOnly", "TCP is read-only",
			"use the Unix socket for changes");
	else if (str_eq(public->method, "POST") && !public->may_change)
		control_error(public, 403, "NotAllowed",
			"only root, the daemon's own user and the admin group may change things",
			"run it with sudo, or as a member of the daemon's --admin-group");
	else if (length &&
		 (!num_parse_i64(length, 0, INT64_MAX, &bytes) || bytes > EXCHANGE_MOST_BODY_BYTES))
		control_error(public, 413, "TooLarge", "the body is larger than 1 MiB", NULL);
	else
		return false;
	return true;
}

static struct exchange *begin(struct control *control, struct MHD_Connection *connection,
	const struct peer *peer, const char *method, const char *path)
{
	struct exchange *exchange =
		exchange_new(control->loop, &control->task, connection, method, path);
	if (!exchange)
		return NULL;
	list_append(&control->exchanges, &exchange->link);
	exchange->public.uid = peer->identity.uid;
	exchange->public.gid = peer->identity.gid;
	exchange->public.pid = peer->identity.pid;
	exchange->public.may_change = peer->may_change;
	exchange->public.is_tcp = peer->listener->is_tcp;
	return exchange;
}

static void ask(struct control *control, struct peer *peer, struct exchange *exchange)
{
	exchange->public.now_ms = loop_wall_ms(control->loop);
	exchange->is_asked = true;
	list_remove(&peer->link);
	control->backend->handle(control->backend->self, &exchange->public);
}

// Called again and again for one request: with its headers, with each piece of the body, at its
// end, and once more after a resume.
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **context)
{
	(void)version;
	struct listener *listener = cls;
	struct exchange *exchange = *context;
	struct peer *peer = peer_of(connection);
	if (!peer)
		return MHD_NO;
	if (!exchange) {
		exchange = *context = begin(listener->control, connection, peer, method, url);
		if (!exchange)
			return MHD_NO;
		if (!refuse(listener->control, exchange))
			return MHD_YES;
		peer_await(peer);
		return exchange_queue(exchange);
	}
	if (*upload_bytes > 0) {
		bool ok = exchange_upload(exchange, upload, *upload_bytes);
		*upload_bytes = 0;
		return ok ? MHD_YES : MHD_NO;
	}
	if (!exchange->is_asked && exchange_parse(exchange))
		ask(listener->control, peer, exchange);
	if (exchange->is_gone)
		return MHD_NO;
	if (exchange->is_answered || exchange->is_stopping) {
		peer_await(peer);
		return exchange_queue(exchange);
	}
	exchange_suspend(exchange);
	return MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)code;
	struct peer *peer = peer_of(connection);
	if (peer)
		peer_await(peer);
	if (*context)
		exchange_release(*context);
	*context = NULL;
}

// ---- the loop

static void on_readable(uv_poll_t *handle, int status, int events)
{
	(void)status;
	(void)events;
	struct listener *listener = handle->data;
	task_wake(&listener->control->task);
}

static void arm(struct control *control)
{
	int64_t now = loop_now_ms(control->loop), due = INT64_MAX;
	for (size_t i = 0; i < control->listener_count; i++) {
		MHD_UNSIGNED_LONG_LONG wait;
		if (MHD_get_timeout(control->listeners[i].mhd, &wait) == MHD_YES &&
			now + (int64_t)wait < due)
			due = now + (int64_t)wait;
		if (control->listeners[i].has_room)
			due = now;
	}
	if (!list_is_empty(&control->waiting)) {
		struct peer *first = LIST_ITEM(control->waiting.next, struct peer, link);
		if (first->deadline_ms < due)
			due = first->deadline_ms;
	}
	if (control->is_short)
		due = now + SHORT_MS;
	if (due == INT64_MAX)
		timer_stop(&control->timer);
	else if (!timer_is_running(&control->timer) || control->timer.due_ms != due)
		timer_start(&control->timer, &control->task, due - now);
}

// libmicrohttpd leaves a client that it cannot accept where it is, and the loop would turn without
// end for it. So nothing is watched until there is a descriptor again; clients wait meanwhile.
static void check_descriptors(struct control *control)
{
	int fd = control->listener_count > 0
			 ? fcntl(control->listeners[0].socket.fd, F_DUPFD_CLOEXEC, 0)
			 : -1;
	bool is_short = fd < 0 && (errno == EMFILE || errno == ENFILE);
	if (fd >= 0)
		close(fd);
	if (is_short == control->is_short)
		return;
	control->is_short = is_short;
	log_at(is_short ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
		is_short ? "no descriptor is left: clients of the socket wait"
			 : "there are descriptors again");
	for (size_t i = 0; i < control->listener_count; i++) {
		uv_poll_t *poll = control->listeners[i].poll;
		if (is_short)
			uv_poll_stop(poll);
		else
			uv_poll_start(poll, UV_READABLE, on_readable);
	}
}

static void run(struct listener *listener)
{
	listener->has_room = false;
	MHD_run(listener->mhd);
}

static void step(struct task *task)
{
	struct control *control = CONTAINER_OF(task, struct control, task);
	int64_t now = loop_now_ms(control->loop);
	struct peer *peer;
	list_for_each (peer, &control->waiting, link) {
		if (peer->deadline_ms > now)
			break;
		peer_hang_up(peer);
	}
	for (size_t i = 0; i < control->listener_count; i++)
		run(&control->listeners[i]);
	check_descriptors(control);
	arm(control);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

// ---- start and end

static struct err listener_start(struct listener *listener)
{
	struct control *control = listener->control;
	// clang-format off
	listener->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, listener,
		MHD_OPTION_LISTEN_SOCKET, listener->socket.fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)control->most_connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MOST_HEADER_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, 0u,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener,
		MHD_OPTION_END);
	// clang-format on
	if (!listener->mhd) {
		close(listener->socket.fd);
		return err_new(ERR_BUG, "cannot start the HTTP server");
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(listener->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	uv_poll_t *handle = malloc(sizeof(*handle));
	if (!handle)
		return err_nomem();
	int rc = info ? uv_poll_init(&control->loop->uv, handle, info->epoll_fd) : UV_EINVAL;
	if (rc != 0) {
		free(handle);
		return err_code(ERR_BUG, uv_err_name(rc), "cannot watch the HTTP server: %s",
			uv_strerror(rc));
	}
	handle->data = listener;
	listener->poll = handle;
	uv_poll_start(handle, UV_READABLE, on_readable);
	return ERR_OK;
}

static struct err open_unix(struct control *control, const struct control_settings *settings)
{
	gid_t gid = (gid_t)-1;
	struct err err = settings->group ? listener_group(settings->group, &gid) : ERR_OK;
	if (err_is(&err))
		return err;
	struct listener *listener = &control->listeners[control->listener_count];
	err = listener_open_unix(settings->socket_path, gid, &listener->socket);
	if (err_is(&err))
		return err;
	*listener = (struct listener){.control = control, .socket = listener->socket};
	control->listener_count++;
	return listener_start(listener);
}

static struct err open_tcp(struct control *control, const struct control_settings *settings)
{
	struct listener *listener = &control->listeners[control->listener_count];
	if (settings->listen_hosts) {
		control->listen_hosts = strdup(settings->listen_hosts);
		if (!control->listen_hosts)
			return err_nomem();
	}
	struct err err = listener_open_tcp(
		settings->listen, control->listen_hosts != NULL, &listener->socket, &control->port);
	if (err_is(&err))
		return err;
	*listener =
		(struct listener){.control = control, .socket = listener->socket, .is_tcp = true};
	control->listener_count++;
	return listener_start(listener);
}

struct err control_new(struct loop *loop, const struct control_settings *settings,
	const struct control_backend *backend, struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	if (!control)
		return err_nomem();
	control->loop = loop;
	control->backend = backend;
	control->patience_ms = settings->patience_ms > 0 ? settings->patience_ms : PATIENCE_MS;
	control->most_connections =
		settings->most_connections > 0 ? settings->most_connections : MOST_CONNECTIONS;
	control->admin_gid = (gid_t)-1;
	list_init(&control->waiting);
	list_init(&control->exchanges);
	task_init(&control->task, loop, step, "control");
	timer_init(&control->timer, loop);
	struct err err = settings->admin_group
				 ? listener_group(settings->admin_group, &control->admin_gid)
				 : ERR_OK;
	if (!err_is(&err) && settings->socket_path)
		err = open_unix(control, settings);
	if (!err_is(&err) && settings->listen)
		err = open_tcp(control, settings);
	if (err_is(&err)) {
		control_free(control);
		return err;
	}
	*ret_control = control;
	return ERR_OK;
}

// libmicrohttpd refuses to stop while something is suspended: what waits is told, and flushed.
static void dismiss(struct control *control)
{
	struct exchange *exchange;
	list_for_each (exchange, &control->exchanges, link) {
		exchange->is_stopping = true;
		exchange_resume(exchange);
	}
	for (size_t i = 0; i < control->listener_count; i++)
		for (int turn = 0; control->listeners[i].mhd && turn < 3; turn++)
			MHD_run(control->listeners[i].mhd); // resumes, answers, writes
}

static void listener_stop(struct listener *listener)
{
	if (listener->poll) {
		uv_poll_stop(listener->poll);
		uv_close((uv_handle_t *)TAKE(listener->poll), free_handle);
	}
	listener_done(
		&listener->socket); // before the close: a client finds nothing, not a dead socket
	if (listener->mhd)
		MHD_stop_daemon(listener->mhd);
}

static void bury(void *what)
{
	struct control *control = what;
	free(control->listen_hosts);
	free(control);
}

void control_free(struct control *control)
{
	if (!control)
		return;
	dismiss(control);
	for (size_t i = 0; i < control->listener_count; i++)
		listener_stop(&control->listeners[i]);
	struct exchange *exchange;
	list_for_each (exchange, &control->exchanges, link) { // the backend's last ones
		list_remove(&exchange->link);
		exchange->server = NULL;
	}
	timer_stop(&control->timer);
	task_done(&control->task);
	loop_bury(control->loop, control, bury);
}

int control_port(const struct control *control)
{
	return control->port;
}

size_t control_connection_count(const struct control *control)
{
	size_t count = 0;
	for (size_t i = 0; i < control->listener_count; i++)
		count += control->listeners[i].peers;
	return count;
}
