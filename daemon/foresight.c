// What a file that is not in force would change: its text comes over the socket, is loaded as every
// file is, and decided about beside the stack.
#include "app.h"
#include "base/str.h"
#include "core/foresee.h"

// Why this stack cannot be what the file is of; false when it can.
static bool is_other(const struct stack *stack, const struct desired *desired, char ret_why[200])
{
	*ret_why = '\0';
	if (!str_eq(desired->stack, stack->name))
		snprintf(ret_why, 200, "the file is of stack '%.63s', and this is '%.63s'",
			desired->stack, stack->name);
	else if (desired->region && !str_eq(desired->region, stack->region))
		snprintf(ret_why, 200, "the file is for region %.40s, and the stack is in %.40s",
			desired->region, stack->region);
	else if (desired->account && *stack->account && !str_eq(desired->account, stack->account))
		snprintf(ret_why, 200, "the file is for account %.20s, and the stack is in %.20s",
			desired->account, stack->account);
	return *ret_why != '\0';
}

// The plan with what the loader had to say at its end. Takes both over.
static char *with_findings(char *plan, json_t *findings)
{
	char *list = findings ? json_dumps(findings, JSON_COMPACT) : NULL;
	size_t bytes = plan ? strlen(plan) : 0;
	struct buf out;
	buf_init(&out, 0);
	if (bytes == 0 || !list)
		out.failed = true;
	else
		buf_add(&out, plan, bytes - 1); // without its last brace
	buf_addf(&out, ",\"ok\":true,\"findings\":%s}", list ? list : "");
	free(plan);
	free(list);
	json_decref(findings);
	return buf_take(&out);
}

// ---- one after the other

/* A file that somebody asks about. The text is read on a thread, for the parser cannot stop half
 * way; what follows goes in steps of the loop, and only for the first of those who wait. */
struct foresight {
	struct list link;
	struct app *app;
	struct held *held;
	struct control_exchange *exchange; // NULL: answered, and nobody waits any more
	struct task task;
	struct timer timer;
	uv_work_t work;
	bool is_reading;
	char *file, *text; // owned: the exchange's may be gone before they are read
	json_t *files;     //
	struct findings findings;
	struct desired *desired; // owned until foreseen
	struct foresee *foresee; // owned
	json_t *list;            // what the loader had to say; owned
};

// On a thread: touches nothing but its own.
static void read_file(uv_work_t *work)
{
	struct foresight *f = work->data;
	f->desired = desired_load(f->file,
		&(struct tree_options){.text = f->text,
			.text_bytes = strlen(f->text),
			.reads_nothing = true,
			.beside = f->files},
		&f->findings);
}

static void on_read(uv_work_t *work, int status)
{
	struct foresight *f = work->data;
	(void)status;
	f->is_reading = false;
	task_wake(&f->task);
}

static void begin(struct app *app)
{
	if (list_is_empty(&app->foresights) || app->phase >= APP_STOPPING)
		return;
	struct foresight *f = LIST_ITEM(app->foresights.next, struct foresight, link);
	if (!f->exchange || f->is_reading)
		return;
	f->file = strdup(f->exchange->params.file ? f->exchange->params.file : "(sent)");
	f->text = strdup(f->exchange->params.text);
	f->files = json_deep_copy(f->exchange->params.files);
	f->work.data = f;
	f->is_reading = true;
	if (uv_queue_work(&app->loop.uv, &f->work, read_file, on_read) != 0)
		abort(); // only without a function to call
}

static void free_foresight(void *what)
{
	struct foresight *f = what;
	findings_done(&f->findings);
	foresee_free(f->foresee);
	desired_free(f->desired);
	json_decref(f->list);
	free(f->file);
	free(f->text);
	json_decref(f->files);
	free(f);
}

static void end(struct foresight *f)
{
	struct app *app = f->app;
	list_remove(&f->link);
	timer_stop(&f->timer);
	task_done(&f->task);
	loop_bury(&app->loop, f, free_foresight);
	begin(app);
	task_wake(&app->task); // who stops may wait for it
}

// The file is read: can it be foreseen? Otherwise it is answered.
static bool check(struct foresight *f)
{
	struct app *app = f->app;
	char why[200];
	f->list = findings_json(&f->findings);
	if (!f->desired) {
		control_answer(f->exchange, 200,
			json_pack("{s:i, s:b, s:O}", "format", 1, "ok", 0, "findings", f->list));
		return false;
	}
	if (is_other(f->held->stack, f->desired, why)) {
		control_error(f->exchange, 409, "OtherStack", why,
			"a plan compares two versions of one stack; name another with --stack");
		return false;
	}
	if (app->settings->observe_only)
		desired_observe(f->desired);
	f->foresee = foresee_new(f->held->stack, TAKE(f->desired));
	if (!f->foresee)
		control_answer_json(f->exchange, 200, NULL);
	return f->foresee;
}

static void step(struct task *task)
{
	struct foresight *f = CONTAINER_OF(task, struct foresight, task);
	if (f->is_reading)
		return;
	if (!f->exchange) {
		end(f);
	} else if (!f->foresee) {
		if (check(f))
			timer_start(&f->timer, &f->task, 0);
		else
			end(f);
	} else if (control_is_gone(f->exchange)) {
		control_error(f->exchange, 503, "Gone", "nobody waits for it any more", NULL);
		end(f);
	} else if (foresee_step(f->foresee)) {
		control_answer_json(
			f->exchange, 200, with_findings(foresee_take(f->foresee), TAKE(f->list)));
		end(f);
	} else {
		timer_start(&f->timer, &f->task, 0); // after others had their turn
	}
}

static void on_foresee(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	struct held *held = api_held(app, exchange);
	if (!held)
		return;
	if (app->phase >= APP_STOPPING) {
		control_error(exchange, 503, "Stopping", "the daemon is stopping", NULL);
		return;
	}
	struct foresight *f = calloc(1, sizeof(*f));
	if (!f) {
		control_answer_json(exchange, 200, NULL);
		return;
	}
	bool is_first = list_is_empty(&app->foresights);
	*f = (struct foresight){.app = app, .held = held, .exchange = exchange};
	findings_init(&f->findings);
	task_init(&f->task, &app->loop, step, "foresight");
	timer_init(&f->timer, &app->loop);
	list_append(&app->foresights, &f->link);
	if (is_first)
		begin(app);
}

void foresight_drop(struct app *app)
{
	struct foresight *f;
	list_for_each (f, &app->foresights, link) {
		if (!f->exchange)
			continue;
		control_error(f->exchange, 503, "Stopping", "the daemon is stopping", NULL);
		f->exchange = NULL;
		if (!f->is_reading)
			end(f);
	}
}

void foresight_init(struct control_api *api)
{
	api->foresee = on_foresee;
}
