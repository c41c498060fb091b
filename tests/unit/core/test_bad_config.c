// Every broken file of tests/system/bad_config must be refused with exactly the findings beside it.
#include "base/str.h"
#include "core/desired.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FOLDER "tests/system/bad_config"

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	if (!file)
		fail_msg("cannot read %s: run it from the top of the tree", path);
	char *text = calloc(1, 64 << 10);
	assert_non_null(text);
	assert_true(fread(text, 1, (64 << 10) - 1, file) > 0);
	fclose(file);
	return text;
}

/* What was found, without the folder's name, so that it reads as if from inside. */
static char *find_all(const char *path, struct findings *findings)
{
	struct desired *desired = desired_load(path, NULL, findings);
	if (desired)
		fail_msg("%s was taken for good", path);
	struct buf out;
	buf_init(&out, 0);
	findings_print(findings, &out);
	char *text = strdup(buf_str(&out));
	buf_done(&out);
	assert_non_null(text);
	size_t n = strlen(FOLDER "/");
	for (char *p; (p = strstr(text, FOLDER "/"));)
		memmove(p, p + n, strlen(p + n) + 1);
	return text;
}

/* Line by line: what was found begins with what is expected. */
static bool is_as_expected(char *found, char *expected)
{
	char *found_rest, *expected_rest;
	char *f = strtok_r(found, "\n", &found_rest), *e = strtok_r(expected, "\n", &expected_rest);
	for (; f && e;
		f = strtok_r(NULL, "\n", &found_rest), e = strtok_r(NULL, "\n", &expected_rest)) {
		if (!str_starts(f, e)) {
			print_error("found:    %s\nexpected: %s\n", f, e);
			return false;
		}
	}
	if (f || e)
		print_error("%s: %s\n", f ? "not expected" : "not found", f ? f : e);
	return !f && !e;
}

static bool check_file(const char *name)
{
	_cleanup_free_ char *path = str_format(FOLDER "/%s", name);
	_cleanup_free_ char *expected_path =
		str_format(FOLDER "/%.*s.expected", (int)(strrchr(name, '.') - name), name);
	struct findings findings;
	findings_init(&findings);
	_cleanup_free_ char *found = find_all(path, &findings);
	_cleanup_free_ char *expected = read_text(expected_path);
	bool ok = is_as_expected(found, expected);
	for (size_t i = 0; i < findings.count; i++) {
		if (!findings.items[i].remedy || findings.items[i].place.line < 1) {
			print_error("%s: without a remedy or a line: %s\n", name,
				findings.items[i].message);
			ok = false;
		}
	}
	findings_done(&findings);
	return ok;
}

static void every_broken_file_is_refused_with_its_findings(void **state)
{
	(void)state;
	DIR *folder = opendir(FOLDER);
	assert_non_null(folder);
	size_t count = 0, failed = 0;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (!str_ends(entry->d_name, ".yaml") && !str_ends(entry->d_name, ".json"))
			continue;
		count++;
		if (!check_file(entry->d_name))
			failed++;
	}
	closedir(folder);
	assert_true(count >= 40);
	assert_int_equal(failed, 0);
}

static void every_example_is_good(void **state)
{
	(void)state;
	DIR *folder = opendir("config/examples");
	assert_non_null(folder);
	size_t count = 0;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (!str_ends(entry->d_name, ".yaml"))
			continue;
		_cleanup_free_ char *path = str_format("config/examples/%s", entry->d_name);
		struct findings findings;
		findings_init(&findings);
		struct desired *desired = desired_load(path, NULL, &findings);
		// A base without its values may have errors of missing variables only.
		for (size_t i = 0; i < findings.count; i++)
			print_error("%s: %s\n", path, findings.items[i].message);
		assert_non_null(desired);
		assert_int_equal(findings.count, 0);
		desired_free(desired);
		findings_done(&findings);
		count++;
	}
	closedir(folder);
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_broken_file_is_refused_with_its_findings),
		cmocka_unit_test(every_example_is_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
