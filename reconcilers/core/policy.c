// The `policy:` of a stack, a layer or a resource: each level says otherwise than the one above it,
// or nothing.
#include "core/policy.h"
#include "base/num.h"
#include "base/str.h"
#include "core/advice.h"

struct policy policy_default(void)
{
	return (struct policy){.most_deletes = -1,
		.most_deletes_per_hour = -1,
		.most_drift_percent = -1,
		.most_corrections = -1,
		.rules = {[DISRUPTS_REPLACEMENT] = RULE_HOLD, [DISRUPTS_DATA_LOSS] = RULE_HOLD}};
}

void policy_done(struct policy *policy)
{
	json_decref(policy->ignore);
	json_decref(policy->accept);
	windows_unref(policy->windows);
	policy->ignore = policy->accept = NULL;
	policy->windows = NULL;
}

struct policy_scope {
	struct checking *checking;
	struct policy *policy;
	const struct kind *kind;
};

/* The index of one of some words; -1 after a finding. */
static int read_word(struct policy_scope *scope, const char *key, const struct node *node,
	const char *const *words, int count)
{
	for (int i = 0; node->text && i < count; i++)
		if (str_eq(node->text, words[i]))
			return i;
	char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	findings_error(scope->checking->findings, node->place,
		checking_suggest(node->text ? node->text : "", words, (size_t)count,
			checking_one_of(words, (size_t)count, all), text),
		"'%s' is no value of %s", node->text ? node->text : node_type_name(node->type),
		key);
	return -1;
}

static void read_mode(struct policy_scope *scope, const struct node *node)
{
	static const char *const words[] = {[MODE_ENFORCE] = "enforce", [MODE_OBSERVE] = "observe"};
	int word = read_word(scope, "mode", node, words, 2);
	if (word >= 0)
		scope->policy->mode = (enum policy_mode)word;
}

static void read_prune(struct policy_scope *scope, const struct node *node)
{
	static const char *const words[] = {[PRUNE_HOLD] = "hold", [PRUNE_DELETE] = "delete"};
	int word = read_word(scope, "prune", node, words, 2);
	if (word >= 0)
		scope->policy->prune = (enum policy_prune)word;
}

static void read_foreign(struct policy_scope *scope, const struct node *node)
{
	static const char *const words[] = {
		[FOREIGN_HOLD] = "hold", [FOREIGN_DELETE] = "delete", [FOREIGN_LEAVE] = "leave"};
	int word = read_word(scope, "foreign", node, words, 3);
	if (word >= 0)
		scope->policy->foreign = (enum policy_foreign)word;
}

// ---- what may interrupt

static const char *const rule_words[] = {
	[RULE_ALLOW] = "allow", [RULE_WINDOW] = "window", [RULE_HOLD] = "hold"};

// Short for disruption: {replacement: ...}.
static void read_replace(struct policy_scope *scope, const struct node *node)
{
	int word = read_word(scope, "replace", node, rule_words, ARRAY_COUNT(rule_words));
	if (word >= 0)
		scope->policy->rules[DISRUPTS_REPLACEMENT] = (enum policy_rule)word;
}

static void read_disruption_of(
	struct policy_scope *scope, const char *name, struct place place, const struct node *node)
{
	const char *names[DISRUPTS_DATA_LOSS + 1];
	for (int i = 0; i <= DISRUPTS_DATA_LOSS; i++) {
		names[i] = disruption_name((enum disruption)i);
		if (!str_eq(names[i], name))
			continue;
		int word = read_word(scope, name, node, rule_words, ARRAY_COUNT(rule_words));
		if (i == DISRUPTS_DATA_LOSS && word >= 0 && word != RULE_HOLD)
			findings_error(scope->checking->findings, node->place, "take it out",
				"what may lose data is always held: each such change is approved "
				"by name");
		else if (word >= 0)
			scope->policy->rules[i] = (enum policy_rule)word;
		return;
	}
	char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	findings_error(scope->checking->findings, place,
		checking_suggest(name, names, ARRAY_COUNT(names),
			checking_one_of(names, ARRAY_COUNT(names), all), text),
		"disruption: no class '%s'", name);
}

static void read_disruption(struct policy_scope *scope, const struct node *node)
{
	if (node->type != NODE_MAP) {
		findings_error(scope->checking->findings, node->place,
			"write 'disruption: {reboot: window}'", "disruption must be a map, not %s",
			node_type_name(node->type));
		return;
	}
	for (size_t i = 0; i < node->count; i++)
		if (!node->items[i]->is_broken)
			read_disruption_of(
				scope, node->keys[i], node->key_places[i], node->items[i]);
}

static const char *text_of(const struct node *node, const char *key)
{
	const struct node *member = node_get(node, key);
	return member && member->type == NODE_STRING ? member->text : NULL;
}

// "Sun 03:00-05:00", {at: ..., time_zone: ...} or {cron: ..., duration: ..., time_zone: ...}
static struct err parse_window(const struct node *node, struct window *ret)
{
	if (node->type == NODE_STRING)
		return window_parse_calendar(node->text, NULL, ret);
	static const char *const names[] = {"at", "cron", "duration", "time_zone"};
	for (size_t i = 0; i < node->count; i++) {
		bool is_known = false;
		for (size_t j = 0; j < ARRAY_COUNT(names); j++)
			is_known = is_known || str_eq(names[j], node->keys[i]);
		if (!is_known || node->items[i]->type != NODE_STRING)
			return err_new(ERR_INVALID,
				"a window has 'at', or 'cron' and 'duration', and a 'time_zone', "
				"all of them texts");
	}
	const char *at = text_of(node, "at"), *cron = text_of(node, "cron"),
		   *duration = text_of(node, "duration"), *zone = text_of(node, "time_zone");
	int64_t ms;
	if (node->type != NODE_MAP || !at == !cron || (at && duration))
		return err_new(ERR_INVALID, "a window has either 'at', or 'cron' and 'duration'");
	if (at)
		return window_parse_calendar(at, zone, ret);
	if (!duration || !num_parse_duration_ms(duration, &ms))
		return err_new(ERR_INVALID, "a cron window needs a duration such as 2h");
	return window_parse_cron(cron, ms, zone, ret);
}

static void read_windows(struct policy_scope *scope, const struct node *node)
{
	static const char remedy[] = "write 'windows: [\"Sun 03:00-05:00\"]', or {at: ..., "
				     "time_zone: Europe/Berlin}, or {cron: \"0 3 * * 0\", "
				     "duration: 2h}";
	size_t count = node->type == NODE_LIST ? node->count : 1;
	struct windows *windows = windows_new(count);
	for (size_t i = 0; i < count && windows; i++) {
		const struct node *one = node->type == NODE_LIST ? node->items[i] : node;
		struct err err = parse_window(one, &windows->items[windows->count]);
		if (err_is(&err))
			findings_error(scope->checking->findings, one->place, remedy, "windows: %s",
				err.message);
		else
			windows->count++;
	}
	windows_unref(scope->policy->windows);
	scope->policy->windows = windows;
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

static void read_count(
	struct policy_scope *scope, const struct node *node, const char *key, int *ret)
{
	if (node->type == NODE_INT && node->integer >= 0 && node->integer <= 10000)
		*ret = (int)node->integer;
	else
		findings_error(scope->checking->findings, node->place,
			"write a whole number from 0 to 10000", "%s must be a number", key);
}

static void read_most_deletes(struct policy_scope *scope, const struct node *node)
{
	read_count(scope, node, "most_deletes", &scope->policy->most_deletes);
}

static void read_most_deletes_per_hour(struct policy_scope *scope, const struct node *node)
{
	read_count(scope, node, "most_deletes_per_hour", &scope->policy->most_deletes_per_hour);
}

static void read_most_corrections(struct policy_scope *scope, const struct node *node)
{
	if (node->type == NODE_INT && node->integer >= 1 && node->integer <= 20)
		scope->policy->most_corrections = (int)node->integer;
	else
		findings_error(scope->checking->findings, node->place,
			"write a whole number from 1 to 20",
			"most_corrections must be a number of corrections of one field in an hour");
}

// "30%": a share of a layer's resources.
static void read_most_drift(struct policy_scope *scope, const struct node *node)
{
	char *end = NULL;
	long share = node->type == NODE_STRING ? strtol(node->text, &end, 10) : -1;
	if (end && end != node->text && str_eq(end, "%") && share >= 0 && share <= 100)
		scope->policy->most_drift_percent = (int)share;
	else
		findings_error(scope->checking->findings, node->place,
			"write a share of the layer's resources from 0% to 100%, such as 30%",
			"most_drift must be a percentage");
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
		if ((!scope->kind || scope->kind == *k) &&
			(is_field(*k, node->text) ||
				((*k)->tagging && str_eq(node->text, "tags")))) {
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

// Can a change of the kind, or its end, be of that class?
static bool can_disrupt(const struct kind *kind, enum disruption class)
{
	bool can = kind->ends == class || class == DISRUPTS_REPLACEMENT;
	for (const struct field *f = kind->fields; f->name; f++)
		can = can || f->disrupts == class;
	return can;
}

void policy_check_windows(const struct desired *desired, struct findings *findings)
{
	for (int class = DISRUPTS_CONNECTIONS; class < DISRUPTS_DATA_LOSS; class ++) {
		const struct wanted *first = NULL;
		int count = 0;
		for (size_t i = 0; i < desired->count; i++) {
			const struct wanted *wanted = &desired->wanted[i];
			const struct windows *windows = wanted->policy.windows;
			if (wanted->policy.rules[class] != RULE_WINDOW ||
				(windows && windows->count > 0) ||
				!can_disrupt(wanted->kind, (enum disruption) class))
				continue;
			first = first ? first : wanted;
			count++;
		}
		if (!first)
			continue;
		char others[32] = "";
		if (count > 1)
			snprintf(others, sizeof(others), " and of %d others", count - 1);
		findings_warning(findings, first->place,
			"write 'windows: [\"Sun 03:00-05:00\"]' into the policy, or 'hold' for "
			"'window'",
			"%s: a change of it%s that interrupts (%s) is to wait for a window, and "
			"its policy has none: it would wait for approval",
			first->address, others, disruption_name((enum disruption) class));
	}
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
	{"foreign",      read_foreign,      POLICY_RESOURCE},
	{"replace",      read_replace,      POLICY_RESOURCE},
	{"disruption",   read_disruption,   POLICY_RESOURCE},
	{"windows",      read_windows,      POLICY_RESOURCE},
	{"ignore",       read_ignore,       POLICY_RESOURCE},
	{"accept",       read_accept,       POLICY_RESOURCE},
	{"most_corrections", read_most_corrections, POLICY_RESOURCE},
	{"interval",     read_interval,     POLICY_LAYER},
	{"most_deletes", read_most_deletes, POLICY_LAYER},
	{"most_deletes_per_hour", read_most_deletes_per_hour, POLICY_LAYER},
	{"most_drift",   read_most_drift,   POLICY_LAYER},
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
	windows_ref(policy.windows);
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
