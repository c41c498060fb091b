// What AWS has under an id, looked at once because somebody asks what the file would say of it.
// Nothing is changed, and nothing remembered.
#include "app.h"
#include "base/str.h"
#include "core/adopt.h"
#include "core/checking.h"
#include "core/reconcile.h"
#include "core/takeover.h"

struct adoption {
	struct list link;
	struct app *app;
	struct held *held;
	struct control_exchange *exchange; // NULL: answered already
	const struct kind *kind;
	char *address, *id; // owned
	struct task task;
	struct observation look;
};

static void free_adoption(void *what)
{
	struct adoption *a = what;
	observation_done(&a->look);
	free(a->address);
	free(a->id);
	free(a);
}

static void end(struct adoption *a)
{
	struct app *app = a->app;
	list_remove(&a->link);
	task_done(&a->task);
	loop_bury(&app->loop, a, free_adoption);
	task_wake(&app->task); // who stops may wait for it
}

static void answer(struct adoption *a)
{
	const struct err *err = &a->look.op.err;
	struct stack *stack = a->held->stack;
	const json_t *item = NULL;
	struct sighting seen;
	char message[400];
	if (!err_is(err))
		item = takeover_item(&a->look, a->kind, a->address, a->id);
	if (err_is(err)) {
		snprintf(message, sizeof(message), "AWS could not be asked: %.370s", err->message);
		control_error(a->exchange, 502, *err->code ? err->code : "Aws", message,
			failure_remedy(err->class));
	} else if (!item) {
		snprintf(message, sizeof(message), "AWS has no %s '%.120s' in %s of %s",
			a->kind->name, a->id, stack->region, stack->account);
		control_error(a->exchange, 404, "NotInAws", message,
			adopt_is_possible(a->kind)
				? "look at the id, and at whose account and region it is of"
				: "write the name that the file would give it, and no ARN");
	} else {
		_cleanup_json_ json_t *where = stack_scope(stack);
		struct err bad = sighting_make(a->kind, item, where, &seen);
		if (err_is(&bad)) {
			control_error(a->exchange, 502, bad.code, bad.message, NULL);
			return;
		}
		control_answer(a->exchange, 200, takeover_told(stack, a->kind, a->address, &seen));
		sighting_done(&seen);
	}
}

static void step(struct task *task)
{
	struct adoption *a = CONTAINER_OF(task, struct adoption, task);
	if (!op_is_finished(&a->look.op))
		return;
	if (a->exchange)
		answer(a);
	end(a);
}

/* NULL when it is no address of a resource. */
static const struct kind *kind_at(const char *address)
{
	const struct kind *kind = kind_of_address(address);
	const char *name = strrchr(address, '.');
	_cleanup_free_ char *own =
		kind ? str_format("%s.%s%s", kind->layer, kind->name, name) : NULL;
	return own && str_eq(own, address) && checking_is_name(name + 1) ? kind : NULL;
}

static struct adoption *adoption_new(struct app *app, struct held *held,
	struct control_exchange *exchange, const struct kind *kind)
{
	struct adoption *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	*a = (struct adoption){.app = app,
		.held = held,
		.exchange = exchange,
		.kind = kind,
		.address = strdup(exchange->params.target),
		.id = strdup(exchange->params.id)};
	task_init(&a->task, &app->loop, step, "adoption");
	look_prepare(&a->look, held->stack, kind);
	list_append(&app->adoptions, &a->link);
	return a;
}

static void on_adopt(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	struct held *held = api_held(app, exchange);
	if (!held)
		return;
	const char *address = exchange->params.target, *id = exchange->params.id;
	const struct kind *kind = kind_at(address);
	char message[300];
	if (app->phase >= APP_STOPPING || held->stack->phase != STACK_RUNNING) {
		control_error(exchange, 503, "NotReady",
			"the daemon is starting or stopping, or does not know its account yet",
			"`holdfast status` tells");
		return;
	}
	if (!kind) {
		snprintf(message, sizeof(message), "'%.120s' is no address", address);
		control_error(exchange, 400, "BadAddress", message,
			"write LAYER.KIND.NAME, as in network.vpc.main; `holdfast explain` lists "
			"the kinds");
		return;
	}
	json_t *subjects = takeover_subjects(held->stack, kind, address, id);
	if (!subjects) {
		snprintf(message, sizeof(message),
			"a %s is not found by a name or an id alone, but by what it is part of",
			kind->name);
		control_error(exchange, 409, "NotByName", message,
			"declare it: what stands there is then found, and taken over after an "
			"approval");
		return;
	}
	struct adoption *a = adoption_new(app, held, exchange, kind);
	if (a)
		observation_start(&a->look, subjects, &a->task);
	else
		control_answer_json(exchange, 200, NULL);
}

void adoption_drop(struct app *app)
{
	struct adoption *a;
	list_for_each (a, &app->adoptions, link) {
		if (!a->exchange)
			continue;
		control_error(a->exchange, 503, "Stopping", "the daemon is stopping", NULL);
		a->exchange = NULL;
		op_cancel(&a->look.op);
	}
}

void adoption_init(struct control_api *api)
{
	api->adopt = on_adopt;
}
