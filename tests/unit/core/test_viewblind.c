// What cannot be looked at is told once a cause.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/js.h"
#include "core/viewblind.h"

static json_t *spot(const char *kind, const char *message, const char *since)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kind", kind, "class", "transient",
		"message", message, "remedy", "wait", "since", since, "next_at", since);
}

static json_t *away(const char *operation, int ms, const char *kind, const char *since)
{
	char message[200];
	snprintf(message, sizeof(message),
		"%s: Failed to connect to h port 443 after %d ms: Couldn't connect", operation, ms);
	return spot(kind, message, since);
}

static void one_cause_is_told_once_and_the_largest_first(void **state)
{
	(void)state;
	_cleanup_json_ json_t *layers = json_pack("[{s:s, s:[o, o]}, {s:s, s:[o, o]}]", "name",
		"network", "blind",
		spot("subnet", "ec2:DescribeSubnets: UnauthorizedOperation: no",
			"2026-01-01T00:00:02Z"),
		away("ec2:DescribeVpcs", 6, "vpc", "2026-01-01T00:00:03Z"), "name", "data", "blind",
		away("rds:DescribeDBInstances", 0, "db_instance", "2026-01-01T00:00:01Z"),
		away("s3:ListBuckets", 17, "s3_bucket", "2026-01-01T00:00:05Z"));
	_cleanup_json_ json_t *groups = viewblind_grouped(layers);
	_cleanup_json_ json_t *wanted = json_pack("[{s:[s, s], s:[s, s, s], s:s, s:s, s:s, s:s, "
						  "s:s}, {s:[s], s:[s], s:s, s:s, s:s, s:s, "
						  "s:s}]",
		"layers", "network", "data", "kinds", "vpc", "db_instance", "s3_bucket", "cause",
		"Failed to connect to h port 443: Couldn't connect", "class", "transient", "remedy",
		"wait", "since", "2026-01-01T00:00:01Z", "next_at", "2026-01-01T00:00:01Z",
		"layers", "network", "kinds", "subnet", "cause",
		"ec2:DescribeSubnets: UnauthorizedOperation: no", "class", "transient", "remedy",
		"wait", "since", "2026-01-01T00:00:02Z", "next_at", "2026-01-01T00:00:02Z");
	_cleanup_free_ char *is = js_text(groups), *should = js_text(wanted);
	assert_string_equal(is, should);
}

static void nothing_blind_is_nothing_told(void **state)
{
	(void)state;
	_cleanup_json_ json_t *layers = json_pack("[{s:s, s:[]}]", "name", "network", "blind");
	_cleanup_json_ json_t *groups = viewblind_grouped(layers);
	assert_int_equal(json_array_size(groups), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_cause_is_told_once_and_the_largest_first),
		cmocka_unit_test(nothing_blind_is_nothing_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
