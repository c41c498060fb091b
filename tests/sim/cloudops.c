#include "tests/sim/cloudops.h"
#include "tests/sim/generic.h"
#include "tests/sim/odds.h"
#include "tests/sim/tokens.h"
#include <stdlib.h>
#include <strings.h>

/* What the tables do not say about a kind. */
struct cloud_kind {
	const char *kind, *prefix; // of ids
	const char *not_found;     // AWS's code for an id that is not there
	bool is_slow;              // comes up pending
	const char *fresh;         // JSON: members right after creation
	const char *place, *taken; // a member of which there is one of a value in a VPC, and the
				   // code of the refusal
};

static const struct cloud_kind cloud_kinds[] = {
	{"vpc", "vpc", "InvalidVpcID.NotFound", true,
		"{\"EnableDnsSupport\": true, \"EnableDnsHostnames\": false}"},
	{"subnet", "subnet", "InvalidSubnetID.NotFound", false, "{\"MapPublicIpOnLaunch\": false}",
		"CidrBlock", "InvalidSubnet.Conflict"},
	{"internet_gateway", "igw", "InvalidInternetGatewayID.NotFound", false,
		"{\"Attachments\": []}"},
	{"elastic_ip", "eipalloc", "InvalidAllocationID.NotFound", false,
		"{\"PublicIp\": \"192.0.2.1\"}"},
	{"nat_gateway", "nat", "NatGatewayNotFound", true, "{}"},
	{"route_table", "rtb", "InvalidRouteTableID.NotFound", false, "{\"Associations\": []}"},
	{"security_group", "sg", "InvalidGroup.NotFound", false, "{}", "GroupName",
		"InvalidGroup.Duplicate"},
};

static bool cloudops_knows(const char *kind)
{
	for (size_t i = 0; i < ARRAY_COUNT(cloud_kinds); i++)
		if (str_eq(cloud_kinds[i].kind, kind))
			return true;
	return false;
}

static const struct cloud_kind *cloudops_kind(const char *kind)
{
	for (size_t i = 0; i < ARRAY_COUNT(cloud_kinds); i++)
		if (str_eq(cloud_kinds[i].kind, kind))
			return &cloud_kinds[i];
	abort(); // nothing of another kind was ever made
}

struct err cloudops_conflict(const char *code)
{
	return err_code(ERR_CONFLICT, code, "%s", code);
}

struct err cloudops_not_found(const char *code)
{
	return err_code(ERR_NOT_FOUND, code, "%s", code);
}

static const struct shape *cloudops_item_shape(const struct kind *kind)
{
	const struct operation *operation =
		service_operation(model_service(kind->service), kind->observe.list.operation);
	const struct member *list =
		shape_member(operation_output(operation), kind->observe.list.items);
	return shape_element(member_shape(list));
}

// ---- reading

bool cloudops_holds_text(const json_t *value, const char *text)
{
	const char *key;
	json_t *member;
	size_t i;
	if (json_is_string(value))
		return str_eq(json_string_value(value), text);
	json_object_foreach ((json_t *)value, key, member)
		if (cloudops_holds_text(member, text))
			return true;
	json_array_foreach ((json_t *)value, i, member)
		if (cloudops_holds_text(member, text))
			return true;
	return false;
}

static bool cloudops_passes(struct cloud *cloud, const json_t *item, const json_t *filter)
{
	const char *name = js_str(filter, "Name");
	const json_t *values = json_object_get(filter, "Values");
	_cleanup_json_ json_t *have = NULL;
	if (str_starts(name, "tag:")) {
		const char *tag = thing_tag(item, name + strlen("tag:"));
		have = tag ? json_string(tag) : NULL;
	} else if (str_eq(name, "vpc-id")) {
		have = path_get(item, "VpcId");
	} else if (str_eq(name, "association.subnet-id")) {
		have = path_get(item, "Associations[].SubnetId");
	} else {
		trace_fail(cloud->trace, "the cloud knows no filter %s", name);
	}
	size_t i;
	json_t *value;
	json_array_foreach ((json_t *)values, i, value)
		if (cloudops_holds_text(have, json_string_value(value)))
			return true;
	return false;
}

/* What a list shows of an item: what its shape has; and the state that its time has brought. */
static json_t *cloudops_shown(struct cloud *cloud, const struct thing *thing, const json_t *item)
{
	json_t *shown = json_deep_copy(item);
	const struct shape *shape = cloudops_item_shape(thing->kind);
	const char *key;
	void *next;
	json_t *value;
	json_object_foreach_safe (shown, next, key, value)
		if (!shape_member(shape, key))
			json_object_del(shown, key);
	if (thing->ready_ms > cloud_now(cloud) && str_eq_null(js_str(item, "State"), "available"))
		js_set_str(shown, "State", "pending");
	if (json_object_get(item, "Rules"))
		cloudops_show_rules(shown, json_object_get(item, "Rules"));
	return shown;
}

/* The ids that the input asks for, in the member that the table reads by; NULL: none. */
static const json_t *cloudops_ids(const struct kind *kind, const json_t *input)
{
	_cleanup_json_ json_t *by_id = json_loads(kind->observe.by_id, 0, NULL);
	const char *member = json_object_iter_key(json_object_iter(by_id));
	return json_object_get(input, member);
}

static struct err cloudops_list(
	struct cloud *cloud, const struct kind *kind, const json_t *input, json_t *output)
{
	const json_t *ids = cloudops_ids(kind, input);
	const json_t *filters = json_object_get(input, "Filters");
	const char *token = js_str(input, "NextToken");
	json_t *items = json_array(), *filter;
	// Some calls of AWS never page (DescribeAddresses).
	const struct operation *operation =
		service_operation(model_service(kind->service), kind->observe.list.operation);
	bool has_pages = cloud->weather.page_size && !ids && operation &&
			 *operation_page_output_token(operation);
	size_t j, most = has_pages ? (size_t)cloud->weather.page_size : SIZE_MAX;
	filters = filters ? filters : json_object_get(input, "Filter");
	// A token is a place in the whole, so what comes and goes before it moves nothing.
	for (size_t i = token ? strtoul(token, NULL, 10) : 0; i < cloud->count; i++) {
		const struct thing *thing = &cloud->things[i];
		const json_t *item = thing->kind == kind ? thing_view(cloud, thing) : NULL;
		bool passes = item && (!ids || cloudops_holds_text(ids, thing->id));
		json_array_foreach ((json_t *)filters, j, filter)
			passes = passes && cloudops_passes(cloud, item, filter);
		if (passes && json_array_size(items) == most) {
			char next[24];
			snprintf(next, sizeof(next), "%zu", i);
			js_set_str(output, "NextToken", next);
			break;
		}
		if (passes)
			json_array_append_new(items, cloudops_shown(cloud, thing, item));
	}
	bool is_complete = json_array_size(items) >= json_array_size(ids);
	json_object_set_new(output, kind->observe.list.items, items);
	return is_complete ? ERR_OK : cloudops_not_found(cloudops_kind(kind->name)->not_found);
}

// ---- creating and deleting

json_t *cloudops_rule(struct cloud *cloud, const char *group, bool is_egress)
{
	char id[40];
	cloud_new_id(cloud, "sgr", id);
	return json_pack("{s:s, s:s, s:b}", "SecurityGroupRuleId", id, "GroupId", group, "IsEgress",
		is_egress);
}

static bool cloudops_has_gateway(struct cloud *cloud, const char *subnet)
{
	const struct thing *stands_in = cloud_find(cloud, subnet);
	const char *vpc = stands_in ? js_str(thing_truth(stands_in), "VpcId") : NULL;
	for (size_t i = 0; vpc && i < cloud->count; i++)
		if (str_eq(cloud->things[i].kind->name, "internet_gateway") &&
			thing_truth(&cloud->things[i]) &&
			cloudops_holds_text(thing_truth(&cloud->things[i]), vpc))
			return true;
	return false;
}

/* What AWS adds by itself. */
static void cloudops_complete(
	struct cloud *cloud, const struct kind *kind, const char *id, json_t *item)
{
	if (str_eq(kind->name, "route_table")) {
		const struct thing *vpc = cloud_find(cloud, js_str(item, "VpcId"));
		json_object_set_new(item, "Routes",
			json_pack("[{s:s, s:s, s:s, s:s}]", "DestinationCidrBlock",
				vpc ? js_str(thing_truth(vpc), "CidrBlock") : "", "GatewayId",
				"local", "Origin", "CreateRouteTable", "State", "active"));
	} else if (str_eq(kind->name, "security_group")) {
		json_t *rule = cloudops_rule(cloud, id, true);
		js_set_str(rule, "IpProtocol", "-1");
		js_set_str(rule, "CidrIpv4", "0.0.0.0/0");
		json_object_set_new(rule, "FromPort", json_integer(-1));
		json_object_set_new(rule, "ToPort", json_integer(-1));
		json_object_set_new(item, "Rules", json_pack("[o]", rule));
	} else if (str_eq(kind->name, "nat_gateway")) {
		json_object_set_new(item, "NatGatewayAddresses",
			json_pack("[{s:O*, s:s}]", "AllocationId",
				json_object_get(item, "AllocationId"), "PublicIp", "192.0.2.1"));
		if (!cloudops_has_gateway(cloud, js_str(item, "SubnetId"))) {
			js_set_str(item, "State", "failed");
			js_set_str(item, "FailureMessage",
				"Network vpc has no Internet gateway attached");
		}
	}
}

/* Is there one in that network already whose place this would take? By AWS's truth, whatever is
 * shown yet. */
static bool cloudops_is_taken(
	struct cloud *cloud, const struct kind *kind, const char *place, const json_t *input)
{
	for (size_t i = 0; place && i < cloud->count; i++) {
		const json_t *item =
			cloud->things[i].kind == kind ? thing_truth(&cloud->things[i]) : NULL;
		if (item && str_eq_null(js_str(item, "VpcId"), js_str(input, "VpcId")) &&
			str_eq_null(js_str(item, place), js_str(input, place)))
			return true;
	}
	return false;
}

static struct err cloudops_create(
	struct cloud *cloud, const struct kind *kind, const json_t *input, json_t *output)
{
	const struct cloud_kind *own = cloudops_kind(kind->name);
	const struct shape *shape = cloudops_item_shape(kind);
	char id[40];
	if (cloudops_is_taken(cloud, kind, own->place, input))
		return err_code(aws_error_class(own->taken, 400), own->taken, "its %s is taken",
			own->place);
	cloud_new_id(cloud, own->prefix, id);
	json_t *item = json_loads(own->fresh, 0, NULL);
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)input, key, value)
		if (shape_member(shape, key) || str_eq(key, "AllocationId"))
			json_object_set_new(item, key, json_deep_copy(value));
	const json_t *specifications = json_object_get(input, "TagSpecifications");
	const json_t *tags = json_object_get(json_array_get(specifications, 0), "Tags");
	json_object_set_new(item, "Tags", tags ? json_deep_copy(tags) : json_array());
	js_set_str(item, kind->observe.id, id);
	if (kind->states.path)
		js_set_str(item, kind->states.path, "available");
	cloudops_complete(cloud, kind, id, item);
	struct thing *thing = cloud_add(cloud, kind, id, item);
	if (own->is_slow)
		thing->ready_ms = cloud_now(cloud) +
				  random_between(&cloud->random, 0, cloud->weather.most_pending_ms);
	if (!js_put(output, kind->created_id, json_string(id)))
		trace_fail(cloud->trace, "no way to say the id of a %s", kind->name);
	return ERR_OK;
}

/* Does anything that is alive stand in it or on it? */
bool cloudops_is_used(struct cloud *cloud, const struct thing *thing)
{
	if (!str_eq(thing->kind->service, "ec2"))
		return odd_is_used(cloud, thing);
	bool is_gateway = str_eq(thing->kind->name, "internet_gateway");
	if (is_gateway)
		return json_array_size(json_object_get(thing_truth(thing), "Attachments")) > 0;
	for (size_t i = 0; i < cloud->count; i++)
		if (&cloud->things[i] != thing &&
			(thing_is_alive(&cloud->things[i]) ||
				odd_is_going(cloud, &cloud->things[i])) &&
			cloudops_holds_text(thing_truth(&cloud->things[i]), thing->id))
			return true;
	if (!str_eq(thing->kind->name, "route_table"))
		return false;
	return json_array_size(json_object_get(thing_truth(thing), "Associations")) > 0;
}

void cloudops_remove_thing(struct cloud *cloud, struct thing *thing)
{
	if (!str_eq(thing->kind->name, "nat_gateway")) {
		odd_takes_along(cloud, thing);
		thing_set(cloud, thing, NULL);
		return;
	}
	// Stays listed, for an hour with AWS; its addresses are free again.
	json_t *item = thing_edit(thing);
	js_set_str(item, "State", "deleted");
	json_object_del(item, "AllocationId");
	json_object_del(item, "NatGatewayAddresses");
	thing_set(cloud, thing, item);
}

static struct err cloudops_remove(struct cloud *cloud, const struct kind *kind, const json_t *input)
{
	const char *id = js_str(input, kind->observe.id);
	struct thing *thing = cloud_find(cloud, id);
	if (!thing || !thing_is_alive(thing))
		return cloudops_not_found(cloudops_kind(kind->name)->not_found);
	if (cloudops_is_used(cloud, thing))
		return cloudops_conflict("DependencyViolation");
	if (!str_eq_null(cloud->ignores, kind->remove.operation))
		cloudops_remove_thing(cloud, thing);
	return ERR_OK;
}

// ---- attributes, attachments, tags

static struct err cloudops_modify(struct cloud *cloud, struct thing *thing, const json_t *input)
{
	json_t *item = thing_edit(thing);
	const char *key;
	json_t *value;
	int count = 0;
	json_object_foreach ((json_t *)input, key, value) {
		if (!json_object_get(value, "Value"))
			continue;
		json_object_set(item, key, json_object_get(value, "Value"));
		count++;
	}
	if (count != 1)
		trace_fail(cloud->trace, "\"You can modify only one attribute at a time.\"");
	thing_set(cloud, thing, item);
	return ERR_OK;
}

static struct err cloudops_read_attribute(
	struct cloud *cloud, struct thing *thing, const json_t *input, json_t *output)
{
	const json_t *item = thing_view(cloud, thing);
	const char *name = js_str(input, "Attribute"), *key;
	json_t *value;
	if (!item)
		return cloudops_not_found("InvalidVpcID.NotFound");
	json_object_foreach ((json_t *)item, key, value)
		if (strcasecmp(key, name) == 0)
			json_object_set_new(output, key, json_pack("{s:O}", "Value", value));
	return ERR_OK;
}

static struct err cloudops_attach(
	struct cloud *cloud, struct thing *gateway, const char *vpc, bool attach)
{
	json_t *item = thing_edit(gateway);
	size_t count = json_array_size(json_object_get(item, "Attachments"));
	bool is_attached = cloudops_holds_text(json_object_get(item, "Attachments"), vpc);
	if (attach ? count > 0 : !is_attached) {
		json_decref(item);
		return attach ? cloudops_conflict("Resource.AlreadyAssociated")
			      : cloudops_not_found("Gateway.NotAttached");
	}
	json_object_set_new(item, "Attachments",
		attach ? json_pack("[{s:s, s:s}]", "VpcId", vpc, "State", "available")
		       : json_array());
	thing_set(cloud, gateway, item);
	return ERR_OK;
}

static struct err cloudops_tag(struct cloud *cloud, const json_t *input)
{
	const char *id = json_string_value(json_array_get(json_object_get(input, "Resources"), 0));
	struct thing *thing = cloud_find(cloud, id);
	json_t *item = thing_edit(thing), *tags = json_object_get(item, "Tags"), *tag, *old;
	size_t i, j;
	json_array_foreach (json_object_get(input, "Tags"), i, tag) {
		json_array_foreach (tags, j, old)
			if (str_eq_null(js_str(old, "Key"), js_str(tag, "Key"))) {
				json_array_remove(tags, j);
				break;
			}
		json_array_append_new(tags, json_deep_copy(tag));
	}
	thing_set(cloud, thing, item);
	return ERR_OK;
}

static struct err cloudops_untag(struct cloud *cloud, const json_t *input)
{
	const char *id = json_string_value(json_array_get(json_object_get(input, "Resources"), 0));
	struct thing *thing = cloud_find(cloud, id);
	json_t *item = thing_edit(thing), *tags = json_object_get(item, "Tags"), *tag;
	size_t i;
	json_array_foreach (json_object_get(input, "Tags"), i, tag)
		for (size_t j = json_array_size(tags); j-- > 0;)
			if (str_eq_null(js_str(json_array_get(tags, j), "Key"), js_str(tag, "Key")))
				json_array_remove(tags, j);
	thing_set(cloud, thing, item);
	return ERR_OK;
}

// ---- which operation is which

/* Every id in the input must be of something that is there, and that AWS's other halls know of. */
static struct err cloudops_check_ids(struct cloud *cloud, const json_t *value)
{
	const char *key, *text = json_string_value(value);
	json_t *member;
	size_t i;
	struct err err = ERR_OK;
	for (size_t k = 0; text && k < ARRAY_COUNT(cloud_kinds); k++) {
		size_t n = strlen(cloud_kinds[k].prefix);
		if (strncmp(text, cloud_kinds[k].prefix, n) != 0 || text[n] != '-' ||
			strlen(text) != n + 9)
			continue;
		const struct thing *thing = cloud_find(cloud, text);
		if (!thing || !thing_is_alive(thing) || !thing_view(cloud, thing))
			return cloudops_not_found(cloud_kinds[k].not_found);
	}
	json_object_foreach ((json_t *)value, key, member)
		if (!err_is(&err) && !str_eq(key, "Tags") && !str_eq(key, "TagSpecifications"))
			err = cloudops_check_ids(cloud, member);
	json_array_foreach ((json_t *)value, i, member)
		if (!err_is(&err))
			err = cloudops_check_ids(cloud, member);
	return err;
}

static struct err cloudops_special(
	struct cloud *cloud, const char *name, const json_t *input, json_t *output)
{
	struct thing *vpc = cloud_find(cloud, js_str(input, "VpcId"));
	struct thing *group = cloud_find(cloud, js_str(input, "GroupId"));
	struct thing *table = cloud_find(cloud, js_str(input, "RouteTableId"));
	struct thing *gateway = cloud_find(cloud, js_str(input, "InternetGatewayId"));
	if (str_eq(name, "ModifyVpcAttribute"))
		return cloudops_modify(cloud, vpc, input);
	if (str_eq(name, "ModifySubnetAttribute"))
		return cloudops_modify(cloud, cloud_find(cloud, js_str(input, "SubnetId")), input);
	if (str_eq(name, "AttachInternetGateway") || str_eq(name, "DetachInternetGateway"))
		return cloudops_attach(cloud, gateway, vpc->id, *name == 'A');
	if (str_eq(name, "CreateRoute") || str_eq(name, "ReplaceRoute") ||
		str_eq(name, "DeleteRoute"))
		return cloudops_route(cloud, table, name, input);
	if (str_eq(name, "AssociateRouteTable") || str_eq(name, "DisassociateRouteTable") ||
		str_eq(name, "ReplaceRouteTableAssociation"))
		return cloudops_associate(cloud, name, input, output);
	if (str_eq(name, "AuthorizeSecurityGroupIngress") ||
		str_eq(name, "AuthorizeSecurityGroupEgress"))
		return cloudops_authorize(cloud, group, str_ends(name, "Egress"), input);
	if (str_eq(name, "RevokeSecurityGroupIngress") || str_eq(name, "RevokeSecurityGroupEgress"))
		return cloudops_revoke(cloud, group, str_ends(name, "Egress"), input);
	if (str_eq(name, "CreateTags"))
		return cloudops_tag(cloud, input);
	if (str_eq(name, "DeleteTags"))
		return cloudops_untag(cloud, input);
	if (str_eq(name, "DescribeNetworkInterfaces")) { // what blocks a deletion: nobody's here
		json_object_set_new(output, "NetworkInterfaces", json_array());
		return ERR_OK;
	}
	trace_fail(cloud->trace, "the cloud does not know %s", name);
	return ERR_OK;
}

static struct err run_anew(struct cloud *cloud, const char *service, const char *name,
	const json_t *input, json_t *output)
{
	if (str_eq(service, "sts")) {
		js_set_str(output, "Account", cloud->account);
		return ERR_OK;
	}
	const struct kind *created = NULL, *removed = NULL;
	struct err told = ERR_OK;
	if (!str_eq(service, "ec2") && generic_run(cloud, service, name, input, output, &told))
		return told;
	for (const struct kind *const *k = all_kinds; *k; k++) {
		if (str_eq((*k)->observe.list.operation, name) && cloudops_knows((*k)->name))
			return cloudops_list(cloud, *k, input, output);
		if (str_eq((*k)->observe.list.operation, name)) // there is never one of those
			return js_put(output, (*k)->observe.list.items, json_array()) ? ERR_OK
										      : err_nomem();
		created = str_eq_null((*k)->create.operation, name) ? *k : created;
		removed = str_eq_null((*k)->remove.operation, name) ? *k : removed;
	}
	if (removed)
		return cloudops_remove(cloud, removed, input);
	struct err err = cloudops_check_ids(cloud, input);
	if (err_is(&err) || str_eq_null(cloud->ignores, name))
		return err;
	if (str_eq(name, "DescribeVpcAttribute"))
		return cloudops_read_attribute(
			cloud, cloud_find(cloud, js_str(input, "VpcId")), input, output);
	return created ? cloudops_create(cloud, created, input, output)
		       : cloudops_special(cloud, name, input, output);
}

struct err cloudops_run(struct cloud *cloud, const char *service, const char *name,
	const json_t *input, json_t *output)
{
	struct err err;
	if (tokens_answer(cloud, name, input, output, &err))
		return err;
	err = run_anew(cloud, service, name, input, output);
	if (!err_is(&err))
		tokens_note(cloud, name, input, output);
	return err;
}
