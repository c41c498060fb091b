// A listener of a load balancer: a port, what is spoken there, and what happens by default.
//
// Listeners are read by load balancer, one call each, and known by it and their port. The default
// certificate is part of the listener, further ones (SNI) are a list of their own.
#include "base/str.h"
#include "compute/elbv2.h"
#include "core/place.h"

static bool is_secure(const char *protocol)
{
	return str_eq_null(protocol, "HTTPS") || str_eq_null(protocol, "TLS");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct {
		const char *member, *field;
	} rows[] = {
		{"CertificateArn", "certificate"},
		{"SslPolicy", "ssl_policy"},
		{"AdditionalCertificates", "additional_certificates"},
		{"MutualAuthentication", "mutual_authentication"},
		{"AlpnPolicy", "alpn_policy"},
	};
	const char *protocol = js_str(desired, "Protocol");
	elbv2_check_actions(
		json_object_get(desired, "DefaultActions"), "default_actions", node, findings);
	if (is_secure(protocol) && !json_object_get(desired, "CertificateArn"))
		findings_error(findings, place_of(node, "protocol"),
			"add 'certificate: <name of a certificate>' or 'certificate_arn:'",
			"a listener for %s needs a certificate", protocol);
	for (size_t i = 0; protocol && !is_secure(protocol) && i < ARRAY_COUNT(rows); i++)
		if (json_object_get(desired, rows[i].member))
			findings_error(findings, place_of(node, rows[i].field),
				"take it out, or write 'protocol: HTTPS' or TLS",
				"%s is not for a listener of %s", rows[i].field, protocol);
	if (str_eq_null(protocol, "HTTPS") && json_object_get(desired, "AlpnPolicy"))
		findings_error(findings, place_of(node, "alpn_policy"),
			"take it out, or write 'protocol: TLS'",
			"alpn_policy is for listeners of TLS");
}

// clang-format off
#define MODIFY(member) \
	{.operation = "ModifyListener", .args = ARGS({"ListenerArn": "@id", member: "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE}

static const struct field certificate_fields[] = {
	{.name = "certificate", .member = "CertificateArn", .type = FIELD_REF, .ref = "certificate", .ref_attr = "Arn", .flags = FIELD_REQUIRED, .summary = "chosen by the name that the client asks for"},
	{0},
};

static const char *const certificate_key[] = {"CertificateArn", NULL};

static const struct field fields[] = {
	{.name = "load_balancer", .member = "LoadBalancerArn", .type = FIELD_REF, .ref = "load_balancer", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "whose door it is"},
	{.name = "port", .disrupts = DISRUPTS_CONNECTIONS, .flags = FIELD_REQUIRED, .update = MODIFY("Port"), .summary = "unique in the load balancer"},
	{.name = "protocol", .disrupts = DISRUPTS_CONNECTIONS, .flags = FIELD_REQUIRED, .update = MODIFY("Protocol"), .summary = "application: HTTP or HTTPS; network: TCP, TLS, UDP, ..."},
	{.name = "certificate", .member = "CertificateArn", .type = FIELD_REF, .ref = "certificate", .ref_attr = "Arn", .observed = "Certificates.0.CertificateArn",
	 .update = {.operation = "ModifyListener", .args = ARGS({"ListenerArn": "@id", "Certificates": [{"CertificateArn": "@!value"}]}), .flags = CALL_MERGE | CALL_REPEATABLE},
	 .summary = "HTTPS, TLS: what clients get that ask for no other name"},
	{.name = "ssl_policy", .update = MODIFY("SslPolicy"), .summary = "HTTPS, TLS: protocols and ciphers; ELBSecurityPolicy-2016-08 unless given"},
	{.name = "default_actions", .flags = FIELD_REQUIRED, .compare = COMPARE_SET, .canon = elbv2_canon_actions, .refs = elbv2_action_refs, .update = MODIFY("DefaultActions"),
	 .summary = "what happens to what no rule takes: forward, redirect, fixed-response, after authenticate-*"},
	{.name = "mutual_authentication", .compare = COMPARE_SUBSET, .update = MODIFY("MutualAuthentication"), .summary = "HTTPS: clients show certificates, verified against a trust store"},
	{.name = "alpn_policy", .update = MODIFY("AlpnPolicy"), .summary = "TLS: one policy, HTTP2Preferred for instance"},
	{.name = "additional_certificates", .member = "AdditionalCertificates", .type = FIELD_ITEMS, .items = certificate_fields, .key = certificate_key, .scalar = "CertificateArn",
	 .skip = (const struct match_row[]){{"IsDefault", "true"}, {0}},
	 .add = {.operation = "AddListenerCertificates", .flags = CALL_BATCH | CALL_REPEATABLE, .args = ARGS({"ListenerArn": "@id", "Certificates": "@items"}),
		 .item = ARGS({"CertificateArn": "@item.CertificateArn"})},
	 .remove = {.operation = "RemoveListenerCertificates", .flags = CALL_BATCH | CALL_REPEATABLE, .args = ARGS({"ListenerArn": "@id", "Certificates": "@items"}),
		    .item = ARGS({"CertificateArn": "@item.CertificateArn"})},
	 .summary = "HTTPS, TLS: further certificates, for other names"},
	{.name = "attributes", .member = "Attributes", .type = FIELD_PAIRS, .pair_key = "Key", .pair_value = "Value", .flags = FIELD_AFTER_CREATE, .shape = "ModifyListenerAttributes:Attributes",
	 .update = {.operation = "ModifyListenerAttributes", .args = ARGS({"ListenerArn": "@id", "Attributes": "@changed"}), .flags = CALL_REPEATABLE},
	 .summary = "tcp.idle_timeout.seconds, routing.http.response.server.enabled, ..."},
	{.name = "listener_arn", .member = "ListenerArn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{0},
};

const struct kind listener_kind = {
	.name = "listener",
	.layer = "compute",
	.service = "elbv2",
	.summary = "a port of a load balancer, and what happens there",
	.tagging = &elbv2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeListeners", ARGS({"LoadBalancerArn": "@each", "PageSize": 400}), "Listeners", .each = "@{desired.LoadBalancerArn}"},
		.strays = {.under = "load_balancer", .by_parent = true},
		.joins = {ELBV2_TAGS},
		// Of HTTPS and TLS, which alone have certificates.
		.follows = {{"DescribeListenerCertificates", ARGS({"ListenerArn": "@id"}), "Certificates", "AdditionalCertificates",
			     .field = "additional_certificates", .rarely = true, .unless = {"Protocol", "!*S"}},
			    {"DescribeListenerAttributes", ARGS({"ListenerArn": "@id"}), "Attributes", "Attributes", .field = "attributes"}},
		.id = "ListenerArn",
		.arn = "ListenerArn",
		.tag_types = ELBV2_TAG_TYPES,
		.key = "@{desired.LoadBalancerArn} @{desired.Port}",
		.item_key = "@{item.LoadBalancerArn} @{item.Port}",
	},
	.create = {.operation = "CreateListener", .args = ARGS({"Certificates": [{"CertificateArn": "@!desired.CertificateArn"}]})},
	.created_id = "Listeners.0.ListenerArn",
	.remove = {.operation = "DeleteListener", .args = ARGS({"ListenerArn": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	.not_yet = (const char *const[]){"CertificateNotFound", "UnsupportedCertificate", "TargetGroupNotFound", "LoadBalancerNotFound", NULL},
	.delete_first = true,
	.check = check,
};
// clang-format on
