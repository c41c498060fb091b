// The security layer: security groups, roles, secrets.
#include "core/kind.h"

const struct layer security_layer = {
	.name = "security",
	.summary = "security groups, roles, secrets",
	.interval_ms = 60000,
	.concurrency = 16,
};
