// The order of drifts, by values.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "control/urgency.h"

static void add(json_t *drifts, const char *address, const char *opened, const char *closed)
{
	json_array_append_new(drifts, json_pack("{s:s, s:s, s:s?}", "address", address, "opened_at",
					      opened, "closed_at", closed));
}

static void test_what_matters_is_first(void **state)
{
	(void)state;
	_cleanup_json_ json_t *drifts = json_array();
	_cleanup_json_ json_t *held = json_pack("[s, s, s]", "c.held", "data.held", "c.closed-2");
	add(drifts, "c.young", "2026-11-24T10:00:05.000Z", NULL);
	add(drifts, "c.old", "2026-11-24T10:00:01.000Z", NULL);
	add(drifts, "c.closed-2", "2026-11-24T09:00:00.000Z", "2026-11-24T09:30:00.000Z");
	add(drifts, "c.closed-1", "2026-11-24T08:00:00.000Z", "2026-11-24T08:30:00.000Z");
	add(drifts, "c.held", "2026-11-24T10:00:04.000Z", NULL);
	add(drifts, "data.young", "2026-11-24T10:00:09.000Z", NULL);
	add(drifts, "data.held", "2026-11-24T10:00:10.000Z", NULL);
	static const char *const wanted[] = {"data.held", "data.young", "c.held", "c.old",
		"c.young", "c.closed-2", "c.closed-1"};
	_cleanup_json_ json_t *sorted = urgency_sorted(drifts, held);
	assert_int_equal(json_array_size(sorted), ARRAY_COUNT(wanted));
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		const json_t *one = json_array_get(sorted, i);
		assert_string_equal(js_str(one, "address"), wanted[i]);
		assert_int_equal(js_bool(one, "held", false), i == 0 || i == 2);
	}
}

static void test_nothing_stays_nothing(void **state)
{
	(void)state;
	_cleanup_json_ json_t *none = json_array();
	_cleanup_json_ json_t *sorted = urgency_sorted(none, NULL);
	assert_int_equal(json_array_size(sorted), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_matters_is_first),
		cmocka_unit_test(test_nothing_stays_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
