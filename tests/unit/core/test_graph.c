// Who talks to whom, as it follows from security groups and routes.
#include "core/graph.h"
#include "tests/unit/core/values.h"

#define HEAD "stack: shop\naccount: \"123456789012\"\nregion: eu-west-1\n"
#define NETWORK                                                                                    \
	"network:\n"                                                                               \
	"  vpc: {main: {cidr_block: 10.0.0.0/16}}\n"                                               \
	"  subnet:\n"                                                                              \
	"    public: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n"                 \
	"    app: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: a}\n"                    \
	"  elastic_ip: {nat: }\n"                                                                  \
	"  nat_gateway: {a: {subnet: public, elastic_ip: nat}}\n"                                  \
	"  route_table:\n"                                                                         \
	"    app: {vpc: main, routes: [{destination_cidr_block: 0.0.0.0/0, nat_gateway: a}], "     \
	"subnets: [app]}\n"

static const char endpoint[] =
	"    %s: {vpc: main, service_name: %s, vpc_endpoint_type: Interface, "
	"subnets: [app], security_groups: [%s]}\n";

/* "from -> to ports" of each edge, of a file with endpoints that carry the groups. */
static void expect_flow(const char *groups, const char *expected)
{
	_cleanup_free_ char *a = str_format(endpoint, "web", "logs", "web");
	_cleanup_free_ char *b = str_format(endpoint, "app", "ecr.api", "app");
	_cleanup_free_ char *text = str_format(
		HEAD NETWORK "  vpc_endpoint:\n%s%ssecurity:\n  security_group:\n%s", a, b, groups);
	struct desired *desired = values_desired(text);
	_cleanup_json_ json_t *flow = graph_flow(desired);
	struct buf out;
	buf_init(&out, 0);
	size_t i, j;
	json_t *edge, *port;
	json_array_foreach (flow, i, edge) {
		buf_addf(&out, "%s -> %s", js_str(edge, "from"), js_str(edge, "to"));
		json_array_foreach (json_object_get(edge, "ports"), j, port)
			buf_addf(&out, " %s", json_string_value(port));
		buf_adds(&out, "\n");
	}
	assert_string_equal(buf_str(&out), expected);
	buf_done(&out);
	desired_free(desired);
}

static void groups_say_who_reaches_whom(void **state)
{
	(void)state;
	expect_flow(
		"    web: {vpc: main, description: w, ingress: [{ip_protocol: tcp, from_port: 443, "
		"to_port: 443, cidr_ipv4: 0.0.0.0/0}, {ip_protocol: tcp, from_port: 80, to_port: "
		"80, "
		"cidr_ipv4: 0.0.0.0/0}], egress: []}\n"
		"    app: {vpc: main, description: a, ingress: [{ip_protocol: tcp, from_port: "
		"8080, "
		"to_port: 8081, security_group: web}], egress: []}\n",
		"clients -> network.vpc_endpoint.web 443 80\n"
		"network.vpc_endpoint.web -> network.vpc_endpoint.app 8080-8081\n"
		"network.nat_gateway.a -> outside\n");
}

static void a_rule_for_everything_has_no_ports(void **state)
{
	(void)state;
	expect_flow(
		"    web: {vpc: main, description: w, ingress: [], egress: []}\n"
		"    app: {vpc: main, description: a, ingress: [{ip_protocol: tcp, from_port: 1, "
		"to_port: 1, security_group: web}, {ip_protocol: \"-1\", security_group: web}], "
		"egress: []}\n",
		"network.vpc_endpoint.web -> network.vpc_endpoint.app\n"
		"network.nat_gateway.a -> outside\n");
}

static void who_may_leave_goes_out_by_the_gateway_of_its_subnet(void **state)
{
	(void)state;
	expect_flow(
		"    web: {vpc: main, description: w, ingress: [{ip_protocol: tcp, from_port: 443, "
		"to_port: 443, cidr_ipv4: 0.0.0.0/0}]}\n"
		"    app: {vpc: main, description: a, ingress: [], egress: [{ip_protocol: tcp, "
		"from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0}]}\n",
		"clients -> network.vpc_endpoint.web 443\n"
		"network.vpc_endpoint.app -> network.nat_gateway.a\n"
		"network.nat_gateway.a -> outside\n");
}

static void references_are_edges(void **state)
{
	(void)state;
	struct desired *desired = values_desired(HEAD NETWORK);
	_cleanup_json_ json_t *edges = graph_references(desired);
	_cleanup_free_ char *all = json_dumps(edges, JSON_SORT_KEYS);
	assert_non_null(
		strstr(all, "{\"from\": \"network.subnet.app\", \"to\": \"network.vpc.main\"}"));
	assert_non_null(strstr(
		all, "{\"from\": \"network.route_table.app\", \"to\": \"network.nat_gateway.a\"}"));
	desired_free(desired);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_say_who_reaches_whom),
		cmocka_unit_test(a_rule_for_everything_has_no_ports),
		cmocka_unit_test(who_may_leave_goes_out_by_the_gateway_of_its_subnet),
		cmocka_unit_test(references_are_edges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
