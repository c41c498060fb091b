// The network layer: what everything else stands in.
#include "core/kind.h"

const struct layer network_layer = {
	.name = "network",
	.summary = "VPC, subnets, gateways, routes, endpoints, access lists, flow logs",
	.interval_ms = 60000,
	.concurrency = 16,
};
