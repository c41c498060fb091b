// What wants attention, in words: what is wrong, what is being done about it, for how long. The
// daemon's own troubles come first, then resources, worst first.
#include "base/str.h"
#include "control/html.h"
#include "control/page.h"

enum { MOST_ITEMS = 40, MOST_FIELDS = 4 };

static void begin_item(struct buf *out, enum page_state state)
{
	html_put(out, "<li class=\"item $\">", page_look(state)->name);
	page_put_mark(out, state);
	buf_adds(out, "<div>");
}

static void end_item(struct buf *out)
{
	buf_adds(out, "</div></li>");
}

static void put_since(const struct page_views *views, struct buf *out, const char *iso)
{
	if (!iso)
		return;
	buf_adds(out, "<p class=\"since\">for ");
	html_age(out, iso, views->now_ms);
	buf_adds(out, "</p>");
}

// ---- the daemon and the layers

static size_t put_config_error(const struct page_views *views, struct buf *out)
{
	const json_t *error = json_object_get(json_object_get(views->status, "config"), "error");
	size_t i;
	json_t *finding;
	if (!json_is_object(error))
		return 0;
	begin_item(out, STATE_FAILED);
	buf_adds(out, "<h3>The file has errors; the last good one stays in force</h3>");
	json_array_foreach (json_object_get(error, "findings"), i, finding) {
		char line[24];
		if (i >= MOST_FIELDS)
			break;
		snprintf(line, sizeof(line), "%lld", (long long)js_int(finding, "line", 0));
		html_put(out, "<p><code>$:$</code> $ <span class=\"quiet\">$</span></p>",
			js_str(finding, "file"), line, js_str(finding, "message"),
			js_str(finding, "remedy"));
	}
	put_since(views, out, js_str(error, "at"));
	end_item(out);
	return 1;
}

static size_t put_store(const struct page_views *views, struct buf *out)
{
	const json_t *store = json_object_get(views->status, "store");
	if (!page_is_store_away(views->status))
		return 0;
	begin_item(out, STATE_FAILED);
	html_put(out, "<h3>Postgres cannot be used</h3><p>");
	html_prose(out, js_str(store, "message"), views->now_ms);
	html_put(out, "</p><p class=\"doing\">Holdfast goes on looking, keeps history in its "
		      "journal and changes nothing until it is back.</p>");
	end_item(out);
	return 1;
}

static void put_pause(const struct page_views *views, const json_t *layer, struct buf *out)
{
	const json_t *pause = json_object_get(layer, "pause");
	const char *until = js_str(pause, "until");
	begin_item(out, STATE_PAUSED);
	html_put(out, "<h3>The layer $ is paused</h3><p>", js_str(layer, "name"));
	if (!str_empty(js_str(pause, "reason")))
		html_put(out, "$ <span class=\"quiet\">by $</span>", js_str(pause, "reason"),
			js_str(pause, "who"));
	else if (js_str(pause, "who"))
		html_put(out, "By $", js_str(pause, "who"));
	if (until) {
		html_put(out, "<span class=\"quiet\">, until </span>");
		html_clock(out, until, views->now_ms);
	}
	html_put(out,
		"</p><p class=\"doing\">It is looked at and not changed. <code>holdfast resume "
		"$</code> ends that.</p>",
		js_str(layer, "name"));
	put_since(views, out, js_str(pause, "at"));
	end_item(out);
}

static void put_brake(const struct page_views *views, const json_t *layer, struct buf *out)
{
	const json_t *brake = json_object_get(layer, "braked");
	begin_item(out, STATE_HELD);
	html_put(out, "<h3>The layer $ is braked</h3><p>", js_str(layer, "name"));
	html_prose(out, js_str(brake, "reason"), views->now_ms);
	html_put(out,
		"</p><p class=\"doing\">Nothing is changed there until a person has looked: "
		"<code>holdfast release $</code></p>",
		js_str(layer, "name"));
	put_since(views, out, js_str(brake, "at"));
	end_item(out);
}

static size_t put_layer(const struct page_views *views, const json_t *layer, struct buf *out)
{
	size_t count = 0;
	if (js_bool(layer, "paused", false)) {
		put_pause(views, layer, out);
		count++;
	}
	if (json_is_object(json_object_get(layer, "braked"))) {
		put_brake(views, layer, out);
		count++;
	}
	return count;
}

static void put_names(const json_t *list, const char *tag, struct buf *out)
{
	size_t i;
	json_t *name;
	json_array_foreach ((json_t *)list, i, name) {
		buf_adds(out, i ? ", " : "");
		html_put(
			out, str_eq(tag, "code") ? "<code>$</code>" : "$", json_string_value(name));
	}
}

// One for all that has the same cause: when AWS is away, that is one thing and not forty.
static size_t put_blind(const struct page_views *views, struct buf *out)
{
	enum { MOST_NAMED = 3 };
	const json_t *groups = json_object_get(views->status, "blind");
	size_t i;
	json_t *one;
	json_array_foreach (groups, i, one) {
		const json_t *kinds = json_object_get(one, "kinds");
		begin_item(out, STATE_FAILED);
		buf_adds(out, "<h3>");
		put_names(json_object_get(one, "layers"), "", out);
		buf_adds(out, json_array_size(kinds) > 0 ? ": " : "");
		if (json_array_size(kinds) == 0)
			buf_adds(out, "Whose account it is");
		else if (json_array_size(kinds) <= MOST_NAMED)
			put_names(kinds, "code", out);
		else
			buf_addf(out, "%zu kinds", json_array_size(kinds));
		html_put(out, " cannot be $</h3><p>",
			json_array_size(kinds) > 0 ? "looked at" : "asked of AWS");
		html_prose(out, js_str(one, "cause"), views->now_ms);
		buf_adds(out, "</p><p class=\"doing\">What stands here of it is from before; ");
		html_prose(out, js_str(one, "remedy"), views->now_ms);
		buf_adds(out, ". The next look in ");
		html_wait(out, js_str(one, "next_at"), views->now_ms);
		buf_adds(out, ".</p>");
		put_since(views, out, js_str(one, "since"));
		end_item(out);
	}
	return json_array_size(groups);
}

// ---- resources

// What is planned for it; NULL: nothing.
static json_t *action_of(const struct page_views *views, const char *address)
{
	size_t i;
	json_t *action;
	if (views->action)
		return views->action(views->context, address);
	json_array_foreach (json_object_get(views->plan, "actions"), i, action)
		if (str_eq_null(js_str(action, "address"), address))
			return json_incref(action);
	return NULL;
}

// A structure that only one side has: its path says which it is.
static const char *item_in_words(const json_t *field)
{
	const json_t *before = json_object_get(field, "before");
	const json_t *after = json_object_get(field, "after");
	bool is_new = !before || json_is_null(before), is_gone = !after || json_is_null(after);
	if (js_bool(field, "unknown", false) || js_bool(field, "sensitive", false))
		return NULL;
	return is_gone && (json_is_object(before) || json_is_array(before))
		       ? "is in AWS and not in the file"
	       : is_new && (json_is_object(after) || json_is_array(after))
		       ? "is in the file and not in AWS"
		       : NULL;
}

static void put_after(const json_t *field, struct buf *out)
{
	buf_adds(out, "<ins>");
	if (js_bool(field, "sensitive", false))
		buf_adds(out, "(sensitive)");
	else if (js_bool(field, "unknown", false))
		buf_adds(out, "(known after apply)");
	else
		html_brief(out, json_object_get(field, "after"));
	buf_adds(out, "</ins>");
}

static void put_field(const json_t *field, struct buf *out)
{
	const char *item = item_in_words(field);
	html_put(out, "<p class=\"change\"><code>$</code> ", js_str(field, "path"));
	if (item) {
		html_put(out, "$</p>", item);
		return;
	}
	buf_adds(out, "<del>");
	if (js_bool(field, "sensitive", false))
		buf_adds(out, "(sensitive)");
	else
		html_brief(out, json_object_get(field, "before"));
	buf_adds(out, "</del> <span aria-hidden=\"true\">→</span><span class=\"sr\"> will be "
		      "</span> ");
	put_after(field, out);
	buf_adds(out, "</p>");
}

static void put_fields(const json_t *action, struct buf *out)
{
	const json_t *fields = json_object_get(action, "fields");
	const char *change = js_str(action, "change");
	size_t i, count = json_array_size(fields);
	json_t *field;
	if (!str_eq_null(change, "~") && !str_eq_null(change, "-/+") && !str_eq_null(change, "+/-"))
		return;
	json_array_foreach ((json_t *)fields, i, field)
		if (i < MOST_FIELDS)
			put_field(field, out);
	if (count > MOST_FIELDS)
		buf_addf(out, "<p class=\"quiet\">and %zu more</p>", count - MOST_FIELDS);
}

static const char *verb_of(const char *change)
{
	return str_eq_null(change, "+")   ? "made"
	       : str_eq_null(change, "~") ? "changed"
	       : str_eq_null(change, "-") ? "deleted"
					  : "replaced";
}

static void put_waiting(const struct page_views *views, const json_t *resource,
	const json_t *action, struct buf *out)
{
	const json_t *no = json_object_get(resource, "rejected");
	if (js_str(no, "who")) {
		html_put(out, "<p class=\"doing\">Rejected by $ ", js_str(no, "who"));
		html_age(out, js_str(no, "at"), views->now_ms);
		html_put(
			out, str_empty(js_str(no, "why")) ? " ago$" : " ago: $", js_str(no, "why"));
		buf_adds(out, "; it stays as it is until the file or AWS changes.</p>");
	}
	html_put(out,
		"<p class=\"doing\">Waits for a person; it would be $ (disruption: $): "
		"<code>holdfast approve $</code></p>",
		verb_of(js_str(action, "change")), js_str(action, "disruption"),
		js_str(action, "id"));
}

static void put_doing(const struct page_views *views, const json_t *resource, const json_t *action,
	struct buf *out)
{
	const json_t *run = json_object_get(resource, "action");
	const json_t *retry = json_object_get(resource, "retry");
	const char *decision = js_str(action, "decision");
	char attempt[24];
	if (run) {
		snprintf(attempt, sizeof(attempt), "%lld", (long long)js_int(run, "attempt", 1));
		html_put(out, "<p class=\"doing\">Being done: <code>$</code>, attempt $, for ",
			js_str(run, "operation"), attempt);
		html_age(out, js_str(run, "started_at"), views->now_ms);
		buf_adds(out, "</p>");
	} else if (retry) {
		snprintf(attempt, sizeof(attempt), "%lld", (long long)js_int(retry, "attempt", 1));
		html_put(out, "<p class=\"doing\">Attempt $ failed; the next one in ", attempt);
		html_wait(out, js_str(retry, "next_at"), views->now_ms);
		buf_adds(out, "</p>");
	} else if (str_eq_null(decision, "hold")) {
		put_waiting(views, resource, action, out);
	} else if (decision && str_eq_null(js_str(json_object_get(views->status, "lease"), "role"),
				       "standby")) {
		buf_adds(out, "<p class=\"doing\">That is for the daemon which leads.</p>");
	} else if (decision && page_is_store_away(views->status)) {
		buf_adds(out, "<p class=\"doing\">That waits for Postgres.</p>");
	} else if (decision) {
		html_put(out, "<p class=\"doing\">It will be $$</p>",
			verb_of(js_str(action, "change")),
			str_eq(decision, "wait") ? " when what it waits for is over." : " next.");
	}
}

void page_put_doing(const struct page_views *views, const json_t *resource, struct buf *out)
{
	_cleanup_json_ json_t *action = action_of(views, js_str(resource, "address"));
	put_fields(action, out);
	put_doing(views, resource, action, out);
}

static void put_resource(const struct page_views *views, const json_t *resource, struct buf *out)
{
	enum page_state state = page_state_of(resource);
	begin_item(out, state);
	buf_adds(out, "<h3>");
	page_put_link(views, out, js_str(resource, "address"), false);
	html_put(out, " <span class=\"word\">$</span></h3><p>", page_look(state)->word);
	html_prose(out, js_str(resource, "message"), views->now_ms);
	buf_adds(out, "</p>");
	page_put_doing(views, resource, out);
	put_since(views, out, js_str(resource, "since"));
	end_item(out);
}

static void put_one_of_many(const struct page_views *views, const json_t *resource, struct buf *out)
{
	buf_adds(out, "<li>");
	page_put_link(views, out, js_str(resource, "address"), false);
	if (js_str(resource, "held"))
		html_put(out, " <code class=\"quiet\">approve $</code>", js_str(resource, "held"));
	buf_adds(out, "</li>");
}

// Many of one state that say the same are one item; those that are in it are marked as told. Zero:
// they are too few for that.
static size_t put_many(const struct page_views *views, unsigned char *states, size_t first,
	enum page_state state, struct buf *out)
{
	enum { LEAST = 4 };
	const json_t *resources = json_object_get(views->status, "resources");
	const char *message = js_str(json_array_get(resources, first), "message");
	size_t i, count = 0;
	json_t *row;
	json_array_foreach (resources, i, row)
		count += states[i] == state && message && !json_object_get(row, "action") &&
			 str_eq_null(js_str(row, "message"), message);
	if (count < LEAST)
		return 0;
	begin_item(out, state);
	buf_addf(out, "<h3>%zu resources", count);
	html_put(out, " <span class=\"word\">$</span></h3><p>", page_look(state)->word);
	html_prose(out, message, views->now_ms);
	html_put(out, "</p><details class=\"many\" id=\"many-@\"><summary>Which</summary><ul>",
		js_str(json_array_get(resources, first), "address"));
	json_array_foreach (resources, i, row) {
		if (states[i] != state || json_object_get(row, "action") ||
			!str_eq_null(js_str(row, "message"), message))
			continue;
		put_one_of_many(views, row, out);
		states[i] = STATE_COUNT;
	}
	buf_adds(out, "</ul></details>");
	end_item(out);
	return count;
}

static size_t put_left(size_t count, bool is_converging, struct buf *out)
{
	char text[24];
	if (count == 0)
		return 0;
	snprintf(text, sizeof(text), "%zu", count);
	begin_item(out, STATE_BUSY);
	html_put(out, "<h3>$ more$</h3><p>The <a href=\"#all\">table below</a> has them all.</p>",
		text, is_converging ? " on the way" : "");
	end_item(out);
	return 1;
}

// Of the daemon and of layers: never on its way, somebody has to know.
static size_t put_general(const struct page_views *views, struct buf *out)
{
	size_t i, count = put_config_error(views, out) + put_store(views, out) +
			  put_blind(views, out);
	json_t *layer;
	json_array_foreach (json_object_get(views->status, "layers"), i, layer)
		count += put_layer(views, layer, out);
	return count;
}

size_t page_put_attention(const struct page_views *views, bool *ret_is_under_way, struct buf *out)
{
	enum { MOST_BUSY = 6 };
	const json_t *resources = json_object_get(views->status, "resources");
	bool is_converging = json_is_object(json_object_get(views->status, "progress"));
	size_t i, shown = 0, left = 0, busy = 0;
	json_t *row;
	buf_adds(out, "<ul class=\"items\">");
	size_t count = put_general(views, out);
	unsigned char *states = page_states(resources);
	for (enum page_state state = 0; state < STATE_UNKNOWN && states; state++) {
		json_array_foreach (resources, i, row) {
			if (states[i] != state)
				continue;
			// While everything is being made, what is not there yet is no news.
			bool is_usual = is_converging &&
					(state == STATE_MISSING || state == STATE_DRIFTED ||
						(state == STATE_BUSY && shown >= MOST_BUSY));
			if (is_usual || shown >= MOST_ITEMS) {
				left++;
				continue;
			}
			if (put_many(views, states, i, state, out) == 0)
				put_resource(views, row, out);
			shown++;
			busy += state == STATE_BUSY;
		}
	}
	free(states);
	*ret_is_under_way = count == 0 && busy == shown && (left == 0 || is_converging);
	count += shown + put_left(left, is_converging, out);
	buf_adds(out, "</ul>");
	return count;
}
