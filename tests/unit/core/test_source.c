// Values that are kept elsewhere, and those that are made up: read when needed, told by their mark.
#include "base/hash.h"
#include "core/password.h"
#include "core/source.h"
#include "core/sources.h"
#include "tests/unit/core/values.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t key[SOURCE_KEY_BYTES] = {7};
static char folder[] = "/tmp/holdfast-source-XXXXXX";

static const struct field referred = {
	.name = "value_from", .form = SOURCE_REFERRED, .mark = MARKED_KEYED};
static const struct field of_path = {
	.name = "certificate_file", .form = SOURCE_PATH, .mark = MARKED_SERIAL};

static json_t *file_of(const char *name, const char *text, size_t bytes)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	fclose(file);
	return values_keep(json_pack("{s:{s:s}}", "@source", "file", path));
}

static void expect_text(const json_t *source, const char *expected)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	struct err err = source_text(&referred, source, &text);
	assert_false(err_is(&err));
	assert_string_equal(buf_str(&text), expected);
	buf_burn(&text);
}

static void expect_refused(const json_t *source, enum err_class class, const char *part)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	struct err err = source_text(&referred, source, &text);
	assert_int_equal(err.class, class);
	assert_non_null(strstr(err.message, part));
	buf_burn(&text);
}

static void a_file_is_read_without_the_newline_that_ends_it(void **state)
{
	(void)state;
	expect_text(file_of("a", "hunter2", 7), "hunter2");
	expect_text(file_of("a", "hunter2\n", 8), "hunter2");
	expect_text(file_of("a", "hunter2\n\n", 9), "hunter2\n");
}

static void the_environment_is_read_as_it_is(void **state)
{
	(void)state;
	setenv("HOLDFAST_TEST_VALUE", "hunter3\n", 1);
	expect_text(J({"@source" : {"env" : "HOLDFAST_TEST_VALUE"}}), "hunter3\n");
	unsetenv("HOLDFAST_TEST_VALUE");
	expect_refused(J({"@source" : {"env" : "HOLDFAST_TEST_VALUE"}}), ERR_NOT_FOUND,
		"HOLDFAST_TEST_VALUE");
}

static void what_is_no_plain_text_file_is_refused(void **state)
{
	(void)state;
	char path[200];
	static char large[SOURCE_MOST_BYTES + 2];
	memset(large, 'x', sizeof(large));
	expect_refused(J({"@source" : {"file" : "/nonexistent/holdfast"}}), ERR_NOT_FOUND,
		"/nonexistent/holdfast");
	expect_refused(J({"@source" : {"file" : "/dev/zero"}}), ERR_INVALID, "no regular file");
	expect_refused(J({"@source" : {"file" : "/tmp"}}), ERR_INVALID, "no regular file");
	expect_refused(file_of("empty", "", 0), ERR_INVALID, "is empty");
	expect_refused(file_of("newline", "\n", 1), ERR_INVALID, "is empty");
	expect_refused(file_of("binary", "\xff\xfe", 2), ERR_INVALID, "no UTF-8");
	expect_refused(file_of("nul", "a\0b", 3), ERR_INVALID, "no UTF-8");
	expect_refused(file_of("large", large, sizeof(large)), ERR_INVALID, "more than 65536");
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0); // nobody writes into it: opening must not wait
	expect_refused(values_keep(json_pack("{s:{s:s}}", "@source", "file", path)), ERR_INVALID,
		"no regular file");
}

static void equal_values_have_equal_marks_under_one_key_only(void **state)
{
	(void)state;
	char a[SOURCE_MARK_BYTES], b[SOURCE_MARK_BYTES];
	uint8_t other[SOURCE_KEY_BYTES] = {1};
	struct err err = source_mark(&referred, file_of("a", "hunter2\n", 8), key, a);
	assert_false(err_is(&err));
	assert_int_equal(strlen(a), 64); // a version id: 32 to 64 characters
	assert_null(strstr(a, "hunter"));
	err = source_mark(&referred, file_of("b", "hunter2", 7), key, b);
	assert_false(err_is(&err));
	assert_string_equal(a, b);
	err = source_mark(&referred, file_of("b", "hunter3", 7), key, b);
	assert_false(err_is(&err));
	assert_string_not_equal(a, b);
	err = source_mark(&referred, file_of("b", "hunter2", 7), other, b);
	assert_false(err_is(&err));
	assert_string_not_equal(a, b);
}

static void what_is_made_up_has_no_mark(void **state)
{
	(void)state;
	char mark[SOURCE_MARK_BYTES] = "x";
	struct err err = source_mark(&referred, J({"@source" : {"make" : {}}}), key, mark);
	assert_false(err_is(&err));
	assert_string_equal(mark, "");
}

static void a_file_without_a_certificate_has_no_serial_number(void **state)
{
	(void)state;
	char mark[SOURCE_MARK_BYTES];
	struct err err = source_mark(&of_path, file_of("c.pem", "no pem", 6), key, mark);
	assert_int_equal(err.class, ERR_INVALID);
	assert_non_null(strstr(err.message, "certificate"));
}

static void who_may_read_a_file_is_told(void **state)
{
	(void)state;
	char path[200];
	json_t *source = file_of("open", "x", 1);
	snprintf(path, sizeof(path), "%s/open", folder);
	assert_int_equal(chmod(path, 0600), 0);
	assert_false(source_is_open(source));
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(source_is_open(source));
	assert_false(source_is_open(J({"@source" : {"env" : "X"}})));
}

// ---- made up

static const char *made(const json_t *how, struct buf *out)
{
	buf_reset(out);
	struct err err = password_make(how, out);
	assert_false(err_is(&err));
	return buf_str(out);
}

static void a_password_is_of_the_wanted_characters_and_has_one_of_each_sort(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	for (int i = 0; i < 200; i++) {
		const char *text = made(J({}), &out);
		assert_int_equal(strlen(text), 32);
		assert_non_null(strpbrk(text, "0123456789"));
		assert_non_null(strpbrk(text, "abcdefghijklmnopqrstuvwxyz"));
		assert_non_null(strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
		assert_null(strchr(text, ' '));
		text = made(J({
			"password_length" : 5,
			"exclude_punctuation" : true,
			"exclude_uppercase" : true,
			"exclude_characters" : "0123456789abc"
		}),
			&out);
		assert_int_equal(strspn(text, "defghijklmnopqrstuvwxyz"), 5);
		text = made(J({"password_length" : 4}), &out);
		assert_non_null(strpbrk(text, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"));
	}
}

static void two_passwords_are_never_the_same(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf a = {0}, b = {0};
	buf_init(&a, 0);
	buf_init(&b, 0);
	assert_string_not_equal(made(J({}), &a), made(J({}), &b));
}

static void a_template_gets_the_password_as_a_member(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	json_t *value = values_parse(made(J({
		"template" : "{\"username\":\"app\"}",
		"key" : "password",
		"password_length" : 12
	}),
		&out));
	assert_string_equal(js_str(value, "username"), "app");
	assert_int_equal(strlen(js_str(value, "password")), 12);
	assert_int_equal(strncmp(buf_str(&out), "{\"username\"", 11), 0);
}

static void what_cannot_be_made_is_said(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	struct err err = password_make(J({"password_length" : 3}), &out);
	assert_int_equal(err.class, ERR_INVALID);
	err = password_make(J({
		"exclude_lowercase" : true,
		"exclude_uppercase" : true,
		"exclude_numbers" : true,
		"exclude_punctuation" : true
	}),
		&out);
	assert_int_equal(err.class, ERR_INVALID);
	err = password_make(J({"template" : "[1]", "key" : "x"}), &out);
	assert_int_equal(err.class, ERR_INVALID);
	assert_int_equal(out.len, 0);
}

// ---- on their way into a call

static void a_mark_stands_for_the_value_until_the_call_is_sent(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("secret");
	json_t *desired = J({"Name" : "db"}), *marks = NULL, *waiting = J({});
	json_object_set(desired, "SecretString", file_of("a", "hunter2\n", 8));
	sources_mark(kind, "security.secret.db", desired, key, &marks);
	values_keep(marks);
	json_t *want = values_keep(json_copy(desired));
	sources_resolve(kind, marks, want, waiting);
	assert_int_equal(json_object_size(waiting), 0);
	assert_int_equal(strlen(js_str(want, "SecretString")), 64);
	json_t *sources = values_keep(sources_of(kind, desired, marks));
	json_t *input = J({"Name" : "db", "SecretString" : {"@source" : "SecretString"}});
	_cleanup_json_ json_t *filled = json_array();
	struct err err = sources_fill(kind, "CreateSecret", sources, key, input, filled);
	assert_false(err_is(&err));
	assert_string_equal(js_str(input, "SecretString"), "hunter2");
	sources_burn(filled);
	assert_string_equal(js_str(input, "SecretString"), ""); // the very bytes are gone
	file_of("a", "hunter9", 7);                             // changed since it was decided upon
	input = J({"SecretString" : {"@source" : "SecretString"}});
	err = sources_fill(kind, "CreateSecret", sources, key, input, filled);
	assert_string_equal(err.code, SOURCES_CHANGED);
	assert_null(strstr(err.message, "hunter"));
}

static void what_cannot_be_read_is_waited_for_and_tried_again(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("secret");
	json_t *desired = J({"SecretString" : {"@source" : {"env" : "HOLDFAST_TEST_LATER"}}});
	json_t *marks = NULL, *waiting = J({}), *want = values_keep(json_copy(desired));
	unsetenv("HOLDFAST_TEST_LATER");
	sources_mark(kind, "a", desired, key, &marks);
	sources_resolve(kind, marks, want, waiting);
	assert_null(json_object_get(want, "SecretString"));
	assert_non_null(strstr(js_str(waiting, "SecretString"), "HOLDFAST_TEST_LATER"));
	setenv("HOLDFAST_TEST_LATER", "x", 1);
	sources_mark(kind, "a", desired, key, &marks);
	assert_non_null(js_str(json_object_get(marks, "SecretString"), "mark"));
	json_decref(marks);
	marks = NULL;
	waiting = J({});
	want = values_keep(json_copy(desired));
	sources_mark(kind, "a", desired, NULL, &marks); // no key yet
	sources_resolve(kind, marks, want, waiting);
	assert_string_equal(js_str(waiting, "SecretString"), "waits for the store");
	json_decref(marks);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	(void)state;
	static const char *const names[] = {
		"a", "b", "empty", "newline", "binary", "nul", "large", "pipe", "c.pem", "open"};
	char path[200];
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

#define TEST(f) cmocka_unit_test_teardown(f, values_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_without_the_newline_that_ends_it),
		TEST(the_environment_is_read_as_it_is),
		TEST(what_is_no_plain_text_file_is_refused),
		TEST(equal_values_have_equal_marks_under_one_key_only),
		TEST(what_is_made_up_has_no_mark),
		TEST(a_file_without_a_certificate_has_no_serial_number),
		TEST(who_may_read_a_file_is_told),
		TEST(a_password_is_of_the_wanted_characters_and_has_one_of_each_sort),
		TEST(two_passwords_are_never_the_same),
		TEST(a_template_gets_the_password_as_a_member),
		TEST(what_cannot_be_made_is_said),
		TEST(a_mark_stands_for_the_value_until_the_call_is_sent),
		TEST(what_cannot_be_read_is_waited_for_and_tried_again),
	};
	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
