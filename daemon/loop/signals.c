// Libuv turns a signal into an event of the loop, so these callbacks run in the loop's turn and not
// in a signal handler. The handles live in a block of their own that goes when the last is closed.
#include "loop/signals.h"
#include <signal.h>

static const int numbers[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};
enum { COUNT = ARRAY_COUNT(numbers) };

struct signals_handles {
	uv_signal_t uv[COUNT];
	unsigned counts[COUNT];
	int open_count;
	struct task *owner; // borrowed
};

static void on_signal(uv_signal_t *handle, int number)
{
	struct signals_handles *handles = handle->data;
	for (int i = 0; i < COUNT; i++)
		if (numbers[i] == number)
			handles->counts[i]++;
	task_wake(handles->owner);
}

static void on_closed(uv_handle_t *handle)
{
	struct signals_handles *handles = handle->data;
	if (--handles->open_count == 0)
		free(handles);
}

struct err signals_init(struct signals *signals, struct loop *loop, struct task *owner)
{
	struct signals_handles *handles = calloc(1, sizeof(*handles));
	signals->handles = NULL;
	if (!handles)
		return err_nomem();
	handles->owner = owner;
	signals->handles = handles;
	for (int i = 0; i < COUNT; i++) {
		uv_signal_t *uv = &handles->uv[i];
		int rc = uv_signal_init(&loop->uv, uv);
		if (rc == 0) {
			uv->data = handles;
			handles->open_count++;
			rc = uv_signal_start(uv, on_signal, numbers[i]);
		}
		if (rc != 0) {
			signals_done(signals);
			return err_code(ERR_BUG, uv_err_name(rc), "cannot watch signal %d: %s",
				numbers[i], uv_strerror(rc));
		}
		uv_unref((uv_handle_t *)uv);
	}
	return ERR_OK;
}

void signals_done(struct signals *signals)
{
	struct signals_handles *handles = TAKE(signals->handles);
	if (!handles)
		return;
	if (handles->open_count == 0)
		free(handles);
	else
		for (int i = handles->open_count - 1; i >= 0; i--)
			uv_close((uv_handle_t *)&handles->uv[i], on_closed);
	// Libuv gives them their defaults back: a late SIGHUP would end a process that is putting
	// itself in order.
	for (int i = 0; i < COUNT; i++)
		signal(numbers[i], SIG_IGN);
}

unsigned signals_take(struct signals *signals, int number)
{
	for (int i = 0; i < COUNT; i++) {
		if (numbers[i] != number)
			continue;
		unsigned count = signals->handles->counts[i];
		signals->handles->counts[i] = 0;
		return count;
	}
	return 0;
}
