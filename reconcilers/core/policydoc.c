// The grammar is IAM's "Grammar of the IAM JSON policy language". Only its outline is checked:
// elements, effects, that statements say what they are about. Names are case-sensitive there.
#include "core/policydoc.h"
#include "base/str.h"

static bool check_keys(const char *what, const struct node *map, const char *const *names,
	size_t count, struct findings *findings)
{
	bool ok = true;
	for (size_t i = 0; i < map->count; i++) {
		bool is_known = false;
		for (size_t j = 0; j < count; j++)
			is_known = is_known || str_eq(map->keys[i], names[j]);
		if (is_known)
			continue;
		const char *near = nearest_name(map->keys[i], names, count);
		char remedy[100];
		snprintf(remedy, sizeof(remedy), "did you mean '%s'?", near ? near : "");
		findings_error(findings, map->key_places[i],
			near ? remedy : "keys of IAM policies are written as in AWS's reference",
			"unknown element '%s' in %s", map->keys[i], what);
		ok = false;
	}
	return ok;
}

static bool check_statement(
	const char *what, const struct node *statement, struct findings *findings)
{
	static const char *const names[] = {"Sid", "Effect", "Principal", "NotPrincipal", "Action",
		"NotAction", "Resource", "NotResource", "Condition"};
	if (statement->is_broken)
		return false;
	if (statement->type != NODE_MAP) {
		findings_error(findings, statement->place,
			"write {Effect: Allow, Action: ..., ...}",
			"a statement of %s must be a map, not %s", what,
			node_type_name(statement->type));
		return false;
	}
	bool ok = check_keys(what, statement, names, ARRAY_COUNT(names), findings);
	const struct node *effect = node_get(statement, "Effect");
	if (!ok && !effect)
		return false; // most likely it is the element that was just told
	if (!effect || effect->type != NODE_STRING ||
		(!str_eq(effect->text, "Allow") && !str_eq(effect->text, "Deny"))) {
		findings_error(findings, effect ? effect->place : statement->place,
			"write 'Effect: Allow' or 'Effect: Deny'",
			"a statement of %s has no valid Effect", what);
		ok = false;
	}
	if (!node_get(statement, "Action") && !node_get(statement, "NotAction")) {
		findings_error(findings, statement->place, "add 'Action:'",
			"a statement of %s has no Action", what);
		ok = false;
	}
	return ok;
}

bool policydoc_check(const char *what, const struct node *node, struct findings *findings)
{
	static const char *const names[] = {"Version", "Id", "Statement"};
	bool ok = check_keys(what, node, names, ARRAY_COUNT(names), findings);
	const struct node *version = node_get(node, "Version");
	if (version && (!version->text || (!str_eq(version->text, "2012-10-17") &&
						  !str_eq(version->text, "2008-10-17")))) {
		findings_error(findings, version->place, "write \"2012-10-17\"",
			"%s has a Version that AWS does not know", what);
		ok = false;
	}
	const struct node *statement = node_get(node, "Statement");
	if (!statement) {
		findings_error(
			findings, node->place, "add 'Statement:'", "%s has no Statement", what);
		return false;
	}
	if (statement->type != NODE_LIST)
		return check_statement(what, statement, findings) && ok;
	for (size_t i = 0; i < statement->count; i++)
		ok = check_statement(what, statement->items[i], findings) && ok;
	return ok;
}
