// The data layer: databases and their keys.
#include "core/kind.h"

const struct layer data_layer = {
	.name = "data",
	.summary = "databases and their keys",
	.interval_ms = 60000,
	.concurrency = 16,
};
