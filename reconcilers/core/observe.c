// All fetches of a look wake the same task; its step takes what has finished, starts what that made
// possible, and ends when nothing runs. The list's pages are read and dropped; only our items stay.
#include "core/observe.h"
#include "base/str.h"
#include "core/found.h"
#include "core/hints.h"
#include "core/members.h"
#include "core/memos.h"
#include "core/path.h"
#include "core/project.h"
#include "core/reads.h"
#include "core/rows.h"
#include "core/tags.h"
#include "core/template.h"

enum fetch_type { FETCH_LIST, FETCH_OWN, FETCH_JOIN, FETCH_FOLLOW, FETCH_CONFIRM };

struct fetch {
	enum fetch_type type;
	struct aws_call call;
	json_t *input; // owned; the call borrows it
	const struct join *join;
	const struct follow *follow;
	const char *items; // path of the items in the answer; borrowed
	char *id;          // follow-ups and confirmations
	char *each;        // lists made for a parent; NULL: none
	struct err denied; // FETCH_OWN: what the list was told
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
	free(fetch->each);
	free(fetch);
}

static void on_cancel(struct op *op)
{
	struct observation *o = CONTAINER_OF(op, struct observation, op);
	if (!err_is(&o->first_err))
		o->first_err = err_new(ERR_CANCELED, "observation canceled");
	for (size_t i = 0; i < o->fetch_count; i++)
		op_cancel(&o->fetches[i]->call.op);
	op_cancel(&o->tags.op);
	task_wake(&o->task);
}

static void fail(struct observation *o, struct err err)
{
	if (err_is(&o->first_err))
		return;
	o->first_err = err;
	for (size_t i = 0; i < o->fetch_count; i++)
		op_cancel(&o->fetches[i]->call.op);
	op_cancel(&o->tags.op);
}

static json_t *scope_of(const struct observation *o)
{
	return json_pack("{s:s, s:s*, s:s*, s:s*}", "stack", o->options.stack, "region",
		o->options.region, "account", o->options.account, "partition",
		o->options.partition);
}

static struct aws_memo *memo_of(struct observation *o, const struct fetch *fetch,
	const char *operation, const json_t *input)
{
	bool is_rare = fetch->type == FETCH_CONFIRM || fetch->type == FETCH_OWN;
	return is_rare ? NULL : memos_get(&o->memos, operation, input);
}

// Only the elements of a plain list are told apart while an answer is read.
static const json_t *keep_of(const struct observation *o, const struct fetch *fetch)
{
	bool is_list = fetch->type == FETCH_LIST || fetch->type == FETCH_CONFIRM;
	return is_list && *fetch->items && !strpbrk(fetch->items, ".[") ? o->keep : NULL;
}

// Takes `input` over.
static void start_fetch(struct observation *o, struct fetch *fetch, const char *service,
	const char *operation, json_t *input)
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
	aws_call_init(&fetch->call, service ? service : o->options.kind->service, operation, input);
	fetch->call.keep = keep_of(o, fetch);
	fetch->call.memo = memo_of(o, fetch, operation, input);
	o->lists_open += fetch->type == FETCH_LIST;
	o->fetches[o->fetch_count++] = fetch;
	aws_start(o->options.aws, &fetch->call, &o->task);
}

static struct fetch *fetch_new(enum fetch_type type, const char *items)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	if (fetch) {
		fetch->type = type;
		fetch->items = items ? items : "";
	}
	return fetch;
}

// Renders a template and starts the fetch; takes the scope over.
static void begin(struct observation *o, struct fetch *fetch, const char *service,
	const char *operation, const char *args, json_t *scope)
{
	json_t *input = NULL;
	struct err err = fetch ? ERR_OK : err_nomem();
	if (!err_is(&err) && args)
		err = template_render(args, scope, &input);
	json_decref(scope);
	bool is_left_out = args && !input && fetch && fetch->type == FETCH_FOLLOW;
	if (err_is(&err) || is_left_out) {
		fetch_free(fetch);
		if (err_is(&err))
			fail(o, err);
		return;
	}
	start_fetch(o, fetch, service, operation, input ? input : json_object());
}

static bool ask_once(struct observation *o, const char *what, const char *id)
{
	_cleanup_free_ char *key = str_format("%s:%s", what, id);
	if (!key || json_object_get(o->asked, key))
		return false;
	json_object_set_new(o->asked, key, json_true());
	return true;
}

static void ask_join(struct observation *o, const struct join *join, json_t *batch)
{
	rows_expect(o->rows, join);
	struct fetch *fetch = fetch_new(FETCH_JOIN, join->list.items);
	if (fetch)
		fetch->join = join;
	json_t *scope = scope_of(o);
	// A copy: what is rendered shares values, and the batch is emptied after.
	json_object_set_new(scope, "ids", json_copy(batch));
	begin(o, fetch, join->list.service, join->list.operation, join->list.args, scope);
	json_array_clear(batch);
}

static void ask_joins(struct observation *o, const json_t *ids)
{
	const struct observe *how = &o->options.kind->observe;
	const char *id;
	json_t *value;
	for (const struct join *join = how->joins; join < how->joins + KIND_MOST_JOINS; join++) {
		if (!join->list.operation)
			break;
		if (!reads_any_wants(o->subjects, join->field) || json_object_size(ids) == 0)
			continue;
		_cleanup_json_ json_t *batch = json_array();
		if (!join->list.args || !strstr(join->list.args, "@ids")) { // all of them at once
			if (ask_once(o, join->into, ""))
				ask_join(o, join, batch);
			continue;
		}
		size_t most = join->most_ids ? (size_t)join->most_ids : 200;
		json_object_foreach ((json_t *)ids, id, value) {
			if (!found_joined_tags(o, join, id) && ask_once(o, join->into, id))
				json_array_append_new(batch, json_string(id));
			if (json_array_size(batch) == most)
				ask_join(o, join, batch);
		}
		if (json_array_size(batch) > 0)
			ask_join(o, join, batch);
	}
}

static void ask_follow(struct observation *o, const struct follow *f, const char *id)
{
	const json_t *item = json_object_get(o->items, id), *subject = found_subject(o, id);
	bool needs_item = f->unless.path ||
			  (f->args && (strstr(f->args, "@item") || strstr(f->args, "@{item")));
	char what[32];
	snprintf(what, sizeof(what), "follow %d", (int)(f - o->options.kind->observe.follows));
	bool is_wanted = reads_wants(json_object_get(subject, "fields"), f->field) ||
			 (f->rarely && js_bool(subject, "rare", false));
	if (!is_wanted || (needs_item && !item) ||
		(f->for_claims && !js_bool(subject, "claims", false)) ||
		(f->unless.path && path_matches(item, f->unless.path, f->unless.glob)) ||
		(item && sighting_is_past(o->options.kind, item)))
		return;
	if (found_tags(o, f, id) || (f->lacking && !found_lacks(o, f, id)) ||
		!ask_once(o, what, id))
		return;
	if (f->for_claims || f->rarely) // to find none is an answer too
		rows_set(o->rows, f->into, id, json_array());
	struct fetch *fetch = fetch_new(FETCH_FOLLOW, NULL);
	if (fetch) {
		fetch->follow = f;
		fetch->id = strdup(id);
	}
	json_t *scope = scope_of(o);
	json_object_set_new(scope, "id", json_string(id));
	if (item)
		json_object_set(scope, "item", (json_t *)item);
	if (json_object_get(subject, "desired"))
		json_object_set(scope, "desired", json_object_get(subject, "desired"));
	begin(o, fetch, f->service, f->operation, f->args, scope);
}

// Joins and follow-ups for ids that have not been asked for. `ids` is {"<id>": fields or item}.
static void ask_about(struct observation *o, const json_t *ids)
{
	const struct observe *how = &o->options.kind->observe;
	const char *id;
	json_t *value;
	ask_joins(o, ids);
	for (const struct follow *f = how->follows; f < how->follows + KIND_MOST_FOLLOWS; f++) {
		if (!f->operation)
			break;
		json_object_foreach ((json_t *)ids, id, value)
			ask_follow(o, f, id);
	}
}

// ---- taking answers

static void take_items(struct observation *o, const json_t *list, const char *each, bool is_list)
{
	const struct observe *how = &o->options.kind->observe;
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one) {
		_cleanup_json_ json_t *item = each ? json_copy(one) : json_incref(one);
		js_set_str(item, "each", each);
		_cleanup_free_ char *id = template_of_item(how->id, item);
		if (str_empty(id))
			fail(o, err_code(ERR_TRANSIENT, "BadAnswer", "%s: an item without %s",
					how->list.operation, how->id));
		else if (is_list && json_object_get(o->doubted, id))
			continue; // is read by itself
		else if (!found_is_ours(o, item, id) && !(is_list && found_is_stray(o, item, id)))
			o->foreign++;
		else if (!json_object_get(o->items, id) || !sighting_is_past(o->options.kind, item))
			found_keep(o, id, item, is_list && how->lags);
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
	const char *operation = fetch->call.operation, *service = fetch->call.service;
	aws_call_done(&fetch->call);
	json_decref(fetch->input);
	fetch->input = input;
	aws_call_init(&fetch->call, service, operation, input);
	fetch->call.keep = keep_of(o, fetch);
	fetch->call.memo = memo_of(o, fetch, operation, input);
	aws_start(o->options.aws, &fetch->call, &o->task);
	return true;
}

// A name that AWS does not let us look at may be somebody else's.
static void ask_own(struct observation *o, const struct fetch *list)
{
	const struct list_call *own = &o->options.kind->observe.own;
	struct fetch *fetch = fetch_new(FETCH_OWN, own->items);
	json_t *scope = scope_of(o);
	js_set_str(scope, "each", list->each);
	if (fetch && list->each) {
		fetch->each = strdup(list->each);
		fetch->denied = list->call.op.err;
	}
	begin(o, fetch, own->service, own->operation, own->args, scope);
}

// What an error still tells: false when it is a failure.
static bool take_error(struct observation *o, struct fetch *fetch)
{
	const struct observe *how = &o->options.kind->observe;
	const struct err *err = &fetch->call.op.err;
	bool is_list = fetch->type == FETCH_LIST;
	bool is_by_name =
		fetch->type != FETCH_JOIN && (!is_list || how->list.each || how->list.batch);
	if (is_list && fetch->each && str_eq_null(how->list.bare, err->code)) {
		_cleanup_json_ json_t *bare = json_pack("[{}]");
		take_items(o, bare, fetch->each, true);
	} else if (is_list && how->own.operation && err->class == ERR_DENIED) {
		ask_own(o, fetch);
	} else if (!is_by_name || !found_is_absent(o, fetch->id, err)) {
		return false;
	}
	o->lists_open -= is_list;
	return true;
}

static void take_answer(struct observation *o, struct fetch *fetch)
{
	const struct err *err = &fetch->call.op.err;
	o->calls += fetch->call.attempts > 0 ? fetch->call.attempts : 1;
	fetch->is_taken = true;
	bool is_list = fetch->type == FETCH_LIST;
	if (err_is(&o->first_err))
		return;
	if (err_is(err)) {
		if (!take_error(o, fetch))
			fail(o, *err);
		return;
	}
	switch (fetch->type) {
	case FETCH_LIST:
	case FETCH_CONFIRM: {
		_cleanup_json_ json_t *list = reads_items(fetch->call.output, fetch->items);
		take_items(o, list, fetch->each, is_list);
		break;
	}
	case FETCH_OWN: {
		_cleanup_json_ json_t *names = reads_items(fetch->call.output, fetch->items);
		if (js_lists(names, fetch->each))
			fail(o, fetch->denied);
		break;
	}
	case FETCH_JOIN: {
		_cleanup_json_ json_t *where = scope_of(o);
		rows_add(o->rows, fetch->join, fetch->call.output, where);
		break;
	}
	case FETCH_FOLLOW:
		rows_add_value(o->rows, fetch->follow, fetch->id, fetch->call.output);
		break;
	}
	if (next_page(o, fetch)) {
		fetch->is_taken = false;
		return;
	}
	if (fetch->type == FETCH_FOLLOW)
		found_answered(o, fetch->follow, fetch->id);
	o->lists_open -= is_list;
}

static void take_tags(struct observation *o)
{
	const struct err *err = &o->tags.op.err;
	bool is_list = hints_are_list(o->options.kind);
	o->calls += o->tags.calls;
	o->are_hints_open = false;
	o->hints = o->tags.rows;
	o->tags.rows = NULL;
	o->hints_ms = o->tags.began_ms;
	if (err_is(&o->first_err) || !is_list)
		return; // without an answer each is read by itself
	if (err_is(err)) {
		fail(o, *err);
		return;
	}
	_cleanup_json_ json_t *list = hints_of(o->hints, o->options.kind);
	take_items(o, list, NULL, true);
	o->lists_open--;
}

// ---- the end

static void confirm(struct observation *o, const char *id, const char *key)
{
	const struct observe *how = &o->options.kind->observe;
	bool is_own = how->confirm.operation;
	const struct list_call *call = is_own ? &how->confirm : &how->list;
	struct fetch *fetch = fetch_new(FETCH_CONFIRM, call->items);
	if (fetch && id)
		fetch->id = strdup(id);
	json_t *scope = scope_of(o);
	js_set_str(scope, "id", id);
	js_set_str(scope, "key", key);
	begin(o, fetch, call->service, call->operation, is_own ? call->args : how->by_id, scope);
}

// What is known, or wanted, and was not listed is read one by one.
static void confirm_absent(struct observation *o)
{
	const struct observe *how = &o->options.kind->observe;
	const char *args = how->confirm.operation ? how->confirm.args : how->by_id;
	o->is_confirming = true;
	ask_about(o, o->known); // fallbacks, for what was not listed
	if (!args || how->list.each || how->list.batch)
		return; // those were asked for by name
	const char *id, *key;
	json_t *value;
	bool is_by_id = strstr(args, "@id") || strstr(args, "@{id}");
	json_object_foreach (o->known, id, value)
		if (is_by_id && !json_object_get(o->items, id))
			confirm(o, id, NULL);
	bool is_by_key = strstr(args, "@key") || strstr(args, "@{key}");
	json_object_foreach (is_by_key ? o->keys : NULL, key, value)
		if (!found_owner(o, json_string_value(value), is_by_id) &&
			!json_object_get(o->items, key))
			confirm(o, NULL, key);
}

static void finish(struct observation *o)
{
	o->took_ms = loop_now_ms(o->options.loop) - o->started_ms;
	if (!err_is(&o->first_err)) {
		found_prove(o);
		rows_merge(&o->options.kind->observe, o->rows, &o->items);
	}
	memos_age(&o->memos, !err_is(&o->first_err));
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
	if (o->are_hints_open && op_is_finished(&o->tags.op))
		take_tags(o);
	running += o->are_hints_open;
	// take_answer() may start more, which land at the end of the list.
	for (size_t i = 0; i < o->fetch_count; i++) {
		struct fetch *fetch = o->fetches[i];
		if (!fetch->is_taken && op_is_finished(&fetch->call.op))
			take_answer(o, fetch);
		running += !fetch->is_taken;
	}
	if (!err_is(&o->first_err) && o->lists_open == 0) {
		size_t before = o->fetch_count;
		ask_about(o, o->items);
		if (!o->is_confirming)
			confirm_absent(o);
		running += o->fetch_count - before;
	}
	if (running == 0)
		finish(o);
}

// ---- the beginning

static void begin_list(struct observation *o, const char *each, json_t *ids)
{
	const struct list_call *list = &o->options.kind->observe.list;
	struct fetch *fetch = fetch_new(FETCH_LIST, list->items);
	json_t *scope = scope_of(o);
	if (fetch && each)
		fetch->each = strdup(each);
	js_set_str(scope, "each", each);
	const char *rest = each ? strchr(each, ' ') : NULL;
	if (rest)
		json_object_set_new(scope, "each_head", json_stringn(each, (size_t)(rest - each)));
	js_set_str(scope, "each_rest", rest ? rest + 1 : NULL);
	if (ids)
		json_object_set_new(scope, "ids", ids);
	begin(o, fetch, list->service, list->operation, list->args, scope);
}

static void begin_tags(struct observation *o)
{
	const struct kind *kind = o->options.kind;
	bool is_list = hints_are_list(kind);
	if (!kind->observe.tag_types || !o->options.tagread)
		return;
	if (!is_list && (!o->asks_tags || json_array_size(o->subjects) == 0)) {
		tagread_last(o->options.tagread, &o->hints, &o->hints_ms);
		return;
	}
	o->are_hints_open = true;
	o->lists_open += is_list;
	tagread_start(o->options.tagread, &o->tags, o->since_ms, &o->task);
}

static void begin_lists(struct observation *o)
{
	const struct list_call *list = &o->options.kind->observe.list;
	if (hints_are_list(o->options.kind))
		return; // that is what begin_tags() reads
	if (!list->each && !list->batch) {
		begin_list(o, NULL, NULL);
		return;
	}
	_cleanup_json_ json_t *scope = scope_of(o);
	_cleanup_json_ json_t *reads = reads_of(list, o->subjects, scope, o->unread);
	size_t most = list->most ? (size_t)list->most : 100;
	const char *each, *one;
	json_t *batch, *value;
	json_object_foreach (reads, each, batch) {
		const char *parent = list->each ? each : NULL;
		if (!list->batch) {
			begin_list(o, parent, NULL);
			continue;
		}
		json_t *ids = json_array();
		json_object_foreach (batch, one, value) {
			if (json_array_size(ids) == most) {
				begin_list(o, parent, ids);
				ids = json_array();
			}
			json_array_append_new(ids, json_string(one));
		}
		begin_list(o, parent, ids);
	}
}

void observation_init(struct observation *o, const struct observe_options *options)
{
	*o = (struct observation){.options = *options, .keep = members_read(options->kind)};
	task_init(&o->task, options->loop, step, "observation");
}

void observation_start(struct observation *o, json_t *subjects, struct task *owner)
{
	observation_reset(o);
	op_start(&o->op, owner, on_cancel);
	o->subjects = subjects;
	o->known = json_object();
	o->owners = json_object();
	o->unread = json_object();
	o->hearsay = json_object();
	o->doubted = json_object();
	o->items = json_object();
	o->asked = json_object();
	o->answered = json_object();
	o->rows = json_object();
	o->strays = json_object();
	o->parents = json_object();
	o->started_ms = loop_now_ms(o->options.loop);
	_cleanup_json_ json_t *scope = scope_of(o);
	o->keys = reads_keys(o->options.kind, subjects, scope);
	size_t i;
	json_t *subject;
	json_array_foreach (subjects, i, subject) {
		if (js_str(subject, "under"))
			js_set_str(
				o->parents, js_str(subject, "under"), js_str(subject, "address"));
		if (js_str(subject, "id") && js_bool(subject, "doubt", false))
			json_object_set_new(o->doubted, js_str(subject, "id"), json_true());
		if (js_str(subject, "id"))
			json_object_set(o->known, js_str(subject, "id"), subject);
	}
	begin_tags(o);
	begin_lists(o);
	ask_about(o, o->known);
	if (err_is(&o->first_err) || (o->fetch_count == 0 && !o->are_hints_open))
		task_wake(&o->task);
}

void observation_reset(struct observation *o)
{
	json_t **const all[] = {&o->doubted, &o->hearsay, &o->subjects, &o->known, &o->keys,
		&o->owners, &o->strays, &o->parents, &o->unread, &o->items, &o->asked, &o->rows,
		&o->hints, &o->answered};
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		json_decref(*all[i]);
		*all[i] = NULL;
	}
	json_decref(o->tags.rows);
	o->tags.rows = NULL;
	op_reset(&o->tags.op);
	o->is_confirming = o->are_hints_open = false;
	o->lists_open = 0;
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
	memos_done(&o->memos);
	free(o->fetches);
	o->fetches = NULL;
	o->fetch_size = 0;
	task_done(&o->task);
}
