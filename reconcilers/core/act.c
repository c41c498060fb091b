// Phases: FIND (a read that the call needs) -> INTEND (durable) -> SEND -> settle (through the
// journal) -> next. An error in one field's step does not keep the other fields from theirs; one in
// a create or a delete ends the run. Whatever happened, the way on is to observe again.
#include "core/act.h"
#include "aws/retry.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/moving.h"
#include "core/path.h"
#include "core/sent.h"
#include "core/sources.h"
#include "core/template.h"

enum { RUN_NEXT, RUN_FIND, RUN_INTEND, RUN_SEND, RUN_REFUSED, RUN_BLOCKERS, RUN_DONE };

static const struct step *current(const struct run *run)
{
	return &run->plan.steps[run->at];
}

static void set_phase(struct run *run, int phase)
{
	run->phase = phase;
	run->step_started_ms = loop_now_ms(run->options.loop);
}

// ---- what history keeps of a step

static bool is_secret(const struct kind *kind, const char *member)
{
	for (const struct field *f = kind->fields; f->name; f++)
		if ((f->flags & FIELD_SECRET) && str_eq_null(field_member(kind, NULL, f), member))
			return true;
	return false;
}

static json_t *redacted(const struct run *run, const struct step *step, const json_t *value)
{
	if (step->field && (step->field->flags & FIELD_SECRET))
		return json_string(SENT_SENSITIVE);
	if (!json_is_object(value))
		return json_incref((json_t *)value);
	json_t *out = json_copy((json_t *)value);
	const json_t *sources = json_object_get(run->resource, "sources");
	const char *key;
	void *next;
	json_t *member;
	json_object_foreach_safe (out, next, key, member)
		if (js_str(member, "@source") &&
			!json_object_get(sources, js_str(member, "@source")))
			json_object_del(out, key); // nor is it sent
		else if (is_secret(run->kind, key) || js_str(member, "@source"))
			json_object_set_new(out, key, json_string(SENT_SENSITIVE));
	return out;
}

static json_t *intent_args(const struct run *run, const char *operation)
{
	const struct step *step = current(run);
	const json_t *before = NULL, *after = NULL;
	switch (step->type) {
	case STEP_CREATE:
		after = json_object_get(run->resource, "desired");
		break;
	case STEP_TEARDOWN:
	case STEP_REMOVE:
		before = json_object_get(run->resource, "observed");
		break;
	case STEP_UPDATE:
	case STEP_TAG:
		before = json_object_get(step->scope, "old");
		if (!before)
			before = json_object_get(step->scope, "old_item");
		after = json_object_get(step->scope, "value");
		if (!after)
			after = json_object_get(step->scope, "item");
		if (!after)
			after = json_object_get(step->scope, "items");
		if (!after)
			after = json_object_get(step->scope, "tags");
		if (step->field && step->field->type == FIELD_ITEMS &&
			step->call == &step->field->remove) {
			before = after;
			after = NULL;
		}
		break;
	}
	_cleanup_free_ char *name = str_format("%s:%s", run->kind->service, operation);
	json_t *args = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o*, s:I}", "action_id",
		run->action_id, "stack", run->options.stack, "address", run->address, "plan_id",
		run->digest, "operation", name, "change", change_sign(run->plan.change), "reason",
		run->reason, "input", redacted(run, step, run->input), "at_ms",
		(json_int_t)loop_wall_ms(run->options.loop));
	if (before)
		json_object_set_new(args, "before", redacted(run, step, before));
	if (after)
		json_object_set_new(args, "after", redacted(run, step, after));
	const char *token = js_str(run->resource, "token");
	if (step->type == STEP_CREATE && sent_bears(run->input, token)) {
		js_set_str(args, "client_token", token);
		js_set_str(args, "creation", run->plan.creation);
	}
	js_set_str(args, "config_version", run->config_version);
	if (run->options.lease)
		json_object_set_new(args, "token", json_integer(run->options.lease->token));
	return args;
}

static void settle(struct run *run, const char *outcome, const struct err *err)
{
	const struct aws_call *call = &run->call;
	json_t *args = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:I}", "action_id",
		run->action_id, "outcome", outcome, "class",
		err_is(err) ? err_class_name(err->class) : "", "code", err->code, "message",
		err->message, "request_id", call->request_id, "dur_ms", (json_int_t)call->took_ms,
		"attempts", call->attempts, "at_ms", (json_int_t)loop_wall_ms(run->options.loop));
	js_set_str(args, "result_id", run->id);
	_cleanup_free_ char *name = str_format("%s:%s", run->kind->service, run->operation);
	js_set_str(args, "address", run->address); // for who listens
	js_set_str(args, "operation", name);
	js_set_str(args, "change", change_sign(run->plan.change));
	if (current(run)->type == STEP_CREATE)
		run->settled = args; // it stays open until its id is remembered
	else
		journal_put(run->options.journal, STORE_ACTION_SETTLE, args);
	log_at(err_is(err) ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
		err_is(err) ? "change to AWS failed" : "changed AWS",
		LOG_STR("resource", run->address), LOG_STR("operation", run->operation),
		LOG_STR("outcome", outcome), LOG_STR("id", js_str(run->resource, "id")),
		LOG_STR("reason", run->reason), LOG_INT("attempts", call->attempts),
		LOG_INT("dur_ms", call->took_ms),
		LOG_STR("class", err_is(err) ? err_class_name(err->class) : ""),
		LOG_STR("code", err->code), LOG_STR("error", err->message),
		LOG_STR("request_id", call->request_id));
}

// ---- the ends of a step

static void finish(struct run *run)
{
	set_phase(run, RUN_DONE);
	op_finish(&run->op, run->first_err);
}

static void next_step(struct run *run)
{
	json_decref(run->input);
	json_decref(run->found);
	run->input = run->found = NULL;
	json_object_del(run->resource, "found_all");
	run->at++;
	set_phase(run, RUN_NEXT);
	task_wake(&run->task);
}

static void step_failed(struct run *run, struct err err)
{
	enum step_type type = current(run)->type;
	if (!err_is(&run->first_err))
		run->first_err = err;
	if (type == STEP_UPDATE || type == STEP_TAG)
		next_step(run);
	else
		finish(run);
}

static void step_done(struct run *run)
{
	enum { MOST_TIMES = 100 };
	bool is_again = (current(run)->call->flags & CALL_WHILE_FOUND) && run->found &&
			++run->times < MOST_TIMES;
	size_t i;
	json_t *path;
	json_array_foreach (current(run)->paths, i, path)
		json_array_append(run->written, path);
	bool is_removed = current(run)->type == STEP_REMOVE && run->times > 0;
	next_step(run);
	if (is_again) {
		run->at--;
		return;
	}
	run->is_deleted = run->is_deleted || is_removed; // only now nothing of it is left
	run->times = 0;
}

// "Unsuccessful" and the like: a 200 answer that says no. As with an answer that is an error as a
// whole, AWS's trouble inside, or no reason at all, does not say that nothing was done.
static struct err failures_in(const struct call *call, const json_t *output)
{
	if (!call->failures)
		return ERR_OK;
	_cleanup_json_ json_t *list = path_get(output, call->failures);
	const json_t *first = json_array_get(list, 0), *error = json_object_get(first, "Error");
	if (!first)
		return ERR_OK;
	const char *code = js_str(error, "Code"), *message = js_str(error, "Message");
	code = code ? code : "";
	struct err err = err_code(aws_error_class(code, 200), code, "%s: %s", call->operation,
		message ? message : "refused");
	err.maybe_done = err.class == ERR_TRANSIENT || retry_is_token_taken(code);
	return err;
}

// From the answer, or, where the caller names the thing, from what was wanted.
static char *created_id(const struct run *run)
{
	if (!run->kind->created_id)
		return run->kind->observe.item_key
			       ? NULL
			       : template_string(run->kind->observe.key, run->resource);
	return template_of_item(run->kind->created_id, run->call.output);
}

static void take_answer(struct run *run)
{
	const struct step *step = current(run);
	struct err err = run->call.op.err;
	run->calls += run->call.attempts;
	if (!err_is(&err))
		err = failures_in(step->call, run->call.output);
	bool is_removal = step->type == STEP_REMOVE || step->type == STEP_TEARDOWN ||
			  (step->field && step->call == &step->field->remove);
	if (err.class == ERR_NOT_FOUND && is_removal)
		err = ERR_OK; // what was to go is gone
	if (err_is(&err)) {
		settle(run, err.maybe_done ? "unknown" : "failed", &err);
		if (step->type == STEP_CREATE && err.maybe_done)
			run->is_unknown = true;
		if (retry_is_token_taken(err.code)) // it came with other parameters: to no avail
			json_decref(TAKE(run->sent));
		if (step->type == STEP_UPDATE && err.maybe_done &&
			!(step->call->flags & CALL_REPEATABLE))
			json_array_extend(run->unsure, step->paths);
		const struct blockers *blockers = run->kind->blockers;
		if (is_removal && blockers && str_glob(blockers->code, err.code)) {
			run->refusal = err;
			set_phase(run, RUN_REFUSED);
			task_wake(&run->task);
			return;
		}
		step_failed(run, err);
		return;
	}
	json_t *moved = moving_answered(run->kind, run->call.output);
	if (moved) {
		json_decref(run->moved);
		run->moved = moved;
	}
	if (step->type == STEP_CREATE) {
		run->id = created_id(run);
		run->is_created = true;
		js_set_str(run->resource, "id", run->id);
	}
	run->is_deleted = run->is_deleted ||
			  (step->type == STEP_REMOVE && !(step->call->flags & CALL_WHILE_FOUND));
	settle(run, "done", &err);
	if (step->type == STEP_CREATE && !run->id) {
		// Created, but unnamed: only looking again can tell its id.
		run->is_unknown = true;
		step_failed(run, err_code(ERR_TRANSIENT, "BadAnswer", "%s answered without %s",
					 run->operation,
					 run->kind->created_id ? run->kind->created_id : "an id"));
		return;
	}
	step_done(run);
}

// ---- what stands in the way of a deletion

static void start_blockers(struct run *run)
{
	const struct find *find = &run->kind->blockers->find;
	json_decref(run->input);
	run->input = NULL;
	struct err err = template_render(find->args, run->resource, &run->input);
	if (err_is(&err)) {
		step_failed(run, run->refusal);
		return;
	}
	aws_call_init(&run->find, run->kind->service, find->operation, run->input);
	set_phase(run, RUN_BLOCKERS);
	aws_start(run->options.aws, &run->find, &run->task);
}

// The refusal stays what it is; its message names what was found.
static void take_blockers(struct run *run)
{
	enum { MOST_NAMED = 3 };
	const struct blockers *blockers = run->kind->blockers;
	struct err err = run->refusal;
	_cleanup_buf_ struct buf names = {0};
	run->calls += run->find.attempts;
	_cleanup_json_ json_t *found =
		err_is(&run->find.op.err) ? NULL : path_get(run->find.output, blockers->find.pick);
	size_t i;
	json_t *one;
	json_array_foreach (found, i, one) {
		_cleanup_free_ char *text = template_of_item(blockers->text, one);
		if (text && i < MOST_NAMED)
			buf_addf(&names, "%s%s", names.len ? ", " : "", text);
	}
	if (names.len)
		err = err_code(run->refusal.class, run->refusal.code,
			"still used by %s%s; waits until that is gone (%s)", buf_str(&names),
			json_array_size(found) > MOST_NAMED ? ", ..." : "", run->refusal.code);
	aws_call_done(&run->find);
	step_failed(run, err);
}

// ---- the beginnings

static void start_find(struct run *run)
{
	const struct find *find = &current(run)->call->find;
	_cleanup_json_ json_t *scope = json_copy(run->resource);
	json_object_update(scope, current(run)->scope);
	struct err err = template_render(find->args, scope, &run->input);
	if (err_is(&err)) {
		step_failed(run, err);
		return;
	}
	run->operation = find->operation;
	aws_call_init(&run->find, run->kind->service, find->operation, run->input);
	set_phase(run, RUN_FIND);
	aws_start(run->options.aws, &run->find, &run->task);
}

static void take_found(struct run *run)
{
	const struct find *find = &current(run)->call->find;
	struct err err = run->find.op.err;
	run->calls += run->find.attempts;
	if (!err_is(&err)) {
		_cleanup_json_ json_t *scope = json_copy(run->resource);
		json_object_update(scope, current(run)->scope);
		char pick[256];
		if (template_text(find->pick, scope, pick, sizeof(pick))) {
			json_t *found = path_get(run->find.output, pick);
			if (found && !json_is_array(found))
				found = json_pack("[o]", found);
			run->found = json_incref(json_array_get(found, 0));
			json_object_set_new(run->resource, "found_all", found);
		}
	}
	aws_call_done(&run->find);
	json_decref(run->input);
	run->input = NULL;
	if (err_is(&err) && err.class != ERR_NOT_FOUND)
		step_failed(run, err);
}

// Each call has a token of its own: Secrets Manager takes it as the name of what the call makes.
// Only a create that got no answer is sent once more under its first one.
static void renew_token(struct run *run)
{
	char token[HASH_UUID_BYTES], word[HASH_UUID_BYTES];
	size_t n = 0;
	if (current(run)->type == STEP_CREATE && *run->plan.token)
		str_copy(token, sizeof(token), run->plan.token);
	else if (!hash_uuid(token))
		return;
	for (const char *c = token; *c; c++)
		if (*c != '-')
			word[n++] = *c;
	word[n] = '\0';
	js_set_str(run->resource, "token", token);
	js_set_str(run->resource, "token_word", word);
}

static void start_intent(struct run *run)
{
	const char *operation;
	renew_token(run);
	struct err err = step_render(
		run->kind, current(run), run->resource, run->found, &operation, &run->input);
	char uuid[HASH_UUID_BYTES];
	if (!err_is(&err) && !hash_uuid(uuid))
		err = err_new(ERR_BUG, "no randomness for an action id");
	if (err_is(&err)) {
		step_failed(run, err);
		return;
	}
	if (!run->input) { // nothing to do: the template left the whole call out
		step_done(run);
		return;
	}
	str_copy(run->action_id, sizeof(run->action_id), uuid);
	run->operation = operation;
	if (current(run)->type == STEP_CREATE)
		run->sent = sent_note(run->input, js_str(run->resource, "token"), run->digest,
			run->plan.creation);
	store_call_init(&run->intent, STORE_ACTION_INTEND, intent_args(run, operation));
	set_phase(run, RUN_INTEND);
	store_start(run->options.store, &run->intent, &run->task);
}

// An intent that may have been recorded, for a call that is not made.
static void forget_intent(struct run *run)
{
	journal_put(run->options.journal, STORE_ACTION_SETTLE,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "action_id", run->action_id, "address",
			run->address, "outcome", "failed", "code", "NotSent", "message",
			"whether it was recorded was not known, so it was not sent", "at_ms",
			(json_int_t)loop_wall_ms(run->options.loop)));
}

static void start_send(struct run *run)
{
	struct err err = run->intent.op.err;
	bool is_leader = js_bool(json_array_get(run->intent.rows, 0), "is_leader", false);
	if (err_is(&err) && err.maybe_done)
		forget_intent(run);
	if (!err_is(&err) && run->options.lease && !is_leader)
		err = err_code(ERR_TRANSIENT, "LeaseLost", "another daemon may lead by now");
	if (!err_is(&err))
		journal_tell(run->options.journal, STORE_ACTION_INTEND, run->intent.args);
	store_call_done(&run->intent);
	if (err_is(&err)) {
		err_wrap(&err, "nothing is changed in AWS without a record of it");
		err.maybe_done = false;
		step_failed(run, err);
		return;
	}
	// Only now, when the record of the call is written, do the values come in.
	err = sources_fill(run->kind, run->operation, json_object_get(run->resource, "sources"),
		run->options.source_key, run->input, run->filled);
	if (err_is(&err)) {
		aws_call_init(&run->call, run->kind->service, run->operation, run->input);
		settle(run, "failed", &err);
		aws_call_done(&run->call);
		sources_burn(run->filled);
		step_failed(run, err);
		return;
	}
	aws_call_init(&run->call, run->kind->service, run->operation, run->input);
	run->call.is_mutating = true;
	run->call.gate = run->options.lease ? &run->options.lease->gate : NULL;
	run->call.is_repeatable = current(run)->call->flags & CALL_REPEATABLE;
	set_phase(run, RUN_SEND);
	aws_start(run->options.aws, &run->call, &run->task);
}

static void step(struct task *task)
{
	struct run *run = CONTAINER_OF(task, struct run, task);
	switch (run->phase) {
	case RUN_NEXT:
		if (run->at == run->plan.count || run->options.is_canceled) {
			if (run->at < run->plan.count && !err_is(&run->first_err))
				run->first_err = err_new(ERR_CANCELED, "stopped before %s",
					current(run)->call->operation);
			finish(run);
		} else if (current(run)->call->find.operation) {
			start_find(run);
		} else {
			start_intent(run);
		}
		break;
	case RUN_FIND:
		if (!op_is_finished(&run->find.op))
			break;
		take_found(run);
		if (run->phase == RUN_FIND)
			start_intent(run);
		break;
	case RUN_INTEND:
		if (op_is_finished(&run->intent.op))
			start_send(run);
		break;
	case RUN_SEND:
		if (!op_is_finished(&run->call.op))
			break;
		sources_burn(run->filled);
		take_answer(run);
		aws_call_done(&run->call);
		break;
	case RUN_REFUSED:
		start_blockers(run);
		break;
	case RUN_BLOCKERS:
		if (op_is_finished(&run->find.op))
			take_blockers(run);
		break;
	case RUN_DONE:
		break;
	}
}

struct run *run_new(const struct run_options *options, const struct kind *kind, char *address,
	char *reason, const char *digest, struct plan *plan, json_t *resource)
{
	struct run *run = calloc(1, sizeof(*run));
	if (!run)
		abort(); // a plan half taken over cannot be given back
	run->options = *options;
	run->kind = kind;
	run->address = address;
	run->reason = reason;
	str_copy(run->digest, sizeof(run->digest), digest);
	run->plan = *plan;
	*plan = (struct plan){0};
	run->resource = resource;
	run->written = json_array();
	run->unsure = json_array();
	run->filled = json_array();
	str_copy(run->config_version, sizeof(run->config_version),
		options->config_version ? options->config_version : "");
	run->options.config_version = NULL;
	task_init(&run->task, options->loop, step, "run");
	return run;
}

void run_start(struct run *run, struct task *owner)
{
	op_start(&run->op, owner, NULL);
	set_phase(run, RUN_NEXT);
	task_wake(&run->task);
}

void run_stop(struct run *run)
{
	run->options.is_canceled = true;
}

void run_give_up(struct run *run)
{
	run_stop(run);
	op_cancel(&run->find.op);
	op_cancel(&run->call.op);
}

static void run_bury(void *what)
{
	struct run *run = what;
	plan_done(&run->plan);
	free(run->address);
	free(run->reason);
	free(run->id);
	json_decref(run->resource);
	json_decref(run->settled);
	json_decref(run->sent);
	json_decref(run->written);
	json_decref(run->moved);
	json_decref(run->unsure);
	sources_burn(run->filled);
	json_decref(run->filled);
	json_decref(run->input);
	json_decref(run->found);
	free(run);
}

void run_free(struct run *run)
{
	if (!run)
		return;
	task_done(&run->task);
	loop_bury(run->options.loop, run, run_bury);
}
