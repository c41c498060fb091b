// libcurl's multi interface on the loop: sockets, its one timer, and finished transfers. It knows
// nothing of requests; http.c does. Not for use outside daemon/loop.
#pragma once

#include "base/err.h"
#include "base/list.h"
#include "loop/loop.h"
#include <curl/curl.h>

struct wire_socket;

/* Called once for each transfer that has ended, never from inside wire_add() or wire_remove(). The
 * handle is still in the multi: take it out with wire_remove(). */
typedef void (*wire_finished_fn)(void *arg, CURL *easy, CURLcode result);

struct wire {
	struct loop *loop; // borrowed
	CURLM *multi;      // owned
	struct task task;  // runs what curl has due
	struct timer timer;
	struct wire_socket **sockets; // owned array by descriptor; NULL where there is none
	size_t socket_size;
	struct list changed; // sockets whose wanted events differ from what libuv watches
	wire_finished_fn on_finished;
	void *arg;
};

struct err wire_init(struct wire *wire, struct loop *loop, long most_connections,
	wire_finished_fn on_finished, void *arg) MUST_CHECK;
/* Closes all connections; no transfer may be left. Libuv lets go of the handles in the next turn,
 * or in loop_done(); the wire itself may be freed at once. */
void wire_done(struct wire *wire);
/* Makes the handle open and close its sockets through this wire: before wire_add(), once. */
void wire_prepare(struct wire *wire, CURL *easy);
bool wire_add(struct wire *wire, CURL *easy) MUST_CHECK;
/* Also in mid-transfer, which closes its connection. Not from inside one of curl's callbacks. */
void wire_remove(struct wire *wire, CURL *easy);
