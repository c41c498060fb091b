// An alarm over one metric, over metric math, over an anomaly detection band, or over a PromQL
// query. PutMetricAlarm overwrites the whole configuration and keeps the state. Whether an alarm
// rings is a fact about what it watches, not about itself: the state is shown and makes nothing
// unwell; that AWS cannot evaluate it does.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static bool has(const json_t *desired, const char *member)
{
	return json_object_get(desired, member) != NULL;
}

static void needs(const json_t *desired, const char *member, const char *field, const char *what,
	const struct node *node, struct findings *findings)
{
	char remedy[80];
	snprintf(remedy, sizeof(remedy), "add '%s:'", field);
	if (!has(desired, member))
		findings_error(findings, node->place, remedy, "%s needs '%s'", what, field);
}

// "Valid values are 10, 20, 30, and any multiple of 60." Evaluation periods times period: at most
// one day, or seven where the period is an hour or more (PutMetricAlarm).
static void check_times(const json_t *desired, const struct node *node, struct findings *findings)
{
	enum { DAY_S = 86400, HOUR_S = 3600 };
	int64_t period = js_int(desired, "Period", 60),
		count = js_int(desired, "EvaluationPeriods", 1);
	int64_t datapoints = js_int(desired, "DatapointsToAlarm", 1);
	int64_t most = period >= HOUR_S ? 7 * DAY_S : DAY_S;
	if (period != 10 && period != 20 && period != 30 && period % 60 != 0)
		findings_error(findings, place_of(node, "period"),
			"write 10, 20, 30, or a multiple of 60",
			"period %lld is none that AWS takes", (long long)period);
	else if (period > most || count > most / period)
		findings_error(findings, place_of(node, "evaluation_periods"),
			"at most a day in all, or seven days with a period of an hour or more",
			"%lld periods of %lld seconds are more than AWS looks back",
			(long long)count, (long long)period);
	if (datapoints > count)
		findings_error(findings, place_of(node, "datapoints_to_alarm"),
			"write at most the number of evaluation periods",
			"%lld of %lld datapoints cannot breach", (long long)datapoints,
			(long long)count);
}

static void check_operator(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *compared = js_str(desired, "ComparisonOperator");
	bool is_band = compared && (strstr(compared, "Lower") || strstr(compared, "Upper"));
	if (compared && is_band != has(desired, "ThresholdMetricId"))
		findings_error(findings, place_of(node, "comparison_operator"),
			is_band ? "add 'threshold_metric_id:', or compare with a threshold"
				: "write LessThanLowerOrGreaterThanUpperThreshold, "
				  "LessThanLowerThreshold or GreaterThanUpperThreshold",
			is_band ? "%s compares with an anomaly detection band, and there is none"
				: "%s does not compare with an anomaly detection band",
			compared);
	if (!has(desired, "Threshold") && !has(desired, "ThresholdMetricId"))
		findings_error(findings, node->place,
			"add 'threshold:', or 'threshold_metric_id:' of a band",
			"alarm has nothing to compare with");
}

// Each is a metric or an expression; one of them is what the alarm watches.
static void check_metrics(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *band = js_str(desired, "ThresholdMetricId");
	const json_t *metrics = json_object_get(desired, "Metrics");
	bool has_band = !band;
	int returned = 0;
	for (size_t i = 0; i < json_array_size(metrics); i++) {
		const json_t *one = json_array_get(metrics, i);
		const char *id = js_str(one, "Id");
		struct place place = place_of_item(node, "metrics", i);
		if (has(one, "MetricStat") == has(one, "Expression"))
			findings_error(findings, place, "give it one of the two",
				"an item of metrics is a 'metric_stat' or an 'expression'");
		for (size_t j = 0; id && j < i; j++)
			if (str_eq_null(js_str(json_array_get(metrics, j), "Id"), id))
				findings_error(findings, place, "give each an id of its own",
					"id '%s' stands twice in metrics", id);
		bool is_band = band && id && str_eq(id, band);
		has_band = has_band || is_band;
		returned += !is_band && js_bool(one, "ReturnData", true);
	}
	if (!has_band)
		findings_error(findings, place_of(node, "threshold_metric_id"),
			"write the id of the item with ANOMALY_DETECTION_BAND",
			"metrics has no '%s'", band);
	if (metrics && returned != 1)
		findings_error(findings, place_of(node, "metrics"),
			"write 'return_data: false' on all but the one to watch",
			"%d items of metrics return data, and an alarm watches one", returned);
}

static void check_actions(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const rows[][3] = {{"AlarmActions", "alarm_topics", "alarm_actions"},
		{"OKActions", "ok_topics", "ok_actions"},
		{"InsufficientDataActions", "insufficient_data_topics",
			"insufficient_data_actions"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		size_t count = json_array_size(json_object_get(desired, rows[i][0]));
		const char *name = node_get(node, rows[i][1]) ? rows[i][1] : rows[i][2];
		if (count > 5)
			findings_error(findings, place_of(node, name), "leave some out",
				"%s has %zu items, AWS takes at most 5", name, count);
	}
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	bool is_metric = has(desired, "MetricName");
	check_actions(desired, node, findings);
	if (has(desired, "EvaluationCriteria")) {
		needs(desired, "EvaluationInterval", "evaluation_interval",
			"an alarm with evaluation_criteria", node, findings);
		return;
	}
	needs(desired, "ComparisonOperator", "comparison_operator", "alarm", node, findings);
	needs(desired, "EvaluationPeriods", "evaluation_periods", "alarm", node, findings);
	if (is_metric) {
		needs(desired, "Namespace", "namespace", "an alarm with metric_name", node,
			findings);
		needs(desired, "Period", "period", "an alarm with metric_name", node, findings);
		if (!has(desired, "Statistic") && !has(desired, "ExtendedStatistic"))
			findings_error(findings, node->place,
				"add 'statistic:', or 'extended_statistic:' for percentiles",
				"an alarm with metric_name needs a statistic");
	}
	check_times(desired, node, findings);
	check_operator(desired, node, findings);
	check_metrics(desired, node, findings);
}

// clang-format off
#define ONE_METRIC "MetricName Namespace Statistic ExtendedStatistic Dimensions Period Unit"
static const struct field fields[] = {
	{.name = "alarm_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the region"},
	{.name = "alarm_description", .absent = "\"\"", .summary = "what it means and what to do, for whoever is woken"},
	{.name = "metric_name", .flags = FIELD_ONE_OF, .excludes = "Metrics EvaluationCriteria EvaluationInterval", .summary = "the metric to watch, with namespace, dimensions and a statistic"},
	{.name = "namespace", .summary = "metric_name: whose metric, as AWS/ECS"},
	{.name = "dimensions", .compare = COMPARE_SET, .absent = "[]", .summary = "metric_name: of which thing: {name, value}"},
	{.name = "statistic", .excludes = "ExtendedStatistic EvaluateLowSampleCountPercentile", .summary = "metric_name: Average, Sum, Maximum, Minimum or SampleCount"},
	{.name = "extended_statistic", .excludes = "Statistic", .summary = "metric_name: p99, tm90 and the like"},
	{.name = "period", .summary = "metric_name: seconds of one datapoint"},
	{.name = "unit", .summary = "metric_name: only values of that unit; best left out"},
	{.name = "metrics", .flags = FIELD_ONE_OF, .compare = COMPARE_LOOSE, .excludes = ONE_METRIC " EvaluationCriteria EvaluationInterval EvaluateLowSampleCountPercentile",
	 .summary = "metric math: metrics and expressions, one of which returns data"},
	{.name = "evaluation_criteria", .flags = FIELD_ONE_OF, .compare = COMPARE_LOOSE,
	 .excludes = ONE_METRIC " Metrics Threshold ThresholdMetricId ComparisonOperator EvaluationPeriods DatapointsToAlarm EvaluateLowSampleCountPercentile TreatMissingData",
	 .summary = "a PromQL query"},
	{.name = "evaluation_interval", .summary = "evaluation_criteria: seconds between evaluations"},
	{.name = "comparison_operator", .summary = "how the value compares with the threshold or the band"},
	{.name = "threshold", .excludes = "ThresholdMetricId", .summary = "a fixed bound"},
	{.name = "threshold_metric_id", .excludes = "Threshold", .summary = "the id of the anomaly detection band in metrics"},
	{.name = "evaluation_periods", .summary = "how many datapoints are looked at"},
	{.name = "datapoints_to_alarm", .summary = "how many of them must breach; all unless given"},
	{.name = "treat_missing_data", .absent = "\"missing\"", .values = "missing notBreaching breaching ignore", .summary = "what a missing datapoint counts as"},
	{.name = "evaluate_low_sample_count_percentile", .absent = "\"evaluate\"", .values = "evaluate ignore", .summary = "percentiles of few samples: evaluate or ignore"},
	{.name = "alarm_topics", .member = "AlarmActions", .type = FIELD_REFS, .ref = "sns_topic", .absent = "[]", .summary = "told of ALARM; alarm_actions: ARNs of whatever else acts"},
	{.name = "ok_topics", .member = "OKActions", .type = FIELD_REFS, .ref = "sns_topic", .absent = "[]", .summary = "told of OK; ok_actions: likewise"},
	{.name = "insufficient_data_topics", .member = "InsufficientDataActions", .type = FIELD_REFS, .ref = "sns_topic", .absent = "[]",
	 .summary = "told when data is missing; insufficient_data_actions: likewise"},
	{.name = "actions_enabled", .absent = "true", .summary = "false: it rings for nobody"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagResource", .flags = CALL_REPEATABLE, .args = ARGS({"ResourceARN": "@arn", "Tags": "@tags"})},
	.remove = {.operation = "UntagResource", .flags = CALL_REPEATABLE, .args = ARGS({"ResourceARN": "@arn", "TagKeys": "@tag_keys"})},
};

static const struct condition conditions[] = {
	{.path = "EvaluationState", .glob = "EVALUATION_ERROR", .reason = "CannotEvaluate", .message = "StateReason"},
	{.path = "EvaluationState", .glob = "EVALUATION_FAILURE", .reason = "EvaluationFails", .message = "StateReason"},
	{.path = "EvaluationState", .glob = "PARTIAL_DATA", .reason = "PartialData", .message = "StateReason"},
	{0},
};

const struct kind alarm_kind = {
	.name = "alarm",
	.layer = "monitoring",
	.service = "cloudwatch",
	.summary = "tells when a metric leaves its bounds",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		// An account can have thousands, most of them made by scaling policies.
		.list = {"DescribeAlarms", ARGS({"AlarmNames": "@ids", "AlarmTypes": ["MetricAlarm"], "MaxRecords": 100}), "MetricAlarms", .batch = "@{desired.AlarmName}", .most = 100},
		.follows = {{.operation = "ListTagsForResource", .args = ARGS({"ResourceARN": "@item.AlarmArn"}), .from = "Tags", .into = "Tags"}},
		.id = "AlarmName",
		.arn = "AlarmArn",
		.tag_types = "cloudwatch",
		.key = "@{desired.AlarmName}",
	},
	.states = {.path = "StateValue"},
	.conditions = conditions,
	.create = {.operation = "PutMetricAlarm"},
	.update = {.operation = "PutMetricAlarm", .flags = CALL_WHOLE | CALL_REPEATABLE},
	.remove = {.operation = "DeleteAlarms", .args = ARGS({"AlarmNames": ["@id"]}), .flags = CALL_REPEATABLE},
	.check = check,
};
// clang-format on
