// Buffers and errors: nothing is cut without a word, and nothing foreign breaks UTF-8.
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void appended_pieces_stand_together(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b;
	buf_init(&b, 0);
	assert_string_equal(buf_str(&b), "");
	assert_true(buf_adds(&b, "one"));
	assert_true(buf_addc(&b, ' '));
	assert_true(buf_add(&b, "two three", 3));
	assert_true(buf_addf(&b, " %d", 3));
	assert_true(buf_add(&b, NULL, 0));
	assert_string_equal(buf_str(&b), "one two 3");
	assert_int_equal(b.len, 9);
}

static void bytes_with_nul_are_kept(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b;
	buf_init(&b, 0);
	assert_true(buf_add(&b, "a\0b", 3));
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
}

static void exactly_the_cap_fits_and_one_more_byte_fails(void **state)
{
	(void)state;
	char text[1001];
	memset(text, 'x', sizeof(text));
	text[1000] = '\0';
	for (int how = 0; how < 2; how++) {
		struct buf b;
		buf_init(&b, 1000);
		assert_true(how ? buf_addf(&b, "%s", text) : buf_adds(&b, text));
		assert_int_equal(b.len, 1000);
		assert_false(how ? buf_addf(&b, "%s", "y") : buf_addc(&b, 'y'));
		assert_true(b.failed);
		assert_int_equal(b.len, 1000);
		buf_done(&b);
	}
}

static void a_failed_buffer_drops_what_follows_and_gives_nothing(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	buf_adds(&b, "abc");
	assert_false(buf_adds(&b, "def"));
	assert_false(buf_adds(&b, ""));
	assert_false(buf_addf(&b, "x"));
	assert_null(buf_take(&b));
	buf_adds(&b, "abcd"); // taken: empty again, the cap stands
	assert_false(b.failed);
	assert_false(buf_addc(&b, 'e'));
	buf_reset(&b);
	assert_true(buf_adds(&b, "ok"));
	buf_burn(&b);
	assert_null(b.data);
}

static void an_endless_size_is_refused(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b;
	buf_init(&b, 0);
	buf_addc(&b, 'x');
	assert_false(buf_add(&b, "", SIZE_MAX));
	assert_true(b.failed);
}

static void what_is_taken_belongs_to_the_taker(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	char *empty = buf_take(&b);
	assert_string_equal(empty, "");
	free(empty);
	buf_adds(&b, "mine");
	char *text = buf_take(&b);
	assert_string_equal(text, "mine");
	assert_string_equal(buf_str(&b), "");
	free(text);
	buf_done(&b);
}

static void it_grows_through_every_size(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b;
	buf_init(&b, 0);
	for (int i = 0; i < 5000; i++) {
		assert_true(i % 3 ? buf_addc(&b, (char)('a' + i % 26))
				  : buf_addf(&b, "%c", 'a' + i % 26));
		assert_int_equal(strlen(b.data), b.len);
		assert_true(b.len < b.size);
	}
	for (int i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
}

// ---- errors

static void an_error_keeps_class_code_and_message(void **state)
{
	(void)state;
	struct err err = err_code(ERR_THROTTLED, "RequestLimitExceeded", "slow %s", "down");
	assert_true(err_is(&err));
	assert_int_equal(err.class, ERR_THROTTLED);
	assert_string_equal(err.code, "RequestLimitExceeded");
	assert_string_equal(err.message, "slow down");
	assert_false(err.maybe_done);
	err = err_code(ERR_DENIED, NULL, "x");
	assert_string_equal(err.code, "");
	err = ERR_OK;
	assert_false(err_is(&err));
	err = err_nomem();
	assert_int_equal(err.class, ERR_BUG);
}

static void context_is_added_in_front_and_the_rest_stays(void **state)
{
	(void)state;
	struct err err = err_code(ERR_CONFLICT, "VpcInUse", "has dependencies");
	str_copy(err.request_id, sizeof(err.request_id), "r-1");
	err.maybe_done = true;
	err_wrap(&err, "delete vpc '%s'", "main");
	err_wrap(&err, "network");
	assert_string_equal(err.message, "network: delete vpc 'main': has dependencies");
	assert_int_equal(err.class, ERR_CONFLICT);
	assert_string_equal(err.code, "VpcInUse");
	assert_string_equal(err.request_id, "r-1");
	assert_true(err.maybe_done);
	err_wrap(&err, "%s", err.message); // its own text as context
	assert_true(
		str_starts(err.message, "network: delete vpc 'main': has dependencies: network"));
}

static void long_foreign_text_is_cut_between_characters(void **state)
{
	(void)state;
	char text[2000] = "";
	for (size_t at = 0; at + 3 < sizeof(text); at += 3)
		memcpy(text + at, "\xe2\x82\xac", 4);
	for (int pad = 0; pad < 4; pad++) {
		struct err err = err_new(ERR_INVALID, "%*s%s", pad, "", text);
		assert_true(strlen(err.message) >= sizeof(err.message) - 4);
		assert_true(str_is_utf8(err.message, strlen(err.message)));
		err_wrap(&err, "%*s%s", pad, "", text);
		assert_true(str_is_utf8(err.message, strlen(err.message)));
		err = err_code(ERR_INVALID, text + 3 * pad, "x");
		assert_true(str_is_utf8(err.code, strlen(err.code)));
		assert_true(strlen(err.code) < sizeof(err.code));
	}
}

static void every_class_has_a_name(void **state)
{
	(void)state;
	for (int i = ERR_NONE; i <= ERR_BUG; i++)
		for (int j = ERR_NONE; j < i; j++)
			assert_string_not_equal(err_class_name((enum err_class)i),
				err_class_name((enum err_class)j));
	assert_string_equal(err_class_name(ERR_NOT_FOUND), "not-found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appended_pieces_stand_together),
		cmocka_unit_test(bytes_with_nul_are_kept),
		cmocka_unit_test(exactly_the_cap_fits_and_one_more_byte_fails),
		cmocka_unit_test(a_failed_buffer_drops_what_follows_and_gives_nothing),
		cmocka_unit_test(an_endless_size_is_refused),
		cmocka_unit_test(what_is_taken_belongs_to_the_taker),
		cmocka_unit_test(it_grows_through_every_size),
		cmocka_unit_test(an_error_keeps_class_code_and_message),
		cmocka_unit_test(context_is_added_in_front_and_the_rest_stays),
		cmocka_unit_test(long_foreign_text_is_cut_between_characters),
		cmocka_unit_test(every_class_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
