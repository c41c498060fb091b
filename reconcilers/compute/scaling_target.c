// A scalable target: between which bounds the tasks of a service (or another resource of
// Application Auto Scaling) may be scaled. RegisterScalableTarget makes and changes it; "any
// parameters that you don't specify are not changed".
//
// It has no name of its own: what it is for is its key. Its tags are written at its creation, and
// not read again: that would take a call for each.
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	int64_t least = js_int(desired, "MinCapacity", 0),
		most = js_int(desired, "MaxCapacity", INT64_MAX);
	if (least < 0 || most < 0)
		findings_error(findings,
			place_of(node, least < 0 ? "min_capacity" : "max_capacity"),
			"write 0 or more", "a capacity cannot be negative");
	else if (least > most)
		findings_error(findings, place_of(node, "min_capacity"),
			"lower it, or raise max_capacity",
			"min_capacity %lld is above max_capacity %lld", (long long)least,
			(long long)most);
}

// clang-format off
static const struct field fields[] = {
	{.name = "service", .member = "ResourceId", .type = FIELD_REF, .ref = "ecs_service", .ref_attr = "resourceId", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY,
	 .summary = "the ecs_service whose tasks are counted; resource_id: names anything else as Application Auto Scaling does"},
	{.name = "service_namespace", .flags = FIELD_CREATE_ONLY, .preset = "\"ecs\"", .summary = "whose resource it is"},
	{.name = "scalable_dimension", .flags = FIELD_CREATE_ONLY, .preset = "\"ecs:service:DesiredCount\"", .summary = "what of it is scaled"},
	{.name = "min_capacity", .flags = FIELD_REQUIRED, .summary = "never fewer"},
	{.name = "max_capacity", .flags = FIELD_REQUIRED, .summary = "never more"},
	{.name = "suspended_state", .compare = COMPARE_LOOSE, .summary = "what of scaling in, out and by schedule is switched off"},
	{.name = "role_arn", .summary = "only where there is no service-linked role"},
	{.name = "scalable_target_arn", .member = "ScalableTargetARN", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{0},
};

const struct kind scaling_target_kind = {
	.name = "scaling_target",
	.layer = "compute",
	.service = "application-autoscaling",
	.summary = "bounds between which a service is scaled",
	.fields = fields,
	.observe = {
		.list = {"DescribeScalableTargets", ARGS({"ServiceNamespace": "@each", "ResourceIds": "@ids"}), "ScalableTargets",
			 .each = "@{desired.ServiceNamespace}", .batch = "@{desired.ResourceId}", .most = 50},
		.id = "@{item.ScalableDimension}/@{item.ResourceId}",
		.arn = "ScalableTargetARN",
		.key = "@{desired.ScalableDimension}/@{desired.ResourceId}",
	},
	.create = {.operation = "RegisterScalableTarget", .args = ARGS({"Tags": {"holdfast:stack": "@stack", "holdfast:resource": "@address"}})},
	.update = {.operation = "RegisterScalableTarget", .flags = CALL_MERGE | CALL_REPEATABLE,
		   .args = ARGS({"ServiceNamespace": "@observed.ServiceNamespace", "ResourceId": "@observed.ResourceId", "ScalableDimension": "@observed.ScalableDimension",
				 "MinCapacity": "@desired.MinCapacity", "MaxCapacity": "@desired.MaxCapacity",
				 "SuspendedState": "@desired.SuspendedState", "RoleARN": "@desired.RoleARN"})},
	.remove = {.operation = "DeregisterScalableTarget", .args = ARGS({"ServiceNamespace": "@observed.ServiceNamespace", "ResourceId": "@observed.ResourceId", "ScalableDimension": "@observed.ScalableDimension"}), .flags = CALL_REPEATABLE},
	.needs = "ecs:DescribeServices ecs:UpdateService iam:CreateServiceLinkedRole",
	.check = check,
};
// clang-format on
