// A connection pool in front of a database (RDS Proxy), with its one target group, `default`, and
// the database that is its target.
//
// The group and the targets take changes only once the proxy is available, minutes after its
// creation. A proxy has one database at a time: the old one is deregistered first. Whether the
// targets answer is health, never drift.
#include "base/str.h"
#include "core/place.h"
#include "data/rds.h"

static void check_auth(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct {
		const char *prefix, *family;
	} rows[] = {{"MYSQL_", "MYSQL"}, {"POSTGRES_", "POSTGRESQL"}, {"SQL_SERVER_", "SQLSERVER"}};
	const char *family = js_str(desired, "EngineFamily");
	const char *scheme = js_str(desired, "DefaultAuthScheme");
	const json_t *auth = json_object_get(desired, "Auth");
	size_t i;
	json_t *one;
	if (json_array_size(auth) == 0 && !str_eq_null(scheme, "IAM_AUTH"))
		findings_error(findings, place_of(node, "auth"),
			"list the secrets that it logs in with: "
			"'auth: [{auth_scheme: SECRETS, secret_arn: \"${...}\"}]'",
			"a proxy without 'auth' cannot log in to its database");
	json_array_foreach (auth, i, one) {
		const char *type = js_str(one, "ClientPasswordAuthType");
		struct place place = place_of_item(node, "auth", i);
		for (size_t r = 0; type && family && r < ARRAY_COUNT(rows); r++)
			if (str_starts(type, rows[r].prefix) && !str_eq(family, rows[r].family))
				findings_error(findings, place,
					"take one of the proxy's own engine family",
					"client_password_auth_type %s is not for engine_family %s",
					type, family);
		if (str_eq_null(js_str(one, "IAMAuth"), "ENABLED") && family &&
			!str_eq(family, "SQLSERVER"))
			findings_error(findings, place, "write REQUIRED or DISABLED",
				"iam_auth ENABLED is only for engine_family SQLSERVER");
		if (!json_object_get(one, "SecretArn"))
			findings_error(findings, place,
				"refer to a secret: '${security.secret.NAME.arn}'",
				"an item of auth without secret_arn");
	}
}

static void check_pool(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct {
		const char *member, *field;
		int64_t least, most;
	} rows[] = {{"MaxConnectionsPercent", "max_connections_percent", 1, 100},
		{"MaxIdleConnectionsPercent", "max_idle_connections_percent", 0, 100},
		{"ConnectionBorrowTimeout", "connection_borrow_timeout", 0, 300}};
	const json_t *pool = json_object_get(desired, "ConnectionPoolConfig");
	struct place place = place_of(node, "connection_pool_config");
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		int64_t value = js_int(pool, rows[i].member, rows[i].least);
		char remedy[64];
		snprintf(remedy, sizeof(remedy), "AWS takes %lld to %lld", (long long)rows[i].least,
			(long long)rows[i].most);
		if (value < rows[i].least || value > rows[i].most)
			findings_error(findings, place, remedy, "%s %lld is out of range",
				rows[i].field, (long long)value);
	}
	int64_t most = js_int(pool, "MaxConnectionsPercent", -1);
	int64_t idle = js_int(pool, "MaxIdleConnectionsPercent", -1);
	if (idle >= 0 && most < 0)
		findings_error(findings, place, "add max_connections_percent",
			"max_idle_connections_percent needs max_connections_percent beside it");
	else if (idle > most)
		findings_error(findings, place, "make it at most max_connections_percent",
			"max_idle_connections_percent %lld is more than all connections (%lld)",
			(long long)idle, (long long)most);
	int64_t timeout = js_int(desired, "IdleClientTimeout", 1);
	if (timeout < 1 || timeout > 28800)
		findings_error(findings, place_of(node, "idle_client_timeout"),
			"AWS takes 1 to 28800 seconds", "idle_client_timeout %lld is out of range",
			(long long)timeout);
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct rds_name name = {"DBProxyName", "db_proxy_name", 63, ""};
	rds_check_name(&name, desired, node, findings);
	if (json_array_size(json_object_get(desired, "VpcSubnetIds")) < 2)
		findings_error(findings, place_of(node, "vpc_subnets"),
			"add a subnet of another zone", "a proxy needs two subnets at least");
	if (json_array_size(json_object_get(desired, "DBInstanceIdentifiers")) > 1)
		findings_error(findings, place_of_item(node, "targets", 1),
			"declare a proxy for each database",
			"a proxy has one database as its target");
	check_auth(desired, node, findings);
	check_pool(desired, node, findings);
}

// clang-format off
#define MODIFY(...) {.operation = "ModifyDBProxy", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"DBProxyName": "@id", __VA_ARGS__})}

static const struct field fields[] = {
	{.name = "db_proxy_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the region, in lower case"},
	{.name = "engine_family", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "POSTGRESQL, MYSQL or SQLSERVER: the protocol that it speaks"},
	{.name = "role", .member = "RoleArn", .type = FIELD_REF, .ref = "iam_role", .ref_attr = "Arn", .flags = FIELD_REQUIRED, .update = MODIFY("RoleArn": "@value"),
	 .summary = "the role that reads the secrets"},
	{.name = "vpc_subnets", .member = "VpcSubnetIds", .type = FIELD_REFS, .ref = "subnet", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY | FIELD_TWO_ZONES, .summary = "in at least two zones"},
	{.name = "vpc_security_groups", .member = "VpcSecurityGroupIds", .type = FIELD_REFS, .ref = "security_group", .disrupts = DISRUPTS_CONNECTIONS,
	 .update = MODIFY("SecurityGroups": "@value"), .summary = "who may reach it"},
	{.name = "default_auth_scheme", .update = MODIFY("DefaultAuthScheme": "@value"), .summary = "IAM_AUTH (end to end) or NONE (then auth lists secrets)"},
	{.name = "auth", .compare = COMPARE_LOOSE, .update = MODIFY("Auth": "@value"), .disrupts = DISRUPTS_CONNECTIONS,
	 .summary = "the secrets that it logs in with, one a database user"},
	{.name = "require_tls", .update = MODIFY("RequireTLS": "@value"), .disrupts = DISRUPTS_CONNECTIONS, .summary = "true: clients without TLS are refused"},
	{.name = "idle_client_timeout", .update = MODIFY("IdleClientTimeout": "@value"), .summary = "seconds after which an idle client is disconnected; AWS's own is 1800"},
	{.name = "debug_logging", .update = MODIFY("DebugLogging": "@value"), .summary = "true: statements and connections in the log, which costs"},
	{.name = "endpoint_network_type", .flags = FIELD_CREATE_ONLY, .summary = "IPV4, IPV6 or DUAL: towards clients"},
	{.name = "target_connection_network_type", .flags = FIELD_CREATE_ONLY, .summary = "IPV4 or IPV6: towards the database"},
	{.name = "connection_pool_config", .member = "ConnectionPoolConfig", .flags = FIELD_AFTER_CREATE, .shape = "ModifyDBProxyTargetGroup:ConnectionPoolConfig",
	 .observed = "TargetGroups[IsDefault=true].ConnectionPoolConfig", .compare = COMPARE_LOOSE,
	 .update = {.operation = "ModifyDBProxyTargetGroup", .flags = CALL_REPEATABLE,
		    .args = ARGS({"DBProxyName": "@id", "TargetGroupName": "default", "ConnectionPoolConfig": "@value"})},
	 .summary = "how many connections it opens, keeps idle, and how long a client waits for one"},
	{.name = "targets", .member = "DBInstanceIdentifiers", .type = FIELD_REFS, .ref = "db_instance", .flags = FIELD_AFTER_CREATE | FIELD_JOINS, .disrupts = DISRUPTS_CONNECTIONS,
	 .observed = "Targets[].RdsResourceId",
	 .unset = {.operation = "DeregisterDBProxyTargets", .flags = CALL_REPEATABLE,
		   .args = ARGS({"DBProxyName": "@id", "TargetGroupName": "default", "DBInstanceIdentifiers": "@!removed"})},
	 .update = {.operation = "RegisterDBProxyTargets",
		    .args = ARGS({"DBProxyName": "@id", "TargetGroupName": "default", "DBInstanceIdentifiers": "@!added"})},
	 .summary = "the database that it stands before"},
	{.name = "endpoint", .member = "Endpoint", .flags = FIELD_COMPUTED, .summary = "the host name for clients"},
	{.name = "vpc_id", .member = "VpcId", .flags = FIELD_COMPUTED, .summary = "the network of the subnets"},
	{0},
};

const struct kind db_proxy_kind = {
	.name = "db_proxy",
	.layer = "data",
	.service = "rds",
	.summary = "a pool of connections in front of a database",
	.tagging = &rds_tagging,
	.fields = fields,
	.observe = {
		.list = {.operation = "DescribeDBProxies", .items = "DBProxies"},
		.by_id = ARGS({"DBProxyName": "@id"}),
		.follows = {
			{.operation = "ListTagsForResource", .args = ARGS({"ResourceName": "@item.DBProxyArn"}), .from = "TagList", .into = "TagList"},
			{.operation = "DescribeDBProxyTargetGroups", .args = ARGS({"DBProxyName": "@id"}), .from = "TargetGroups", .into = "TargetGroups", .field = "connection_pool_config"},
			{.operation = "DescribeDBProxyTargets", .args = ARGS({"DBProxyName": "@id"}), .from = "Targets", .into = "Targets", .field = "targets"},
		},
		.id = "DBProxyName",
		.arn = "DBProxyArn",
		.tag_types = "rds:db-proxy",
		.key = "@{desired.DBProxyName}",
	},
	.states = {.path = "Status", .pending = "creating modifying reactivating suspending", .failed = "incompatible-network", .gone = "deleting"},
	.conditions = (const struct condition[]){
		{.path = "Status", .glob = "suspended", .reason = "Suspended", .message = "AWS says @{item.Status}: a role or secret that it needs may be gone"},
		{.path = "Status", .glob = "insufficient-resource-limits", .reason = "NoCapacity", .message = "AWS says @{item.Status}: its subnets have not enough free addresses"},
		{.path = "Targets[].TargetHealth.State", .glob = "UNAVAILABLE", .reason = "TargetUnavailable", .message = "@{item.Targets.0.RdsResourceId}: @{item.Targets.0.TargetHealth.Reason}"},
		{.path = "Targets[].TargetHealth.State", .glob = "REGISTERING", .reason = "TargetRegistering", .message = "@{item.Targets.0.RdsResourceId} is being registered", .is_progress = true},
		{0}},
	.create = {.operation = "CreateDBProxy", .flags = CALL_SLOW},
	.remove = {.operation = "DeleteDBProxy", .args = ARGS({"DBProxyName": "@id"}), .flags = CALL_REPEATABLE},
	// Roles, subnets and databases may be too new to be known, or not yet available.
	.not_yet = (const char *const[]){"InvalidSubnet", "InvalidParameterValue", "InvalidDBProxyStateFault", "InvalidDBInstanceState", NULL},
	.holds_data = true,
	.is_whole_anew = true,
	.settle_ms = 1800000,
	.needs = "iam:PassRole",
	.check = check,
};
// clang-format on
