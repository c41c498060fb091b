// The end of the daemon: no new work, finish what is in flight, write history, give the leases
// back, stop the store. Every wait has a bound, and what is still under way at its end is given up.
#include "app.h"
#include "base/str.h"
#include "loop/notify.h"

enum {
	STOP_IN_FLIGHT_MS = 30000, // what is on its way to AWS may finish
	STOP_HISTORY_MS = 5000,
	STOP_LEASES_MS = 2000,
};

void ending_begin(struct app *app, const char *why)
{
	if (app->phase >= APP_STOPPING) {
		log_notice("stopping at once", LOG_STR("why", why));
		timer_start(&app->deadline, &app->task, 0);
		return;
	}
	log_notice("stopping: what is in flight may finish", LOG_STR("why", why));
	notify_stopping("stopping: waiting for what is in flight");
	notify_extend_timeout(STOP_IN_FLIGHT_MS + 2 * STOP_HISTORY_MS + STOP_LEASES_MS);
	app_set_phase(app, APP_STOPPING);
	api_drop_waiters(app);
	foresight_drop(app);
	adoption_drop(app);
	feed_drop(app);
	timer_stop(&app->status_timer);
	for (size_t i = 0; i < app->held_count; i++)
		if (app->held[i].stack) // NULL where the file had errors
			stack_stop(app->held[i].stack);
	timer_start(&app->deadline, &app->task, STOP_IN_FLIGHT_MS);
}

static bool are_stacks_stopped(const struct app *app)
{
	for (size_t i = 0; i < app->held_count; i++)
		if (app->held[i].stack && app->held[i].stack->phase != STACK_STOPPED)
			return false;
	return true;
}

static void give_up(struct app *app)
{
	log_warning("calls to AWS are still in flight; the next start looks for their outcome");
	for (size_t i = 0; i < app->held_count; i++)
		if (app->held[i].stack)
			stack_give_up(app->held[i].stack);
}

static bool is_history_written(const struct app *app)
{
	for (size_t i = 0; i < app->held_count; i++)
		if (app->held[i].journal && journal_count(app->held[i].journal) > 0)
			return false;
	return true;
}

// What the store did not take outlives us on disk.
static bool is_history_kept(const struct app *app)
{
	for (size_t i = 0; i < app->held_count; i++)
		if (app->held[i].journal && !journal_is_safe(app->held[i].journal))
			return false;
	return true;
}

void ending_step(struct app *app)
{
	bool is_late = op_is_finished(&app->deadline.op);
	if (app->phase == APP_STOPPING && (are_stacks_stopped(app) || is_late)) {
		if (!are_stacks_stopped(app))
			give_up(app);
		app_set_phase(app, APP_DRAINING);
		timer_start(&app->deadline, &app->task, STOP_HISTORY_MS);
		is_late = false;
		for (size_t i = 0; i < app->held_count; i++)
			if (app->held[i].journal) // NULL where the file had errors
				journal_on_empty(app->held[i].journal, &app->task);
	}
	bool is_told = is_history_written(app) ||
		       (store_phase(app->store) != STORE_READY && is_history_kept(app));
	if (app->phase == APP_DRAINING && ((are_stacks_stopped(app) && is_told) || is_late)) {
		if (!is_history_kept(app))
			log_error("history was not written: neither store nor disk took it");
		else if (!is_history_written(app))
			log_warning("the store is away: history waits on disk for the next start");
		app_set_phase(app, APP_LEAVING);
		timer_start(&app->deadline, &app->task, STOP_LEASES_MS);
		is_late = false;
		for (size_t i = 0; i < app->held_count; i++)
			if (app->held[i].lease)
				app->held[i].lease->is_idle = are_stacks_stopped(app);
		if (app->keeper)
			keeper_stop(app->keeper);
	}
	if (app->phase == APP_LEAVING &&
		(!app->keeper || keeper_is_stopped(app->keeper) || is_late ||
			store_phase(app->store) != STORE_READY)) {
		app_set_phase(app, APP_CLOSING);
		timer_stop(&app->deadline);
		notices_stop(app->notices);
		store_stop(app->store);
	}
	if (app->phase == APP_CLOSING && store_phase(app->store) == STORE_STOPPED &&
		notices_is_idle(app->notices) && list_is_empty(&app->foresights) &&
		list_is_empty(&app->adoptions)) {
		app_set_phase(app, APP_CLOSED);
		loop_stop(&app->loop);
	}
}
