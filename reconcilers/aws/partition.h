// AWS's partitions: which one a region belongs to, and the DNS suffixes of each.
#pragma once

#include <stdbool.h>

struct partition {
	const char *name;          // "aws-cn"
	const char *suffix;        // "amazonaws.com.cn"
	const char *dual_suffix;   // "api.amazonwebservices.com.cn"
	const char *global_region; // signs for services without a region
	const char *prefixes;      // of its regions, separated by blanks: "us eu ap"
};

/* By AWS's list, then by the shape of the name (regions of tomorrow), else "aws". Never NULL. */
const struct partition *partition_of_region(const char *region);
/* Is it a name that a region could have: a DNS label of lower-case letters, digits and dashes? */
bool partition_is_region_name(const char *region);
