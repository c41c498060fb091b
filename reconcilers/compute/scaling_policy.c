// A scaling policy: when a scalable target gets more or fewer tasks. PutScalingPolicy makes and
// changes it, whole.
//
// Its key is its name under its target; its ARN may change. The alarms that AWS makes for it are
// AWS's ("Do not edit or delete the CloudWatch alarms that are created for a target tracking
// policy"). A target that goes takes its policies along.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static const struct {
	const char *type, *member, *field;
} types[] = {
	{"TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration",
		"target_tracking_scaling_policy_configuration"},
	{"StepScaling", "StepScalingPolicyConfiguration", "step_scaling_policy_configuration"},
	{"PredictiveScaling", "PredictiveScalingPolicyConfiguration",
		"predictive_scaling_policy_configuration"},
};

// The type follows from the configuration that is given; written out it must agree.
static void check_type(const json_t *desired, const struct node *node, struct findings *findings)
{
	const struct node *written = node_get(node, "policy_type");
	for (size_t i = 0; i < ARRAY_COUNT(types); i++)
		if (json_object_get(desired, types[i].member) && written && written->text &&
			!str_eq(written->text, types[i].type))
			findings_error(findings, written->place, "take it out",
				"%s makes a policy of type %s, not %s", types[i].field,
				types[i].type, written->text);
}

static void check_tracking(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	const json_t *how = json_object_get(desired, types[0].member);
	const json_t *predefined = json_object_get(how, "PredefinedMetricSpecification");
	const char *metric = js_str(predefined, "PredefinedMetricType");
	struct place place = place_of(node, types[0].field);
	if (!how)
		return;
	if (!predefined == !json_object_get(how, "CustomizedMetricSpecification"))
		findings_error(findings, place,
			"write predefined_metric_specification or customized_metric_specification",
			"a target tracking policy needs one metric, %s",
			predefined ? "not two" : "and has none");
	bool needs_label = metric && str_eq(metric, "ALBRequestCountPerTarget");
	if (needs_label && !json_object_get(predefined, "ResourceLabel"))
		findings_error(findings, place,
			"add 'resource_label: "
			"${compute.load_balancer.<name>.load_balancer_full_name}/"
			"${compute.target_group.<name>.target_group_full_name}'",
			"ALBRequestCountPerTarget needs to know the target group");
	const json_t *value = json_object_get(how, "TargetValue");
	double target = json_number_value(value);
	bool is_percent = metric && str_starts(metric, "ECSServiceAverage");
	if (json_is_number(value) && (target <= 0 || (is_percent && target > 100)))
		findings_error(findings, place,
			is_percent ? "write a percentage, as in 70" : "write more than 0",
			"target_value %g cannot be held", target);
}

static void check_steps(const json_t *desired, const struct node *node, struct findings *findings)
{
	const json_t *how = json_object_get(desired, types[1].member);
	const char *type = js_str(how, "AdjustmentType");
	struct place place = place_of(node, types[1].field);
	size_t i;
	json_t *step;
	if (!how)
		return;
	if (!json_object_get(how, "AdjustmentType"))
		findings_error(findings, place,
			"add 'adjustment_type: ChangeInCapacity', PercentChangeInCapacity or "
			"ExactCapacity",
			"a step scaling policy needs 'adjustment_type'");
	if (json_array_size(json_object_get(how, "StepAdjustments")) == 0)
		findings_error(findings, place, "add 'step_adjustments: [...]'",
			"a step scaling policy needs steps");
	json_array_foreach (json_object_get(how, "StepAdjustments"), i, step) {
		const json_t *low = json_object_get(step, "MetricIntervalLowerBound"),
			     *high = json_object_get(step, "MetricIntervalUpperBound");
		if (!low && !high)
			findings_error(findings, place,
				"add metric_interval_lower_bound or metric_interval_upper_bound",
				"step %zu has no bounds", i + 1);
		else if (json_is_number(low) && json_is_number(high) &&
			 json_number_value(low) >= json_number_value(high))
			findings_error(findings, place, "swap them",
				"step %zu ends at %g, before %g", i + 1, json_number_value(high),
				json_number_value(low));
	}
	if (json_object_get(how, "MinAdjustmentMagnitude") && type &&
		!str_eq(type, "PercentChangeInCapacity"))
		findings_error(findings, place, "take it out",
			"min_adjustment_magnitude is for PercentChangeInCapacity");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	check_type(desired, node, findings);
	check_tracking(desired, node, findings);
	check_steps(desired, node, findings);
}

// clang-format off
static const struct field fields[] = {
	{.name = "policy_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique among the policies of its target"},
	{.name = "target", .member = "ResourceId", .type = FIELD_REF, .ref = "scaling_target", .ref_attr = "ResourceId", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY,
	 .summary = "the scaling_target that it scales"},
	{.name = "service_namespace", .flags = FIELD_CREATE_ONLY, .preset = "\"ecs\"", .summary = "that of the target"},
	{.name = "scalable_dimension", .flags = FIELD_CREATE_ONLY, .preset = "\"ecs:service:DesiredCount\"", .summary = "that of the target"},
	{.name = "policy_type", .flags = FIELD_CREATE_ONLY, .summary = "follows from the configuration that is given"},
	// A policy without the one configuration is of another type, and stays of it.
	{.name = "target_tracking_scaling_policy_configuration", .flags = FIELD_ONE_OF, .sets = "PolicyType=TargetTrackingScaling", .compare = COMPARE_LOOSE,
	 .fixed = (const struct match_row[]){{"TargetTrackingScalingPolicyConfiguration.TargetValue", ""}, {0}},
	 .summary = "hold a metric at a value: target_value, the metric, scale_in_cooldown, scale_out_cooldown, disable_scale_in"},
	{.name = "step_scaling_policy_configuration", .flags = FIELD_ONE_OF, .sets = "PolicyType=StepScaling", .compare = COMPARE_LOOSE,
	 .fixed = (const struct match_row[]){{"StepScalingPolicyConfiguration.AdjustmentType", ""}, {0}},
	 .summary = "steps that an alarm of yours takes, by the policy's ARN"},
	{.name = "predictive_scaling_policy_configuration", .flags = FIELD_ONE_OF, .sets = "PolicyType=PredictiveScaling", .compare = COMPARE_LOOSE,
	 .fixed = (const struct match_row[]){{"PredictiveScalingPolicyConfiguration.MetricSpecifications.0.TargetValue", ""}, {0}},
	 .summary = "scale ahead of a load that comes again"},
	{.name = "policy_arn", .member = "PolicyARN", .flags = FIELD_COMPUTED, .summary = "its ARN, for the actions of alarms"},
	{0},
};

const struct kind scaling_policy_kind = {
	.name = "scaling_policy",
	.layer = "compute",
	.service = "application-autoscaling",
	.summary = "when a service gets more tasks, or fewer",
	.fields = fields,
	.observe = {
		// By target: an account may have thousands, ten a page, and by name only ours are shown.
		.list = {"DescribeScalingPolicies", ARGS({"ServiceNamespace": "@each_head", "ResourceId": "@each_rest"}), "ScalingPolicies",
			 .each = "@{desired.ServiceNamespace} @{desired.ResourceId}"},
		.strays = {.under = "target", .by_parent = true},
		.id = "@{item.ScalableDimension}/@{item.ResourceId}/@{item.PolicyName}",
		.arn = "PolicyARN",
		.key = "@{desired.ScalableDimension}/@{desired.ResourceId}/@{desired.PolicyName}",
	},
	.create = {.operation = "PutScalingPolicy"},
	.update = {.operation = "PutScalingPolicy", .flags = CALL_WHOLE | CALL_REPEATABLE},
	.remove = {.operation = "DeleteScalingPolicy", .args = ARGS({"PolicyName": "@observed.PolicyName", "ServiceNamespace": "@observed.ServiceNamespace", "ResourceId": "@observed.ResourceId", "ScalableDimension": "@observed.ScalableDimension"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"ObjectNotFoundException", "ConcurrentUpdateException", NULL},
	.needs = "cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:PutMetricAlarm",
	.check = check,
};
// clang-format on
