// The monitoring layer: logs, metrics, alarms; and what AWS limits over several of them.
#include "base/str.h"
#include "core/desired.h"
#include "core/kind.h"
#include "core/place.h"

static const char *group_of(const struct wanted *wanted, char *ret_text, size_t bytes)
{
	const json_t *group = json_object_get(wanted->desired, "logGroupName");
	const char *text = json_is_string(group) ? json_string_value(group) : js_str(group, "@ref");
	return text && str_copy(ret_text, bytes, text) ? ret_text : NULL;
}

// "Each log group can have up to two subscription filters" (PutSubscriptionFilter), and 100 metric
// filters.
static void check_filters(
	const struct desired *desired, const char *kind, int most, struct findings *findings)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		char group[600], other[600];
		int before = 0;
		if (!str_eq(wanted->kind->name, kind) || !group_of(wanted, group, sizeof(group)))
			continue;
		for (size_t j = 0; j < i; j++)
			if (str_eq(desired->wanted[j].kind->name, kind) &&
				group_of(&desired->wanted[j], other, sizeof(other)))
				before += str_eq(group, other);
		if (before == most)
			findings_error(findings, place_of(wanted->node, "log_group"),
				"AWS takes no more: let one of them serve several readers",
				"%s '%s' is number %d of its log group, AWS takes %d", kind,
				wanted->name, before + 1, most);
	}
}

static void check(const struct desired *desired, struct findings *findings)
{
	check_filters(desired, "subscription_filter", 2, findings);
	check_filters(desired, "metric_filter", 100, findings);
}

const struct layer monitoring_layer = {
	.name = "monitoring",
	.summary = "logs, metrics, alarms",
	.interval_ms = 60000,
	.concurrency = 16,
	.check = check,
};
