// What people read, kept as text: each answer of the daemon in fixtures/ against golden/, at the
// widths that it is read in. After a deliberate change: HOLDFAST_GOLDEN=write
// build/tests/unit/cli/test_render, and look at the difference.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/render.h"
#include <time.h>

#define HERE "tests/unit/cli/"

enum look { LOOK_PLAIN, LOOK_COLOUR, LOOK_ASCII };

static void render_some(const struct view *view, const json_t *answer, struct buf *out)
{
	render_status(view, answer, 0, out);
}

static void render_all(const struct view *view, const json_t *answer, struct buf *out)
{
	render_status(view, answer, STATUS_ALL, out);
}

static json_t *load(const char *name)
{
	json_error_t error;
	_cleanup_free_ char *path = str_format(HERE "fixtures/%s.json", name);
	json_t *value = json_load_file(path, 0, &error);
	if (!value)
		fail_msg("%s: line %d: %s", path, error.line, error.text);
	return value;
}

static void render_screen(const struct view *view, const json_t *answer, struct buf *out)
{
	_cleanup_json_ json_t *history = load("history");
	render_live(view, answer, history, NULL, 40, out);
}

// A file with many errors leaves room for the layers.
static void render_screen_of_errors(const struct view *view, const json_t *answer, struct buf *out)
{
	_cleanup_json_ json_t *status = json_deep_copy(answer);
	json_t *findings = json_array();
	for (int i = 1; i <= 4; i++)
		json_array_append_new(findings,
			json_pack("{s:s, s:i, s:i, s:s, s:s}", "file", "shop.yaml", "line", i,
				"column", 1, "severity", "error", "message", "is wrong"));
	json_object_set_new(json_object_get(status, "config"), "error",
		json_pack("{s:o, s:n}", "findings", findings, "at"));
	render_live(view, status, NULL, NULL, 12, out);
}

static void render_small_screen(const struct view *view, const json_t *answer, struct buf *out)
{
	render_live(view, answer, NULL, "No answer for 5s; what follows is from before.", 12, out);
}

static void render_from_nothing(const struct view *view, const json_t *answer, struct buf *out)
{
	render_progress(view, NULL, answer, out);
}

static void render_since_before(const struct view *view, const json_t *answer, struct buf *out)
{
	_cleanup_json_ json_t *before = load("status");
	render_progress(view, before, answer, out);
}

static void render_both_stacks(const struct view *view, const json_t *answer, struct buf *out)
{
	_cleanup_json_ json_t *other = load("status_well");
	_cleanup_json_ json_t *both =
		json_pack("{s:i, s:[O, O]}", "format", 1, "stacks", answer, other);
	render_status(view, both, 0, out);
}

static void render_as_dot(const struct view *view, const json_t *answer, struct buf *out)
{
	(void)view;
	render_dot(answer, out);
}

// clang-format off
static const struct row {
	const char *fixture, *golden;
	void (*render)(const struct view *view, const json_t *answer, struct buf *out);
	int width;
	enum look look;
} rows[] = {
	{"status",         "status-80",        render_some,         80,  LOOK_PLAIN},
	{"status",         "status-140",       render_some,         140, LOOK_PLAIN},
	{"status",         "status-pipe",      render_some,         0,   LOOK_PLAIN},
	{"status",         "status-ascii",     render_some,         80,  LOOK_ASCII},
	{"status",         "status-colour",    render_some,         100, LOOK_COLOUR},
	{"status",         "status-all-80",    render_all,          80,  LOOK_PLAIN},
	{"status",         "status-all-140",   render_all,          140, LOOK_PLAIN},
	{"status_standby", "status-standby-80", render_some,        80,  LOOK_PLAIN},
	{"status_held",    "status-held-80",   render_some,         80,  LOOK_PLAIN},
	{"drift_unknown",  "drift-unknown",    render_drift,        80,  LOOK_PLAIN},
	{"status_well",    "status-well-80",   render_some,         80,  LOOK_PLAIN},
	{"status",         "status-two-80",    render_both_stacks,  80,  LOOK_PLAIN},
	{"status_hostile", "status-hostile",   render_all,          80,  LOOK_COLOUR},
	{"status",         "live-80",          render_screen,       80,  LOOK_PLAIN},
	{"status",         "live-140",         render_screen,       140, LOOK_PLAIN},
	{"status",         "live-errors",      render_screen_of_errors, 80, LOOK_PLAIN},
	{"status",         "live-small",       render_small_screen, 60,  LOOK_PLAIN},
	{"status",         "progress-first",   render_from_nothing, 0,   LOOK_PLAIN},
	{"status_well",    "progress-later",   render_since_before, 0,   LOOK_PLAIN},
	{"plan",           "plan-80",          render_plan,         80,  LOOK_PLAIN},
	{"plan",           "plan-140",         render_plan,         140, LOOK_PLAIN},
	{"plan",           "plan-colour",      render_plan,         100, LOOK_COLOUR},
	{"plan_none",      "plan-none",        render_plan,         80,  LOOK_PLAIN},
	{"resource",       "resource-80",      render_resource,     80,  LOOK_PLAIN},
	{"resource",       "resource-140",     render_resource,     140, LOOK_PLAIN},
	{"history",        "history-80",       render_history,      80,  LOOK_PLAIN},
	{"history",        "history-140",      render_history,      140, LOOK_PLAIN},
	{"history",        "history-pipe",     render_history,      0,   LOOK_ASCII},
	{"drift",          "drift-80",         render_drift,        80,  LOOK_PLAIN},
	{"drift",          "drift-140",        render_drift,        140, LOOK_PLAIN},
	{"diff",           "diff-80",          render_diff,         80,  LOOK_PLAIN},
	{"diff",           "diff-140",         render_diff,         140, LOOK_PLAIN},
	{"why",            "why-80",           render_why,          80,  LOOK_PLAIN},
	{"graph",          "graph-60",         render_graph,        60,  LOOK_PLAIN},
	{"graph",          "graph-ascii",      render_graph,        0,   LOOK_ASCII},
	{"graph",          "graph-dot",        render_as_dot,       0,   LOOK_PLAIN},
};
// clang-format on

static struct view view_of(int width, enum look look)
{
	struct view view = {
		.width = width, .has_colour = look == LOOK_COLOUR, .has_utf8 = look != LOOK_ASCII};
	assert_int_equal(clock_parse_iso("2026-11-23T09:48:00Z", &view.now_ms), 0);
	return view;
}

static char *read_text(const char *path)
{
	struct buf text = {0};
	char piece[4096];
	size_t n;
	FILE *file = fopen(path, "r");
	if (!file)
		return NULL;
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_add(&text, piece, n);
	fclose(file);
	return buf_take(&text);
}

static void check_row(const struct row *row, bool is_writing)
{
	struct view view = view_of(row->width, row->look);
	_cleanup_json_ json_t *answer = load(row->fixture);
	_cleanup_free_ char *path = str_format(HERE "golden/%s.txt", row->golden);
	_cleanup_buf_ struct buf out = {0};
	row->render(&view, answer, &out);
	assert_false(out.failed);
	if (is_writing) {
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(buf_str(&out), file);
		fclose(file);
		return;
	}
	_cleanup_free_ char *golden = read_text(path);
	if (!golden || !str_eq(golden, buf_str(&out)))
		fail_msg("%s is not what is shown:\n%s", path, buf_str(&out));
}

static void test_answers_look_as_they_did(void **state)
{
	(void)state;
	const char *golden = getenv("HOLDFAST_GOLDEN");
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		check_row(&rows[i], str_eq_null(golden, "write"));
}

// No line is longer than the terminal, and none has a byte that the terminal would act on but our
// own colours.
static void check_lines(const struct row *row, int width)
{
	struct view view = view_of(width, LOOK_COLOUR);
	_cleanup_json_ json_t *answer = load(row->fixture);
	_cleanup_buf_ struct buf out = {0};
	row->render(&view, answer, &out);
	for (char *line = out.data; line && *line;) {
		char *end = strchrnul(line, '\n');
		bool is_last = !*end;
		*end = '\0';
		for (const char *p = line; *p; p++) {
			unsigned char c = (unsigned char)*p;
			if (c == 033 && p[1] == '[' && p[2 + strspn(p + 2, "0123456789")] == 'm')
				continue;
			if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)p[1] < 0xa0))
				fail_msg("%s: a raw control character in: %s", row->golden, line);
		}
		if (view_cells_painted(line) > width)
			fail_msg("%s: %d cells at width %d: %s", row->golden,
				view_cells_painted(line), width, line);
		line = is_last ? end : end + 1;
	}
}

static void test_lines_fit_the_terminal_and_obey_nobody_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		for (int width = 80; rows[i].width > 0 && width <= 200; width += 7)
			check_lines(&rows[i], width);
}

// Any JSON may come: a newer daemon's, a broken one's.
static void test_renderers_take_any_json(void **state)
{
	(void)state;
	static const char *const texts[] = {"{}", "[]", "null", "7",
		"{\"layers\":7,\"resources\":{}}",
		"{\"layers\":[[]],\"resources\":[[1]],\"stacks\":[1,null]}",
		"{\"actions\":[1,{}],\"counts\":[]}", "{\"entries\":[0,{\"detail\":3}]}",
		"{\"drifts\":[{\"closed_at\":\"x\"}],\"differences\":[[],{\"path\":3}]}",
		"{\"resource\":{\"desired\":[],\"observed\":4,\"differences\":[1,{}],"
		"\"undeclared\":[2],\"actions\":[{\"fields\":[[]]}],\"holds\":[0]},\"history\":[5]"
		"}"};
	struct view view = view_of(80, LOOK_PLAIN);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		_cleanup_json_ json_t *answer = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		assert_non_null(answer);
		for (size_t j = 0; j < ARRAY_COUNT(rows); j++) {
			_cleanup_buf_ struct buf out = {0};
			rows[j].render(&view, answer, &out);
			assert_false(out.failed);
		}
	}
}

static void test_secrets_are_never_printed(void **state)
{
	(void)state;
	struct view view = view_of(0, LOOK_PLAIN);
	_cleanup_json_ json_t *plan = load("plan");
	_cleanup_buf_ struct buf out = {0};
	render_plan(&view, plan, &out);
	assert_non_null(strstr(out.data, "(sensitive)"));
	assert_null(strstr(out.data, "hunter2"));
}

static void test_a_brake_on_many_layers_is_told_once(void **state)
{
	(void)state;
	static const char layer[] = "{\"name\": \"%s\", \"sync\": \"OutOfSync\", \"health\": "
				    "\"Suspended\", \"resources\": 2, \"braked\": %s}";
	static const char lost[] = "{\"reason\": \"4 of 4 resources left the file\"}";
	static const char *const names[] = {"network", "data", "security"};
	static const struct {
		const char *brakes[3], *said;
	} cases[] = {{{lost, lost, lost},
			     "  Everything is braked: 4 of 4 resources left the file. Nothing is "
			     "changed there until `holdfast release`.\n"},
		{{lost, lost, "null"},
			"  network, data are braked: 4 of 4 resources left the file. "
			"Nothing is changed there until `holdfast release network`, and "
			"so for each.\n"},
		{{"null", lost, "null"},
			"  data is braked: 4 of 4 resources left the file. Nothing is "
			"changed there until `holdfast release data`.\n"}};
	struct view view = {0};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_json_ json_t *layers = json_array();
		for (size_t j = 0; j < 3; j++) {
			_cleanup_free_ char *text = str_format(layer, names[j], cases[i].brakes[j]);
			json_array_append_new(layers, json_loads(text, 0, NULL));
		}
		_cleanup_json_ json_t *status = json_pack(
			"{s:s, s:O, s:[]}", "stack", "shop", "layers", layers, "resources");
		_cleanup_buf_ struct buf out = {0};
		render_status(&view, status, 0, &out);
		const char *first = strstr(buf_str(&out), "braked: ");
		assert_non_null(strstr(buf_str(&out), cases[i].said));
		assert_null(strstr(first + 1, "braked: "));
	}
}

static void test_progress_is_silent_when_nothing_changed(void **state)
{
	(void)state;
	struct view view = view_of(80, LOOK_PLAIN);
	_cleanup_json_ json_t *status = load("status");
	_cleanup_buf_ struct buf out = {0};
	render_progress(&view, status, status, &out);
	assert_int_equal(out.len, 0);
}

// What cannot be looked at may be otherwise by now; what the file wants may not be in force.
static void test_all_is_well_is_said_only_when_it_is_known(void **state)
{
	(void)state;
	static const char *const troubles[][2] = {
		{"blind", "[{\"layers\": [\"network\"], \"kinds\": [\"vpc\"], \"cause\": \"no\"}]"},
		{"store", "{\"phase\": \"waiting\", \"message\": \"refused\"}"},
		{"config", "{\"error\": {\"findings\": []}}"}};
	struct view view = view_of(80, LOOK_PLAIN);
	_cleanup_json_ json_t *well = load("status_well");
	_cleanup_buf_ struct buf out = {0};
	render_live(&view, well, NULL, NULL, 40, &out);
	assert_non_null(strstr(buf_str(&out), "Everything is as the file says."));
	for (size_t i = 0; i < ARRAY_COUNT(troubles); i++) {
		_cleanup_json_ json_t *status = json_deep_copy(well);
		json_object_set_new(status, troubles[i][0], json_loads(troubles[i][1], 0, NULL));
		buf_reset(&out);
		render_live(&view, status, NULL, NULL, 40, &out);
		assert_null(strstr(buf_str(&out), "Everything is as the file says."));
	}
}

// What happened last fills what is left of the screen, whole entries only, and hides nothing.
static void test_what_happened_last_takes_the_room_that_is_left(void **state)
{
	(void)state;
	struct view view = view_of(80, LOOK_PLAIN);
	_cleanup_json_ json_t *well = load("status_well"), *history = load("history");
	for (int height = 4; height < 60; height++) {
		_cleanup_buf_ struct buf out = {0};
		render_live(&view, well, history, NULL, height, &out);
		const char *title = strstr(buf_str(&out), "LATELY\n");
		int lines = 1;
		for (const char *at = buf_str(&out); *at; at++)
			lines += *at == '\n';
		assert_int_equal(lines, height);
		if (!title)
			continue;
		assert_null(strstr(buf_str(&out), "more lines"));
		assert_true(
			title[strlen("LATELY\n")] == '0'); // an entry, which begins with its time
		// Each of these calls needs a second line, and has it.
		for (const char *at = title; (at = strstr(at, "action  network.subnet")); at++)
			assert_true(str_starts(strchr(at, '\n'), "\n    "));
	}
}

static void test_long_names_break_between_their_parts(void **state)
{
	(void)state;
	assert_int_equal(
		view_break("PreferredMaintenanceWindow", 24), strlen("PreferredMaintenance"));
	assert_int_equal(view_break("arn:aws:kms:eu-west-1:123456789012:key", 24),
		strlen("arn:aws:kms:eu-west-1:"));
	assert_int_equal(view_break("data.db_instance.main", 12), strlen("data.db_"));
	assert_int_equal(view_break("0123456789", 8), 8);
	assert_int_equal(view_break("some words", 8), strlen("some "));
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_look_as_they_did),
		cmocka_unit_test(test_long_names_break_between_their_parts),
		cmocka_unit_test(test_all_is_well_is_said_only_when_it_is_known),
		cmocka_unit_test(test_what_happened_last_takes_the_room_that_is_left),
		cmocka_unit_test(test_lines_fit_the_terminal_and_obey_nobody_else),
		cmocka_unit_test(test_renderers_take_any_json),
		cmocka_unit_test(test_secrets_are_never_printed),
		cmocka_unit_test(test_a_brake_on_many_layers_is_told_once),
		cmocka_unit_test(test_progress_is_silent_when_nothing_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
