// The parts without a server: SQLSTATEs, libpq's sentences, connection strings, parameters.
#include "fixture.h"
#include "state/bind.h"
#include "state/conninfo.h"
#include "state/sqlstate.h"

static void a_sqlstate_says_what_to_do(void **state)
{
	(void)state;
	static const struct {
		const char *state;
		enum err_class class;
	} cases[] = {
		{"08006", ERR_TRANSIENT},
		{"57P01", ERR_TRANSIENT},
		{"57014", ERR_TRANSIENT},
		{"53100", ERR_TRANSIENT},
		{"53300", ERR_TRANSIENT},
		{"55P03", ERR_TRANSIENT},
		{"58030", ERR_TRANSIENT},
		{"40001", ERR_CONFLICT},
		{"40P01", ERR_CONFLICT},
		{"40003", ERR_TRANSIENT},
		{"25006", ERR_CONFLICT},
		{"28P01", ERR_INVALID},
		{"3D000", ERR_INVALID},
		{"22P05", ERR_INVALID},
		{"42501", ERR_DENIED},
		{"42P01", ERR_BUG},
		{"22012", ERR_BUG},
		{"23505", ERR_BUG},
		{"XX000", ERR_BUG},
		{"", ERR_TRANSIENT},
		{NULL, ERR_TRANSIENT},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_int_equal(sqlstate_class(cases[i].state), cases[i].class);
}

static void libpqs_lines_become_one_sentence(void **state)
{
	(void)state;
	char text[200], code[6];
	sqlstate_sentence(
		"connection to server at \"db\" (192.0.2.1), port 5432 failed: FATAL:  28P01: "
		"password authentication failed for user \"u\"\nLOCATION:  auth_failed, "
		"auth.c:338\n",
		text, sizeof(text), code);
	assert_string_equal(text, "connection to server at \"db\" (192.0.2.1), port 5432 failed: "
				  "password authentication failed for user \"u\"");
	assert_string_equal(code, "28P01");
	sqlstate_sentence(
		"connection to server on socket \"/x\" failed: No such file or directory\n"
		"\tIs the server running locally and accepting connections on that socket?\n",
		text, sizeof(text), code);
	assert_string_equal(
		text, "connection to server on socket \"/x\" failed: No such file or directory");
	assert_string_equal(code, "");
	sqlstate_sentence("one\ntwo\n", text, sizeof(text), code);
	assert_string_equal(text, "one; two");
	sqlstate_sentence(NULL, text, sizeof(text), code);
	assert_string_equal(text, "");
	// A severity in another language, and a colon that is none.
	sqlstate_sentence(
		"FATAL :  abc: x FATALE:  57P03: avvio in corso", text, sizeof(text), code);
	assert_string_equal(code, "57P03");
	char cut[8];
	sqlstate_sentence("0123456789", cut, sizeof(cut), code);
	assert_string_equal(cut, "0123456");
}

static void open_conninfo(struct conninfo *conninfo, const char *text)
{
	struct err err = conninfo_init(conninfo, text);
	if (err_is(&err))
		fail_msg("%s", err.message);
}

static const char *value_of(const struct conninfo_params *params, const char *keyword)
{
	const char *found = NULL;
	for (int i = 0; params->keywords[i]; i++)
		if (str_eq(params->keywords[i], keyword)) {
			assert_null(found); // once
			found = params->values[i];
		}
	return found;
}

static void hosts_are_split_and_only_names_are_looked_up(void **state)
{
	(void)state;
	struct conninfo c;
	open_conninfo(&c, "host=db.example.com,192.0.2.7,/run/pg,::1 port=1,2,3,4");
	assert_int_equal(c.host_count, 4);
	assert_true(c.hosts[0].is_name);
	assert_false(c.hosts[1].is_name);
	assert_false(c.hosts[2].is_name);
	assert_false(c.hosts[3].is_name);
	assert_string_equal(c.hosts[3].port, "4");
	assert_string_equal(conninfo_where(&c), "db.example.com");
	conninfo_done(&c);
	open_conninfo(&c, "postgresql://u:p@a,b/shop?sslmode=verify-full");
	assert_int_equal(c.host_count, 2);
	assert_true(c.hosts[1].is_name);
	conninfo_done(&c);
	open_conninfo(&c, "host=name hostaddr=192.0.2.1 port=5433");
	assert_false(c.hosts[0].is_name);
	assert_string_equal(c.hosts[0].address, "192.0.2.1");
	conninfo_done(&c);
	struct err err = conninfo_init(&c, "host=a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a");
	assert_int_equal(err.class, ERR_INVALID);
}

static void what_the_text_says_wins_over_our_settings(void **state)
{
	(void)state;
	struct conninfo c;
	open_conninfo(&c, "host=a,/run/pg port=7 user=u password=pw tcp_user_timeout=1");
	struct conninfo_host hosts[2] = {c.hosts[0], c.hosts[1]};
	hosts[0].address = (char[]){"192.0.2.9"};
	struct conninfo_params p;
	struct err err = conninfo_params_init(&p, &c, hosts, 2, "-c lock_timeout=5");
	assert_false(err_is(&err));
	assert_string_equal(value_of(&p, "host"), "a,/run/pg");
	assert_string_equal(value_of(&p, "hostaddr"), "192.0.2.9,");
	assert_string_equal(value_of(&p, "port"), "7,7");
	assert_string_equal(value_of(&p, "user"), "u");
	assert_string_equal(value_of(&p, "password"), "pw");
	assert_string_equal(value_of(&p, "tcp_user_timeout"), "1");
	assert_string_equal(value_of(&p, "target_session_attrs"), "read-write");
	assert_non_null(strstr(value_of(&p, "options"), "lock_timeout"));
	conninfo_params_done(&p);
	err = conninfo_params_init(&p, &c, c.hosts, 1, NULL);
	assert_false(err_is(&err));
	assert_null(value_of(&p, "options"));
	assert_null(value_of(&p, "hostaddr"));
	conninfo_params_done(&p);
	conninfo_done(&c);
}

static const struct statement sample = {"SAMPLE", "",
	{{"t", STATEMENT_TEXT, true}, {"i", STATEMENT_INT, true}, {"b", STATEMENT_BOOL, true},
		{"j", STATEMENT_JSON, true}, {"at_ms", STATEMENT_TIME, true}}};

static void parameters_are_what_the_row_says(void **state)
{
	(void)state;
	struct bind bind;
	_cleanup_json_ json_t *args =
		json_pack("{s:s, s:I, s:b, s:[i, s], s:I}", "t", "\xc3\xa4'\"", "i", INT64_MIN, "b",
			1, "j", 1, "x", "at_ms", (json_int_t)1763891234567);
	struct err err = bind_init(&bind, &sample, args);
	assert_false(err_is(&err));
	assert_int_equal(bind.count, 5);
	assert_string_equal(bind.texts[0], "\xc3\xa4'\"");
	assert_string_equal(bind.texts[1], "-9223372036854775808");
	assert_string_equal(bind.texts[2], "true");
	assert_string_equal(bind.texts[3], "[1,\"x\"]");
	assert_string_equal(bind.texts[4], "2025-11-23T09:47:14.567Z");
	bind_done(&bind);
	err = bind_init(&bind, &sample, NULL);
	assert_false(err_is(&err));
	assert_int_equal(bind.count, 5);
	for (int i = 0; i < 5; i++)
		assert_null(bind.texts[i]);
	bind_done(&bind);
}

static void a_parameter_of_another_type_is_named(void **state)
{
	(void)state;
	static const char *const names[] = {"t", "i", "b", "at_ms"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct bind bind;
		_cleanup_json_ json_t *args = json_pack("{s:[]}", names[i]);
		struct err err = bind_init(&bind, &sample, args);
		assert_int_equal(err.class, ERR_INVALID);
		assert_non_null(strstr(err.message, names[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sqlstate_says_what_to_do),
		cmocka_unit_test(libpqs_lines_become_one_sentence),
		cmocka_unit_test(hosts_are_split_and_only_names_are_looked_up),
		cmocka_unit_test(what_the_text_says_wins_over_our_settings),
		cmocka_unit_test(parameters_are_what_the_row_says),
		cmocka_unit_test(a_parameter_of_another_type_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
