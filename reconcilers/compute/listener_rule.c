// A rule of a listener: which requests it takes, and what happens to them.
//
// Rules are read by listener, one call each; the default rule, whose priority is "default", mirrors
// the listener. Priorities are moved in one call for all rules of the listener that move, because
// two cannot have one priority, not even for an instant.
#include "base/str.h"
#include "compute/elbv2.h"
#include "core/place.h"

struct condition_row {
	const char *field, *member, *name;
};

static const struct condition_row condition_rows[] = {
	{"host-header", "HostHeaderConfig", "host_header_config"},
	{"path-pattern", "PathPatternConfig", "path_pattern_config"},
	{"http-header", "HttpHeaderConfig", "http_header_config"},
	{"query-string", "QueryStringConfig", "query_string_config"},
	{"http-request-method", "HttpRequestMethodConfig", "http_request_method_config"},
	{"source-ip", "SourceIpConfig", "source_ip_config"},
};

// AWS shows values of hosts and paths twice, as Values and in their structure. Here they stand in
// the structure.
static void canon_conditions(json_t *conditions)
{
	static const char *const twice[] = {"Values", "RegexValues"};
	size_t i;
	json_t *condition;
	json_array_foreach (conditions, i, condition) {
		const char *field = js_str(condition, "Field");
		const char *member = str_eq_null(field, "host-header")    ? "HostHeaderConfig"
				     : str_eq_null(field, "path-pattern") ? "PathPatternConfig"
									  : NULL;
		if (!member)
			continue;
		json_t *config = json_object_get(condition, member);
		if (!config) {
			config = json_object();
			json_object_set_new(condition, member, config);
		}
		for (size_t j = 0; j < ARRAY_COUNT(twice); j++) {
			json_t *values = json_object_get(condition, twice[j]);
			if (json_array_size(values) > 0 && !json_object_get(config, twice[j]))
				json_object_set(config, twice[j], values);
			json_object_del(condition, twice[j]);
		}
	}
}

static void check_condition(const json_t *condition, struct place place, struct findings *findings)
{
	const char *field = js_str(condition, "Field");
	const struct condition_row *own = NULL;
	char remedy[100];
	if (!field) {
		findings_error(findings, place, "add 'field:'", "a condition needs 'field'");
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(condition_rows); i++) {
		const struct condition_row *row = &condition_rows[i];
		if (str_eq(row->field, field))
			own = row;
		else if (json_object_get(condition, row->member)) {
			snprintf(remedy, sizeof(remedy), "take it out, or write 'field: %s'",
				row->field);
			findings_error(findings, place, remedy, "%s is not for a condition on %s",
				row->name, field);
		}
	}
	if (!own) {
		findings_error(findings, place,
			"one of: host-header, path-pattern, http-header, query-string, "
			"http-request-method, source-ip",
			"'%s' is no field of a condition", field);
		return;
	}
	const json_t *config = json_object_get(condition, own->member);
	snprintf(remedy, sizeof(remedy), "add '%s: {values: [...]}'", own->name);
	if (json_array_size(json_object_get(config, "Values")) == 0 &&
		json_array_size(json_object_get(config, "RegexValues")) == 0)
		findings_error(findings, place, remedy, "a condition on %s without values", field);
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const json_t *conditions = json_object_get(desired, "Conditions");
	size_t i;
	json_t *condition;
	elbv2_check_actions(json_object_get(desired, "Actions"), "actions", node, findings);
	if (conditions && json_array_size(conditions) == 0)
		findings_error(findings, place_of(node, "conditions"),
			"add one, or make it the listener's default_actions",
			"a rule needs a condition");
	json_array_foreach ((json_t *)conditions, i, condition)
		check_condition(condition, place_of_item(node, "conditions", i), findings);
}

// clang-format off
#define MODIFY(member) \
	{.operation = "ModifyRule", .args = ARGS({"RuleArn": "@id", member: "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE}

static const struct field fields[] = {
	{.name = "listener", .member = "ListenerArn", .type = FIELD_REF, .ref = "listener", .observed = "each", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "whose requests it takes"},
	{.name = "priority", .flags = FIELD_REQUIRED, .compare = COMPARE_NUMBER,
	 .update = {.operation = "SetRulePriorities", .args = ARGS({"RulePriorities": "@items"}), .item = ARGS({"RuleArn": "@item.id", "Priority": "@item.desired.Priority"}), .shared_by = "ListenerArn", .most = 100,
		    .flags = CALL_BATCH | CALL_REPEATABLE},
	 .summary = "unique in the listener; the lowest is tried first"},
	{.name = "conditions", .flags = FIELD_REQUIRED, .compare = COMPARE_SET, .canon = canon_conditions, .update = MODIFY("Conditions"),
	 .summary = "all must hold: field and values (host-header, path-pattern), or field and its structure"},
	{.name = "actions", .flags = FIELD_REQUIRED, .compare = COMPARE_SET, .canon = elbv2_canon_actions, .refs = elbv2_action_refs, .update = MODIFY("Actions"),
	 .summary = "forward, redirect, fixed-response, after authenticate-*"},
	{.name = "transforms", .compare = COMPARE_LOOSE, .update = MODIFY("Transforms"), .summary = "what is rewritten on the way: host-header-rewrite, url-rewrite"},
	{.name = "rule_arn", .member = "RuleArn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{0},
};

const struct kind listener_rule_kind = {
	.name = "listener_rule",
	.layer = "compute",
	.service = "elbv2",
	.summary = "which requests a listener treats in another way than the rest",
	.tagging = &elbv2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeRules", ARGS({"ListenerArn": "@each", "PageSize": 400}), "Rules", .each = "@{desired.ListenerArn}"},
		.strays = {.under = "listener", .spared = {"IsDefault", "true"}, .by_parent = true, .only = {"Protocol", "HTTP*"}},
		.joins = {ELBV2_TAGS},
		.id = "RuleArn",
		.arn = "RuleArn",
		.tag_types = ELBV2_TAG_TYPES,
		.key = "@{desired.ListenerArn} @{desired.Priority}",
		.item_key = "@{item.each} @{item.Priority}",
	},
	.create = {.operation = "CreateRule"},
	.created_id = "Rules.0.RuleArn",
	.remove = {.operation = "DeleteRule", .args = ARGS({"RuleArn": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	.not_yet = (const char *const[]){"TargetGroupNotFound", "ListenerNotFound", "PriorityInUse", NULL},
	.delete_first = true,
	.check = check,
};
// clang-format on
