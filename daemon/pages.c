// The pages for people: gathers what the API would answer, asks the store for the last day, and
// renders. A store that is away costs the page its history, nothing else.
#include "app.h"
#include "base/str.h"
#include "control/page.h"
#include "core/view.h"
#include "core/viewplan.h"

enum { LAST_MS = 24 * 3600 * 1000, MOST_ROWS = 400, MOST_STORY_ROWS = 100 };

/* One page on its way: both questions are asked at once. */
struct visit {
	struct task task;
	struct store_call entries, drifts;
	struct control_exchange *exchange;
	struct app *app;
	struct held *held;
	bool is_story;
};

static void visit_bury(void *what)
{
	struct visit *visit = what;
	store_call_done(&visit->entries);
	store_call_done(&visit->drifts);
	free(visit);
}

static json_t *told(const struct store_call *call, json_t *(*row)(const json_t *row))
{
	if (err_is(&call->op.err))
		return NULL;
	json_t *out = json_array();
	size_t i;
	json_t *one;
	json_array_foreach (call->rows, i, one)
		json_array_append_new(out, row(one));
	return out;
}

static void answer(struct control_exchange *exchange, int status, struct buf *out)
{
	if (out->failed)
		control_error(exchange, 500, "OutOfMemory", "the page is too large", NULL);
	else
		control_answer_text(exchange, status, "text/html; charset=utf-8", buf_str(out));
}

static json_t *stack_names(const struct app *app)
{
	json_t *out = json_array();
	for (size_t i = 0; i < app->held_count; i++)
		json_array_append_new(out, json_string(app->held[i].stack->name));
	return out;
}

static json_t *lines_of(const struct stack *stack)
{
	json_t *out = json_array();
	map_for_each (&stack->by_address, entry)
		json_array_append_new(out, view_line(stack, entry->value));
	return out;
}

// Asked for the few that are shown: a plan of thousands takes longer to write down than the page.
static json_t *action_of(void *context, const char *address)
{
	struct stack *stack = context;
	struct resource *resource = stack_find(stack, address);
	return resource ? view_action(stack, resource) : NULL;
}

static void render(struct visit *visit)
{
	struct app *app = visit->app;
	struct stack *stack = visit->held->stack;
	const char *address = visit->exchange->params.address;
	_cleanup_json_ json_t *stacks = stack_names(app);
	_cleanup_json_ json_t *status = api_status(app, visit->held);
	_cleanup_json_ json_t *graph = visit->is_story ? NULL : view_graph(stack);
	_cleanup_json_ json_t *lines = visit->is_story ? NULL : lines_of(stack);
	_cleanup_json_ json_t *resource = visit->is_story ? view_resource(stack, address) : NULL;
	_cleanup_json_ json_t *entries = told(&visit->entries, past_entry);
	_cleanup_json_ json_t *drifts = told(&visit->drifts, past_drift);
	json_object_set(status, "resources", lines);
	json_object_set(graph, "nodes", lines);
	struct page_views views = {.now_ms = loop_wall_ms(&app->loop),
		.stack = app->held_count > 1 ? stack->name : NULL,
		.stacks = stacks,
		.status = status,
		.graph = graph,
		.action = visit->is_story ? NULL : action_of,
		.context = stack,
		.entries = entries,
		.drifts = drifts,
		.resource = json_object_get(resource, "resource")};
	_cleanup_buf_ struct buf out = {0};
	if (!visit->is_story)
		page_overview(&views, &out);
	else if (resource)
		page_story(&views, &out);
	else
		page_problem(&views, "There is no such resource", address, &out);
	answer(visit->exchange, visit->is_story && !resource ? 404 : 200, &out);
}

static void step(struct task *task)
{
	struct visit *visit = CONTAINER_OF(task, struct visit, task);
	if (!op_is_finished(&visit->entries.op) || !op_is_finished(&visit->drifts.op))
		return;
	render(visit);
	task_done(&visit->task);
	loop_bury(&visit->app->loop, visit, visit_bury);
}

// The table of a stack that is too large to have it beside the picture; needs no store.
static void render_listing(struct app *app, struct held *held, struct control_exchange *exchange)
{
	_cleanup_json_ json_t *stacks = stack_names(app);
	_cleanup_json_ json_t *status = api_status(app, held);
	_cleanup_json_ json_t *lines = lines_of(held->stack);
	_cleanup_buf_ struct buf out = {0};
	json_object_set(status, "resources", lines);
	page_listing(&(struct page_views){.now_ms = loop_wall_ms(&app->loop),
			     .stack = app->held_count > 1 ? held->stack->name : NULL,
			     .stacks = stacks,
			     .status = status},
		&out);
	answer(exchange, 200, &out);
}

// Several stacks and none named: the first one, with links to the others.
static struct held *held_of(struct app *app, struct control_exchange *exchange)
{
	if (!exchange->params.stack)
		return &app->held[0];
	for (size_t i = 0; i < app->held_count; i++)
		if (str_eq(app->held[i].stack->name, exchange->params.stack))
			return &app->held[i];
	_cleanup_buf_ struct buf out = {0};
	_cleanup_json_ json_t *stacks = stack_names(app);
	struct page_views views = {.now_ms = loop_wall_ms(&app->loop), .stacks = stacks};
	page_problem(&views, "There is no such stack", exchange->params.stack, &out);
	answer(exchange, 404, &out);
	return NULL;
}

static json_t *question(const struct visit *visit, int limit)
{
	json_t *args = json_pack("{s:s, s:i}", "stack", visit->held->stack->name, "limit", limit);
	if (visit->is_story)
		js_set_str(args, "address", visit->exchange->params.address);
	else
		json_object_set_new(
			args, "since_ms", json_integer(loop_wall_ms(&visit->app->loop) - LAST_MS));
	return args;
}

static void visit(struct app *app, struct control_exchange *exchange, bool is_story)
{
	struct held *held = held_of(app, exchange);
	if (!held)
		return;
	struct visit *visit = calloc(1, sizeof(*visit));
	if (!visit) {
		control_error(exchange, 500, "OutOfMemory", "out of memory", NULL);
		return;
	}
	*visit = (struct visit){
		.exchange = exchange, .app = app, .held = held, .is_story = is_story};
	int limit = is_story ? MOST_STORY_ROWS : MOST_ROWS;
	task_init(&visit->task, &app->loop, step, "visit");
	store_call_init(&visit->entries, STORE_HISTORY, question(visit, limit));
	store_call_init(&visit->drifts, STORE_DRIFTS, question(visit, limit));
	store_start(store_as_port(app->store), &visit->entries, &visit->task);
	store_start(store_as_port(app->store), &visit->drifts, &visit->task);
}

static void on_page(void *self, struct control_exchange *exchange)
{
	visit(self, exchange, false);
}

static void on_listing(void *self, struct control_exchange *exchange)
{
	struct held *held = held_of(self, exchange);
	if (held)
		render_listing(self, held, exchange);
}

static void on_story(void *self, struct control_exchange *exchange)
{
	visit(self, exchange, true);
}

void pages_init(struct control_api *api)
{
	api->page = on_page;
	api->listing = on_listing;
	api->story = on_story;
}
