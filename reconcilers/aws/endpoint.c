#include "aws/endpoint.h"
#include "aws/partition.h"
#include "base/buf.h"
#include "base/str.h"

enum { PLAIN = 1, FIPS = 2, DUAL = 4, BOTH = 8, ANY = 15 };

/* {r} region, {s} suffix, {d} dual-stack suffix, {f} "-fips" when FIPS is on. */
struct exception {
	const char *prefix;
	const char *partition; // a glob
	int variants;
	const char *host;   // NULL: the rule, with the signing region in the place of the region
	const char *region; // that signs; NULL: the region itself
};

// The first row that fits counts. Source: the endpoint rules of botocore 1.43.
// clang-format off
static const struct exception exceptions[] = {
	{"iam", "aws",        PLAIN | FIPS, "iam{f}.{s}",              "us-east-1"},
	{"iam", "aws",        DUAL | BOTH,  "iam{f}.global.{d}",       "us-east-1"},
	{"iam", "aws-us-gov", PLAIN | FIPS, "iam.us-gov.{s}",          "us-gov-west-1"},
	{"iam", "aws-us-gov", DUAL | BOTH,  "iam.us-gov.{d}",          "us-gov-west-1"},
	{"iam", "aws-cn",     PLAIN,        "iam.cn-north-1.{s}",      "cn-north-1"},
	{"iam", "aws-cn",     DUAL,         "iam.global.{d}",          "cn-north-1"},
	{"iam", "aws-cn",     FIPS,         "iam-fips.{s}",            "cn-northwest-1"},
	{"iam", "aws-cn",     BOTH,         "iam-fips.{d}",            "cn-northwest-1"},
	{"iam", "aws-iso",    PLAIN | FIPS, NULL,                      "us-iso-east-1"},
	{"iam", "aws-iso-b",  PLAIN | FIPS, NULL,                      "us-isob-east-1"},
	{"iam", "aws-iso-e",  PLAIN,        NULL,                      "eu-isoe-west-1"},
	{"iam", "aws-iso-f",  PLAIN,        NULL,                      "us-isof-south-1"},
	{"iam", "aws-eusc",   PLAIN,        NULL,                      "eusc-de-east-1"},

	{"route53", "aws",        DUAL | BOTH,  "route53{f}.global.{d}", "us-east-1"},
	{"route53", "aws-cn",     DUAL,         "route53.global.{d}",    "cn-northwest-1"},
	{"route53", "aws-eusc",   DUAL,         "route53.global.{d}",    "eusc-de-east-1"},
	{"route53", "aws-us-gov", PLAIN | FIPS, "route53.us-gov.{s}",    "us-gov-west-1"},
	{"route53", "aws-us-gov", DUAL | BOTH,  "route53.us-gov.{d}",    "us-gov-west-1"},

	{"cloudfront", "aws",    DUAL | BOTH,  "cloudfront{f}.global.{d}",            "us-east-1"},
	{"cloudfront", "aws-cn", PLAIN | FIPS, "cloudfront{f}.cn-northwest-1.{s}",    "cn-northwest-1"},

	{"organizations", "aws",        PLAIN | FIPS, NULL,                              "us-east-1"},
	{"organizations", "aws-us-gov", PLAIN | FIPS, "organizations.us-gov-west-1.{s}", "us-gov-west-1"},
	{"organizations", "aws-cn",     PLAIN,        NULL,                              "cn-northwest-1"},
	{"organizations", "aws-iso",    PLAIN,        NULL,                              "us-iso-east-1"},
	{"organizations", "aws-iso-b",  PLAIN,        NULL,                              "us-isob-east-1"},
	{"organizations", "aws-iso-f",  PLAIN,        NULL,                              "us-isof-south-1"},
	{"organizations", "*",          ANY,          NULL,                              NULL},

	{"s3", "*", DUAL | BOTH, "s3{f}.dualstack.{r}.{s}", NULL},

	{"secretsmanager", "aws",        DUAL | BOTH, "secretsmanager{f}.{r}.{s}", NULL},
	{"secretsmanager", "aws-us-gov", DUAL | BOTH, "secretsmanager{f}.{r}.{s}", NULL},
	{"secretsmanager", "aws-cn",     DUAL,        "secretsmanager.{r}.{s}",    NULL},
	{"api.ecr",        "*",          DUAL | BOTH, "ecr{f}.{r}.{d}",            NULL},
	{"es",             "aws",        DUAL,        "aos.{r}.{d}",               NULL},
	{"es",             "aws-cn",     DUAL,        "aos.{r}.{d}",               NULL},
	{"es",             "aws-us-gov", DUAL,        "aos.{r}.{d}",               NULL},

	// In GovCloud the plain names of these are the FIPS ones.
	{"monitoring", "aws-us-gov", BOTH, "monitoring.{r}.{d}", NULL},
	{"events",     "aws-us-gov", BOTH, "events.{r}.{d}",     NULL},
	{"acm",                     "aws-us-gov", FIPS, "acm.{r}.{s}",                     NULL},
	{"application-autoscaling", "aws-us-gov", FIPS, "application-autoscaling.{r}.{s}", NULL},
	{"autoscaling",             "aws-us-gov", FIPS, "autoscaling.{r}.{s}",             NULL},
	{"cloudtrail",              "aws-us-gov", FIPS, "cloudtrail.{r}.{s}",              NULL},
	{"config",                  "aws-us-gov", FIPS, "config.{r}.{s}",                  NULL},
	{"dynamodb",                "aws-us-gov", FIPS, "dynamodb.{r}.{s}",                NULL},
	{"ec2",                     "aws-us-gov", FIPS, "ec2.{r}.{s}",                     NULL},
	{"elasticache",             "aws-us-gov", FIPS, "elasticache.{r}.{s}",             NULL},
	{"elasticloadbalancing",    "aws-us-gov", FIPS, "elasticloadbalancing.{r}.{s}",    NULL},
	{"events",                  "aws-us-gov", FIPS, "events.{r}.{s}",                  NULL},
	{"logs",                    "aws-us-gov", FIPS, "logs.{r}.{s}",                    NULL},
	{"monitoring",              "aws-us-gov", FIPS, "monitoring.{r}.{s}",              NULL},
	{"rds",                     "aws-us-gov", FIPS, "rds.{r}.{s}",                     NULL},
	{"sns",                     "aws-us-gov", FIPS, "sns.{r}.{s}",                     NULL},
	{"sqs",                     "aws-us-gov", FIPS, "sqs.{r}.{s}",                     NULL},
	{"ssm",                     "aws-us-gov", FIPS, "ssm.{r}.{s}",                     NULL},
	{"sts",                     "aws-us-gov", FIPS, "sts.{r}.{s}",                     NULL},
};
// clang-format on

static int variant_of(const struct endpoint_settings *settings)
{
	if (settings->use_fips)
		return settings->use_dualstack ? BOTH : FIPS;
	return settings->use_dualstack ? DUAL : PLAIN;
}

static const struct exception *find_exception(
	const char *prefix, const char *partition, int variant)
{
	for (size_t i = 0; i < ARRAY_COUNT(exceptions); i++) {
		const struct exception *row = &exceptions[i];
		if (str_eq(row->prefix, prefix) && (row->variants & variant) &&
			str_glob(row->partition, partition))
			return row;
	}
	return NULL;
}

static bool expand(const char *host, const char *region, const struct partition *partition,
	bool use_fips, struct buf *out)
{
	for (const char *s = host; *s; s++) {
		if (*s != '{') {
			buf_addc(out, *s);
			continue;
		}
		switch (*++s) {
		case 'r':
			buf_adds(out, region);
			break;
		case 's':
			buf_adds(out, partition->suffix);
			break;
		case 'd':
			buf_adds(out, partition->dual_suffix);
			break;
		case 'f':
			buf_adds(out, use_fips ? "-fips" : "");
			break;
		}
		s++;
	}
	return !out->failed;
}

/* scheme://host[:port][/path], nothing else. */
static struct err parse_custom(const char *url, struct endpoint *ret)
{
	const char *host = NULL;
	if (str_starts(url, "https://"))
		host = url + 8;
	else if (str_starts(url, "http://"))
		host = url + 7;
	ret->is_plain_http = host == url + 7;
	size_t host_bytes = host ? strcspn(host, "/") : 0;
	bool has_bad = false;
	for (const char *s = url; *s; s++)
		has_bad |= *s <= ' ' || *s >= 127 || strchr("?#@\\\"<>^`{|}", *s);
	size_t base_bytes = host ? (size_t)(host - url) + host_bytes : 0;
	if (!host || !host_bytes || has_bad || host_bytes >= sizeof(ret->host) ||
		base_bytes >= sizeof(ret->base))
		return err_new(ERR_INVALID,
			"endpoint URL '%s' is not of the form https://host[:port][/path]", url);
	memcpy(ret->base, url, base_bytes);
	ret->base[base_bytes] = '\0';
	// A port that the scheme implies does not stand in the Host header.
	memcpy(ret->host, host, host_bytes);
	ret->host[host_bytes] = '\0';
	const char *implied = ret->is_plain_http ? ":80" : ":443";
	if (str_ends(ret->host, implied))
		ret->host[host_bytes - strlen(implied)] = '\0';
	if (!str_copy(ret->path, sizeof(ret->path), host + host_bytes))
		return err_new(ERR_INVALID, "the path of endpoint URL '%s' is too long", url);
	size_t path_bytes = strlen(ret->path);
	while (path_bytes && ret->path[path_bytes - 1] == '/')
		ret->path[--path_bytes] = '\0';
	ret->is_custom = true;
	return ERR_OK;
}

struct err endpoint_resolve(const char *prefix, bool is_global,
	const struct endpoint_settings *settings, struct endpoint *ret_endpoint)
{
	struct endpoint found = {0};
	if (!partition_is_region_name(settings->region))
		return err_new(ERR_INVALID, "'%s' is not the name of a region", settings->region);
	const struct partition *partition = partition_of_region(settings->region);
	const struct exception *row = find_exception(prefix, partition->name, variant_of(settings));
	const char *signing_region = row && row->region ? row->region : settings->region;
	bool is_unlisted_global = is_global && !row;
	if (is_unlisted_global)
		signing_region = partition->global_region;
	str_copy(found.signing_region, sizeof(found.signing_region), signing_region);

	if (settings->custom_url && *settings->custom_url) {
		if (settings->use_fips || settings->use_dualstack)
			return err_new(ERR_INVALID,
				"a custom endpoint (%s) excludes %s: unset one of them",
				settings->custom_url,
				settings->use_fips ? "AWS_USE_FIPS_ENDPOINT / use_fips_endpoint"
						   : "AWS_USE_DUALSTACK_ENDPOINT / "
						     "use_dualstack_endpoint");
		struct err err = parse_custom(settings->custom_url, &found);
		if (!err_is(&err))
			*ret_endpoint = found;
		return err;
	}
	if (str_eq(prefix, "s3") && settings->use_fips && str_eq(partition->name, "aws-cn"))
		return err_new(ERR_INVALID, "S3 has no FIPS endpoints in partition aws-cn");

	_cleanup_buf_ struct buf host = {0};
	buf_init(&host, sizeof(found.host) - 1);
	const char *suffix = settings->use_dualstack ? partition->dual_suffix : partition->suffix;
	if (row && row->host)
		expand(row->host, settings->region, partition, settings->use_fips, &host);
	else if (is_unlisted_global)
		buf_addf(&host, "%s%s.%s", prefix, settings->use_fips ? "-fips" : "", suffix);
	else
		buf_addf(&host, "%s%s.%s.%s", prefix, settings->use_fips ? "-fips" : "",
			signing_region, suffix);
	if (host.failed)
		return err_new(ERR_INVALID, "the endpoint name of %s is too long", prefix);
	str_copy(found.host, sizeof(found.host), buf_str(&host));
	snprintf(found.base, sizeof(found.base), "https://%s", found.host);
	*ret_endpoint = found;
	return ERR_OK;
}

static bool is_host_label(const char *bucket)
{
	size_t bytes = strlen(bucket);
	if (bytes < 3 || bytes > 63 || bucket[0] == '-' || bucket[bytes - 1] == '-')
		return false;
	for (const char *s = bucket; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '-'))
			return false; // a dot would leave the certificate's wildcard
	return true;
}

bool endpoint_use_bucket(struct endpoint *endpoint, const char *bucket)
{
	if (endpoint->is_custom || !is_host_label(bucket) ||
		strlen(bucket) + 1 + strlen(endpoint->host) >= sizeof(endpoint->host))
		return false;
	char host[sizeof(endpoint->host)];
	str_copy(host, sizeof(host), endpoint->host);
	snprintf(endpoint->host, sizeof(endpoint->host), "%s.%.190s", bucket, host);
	snprintf(endpoint->base, sizeof(endpoint->base), "https://%s", endpoint->host);
	return true;
}
