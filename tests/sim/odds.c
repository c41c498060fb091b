#include "tests/sim/odds.h"
#include "core/template.h"
#include "tests/sim/cloudops.h"
#include "tests/sim/inverse.h"
#include <stdlib.h>

// clang-format off
static const struct odd odds[] = {
	{"ecs_cluster", "ACTIVE", .made = "{\"clusterArn\": \"@arn\"}", .used_by = "ecs_service", .used = "ClusterContainsServicesException"},
	{"task_definition", "ACTIVE", .made = "{}"},
	// Drains for a while, and until then its name is taken; a target group is taken only with a listener.
	{"ecs_service", "ACTIVE", .made = "{\"deployments\": []}", .arn = "service/@{item.serviceName}", .taken = "InvalidParameterException",
	 .lost = "ClusterNotFoundException", .going = "DRAINING"},
	{"load_balancer", "active", true, "{\"DNSName\": \"lb.example\", \"Attributes\": []}", .taken = "DuplicateLoadBalancerName", .lost = "SubnetNotFound", .takes_along = "listener"},
	{"target_group", .made = "{\"Targets\": [], \"Attributes\": []}", .taken = "DuplicateTargetGroupName", .used_by = "listener", .used = "ResourceInUse"},
	{"listener", .made = "{}", .taken = "DuplicateListener", .lost = "LoadBalancerNotFound"},
	{"log_group", .made = "{\"logGroupArn\": \"@arn\"}"},
	{"alarm", "OK", .made = "{\"AlarmArn\": \"@arn\"}"},
	{"sns_topic", .made = "{}"},
	{"kms_key", "Enabled", true, "{\"Key\": {\"Arn\": \"@id\", \"KeyId\": \"@id\", \"Enabled\": true}, \"Rotation\": {\"KeyRotationEnabled\": false}, \"Aliases\": []}"},
	{"secret", .made = "{}", .arn = "secret:@{item.Name}-AbCdEf", .taken = "ResourceExistsException"},
	{"iam_role", .made = "{\"Arn\": \"@arn\", \"RolePolicyList\": [], \"AttachedManagedPolicies\": []}"},
	{"db_subnet_group", .made = "{\"DBSubnetGroupArn\": \"@arn\"}", .taken = "DBSubnetGroupAlreadyExists", .lost = "InvalidSubnet", .used_by = "db_instance", .used = "InvalidDBSubnetGroupStateFault"},
	{"db_instance", "available", true, "{\"DBInstanceArn\": \"@arn\", \"DbiResourceId\": \"@serial\", \"DeletionProtection\": false}", .taken = "DBInstanceAlreadyExists",
	 .busy = "InvalidDBInstanceState", .lost = "DBSubnetGroupNotFoundFault", .going = "deleting"},
	{"s3_bucket", .made = "{}"},
};
// clang-format on

const struct odd *odd_of(const struct kind *kind)
{
	for (size_t i = 0; i < ARRAY_COUNT(odds); i++)
		if (str_eq(odds[i].kind, kind->name))
			return &odds[i];
	return NULL;
}

static const struct odd *row_of(const struct thing *thing)
{
	const struct odd *odd = odd_of(thing->kind);
	if (!odd)
		abort(); // nothing of another kind was ever made
	return odd;
}

static struct err refuse(const char *code)
{
	return err_code(aws_error_class(code, 400), code, "%s", code);
}

// ---- names

json_t *odd_where(const struct cloud *cloud)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "partition", "aws", "region", "eu-west-1",
		"account", cloud->account, "stack", "shop");
}

char *odd_arn(struct cloud *cloud, const struct kind *kind, const json_t *item)
{
	_cleanup_json_ json_t *where = odd_where(cloud);
	return kind->observe.arn ? template_of_item_at(kind->observe.arn, item, where) : NULL;
}

static char *natural_key(const struct cloud *cloud, const struct kind *kind, const json_t *item)
{
	_cleanup_json_ json_t *where = odd_where(cloud);
	return kind->observe.item_key ? template_of_item_at(kind->observe.item_key, item, where)
				      : NULL;
}

bool odd_stands_for(
	struct cloud *cloud, const struct thing *thing, const json_t *item, const char *text)
{
	if (str_eq(thing->id, text))
		return true;
	_cleanup_free_ char *arn = odd_arn(cloud, thing->kind, item);
	_cleanup_free_ char *key = natural_key(cloud, thing->kind, item);
	// An earlier revision serves who refers to it.
	size_t n =
		arn && thing->kind->create.flags & CALL_ADDS ? strcspn(strrchr(arn, '/'), ":") : 0;
	n += n ? (size_t)(strrchr(arn, '/') - arn) : 0;
	bool is_revision = n && strncmp(arn, text, n) == 0 && text[n] == ':';
	return str_eq_null(arn, text) || str_eq_null(key, text) || is_revision;
}

struct thing *odd_find(struct cloud *cloud, const struct kind *kind, const char *text)
{
	struct thing *found = NULL;
	for (size_t i = 0; text && i < cloud->count; i++) {
		struct thing *thing = &cloud->things[i];
		const json_t *item = thing->kind == kind ? thing_truth(thing) : NULL;
		bool is_history = thing->gone_ms && !odd_is_going(cloud, thing);
		if (item && !(is_history && !kind->states.past) &&
			odd_stands_for(cloud, thing, item, text) &&
			(!found || thing_is_alive(thing)))
			found = thing;
	}
	return found;
}

// ---- states

bool odd_is_going(const struct cloud *cloud, const struct thing *thing)
{
	return thing->gone_ms > cloud_now(cloud);
}

json_t *odd_look(struct cloud *cloud, const struct thing *thing)
{
	const struct states *states = &thing->kind->states;
	const json_t *item = thing_view(cloud, thing);
	char word[40];
	bool is_over = item && thing->gone_ms && !odd_is_going(cloud, thing);
	if (!item || (is_over && !states->past))
		return NULL;
	json_t *shown = json_deep_copy(item);
	if (is_over)
		inverse_put(shown, states->path, json_string(states->past));
	if (thing->gone_ms || !states->path || !states->pending ||
		thing->ready_ms <= cloud_now(cloud))
		return shown;
	str_copy(word, sizeof(word), states->pending);
	word[strcspn(word, " ")] = '\0';
	inverse_put(shown, states->path, json_string(word));
	return shown;
}

static int64_t drawn_time(struct cloud *cloud, int64_t most_ms)
{
	return cloud_now(cloud) + random_between(&cloud->random, 0, most_ms);
}

void odd_begins(struct cloud *cloud, struct thing *thing)
{
	if (row_of(thing)->is_slow)
		thing->ready_ms = drawn_time(cloud, cloud->weather.most_pending_ms);
}

void odd_changes(struct cloud *cloud, struct thing *thing)
{
	if (row_of(thing)->busy)
		thing->ready_ms = drawn_time(cloud, cloud->weather.most_pending_ms / 4);
}

void odd_takes_along(struct cloud *cloud, const struct thing *thing)
{
	const struct odd *odd = odd_of(thing->kind);
	for (size_t i = 0; odd && odd->takes_along && i < cloud->count; i++)
		if (str_eq(cloud->things[i].kind->name, odd->takes_along) &&
			thing_is_alive(&cloud->things[i]) &&
			cloudops_holds_text(thing_truth(&cloud->things[i]), thing->id))
			thing_set(cloud, &cloud->things[i], NULL);
}

void odd_ends(struct cloud *cloud, struct thing *thing)
{
	const struct match_row *later = &thing->kind->states.restorable;
	const char *going = row_of(thing)->going;
	json_t *item = later->path || thing->kind->states.past || going ? thing_edit(thing) : NULL;
	odd_takes_along(cloud, thing);
	if (later->path)
		inverse_put(item, later->path,
			json_string(strchr(later->glob, '?') ? "2030-01-01T00:00:00Z"
							     : "PendingDeletion"));
	else if (item)
		inverse_put(
			item, thing->kind->states.path, json_string(going ? going : "INACTIVE"));
	if (going)
		thing->gone_ms = 1 + drawn_time(cloud, cloud->weather.most_pending_ms);
	thing_set(cloud, thing, item);
}

// ---- refusals

bool odd_is_used(struct cloud *cloud, const struct thing *thing)
{
	const struct odd *odd = odd_of(thing->kind);
	for (size_t i = 0; odd && odd->used_by && i < cloud->count; i++) {
		const struct thing *user = &cloud->things[i];
		if (str_eq(user->kind->name, odd->used_by) &&
			(thing_is_alive(user) || odd_is_going(cloud, user)) &&
			cloudops_holds_text(thing_truth(user), thing->id))
			return true;
	}
	return false;
}

// By id or ARN, and known to the half of AWS that is asked.
static bool is_known(struct cloud *cloud, const char *kind, const char *text)
{
	for (size_t i = 0; i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		if (str_eq(thing->kind->name, kind) && thing_is_alive(thing) &&
			odd_stands_for(cloud, thing, thing_truth(thing), text) &&
			thing_view(cloud, thing))
			return true;
	}
	return false;
}

static bool has_all_parents(struct cloud *cloud, const struct kind *kind, const json_t *item)
{
	for (const struct field *f = kind->fields; f->name; f++) {
		if (f->type != FIELD_REF && f->type != FIELD_REFS)
			continue;
		const char *path = f->observed ? strrchr(f->observed, '|') : NULL;
		path = path ? path + 1 : f->observed ? f->observed : field_member(kind, NULL, f);
		_cleanup_json_ json_t *found = path_get(item, path);
		_cleanup_json_ json_t *all =
			json_is_array(found) ? json_incref(found) : json_array();
		if (json_is_string(found))
			json_array_append(all, found);
		size_t i;
		json_t *one;
		json_array_foreach (all, i, one)
			if (!is_known(cloud, f->ref, json_string_value(one)))
				return false;
	}
	return true;
}

// "The target group does not have an associated load balancer."
static bool has_listeners(struct cloud *cloud, const json_t *item)
{
	_cleanup_json_ json_t *groups = path_get(item, "loadBalancers[].targetGroupArn");
	size_t i;
	json_t *group;
	json_array_foreach (groups, i, group) {
		const struct thing *thing = cloud_find(cloud, json_string_value(group));
		if (!thing || !odd_is_used(cloud, thing))
			return false;
	}
	return true;
}

struct err odd_refuses_create(struct cloud *cloud, const struct kind *kind, const json_t *item)
{
	const struct odd *odd = odd_of(kind);
	_cleanup_free_ char *key = natural_key(cloud, kind, item);
	_cleanup_json_ json_t *id = path_get(item, kind->observe.id);
	if (odd->lost && !has_all_parents(cloud, kind, item))
		return refuse(odd->lost);
	if (!has_listeners(cloud, item))
		return refuse("InvalidParameterException");
	for (size_t i = 0; odd->taken && i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		const json_t *truth = thing->kind == kind ? thing_truth(thing) : NULL;
		bool is_there = truth && (!thing->gone_ms || odd_is_going(cloud, thing));
		if (is_there && odd_stands_for(cloud, thing, truth,
					key                     ? key
					: json_string_value(id) ? json_string_value(id)
								: ""))
			return refuse(odd->taken);
	}
	return ERR_OK;
}

struct err odd_refuses_change(struct cloud *cloud, const struct thing *thing)
{
	const struct odd *odd = row_of(thing);
	return odd->busy && thing->ready_ms > cloud_now(cloud) ? refuse(odd->busy) : ERR_OK;
}

struct err odd_refuses_removal(struct cloud *cloud, const struct thing *thing)
{
	const struct odd *odd = row_of(thing);
	if (js_bool(thing_truth(thing), "DeletionProtection", false))
		return refuse("InvalidParameterCombination");
	if (odd_is_used(cloud, thing))
		return refuse(odd->used);
	return odd_refuses_change(cloud, thing);
}
