// The wiring: what is started in which order, what a signal does, and how everything ends.
#pragma once

#include "control/events.h"
#include "control/routes.h"
#include "core/stack.h"
#include "loop/signals.h"
#include "notices.h"
#include "settings.h"
#include "state/store.h"

/* One file of desired state, and what holds AWS to it. */
struct held {
	char *path; // owned
	struct aws *aws;
	struct journal *journal;
	struct stack *stack;
	struct lease *lease;     // the keeper's
	json_t *findings;        // of the last load that was refused; NULL: the last one was good
	int64_t refused_wall_ms; // when
	struct app *app;         // borrowed; set by feed_hold()
	json_t *failing;         // {"network": true}: layers that were told to fail; owned
	bool was_leader;         // as it was told last
	struct store_call incidents; // of earlier, for the notices
	bool has_incidents;          // since this daemon leads
	int64_t incidents_ms;        // loop time at which they were last asked for
};

enum app_phase {
	APP_STARTING,
	APP_READY,
	APP_STOPPING, // what is in flight may finish
	APP_DRAINING, // history is written
	APP_LEAVING,  // leases are given back
	APP_CLOSING,  // the store
	APP_CLOSED,
};

struct app {
	const struct settings *settings; // borrowed
	struct loop loop;
	struct http *http;
	struct store *store;
	struct keeper *keeper;
	struct control *control;
	struct control_api api;
	struct control_backend backend;
	struct signals signals;
	struct held *held; // owned
	size_t held_count;
	struct task task, watchdog_task;
	struct timer status_timer, watchdog, deadline;
	enum app_phase phase;
	bool was_store_ready;
	char host[72];
	char daemon_id[33]; // of this host, boot and state directory
	int lock_fd;
	int64_t crash_wait_ms; // before AWS is asked, after crashes
	char crashed[200];     // how the last life ended; "" when in order
	int64_t started_wall_ms;
	int64_t trimmed_ms;  // loop time at which unused memory was last given back
	char status[400];    // as last told to the service manager
	struct list waiters; // sync requests that wait for their passes
	struct events events;
	struct notices *notices; // NULL: nobody is told
	struct list followers;   // requests that wait for events
	struct list adoptions;   // looks for who asks what the file would say of a thing
	struct list foresights;  // files that are asked about; the first one is at work
	int exit_status;
};

/* Runs the daemon to its end; the process' exit status. */
int app_run(const struct settings *settings);
/* --check: loads every file, prints the findings. */
int app_check(const struct settings *settings);
/* Loads the file of `held` again. Returns the findings as JSON (new), *ret_ok tells whether the new
 * file is in force. */
json_t *app_reload(struct app *app, struct held *held, bool *ret_ok);
/* The files of --config: ["path", ...]; new. ERR_INVALID when there is none. */
struct err app_files(const char *config, json_t **ret_paths) MUST_CHECK;

/* Every change of the daemon's phase goes through here. */
void app_set_phase(struct app *app, enum app_phase phase);

// ---- ending.c

/* Begins to stop; asked a second time, it does not wait for what is in flight. */
void ending_begin(struct app *app, const char *why);
/* The next step of the stop, when its time has come. */
void ending_step(struct app *app);

// ---- leases.c

/* Names the daemon and starts its keeper; the state directory is locked. */
struct err leases_start(struct app *app) MUST_CHECK;
/* Tells the keeper what each stack is ready for, and each stack how its lease stands. */
void leases_tell(struct app *app);

// ---- api.c: the endpoints

void api_init(struct app *app);
/* The named stack, or the only one. Answers with an error and returns NULL when that is not clear.
 */
struct held *api_held(struct app *app, struct control_exchange *exchange);
/* An instant as it is shown: a text, or null for none (0). New. */
json_t *api_time(int64_t wall_ms);
/* Every resource and its state, to the log. */
void api_dump(const struct app *app);
/* STACK as control/routes.h has it, without "resources" (view_lines()); new. */
json_t *api_status(struct app *app, struct held *held);
/* Answers the sync requests whose passes are over. */
void api_check_waiters(struct app *app);
/* Answers them all with an error: the daemon stops. */
void api_drop_waiters(struct app *app);

// ---- orders.c: what people tell the daemon

void orders_init(struct control_api *api);
/* An order as it is shown: times as texts. New. */
json_t *orders_shown(const json_t *order);

// ---- foresight.c: the plan of a file that is not in force

void foresight_init(struct control_api *api);
/* Answers those who wait with an error: the daemon stops. One may still be read: `foresights` is
 * empty when it no longer is, and the task is woken. */
void foresight_drop(struct app *app);

// ---- adoption.c: what AWS has, as the file would say it

void adoption_init(struct control_api *api);
/* Answers those who wait with an error: the daemon stops. `adoptions` is empty when their looks are
 * over, and the task is woken. */
void adoption_drop(struct app *app);

// ---- past.c: what the store remembers

void past_init(struct control_api *api);
/* Rows of STORE_HISTORY and STORE_DRIFTS as the API tells them; new. */
json_t *past_entry(const json_t *row);
json_t *past_drift(const json_t *row);

// ---- feed.c: events

void feed_init(struct app *app);
void feed_done(struct app *app);
void feed_api(struct control_api *api);
/* Listens to the journal of a stack. */
void feed_hold(struct app *app, struct held *held);
/* The file of `held` was refused; its findings say why. */
void feed_refused(struct held *held);
/* Makes app->notices by the settings; they outlive the process in the store. */
struct err feed_notices(struct app *app) MUST_CHECK;
/* Tells what turned, and answers who waits. */
void feed_check(struct app *app);
/* Answers all who wait: the daemon stops. */
void feed_drop(struct app *app);

// ---- pages.c: the same for people, in a browser

void pages_init(struct control_api *api);

// ---- metrics.c

void metrics_init(struct control_api *api);
