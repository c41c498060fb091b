// The data layer: databases and the keys of what they hold. Its checks are those that need more
// than one resource: AWS answers them minutes later, or names the wrong one.
#include "base/str.h"
#include "core/desired.h"
#include "core/place.h"
#include "data/rds.h"
#include <ctype.h>

// ---- what the kinds of RDS share

const struct tagging rds_tagging = {
	.create = ARGS({"Tags" : "@tags"}),
	.observed = "TagList",
	.add = {.operation = "AddTagsToResource",
		.args = ARGS({"ResourceName" : "@arn", "Tags" : "@tags"}),
		.flags = CALL_REPEATABLE},
	.remove = {.operation = "RemoveTagsFromResource",
		.args = ARGS({"ResourceName" : "@arn", "TagKeys" : "@tag_keys"}),
		.flags = CALL_REPEATABLE},
	.form = TAGS_KEY_VALUE,
};

void rds_check_name(const struct rds_name *rule, const json_t *desired, const struct node *node,
	struct findings *findings)
{
	const char *name = js_str(desired, rule->member), *why = NULL;
	bool has_hyphens = !strchr(rule->extra, '-');
	size_t n = name ? strlen(name) : 0;
	if (!name)
		return;
	for (const char *p = name; *p && !why; p++)
		if (isupper((unsigned char)*p))
			why = "has upper-case letters, which AWS would store in lower case";
		else if (!isalnum((unsigned char)*p) && *p != '-' && !strchr(rule->extra, *p))
			why = "has a sign that AWS does not take";
	if (!why && !islower((unsigned char)*name))
		why = "does not begin with a letter";
	else if (!why && n > rule->most)
		why = "is too long";
	else if (!why && has_hyphens && (name[n - 1] == '-' || strstr(name, "--")))
		why = "has a hyphen at its end or two in a row";
	char remedy[160];
	snprintf(remedy, sizeof(remedy),
		"use at most %zu lower-case letters, digits and single hyphens, a letter first",
		rule->most);
	if (why)
		findings_error(findings, place_of(node, rule->field), remedy, "%s '%s' %s",
			rule->field, name, why);
}

// ---- subnets

static const struct wanted *referred(const struct desired *desired, const json_t *reference)
{
	const char *address = js_str(reference, "@ref");
	return address ? desired_find(desired, address) : NULL;
}

/* Does every subnet of the list say `member`, and all the same? */
static bool are_all_one(const struct desired *desired, const json_t *subnets, const char *member)
{
	const json_t *first = NULL;
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)subnets, i, one) {
		const struct wanted *subnet = referred(desired, one);
		const json_t *value = subnet ? json_object_get(subnet->desired, member) : NULL;
		if (!value || (first && !json_equal((json_t *)first, (json_t *)value)))
			return false;
		first = value;
	}
	return first != NULL;
}

static void check_zones(const struct desired *desired, const struct wanted *wanted,
	const char *member, const char *field, struct findings *findings)
{
	const json_t *subnets = json_object_get(wanted->desired, member);
	if (json_array_size(subnets) > 1 && are_all_one(desired, subnets, "AvailabilityZone"))
		findings_error(findings, place_of(wanted->node, field),
			"add a subnet of another zone", "%s '%s' covers one zone, AWS wants two",
			wanted->kind->name, wanted->name);
}

static void check_network(const struct desired *desired, const struct wanted *wanted,
	const char *member, const char *field, struct findings *findings)
{
	const json_t *subnets = json_object_get(wanted->desired, member);
	const struct wanted *first = referred(desired, json_array_get(subnets, 0));
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)subnets, i, one) {
		const struct wanted *subnet = referred(desired, one);
		const json_t *vpc = subnet ? json_object_get(subnet->desired, "VpcId") : NULL;
		const json_t *other = first ? json_object_get(first->desired, "VpcId") : NULL;
		if (!vpc || !other || json_equal((json_t *)vpc, (json_t *)other))
			continue;
		findings_error(findings, place_of_item(wanted->node, field, i),
			"take subnets of one network",
			"%s '%s': subnet '%s' is in another vpc than '%s'", wanted->kind->name,
			wanted->name, subnet->name, first->name);
		return;
	}
}

// ---- engines

/* The part of a version that names a parameter group family: "16.3" -> "16" for PostgreSQL,
 * "8.0.36"
 * -> "8.0" for the others. "" when it is not told. */
static void major_version(const char *engine, const char *version, char *ret, size_t bytes)
{
	size_t n = strcspn(version, ".");
	if (!str_eq(engine, "postgres") && version[n])
		n += 1 + strcspn(version + n + 1, ".");
	else if (!str_eq(engine, "postgres"))
		n = 0; // "8" alone may be 8.0 or 8.4
	snprintf(ret, bytes, "%.*s", (int)n, version);
}

static void check_family(
	const struct desired *desired, const struct wanted *instance, struct findings *findings)
{
	const struct wanted *group =
		referred(desired, json_object_get(instance->desired, "DBParameterGroupName"));
	const char *family = group ? js_str(group->desired, "DBParameterGroupFamily") : NULL;
	const char *engine = js_str(instance->desired, "Engine");
	const char *version = js_str(instance->desired, "EngineVersion");
	char major[32] = "", wanted[96];
	if (!family || !engine)
		return;
	if (version)
		major_version(engine, version, major, sizeof(major));
	snprintf(wanted, sizeof(wanted), "%s%s", engine, major);
	if (*major ? str_eq(family, wanted) : str_starts(family, engine))
		return;
	char remedy[200];
	snprintf(remedy, sizeof(remedy), "refer to a group of family %s%s (%s:%d is of %s)", wanted,
		*major ? "" : "...", group->place.file, group->place.line, family);
	findings_error(findings, place_of(instance->node, "db_parameter_group"), remedy,
		"db_instance '%s' runs %s%s%s, its parameter group '%s' is for %s", instance->name,
		engine, version ? " " : "", version ? version : "", group->name, family);
}

static bool speaks(const char *family, const char *engine)
{
	if (str_eq(family, "POSTGRESQL"))
		return str_eq(engine, "postgres");
	if (str_eq(family, "MYSQL"))
		return str_eq(engine, "mysql") || str_eq(engine, "mariadb");
	return str_starts(engine, "sqlserver-");
}

static void check_targets(
	const struct desired *desired, const struct wanted *proxy, struct findings *findings)
{
	const char *family = js_str(proxy->desired, "EngineFamily");
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(proxy->desired, "DBInstanceIdentifiers"), i, one) {
		const struct wanted *instance = referred(desired, one);
		const char *engine = instance ? js_str(instance->desired, "Engine") : NULL;
		if (family && engine && !speaks(family, engine))
			findings_error(findings, place_of_item(proxy->node, "targets", i),
				"choose the engine_family of the database",
				"db_proxy '%s' speaks %s, and db_instance '%s' is %s", proxy->name,
				family, instance->name, engine);
	}
}

static void check(const struct desired *desired, struct findings *findings)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		const char *kind = wanted->kind->name;
		if (str_eq(kind, "db_subnet_group")) {
			check_zones(desired, wanted, "SubnetIds", "subnets", findings);
			check_network(desired, wanted, "SubnetIds", "subnets", findings);
		} else if (str_eq(kind, "db_proxy")) {
			check_zones(desired, wanted, "VpcSubnetIds", "vpc_subnets", findings);
			check_network(desired, wanted, "VpcSubnetIds", "vpc_subnets", findings);
			check_targets(desired, wanted, findings);
		} else if (str_eq(kind, "db_instance")) {
			check_family(desired, wanted, findings);
		}
	}
}

const struct layer data_layer = {
	.name = "data",
	.summary = "databases and their keys",
	.interval_ms = 60000,
	.concurrency = 16,
	.check = check,
};
