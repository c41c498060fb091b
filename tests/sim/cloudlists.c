// Lists within a thing of the cloud: routes and associations of a route table, rules of a security
// group.
#include "tests/sim/cloudops.h"

static size_t cloudops_index(const json_t *list, const char *member, const char *text)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		if (str_eq_null(js_str(one, member), text))
			return i;
	return SIZE_MAX;
}

struct err cloudops_route(
	struct cloud *cloud, struct thing *table, const char *operation, const json_t *input)
{
	const char *destination = js_str(input, "DestinationCidrBlock");
	json_t *item = thing_edit(table), *routes = json_object_get(item, "Routes");
	size_t at = cloudops_index(routes, "DestinationCidrBlock", destination);
	bool is_there = at != SIZE_MAX;
	if (is_there == str_eq(operation, "CreateRoute")) {
		json_decref(item);
		return is_there ? cloudops_conflict("RouteAlreadyExists")
				: cloudops_not_found("InvalidRoute.NotFound");
	}
	if (is_there)
		json_array_remove(routes, at);
	if (!str_eq(operation, "DeleteRoute")) {
		json_t *route = json_deep_copy(input);
		json_object_del(route, "RouteTableId");
		js_set_str(route, "State", "active");
		js_set_str(route, "Origin", "CreateRoute");
		json_array_append_new(routes, route);
	}
	thing_set(cloud, table, item);
	return ERR_OK;
}

/* Takes an association out of whatever table has it; the subnet's id goes to ret_subnet. */
static bool cloudops_take_association(
	struct cloud *cloud, const char *member, const char *text, bool remove, char ret_subnet[40])
{
	for (size_t i = 0; i < cloud->count; i++) {
		const json_t *item = thing_truth(&cloud->things[i]);
		const json_t *list = json_object_get(item, "Associations");
		size_t at = cloudops_index(list, member, text);
		if (at == SIZE_MAX)
			continue;
		str_copy(ret_subnet, 40, js_str(json_array_get(list, at), "SubnetId"));
		if (remove) {
			json_t *copy = thing_edit(&cloud->things[i]);
			json_array_remove(json_object_get(copy, "Associations"), at);
			thing_set(cloud, &cloud->things[i], copy);
		}
		return true;
	}
	return false;
}

struct err cloudops_associate(
	struct cloud *cloud, const char *operation, const json_t *input, json_t *output)
{
	const char *association = js_str(input, "AssociationId");
	char subnet[40] = "", id[40];
	if (association && !cloudops_take_association(
				   cloud, "RouteTableAssociationId", association, true, subnet))
		return cloudops_not_found("InvalidAssociationID.NotFound");
	if (str_eq(operation, "DisassociateRouteTable"))
		return ERR_OK;
	if (!association) {
		if (cloudops_take_association(
			    cloud, "SubnetId", js_str(input, "SubnetId"), false, subnet))
			return cloudops_conflict("Resource.AlreadyAssociated");
		str_copy(subnet, sizeof(subnet), js_str(input, "SubnetId"));
	}
	struct thing *table = cloud_find(cloud, js_str(input, "RouteTableId"));
	json_t *item = thing_edit(table);
	cloud_new_id(cloud, "rtbassoc", id);
	json_array_append_new(json_object_get(item, "Associations"),
		json_pack("{s:s, s:s, s:s, s:b}", "RouteTableAssociationId", id, "RouteTableId",
			js_str(input, "RouteTableId"), "SubnetId", subnet, "Main", false));
	thing_set(cloud, table, item);
	js_set_str(output, association ? "NewAssociationId" : "AssociationId", id);
	return ERR_OK;
}

static const struct {
	const char *list, *from, *to;
} sides[] = {{"IpRanges", "CidrIp", "CidrIpv4"}, {"Ipv6Ranges", "CidrIpv6", "CidrIpv6"},
	{"PrefixListIds", "PrefixListId", "PrefixListId"}};

static json_t *cloudops_rule_of(
	struct cloud *cloud, const char *group, bool is_egress, const json_t *permission)
{
	json_t *rule = cloudops_rule(cloud, group, is_egress);
	const json_t *description = NULL;
	json_object_set(rule, "IpProtocol", json_object_get(permission, "IpProtocol"));
	const json_t *from = json_object_get(permission, "FromPort");
	const json_t *to = json_object_get(permission, "ToPort");
	json_object_set_new(rule, "FromPort", from ? json_deep_copy(from) : json_integer(-1));
	json_object_set_new(rule, "ToPort", to ? json_deep_copy(to) : json_integer(-1));
	for (size_t i = 0; i < ARRAY_COUNT(sides); i++) {
		const json_t *side = json_array_get(json_object_get(permission, sides[i].list), 0);
		if (!side)
			continue;
		json_object_set(rule, sides[i].to, json_object_get(side, sides[i].from));
		description = json_object_get(side, "Description");
	}
	const json_t *pair = json_array_get(json_object_get(permission, "UserIdGroupPairs"), 0);
	if (pair)
		json_object_set_new(rule, "ReferencedGroupInfo",
			json_pack("{s:O, s:s}", "GroupId", json_object_get(pair, "GroupId"),
				"UserId", cloud->account));
	if (description)
		json_object_set(rule, "Description", (json_t *)description);
	return rule;
}

static bool cloudops_same_rule(const json_t *a, const json_t *b)
{
	static const char *const members[] = {"IsEgress", "IpProtocol", "FromPort", "ToPort",
		"CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo"};
	for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
		const json_t *x = json_object_get(a, members[i]),
			     *y = json_object_get(b, members[i]);
		if ((x || y) && !(x && y && json_equal(x, y)))
			return false;
	}
	return true;
}

struct err cloudops_authorize(
	struct cloud *cloud, struct thing *group, bool is_egress, const json_t *input)
{
	json_t *item = thing_edit(group), *rules = json_object_get(item, "Rules"), *permission,
	       *old;
	size_t i, j;
	json_array_foreach (json_object_get(input, "IpPermissions"), i, permission) {
		json_t *rule = cloudops_rule_of(cloud, group->id, is_egress, permission);
		bool is_there = false;
		json_array_foreach (rules, j, old)
			is_there = is_there || cloudops_same_rule(old, rule);
		json_array_append_new(rules, rule);
		if (is_there) {
			json_decref(item); // all or nothing
			return cloudops_conflict("InvalidPermission.Duplicate");
		}
	}
	thing_set(cloud, group, item);
	return ERR_OK;
}

struct err cloudops_revoke(
	struct cloud *cloud, struct thing *group, bool is_egress, const json_t *input)
{
	json_t *item = thing_edit(group), *rules = json_object_get(item, "Rules"), *permission,
	       *old;
	size_t i, j;
	json_array_foreach (json_object_get(input, "IpPermissions"), i, permission) {
		_cleanup_json_ json_t *rule =
			cloudops_rule_of(cloud, group->id, is_egress, permission);
		size_t at = SIZE_MAX;
		json_array_foreach (rules, j, old)
			at = cloudops_same_rule(old, rule) ? j : at;
		if (at == SIZE_MAX) {
			json_decref(item);
			return cloudops_not_found("InvalidPermission.NotFound");
		}
		json_array_remove(rules, at);
	}
	thing_set(cloud, group, item);
	return ERR_OK;
}

/* DescribeSecurityGroups does not tell the ids of rules. */
void cloudops_show_rules(json_t *group, const json_t *rules)
{
	json_t *in = json_array(), *out = json_array(), *rule;
	size_t i;
	json_array_foreach ((json_t *)rules, i, rule) {
		const json_t *description = json_object_get(rule, "Description"),
			     *pair = json_object_get(rule, "ReferencedGroupInfo");
		json_t *permission = json_pack("{s:O, s:O, s:O}", "IpProtocol",
			json_object_get(rule, "IpProtocol"), "FromPort",
			json_object_get(rule, "FromPort"), "ToPort",
			json_object_get(rule, "ToPort"));
		for (size_t s = 0; s < ARRAY_COUNT(sides); s++)
			if (json_object_get(rule, sides[s].to))
				json_object_set_new(permission, sides[s].list,
					json_pack("[{s:O, s:O*}]", sides[s].from,
						json_object_get(rule, sides[s].to), "Description",
						description));
		if (pair)
			json_object_set_new(permission, "UserIdGroupPairs",
				json_pack("[{s:O, s:O*, s:O*}]", "GroupId",
					json_object_get(pair, "GroupId"), "UserId",
					json_object_get(pair, "UserId"), "Description",
					description));
		json_array_append_new(
			json_is_true(json_object_get(rule, "IsEgress")) ? out : in, permission);
	}
	json_object_set_new(group, "IpPermissions", in);
	json_object_set_new(group, "IpPermissionsEgress", out);
}
