// An internet gateway and its attachment. One VPC has one at most; its attachment can move.
#include "core/kind.h"

// clang-format off
static const struct field fields[] = {
	{.name = "vpc", .member = "VpcId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_REQUIRED | FIELD_AFTER_CREATE | FIELD_JOINS,
	 .observed = "Attachments.0.VpcId", .disrupts = DISRUPTS_CONNECTIONS,
	 .unset = {.operation = "DetachInternetGateway", .args = ARGS({"InternetGatewayId": "@id", "VpcId": "@old"}), .flags = CALL_REPEATABLE},
	 .update = {.operation = "AttachInternetGateway", .args = ARGS({"InternetGatewayId": "@id", "VpcId": "@value"}), .flags = CALL_REPEATABLE},
	 .summary = "the network that it opens"},
	{0},
};

const struct kind internet_gateway_kind = {
	.name = "internet_gateway",
	.layer = "network",
	.service = "ec2",
	.summary = "the way between a VPC and the internet",
	.tag_type = "internet-gateway",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeInternetGateways", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "InternetGateways"},
		.by_id = ARGS({"InternetGatewayIds": ["@id"]}),
		.id = "InternetGatewayId",
	},
	.create = {.operation = "CreateInternetGateway"},
	.created_id = "InternetGateway.InternetGatewayId",
	.teardown = (const struct call[]){
		{.operation = "DetachInternetGateway", .args = ARGS({"InternetGatewayId": "@id", "VpcId": "@item"}),
		 .each = "observed.VpcId", .flags = CALL_REPEATABLE},
		{0}},
	.remove = {.operation = "DeleteInternetGateway", .args = ARGS({"InternetGatewayId": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	.not_yet = (const char *const[]){"DependencyViolation", "InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound", NULL},
};
// clang-format on
