// What the kinds of Elastic Load Balancing share: how it tags, names and routes.
//
// AWS shows actions with everything that was left out filled in, and a forward to one target group
// in two spellings at once. Here both sides get the same form, so that a member that the file does
// not set is held to its default: an action is written as a whole.
#include "compute/elbv2.h"
#include "base/str.h"
#include "core/place.h"
#include <ctype.h>

// clang-format off
const struct tagging elbv2_tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "TagDescriptions.0.Tags",
	.add = {.operation = "AddTags", .args = ARGS({"ResourceArns": ["@id"], "Tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "RemoveTags", .args = ARGS({"ResourceArns": ["@id"], "TagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
};

const struct field elbv2_action_refs[] = {
	{.name = "target_group", .member = "TargetGroupArn", .type = FIELD_REF, .ref = "target_group", .summary = "the group that gets the request"},
	{0},
};
// clang-format on

// ---- one form

static void set_default(json_t *object, const char *member, const char *value)
{
	if (json_is_object(object) && !json_object_get(object, member))
		js_set_str(object, member, value);
}

static void set_default_int(json_t *object, const char *member, json_int_t value)
{
	if (json_is_object(object) && !json_object_get(object, member))
		json_object_set_new(object, member, json_integer(value));
}

// "You can reuse URI components using the following reserved keywords": what is left out stays.
static void canon_redirect(json_t *config)
{
	set_default(config, "Protocol", "#{protocol}");
	set_default(config, "Host", "#{host}");
	set_default(config, "Port", "#{port}");
	set_default(config, "Path", "/#{path}");
	set_default(config, "Query", "#{query}");
}

// A disabled stickiness is none.
static bool is_sticky(const json_t *forward)
{
	return js_bool(json_object_get(forward, "TargetGroupStickinessConfig"), "Enabled", false);
}

// "To route to a single target group, specify TargetGroupArn; to one or more, ForwardConfig": one
// group without stickiness is always the first, everything else the second. A weight of zero sends
// nothing, and is not the same.
static void canon_forward(json_t *action)
{
	json_t *config = json_object_get(action, "ForwardConfig");
	json_t *groups = json_object_get(config, "TargetGroups"), *group;
	size_t i;
	if (!config)
		return;
	if (json_array_size(groups) == 0 && json_object_get(action, "TargetGroupArn")) {
		json_object_set_new(config, "TargetGroups",
			json_pack("[{s:O}]", "TargetGroupArn",
				json_object_get(action, "TargetGroupArn")));
		groups = json_object_get(config, "TargetGroups");
	}
	if (!is_sticky(config))
		json_object_del(config, "TargetGroupStickinessConfig");
	json_array_foreach (groups, i, group)
		set_default_int(group, "Weight", 1);
	group = json_array_get(groups, 0);
	json_object_del(action, "TargetGroupArn");
	if (json_array_size(groups) == 1 && js_int(group, "Weight", 1) > 0) {
		if (is_sticky(config)) {
			json_object_set_new(group, "Weight", json_integer(1));
			return;
		}
		json_object_set(action, "TargetGroupArn", json_object_get(group, "TargetGroupArn"));
		json_object_del(action, "ForwardConfig");
	}
}

// AWS never shows the client secret, and what only says how to treat it is no state.
static void canon_authenticate(json_t *config)
{
	set_default(config, "SessionCookieName", "AWSELBAuthSessionCookie");
	set_default(config, "Scope", "openid");
	set_default(config, "OnUnauthenticatedRequest", "authenticate");
	set_default_int(config, "SessionTimeout", 604800);
}

void elbv2_canon_actions(json_t *actions)
{
	size_t i;
	json_t *action;
	json_array_foreach (actions, i, action) {
		canon_redirect(json_object_get(action, "RedirectConfig"));
		canon_authenticate(json_object_get(action, "AuthenticateOidcConfig"));
		canon_authenticate(json_object_get(action, "AuthenticateCognitoConfig"));
		canon_forward(action);
		if (json_array_size(actions) == 1)
			json_object_del(action, "Order"); // "required for rules with several"
	}
}

// ---- checks

void elbv2_check_name(const json_t *desired, const struct node *node, struct findings *findings)
{
	enum { MOST_CHARACTERS = 32 };
	const char *name = js_str(desired, "Name");
	size_t length = name ? strlen(name) : 0, good = 0;
	if (!length)
		return;
	while (isalnum((unsigned char)name[good]) || name[good] == '-')
		good++;
	struct place place = node_get(node, "name") ? place_of(node, "name") : node->place;
	if (length > MOST_CHARACTERS)
		findings_error(findings, place, "give it a shorter 'name:' of its own",
			"name '%s' has %zu characters, AWS takes at most %d", name, length,
			MOST_CHARACTERS);
	else if (good != length || name[0] == '-' || name[length - 1] == '-')
		findings_error(findings, place,
			"use letters, digits and hyphens, no hyphen at either end",
			"'%s' is no name of a load balancer or target group", name);
	else if (str_starts(name, "internal-"))
		findings_error(findings, place,
			"AWS keeps that prefix for its host names: choose another name",
			"name '%s' begins with 'internal-'", name);
}

struct action_row {
	const char *type, *member, *name;
};

static const struct action_row action_rows[] = {
	{"redirect", "RedirectConfig", "redirect_config"},
	{"fixed-response", "FixedResponseConfig", "fixed_response_config"},
	{"authenticate-oidc", "AuthenticateOidcConfig", "authenticate_oidc_config"},
	{"authenticate-cognito", "AuthenticateCognitoConfig", "authenticate_cognito_config"},
	{"jwt-validation", "JwtValidationConfig", "jwt_validation_config"},
	{"forward", "ForwardConfig", "target_group"},
};

static void check_structure(
	const json_t *action, const char *type, struct place place, struct findings *findings)
{
	for (size_t i = 0; i < ARRAY_COUNT(action_rows); i++) {
		const struct action_row *row = &action_rows[i];
		bool is_forward = str_eq(row->type, "forward");
		bool has = json_object_get(action, row->member) ||
			   (is_forward && json_object_get(action, "TargetGroupArn"));
		char remedy[100];
		snprintf(remedy, sizeof(remedy), "add '%s:'", row->name);
		if (str_eq(row->type, type) && !has)
			findings_error(findings, place, remedy, "an action of type %s needs %s%s",
				type, row->name, is_forward ? " or forward_config" : "");
		snprintf(remedy, sizeof(remedy), "take it out, or write 'type: %s'", row->type);
		if (!str_eq(row->type, type) && has)
			findings_error(findings, place, remedy,
				"%s is not for an action of type %s",
				is_forward ? "a target group" : row->name, type);
	}
}

// "#{protocol}://#{host}:#{port}/#{path}?#{query}": a redirect that changes nothing is a loop.
static void check_redirect(const json_t *config, struct place place, struct findings *findings)
{
	static const char *const rows[][2] = {{"Protocol", "#{protocol}"}, {"Host", "#{host}"},
		{"Port", "#{port}"}, {"Path", "/#{path}"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *value = js_str(config, rows[i][0]);
		if (!value || !str_eq(value, rows[i][1]))
			return;
	}
	findings_error(findings, place, "change its protocol, host, port or path",
		"the redirect leads to where it comes from");
}

void elbv2_check_actions(
	const json_t *actions, const char *name, const struct node *node, struct findings *findings)
{
	size_t i, finals = 0, count = json_array_size(actions);
	json_t *action;
	json_array_foreach ((json_t *)actions, i, action) {
		struct place place = place_of_item(node, name, i);
		const char *type = js_str(action, "Type");
		if (!type)
			continue;
		check_structure(action, type, place, findings);
		if (json_object_get(action, "RedirectConfig"))
			check_redirect(json_object_get(action, "RedirectConfig"), place, findings);
		if (json_object_get(
			    json_object_get(action, "AuthenticateOidcConfig"), "ClientSecret"))
			findings_error(findings, place,
				"set it in AWS once, and write 'use_existing_client_secret: true'",
				"a client secret does not belong into the file");
		finals += str_eq(type, "forward") || str_eq(type, "redirect") ||
			  str_eq(type, "fixed-response");
		if (count > 1 && !json_object_get(action, "Order"))
			findings_error(findings, place, "add 'order:', the lowest runs first",
				"one of several actions without an order");
	}
	if (count > 0 && finals != 1)
		findings_error(findings, place_of(node, name),
			"end with one forward, redirect or fixed-response",
			"%s has %zu actions that answer a request; AWS wants one", name, finals);
}
