// What a good file becomes. What a bad one is told: test_bad_config.c.
#include "base/str.h"
#include "core/desired.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD "stack: shop\naccount: 123456789012\nregion: eu-west-1\n"
#define VPC "network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n"

static struct desired *load(const char *text, struct findings *findings)
{
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	findings_init(findings);
	return desired_load("shop.yaml", &options, findings);
}

/* Loads a file that must be good, without warnings. */
static struct desired *load_good(const char *text)
{
	struct findings findings;
	struct desired *desired = load(text, &findings);
	for (size_t i = 0; i < findings.count; i++)
		print_error("%d: %s\n", findings.items[i].place.line, findings.items[i].message);
	assert_int_equal(findings.count, 0);
	findings_done(&findings);
	assert_non_null(desired);
	return desired;
}

static void expect_text(const json_t *value, const char *json)
{
	char *actual = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_non_null(actual);
	assert_string_equal(actual, json);
	free(actual);
}

static void expect_resource(const char *text, const char *address, const char *json)
{
	struct desired *desired = load_good(text);
	const struct wanted *wanted = desired_find(desired, address);
	assert_non_null(wanted);
	expect_text(wanted->desired, json);
	desired_free(desired);
}

/* The whole text of what was found. */
static void expect_findings(const char *text, const char *expected)
{
	struct findings findings;
	struct desired *desired = load(text, &findings);
	struct buf out;
	buf_init(&out, 0);
	findings_print(&findings, &out);
	assert_string_equal(buf_str(&out), expected);
	buf_done(&out);
	assert_int_equal(desired == NULL, findings.error_count > 0);
	desired_free(desired);
	findings_done(&findings);
}

static void what_is_behind_each_is_measured(void **state)
{
	(void)state;
	struct desired *desired = load_good(HEAD VPC
		"  subnet: {a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}}\n"
		"  nat_gateway: {a: {subnet: a, elastic_ip: nat}}\n"
		"  internet_gateway: {main: {vpc: main}}\n"
		"  elastic_ip: {nat: {}, alone: {}}\n");
	static const struct {
		const char *address;
		int behind;
	} rows[] = {{"network.vpc.main", 2}, {"network.subnet.a", 1}, {"network.nat_gateway.a", 0},
		{"network.internet_gateway.main", 1}, {"network.elastic_ip.nat", 1},
		{"network.elastic_ip.alone", 0}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_int_equal(desired_find(desired, rows[i].address)->behind, rows[i].behind);
	desired_free(desired);
}

static void the_head_is_read(void **state)
{
	(void)state;
	struct desired *desired = load_good(HEAD
		"tags: {team: web, n: 5}\npolicy: {mode: observe, interval: 5m, most_deletes: 3}\n"
		"network: {policy: {mode: enforce, prune: delete}, vpc: {}}\n");
	assert_string_equal(desired->stack, "shop");
	assert_string_equal(desired->account, "123456789012");
	assert_string_equal(desired->region, "eu-west-1");
	expect_text(desired->tags, "{\"team\":\"web\",\"n\":\"5\"}");
	assert_int_equal(desired->policy.mode, MODE_OBSERVE);
	assert_int_equal(desired->policy.interval_ms, 300000);
	assert_int_equal(desired->policy.most_deletes, 3);
	for (size_t i = 0; i < desired->layer_count; i++) {
		bool is_network = str_eq(desired->layers[i].layer->name, "network");
		assert_int_equal(desired->layers[i].is_declared, is_network);
		assert_int_equal(
			desired->layers[i].policy.mode, is_network ? MODE_ENFORCE : MODE_OBSERVE);
		assert_int_equal(
			desired->layers[i].policy.prune, is_network ? PRUNE_DELETE : PRUNE_HOLD);
		assert_int_equal(desired->layers[i].policy.interval_ms, 300000);
	}
	desired_free(desired);
}

static void policies_and_tags_are_inherited_and_overridden(void **state)
{
	(void)state;
	struct desired *desired = load_good(
		HEAD "tags: {a: 1, b: 2}\npolicy: {ignore: [cidr_block]}\nnetwork:\n  vpc:\n"
		     "    main:\n      cidr_block: 10.0.0.0/16\n      tags: {b: 3, a: null, c: x}\n"
		     "      policy: {mode: observe, replace: allow, ignore: [enable_dns_support]}\n"
		     "    other: {cidr_block: 10.1.0.0/16}\n");
	const struct wanted *main_vpc = desired_find(desired, "network.vpc.main");
	expect_text(main_vpc->tags, "{\"b\":\"3\",\"c\":\"x\"}");
	assert_int_equal(main_vpc->policy.mode, MODE_OBSERVE);
	assert_int_equal(main_vpc->policy.rules[DISRUPTS_REPLACEMENT], RULE_ALLOW);
	expect_text(main_vpc->policy.ignore, "[\"cidr_block\",\"enable_dns_support\"]");
	const struct wanted *other = desired_find(desired, "network.vpc.other");
	expect_text(other->tags, "{\"a\":\"1\",\"b\":\"2\"}");
	assert_int_equal(other->policy.mode, MODE_ENFORCE);
	expect_text(other->policy.ignore, "[\"cidr_block\"]");
	expect_text(desired->policy.ignore, "[\"cidr_block\"]");
	desired_free(desired);
}

static void fields_become_members_and_names_references(void **state)
{
	(void)state;
	expect_resource(HEAD VPC
		"  subnet:\n    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n",
		"network.subnet.a",
		"{\"VpcId\":{\"@ref\":\"network.vpc.main\"},\"CidrBlock\":\"10.0.0.0/24\","
		"\"AvailabilityZone\":\"eu-west-1a\"}");
}

static void an_id_of_aws_stands_under_its_own_name(void **state)
{
	(void)state;
	expect_resource(HEAD
		"network:\n  subnet:\n    a: {vpc_id: vpc-0a, cidr_block: 10.0.0.0/24, "
		"availability_zone: eu-west-1b}\n",
		"network.subnet.a",
		"{\"VpcId\":\"vpc-0a\",\"CidrBlock\":\"10.0.0.0/"
		"24\",\"AvailabilityZone\":\"eu-west-"
		"1b\"}");
}

static void references_stand_alone_and_inside_text(void **state)
{
	(void)state;
	expect_resource(HEAD VPC
		"  flow_log:\n    main:\n      vpc: ${network.vpc.main.id}\n"
		"      log_group_name: /${stack.name}/${network.vpc.main.cidr_block}-$${x}\n"
		"      log_format: ${version} ${account-id}\n"
		"      deliver_logs_permission_arn: arn:aws:iam::123456789012:role/logs\n",
		"network.flow_log.main",
		"{\"ResourceId\":{\"@ref\":\"network.vpc.main\"},\"ResourceType\":\"VPC\","
		"\"LogGroupName\":{\"@text\":[\"/shop/\",{\"@ref\":\"network.vpc.main\",\"@attr\":"
		"\"CidrBlock\"},\"-${x}\"]},\"LogFormat\":\"${version} ${account-id}\","
		"\"DeliverLogsPermissionArn\":\"arn:aws:iam::123456789012:role/logs\","
		"\"TrafficType\":\"ALL\",\"LogDestinationType\":\"cloud-watch-logs\"}");
}

static void a_policy_document_becomes_text_with_its_references(void **state)
{
	(void)state;
	expect_resource(HEAD VPC
		"  vpc_endpoint:\n    s3:\n      vpc: main\n      service_name: s3\n"
		"      policy_document:\n        Version: 2012-10-17\n        Statement:\n"
		"          - Effect: Allow\n            Principal: '*'\n            Action: "
		"'s3:*'\n"
		"            Resource: arn:aws:s3:::${aws:username}/${network.vpc.main.id}/*\n",
		"network.vpc_endpoint.s3",
		"{\"VpcId\":{\"@ref\":\"network.vpc.main\"},\"ServiceName\":\"com.amazonaws.eu-"
		"west-1."
		"s3\",\"PolicyDocument\":{\"@text\":[\"{\\\"Version\\\":\\\"2012-10-17\\\","
		"\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":\\\"*\\\","
		"\\\"Action\\\":\\\"s3:*\\\",\\\"Resource\\\":\\\"arn:aws:s3:::${aws:username}/\","
		"{\"@ref\":\"network.vpc.main\"},\"/*\\\"}]}\"]},\"VpcEndpointType\":\"Gateway\"}");
}

static void items_take_their_own_fields_or_plain_values(void **state)
{
	(void)state;
	expect_resource(HEAD VPC
		"  internet_gateway:\n    main: {vpc: main}\n  subnet:\n"
		"    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n  "
		"route_table:\n"
		"    public:\n      vpc: main\n      routes:\n"
		"        - {destination_cidr_block: 0.0.0.0/0, internet_gateway: main}\n"
		"        - {destination_cidr_block: 10.9.0.0/16, gateway_id: igw-0123}\n"
		"      subnets: [a]\n",
		"network.route_table.public",
		"{\"VpcId\":{\"@ref\":\"network.vpc.main\"},\"Routes\":[{\"DestinationCidrBlock\":"
		"\"0.0.0.0/0\",\"GatewayId\":{\"@ref\":\"network.internet_gateway.main\"}},{"
		"\"DestinationCidrBlock\":\"10.9.0.0/"
		"16\",\"GatewayId\":\"igw-0123\"}],\"Subnets\":[{"
		"\"SubnetId\":{\"@ref\":\"network.subnet.a\"}}]}");
}

static void a_block_with_further_bits_is_made_canonical_with_a_warning(void **state)
{
	(void)state;
	const char *text = HEAD "network:\n  vpc:\n    main: {cidr_block: 10.0.3.7/16}\n";
	expect_findings(text, "shop.yaml:6:24: warning: cidr_block: AWS keeps 10.0.3.7/16 as "
			      "10.0.0.0/16; write 10.0.0.0/16\n");
	struct findings findings;
	struct desired *desired = load(text, &findings);
	expect_text(desired_find(desired, "network.vpc.main")->desired,
		"{\"CidrBlock\":\"10.0.0.0/16\"}");
	desired_free(desired);
	findings_done(&findings);
}

static void a_resource_without_fields_may_be_nothing_at_all(void **state)
{
	(void)state;
	expect_resource(HEAD "network:\n  elastic_ip:\n    nat:\n", "network.elastic_ip.nat", "{}");
}

static void creation_waits_for_what_its_call_needs_and_only_that(void **state)
{
	(void)state;
	struct desired *desired = load_good(
		HEAD VPC "security:\n  security_group:\n"
			 "    a: {vpc: main, ingress: [{ip_protocol: '-1', security_group: b}]}\n"
			 "    b: {vpc: main, ingress: [{ip_protocol: '-1', security_group: a}]}\n");
	const struct wanted *a = desired_find(desired, "security.security_group.a");
	expect_text(a->depends_on, "[\"network.vpc.main\"]");
	expect_text(a->refers_to, "[\"network.vpc.main\",\"security.security_group.b\"]");
	expect_text(desired_referrers(desired, "network.vpc.main"),
		"[\"security.security_group.a\",\"security.security_group.b\"]");
	expect_text(desired_referrers(desired, "security.security_group.b"),
		"[\"security.security_group.a\"]");
	assert_null(desired_referrers(desired, "network.vpc.none"));
	expect_text(json_object_get(a->desired, "Ingress"),
		"[{\"IpProtocol\":\"-1\",\"ReferencedGroupInfo\":{\"GroupId\":{\"@ref\":\"security."
		"security_group.b\"}}}]");
	desired_free(desired);
}

static void a_nat_gateway_comes_after_the_internet_gateway_of_its_own_network(void **state)
{
	(void)state;
	struct desired *desired = load_good(HEAD VPC
		"    other: {cidr_block: 10.1.0.0/16}\n  subnet:\n"
		"    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n"
		"  elastic_ip: {nat: }\n  nat_gateway:\n    n: {subnet: a, elastic_ip: nat}\n"
		"  internet_gateway:\n    main: {vpc: main}\n    other: {vpc: other}\n");
	expect_text(desired_find(desired, "network.nat_gateway.n")->depends_on,
		"[\"network.subnet.a\",\"network.elastic_ip.nat\",\"network.internet_gateway."
		"main\"]");
	desired_free(desired);
}

static void what_is_of_the_account_comes_first_though_nothing_refers_to_it(void **state)
{
	(void)state;
	struct desired *desired =
		load_good(HEAD "security:\n  service_linked_role:\n"
			       "    tasks: {aws_service_name: ecs.amazonaws.com}\n"
			       "    search: {aws_service_name: opensearchservice.amazonaws.com}\n"
			       "monitoring:\n  opensearch_domain:\n"
			       "    logs: {cluster_config: {zone_awareness_enabled: true}}\n");
	expect_text(desired_find(desired, "monitoring.opensearch_domain.logs")->depends_on,
		"[\"security.service_linked_role.tasks\",\"security.service_linked_role.search\"]");
	desired_free(desired);
}

static void the_version_follows_what_the_file_says_and_not_how(void **state)
{
	(void)state;
	struct desired *one = load_good(HEAD VPC),
		       *two = load_good("region: eu-west-1\naccount: 123456789012\n# words\n" VPC
					"stack: shop\n"),
		       *other = load_good(HEAD VPC "  elastic_ip: {nat: }\n");
	assert_int_equal(strlen(one->version), 16);
	assert_string_equal(one->version, two->version);
	assert_string_not_equal(one->version, other->version);
	desired_free(one);
	desired_free(two);
	desired_free(other);
}

static void variables_of_all_types_reach_their_fields(void **state)
{
	(void)state;
	expect_resource("vars: {net: 10.7, dns: true, zones: [b]}\n" HEAD
			"network:\n  vpc:\n    main:\n      cidr_block: ${var.net}.0.0/16\n"
			"      enable_dns_support: ${var.dns}\n",
		"network.vpc.main", "{\"CidrBlock\":\"10.7.0.0/16\",\"EnableDnsSupport\":true}");
}

static void an_error_of_a_variable_is_told_once_and_not_again_as_a_wrong_value(void **state)
{
	(void)state;
	expect_findings(HEAD "network:\n  vpc:\n    main: {cidr_block: \"${var.x}\", "
			     "enable_dns_support: maybe}\n",
		"shop.yaml:6:24: error: no variable 'x'; declare it under vars:\n"
		"shop.yaml:6:56: error: enable_dns_support must be true or false, not a string; "
		"write "
		"true or false\n");
}

static void too_many_resources_are_refused(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, HEAD "network:\n  elastic_ip:\n");
	for (int i = 0; i < 5002; i++)
		buf_addf(&text, "    e%d: {}\n", i);
	expect_findings(buf_str(&text),
		"shop.yaml:5006:5: error: more than 5000 resources; split the stack\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_is_read),
		cmocka_unit_test(what_is_behind_each_is_measured),
		cmocka_unit_test(policies_and_tags_are_inherited_and_overridden),
		cmocka_unit_test(fields_become_members_and_names_references),
		cmocka_unit_test(an_id_of_aws_stands_under_its_own_name),
		cmocka_unit_test(references_stand_alone_and_inside_text),
		cmocka_unit_test(a_policy_document_becomes_text_with_its_references),
		cmocka_unit_test(items_take_their_own_fields_or_plain_values),
		cmocka_unit_test(a_block_with_further_bits_is_made_canonical_with_a_warning),
		cmocka_unit_test(a_resource_without_fields_may_be_nothing_at_all),
		cmocka_unit_test(creation_waits_for_what_its_call_needs_and_only_that),
		cmocka_unit_test(a_nat_gateway_comes_after_the_internet_gateway_of_its_own_network),
		cmocka_unit_test(what_is_of_the_account_comes_first_though_nothing_refers_to_it),
		cmocka_unit_test(the_version_follows_what_the_file_says_and_not_how),
		cmocka_unit_test(variables_of_all_types_reach_their_fields),
		cmocka_unit_test(
			an_error_of_a_variable_is_told_once_and_not_again_as_a_wrong_value),
		cmocka_unit_test(too_many_resources_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
