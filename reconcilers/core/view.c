// Every value carries how old it is: what was not checked is said to be so.
#include "core/view.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "core/graph.h"
#include "core/leafdiff.h"
#include "core/orders.h"
#include "core/viewblind.h"
#include "core/viewplan.h"
#include "core/viewsay.h"

static json_t *iso(int64_t wall_ms)
{
	char text[CLOCK_TEXT_BYTES];
	if (wall_ms <= 0)
		return json_null();
	clock_format_iso(wall_ms, text);
	return json_string(text);
}

static json_t *text_or_null(const char *text)
{
	return str_empty(text) ? json_null() : json_string(text);
}

static int64_t wall_of(const struct stack *stack, int64_t loop_ms)
{
	const struct loop *loop = stack->options.loop;
	return loop_wall_ms(loop) + loop_ms - loop_now_ms(loop);
}

struct view_counts view_count(const struct stack *stack, const char *layer)
{
	struct view_counts counts = {0};
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		const struct decision *d = &resource->decision;
		if (layer && !str_eq(resource->kind->layer, layer))
			continue;
		if (!resource->wanted && resource->presence != PRESENCE_PRESENT)
			continue;
		counts.total++;
		counts.synced += d->sync == SYNC_SYNCED;
		counts.healthy += d->health == HEALTH_HEALTHY;
		counts.drifted += d->managed > 0 || d->undeclared > 0 || d->sync == SYNC_MISSING;
		counts.held += d->verdict == VERDICT_HOLD;
		counts.suspended += d->health == HEALTH_SUSPENDED;
		counts.failed += d->verdict == VERDICT_BACKOFF && d->health == HEALTH_DEGRADED;
		counts.windowed += decision_awaits_window(d);
		counts.braked += d->verdict == VERDICT_HOLD && str_eq(d->reason, "Braked");
		counts.waiting += !resource->run && d->verdict == VERDICT_WAIT;
		counts.progressing += resource->run || (d->health == HEALTH_PROGRESSING &&
							       d->verdict != VERDICT_WAIT);
		counts.orphaned += d->sync == SYNC_ORPHANED;
		counts.unknown += d->sync == SYNC_UNKNOWN || *d->reason == '\0';
	}
	return counts;
}

static json_t *view_lease(const struct stack *stack)
{
	static const char *const roles[] = {"unknown", "none", "standby", "leader"};
	const struct lease *lease = stack->options.lease;
	if (!lease)
		return json_null();
	json_t *leader = *lease->host && lease->role >= LEASE_OTHERS
				 ? json_pack("{s:s, s:I, s:o}", "host", lease->host, "pid",
					   (json_int_t)lease->pid, "since", iso(lease->since_ms))
				 : json_null();
	return json_pack("{s:s, s:b, s:o, s:I}", "role", roles[lease->role], "proven",
		lease_may_write(lease), "leader", leader, "token", (json_int_t)lease->token);
}

// ---- the line of a resource

/* The text of thousands of lines, without a tree in between. The same times come again and again.
 */
struct lines {
	struct buf *out;
	struct {
		int64_t wall_ms;
		char text[CLOCK_TEXT_BYTES];
	} times[4];
};

static void put_name(struct lines *lines, const char *name)
{
	struct buf *out = lines->out;
	if (out->len > 0 && out->data[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_addc(out, '"');
	buf_adds(out, name);
	buf_adds(out, "\":");
}

static void put_text(struct lines *lines, const char *name, const char *text)
{
	put_name(lines, name);
	js_add_text(lines->out, text);
}

static void put_time(struct lines *lines, const char *name, int64_t wall_ms)
{
	size_t at = (size_t)((uint64_t)wall_ms % ARRAY_COUNT(lines->times));
	if (wall_ms > 0 && lines->times[at].wall_ms != wall_ms) {
		lines->times[at].wall_ms = wall_ms;
		clock_format_iso(wall_ms, lines->times[at].text);
	}
	put_text(lines, name, wall_ms > 0 ? lines->times[at].text : NULL);
}

// On standby it is another one that does what is said to be done; without the store nobody does.
static void put_message(
	struct lines *lines, const struct stack *stack, const struct resource *resource)
{
	const struct decision *d = &resource->decision;
	const char *when = d->verdict != VERDICT_ACT || resource->run ? ""
			   : stack_is_standby(stack)                  ? "by the daemon that leads: "
			   : !stack->is_store_ready                   ? "when the store is back: "
								      : "";
	char text[sizeof(d->message) + 32];
	snprintf(text, sizeof(text), "%s%s", when, *d->reason ? d->message : "not looked at yet");
	put_text(lines, "message", text);
}

static void put_line(
	struct lines *lines, const struct stack *stack, const struct resource *resource)
{
	const struct decision *d = &resource->decision;
	const char *id =
		resource->presence == PRESENCE_PRESENT ? resource->seen.id : resource->record.id;
	buf_addc(lines->out, '{');
	put_text(lines, "address", resource->address);
	put_text(lines, "kind", resource->kind->name);
	put_text(lines, "layer", resource->kind->layer);
	put_text(lines, "id", str_empty(id) ? NULL : id);
	put_text(lines, "sync", sync_name(d->sync));
	put_text(lines, "health", health_name(d->health));
	put_text(lines, "reason", *d->reason ? d->reason : "NotChecked");
	put_message(lines, stack, resource);
	put_time(lines, "checked_at", resource->checked_wall_ms);
	put_time(lines, "since", resource->since_wall_ms);
	if (d->verdict == VERDICT_HOLD && *d->digest)
		put_text(lines, "held", d->digest);
	if (d->verdict == VERDICT_HOLD && *resource->rejected_by) {
		put_name(lines, "rejected");
		buf_addc(lines->out, '{');
		put_text(lines, "who", resource->rejected_by);
		put_time(lines, "at", resource->rejected_wall_ms);
		if (resource->rejected_why)
			put_text(lines, "why", json_string_value(resource->rejected_why));
		buf_addc(lines->out, '}');
	}
	if (orders_protect(stack->orders, resource->address)) {
		put_name(lines, "protected");
		buf_adds(lines->out, "true");
	}
	if (d->verdict == VERDICT_BACKOFF) {
		put_name(lines, "retry");
		buf_addf(lines->out, "{\"attempt\":%d", resource->failure.count);
		put_time(lines, "since", wall_of(stack, resource->failure.since_ms));
		put_time(lines, "next_at", wall_of(stack, resource->failure.next_ms));
		buf_addc(lines->out, '}');
	}
	const struct run *run = resource->run;
	if (run) {
		put_name(lines, "action");
		buf_addc(lines->out, '{');
		put_text(lines, "operation", run->operation ? run->operation : "");
		put_name(lines, "attempt");
		buf_addf(lines->out, "%d", resource->failure.count + 1);
		put_time(lines, "started_at", wall_of(stack, run->step_started_ms));
		buf_addc(lines->out, '}');
	}
	buf_addc(lines->out, '}');
}

void view_lines(const struct stack *stack, struct buf *out)
{
	struct lines lines = {.out = out};
	bool is_first = true;
	buf_addc(out, '[');
	map_for_each (&stack->by_address, entry) {
		if (!is_first)
			buf_addc(out, ',');
		is_first = false;
		put_line(&lines, stack, entry->value);
	}
	buf_addc(out, ']');
}

json_t *view_line(const struct stack *stack, const struct resource *resource)
{
	_cleanup_buf_ struct buf text = {0};
	struct lines lines = {.out = &text};
	put_line(&lines, stack, resource);
	json_t *out = js_parse(buf_str(&text), text.len, NULL, 0);
	return out ? out : json_object(); // out of memory
}

static enum sync layer_sync(const struct stack *stack, const char *layer)
{
	struct view_counts n = view_count(stack, layer);
	return n.total == 0                       ? SYNC_SYNCED
	       : n.unknown == n.total             ? SYNC_UNKNOWN
	       : n.synced == n.total              ? SYNC_SYNCED
	       : n.orphaned + n.synced == n.total ? SYNC_ORPHANED
						  : SYNC_OUT_OF_SYNC;
}

static enum health layer_health(
	const struct stack *stack, const struct reconciler *r, bool is_converging)
{
	struct view_counts n = view_count(stack, r->layer->name);
	bool is_blind = false;
	for (size_t i = 0; i < r->watch_count; i++)
		is_blind = is_blind ||
			   (r->watches[i].failure.count > 2 && r->watches[i].resources > 0);
	bool is_degraded = n.failed > 0 || is_blind, is_looked_at = true;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		enum health health = resource->decision.health;
		if (!str_eq(resource->kind->layer, r->layer->name))
			continue;
		is_degraded = is_degraded || health == HEALTH_DEGRADED;
		is_looked_at = is_looked_at && (health == HEALTH_HEALTHY ||
						       viewsay_is_only_observed(stack, resource));
	}
	return is_degraded                                             ? HEALTH_DEGRADED
	       : n.total > 0 && n.unknown == n.total                   ? HEALTH_UNKNOWN
	       : n.progressing > 0 || (n.waiting > 0 && is_converging) ? HEALTH_PROGRESSING
	       : n.held > 0 || n.suspended > 0 || n.waiting > 0        ? HEALTH_SUSPENDED
	       : n.healthy == n.total                                  ? HEALTH_HEALTHY
	       : is_looked_at                                          ? HEALTH_MISSING
								       : HEALTH_PROGRESSING;
}

static int64_t oldest_look(const struct stack *stack, const char *layer)
{
	int64_t oldest = 0;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (!str_eq(resource->kind->layer, layer) || resource->checked_wall_ms == 0)
			continue;
		if (oldest == 0 || resource->checked_wall_ms < oldest)
			oldest = resource->checked_wall_ms;
	}
	return oldest;
}

static json_t *blind_spot(const struct stack *stack, const struct watch *watch)
{
	const struct failure *failure = &watch->failure;
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o}", "kind", watch->kind->name, "class",
		err_class_name(failure->err.class), "message", failure->err.message, "remedy",
		failure_remedy(failure->err.class), "attempts", failure->count, "since",
		iso(wall_of(stack, failure->since_ms)), "next_at",
		iso(wall_of(stack, failure->next_ms)));
}

static json_t *blind_spots(const struct stack *stack, const struct reconciler *r)
{
	json_t *out = json_array();
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].failure.count > 0)
			json_array_append_new(out, blind_spot(stack, &r->watches[i]));
	return out;
}

static json_t *view_brake(const struct stack *stack, const char *layer)
{
	const json_t *brake = orders_brake(stack->orders, layer);
	if (!brake)
		return json_null();
	return json_pack("{s:O?, s:O?, s:o}", "brake", json_object_get(brake, "field"), "reason",
		json_object_get(brake, "reason"), "at", iso(js_int(brake, "at_ms", 0)));
}

static json_t *view_pause(const struct stack *stack, const char *layer)
{
	const json_t *pause =
		orders_layer_pause(stack->orders, layer, loop_wall_ms(stack->options.loop));
	if (!pause)
		return json_null();
	int64_t until_ms = js_int(pause, "until_ms", 0);
	return json_pack("{s:O?, s:O?, s:o, s:o}", "who", json_object_get(pause, "who"), "reason",
		json_object_get(pause, "reason"), "at", iso(js_int(pause, "at_ms", 0)), "until",
		until_ms ? iso(until_ms) : json_null());
}

static json_t *view_layer(const struct stack *stack, const struct reconciler *r, bool is_converging)
{
	struct view_counts n = view_count(stack, r->layer->name);
	int64_t looked = oldest_look(stack, r->layer->name);
	const struct pass *pass = &r->last_pass;
	json_t *out = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:o, s:o, s:b, s:o}",
		"name", r->layer->name, "sync", sync_name(layer_sync(stack, r->layer->name)),
		"health", health_name(layer_health(stack, r, is_converging)), "resources", n.total,
		"drifted", n.drifted, "held", n.held, "failed", n.failed, "progressing",
		n.progressing + (is_converging ? n.waiting : 0), "paused",
		orders_layer_pause(
			stack->orders, r->layer->name, loop_wall_ms(stack->options.loop)) != NULL,
		"checked_at", iso(looked ? looked : pass->started_wall_ms), "next_at",
		r->is_passing ? json_null() : iso(wall_of(stack, r->next_pass_ms)), "busy",
		reconciler_is_busy(r), "blind", blind_spots(stack, r));
	json_object_set_new(out, "last_pass",
		pass->started_wall_ms == 0
			? json_null()
			: json_pack("{s:i, s:I, s:o, s:s, s:i, s:i}", "calls", pass->calls, "ms",
				  (json_int_t)pass->dur_ms, "at", iso(pass->started_wall_ms),
				  "trigger", pass->trigger, "corrected", pass->corrected, "failed",
				  pass->failed));
	json_object_set_new(out, "braked", view_brake(stack, r->layer->name));
	json_object_set_new(out, "pause", view_pause(stack, r->layer->name));
	json_object_set_new(out, "passes", json_integer((json_int_t)r->pass_count));
	return out;
}

// Whose account it is stands before all: while that is not known, nothing is looked at.
static json_t *blind_groups(const struct stack *stack, const json_t *layers)
{
	const struct failure *failure = &stack->failure;
	json_t *groups = viewblind_grouped(layers);
	if (failure->count > 0)
		json_array_insert_new(groups, 0,
			json_pack("{s:[], s:[], s:s, s:s, s:s, s:o, s:o}", "layers", "kinds",
				"cause", failure->err.message, "class",
				err_class_name(failure->err.class), "remedy",
				failure_remedy(failure->err.class), "since",
				iso(wall_of(stack, failure->since_ms)), "next_at",
				iso(wall_of(stack, failure->next_ms))));
	return groups;
}

json_t *view_status(const struct stack *stack)
{
	char summary[400];
	view_summary(stack, summary, sizeof(summary));
	json_t *layers = json_array();
	bool is_converging = viewsay_is_converging(stack);
	for (size_t i = 0; i < stack->reconciler_count; i++)
		json_array_append_new(
			layers, view_layer(stack, &stack->reconcilers[i], is_converging));
	struct view_counts n = view_count(stack, NULL);
	int64_t elapsed = loop_now_ms(stack->options.loop) - stack->unsettled_ms;
	json_t *progress = !is_converging ? json_null()
					  : json_pack("{s:i, s:i, s:I}", "done", n.synced, "total",
						    n.total, "elapsed_ms", (json_int_t)elapsed);
	const struct tree *tree = stack->desired->tree;
	json_t *config = json_pack("{s:o, s:s, s:o, s:n}", "file",
		text_or_null(tree_file_count(tree) ? tree_file(tree, 0) : NULL), "version",
		stack->desired->version, "loaded_at", iso(stack->loaded_wall_ms), "error");
	return json_pack("{s:i, s:s, s:o, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "format", 1,
		"stack", stack->name, "account",
		text_or_null(*stack->account ? stack->account : stack->desired->account), "region",
		stack->region, "summary", summary, "settled", stack->is_settled, "config", config,
		"lease", view_lease(stack), "progress", progress, "blind",
		blind_groups(stack, layers), "layers", layers);
}

// ---- differences

// One entry a leaf: {"path", "type", "desired", "observed"}, and `address` unless it is NULL.
static void put_difference(
	const struct kind *kind, const struct difference *one, const char *address, json_t *out)
{
	_cleanup_json_ json_t *leaves =
		leafdiff(kind, one->field, one->path, one->observed, one->desired);
	size_t i;
	json_t *leaf;
	json_array_foreach (leaves, i, leaf) {
		const char *op = js_str(leaf, "op");
		bool is_whole = str_eq(json_string_value(json_object_get(leaf, "path")), one->path);
		enum difference_type type = one->type != DIFFERS_CHANGED || is_whole ? one->type
					    : str_eq_null(op, "+") ? DIFFERS_MISSING
					    : str_eq_null(op, "-") ? DIFFERS_FOREIGN
								   : DIFFERS_CHANGED;
		json_t *row = json_pack("{s:O, s:s, s:o, s:o}", "path",
			json_object_get(leaf, "path"), "type", difference_type_name(type),
			"desired", view_shown(one->field, json_object_get(leaf, "desired")),
			"observed", view_shown(one->field, json_object_get(leaf, "observed")));
		js_set_str(row, "address", address);
		json_array_append_new(out, row);
	}
}

static void add_differences(const struct resource *resource, json_t *out)
{
	const struct decision *d = &resource->decision;
	const char *whole = d->sync == SYNC_MISSING    ? "missing"
			    : d->sync == SYNC_ORPHANED ? "orphan"
						       : NULL;
	if (whole)
		json_array_append_new(
			out, json_pack("{s:s, s:s, s:s, s:n, s:n}", "address", resource->address,
				     "path", "(resource)", "type", whole, "desired", "observed"));
	for (size_t i = 0; i < d->differences.count; i++)
		put_difference(resource->kind, &d->differences.items[i], resource->address, out);
}

json_t *view_diff(struct stack *stack, const char *address)
{
	json_t *out = json_array();
	size_t n = address ? strlen(address) : 0;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		const char *a = resource->address;
		if (!address || str_eq(a, address) || (strncmp(a, address, n) == 0 && a[n] == '.'))
			add_differences(resource, out);
	}
	return json_pack("{s:i, s:o}", "format", 1, "differences", out);
}

static json_t *required_by(const struct stack *stack, const char *address)
{
	json_t *out = json_array();
	map_for_each (&stack->by_address, entry) {
		const struct resource *other = entry->value;
		size_t i;
		json_t *one;
		json_array_foreach (other->record.depends_on, i, one)
			if (str_eq_null(json_string_value(one), address))
				json_array_append_new(out, json_string(other->address));
	}
	return out;
}

json_t *view_resource(struct stack *stack, const char *address)
{
	struct resource *resource = stack_find(stack, address);
	if (!resource)
		return NULL;
	const struct decision *d = &resource->decision;
	json_t *out = view_line(stack, resource);
	json_t *differences = json_array(), *undeclared = json_array(), *actions = json_array(),
	       *holds = json_array();
	for (size_t i = 0; i < d->differences.count; i++) {
		const struct difference *one = &d->differences.items[i];
		put_difference(resource->kind, one, NULL,
			one->type == DIFFERS_UNDECLARED ? undeclared : differences);
	}
	json_t *action = view_action(stack, resource);
	if (action)
		json_array_append_new(actions, action);
	if (d->verdict == VERDICT_HOLD)
		json_array_append_new(holds,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:O?, s:b}", "id", d->digest,
				"change", change_sign(d->plan.change), "disruption",
				disruption_name(d->plan.disruption), "reason", d->message, "state",
				*resource->rejected_by ? "rejected" : "open", "who",
				text_or_null(resource->rejected_by), "why", resource->rejected_why,
				"opens", decision_awaits_window(d)));
	if (resource->wanted) {
		json_object_set(out, "desired", resource->wanted->desired);
		json_object_set_new(out, "place",
			json_pack("{s:o, s:i}", "file", text_or_null(resource->wanted->place.file),
				"line", resource->wanted->place.line));
	} else {
		json_object_set_new(out, "desired", json_null());
		json_object_set_new(out, "place", json_null());
	}
	json_object_set_new(out, "observed",
		resource->presence == PRESENCE_PRESENT ? json_incref(resource->seen.observed)
						       : json_null());
	json_object_set_new(out, "desired_tags",
		resource->wanted && resource->kind->tagging ? stack_tags(stack, resource->wanted)
							    : json_null());
	json_object_set_new(out, "tags",
		resource->presence == PRESENCE_PRESENT ? json_incref(resource->seen.tags)
						       : json_null());
	js_set_str(out, "arn", resource->presence == PRESENCE_PRESENT ? resource->seen.arn : NULL);
	json_object_set_new(out, "differences", differences);
	json_object_set_new(out, "undeclared", undeclared);
	json_object_set_new(out, "remarks", stack_remarks(stack, resource));
	json_object_set(out, "depends_on", resource->record.depends_on);
	json_object_set_new(out, "required_by", required_by(stack, address));
	json_object_set_new(out, "actions", actions);
	json_object_set_new(out, "holds", holds);
	const struct watch *blind = stack_blind(stack, resource->kind);
	json_object_set_new(out, "blind", blind ? blind_spot(stack, blind) : json_null());
	const json_t *protection = orders_protect(stack->orders, address);
	if (protection)
		json_object_set_new(out, "protection",
			json_pack("{s:O?, s:O?, s:o}", "who", json_object_get(protection, "who"),
				"reason", json_object_get(protection, "reason"), "at",
				iso(js_int(protection, "at_ms", 0))));
	return json_pack("{s:i, s:o}", "format", 1, "resource", out);
}

json_t *view_graph(const struct stack *stack)
{
	return json_pack("{s:i, s:s, s:o, s:o}", "format", 1, "stack", stack->name, "references",
		graph_references(stack->desired), "flow", graph_flow(stack->desired));
}
