// Address blocks: inside, overlapping.
#include "core/cidr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct cidr block(const char *text)
{
	struct cidr cidr;
	if (!cidr_parse(text, &cidr))
		fail_msg("%s", text);
	return cidr;
}

static bool contains(const char *outer, const char *inner)
{
	struct cidr a = block(outer), b = block(inner);
	return cidr_contains(&a, &b);
}

static bool overlaps(const char *first, const char *second)
{
	struct cidr a = block(first), b = block(second);
	bool forth = cidr_overlaps(&a, &b), back = cidr_overlaps(&b, &a);
	assert_int_equal(forth, back);
	return forth;
}

static void what_is_no_block_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8 ", "::/129", "x/8", "10.0.0.0/08x"};
	struct cidr cidr;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(cidr_parse(wrong[i], &cidr));
}

static void a_block_contains_its_parts_and_itself(void **state)
{
	(void)state;
	assert_true(contains("10.0.0.0/16", "10.0.255.0/24"));
	assert_true(contains("10.0.0.0/16", "10.0.0.0/16"));
	assert_true(contains("10.0.3.7/16", "10.0.0.0/17"));
	assert_false(contains("10.0.0.0/16", "10.0.0.0/15"));
	assert_false(contains("10.0.0.0/16", "10.1.0.0/24"));
	assert_true(contains("0.0.0.0/0", "255.255.255.255/32"));
	assert_true(contains("2001:db8::/56", "2001:db8:0:ff::/64"));
	assert_false(contains("2001:db8::/56", "2001:db8:0:100::/64"));
	assert_false(contains("::/0", "10.0.0.0/8"));
}

static void blocks_overlap_when_one_lies_inside_the_other(void **state)
{
	(void)state;
	assert_true(overlaps("10.0.0.0/24", "10.0.0.128/25"));
	assert_false(overlaps("10.0.0.0/25", "10.0.0.128/25"));
	assert_false(overlaps("0.0.0.0/0", "::/0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_block_is_refused),
		cmocka_unit_test(a_block_contains_its_parts_and_itself),
		cmocka_unit_test(blocks_overlap_when_one_lies_inside_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
