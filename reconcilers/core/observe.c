// All fetches of a look wake the same task; its step takes what has finished, starts what that made
// possible, and ends when nothing runs. The list's pages are read and dropped; only our items stay.
#include "core/observe.h"
#include "base/str.h"
#include "core/path.h"
#include "core/project.h"
#include "core/template.h"

enum fetch_type { FETCH_LIST, FETCH_JOIN, FETCH_FOLLOW, FETCH_CONFIRM };

struct fetch {
	enum fetch_type type;
	struct aws_call call;
	json_t *input; // owned; the call borrows it
	const struct join *join;
	const struct follow *follow;
	char *id; // follow-ups and confirmations
	bool is_taken;
};

static void fetch_free(void *what)
{
	struct fetch *fetch = what;
	if (!fetch)
		return;
	aws_call_done(&fetch->call);
	json_decref(fetch->input);
	free(fetch->id);
	free(fetch);
}

static void on_cancel(struct op *op)
{
	struct observation *o = CONTAINER_OF(op, struct observation, op);
	if (!err_is(&o->first_err))
		o->first_err = err_new(ERR_CANCELED, "observation canceled");
	for (size_t i = 0; i < o->fetch_count; i++)
		op_cancel(&o->fetches[i]->call.op);
	task_wake(&o->task);
}

static void fail(struct observation *o, struct err err)
{
	if (err_is(&o->first_err))
		return;
	o->first_err = err;
	for (size_t i = 0; i < o->fetch_count; i++)
		op_cancel(&o->fetches[i]->call.op);
}

static json_t *scope_of(const struct observation *o)
{
	return json_pack("{s:s, s:s*, s:s*}", "stack", o->options.stack, "region",
		o->options.region, "account", o->options.account);
}

// An answer kept from look to look, while the same request is made.
struct memo {
	struct aws_memo aws;
	bool is_used; // in this look
};

static void memo_free(void *what)
{
	struct memo *memo = what;
	aws_memo_done(&memo->aws);
	free(memo);
}

static struct aws_memo *memo_of(struct observation *o, const struct fetch *fetch,
	const char *operation, const json_t *input)
{
	if (fetch->type == FETCH_CONFIRM)
		return NULL;
	_cleanup_free_ char *text = js_text(input);
	_cleanup_free_ char *key = text ? str_format("%s %s", operation, text) : NULL;
	struct memo *memo = key ? map_get(&o->memos, key) : NULL;
	if (key && !memo) {
		memo = calloc(1, sizeof(*memo));
		if (!memo || !map_set(&o->memos, key, memo, NULL)) {
			free(memo);
			return NULL;
		}
	}
	if (!memo || memo->is_used)
		return NULL; // two of the same at a time: only one may write
	memo->is_used = true;
	return &memo->aws;
}

// Answers to requests that a whole look did not make again are of no more use.
static void forget_unused(struct observation *o, bool is_whole)
{
	struct map kept;
	map_init(&kept);
	map_for_each (&o->memos, entry) {
		struct memo *memo = entry->value;
		bool is_kept =
			(memo->is_used || !is_whole) && map_set(&kept, entry->key, memo, NULL);
		memo->is_used = false;
		if (!is_kept)
			memo_free(memo);
	}
	map_done(&o->memos);
	o->memos = kept;
}

static const json_t *keep_of(const struct observation *o, const struct fetch *fetch)
{
	return fetch->type == FETCH_LIST || fetch->type == FETCH_CONFIRM ? o->keep : NULL;
}

// Takes `input` over.
static void start_fetch(
	struct observation *o, struct fetch *fetch, const char *operation, json_t *input)
{
	if (o->fetch_count == o->fetch_size) {
		size_t size = o->fetch_size ? o->fetch_size * 2 : 8;
		struct fetch **fetches = reallocarray(o->fetches, size, sizeof(struct fetch *));
		if (!fetches) {
			json_decref(input);
			fetch_free(fetch);
			fail(o, err_nomem());
			return;
		}
		o->fetches = fetches;
		o->fetch_size = size;
	}
	fetch->input = input;
	aws_call_init(&fetch->call, o->options.kind->service, operation, input);
	fetch->call.keep = keep_of(o, fetch);
	fetch->call.memo = memo_of(o, fetch, operation, input);
	o->fetches[o->fetch_count++] = fetch;
	aws_start(o->options.aws, &fetch->call, &o->task);
}

static struct fetch *fetch_new(enum fetch_type type)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	if (fetch)
		fetch->type = type;
	return fetch;
}

// Renders a template and starts the fetch; takes the scope over.
static void begin(struct observation *o, struct fetch *fetch, const char *operation,
	const char *args, json_t *scope)
{
	json_t *input = NULL;
	struct err err = fetch ? ERR_OK : err_nomem();
	if (!err_is(&err) && args)
		err = template_render(args, scope, &input);
	json_decref(scope);
	if (err_is(&err)) {
		fetch_free(fetch);
		fail(o, err);
		return;
	}
	start_fetch(o, fetch, operation, input ? input : json_object());
}

static bool ask_once(struct observation *o, const char *what, const char *id)
{
	_cleanup_free_ char *key = str_format("%s:%s", what, id);
	if (!key || json_object_get(o->asked, key))
		return false;
	json_object_set_new(o->asked, key, json_true());
	return true;
}

static bool wants_field(const json_t *fields, const char *field)
{
	size_t i;
	json_t *one;
	if (!field)
		return true;
	json_array_foreach ((json_t *)fields, i, one)
		if (str_eq_null(json_string_value(one), field))
			return true;
	return false;
}

// Joins and follow-ups for ids that have not been asked for. `ids` is {"<id>": fields or item}.
static void ask_about(struct observation *o, const json_t *ids)
{
	const struct observe *how = &o->options.kind->observe;
	const char *id;
	json_t *value;
	for (const struct join *join = how->joins; join < how->joins + KIND_MOST_JOINS; join++) {
		if (!join->list.operation)
			break;
		json_t *batch = json_array();
		size_t most = join->most_ids ? (size_t)join->most_ids : 200,
		       left = json_object_size(ids);
		json_object_foreach ((json_t *)ids, id, value) {
			if (ask_once(o, join->into, id))
				json_array_append_new(batch, json_string(id));
			if (--left > 0 && json_array_size(batch) < most)
				continue;
			if (json_array_size(batch) == 0)
				continue;
			struct fetch *fetch = fetch_new(FETCH_JOIN);
			if (fetch)
				fetch->join = join;
			json_t *scope = scope_of(o);
			// A copy: what is rendered shares values, and the batch is emptied below.
			json_object_set_new(scope, "ids", json_copy(batch));
			begin(o, fetch, join->list.operation, join->list.args, scope);
			json_array_clear(batch);
		}
		json_decref(batch);
	}
	for (const struct follow *f = how->follows; f < how->follows + KIND_MOST_FOLLOWS; f++) {
		if (!f->operation)
			break;
		json_object_foreach ((json_t *)ids, id, value) {
			const json_t *fields = json_object_get(o->known, id);
			if (!wants_field(fields, f->field) || !ask_once(o, f->into, id))
				continue;
			struct fetch *fetch = fetch_new(FETCH_FOLLOW);
			if (fetch) {
				fetch->follow = f;
				fetch->id = strdup(id);
			}
			json_t *scope = scope_of(o);
			json_object_set_new(scope, "id", json_string(id));
			begin(o, fetch, f->operation, f->args, scope);
		}
	}
}

// ---- taking answers

// Some filters are ignored by the other side: only what carries our tag, or is known, is ours.
static bool is_ours(const struct observation *o, const json_t *item, const char *id)
{
	if (json_object_get(o->known, id))
		return true;
	const struct tagging *tagging = o->options.kind->tagging;
	if (!tagging)
		return true;
	_cleanup_json_ json_t *tags = path_get(item, tagging->observed);
	size_t i;
	json_t *tag;
	json_array_foreach (tags, i, tag)
		if (str_eq_null(js_str(tag, "Key"), TAG_STACK))
			return str_eq_null(js_str(tag, "Value"), o->options.stack);
	return false;
}

static void take_items(struct observation *o, const struct fetch *fetch)
{
	const struct observe *how = &o->options.kind->observe;
	_cleanup_json_ json_t *list = path_get(fetch->call.output, how->list.items);
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		_cleanup_json_ json_t *id = path_get(item, how->id);
		if (!json_is_string(id))
			fail(o, err_code(ERR_TRANSIENT, "BadAnswer", "%s: an item without %s",
					how->list.operation, how->id));
		else if (is_ours(o, item, json_string_value(id)))
			json_object_set(o->items, json_string_value(id), item);
		else
			o->foreign++;
	}
}

static json_t *rows_of(struct observation *o, const char *into)
{
	json_t *rows = json_object_get(o->rows, into);
	if (!rows) {
		rows = json_object();
		json_object_set_new(o->rows, into, rows);
	}
	return rows;
}

static void take_rows(struct observation *o, const struct fetch *fetch)
{
	const struct join *join = fetch->join;
	json_t *rows = rows_of(o, join->into);
	_cleanup_json_ json_t *list = path_get(fetch->call.output, join->list.items);
	size_t i;
	json_t *row;
	json_array_foreach (list, i, row) {
		const char *id = js_str(row, join->by);
		if (!id)
			continue;
		json_t *of_id = json_object_get(rows, id);
		if (!of_id) {
			of_id = json_array();
			json_object_set_new(rows, id, of_id);
		}
		json_array_append(of_id, row);
	}
}

// The same call again with the next page's token. Returns false after the last page.
static bool next_page(struct observation *o, struct fetch *fetch)
{
	struct err err = ERR_OK;
	json_t *input = aws_next_page(&fetch->call, &err);
	if (err_is(&err)) {
		fail(o, err);
		return false;
	}
	if (!input)
		return false;
	const char *operation = fetch->call.operation;
	aws_call_done(&fetch->call);
	json_decref(fetch->input);
	fetch->input = input;
	aws_call_init(&fetch->call, o->options.kind->service, operation, input);
	fetch->call.keep = keep_of(o, fetch);
	fetch->call.memo = memo_of(o, fetch, operation, input);
	aws_start(o->options.aws, &fetch->call, &o->task);
	return true;
}

static void take_answer(struct observation *o, struct fetch *fetch)
{
	const struct err *err = &fetch->call.op.err;
	o->calls += fetch->call.attempts > 0 ? fetch->call.attempts : 1;
	fetch->is_taken = true;
	if (err_is(&o->first_err))
		return;
	if (err_is(err)) {
		// What is not found by id is the answer, not a failure.
		if (err->class != ERR_NOT_FOUND ||
			(fetch->type != FETCH_CONFIRM && fetch->type != FETCH_FOLLOW))
			fail(o, *err);
		return;
	}
	switch (fetch->type) {
	case FETCH_LIST:
	case FETCH_CONFIRM:
		take_items(o, fetch);
		break;
	case FETCH_JOIN:
		take_rows(o, fetch);
		break;
	case FETCH_FOLLOW: {
		json_t *value = path_get(fetch->call.output, fetch->follow->from);
		if (value)
			json_object_set_new(rows_of(o, fetch->follow->into), fetch->id, value);
		return;
	}
	}
	if (next_page(o, fetch))
		fetch->is_taken = false;
	else if (fetch->type == FETCH_LIST)
		o->is_listed = true;
}

// ---- the end

// Known ids that the list did not show are read one by one.
static void confirm_absent(struct observation *o)
{
	const struct observe *how = &o->options.kind->observe;
	const char *id;
	json_t *fields;
	o->is_confirming = true;
	if (!how->by_id)
		return;
	json_object_foreach (o->known, id, fields) {
		if (json_object_get(o->items, id))
			continue;
		struct fetch *fetch = fetch_new(FETCH_CONFIRM);
		if (fetch)
			fetch->id = strdup(id);
		json_t *scope = scope_of(o);
		json_object_set_new(scope, "id", json_string(id));
		begin(o, fetch, how->list.operation, how->by_id, scope);
	}
}

// Items are shared with the memo of their answer, so what is joined goes into a copy.
static void merge_rows(struct observation *o)
{
	const struct observe *how = &o->options.kind->observe;
	const char *into, *id;
	json_t *rows, *item;
	if (!how->joins[0].list.operation && !how->follows[0].operation)
		return;
	json_t *merged = json_object();
	json_object_foreach (o->items, id, item) {
		json_t *copy = json_copy(item);
		// A joined list without rows is empty, not unknown.
		for (const struct join *j = how->joins; j < how->joins + KIND_MOST_JOINS; j++)
			if (j->list.operation)
				json_object_set_new(copy, j->into, json_array());
		json_object_foreach (o->rows, into, rows)
			if (json_object_get(rows, id))
				json_object_set(copy, into, json_object_get(rows, id));
		json_object_set_new(merged, id, copy);
	}
	json_decref(o->items);
	o->items = merged;
}

static void finish(struct observation *o)
{
	o->took_ms = loop_now_ms(o->options.loop) - o->started_ms;
	if (!err_is(&o->first_err))
		merge_rows(o);
	forget_unused(o, !err_is(&o->first_err));
	for (size_t i = 0; i < o->fetch_count; i++)
		loop_bury(o->options.loop, o->fetches[i], fetch_free);
	o->fetch_count = 0;
	op_finish(&o->op, o->first_err);
}

static void step(struct task *task)
{
	struct observation *o = CONTAINER_OF(task, struct observation, task);
	if (!op_is_running(&o->op))
		return;
	size_t running = 0;
	// take_answer() may start more, which land at the end of the list.
	for (size_t i = 0; i < o->fetch_count; i++) {
		struct fetch *fetch = o->fetches[i];
		if (!fetch->is_taken && op_is_finished(&fetch->call.op))
			take_answer(o, fetch);
		running += !fetch->is_taken;
	}
	if (!err_is(&o->first_err) && o->is_listed) {
		size_t before = o->fetch_count;
		ask_about(o, o->items);
		if (!o->is_confirming)
			confirm_absent(o);
		running += o->fetch_count - before;
	}
	if (running == 0)
		finish(o);
}

// The first step of a path.
static void keep_path(json_t *keep, const char *path)
{
	char step[96];
	size_t n = path ? strcspn(path, ".[") : 0;
	if (n == 0 || n >= sizeof(step))
		return;
	memcpy(step, path, n);
	step[n] = '\0';
	json_object_set_new(keep, step, json_true());
}

// What a kind's table reads of a listed item. AWS's items have dozens of members; the rest is not
// even decoded.
static json_t *members_read(const struct kind *kind)
{
	json_t *keep = json_object();
	keep_path(keep, kind->observe.id);
	keep_path(keep, kind->observe.arn);
	keep_path(keep, kind->tagging ? kind->tagging->observed : NULL);
	keep_path(keep, kind->states.path);
	keep_path(keep, kind->states.message);
	for (const struct condition *c = kind->conditions; c && c->path; c++) {
		keep_path(keep, c->path);
		keep_path(keep, c->message);
	}
	for (const struct field *f = kind->fields; f->name; f++) {
		keep_path(keep, f->observed ? f->observed : field_member(kind, NULL, f));
		for (const struct match_row *row = f->skip; row && row->path; row++)
			if (str_starts(row->glob, "@observed."))
				keep_path(keep, row->glob + strlen("@observed."));
	}
	return keep;
}

void observation_init(struct observation *o, const struct observe_options *options)
{
	*o = (struct observation){.options = *options, .keep = members_read(options->kind)};
	task_init(&o->task, options->loop, step, "observation");
}

void observation_start(struct observation *o, json_t *known, struct task *owner)
{
	const struct observe *how = &o->options.kind->observe;
	observation_reset(o);
	op_start(&o->op, owner, on_cancel);
	o->known = known;
	o->items = json_object();
	o->asked = json_object();
	o->rows = json_object();
	o->started_ms = loop_now_ms(o->options.loop);
	begin(o, fetch_new(FETCH_LIST), how->list.operation, how->list.args, scope_of(o));
	ask_about(o, known);
	if (err_is(&o->first_err))
		task_wake(&o->task);
}

void observation_reset(struct observation *o)
{
	json_decref(o->known);
	json_decref(o->items);
	json_decref(o->asked);
	json_decref(o->rows);
	o->known = o->items = o->asked = o->rows = NULL;
	o->is_listed = o->is_confirming = false;
	o->first_err = ERR_OK;
	o->calls = 0;
	o->foreign = 0;
	op_reset(&o->op);
}

void observation_done(struct observation *o)
{
	observation_reset(o);
	json_decref(o->keep);
	o->keep = NULL;
	map_done_with(&o->memos, memo_free);
	free(o->fetches);
	o->fetches = NULL;
	o->fetch_size = 0;
	task_done(&o->task);
}
