// An OpenSearch domain: where logs are searched.
//
// DescribeDomains reads five names a call; tags have a call of their own. AWS makes a domain in 15
// to 40 minutes and changes most of it blue/green, in up to hours, and takes no second change
// meanwhile. UpdateDomainConfig gets sections whole: what the file leaves out of one stays as it
// was observed. Encryption can be switched on, never off. In a VPC, the account needs the
// service_linked_role of opensearchservice.amazonaws.com first.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"
#include <ctype.h>

// What AWS refuses beside a part that is switched off, unless the file says it itself.
static void drop_unless(
	json_t *whole, const json_t *desired, const char *flag, const char *const members[])
{
	if (js_bool(whole, flag, false))
		return;
	for (size_t i = 0; members[i]; i++)
		if (!json_object_get(desired, members[i]))
			json_object_del(whole, members[i]);
}

static void tidy_cluster(json_t *whole, const json_t *desired)
{
	drop_unless(whole, desired, "DedicatedMasterEnabled",
		(const char *const[]){"DedicatedMasterType", "DedicatedMasterCount", NULL});
	drop_unless(whole, desired, "WarmEnabled",
		(const char *const[]){"WarmType", "WarmCount", NULL});
	drop_unless(whole, desired, "ZoneAwarenessEnabled",
		(const char *const[]){"ZoneAwarenessConfig", NULL});
}

// "Iops: gp3 and provisioned IOPS volumes. Throughput: gp3."
static void tidy_volume(json_t *whole, const json_t *desired)
{
	const char *type = js_str(whole, "VolumeType");
	bool is_gp3 = str_eq_null(type, "gp3"), has_iops = is_gp3 || str_eq_null(type, "io1");
	if (!has_iops && !json_object_get(desired, "Iops"))
		json_object_del(whole, "Iops");
	if (!is_gp3 && !json_object_get(desired, "Throughput"))
		json_object_del(whole, "Throughput");
	drop_unless(whole, desired, "EBSEnabled",
		(const char *const[]){"VolumeType", "VolumeSize", "Iops", "Throughput", NULL});
}

static void tidy_endpoint(json_t *whole, const json_t *desired)
{
	drop_unless(whole, desired, "CustomEndpointEnabled",
		(const char *const[]){"CustomEndpoint", "CustomEndpointCertificateArn", NULL});
}

// What is only read of these is not the same as what is written.
static void tidy_security(json_t *whole, const json_t *desired)
{
	static const char *const members[] = {
		"SAMLOptions", "JWTOptions", "IAMFederationOptions", "AnonymousAuthEnabled"};
	for (size_t i = 0; i < ARRAY_COUNT(members); i++)
		if (!json_object_get(desired, members[i]))
			json_object_del(whole, members[i]);
}

static bool always(const json_t *want, const json_t *observed)
{
	(void)want;
	(void)observed;
	return true; // no way back from another version
}

// ---- checks

static void check_name(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "DomainName");
	size_t bytes = name ? strlen(name) : 0, good = 0;
	while (name && name[good] &&
		(islower((unsigned char)name[good]) || name[good] == '-' ||
			isdigit((unsigned char)name[good])))
		good++;
	if (!name || (good == bytes && bytes >= 3 && bytes <= 28 && islower((unsigned char)*name)))
		return;
	findings_error(findings, place_of(node, "domain_name"),
		"give it a 'domain_name:' of 3 to 28 small letters, digits and hyphens, a letter "
		"first",
		"'%s' is no name of a domain", name);
}

static bool is_off(const json_t *desired, const char *path)
{
	return !js_at(desired, path) || json_is_false(js_at(desired, path));
}

// "To use fine-grained access control you must enable encryption of data at rest, node-to-node
// encryption, and require HTTPS."
static void check_security(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const needs[][2] = {
		{"EncryptionAtRestOptions.Enabled", "encryption_at_rest_options: {enabled: true}"},
		{"NodeToNodeEncryptionOptions.Enabled",
			"node_to_node_encryption_options: {enabled: true}"},
		{"DomainEndpointOptions.EnforceHTTPS",
			"domain_endpoint_options: {enforce_https: true}"},
	};
	struct place place = place_of(node, "advanced_security_options");
	char remedy[120];
	for (size_t i = 0; i < ARRAY_COUNT(needs); i++) {
		if (is_off(desired, "AdvancedSecurityOptions.Enabled") ||
			!is_off(desired, needs[i][0]))
			continue;
		snprintf(remedy, sizeof(remedy), "add '%s'", needs[i][1]);
		findings_error(findings, place, remedy, "advanced_security_options need %.*s",
			(int)strcspn(needs[i][1], ":"), needs[i][1]);
	}
	if (js_at(desired, "AdvancedSecurityOptions.MasterUserOptions.MasterUserPassword"))
		findings_error(findings, place,
			"write 'master_user_name:' and 'master_user_password: {env: NAME}' beside "
			"it, or a 'master_user_arn:'",
			"a password does not belong into the file");
}

static void check_network(const json_t *desired, const struct node *node, struct findings *findings)
{
	const json_t *subnets = json_object_get(desired, "SubnetIds");
	const json_t *groups = json_object_get(desired, "SecurityGroupIds");
	if (groups && !subnets)
		findings_error(findings, place_of(node, "security_groups"), "add 'subnets: [...]'",
			"security_groups without subnets");
	if (subnets && !groups)
		findings_error(findings, place_of(node, "subnets"), "add 'security_groups: [...]'",
			"without security_groups AWS takes the network's default group");
	bool is_aware = json_is_true(js_at(desired, "ClusterConfig.ZoneAwarenessEnabled"));
	json_t *count = js_at(desired, "ClusterConfig.ZoneAwarenessConfig.AvailabilityZoneCount");
	json_int_t zones = !is_aware ? 1 : json_is_integer(count) ? json_integer_value(count) : 2;
	if (json_is_array(subnets) && (json_int_t)json_array_size(subnets) != zones)
		findings_error(findings, place_of(node, "subnets"),
			"name one subnet a zone; see zone_awareness_config in cluster_config",
			"%zu subnets for %d availability zone%s", json_array_size(subnets),
			(int)zones, zones == 1 ? "" : "s");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *key = js_str(json_object_get(desired, "EncryptionAtRestOptions"), "KmsKeyId");
	const char *type = js_str(json_object_get(desired, "EBSOptions"), "VolumeType");
	check_name(desired, node, findings);
	check_security(desired, node, findings);
	check_network(desired, node, findings);
	// AWS shows the key's ARN, whatever it was given.
	if (key && !str_starts(key, "arn:"))
		findings_error(findings, place_of(node, "encryption_at_rest_options"),
			"write its ARN, or ${security.kms_key.NAME.arn}",
			"the key '%s' is not named by its ARN", key);
	if (js_at(desired, "EBSOptions.Throughput") && type && !str_eq(type, "gp3"))
		findings_error(findings, place_of(node, "ebs_options"), "write 'volume_type: gp3'",
			"a volume of type %s has no throughput to choose", type);
	if (js_at(desired, "EBSOptions.Iops") && type && !str_eq(type, "gp3") &&
		!str_eq(type, "io1"))
		findings_error(findings, place_of(node, "ebs_options"),
			"write 'volume_type: gp3' or io1",
			"a volume of type %s has no iops to choose", type);
}

// clang-format off
#define SECTION(member) \
	{.operation = "UpdateDomainConfig", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"DomainName": "@id", member: "@whole"})}
#define VPC                                                                                        \
	{.operation = "UpdateDomainConfig", .flags = CALL_MERGE | CALL_REPEATABLE,                   \
	 .args = ARGS({"DomainName": "@id", "VPCOptions": {"SubnetIds": "@!either.SubnetIds",        \
		"SecurityGroupIds": "@either.SecurityGroupIds", "EgressEnabled": "@desired.EgressEnabled"}})}

static const struct field fields[] = {
	{.name = "domain_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "3 to 28 small letters, digits and hyphens"},
	{.name = "cluster_config", .compare = COMPARE_LOOSE, .advised = "{\"ZoneAwarenessEnabled\":true}", .advice = "multi-az", .disrupts = DISRUPTS_CONNECTIONS, .tidy = tidy_cluster, .update = SECTION("ClusterConfig"),
	 .summary = "type and count of instances, dedicated masters, zones; changed blue/green"},
	{.name = "ebs_options", .compare = COMPARE_LOOSE, .tidy = tidy_volume, .update = SECTION("EBSOptions"), .summary = "type and size of the volume of each instance"},
	{.name = "subnets", .member = "SubnetIds", .type = FIELD_REFS, .ref = "subnet", .observed = "VPCOptions.SubnetIds", .disrupts = DISRUPTS_CONNECTIONS,
	 .fixed = (const struct match_row[]){{"SubnetIds", ""}, {0}}, .update = VPC,
	 .summary = "one a zone; a domain made without stays out of a network; the account needs the service_linked_role of opensearchservice.amazonaws.com"},
	{.name = "security_groups", .member = "SecurityGroupIds", .type = FIELD_REFS, .ref = "security_group", .observed = "VPCOptions.SecurityGroupIds",
	 .fixed = (const struct match_row[]){{"SecurityGroupIds", ""}, {0}}, .update = VPC, .summary = "who may reach it"},
	{.name = "egress_enabled", .member = "EgressEnabled", .shape = "CreateDomain:VPCOptions.EgressEnabled", .observed = "VPCOptions.EgressEnabled", .update = VPC,
	 .summary = "what leaves the domain goes through the network"},
	{.name = "ip_address_type", .fixed = (const struct match_row[]){{"IPAddressType", "dualstack"}, {0}}, .update = SECTION("IPAddressType"),
	 .summary = "ipv4 or dualstack, from which there is no way back"},
	{.name = "access_policies", .compare = COMPARE_POLICY, .update = SECTION("AccessPolicies"), .summary = "who may call it, as an IAM policy"},
	{.name = "encryption_at_rest_options", .compare = COMPARE_LOOSE, .disrupts = DISRUPTS_CONNECTIONS, .update = SECTION("EncryptionAtRestOptions"),
	 .fixed = (const struct match_row[]){{"EncryptionAtRestOptions.Enabled", "true"}, {"EncryptionAtRestOptions.KmsKeyId", "?*"}, {0}},
	 .summary = "may be switched on, never off; the key stays"},
	{.name = "node_to_node_encryption_options", .compare = COMPARE_LOOSE, .disrupts = DISRUPTS_CONNECTIONS, .update = SECTION("NodeToNodeEncryptionOptions"),
	 .fixed = (const struct match_row[]){{"NodeToNodeEncryptionOptions.Enabled", "true"}, {0}}, .summary = "may be switched on, never off"},
	{.name = "domain_endpoint_options", .compare = COMPARE_LOOSE, .tidy = tidy_endpoint, .update = SECTION("DomainEndpointOptions"),
	 .summary = "enforce_https, tls_security_policy, and a name of one's own"},
	{.name = "advanced_options", .compare = COMPARE_SUBSET, .update = SECTION("AdvancedOptions"), .summary = "settings of the engine; only keys that are named are compared"},
	{.name = "advanced_security_options", .compare = COMPARE_LOOSE, .tidy = tidy_security, .update = SECTION("AdvancedSecurityOptions"),
	 .fixed = (const struct match_row[]){{"AdvancedSecurityOptions.Enabled", "true"}, {0}},
	 .unshown = (const char *const[]){"MasterUserOptions", "SAMLOptions.MasterUserName", "SAMLOptions.MasterBackendRole", NULL},
	 .summary = "fine-grained access: enabled, internal_user_database_enabled, master_user_options: {master_user_arn}; AWS never shows the master user"},
	{.name = "master_user_name", .member = "MasterUserName", .shape = "CreateDomain:AdvancedSecurityOptions.MasterUserOptions.MasterUserName", .flags = FIELD_CREATE_ONLY | FIELD_WRITE_ONLY,
	 .summary = "of the internal user database, instead of a master_user_arn"},
	{.name = "master_user_password", .member = "MasterUserPassword", .type = FIELD_SOURCE, .shape = "CreateDomain:AdvancedSecurityOptions.MasterUserOptions.MasterUserPassword",
	 .flags = FIELD_CREATE_ONLY | FIELD_WRITE_ONLY | FIELD_SECRET, .summary = "its password, from elsewhere: {env: NAME} or {file: /path}"},
	{.name = "cognito_options", .compare = COMPARE_LOOSE, .update = SECTION("CognitoOptions"), .summary = "who logs into the dashboards"},
	{.name = "identity_center_options", .compare = COMPARE_LOOSE, .update = SECTION("IdentityCenterOptions"), .summary = "access through IAM Identity Center"},
	{.name = "log_publishing_options", .compare = COMPARE_LOOSE, .update = SECTION("LogPublishingOptions"),
	 .summary = "its own logs, each to a log group whose resource policy lets es.amazonaws.com write"},
	{.name = "snapshot_options", .compare = COMPARE_LOOSE, .update = SECTION("SnapshotOptions"), .summary = "the hour of the daily snapshot"},
	// DescribeDomains shows its state only.
	{.name = "auto_tune_options", .compare = COMPARE_LOOSE, .flags = FIELD_QUIET, .observed = "AutoTune", .update = SECTION("AutoTuneOptions"), .summary = "whether AWS tunes it by itself, and when"},
	{.name = "off_peak_window_options", .compare = COMPARE_LOOSE, .update = SECTION("OffPeakWindowOptions"),
	 .fixed = (const struct match_row[]){{"OffPeakWindowOptions.Enabled", "true"}, {0}}, .summary = "ten hours a day for changes that AWS makes by itself; never switched off again"},
	{.name = "software_update_options", .compare = COMPARE_LOOSE, .update = SECTION("SoftwareUpdateOptions"), .summary = "whether AWS updates the service software by itself"},
	{.name = "engine_version", .compare = COMPARE_VERSION, .disrupts = DISRUPTS_CONNECTIONS, .is_grave = always,
	 .update = {.operation = "UpgradeDomain", .args = ARGS({"DomainName": "@id", "TargetVersion": "@value"})},
	 .summary = "OpenSearch_2.19; a later one is an upgrade of hours, which waits for approval, and has no way back"},
	{.name = "domain_id", .member = "DomainId", .flags = FIELD_COMPUTED, .summary = "account/name"},
	{.name = "endpoint", .member = "Endpoint", .flags = FIELD_COMPUTED, .observed = "Endpoint|Endpoints.vpc|EndpointV2|Endpoints.vpcv2", .summary = "its host name"},
	{.name = "vpc_id", .member = "VPCId", .flags = FIELD_COMPUTED, .observed = "VPCOptions.VPCId", .summary = "the network that it stands in"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"TagList": "@tags"}),
	.observed = "TagList",
	.add = {.operation = "AddTags", .args = ARGS({"ARN": "@arn", "TagList": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "RemoveTags", .args = ARGS({"ARN": "@arn", "TagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
};

const struct kind opensearch_domain_kind = {
	.name = "opensearch_domain",
	.layer = "monitoring",
	.service = "opensearch",
	.summary = "a cluster in which logs are searched",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeDomains", ARGS({"DomainNames": "@ids"}), "DomainStatusList", .batch = "@{desired.DomainName}", .most = 5},
		.follows = {
			{"ListTags", ARGS({"ARN": "@item.ARN"}), "TagList", "TagList"},
			{"DescribeDomainConfig", ARGS({"DomainName": "@id"}), "DomainConfig.AutoTuneOptions.Options", "AutoTune", "auto_tune_options"}},
		.id = "DomainName",
		.arn = "ARN",
		.tag_types = "es:domain",
		.key = "@{desired.DomainName}",
	},
	.states = {.path = "DomainProcessingStatus", .pending = "Creating Modifying UpgradingEngineVersion UpdatingServiceSoftware", .gone = "Deleting", .message = "ChangeProgressDetails.Message"},
	.conditions = (const struct condition[]){
		{"DomainProcessingStatus", "Isolated", "Isolated", NULL},
		{"ChangeProgressDetails.ConfigChangeStatus", "ValidationFailed", "ChangeRefused", "ChangeProgressDetails.Message"},
		{"AutoTuneOptions.State", "ERROR", "AutoTuneFailed", "AutoTuneOptions.ErrorMessage"},
		{0}},
	.create = {.operation = "CreateDomain",
		   .args = ARGS({"VPCOptions": {"SubnetIds": "@!desired.SubnetIds", "SecurityGroupIds": "@desired.SecurityGroupIds", "EgressEnabled": "@desired.EgressEnabled"},
				 "AdvancedSecurityOptions": {"MasterUserOptions": {"MasterUserName": "@!desired.MasterUserName", "MasterUserPassword": {"@source": "MasterUserPassword"}}}})},
	.remove = {.operation = "DeleteDomain", .args = ARGS({"DomainName": "@id"}), .flags = CALL_REPEATABLE},
	// A role, a key or the resource policy of a log group that is too young to be seen.
	.not_yet = (const char *const[]){"ValidationException", NULL},
	.after = (const char *const[]){"service_linked_role", NULL},
	.holds_data = true,
	.settle_ms = 4LL * 60 * 60 * 1000,
	.needs = "iam:PassRole ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs kms:CreateGrant kms:DescribeKey",
	.check = check,
};
// clang-format on
