#include "tests/sim/generic.h"
#include "core/tags.h"
#include "core/template.h"
#include "tests/sim/cloudops.h"
#include "tests/sim/inverse.h"
#include "tests/sim/odds.h"
#include <stdlib.h>

static const char *target_of(const json_t *words)
{
	static const char *const names[] = {"id", "arn", "key", "found", "observed.KeyId"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (js_str(words, names[i]))
			return js_str(words, names[i]);
	return NULL;
}

// ---- reading

/* By id, or by what the table asks for many of them with. */
static bool is_among(
	struct cloud *cloud, const struct thing *thing, const json_t *item, const json_t *ids)
{
	const char *batch = thing->kind->observe.list.batch;
	_cleanup_json_ json_t *scope = odd_where(cloud);
	json_object_set(scope, "desired", (json_t *)item);
	_cleanup_free_ char *name = batch ? template_string(batch, scope) : NULL;
	return cloudops_holds_text(ids, thing->id) || (name && cloudops_holds_text(ids, name));
}

static bool is_asked_for(
	struct cloud *cloud, const struct thing *thing, const json_t *item, const json_t *words)
{
	const json_t *ids = json_object_get(words, "ids");
	const char *each = js_str(words, "each"), *target = target_of(words);
	if (target && !odd_stands_for(cloud, thing, item, target))
		return false;
	if (ids && !is_among(cloud, thing, item, ids))
		return false;
	return !each || str_eq(each, thing->id) || cloudops_holds_text(item, each);
}

static bool is_one_item(const struct list_call *list)
{
	return !*list->items;
}

/* The things of a kind that `words` ask for, as a list call shows them. */
static struct err list(struct cloud *cloud, const struct kind *kind, const struct list_call *call,
	const json_t *words, json_t *output)
{
	json_t *items = json_array();
	bool is_by_name = target_of(words) || json_object_get(words, "each");
	for (size_t i = 0; i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		_cleanup_json_ json_t *shown = thing->kind == kind ? odd_look(cloud, thing) : NULL;
		if (shown && is_asked_for(cloud, thing, shown, words))
			json_array_append(items, shown);
	}
	bool is_empty = json_array_size(items) == 0;
	if (is_one_item(call) && !is_empty)
		json_object_update(output, json_array_get(items, 0));
	else if (!is_one_item(call))
		inverse_put(output, call->items, json_incref(items));
	json_decref(items);
	return is_empty && is_by_name ? cloudops_not_found("ResourceNotFoundException") : ERR_OK;
}

static struct err follow(struct cloud *cloud, const struct kind *kind, const struct follow *follow,
	const json_t *words, json_t *output)
{
	const char *key, *target = target_of(words);
	json_t *word;
	for (size_t i = 0; i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		_cleanup_json_ json_t *item = thing->kind == kind ? odd_look(cloud, thing) : NULL;
		bool is_it = item && (!target || odd_stands_for(cloud, thing, item, target));
		json_object_foreach ((json_t *)words, key, word)
			is_it = is_it &&
				(!str_starts(key, "item.") ||
					cloudops_holds_text(item, json_string_value(word)));
		if (!is_it)
			continue;
		json_t *value = json_object_get(item, follow->into);
		if (value && *follow->from)
			inverse_put(output, follow->from, json_incref(value));
		else if (json_is_object(value))
			json_object_update(output, value);
		return value || !*follow->from ? ERR_OK : cloudops_not_found("NoSuchTagSet");
	}
	return cloudops_not_found("ResourceNotFoundException");
}

static void join(struct cloud *cloud, const struct kind *kind, const struct join *join,
	const json_t *words, json_t *output)
{
	// Several kinds may be joined with one call: each adds its own.
	json_t *rows = path_get(output, join->list.items), *row;
	rows = rows ? rows : json_array();
	const json_t *ids = json_object_get(words, "ids");
	size_t j;
	for (size_t i = 0; i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		_cleanup_json_ json_t *item = thing->kind == kind ? odd_look(cloud, thing) : NULL;
		if (!item || (ids && !cloudops_holds_text(ids, thing->id)))
			continue;
		json_array_foreach (json_object_get(item, join->into), j, row) {
			json_t *copy = json_copy(row);
			if (!template_is_string(join->by))
				js_set_str(copy, join->by, thing->id);
			json_array_append_new(rows, copy);
		}
	}
	inverse_put(output, join->list.items, rows);
}

static bool is_of_type(const char *types, const json_t *wanted)
{
	size_t i;
	json_t *type;
	json_array_foreach ((json_t *)wanted, i, type)
		if (types && strstr(types, json_string_value(type)))
			return true;
	return false;
}

// What the tagging API tells of all kinds.
static void list_tagged(struct cloud *cloud, const json_t *input, json_t *output)
{
	json_t *rows = json_array();
	const json_t *wanted = json_object_get(input, "ResourceTypeFilters");
	for (size_t i = 0; i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		const char *types = thing->kind->observe.tag_types;
		_cleanup_json_ json_t *item =
			thing->kind->tagging && odd_of(thing->kind) ? odd_look(cloud, thing) : NULL;
		if (!item || !is_of_type(types, wanted))
			continue;
		_cleanup_free_ char *arn = odd_arn(cloud, thing->kind, item);
		_cleanup_json_ json_t *tags = thing_tags(thing, item);
		if (arn)
			json_array_append_new(rows, json_pack("{s:s, s:o}", "ResourceARN", arn,
							    "Tags", tags_as(TAGS_KEY_VALUE, tags)));
	}
	json_object_set_new(output, "ResourceTagMappingList", rows);
}

static bool is_call(
	const struct kind *kind, const char *own, const char *service, const char *a, const char *b)
{
	return a && str_eq(a, b) && str_eq(own ? own : kind->service, service);
}

// What a deletion asks first: the ARNs of what is there ("taskDefinitionArns[]").
static bool run_find(struct cloud *cloud, const struct kind *kind, const char *name,
	const json_t *input, json_t *output)
{
	const struct find *how = &kind->remove.find;
	_cleanup_json_ json_t *words = json_object();
	char member[80];
	if (!how->operation || !str_eq(how->operation, name) ||
		!inverse_match(how->args, input, words))
		return false;
	const struct thing *thing = odd_find(cloud, kind, target_of(words));
	_cleanup_free_ char *arn =
		thing && thing_is_alive(thing) ? odd_arn(cloud, kind, thing_truth(thing)) : NULL;
	str_copy(member, sizeof(member), how->pick);
	member[strcspn(member, "[")] = '\0';
	json_object_set_new(output, member, arn ? json_pack("[s]", arn) : json_array());
	return true;
}

// The names that are this account's ("Buckets[].Name").
static void list_own(struct cloud *cloud, const struct kind *kind, json_t *output)
{
	const struct observe *how = &kind->observe;
	const char *name = strstr(how->own.items, "[].") + strlen("[].");
	json_t *rows = json_array();
	char member[80];
	for (size_t i = 0; i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		_cleanup_json_ json_t *item = thing->kind == kind ? odd_look(cloud, thing) : NULL;
		if (item)
			json_array_append_new(
				rows, json_pack("{s:O}", name, json_object_get(item, how->id)));
	}
	str_copy(member, sizeof(member), how->own.items);
	member[strcspn(member, "[")] = '\0';
	json_object_set_new(output, member, rows);
}

static bool run_read(struct cloud *cloud, const struct kind *kind, const char *service,
	const char *name, const json_t *input, json_t *output, struct err *ret_err)
{
	const struct observe *how = &kind->observe;
	_cleanup_json_ json_t *words = json_object();
	if (is_call(kind, how->own.service, service, how->own.operation, name)) {
		list_own(cloud, kind, output);
		return true;
	}
	if (is_call(kind, how->confirm.service, service, how->confirm.operation, name) &&
		inverse_match(how->confirm.args, input, words)) {
		*ret_err = list(cloud, kind, &how->confirm, words, output);
		return true;
	}
	if (is_call(kind, how->list.service, service, how->list.operation, name)) {
		if (how->by_id)
			inverse_match(how->by_id, input, words);
		if (inverse_match(how->list.args, input, words) || json_object_size(words)) {
			*ret_err = list(cloud, kind, &how->list, words, output);
			return true;
		}
	}
	for (const struct follow *f = how->follows; f < how->follows + KIND_MOST_FOLLOWS; f++)
		if (is_call(kind, f->service, service, f->operation, name) &&
			inverse_match(f->args, input, words)) {
			*ret_err = follow(cloud, kind, f, words, output);
			if (!err_is(ret_err))
				return true;
		}
	for (const struct join *j = how->joins; j < how->joins + KIND_MOST_JOINS; j++)
		if (is_call(kind, j->list.service, service, j->list.operation, name)) {
			inverse_match(j->list.args, input, words);
			join(cloud, kind, j, words, output);
			return true;
		}
	return false;
}

// ---- writing

static const char *place_of_field(const struct kind *kind, const struct field *field)
{
	return field->observed ? field->observed : field_member(kind, NULL, field);
}

static void set_field(
	const struct kind *kind, const struct field *field, json_t *item, const json_t *value)
{
	const char *path = place_of_field(kind, field);
	if (field->flags & FIELD_WRITE_ONLY || !path)
		return;
	if (field->starts_at || field->after_last || field->type == FIELD_SOURCE ||
		field->type == FIELD_FLAG)
		return; // a part of what is there already, or never shown
	inverse_put(item, path, json_deep_copy(value));
}

static void set_tags(const struct kind *kind, json_t *item, const json_t *changed,
	const json_t *removed, bool is_all)
{
	const struct tagging *tagging = kind->tagging;
	_cleanup_json_ json_t *shown = path_get(item, tagging->observed);
	_cleanup_json_ json_t *old = shown && !is_all ? tags_from(tagging->form, shown) : NULL;
	_cleanup_json_ json_t *tags = old ? json_deep_copy(old) : json_object();
	_cleanup_json_ json_t *more = changed ? tags_from(tagging->form, changed) : NULL;
	size_t i;
	json_t *key;
	if (more)
		json_object_update(tags, more);
	json_array_foreach ((json_t *)removed, i, key)
		json_object_del(tags, json_string_value(key));
	inverse_put(item, tagging->observed, tags_as(tagging->form, tags));
}

static void set_input(
	const struct kind *kind, const struct call *call, const json_t *input, json_t *item)
{
	_cleanup_json_ json_t *words = json_object();
	inverse_match(call->args, input, words);
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		char word[80];
		snprintf(word, sizeof(word), "desired.%s", member ? member : "");
		const json_t *value = json_object_get(words, word);
		value = value ? value : json_object_get(input, member ? member : "");
		if (member && value)
			set_field(kind, f, item, value);
	}
}

// ARN of a thing that its table only knows to find in an item.
static char *make_arn(struct cloud *cloud, const struct kind *kind, const char *name)
{
	const char *types = kind->observe.tag_types;
	const char *type = types && !strchr(types, ' ') ? strchr(types, ':') : NULL;
	return str_format("arn:aws:%s:eu-west-1:%s:%s/%s", kind->service, cloud->account,
		type ? type + 1 : kind->name, name);
}

// The name that the caller gave, where that is the id; else one of AWS's own.
static char *new_id(
	struct cloud *cloud, const struct kind *kind, const json_t *input, const json_t *item)
{
	char word[40];
	if (kind->observe.key && !kind->observe.item_key) {
		_cleanup_json_ json_t *scope = odd_where(cloud);
		json_object_set(scope, "desired", (json_t *)input);
		char *key = template_string(kind->observe.key, scope);
		if (key)
			return key;
	}
	const struct odd *odd = odd_of(kind);
	_cleanup_free_ char *end = odd->arn ? template_of_item(odd->arn, item) : NULL;
	if (end)
		return str_format("arn:aws:%s:eu-west-1:%s:%s", kind->service, cloud->account, end);
	cloud_new_id(cloud, kind->name, word);
	return str_ends(kind->observe.id, "Arn") || str_ends(kind->observe.id, "ARN")
		       ? make_arn(cloud, kind, word)
		       : strdup(word);
}

static void complete(struct cloud *cloud, const struct kind *kind, const char *id, json_t *item)
{
	const struct odd *odd = odd_of(kind);
	_cleanup_free_ char *arn = str_starts(id, "arn:") ? strdup(id) : make_arn(cloud, kind, id);
	char serial[40];
	cloud_new_id(cloud, "serial", serial);
	_cleanup_json_ json_t *scope =
		json_pack("{s:s, s:s, s:s}", "id", id, "arn", arn, "serial", serial);
	json_t *made = NULL;
	struct err err = template_render(odd->made, scope, &made);
	if (err_is(&err))
		trace_fail(cloud->trace, "%s: %s", kind->name, err.message);
	json_object_update_recursive(item, made);
	json_decref(made);
	inverse_put(item, kind->observe.id, json_string(id));
	if (kind->observe.arn && !template_is_string(kind->observe.arn))
		inverse_put(item, kind->observe.arn, json_string(arn));
	if (kind->states.path && odd->ready)
		inverse_put(item, kind->states.path, json_string(odd->ready));
	for (const struct field *f = kind->fields; f->name; f++) {
		_cleanup_json_ json_t *there = path_get(item, place_of_field(kind, f));
		json_t *fresh =
			f->fresh && !there ? json_loads(f->fresh, JSON_DECODE_ANY, NULL) : NULL;
		if (fresh)
			set_field(kind, f, item, fresh);
		json_decref(fresh);
	}
}

void generic_next_revision(struct cloud *cloud, const struct kind *kind, json_t *item)
{
	if (!(kind->create.flags & CALL_ADDS))
		return;
	_cleanup_json_ json_t *id = path_get(item, kind->observe.id);
	_cleanup_free_ char *family = make_arn(cloud, kind, json_string_value(id));
	_cleanup_free_ char *arn = str_format("%s:%u", family, ++cloud->next_id);
	inverse_put(item, kind->observe.arn, json_string(arn));
}

static void answer_id(const struct kind *kind, const json_t *item, json_t *output)
{
	if (kind->create.flags & CALL_ADDS) // which one it was
		inverse_put(output, kind->observe.arn, path_get(item, kind->observe.arn));
	if (!kind->created_id)
		return;
	json_t *id = path_get(item, kind->observe.id);
	inverse_put(output, kind->created_id, id ? id : json_null());
}

static struct err create(
	struct cloud *cloud, const struct kind *kind, const json_t *input, json_t *output)
{
	json_t *item = json_object();
	_cleanup_json_ json_t *words = json_object();
	set_input(kind, &kind->create, input, item);
	if (kind->tagging && inverse_match(kind->tagging->create, input, words))
		set_tags(kind, item, json_object_get(words, "tags"), NULL, true);
	_cleanup_free_ char *id = new_id(cloud, kind, input, item);
	struct thing *old = odd_find(cloud, kind, id);
	bool is_put = str_eq_null(kind->update.operation, kind->create.operation);
	if (old && thing_is_alive(old) && !is_put) {
		json_decref(item);
		return cloudops_conflict("ResourceAlreadyExists");
	}
	if (old && thing_is_alive(old)) { // PutMetricAlarm, RegisterTaskDefinition
		json_t *whole = thing_edit(old);
		_cleanup_json_ json_t *written = json_object();
		set_input(kind, &kind->create, input, written); // what is there keeps its tags
		json_object_update_recursive(whole, written);
		if (kind->create.flags & CALL_ADDS) // a revision of its own has its own
			set_tags(kind, whole, json_object_get(words, "tags"), NULL, true);
		generic_next_revision(cloud, kind, whole);
		json_decref(item);
		answer_id(kind, whole, output);
		thing_set(cloud, old, whole);
		return ERR_OK;
	}
	if (old && kind->states.past)
		thing_set(cloud, old, NULL); // its name has a new bearer
	complete(cloud, kind, id, item);
	struct err refused = odd_refuses_create(cloud, kind, item);
	if (err_is(&refused)) {
		json_decref(item);
		return refused;
	}
	generic_next_revision(cloud, kind, item);
	answer_id(kind, item, output);
	struct thing *thing = cloud_add(cloud, kind, id, item);
	odd_begins(cloud, thing);
	return ERR_OK;
}

static struct err remove_it(struct cloud *cloud, struct thing *thing)
{
	if (!thing || !thing_is_alive(thing))
		return cloudops_not_found("ResourceNotFoundException");
	struct err refused = odd_refuses_removal(cloud, thing);
	if (!err_is(&refused))
		odd_ends(cloud, thing);
	return refused;
}

/* Those that the call names, over the others. */
static bool set_pairs(const struct field *field, json_t *item, const json_t *input)
{
	json_t *all = json_object_get(item, field->member), *pair, *old;
	size_t i, j;
	json_array_foreach (json_object_get(input, field->member), i, pair) {
		json_array_foreach (all, j, old)
			if (str_eq_null(
				    js_str(old, field->pair_key), js_str(pair, field->pair_key)))
				json_array_remove(all, j--);
		json_array_append(all, pair);
	}
	return true;
}

/* What changes one field: the call's words say to what. */
static bool change_field(const struct kind *kind, const struct field *field,
	const struct call *call, const char *name, const json_t *input, json_t *item)
{
	_cleanup_json_ json_t *words = json_object();
	if (!call->operation || !str_eq(call->operation, name) ||
		!inverse_match(call->args, input, words))
		return false;
	const char *args = call->args ? call->args : "", *member = field_member(kind, NULL, field);
	char word[80];
	snprintf(word, sizeof(word), "desired.%s", member ? member : ""); // all of it is written
	const json_t *value = json_object_get(words, "value");
	value = value ? value : json_object_get(words, word);
	if (field->type == FIELD_PAIRS)
		return set_pairs(field, item, input);
	if (value)
		set_field(kind, field, item, value);
	else if (call == &field->off || !strstr(args, "@value"))
		inverse_put(item, place_of_field(kind, field), json_boolean(call != &field->off));
	return value || call == &field->off || !strstr(args, "@value");
}

static bool change(struct cloud *cloud, const struct kind *kind, const char *name,
	const json_t *input, struct err *ret_err)
{
	const struct tagging *tagging = kind->tagging;
	_cleanup_json_ json_t *words = json_object();
	bool is_changed = false;
	const char *target = NULL;
	const struct call *calls[2] = {
		tagging ? &tagging->add : NULL, tagging ? &tagging->remove : NULL};
	for (size_t i = 0; i < ARRAY_COUNT(calls); i++)
		if (calls[i] && str_eq_null(calls[i]->operation, name) &&
			inverse_match(calls[i]->args, input, words))
			target = target_of(words);
	for (const struct field *f = kind->fields; f->name && !target; f++) {
		const struct call *update = field_update(kind, f);
		const struct call *ways[] = {update ? update : &f->update, &f->off, &f->unset};
		for (size_t i = 0; i < ARRAY_COUNT(ways) && !target; i++)
			if (str_eq_null(ways[i]->operation, name) &&
				inverse_match(ways[i]->args, input, words))
				target = target_of(words);
	}
	struct thing *thing = odd_find(cloud, kind, target);
	if (target && !thing)
		*ret_err = cloudops_not_found("ResourceNotFoundException");
	if (!thing)
		return false;
	*ret_err = ERR_OK;
	if (!thing_is_alive(thing)) {
		*ret_err = cloudops_not_found("ResourceNotFoundException");
		return true;
	}
	bool is_tagging = json_object_get(words, "tags") || json_object_get(words, "tag_keys") ||
			  json_object_get(words, "all_tags");
	if (!is_tagging)
		*ret_err = odd_refuses_change(cloud, thing);
	if (err_is(ret_err))
		return true;
	json_t *item = thing_edit(thing);
	if (is_tagging) {
		const json_t *all = json_object_get(words, "all_tags");
		set_tags(kind, item, all ? all : json_object_get(words, "tags"),
			json_object_get(words, "tag_keys"), all != NULL);
		is_changed = true;
	}
	for (const struct field *f = kind->fields; f->name; f++) {
		const struct call *update = field_update(kind, f);
		is_changed |= update && change_field(kind, f, update, name, input, item);
		is_changed |= change_field(kind, f, &f->off, name, input, item);
	}
	if (is_changed && !is_tagging)
		odd_changes(cloud, thing);
	if (is_changed)
		thing_set(cloud, thing, item);
	else
		json_decref(item);
	return is_changed;
}

static void restore(struct cloud *cloud, struct thing *thing)
{
	const struct odd *odd = odd_of(thing->kind);
	json_t *item = thing_edit(thing);
	if (odd && odd->ready)
		inverse_put(item, thing->kind->states.restorable.path, json_string(odd->ready));
	else
		json_object_del(item, thing->kind->states.restorable.path);
	thing_set(cloud, thing, item);
}

static bool run_write(struct cloud *cloud, const struct kind *kind, const char *name,
	const json_t *input, json_t *output, struct err *ret_err)
{
	_cleanup_json_ json_t *words = json_object();
	if (str_eq_null(kind->create.operation, name)) {
		*ret_err = create(cloud, kind, input, output);
		return true;
	}
	if (str_eq_null(kind->remove.operation, name) &&
		inverse_match(kind->remove.args, input, words)) {
		*ret_err = remove_it(cloud, odd_find(cloud, kind, target_of(words)));
		return true;
	}
	for (const struct call *c = kind->restore; c && c->operation; c++)
		if (str_eq(c->operation, name) && inverse_match(c->args, input, words)) {
			struct thing *thing = odd_find(cloud, kind, target_of(words));
			*ret_err = thing ? ERR_OK : cloudops_not_found("NotFoundException");
			if (thing)
				restore(cloud, thing);
			return true;
		}
	return change(cloud, kind, name, input, ret_err);
}

bool generic_run(struct cloud *cloud, const char *service, const char *name, const json_t *input,
	json_t *output, struct err *ret_err)
{
	*ret_err = ERR_OK;
	if (str_eq(name, "GetResources")) {
		list_tagged(cloud, input, output);
		return true;
	}
	bool is_known = false;
	for (const struct kind *const *k = all_kinds; *k; k++) {
		if (!odd_of(*k) || (!str_eq((*k)->service, service) &&
					   !str_eq_null((*k)->observe.list.service, service)))
			continue;
		if (run_read(cloud, *k, service, name, input, output, ret_err)) {
			is_known = true;
			if (!err_is(ret_err))
				continue; // several kinds may be read by one call
			return true;
		}
		is_known |= err_is(ret_err);
		if (str_eq((*k)->service, service) && run_find(cloud, *k, name, input, output))
			return true;
		if (str_eq((*k)->service, service) &&
			run_write(cloud, *k, name, input, output, ret_err))
			return true;
		is_known |= err_is(ret_err);
	}
	return is_known;
}
