// From tree to resources in three rounds: the head, then all names, then all values; so that every
// reference is checked against what the whole file declares, in whatever order it is written.
#include "core/desired.h"
#include "base/str.h"
#include "core/adopt.h"
#include "core/advice.h"
#include "core/checking.h"
#include "core/fields.h"
#include "core/header.h"
#include "core/order.h"
#include "core/unique.h"

enum { MOST_RESOURCES = 5000, MOST_NAMES = 128 };

// ---- helpers of all the checks

const char *checking_suggest(const char *wrong, const char *const *names, size_t count,
	const char *fallback, char text[CHECKING_TEXT_BYTES])
{
	const char *near = nearest_name(wrong, names, count);
	if (!near)
		return fallback;
	snprintf(text, CHECKING_TEXT_BYTES, "did you mean '%s'?", near);
	return text;
}

const char *checking_one_of(const char *const *names, size_t count, char text[CHECKING_TEXT_BYTES])
{
	size_t used = (size_t)snprintf(text, CHECKING_TEXT_BYTES, "one of: ");
	for (size_t i = 0; i < count; i++) {
		size_t left = CHECKING_TEXT_BYTES - used;
		if (strlen(names[i]) + sizeof(", ...") + 2 > left) {
			snprintf(text + used, left, ", ...");
			break;
		}
		used += (size_t)snprintf(text + used, left, "%s%s", i ? ", " : "", names[i]);
	}
	return text;
}

bool checking_has_slip(const struct node *map, const char *name)
{
	for (size_t i = 0; map && map->type == NODE_MAP && i < map->count; i++) {
		_cleanup_free_ char *snake = str_snake(map->keys[i]);
		if (!str_eq(map->keys[i], name) &&
			(nearest_name(map->keys[i], &name, 1) || (snake && str_eq(snake, name))))
			return true;
	}
	return false;
}

bool checking_is_common(const char *key)
{
	return str_eq(key, "policy") || str_eq(key, "tags") || str_eq(key, "adopt");
}

bool checking_is_name(const char *text)
{
	size_t length = strlen(text);
	return length > 0 && length <= 63 && *text != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

// ---- names

static bool is_map_or_nothing(struct checking *checking, const struct node *node, const char *what,
	const char *name, const char *remedy)
{
	if (node->is_broken)
		return false;
	if (node->type == NODE_MAP || node->type == NODE_NULL)
		return true;
	findings_error(checking->findings, node->place, remedy, "%s '%s' must be a map, not %s",
		what, name, node_type_name(node->type));
	return false;
}

static void unknown_top(struct checking *checking, const char *key, struct place place)
{
	const char *names[MOST_NAMES] = {
		"stack", "account", "region", "tags", "policy", "include", "vars"};
	size_t count = 7;
	for (const struct layer *const *l = all_layers; *l && count < MOST_NAMES; l++)
		names[count++] = (*l)->name;
	char text[CHECKING_TEXT_BYTES], fallback[CHECKING_TEXT_BYTES];
	const struct kind *kind = kind_find(key);
	if (kind)
		snprintf(text, sizeof(text), "move it under '%s:'", kind->layer);
	findings_error(checking->findings, place,
		kind ? text
		     : checking_suggest(
			       key, names, count, checking_one_of(names, count, fallback), text),
		"unknown key '%s'", key);
}

static void unknown_kind(
	struct checking *checking, const struct layer *layer, const char *key, struct place place)
{
	const char *names[MOST_NAMES];
	size_t count = 0;
	for (const struct kind *const *k = all_kinds; *k && count < MOST_NAMES - 1; k++)
		if (str_eq((*k)->layer, layer->name))
			names[count++] = (*k)->name;
	names[count++] = "policy";
	char text[CHECKING_TEXT_BYTES], fallback[CHECKING_TEXT_BYTES];
	const struct kind *other = kind_find(key);
	if (other)
		snprintf(text, sizeof(text), "move it under '%s:'", other->layer);
	findings_error(checking->findings, place,
		other ? text
		      : checking_suggest(
				key, names, count, checking_one_of(names, count, fallback), text),
		"layer %s has no kind '%s'", layer->name, key);
}

static struct wanted *add_wanted(struct desired *desired)
{
	// Doubles at each power of two; by_address is filled when nothing moves any more.
	if ((desired->count & (desired->count - 1)) == 0) {
		size_t size = desired->count ? 2 * desired->count : 1;
		struct wanted *wanted = realloc(desired->wanted, size * sizeof(*wanted));
		if (!wanted)
			return NULL;
		desired->wanted = wanted;
	}
	struct wanted *wanted = &desired->wanted[desired->count++];
	*wanted = (struct wanted){.depends_on = json_array(), .refers_to = json_array()};
	return wanted;
}

static bool name_resource(
	struct checking *checking, const struct kind *kind, const struct node *resources, size_t i)
{
	const char *name = resources->keys[i];
	const struct node *node = resources->items[i];
	struct place place = resources->key_places[i];
	if (!checking_is_name(name))
		findings_error(checking->findings, place,
			"use at most 63 lower-case letters, digits and '-', a letter or digit "
			"first",
			"'%s' is no name for a resource", name);
	else if (checking->desired->count == MOST_RESOURCES)
		findings_error(checking->findings, place, "split the stack",
			"more than %d resources", MOST_RESOURCES);
	bool is_readable = is_map_or_nothing(
		checking, node, kind->name, name, "write 'field: value' pairs below it");
	if (checking->desired->count > MOST_RESOURCES)
		return true;
	struct wanted *wanted = add_wanted(checking->desired);
	if (!wanted)
		return false;
	wanted->kind = kind;
	wanted->place = place;
	wanted->node = node->type == NODE_MAP ? node : NULL;
	// What cannot be read is known by its name, so that references to it are no errors.
	wanted->desired = is_readable ? NULL : json_object();
	wanted->name = strdup(name);
	wanted->address = str_format("%s.%s.%s", kind->layer, kind->name, name);
	return wanted->name && wanted->address;
}

static bool name_kinds(
	struct checking *checking, const struct layer *layer, const struct node *kinds)
{
	for (size_t i = 0; i < kinds->count; i++) {
		const char *key = kinds->keys[i];
		if (str_eq(key, "policy"))
			continue;
		const struct kind *kind = kind_find(key);
		if (!kind || !str_eq(kind->layer, layer->name)) {
			unknown_kind(checking, layer, key, kinds->key_places[i]);
			continue;
		}
		const struct node *resources = kinds->items[i];
		if (!is_map_or_nothing(checking, resources, "kind", key,
			    "give each resource a name: 'main: {...}'"))
			continue;
		for (size_t j = 0; j < resources->count; j++)
			if (!name_resource(checking, kind, resources, j))
				return false;
	}
	return true;
}

/* All addresses, layer by layer in the order of the file; false when memory is out. */
static bool name_all(struct checking *checking, const struct node *root)
{
	static const char *const head[] = {"stack", "account", "region", "tags", "policy"};
	struct desired *desired = checking->desired;
	for (size_t i = 0; i < root->count; i++) {
		const char *key = root->keys[i];
		const struct layer *layer = layer_find(key);
		bool is_head = false;
		for (size_t h = 0; h < ARRAY_COUNT(head); h++)
			is_head = is_head || str_eq(head[h], key);
		if (is_head)
			continue;
		if (!layer) {
			unknown_top(checking, key, root->key_places[i]);
			continue;
		}
		if (is_map_or_nothing(checking, root->items[i], "layer", key,
			    "write kinds and their resources below it") &&
			!name_kinds(checking, layer, root->items[i]))
			return false;
	}
	for (size_t i = 0; i < desired->count; i++)
		if (!map_set(&desired->by_address, desired->wanted[i].address, &desired->wanted[i],
			    NULL))
			return false;
	return true;
}

// ---- layers and values

static bool make_layers(struct checking *checking, const struct node *root)
{
	struct desired *desired = checking->desired;
	while (all_layers[desired->layer_count])
		desired->layer_count++;
	desired->layers = calloc(desired->layer_count + 1, sizeof(*desired->layers));
	for (size_t i = 0; desired->layers && i < desired->layer_count; i++) {
		struct desired_layer *layer = &desired->layers[i];
		const struct node *node = node_get(root, all_layers[i]->name);
		layer->layer = all_layers[i];
		layer->is_declared = node != NULL;
		layer->policy = policy_read(
			checking, &desired->policy, node_get(node, "policy"), POLICY_LAYER, NULL);
	}
	return desired->layers != NULL;
}

static const struct policy *policy_above(const struct desired *desired, const struct kind *kind)
{
	for (size_t i = 0; i < desired->layer_count; i++)
		if (str_eq(desired->layers[i].layer->name, kind->layer))
			return &desired->layers[i].policy;
	return &desired->policy;
}

static void read_wanted(struct checking *checking, struct wanted *wanted)
{
	const struct node nothing = {.type = NODE_MAP, .place = wanted->place};
	const struct node *node = wanted->node ? wanted->node : &nothing;
	if (wanted->desired)
		return;
	checking->wanted = wanted;
	wanted->policy = policy_read(checking, policy_above(checking->desired, wanted->kind),
		node_get(node, "policy"), POLICY_RESOURCE, wanted->kind);
	const struct node *tags = node_get(node, "tags");
	if (tags && !wanted->kind->tagging)
		findings_error(checking->findings, node_key_place(node, "tags"), "take them out",
			"a %s cannot carry tags", wanted->kind->name);
	wanted->tags = tags_read(checking, wanted->kind->tagging ? checking->desired->tags : NULL,
		wanted->kind->tagging ? tags : NULL);
	wanted->adopt = adopt_read(checking, wanted->kind, node);
	wanted->desired = fields_read(checking, node, wanted->place);
}

/* The merged file without the values of secret fields; where a value comes from is none. */
static void make_document(struct desired *desired, const struct node *root)
{
	desired->document = node_json(root);
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		json_t *layer = json_object_get(desired->document, wanted->kind->layer);
		json_t *fields =
			json_object_get(json_object_get(layer, wanted->kind->name), wanted->name);
		for (const struct field *f = wanted->kind->fields; f->name; f++)
			if (json_object_get(fields, f->name) && f->type != FIELD_SOURCE &&
				fields_is_secret(wanted->kind, f))
				json_object_set_new(fields, f->name, json_string("(secret)"));
	}
	if (!desired->document ||
		!js_digest(desired->document, desired->version, sizeof(desired->version)))
		desired->version[0] = '\0';
}

static void turn_references(struct desired *desired)
{
	desired->referrers = json_object();
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		size_t j;
		json_t *one;
		json_array_foreach (wanted->refers_to, j, one) {
			const char *to = json_string_value(one);
			json_t *list = to ? json_object_get(desired->referrers, to) : NULL;
			if (to && !list) {
				list = json_array();
				json_object_set_new(desired->referrers, to, list);
			}
			json_array_append_new(list, json_string(wanted->address));
		}
	}
}

static bool fill(struct checking *checking, const struct node *root)
{
	struct desired *desired = checking->desired;
	header_read(checking, root);
	if (!name_all(checking, root) || !make_layers(checking, root))
		return false;
	for (size_t i = 0; i < desired->count; i++)
		read_wanted(checking, &desired->wanted[i]);
	adopt_check(desired, checking->findings);
	unique_check(desired, checking->findings);
	order_check(desired, checking->findings);
	for (size_t i = 0; i < desired->layer_count; i++)
		if (desired->layers[i].layer->check)
			desired->layers[i].layer->check(desired, checking->findings);
	if (checking->findings->error_count)
		return true;
	policy_check_windows(desired, checking->findings);
	advice_check(desired, checking->findings);
	turn_references(desired);
	make_document(desired, root);
	return desired->version[0] != '\0';
}

struct desired *desired_new(struct tree *tree, struct findings *findings)
{
	const struct node *root = tree_root(tree);
	struct desired *desired = root ? calloc(1, sizeof(*desired)) : NULL;
	if (!desired) {
		if (root || findings->error_count == 0)
			findings_error(findings, place_in(NULL, 0, 0), NULL, "out of memory");
		tree_free(tree);
		return NULL;
	}
	desired->tree = tree;
	map_init(&desired->by_address);
	struct checking checking = {.desired = desired, .findings = findings};
	if (!fill(&checking, root))
		findings_error(findings, root->place, NULL, "out of memory");
	findings_sort(findings);
	if (findings->error_count == 0)
		return desired;
	desired_free(desired);
	return NULL;
}

void desired_free(struct desired *desired)
{
	if (!desired)
		return;
	for (size_t i = 0; i < desired->count; i++) {
		struct wanted *wanted = &desired->wanted[i];
		free(wanted->address);
		free(wanted->name);
		free(wanted->adopt);
		json_decref(wanted->desired);
		json_decref(wanted->tags);
		json_decref(wanted->depends_on);
		json_decref(wanted->refers_to);
		policy_done(&wanted->policy);
	}
	for (size_t i = 0; desired->layers && i < desired->layer_count; i++)
		policy_done(&desired->layers[i].policy);
	policy_done(&desired->policy);
	free(desired->wanted);
	free(desired->layers);
	map_done(&desired->by_address);
	free(desired->stack);
	free(desired->account);
	free(desired->region);
	json_decref(desired->tags);
	json_decref(desired->referrers);
	json_decref(desired->document);
	tree_free(desired->tree);
	free(desired);
}

struct desired *desired_load(
	const char *path, const struct tree_options *options, struct findings *findings)
{
	struct tree *tree = tree_load(path, options, findings);
	struct desired *desired = tree ? desired_new(tree, findings) : NULL;
	findings_sort(findings);
	return desired;
}

const json_t *desired_referrers(const struct desired *desired, const char *address)
{
	return json_object_get(desired->referrers, address);
}

void desired_observe(struct desired *desired)
{
	for (size_t i = 0; i < desired->count; i++)
		desired->wanted[i].policy.mode = MODE_OBSERVE;
	for (size_t i = 0; i < desired->layer_count; i++)
		desired->layers[i].policy.mode = MODE_OBSERVE;
	desired->policy.mode = MODE_OBSERVE;
}

const struct wanted *desired_find(const struct desired *desired, const char *address)
{
	return map_get(&desired->by_address, address);
}
