// What is told about a file that AWS would take, and what is not.
#include "base/str.h"
#include "core/advice.h"
#include "core/advicedoc.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD "stack: shop\naccount: \"123456789012\"\nregion: eu-west-1\n"
#define NETWORK                                                                                    \
	"network:\n"                                                                               \
	"  vpc: {main: {cidr_block: 10.0.0.0/16}}\n"                                               \
	"  subnet:\n"                                                                              \
	"    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n"                      \
	"    b: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: b}\n"                      \
	"    b2: {vpc: main, cidr_block: 10.0.2.0/24, availability_zone: b}\n"

/* "LINE ID" of each finding, which must be advice that names resource and remedy. */
static void put_findings(const struct findings *findings, const char *address, struct buf *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];
		const char *id = strrchr(f->message, '(');
		if (!f->is_warning || !id)
			fail_msg("%d: %s", f->place.line, f->message);
		if (address && !str_starts(f->message, address))
			fail_msg("not of %s: %s", address, f->message);
		assert_non_null(f->remedy);
		buf_addf(out, "%d %.*s\n", f->place.line, (int)strlen(id) - 2, id + 1);
	}
}

/* What is told about a whole file, whose first line is 4. */
static void expect_advice(const char *text, const char *expected)
{
	_cleanup_free_ char *whole = str_format(HEAD "%s", text);
	struct tree_options options = {.text = whole, .text_bytes = strlen(whole)};
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load("shop.yaml", &options, &findings);
	struct buf out;
	buf_init(&out, 0);
	put_findings(&findings, NULL, &out);
	assert_string_equal(buf_str(&out), expected);
	assert_non_null(desired);
	buf_done(&out);
	desired_free(desired);
	findings_done(&findings);
}

/* What is told about a document, which begins on line 1. */
static void expect_of(const char *document, const char *expected)
{
	struct tree_options options = {.text = document, .text_bytes = strlen(document)};
	struct findings findings;
	findings_init(&findings);
	struct tree *tree = tree_load("policy.yaml", &options, &findings);
	assert_int_equal(findings.count, 0);
	struct wanted wanted = {.address = (char *)"security.iam_role.task",
		.place = place_in("policy.yaml", 99, 1)};
	struct advice advice = {.findings = &findings, .wanted = &wanted};
	advicedoc_check(&advice, node_get(tree_root(tree), "d"));
	struct buf out;
	buf_init(&out, 0);
	put_findings(&findings, "security.iam_role.task: ", &out);
	if (!str_eq(buf_str(&out), expected))
		print_error("%s\n", document);
	assert_string_equal(buf_str(&out), expected);
	buf_done(&out);
	tree_free(tree);
	findings_done(&findings);
}

/* One statement, written as YAML's flow form. */
#define EXPECT_STATEMENT(statement, expected) expect_of("d: {Statement: " statement "}", expected)

// ---- documents

static void everything_on_everything_is_told(void **state)
{
	(void)state;
	EXPECT_STATEMENT("{Effect: Allow, Action: '*', Resource: '*'}", "1 wildcard-action\n");
	EXPECT_STATEMENT("{Effect: Allow, Action: ['s3:GetObject', 'IAM:*'], Resource: [a, '*']}",
		"1 wildcard-action\n");
	EXPECT_STATEMENT("{Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::*'}",
		"1 wildcard-action\n");
	EXPECT_STATEMENT("{Effect: Allow, Action: 'logs:*', Resource: 'arn:aws:logs:*:*:*'}",
		"1 wildcard-action\n");
	EXPECT_STATEMENT("{Effect: Allow, Action: 's3:*', NotResource: 'arn:aws:s3:::a'}",
		"1 wildcard-action\n");
}

static void what_is_narrow_in_one_way_is_not_told(void **state)
{
	(void)state;
	EXPECT_STATEMENT("{Effect: Allow, Action: 's3:Get*', Resource: '*'}", "");
	EXPECT_STATEMENT("{Effect: Allow, Action: '*', Resource: 'arn:aws:s3:::bucket/*'}", "");
	EXPECT_STATEMENT(
		"{Effect: Allow, Action: 'logs:*', Resource: 'arn:aws:logs:eu-west-1:1:*'}", "");
	EXPECT_STATEMENT("{Effect: Deny, Action: '*', Resource: '*'}", "");
	EXPECT_STATEMENT("{Effect: Allow, Action: 'a:b', Resource: '${security.x.y.arn}'}", "");
	expect_of("d: 5", "");
	expect_of("d: 'no document'", "");
	expect_of("d: {Statement: nonsense}", "");
}

static void each_statement_is_told_at_its_place(void **state)
{
	(void)state;
	expect_of("d:\n  Statement:\n"
		  "    - {Effect: Allow, Action: 's3:Get*', Resource: '*'}\n"
		  "    - {Effect: Allow, Action: '*', Resource: '*'}\n"
		  "    - Effect: Allow\n      NotAction: 'iam:*'\n      Resource: a\n",
		"4 wildcard-action\n5 not-action\n");
	// In JSON text there is one place for all.
	expect_of("d: '{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": "
		  "\"*\"}]}'",
		"1 wildcard-action\n");
}

static void passing_every_role_is_told_once(void **state)
{
	(void)state;
	EXPECT_STATEMENT("{Effect: Allow, Action: 'iam:PassRole', Resource: '*'}", "1 pass-role\n");
	EXPECT_STATEMENT("{Effect: Allow, Action: ['ecs:*', 'iam:pass*'], Resource: '*'}",
		"1 wildcard-action\n1 pass-role\n");
	EXPECT_STATEMENT("{Effect: Allow, Action: 'iam:*', Resource: '*'}", "1 wildcard-action\n");
	EXPECT_STATEMENT(
		"{Effect: Allow, Action: 'iam:PassRole', Resource: 'arn:aws:iam::1:role/task'}",
		"");
	EXPECT_STATEMENT("{Effect: Allow, Action: 'iam:PassRole', Resource: '*', Condition: "
			 "{StringEquals: {'iam:PassedToService': ecs-tasks.amazonaws.com}}}",
		"");
}

static void all_but_a_list_is_told(void **state)
{
	(void)state;
	EXPECT_STATEMENT("{Effect: Allow, NotAction: 'iam:*', Resource: a}", "1 not-action\n");
	EXPECT_STATEMENT("{Effect: Deny, NotAction: 'iam:*', Resource: a}", "");
	EXPECT_STATEMENT("{Effect: Allow, NotPrincipal: {AWS: '123456789012'}, Action: a}",
		"1 not-principal\n");
	EXPECT_STATEMENT("{Effect: Deny, NotPrincipal: {AWS: '123456789012'}, Action: a}", "");
}

static void the_public_is_told_unless_a_condition_says_who(void **state)
{
	(void)state;
	EXPECT_STATEMENT("{Effect: Allow, Principal: '*', Action: a}", "1 public-principal\n");
	EXPECT_STATEMENT("{Effect: Allow, Principal: {AWS: ['*']}, Action: 'sts:AssumeRole'}",
		"1 public-principal\n");
	EXPECT_STATEMENT(
		"{Effect: Allow, Principal: {Federated: 'arn:aws:iam::1:oidc-provider/g'}, "
		"Action: 'sts:AssumeRoleWithWebIdentity'}",
		"1 public-principal\n");
	EXPECT_STATEMENT("{Effect: Allow, Principal: '*', Action: a, Condition: {StringEquals: "
			 "{'aws:PrincipalOrgID': o-1}}}",
		"");
	EXPECT_STATEMENT("{Effect: Allow, Principal: '*', Action: a, Condition: {Bool: "
			 "{'aws:SecureTransport': true}}}",
		"1 public-principal\n");
	EXPECT_STATEMENT("{Effect: Deny, Principal: '*', Action: a}", "");
	EXPECT_STATEMENT("{Effect: Allow, Principal: {AWS: '123456789012'}, Action: '*', "
			 "Resource: '*'}",
		"");
}

static void a_deputy_must_say_for_whom_it_acts(void **state)
{
	(void)state;
	EXPECT_STATEMENT("{Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: a}",
		"1 confused-deputy\n");
	EXPECT_STATEMENT("{Effect: Allow, Principal: {Service: [ec2.amazonaws.com, "
			 "logs.eu-west-1.amazonaws.com]}, Action: a}",
		"1 confused-deputy\n");
	EXPECT_STATEMENT(
		"{Effect: Allow, Principal: {Service: delivery.logs.amazonaws.com}, Action: a}",
		"1 confused-deputy\n");
	EXPECT_STATEMENT("{Effect: Allow, Principal: {Service: firehose.amazonaws.com}, Action: a, "
			 "Condition: {StringEquals: {'AWS:SourceAccount': '1'}}}",
		"");
	EXPECT_STATEMENT("{Effect: Allow, Principal: {Service: logs.amazonaws.com}, Action: a, "
			 "Condition: {ArnLike: {'kms:EncryptionContext:aws:logs:arn': x}}}",
		"");
	EXPECT_STATEMENT("{Effect: Allow, Principal: {Service: logs.amazonaws.com}, Action: a, "
			 "Condition: {Bool: {'aws:SecureTransport': true}}}",
		"1 confused-deputy\n");
	EXPECT_STATEMENT("{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: "
			 "'sts:AssumeRole'}",
		"");
}

static void an_endpoint_s_policy_grants_nothing_by_itself(void **state)
{
	(void)state;
	expect_advice(NETWORK "  vpc_endpoint:\n    s3:\n      vpc: main\n      service_name: s3\n"
			      "      policy_document: {Statement: [{Effect: Allow, Principal: '*', "
			      "Action: '*', Resource: '*'}]}\n",
		"");
}

#define TRUST                                                                                      \
	"assume_role_policy: {Statement: {Effect: Allow, Principal: {Service: "                    \
	"ec2.amazonaws.com}, "                                                                     \
	"Action: 'sts:AssumeRole'}}"
#define LIMIT                                                                                      \
	"security:\n  iam_policy:\n    limit: {policy_document: {Statement: {Effect: Allow, "      \
	"Action: 's3:*', Resource: '*'}}}\n"

static void a_boundary_is_a_limit_and_no_grant(void **state)
{
	(void)state;
	expect_advice(LIMIT "  iam_role: {a: {" TRUST ", permissions_boundary: limit}}\n", "");
	expect_advice(LIMIT, "6 wildcard-action\n");
	expect_advice(LIMIT "  iam_role:\n    a: {" TRUST
			    ", permissions_boundary: limit}\n    b: {" TRUST
			    ", managed_policies: [limit]}\n",
		"6 wildcard-action\n");
}

static void the_policies_of_a_role_are_told_each_at_its_place(void **state)
{
	(void)state;
	expect_advice("security:\n  iam_role:\n    a:\n      " TRUST "\n      policies:\n"
		      "        good: {Statement: [{Effect: Allow, Action: 'a:b', Resource: '*'}]}\n"
		      "        bad: {Statement: [{Effect: Allow, Action: 'a:*', Resource: '*'}]}\n",
		"10 wildcard-action\n");
}

// ---- the network

#define GROUP(rules) "security:\n  security_group:\n    web:\n      vpc_id: vpc-0a1b2c3d\n" rules
#define RULE(text) "        - {" text "}\n"

static void ports_open_to_the_world_are_told(void **state)
{
	(void)state;
	expect_advice(
		GROUP("      ingress:\n" RULE("ip_protocol: tcp, from_port: 22, to_port: 22, "
					      "cidr_ipv4: 0.0.0.0/0")
				RULE("ip_protocol: tcp, from_port: 443, to_port: 8443, cidr_ipv6: "
				     "'::/0'") RULE("ip_protocol: '-1', cidr_ipv4: 0.0.0.0/0")
					RULE("ip_protocol: icmp, from_port: 8, to_port: -1, "
					     "cidr_ipv4: 0.0.0.0/0")
						RULE("ip_protocol: '50', cidr_ipv4: 0.0.0.0/0")),
		"9 open-ingress\n10 open-ingress\n11 open-ingress\n12 open-ingress\n"
		"13 open-ingress\n");
}

static void narrow_sources_web_ports_and_the_way_out_are_not_told(void **state)
{
	(void)state;
	expect_advice(
		GROUP("      ingress:\n" RULE(
			"ip_protocol: tcp, from_port: 22, to_port: 22, "
			"cidr_ipv4: 10.0.0.0/8") RULE("ip_protocol: tcp, from_port: 80, to_port: "
						      "80, cidr_ipv4: 0.0.0.0/0")
				RULE("ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv6: "
				     "'::/0'")
					RULE("ip_protocol: icmp, from_port: 3, to_port: 4, "
					     "cidr_ipv4: 0.0.0.0/0") "      egress:\n" RULE("ip_"
											    "protoc"
											    "ol: "
											    "'-1', "
											    "cidr_"
											    "ipv4: "
											    "0.0.0."
											    "0/0")),
		"");
}

static void web_ports_of_what_is_no_load_balancer_are_told(void **state)
{
	(void)state;
	expect_advice(NETWORK
		"  vpc_endpoint:\n"
		"    logs: {vpc: main, service_name: logs, vpc_endpoint_type: Interface, subnets: "
		"[a, b], "
		"security_groups: [web]}\n"
		"security:\n  security_group:\n    web:\n      vpc: main\n      ingress:\n" RULE(
			"ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0"),
		"17 open-ingress\n");
}

/* What is told of a group that lets the world in on 443 and 8443, where a load balancer carries it
 * and listens on 8443 alone. NULL: no such member, or no such resource. */
static void expect_behind(const char *scheme, const char *port, const char *expected)
{
	const struct kind balancer = {.name = "load_balancer"}, listener = {.name = "listener"};
	struct wanted wanted[] = {
		{.kind = kind_find("security_group"),
			.address = (char *)"g",
			.place = place_in("shop.yaml", 1, 1),
			.desired =
				json_loads("{\"Ingress\":[{\"IpProtocol\":\"tcp\",\"FromPort\":443,"
					   "\"ToPort\":443,\"CidrIpv4\":\"0.0.0.0/0\"},"
					   "{\"IpProtocol\":\"tcp\",\"FromPort\":8443,\"ToPort\":"
					   "8443,\"CidrIpv6\":\"::/0\"}]}",
					0, NULL)},
		{.kind = &balancer,
			.address = (char *)"lb",
			.desired = json_pack("{s:s*}", "Scheme", scheme),
			.refers_to = json_pack("[s]", "g")},
		{.kind = &listener,
			.address = (char *)"l",
			.desired = port ? json_loads(port, 0, NULL) : NULL,
			.refers_to = json_pack("[s]", port ? "lb" : "other")}};
	const struct desired desired = {.wanted = wanted, .count = 3};
	struct findings findings;
	struct buf out;
	findings_init(&findings);
	buf_init(&out, 0);
	struct advice advice = {&desired, &findings, wanted};
	wanted[0].kind->advise(&advice);
	for (size_t i = 0; i < findings.count; i++)
		buf_addf(&out, "%s\n", findings.items[i].message);
	assert_string_equal(buf_str(&out), expected);
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		json_decref(wanted[i].desired);
		json_decref(wanted[i].refers_to);
	}
	buf_done(&out);
	findings_done(&findings);
}

static void a_load_balancer_s_own_ports_are_open_to_the_world(void **state)
{
	(void)state;
	expect_behind("internet-facing", "{\"Port\":8443}",
		"g: tcp 443 is open to 0.0.0.0/0 (open-ingress)\n");
	expect_behind(NULL, NULL, "g: tcp 8443 is open to ::/0 (open-ingress)\n");
	expect_behind("internal", "{\"Port\":8443}",
		"g: tcp 443 is open to 0.0.0.0/0, and no internet-facing load balancer carries the "
		"group (open-ingress)\n"
		"g: tcp 8443 is open to ::/0, and no internet-facing load balancer carries the "
		"group (open-ingress)\n");
}

static void a_thing_of_one_zone_is_told(void **state)
{
	(void)state;
	expect_advice(NETWORK
		"  vpc_endpoint:\n"
		"    one: {vpc: main, service_name: logs, vpc_endpoint_type: "
		"Interface, subnets: [a]}\n"
		"    same: {vpc: main, service_name: logs, vpc_endpoint_type: "
		"Interface, subnets: [b, b2]}\n"
		"    two: {vpc: main, service_name: logs, vpc_endpoint_type: "
		"Interface, subnets: [a, b]}\n"
		"    unknown: {vpc: main, service_name: logs, vpc_endpoint_type: "
		"Interface, subnet_ids: ['${network.subnet.a.id}', subnet-0a1b2c3d]}\n"
		"    foreign: {vpc: main, service_name: logs, vpc_endpoint_type: "
		"Interface, subnet_ids: [subnet-0a1b2c3d]}\n"
		"    gateway: {vpc: main, service_name: s3}\n",
		"11 single-zone\n12 single-zone\n");
}

#define NAT                                                                                        \
	NETWORK "  elastic_ip: {n: }\n  nat_gateway: {a: {subnet: a, elastic_ip: n}}\n"            \
		"  route_table:\n"
#define TABLE(name, subnets, more)                                                                 \
	"    " name ": {vpc: main, subnets: [" subnets "], routes: [{destination_cidr_block: "     \
	"0.0.0.0/0, nat_gateway: a}]" more "}\n"

static void a_way_out_through_another_zone_is_told(void **state)
{
	(void)state;
	expect_advice(NAT TABLE("own", "a", "") TABLE("other", "b, b2", ""), "14 shared-nat\n");
	expect_advice(NAT TABLE("both", "a, b", ""), "13 shared-nat\n");
}

static void what_must_outlive_a_zone_is_marked_in_its_table(void **state)
{
	(void)state;
	static const char *const rows[][3] = {{"vpc_endpoint", "subnets", NULL},
		{"load_balancer", "subnets", NULL}, {"ecs_service", "subnets", NULL},
		{"db_proxy", "vpc_subnets", NULL}, {"db_instance", "multi_az", "multi-az"},
		{"opensearch_domain", "cluster_config", "multi-az"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct kind *kind = kind_find(rows[i][0]);
		const struct field *field = kind ? field_find(kind->fields, rows[i][1]) : NULL;
		if (!field || (rows[i][2] ? !str_eq_null(field->advice, rows[i][2])
					  : !(field->flags & FIELD_TWO_ZONES)))
			fail_msg("%s.%s", rows[i][0], rows[i][1]);
	}
}

/* What is told of a cluster whose field `ha` has this value in the file. */
static void expect_of_value(const char *value, const char *expected)
{
	const struct field fields[] = {
		{.name = "ha", .member = "Ha", .advised = "{\"On\":true}", .advice = "multi-az"},
		{0}};
	const struct kind kind = {.name = "cluster", .layer = "data", .fields = fields};
	struct wanted wanted = {.kind = &kind,
		.address = (char *)"data.cluster.main",
		.desired = json_loads(value, 0, NULL),
		.place = place_in("shop.yaml", 7, 5)};
	const struct desired desired = {.wanted = &wanted, .count = 1};
	struct findings findings;
	struct buf out;
	findings_init(&findings);
	buf_init(&out, 0);
	advice_check(&desired, &findings);
	put_findings(&findings, "data.cluster.main: ha.on is not true (multi-az)", &out);
	assert_string_equal(buf_str(&out), expected);
	buf_done(&out);
	findings_done(&findings);
	json_decref(wanted.desired);
}

static void a_value_that_is_not_as_advised_is_told(void **state)
{
	(void)state;
	expect_of_value("{}", "7 multi-az\n");
	expect_of_value("{\"Ha\":{\"On\":false}}", "7 multi-az\n");
	expect_of_value("{\"Ha\":{\"On\":true,\"More\":1}}", "");
}

// ---- silence

static void what_the_file_accepts_with_a_reason_is_not_told(void **state)
{
	(void)state;
	expect_advice(NAT TABLE("b", "b", ", policy: {accept: {shared-nat: cheap}}")
			      TABLE("c", "b2", ", policy: {accept: {open-ingress: other}}"),
		"14 shared-nat\n");
	expect_advice("policy: {accept: {shared-nat: cheap}}\n" NAT TABLE("b", "b", ""), "");
	expect_advice(NAT TABLE("b", "b",
			      ", policy: {accept: {open-ingress: why}}") "  policy: {accept: "
									 "{shared-nat: cheap}}\n",
		"");
	expect_advice(NAT TABLE("b", "b", "") "security: {policy: {accept: {shared-nat: x}}}\n",
		"13 shared-nat\n");
}

static void broken_files_get_no_advice(void **state)
{
	(void)state;
	static const char text[] = HEAD GROUP("      ingres: []\n      ingress:\n" RULE(
		"ip_protocol: '-1', cidr_ipv4: 0.0.0.0/0"));
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	struct findings findings;
	findings_init(&findings);
	assert_null(desired_load("shop.yaml", &options, &findings));
	assert_int_equal(findings.count, 1);
	findings_done(&findings);
}

static void every_rule_is_in_the_manual(void **state)
{
	(void)state;
	char text[64 << 10] = "", plain[64 << 10];
	FILE *file = fopen("packaging/man/holdfast.yaml.5", "re");
	if (!file)
		fail_msg("run it from the top of the tree");
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	char *to = plain;
	for (const char *from = text; *from; from++)
		if (*from != '\\' || from[1] != '-')
			*to++ = *from;
	*to = '\0';
	for (const struct advice_rule *rule = advice_rules; rule->id; rule++) {
		_cleanup_free_ char *entry = str_format("\n.B %s\n", rule->id);
		if (!strstr(plain, entry))
			fail_msg("holdfast.yaml(5) does not tell of %s", rule->id);
		assert_ptr_equal(advice_find(rule->id), rule);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_on_everything_is_told),
		cmocka_unit_test(what_is_narrow_in_one_way_is_not_told),
		cmocka_unit_test(each_statement_is_told_at_its_place),
		cmocka_unit_test(passing_every_role_is_told_once),
		cmocka_unit_test(all_but_a_list_is_told),
		cmocka_unit_test(the_public_is_told_unless_a_condition_says_who),
		cmocka_unit_test(a_deputy_must_say_for_whom_it_acts),
		cmocka_unit_test(an_endpoint_s_policy_grants_nothing_by_itself),
		cmocka_unit_test(a_boundary_is_a_limit_and_no_grant),
		cmocka_unit_test(the_policies_of_a_role_are_told_each_at_its_place),
		cmocka_unit_test(ports_open_to_the_world_are_told),
		cmocka_unit_test(narrow_sources_web_ports_and_the_way_out_are_not_told),
		cmocka_unit_test(web_ports_of_what_is_no_load_balancer_are_told),
		cmocka_unit_test(a_load_balancer_s_own_ports_are_open_to_the_world),
		cmocka_unit_test(a_thing_of_one_zone_is_told),
		cmocka_unit_test(a_way_out_through_another_zone_is_told),
		cmocka_unit_test(what_must_outlive_a_zone_is_marked_in_its_table),
		cmocka_unit_test(a_value_that_is_not_as_advised_is_told),
		cmocka_unit_test(what_the_file_accepts_with_a_reason_is_not_told),
		cmocka_unit_test(broken_files_get_no_advice),
		cmocka_unit_test(every_rule_is_in_the_manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
