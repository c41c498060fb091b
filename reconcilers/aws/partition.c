#include "aws/partition.h"
#include "base/defs.h"
#include "base/str.h"

// botocore's partitions.json gives every partition a list of regions and an expression that all
// of them match: "^(us|eu|...)\-\w+\-\d+$". The more particular prefixes come first here, so the
// expression alone decides: "us-gov-west-1" would otherwise pass for "us".
// clang-format off
static const struct partition partitions[] = {
	{"aws-us-gov", "amazonaws.com",    "api.aws",                     "us-gov-west-1",   "us-gov"},
	{"aws-iso",    "c2s.ic.gov",       "api.aws.ic.gov",              "us-iso-east-1",   "us-iso"},
	{"aws-iso-b",  "sc2s.sgov.gov",    "api.aws.scloud",              "us-isob-east-1",  "us-isob"},
	{"aws-iso-e",  "cloud.adc-e.uk",   "api.cloud-aws.adc-e.uk",      "eu-isoe-west-1",  "eu-isoe"},
	{"aws-iso-f",  "csp.hci.ic.gov",   "api.aws.hci.ic.gov",          "us-isof-south-1", "us-isof"},
	{"aws-eusc",   "amazonaws.eu",     "api.amazonwebservices.eu",    "eusc-de-east-1",  "eusc-de"},
	{"aws-cn",     "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1", "cn"},
	{"aws",        "amazonaws.com",    "api.aws",                     "us-east-1",
		"us eu ap sa ca me af il mx"},
};
// clang-format on

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* "-\w+-\d+" and nothing after. */
static bool is_rest_of_region(const char *s)
{
	if (*s++ != '-' || !is_word(*s))
		return false;
	while (is_word(*s))
		s++;
	if (*s++ != '-' || *s < '0' || *s > '9')
		return false;
	while (*s >= '0' && *s <= '9')
		s++;
	return !*s;
}

static bool has_prefix_of(const char *region, const struct partition *partition)
{
	for (const char *at = partition->prefixes; *at;) {
		size_t bytes = strcspn(at, " ");
		if (strncmp(region, at, bytes) == 0 && is_rest_of_region(region + bytes))
			return true;
		at += bytes + (at[bytes] == ' ');
	}
	// "aws-cn-global" and the like
	size_t bytes = strlen(partition->name);
	return strncmp(region, partition->name, bytes) == 0 && str_eq(region + bytes, "-global");
}

const struct partition *partition_of_region(const char *region)
{
	for (size_t i = 0; i < ARRAY_COUNT(partitions); i++)
		if (has_prefix_of(region, &partitions[i]))
			return &partitions[i];
	return &partitions[ARRAY_COUNT(partitions) - 1];
}

bool partition_is_region_name(const char *region)
{
	size_t bytes = strlen(region);
	if (bytes < 1 || bytes > 31 || region[0] == '-' || region[bytes - 1] == '-')
		return false;
	for (const char *s = region; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '-'))
			return false;
	return true;
}
