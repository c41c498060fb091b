// The compute layer: containers, scaling and load balancing.
#include "core/kind.h"

const struct layer compute_layer = {
	.name = "compute",
	.summary = "containers, scaling and load balancing",
	.interval_ms = 60000,
	.concurrency = 16,
};
