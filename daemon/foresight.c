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

static void on_foresee(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	struct held *held = api_held(app, exchange);
	if (!held)
		return;
	const char *file = exchange->params.file ? exchange->params.file : "(sent)";
	const char *text = exchange->params.text;
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load(file,
		&(struct tree_options){
			.text = text, .text_bytes = strlen(text), .no_includes = true},
		&findings);
	json_t *list = findings_json(&findings);
	findings_done(&findings);
	char why[200];
	if (!desired) {
		control_answer(exchange, 200,
			json_pack("{s:i, s:b, s:o}", "format", 1, "ok", 0, "findings", list));
	} else if (is_other(held->stack, desired, why)) {
		json_decref(list);
		control_error(exchange, 409, "OtherStack", why,
			"a plan compares two versions of one stack; name another with --stack");
	} else {
		if (app->settings->observe_only)
			desired_observe(desired);
		control_answer_json(
			exchange, 200, with_findings(foresee_plan(held->stack, desired), list));
	}
	desired_free(desired);
}

void foresight_init(struct control_api *api)
{
	api->foresee = on_foresee;
}
