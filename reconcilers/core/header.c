// Rules of tags: AWS's "Tag naming limits and requirements", less the two tags that are ours.
#include "core/header.h"
#include "aws/partition.h"
#include "base/num.h"
#include "base/str.h"
#include "core/advice.h"

enum { MOST_TAGS = 48, MOST_KEY = 128, MOST_VALUE = 256 };

// ---- stack, account, region

static char *read_stack(struct checking *checking, const struct node *root)
{
	const struct node *node = node_get(root, "stack");
	if (!node && checking_has_slip(root, "stack"))
		return NULL;
	if (!node || (node->type == NODE_NULL && !node->is_broken)) {
		findings_error(checking->findings, node ? node->place : root->place,
			"begin with 'stack: <name>'", "the file names no stack");
		return NULL;
	}
	if (node->is_broken)
		return NULL;
	if (node->text && checking_is_name(node->text))
		return strdup(node->text);
	findings_error(checking->findings, node->place,
		"use at most 63 lower-case letters, digits and '-', a letter or digit first",
		"'%s' is no name for a stack",
		node->text ? node->text : node_type_name(node->type));
	return NULL;
}

static char *read_account(struct checking *checking, const struct node *root)
{
	const struct node *node = node_get(root, "account");
	if (!node || node->is_broken || node->type == NODE_NULL)
		return NULL;
	if (node->text && strlen(node->text) == 12 && strspn(node->text, "0123456789") == 12)
		return strdup(node->text);
	findings_error(checking->findings, node->place,
		"write 12 digits, in quotes: \"123456789012\"", "'%s' is no account of AWS",
		node->text ? node->text : node_type_name(node->type));
	return NULL;
}

// clang-format off
static const char *const regions[] = {
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
	"ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
	"ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1",
	"ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1",
	"eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1",
	"me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
	"us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
};
// clang-format on

enum region_sort { REGION_KNOWN, REGION_NEW, REGION_WRONG };

/* Regions of tomorrow have the shape of today's, words and a number; but words that are one letter
 * away from today's are a slip. */
static enum region_sort sort_of_region(const char *text)
{
	const char *dash = strrchr(text, '-');
	int64_t number;
	if (!partition_is_region_name(text) || !dash || strchr(text, '-') == dash ||
		!num_parse_i64(dash + 1, 1, 99, &number))
		return REGION_WRONG;
	size_t length = (size_t)(dash - text);
	bool is_slip = false, is_word = false;
	for (size_t i = 0; i < ARRAY_COUNT(regions); i++) {
		if (str_eq(regions[i], text))
			return REGION_KNOWN;
		size_t known = (size_t)(strrchr(regions[i], '-') - regions[i]);
		is_word = is_word || (known == length && strncmp(regions[i], text, length) == 0);
		is_slip = is_slip || (str_eq(regions[i] + known, dash) &&
					     str_distance(regions[i], text, 1) <= 1);
	}
	return is_slip && !is_word ? REGION_WRONG : REGION_NEW;
}

static char *read_region(struct checking *checking, const struct node *root)
{
	const struct node *node = node_get(root, "region");
	if (!node && checking_has_slip(root, "region"))
		return NULL;
	if (!node || (node->type == NODE_NULL && !node->is_broken)) {
		findings_error(checking->findings, node ? node->place : root->place,
			"add 'region: eu-west-1', or wherever it is", "the file names no region");
		return NULL;
	}
	if (node->is_broken)
		return NULL;
	const char *text = node->type == NODE_STRING ? node->text : "";
	char suggestion[CHECKING_TEXT_BYTES];
	switch (sort_of_region(text)) {
	case REGION_KNOWN:
		return strdup(text);
	case REGION_NEW:
		findings_warning(checking->findings, node->place,
			checking_suggest(text, regions, ARRAY_COUNT(regions), NULL, suggestion),
			"region '%s' is not one that this version knows", text);
		return strdup(text);
	case REGION_WRONG:
		break;
	}
	findings_error(checking->findings, node->place,
		checking_suggest(text, regions, ARRAY_COUNT(regions),
			"write a region such as eu-west-1", suggestion),
		"'%s' is no region of AWS", node->text ? node->text : node_type_name(node->type));
	return NULL;
}

// ---- tags

static bool check_tag(struct checking *checking, const char *key, const char *value,
	struct place key_place, struct place place)
{
	struct findings *findings = checking->findings;
	size_t before = findings->error_count;
	char start[10] = "";
	str_copy(start, sizeof(start), key);
	start[4] = '\0';
	if (str_eq_nocase(start, "aws:"))
		findings_error(findings, key_place, "choose another key",
			"tag keys that begin with 'aws:' are AWS's own");
	if (str_starts(key, "holdfast:"))
		findings_error(findings, key_place, "choose another key",
			"tag keys that begin with 'holdfast:' are Holdfast's own");
	if (strlen(key) > MOST_KEY)
		findings_error(findings, key_place, "make it shorter",
			"a tag key is longer than %d characters", MOST_KEY);
	if (strlen(value) > MOST_VALUE)
		findings_error(findings, place, "make it shorter",
			"the value of tag '%s' is longer than %d characters", key, MOST_VALUE);
	if (strstr(value, "${"))
		findings_error(findings, place, "write it out, or use ${var.name}",
			"the value of tag '%s' holds a reference", key);
	return findings->error_count == before;
}

json_t *tags_read(struct checking *checking, const json_t *base, const struct node *node)
{
	json_t *tags = base ? json_copy((json_t *)base) : json_object();
	if (!node || node->is_broken || node->type == NODE_NULL)
		return tags;
	if (node->type != NODE_MAP) {
		findings_error(checking->findings, node->place, "write 'tags: {key: value}'",
			"tags must be a map, not %s", node_type_name(node->type));
		return tags;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *value = node->items[i];
		if (value->is_broken)
			continue;
		if (value->type == NODE_NULL)
			json_object_del(tags, node->keys[i]);
		else if (!value->text)
			findings_error(checking->findings, value->place, "write one value",
				"the value of tag '%s' must be a string, not %s", node->keys[i],
				node_type_name(value->type));
		else if (check_tag(checking, node->keys[i], value->text, node->key_places[i],
				 value->place))
			js_set_str(tags, node->keys[i], value->text);
	}
	if (json_object_size(tags) > MOST_TAGS)
		findings_error(checking->findings, node->place, "AWS takes 50; two are Holdfast's",
			"more than %d tags", MOST_TAGS);
	return tags;
}

// ---- policy

void policy_done(struct policy *policy)
{
	json_decref(policy->ignore);
	json_decref(policy->accept);
	policy->ignore = policy->accept = NULL;
}

struct policy_scope {
	struct checking *checking;
	struct policy *policy;
	const struct kind *kind;
};

/* One of two words. */
static bool read_word(struct policy_scope *scope, const char *key, const struct node *node,
	const char *const words[2], bool *ret_is_second)
{
	for (int i = 0; node->text && i < 2; i++) {
		if (str_eq(node->text, words[i])) {
			*ret_is_second = i == 1;
			return true;
		}
	}
	char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	findings_error(scope->checking->findings, node->place,
		checking_suggest(node->text ? node->text : "", words, 2,
			checking_one_of(words, 2, all), text),
		"'%s' is no value of %s", node->text ? node->text : node_type_name(node->type),
		key);
	return false;
}

static void read_mode(struct policy_scope *scope, const struct node *node)
{
	static const char *const words[2] = {"enforce", "observe"};
	bool is_observe;
	if (read_word(scope, "mode", node, words, &is_observe))
		scope->policy->mode = is_observe ? MODE_OBSERVE : MODE_ENFORCE;
}

static void read_prune(struct policy_scope *scope, const struct node *node)
{
	static const char *const words[2] = {"hold", "delete"};
	bool is_delete;
	if (read_word(scope, "prune", node, words, &is_delete))
		scope->policy->prune = is_delete ? PRUNE_DELETE : PRUNE_HOLD;
}

static void read_replace(struct policy_scope *scope, const struct node *node)
{
	static const char *const words[2] = {"hold", "allow"};
	bool is_allowed;
	if (read_word(scope, "replace", node, words, &is_allowed))
		scope->policy->replace = is_allowed ? PRUNE_DELETE : PRUNE_HOLD;
}

static void read_interval(struct policy_scope *scope, const struct node *node)
{
	enum { LEAST_MS = 1000, MOST_MS = 24 * 3600 * 1000 };
	int64_t ms;
	bool is_ok = (node->type == NODE_STRING || node->type == NODE_INT) &&
		     num_parse_duration_ms(node->text, &ms) && ms >= LEAST_MS && ms <= MOST_MS;
	if (is_ok)
		scope->policy->interval_ms = ms;
	else
		findings_error(scope->checking->findings, node->place,
			"write a time from 1s to 24h, such as 60s or 5m", "'%s' is no interval",
			node->text ? node->text : node_type_name(node->type));
}

static void read_most_deletes(struct policy_scope *scope, const struct node *node)
{
	if (node->type == NODE_INT && node->integer >= 0 && node->integer <= 10000)
		scope->policy->most_deletes = (int)node->integer;
	else
		findings_error(scope->checking->findings, node->place,
			"write a whole number from 0 to 10000",
			"most_deletes must be a number of resources");
}

static bool is_field(const struct kind *kind, const char *name)
{
	for (const struct field *f = kind->fields; f->name; f++)
		if (str_eq(f->name, name))
			return true;
	return false;
}

static void ignore_one(struct policy_scope *scope, const struct node *node)
{
	const char *names[256];
	size_t count = 0;
	char text[CHECKING_TEXT_BYTES];
	if (node->is_broken)
		return;
	for (const struct kind *const *k = all_kinds; *k && node->text; k++)
		if ((!scope->kind || scope->kind == *k) && is_field(*k, node->text)) {
			json_array_append_new(scope->policy->ignore, json_string(node->text));
			return;
		}
	for (const struct kind *const *k = all_kinds; *k; k++)
		for (const struct field *f = (*k)->fields;
			f->name && (!scope->kind || scope->kind == *k) && count < 256; f++)
			names[count++] = f->name;
	findings_error(scope->checking->findings, node->place,
		checking_suggest(node->text ? node->text : "", names, count,
			"name fields as they are written in the file", text),
		"ignore: no field '%s'%s%s", node->text ? node->text : node_type_name(node->type),
		scope->kind ? " of " : "", scope->kind ? scope->kind->name : "");
}

static void read_ignore(struct policy_scope *scope, const struct node *node)
{
	if (node->type != NODE_LIST) {
		findings_error(scope->checking->findings, node->place,
			"write a list of fields: [...]", "ignore must be a list, not %s",
			node_type_name(node->type));
		return;
	}
	// What is ignored above stays ignored below.
	json_t *ignore = scope->policy->ignore ? json_copy(scope->policy->ignore) : json_array();
	json_decref(scope->policy->ignore);
	scope->policy->ignore = ignore;
	for (size_t i = 0; i < node->count; i++)
		ignore_one(scope, node->items[i]);
}

static void accept_one(
	struct policy_scope *scope, const char *id, struct place place, const struct node *reason)
{
	struct findings *findings = scope->checking->findings;
	if (!advice_find(id)) {
		const char *names[64];
		size_t count = 0;
		char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
		for (const struct advice_rule *r = advice_rules; r->id && count < 64; r++)
			names[count++] = r->id;
		findings_error(findings, place,
			checking_suggest(
				id, names, count, checking_one_of(names, count, all), text),
			"accept: no advice '%s'", id);
	} else if (reason->is_broken) {
		return;
	} else if (reason->type != NODE_STRING || !reason->text[strspn(reason->text, " \t\n")]) {
		findings_error(findings, reason->type == NODE_NULL ? place : reason->place,
			"say in a sentence why that is right here", "accept: '%s' without a reason",
			id);
	} else {
		js_set_str(scope->policy->accept, id, reason->text);
	}
}

static void read_accept(struct policy_scope *scope, const struct node *node)
{
	if (node->type != NODE_MAP) {
		findings_error(scope->checking->findings, node->place,
			"write 'accept: {<advice>: \"<reason>\"}'", "accept must be a map, not %s",
			node_type_name(node->type));
		return;
	}
	// What is accepted above stays accepted below.
	json_t *accept = scope->policy->accept ? json_copy(scope->policy->accept) : json_object();
	json_decref(scope->policy->accept);
	scope->policy->accept = accept;
	for (size_t i = 0; i < node->count; i++)
		accept_one(scope, node->keys[i], node->key_places[i], node->items[i]);
}

struct policy_row {
	const char *name;
	void (*read)(struct policy_scope *scope, const struct node *node);
	enum policy_level deepest; // may be written down to this level
};

// clang-format off
static const struct policy_row policy_rows[] = {
	{"mode",         read_mode,         POLICY_RESOURCE},
	{"prune",        read_prune,        POLICY_RESOURCE},
	{"replace",      read_replace,      POLICY_RESOURCE},
	{"ignore",       read_ignore,       POLICY_RESOURCE},
	{"accept",       read_accept,       POLICY_RESOURCE},
	{"interval",     read_interval,     POLICY_LAYER},
	{"most_deletes", read_most_deletes, POLICY_LAYER},
};
// clang-format on

static void read_policy_member(
	struct policy_scope *scope, const struct node *node, size_t i, enum policy_level level)
{
	const char *names[ARRAY_COUNT(policy_rows)], *key = node->keys[i];
	for (size_t r = 0; r < ARRAY_COUNT(policy_rows); r++) {
		names[r] = policy_rows[r].name;
		if (!str_eq(names[r], key))
			continue;
		if (level > policy_rows[r].deepest)
			findings_error(scope->checking->findings, node->key_places[i],
				"move it to the policy of the layer or of the stack",
				"'%s' is not for single resources", key);
		else if (!node->items[i]->is_broken && node->items[i]->type != NODE_NULL)
			policy_rows[r].read(scope, node->items[i]);
		return;
	}
	char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	findings_error(scope->checking->findings, node->key_places[i],
		checking_suggest(key, names, ARRAY_COUNT(names),
			checking_one_of(names, ARRAY_COUNT(names), all), text),
		"unknown member '%s' of policy", key);
}

struct policy policy_read(struct checking *checking, const struct policy *base,
	const struct node *node, enum policy_level level, const struct kind *kind)
{
	struct policy policy = *base;
	json_incref(policy.ignore);
	json_incref(policy.accept);
	struct policy_scope scope = {.checking = checking, .policy = &policy, .kind = kind};
	if (!node || node->is_broken || node->type == NODE_NULL)
		return policy;
	if (node->type != NODE_MAP) {
		findings_error(checking->findings, node->place, "write 'policy: {mode: enforce}'",
			"policy must be a map, not %s", node_type_name(node->type));
		return policy;
	}
	for (size_t i = 0; i < node->count; i++)
		read_policy_member(&scope, node, i, level);
	return policy;
}

void header_read(struct checking *checking, const struct node *root)
{
	struct desired *desired = checking->desired;
	const struct policy base = {.most_deletes = -1};
	desired->stack = read_stack(checking, root);
	desired->account = read_account(checking, root);
	desired->region = read_region(checking, root);
	desired->tags = tags_read(checking, NULL, node_get(root, "tags"));
	desired->policy =
		policy_read(checking, &base, node_get(root, "policy"), POLICY_STACK, NULL);
}
