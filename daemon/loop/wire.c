// curl says which events of which socket it wants and when to wake it; libuv watches.
//
// Three facts it rests on. A transfer may end in any call into the multi, also in one for another
// socket or for the timer, so the messages are read after each. A descriptor must be out of libuv
// before it is closed (libuv aborts otherwise), so sockets are opened and closed here. And curl
// lets go of a kept-alive connection's socket between two requests: it stays watched, without
// keeping the loop alive, which saves four system calls a request and shows a peer's close.
#include "loop/wire.h"
#include <sys/socket.h>
#include <unistd.h>

struct wire_socket {
	uv_poll_t poll;
	struct list changed_link;
	struct wire *wire; // borrowed
	int fd;
	int watched;        // uv events that libuv watches now; 0: stopped
	int wanted;         // uv events that curl wants; 0: none
	bool is_connection; // opened here; the others are curl's own wake-up pairs
	bool is_connected;  // has stood at least once
};

static void free_socket(uv_handle_t *handle)
{
	free(CONTAINER_OF((uv_poll_t *)handle, struct wire_socket, poll));
}

static struct wire_socket *socket_at(const struct wire *wire, int fd)
{
	return fd >= 0 && (size_t)fd < wire->socket_size ? wire->sockets[fd] : NULL;
}

static void forget_socket(struct wire_socket *sock)
{
	list_remove(&sock->changed_link);
	sock->wire->sockets[sock->fd] = NULL;
	sock->watched = sock->wanted = 0;
	uv_poll_stop(&sock->poll);
	uv_close((uv_handle_t *)&sock->poll, free_socket);
}

static void note_changed(struct wire_socket *sock)
{
	list_remove(&sock->changed_link);
	list_append(&sock->wire->changed, &sock->changed_link);
}

static bool make_room(struct wire *wire, int fd)
{
	size_t size = wire->socket_size ? wire->socket_size : 64;
	while (size <= (size_t)fd)
		size *= 2;
	if (size == wire->socket_size)
		return true;
	struct wire_socket **sockets =
		reallocarray(wire->sockets, size, sizeof(struct wire_socket *));
	if (!sockets)
		return false;
	for (size_t i = wire->socket_size; i < size; i++)
		sockets[i] = NULL;
	wire->sockets = sockets;
	wire->socket_size = size;
	return true;
}

static struct wire_socket *add_socket(struct wire *wire, int fd, bool is_connection)
{
	// One still listed was closed by curl itself (see is_kept()) and its number is in use
	// again; curl does not repeat what it wanted of that number.
	struct wire_socket *old = socket_at(wire, fd);
	int wanted = old ? old->wanted : 0;
	if (old)
		forget_socket(old);
	struct wire_socket *sock = make_room(wire, fd) ? calloc(1, sizeof(*sock)) : NULL;
	if (!sock)
		return NULL;
	if (uv_poll_init(&wire->loop->uv, &sock->poll, fd) != 0) {
		free(sock);
		return NULL;
	}
	list_init(&sock->changed_link);
	sock->wire = wire;
	sock->fd = fd;
	sock->wanted = wanted;
	sock->is_connection = is_connection;
	wire->sockets[fd] = sock;
	note_changed(sock);
	return sock;
}

// Is this the socket of a connection that curl keeps, and will close through on_close()? libcurl
// 7.88 closes an attempt that never came to stand by close(2) (lib/cf-socket.c, cf_socket_close:
// "we did never publish it") and tells afterwards; watching such a number on would be fatal for
// whoever gets it next.
static bool is_kept(struct wire_socket *sock)
{
	if (sock->is_connection && !sock->is_connected) {
		struct sockaddr_storage peer = {0};
		socklen_t bytes = sizeof(peer);
		sock->is_connected = getpeername(sock->fd, (struct sockaddr *)&peer, &bytes) == 0 &&
				     (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
	}
	return sock->is_connected;
}

static void on_event(uv_poll_t *poll, int status, int events);

static void watch(struct wire_socket *sock)
{
	list_remove(&sock->changed_link);
	if (sock->wanted == 0) {
		uv_unref((uv_handle_t *)&sock->poll);
		if (sock->watched == UV_READABLE)
			return;
		uv_poll_stop(&sock->poll);
		sock->watched = 0;
		return;
	}
	uv_ref((uv_handle_t *)&sock->poll);
	if (sock->watched == sock->wanted)
		return;
	if (uv_poll_start(&sock->poll, sock->wanted, on_event) == 0)
		sock->watched = sock->wanted;
}

// After every call into the multi: what has ended, and what is to be watched from now on. Changes
// are applied only here, so that a mask that lasts only within one call never reaches the kernel.
static void settle(struct wire *wire)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(wire->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			wire->on_finished(wire->arg, message->easy_handle, message->data.result);
	while (!list_is_empty(&wire->changed))
		watch(LIST_ITEM(wire->changed.next, struct wire_socket, changed_link));
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct wire_socket *sock = CONTAINER_OF(poll, struct wire_socket, poll);
	struct wire *wire = sock->wire;
	int fd = sock->fd, left;
	if (status < 0)
		sock->watched = 0; // libuv has stopped it
	if (sock->wanted == 0) {
		// An idle connection that the peer closed, or garbage on one: curl sees it when it
		// wants to use the connection again.
		uv_poll_stop(poll);
		sock->watched = 0;
		return;
	}
	// A socket error is curl's to find, by reading: told CURL_CSELECT_ERR it would not repeat a
	// request on a connection that died while idle.
	int flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT
			       : (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
					 (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(wire->multi, fd, flags, &left);
	// Stopped by the error but still wanted: curl does not ask again for what it has asked for.
	// (A closed socket's memory lives until the end of this turn.)
	if (socket_at(wire, fd) == sock && sock->wanted && !sock->watched)
		note_changed(sock);
	settle(wire);
}

static int on_socket_wish(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	(void)easy;
	(void)socket_arg;
	struct wire *wire = arg;
	struct wire_socket *sock = socket_at(wire, fd);
	if (what == CURL_POLL_REMOVE) {
		if (sock && !is_kept(sock))
			forget_socket(sock);
		else if (sock) {
			sock->wanted = 0;
			note_changed(sock);
		}
		return 0;
	}
	if (!sock)
		sock = add_socket(wire, fd, false);
	if (!sock)
		return -1;
	sock->wanted =
		(what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	note_changed(sock);
	return 0;
}

static int on_timer_wish(CURLM *multi, long timeout_ms, void *arg)
{
	(void)multi;
	struct wire *wire = arg;
	if (timeout_ms > 0) {
		timer_start(&wire->timer, &wire->task, timeout_ms);
		return 0;
	}
	timer_stop(&wire->timer);
	if (timeout_ms == 0)
		task_wake(&wire->task);
	return 0;
}

static void step(struct task *task)
{
	struct wire *wire = CONTAINER_OF(task, struct wire, task);
	int left;
	curl_multi_socket_action(wire->multi, CURL_SOCKET_TIMEOUT, 0, &left);
	settle(wire);
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	struct wire *wire = arg;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	if (!add_socket(wire, fd, true)) {
		close(fd);
		return CURL_SOCKET_BAD;
	}
	return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
	struct wire_socket *sock = socket_at(arg, fd);
	if (sock)
		forget_socket(sock);
	return close(fd);
}

struct err wire_init(struct wire *wire, struct loop *loop, long most_connections,
	wire_finished_fn on_finished, void *arg)
{
	*wire = (struct wire){.loop = loop, .on_finished = on_finished, .arg = arg};
	list_init(&wire->changed);
	timer_init(&wire->timer, loop);
	task_init(&wire->task, loop, step, "http");
	wire->multi = curl_multi_init();
	if (!wire->multi)
		return err_new(ERR_BUG, "libcurl cannot start");
	curl_multi_setopt(wire->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
	curl_multi_setopt(wire->multi, CURLMOPT_SOCKETDATA, wire);
	curl_multi_setopt(wire->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(wire->multi, CURLMOPT_TIMERDATA, wire);
	curl_multi_setopt(wire->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(wire->multi, CURLMOPT_MAXCONNECTS, most_connections);
	return ERR_OK;
}

void wire_done(struct wire *wire)
{
	if (!wire->multi)
		return;
	curl_multi_cleanup(wire->multi);
	wire->multi = NULL;
	// What curl has not given back by now it will not use again either.
	for (size_t i = 0; i < wire->socket_size; i++)
		if (wire->sockets[i])
			forget_socket(wire->sockets[i]);
	timer_stop(&wire->timer);
	task_done(&wire->task);
	free(wire->sockets);
	wire->sockets = NULL;
	wire->socket_size = 0;
}

void wire_prepare(struct wire *wire, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, wire);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, wire);
}

bool wire_add(struct wire *wire, CURL *easy)
{
	return curl_multi_add_handle(wire->multi, easy) == CURLM_OK;
}

void wire_remove(struct wire *wire, CURL *easy)
{
	curl_multi_remove_handle(wire->multi, easy);
	while (!list_is_empty(&wire->changed))
		watch(LIST_ITEM(wire->changed.next, struct wire_socket, changed_link));
}
