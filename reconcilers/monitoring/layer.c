// The monitoring layer: logs, metrics, alarms.
#include "core/kind.h"

const struct layer monitoring_layer = {
	.name = "monitoring",
	.summary = "logs, metrics, alarms",
	.interval_ms = 60000,
	.concurrency = 16,
};
