// The page from values: what is foreign stays text, what is wrong comes first, and what is drawn
// says so in words too.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "control/html.h"
#include "control/page.h"
#include <cmocka.h>

#define NOW INT64_C(1795543200000) // 2026-11-24T18:00:00Z
#define HOSTILE "\"><script>alert(1)</script>'&\xe2\x80\xae"

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %.4000s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	const char *at = strstr(text, part);
	if (at)
		fail_msg("'%s' is in: %.200s", part, at);
}

static json_t *resource(const char *name, const char *sync, const char *health, const char *message)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "address",
		json_sprintf("network.subnet.%s", name), "kind", "subnet", "layer", "network",
		"sync", sync, "health", health, "message", message, "since",
		"2026-11-24T17:56:40.000Z", "checked_at", "2026-11-24T17:59:30.000Z");
}

static json_t *status_with(json_t *resources)
{
	return json_pack("{s:s, s:s, s:o, s:[{s:s, s:i}], s:{s:s}, s:{s:s}}", "stack", "shop",
		"summary", "the summary", "resources", resources, "layers", "name", "network",
		"resources", 1, "daemon", "now", "2026-11-24T18:00:00.000Z", "store", "phase",
		"ready");
}

static char *overview(const struct page_views *views)
{
	_cleanup_buf_ struct buf out = {0};
	page_overview(views, &out);
	assert_false(out.failed);
	return buf_take(&out);
}

static void text_is_escaped_and_does_not_turn(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = {0};
	html_put(&out, "<a href=\"/x/@\">$</a>$", "a/b?c=\"d\"&\xc3\xa4",
		"<b>&\"'\x01\xe2\x80\xae"
		"é",
		NULL);
	assert_string_equal(buf_str(&out),
		"<a href=\"/x/a%2Fb%3Fc%3D%22d%22%26%C3%A4\">&lt;b&gt;&amp;&quot;&#39;"
		"\xef\xbf\xbd\xef\xbf\xbd"
		"é</a>");
}

static void values_are_told_in_one_line(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = {0};
	_cleanup_json_ json_t *value = json_pack("{s:[i, s]}", "a", 1, "<");
	html_value(&out, value);
	assert_string_equal(buf_str(&out), "{a: [1, &lt;]}");
	buf_reset(&out);
	html_value(&out, NULL);
	assert_string_equal(buf_str(&out), "(none)");
	buf_reset(&out);
	_cleanup_json_ json_t *items =
		json_pack("[{s:i, s:s}]", "Port", 22, "P", "{\"Version\": \"2012\"}");
	html_brief(&out, items);
	assert_string_equal(buf_str(&out), "Port: 22, P: {Version: 2012}");
	buf_reset(&out);
	_cleanup_json_ json_t *long_one = json_pack("[o]", json_sprintf("%0200d", 0));
	html_brief(&out, long_one);
	assert_true(out.len < 160);
	assert_has(buf_str(&out), "000…");
	buf_reset(&out);
	_cleanup_json_ json_t *nothing = json_pack("[]");
	html_brief(&out, nothing);
	assert_string_equal(buf_str(&out), "[]");
}

static void commands_and_instants_in_a_sentence_are_marked(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = {0};
	html_prose(&out, "a <b> until 2026-11-24T17:56:40Z: `holdfast release x`; it`s", NOW);
	assert_string_equal(buf_str(&out),
		"a &lt;b&gt; until <time datetime=\"2026-11-24T17:56:40Z\" "
		"data-clock>17:56:40</time>: <code>holdfast release x</code>; it`s");
}

static void ages_and_clocks_carry_their_instant(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = {0};
	html_age(&out, "2026-11-24T17:56:40.000Z", NOW);
	html_clock(&out, "2026-11-24T17:56:40.000Z", NOW);
	html_clock(&out, "2026-11-20T17:56:40.000Z", NOW);
	html_age(&out, NULL, NOW);
	html_wait(&out, "2026-11-24T18:00:40.000Z", NOW);
	html_wait(&out, "2026-11-24T17:00:40.000Z", NOW);
	assert_string_equal(buf_str(&out),
		"<time datetime=\"2026-11-24T17:56:40.000Z\" data-age>3m 20s</time>"
		"<time datetime=\"2026-11-24T17:56:40.000Z\" data-clock>17:56:40</time>"
		"<time datetime=\"2026-11-20T17:56:40.000Z\" data-clock>2026-11-20 17:56</time>"
		"<time datetime=\"2026-11-24T18:00:40.000Z\" data-wait>40s</time>"
		"<time datetime=\"2026-11-24T17:00:40.000Z\" data-wait>0s</time>");
}

static void how_a_resource_stands_is_one_word(void **state)
{
	(void)state;
	static const struct {
		const char *sync, *health;
		enum page_state state;
	} rows[] = {
		{"Synced", "Healthy", STATE_WELL},
		{"Synced", "Degraded", STATE_FAILED},
		{"Synced", "Progressing", STATE_BUSY},
		{"OutOfSync", "Healthy", STATE_DRIFTED},
		{"OutOfSync", "Suspended", STATE_HELD},
		{"Missing", "Missing", STATE_MISSING},
		{"Orphaned", "Suspended", STATE_ORPHANED},
		{"Unknown", "Unknown", STATE_UNKNOWN},
		{"Synced", "Unknown", STATE_UNKNOWN},
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_json_ json_t *row = resource("a", rows[i].sync, rows[i].health, "");
		assert_int_equal(page_state_of(row), rows[i].state);
		json_object_set_new(row, "action", json_object());
		assert_int_equal(page_state_of(row), STATE_BUSY);
	}
	_cleanup_json_ json_t *nothing = json_object();
	assert_int_equal(page_state_of(nothing), STATE_UNKNOWN);
}

static void hostile_names_stay_text_everywhere(void **state)
{
	(void)state;
	_cleanup_json_ json_t *rows =
		json_pack("[o]", resource(HOSTILE, "OutOfSync", "Healthy", HOSTILE));
	_cleanup_json_ json_t *status = status_with(json_incref(rows));
	json_object_set_new(status, "stack", json_string(HOSTILE));
	json_object_set_new(status, "summary", json_string(HOSTILE));
	json_object_set_new(status, "region", json_string(HOSTILE));
	json_object_set_new(status, "config",
		json_pack("{s:s, s:s, s:{s:[{s:s, s:s, s:s}], s:s}}", "file", HOSTILE, "version",
			HOSTILE, "error", "findings", "file", HOSTILE, "message", HOSTILE, "remedy",
			HOSTILE, "at", HOSTILE));
	const char *address = js_str(json_array_get(rows, 0), "address");
	_cleanup_json_ json_t *graph =
		json_pack("{s:O, s:[{s:s, s:s, s:[s]}, {s:s, s:s}]}", "nodes", rows, "flow", "from",
			"clients", "to", address, "ports", HOSTILE, "from", address, "to", HOSTILE);
	_cleanup_json_ json_t *plan = json_pack(
		"{s:[{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:{s:s}}]}]}", "actions", "address",
		address, "decision", "hold", "id", HOSTILE, "change", "~", "disruption", HOSTILE,
		"fields", "path", HOSTILE, "before", HOSTILE, "after", HOSTILE, HOSTILE);
	_cleanup_json_ json_t *entries = json_array();
	static const char *const whats[] = {
		"drift", "closed", "action", "config", "hold", "order", "observed", HOSTILE};
	for (size_t i = 0; i < ARRAY_COUNT(whats); i++)
		json_array_append_new(entries,
			json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}}",
				"at", i % 2 ? HOSTILE : "2026-11-24T17:56:40.000Z", "what",
				whats[i], "address", address, "detail", "field", HOSTILE, "how",
				HOSTILE, "operation", HOSTILE, "outcome", HOSTILE, "message",
				HOSTILE, "reason", HOSTILE, "who", HOSTILE, "desired", HOSTILE));
	_cleanup_json_ json_t *drifts = json_pack("[{s:s, s:s, s:s}]", "address", address, "field",
		HOSTILE, "opened_at", "2026-11-24T17:56:40.000Z");
	_cleanup_json_ json_t *whole = json_deep_copy(json_array_get(rows, 0));
	json_object_set_new(
		whole, "desired", json_pack("{s:s, s:[s]}", HOSTILE, HOSTILE, "b", HOSTILE));
	json_object_set_new(whole, "observed", json_pack("{s:{s:s}}", HOSTILE, HOSTILE, HOSTILE));
	json_object_set_new(whole, "differences", json_pack("[{s:s}]", "path", HOSTILE));
	json_object_set_new(whole, "depends_on", json_pack("[s]", HOSTILE));
	json_object_set_new(whole, "place", json_pack("{s:s}", "file", HOSTILE));
	_cleanup_json_ json_t *stacks = json_pack("[s, s]", HOSTILE, "other");
	struct page_views views = {.now_ms = NOW,
		.stack = HOSTILE,
		.stacks = stacks,
		.status = status,
		.graph = graph,
		.plan = plan,
		.entries = entries,
		.drifts = drifts,
		.resource = whole};
	_cleanup_buf_ struct buf out = {0};
	page_overview(&views, &out);
	page_story(&views, &out);
	page_problem(&views, HOSTILE, HOSTILE, &out);
	assert_has(buf_str(&out), "&lt;script&gt;alert(1)");
	assert_lacks(buf_str(&out), "<script>alert");
	assert_lacks(buf_str(&out), "\"><script");
	assert_lacks(buf_str(&out), "'&\xe2");
	assert_lacks(buf_str(&out), "\xe2\x80\xae");
}

static void what_is_wrong_comes_first_with_what_is_done_and_for_how_long(void **state)
{
	(void)state;
	_cleanup_json_ json_t *status =
		status_with(json_pack("[o, o, o]", resource("well", "Synced", "Healthy", "fine"),
			resource("drifted", "OutOfSync", "Healthy", "the tags differ"),
			resource("failed", "OutOfSync", "Degraded", "AWS says no")));
	_cleanup_json_ json_t *plan =
		json_pack("{s:[{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s}]}]}", "actions",
			"address", "network.subnet.drifted", "decision", "hold", "id", "abc123",
			"change", "~", "disruption", "none", "fields", "path", "CidrBlock",
			"before", "10.0", "after", "10.1");
	struct page_views views = {.now_ms = NOW, .status = status, .plan = plan};
	_cleanup_free_ char *text = overview(&views);
	const char *attention = strstr(text, "What wants attention");
	assert_non_null(attention);
	const char *failed = strstr(attention, "network.subnet.failed");
	const char *drifted = strstr(attention, "network.subnet.drifted");
	assert_true(failed && drifted && failed < drifted);
	assert_has(attention, "<del>10.0</del>");
	assert_has(attention, "holdfast approve abc123");
	assert_has(attention, "data-age>3m 20s</time>");
	assert_has(text, "Something wants attention</h1>");
	assert_has(text, "<title>2 ✕ shop");
	assert_has(text, "History is in Postgres, which does not answer");
}

static void nothing_wrong_is_said_and_nothing_else(void **state)
{
	(void)state;
	_cleanup_json_ json_t *status =
		status_with(json_pack("[o]", resource("well", "Synced", "Healthy", "fine")));
	_cleanup_free_ char *text = overview(&(struct page_views){.now_ms = NOW, .status = status});
	assert_has(text, "AWS is as the file says</h1>");
	assert_lacks(text, "What wants attention");
	assert_has(text, "<title>✓ shop");
}

static void the_daemons_own_troubles_are_told(void **state)
{
	(void)state;
	_cleanup_json_ json_t *status =
		status_with(json_pack("[o]", resource("well", "Synced", "Healthy", "fine")));
	json_object_set_new(status, "store",
		json_pack("{s:s, s:s}", "phase", "waiting", "message", "connection refused"));
	json_object_set_new(status, "lease",
		json_pack("{s:s, s:{s:s}}", "role", "standby", "leader", "host", "ops2"));
	json_t *layer = json_array_get(json_object_get(status, "layers"), 0);
	json_object_set_new(layer, "paused", json_true());
	json_object_set_new(layer, "blind", json_pack("[{s:s}]", "kind", "vpc"));
	json_object_set_new(layer, "braked", json_pack("{s:s}", "reason", "too much"));
	json_object_set_new(status, "blind",
		json_pack("[{s:[s], s:[s], s:s}, {s:[s, s], s:[s, s, s, s], s:s}]", "layers",
			"network", "kinds", "vpc", "cause", "denied", "layers", "data", "security",
			"kinds", "a", "b", "c", "d", "cause", "no answer"));
	_cleanup_free_ char *text = overview(&(struct page_views){.now_ms = NOW, .status = status});
	assert_has(text, "Postgres cannot be used</h3><p>connection refused");
	assert_has(text, "<span class=\"count failed\"><b>cannot be looked at</b></span>");
	assert_has(text, "<span class=\"count held\"><b>braked</b></span>");
	assert_has(text, "On standby: ops2 leads");
	assert_has(text, "The layer network is paused");
	assert_has(text, "network: <code>vpc</code> cannot be looked at</h3><p>denied");
	assert_has(text, "class=\"verdict card failed\"");
	assert_has(text, "data, security: 4 kinds cannot be looked at</h3><p>no answer");
}

static void what_is_well_folds_away_and_what_is_not_stands_open(void **state)
{
	(void)state;
	_cleanup_json_ json_t *well =
		status_with(json_pack("[o]", resource("well", "Synced", "Healthy", "fine")));
	_cleanup_free_ char *folded = overview(&(struct page_views){.now_ms = NOW, .status = well});
	assert_has(folded, "id=\"kinds-network\"><summary>All in sync");
	_cleanup_json_ json_t *ill =
		status_with(json_pack("[o, o]", resource("well", "Synced", "Healthy", "fine"),
			resource("ill", "OutOfSync", "Healthy", "differs")));
	_cleanup_free_ char *open = overview(&(struct page_views){.now_ms = NOW, .status = ill});
	assert_has(open, "id=\"kinds-network\" data-opened open><summary>By kind");
}

static json_t *entry(const char *what, const char *detail)
{
	json_t *parsed = json_loads(detail, 0, NULL);
	assert_non_null(parsed);
	return json_pack("{s:s, s:s, s:s, s:o}", "at", "2026-11-24T17:56:40.000Z", "what", what,
		"address", "a.b.c", "detail", parsed);
}

static void assert_told(const char *what, const char *detail, const char *wanted)
{
	_cleanup_json_ json_t *entries = json_pack("[o]", entry(what, detail));
	_cleanup_buf_ struct buf out = {0};
	page_put_entries(&(struct page_views){.now_ms = NOW}, entries, true, 60, &out);
	assert_has(buf_str(&out), wanted);
	assert_lacks(buf_str(&out), "{&quot;"); // nothing is shown as the program has it
}

static void what_happened_is_told_as_people_read_it(void **state)
{
	(void)state;
	assert_told("action",
		"{\"operation\": \"ecs:UpdateService\", \"change\": \"~\", \"outcome\": \"done\", "
		"\"before\": null, \"after\": 60, \"dur_ms\": 1900}",
		"done  <del>(none)</del> <span aria-hidden=\"true\">→</span><span class=\"sr\"> to "
		"</span> <ins class=\"\">60</ins> <span class=\"quiet\">1s</span>");
	assert_told("action",
		"{\"operation\": \"ec2:AuthorizeSecurityGroupIngress\", \"change\": \"~\", "
		"\"outcome\": \"done\", \"after\": [{\"IpProtocol\": \"tcp\", \"ToPort\": 22}]}",
		" added <code>IpProtocol: tcp, ToPort: 22</code>");
	assert_told("action",
		"{\"operation\": \"iam:PutRolePolicy\", \"change\": \"~\", \"before\": {\"D\": "
		"\"{\\\"Action\\\": \\\"a\\\", \\\"Effect\\\": \\\"Allow\\\"}\"}, \"after\": "
		"{\"D\": "
		"\"{\\\"Action\\\": \\\"b\\\", \\\"Effect\\\": \\\"Allow\\\"}\"}}",
		"<code>D.Action</code> <del>a</del>");
	assert_told("action",
		"{\"operation\": \"ec2:CreateVpc\", \"change\": \"+\", \"dur_ms\": null}",
		"not answered yet </td>");
	assert_told("drift",
		"{\"field\": \"(resource)\", \"type\": \"missing\", \"desired\": null, "
		"\"observed\": {\"a\": 1}}",
		"<td>is not in AWS any more</td>");
	assert_told("drift",
		"{\"field\": \"Size\", \"type\": \"changed\", \"desired\": 14, \"observed\": 1}",
		"<del>14</del> <span aria-hidden=\"true\">→</span><span class=\"sr\"> to </span> "
		"<ins class=\"drifted\">1</ins>");
	assert_told("closed", "{\"field\": \"(resource)\", \"how\": \"reverted\"}",
		"<td>it is right again: somebody else put it back</td>");
	assert_told("order", "{\"sort\": \"pause\", \"who\": \"ada\", \"reason\": \"the move\"}",
		"Writing was paused by ada: the move.");
	assert_told("hold", "{\"state\": \"waiting\", \"change\": \"-\", \"reason\": \"`x` says\"}",
		"The deletion was held: <code>x</code> says.");
}

static void an_order_for_a_layer_leads_nowhere(void **state)
{
	(void)state;
	_cleanup_json_ json_t *entries = json_pack("[o]", entry("order", "{\"sort\": \"pause\"}"));
	js_set_str(json_array_get(entries, 0), "address", "security");
	_cleanup_buf_ struct buf out = {0};
	page_put_entries(&(struct page_views){.now_ms = NOW}, entries, true, 60, &out);
	assert_has(buf_str(&out), "<td class=\"whose-entry\">security</td>");
}

static char *story_of(const char *text, const json_t *status)
{
	_cleanup_json_ json_t *whole = json_loads(text, 0, NULL);
	_cleanup_buf_ struct buf out = {0};
	assert_non_null(whole);
	page_story(&(struct page_views){.now_ms = NOW, .status = status, .resource = whole}, &out);
	return strdup(strstr(buf_str(&out), "<main"));
}

// A reference says nothing of its value: the rule that has one is not taken for the foreign one.
static void the_two_sides_stand_leaf_by_leaf(void **state)
{
	(void)state;
	_cleanup_json_ json_t *status = status_with(json_array());
	_cleanup_free_ char *text = story_of(
		"{\"address\": \"a.b.c\", \"sync\": \"OutOfSync\", \"health\": \"Healthy\", "
		"\"message\": \"differs\", \"desired\": {\"Name\": \"x\", \"Rules\": [{\"Port\": "
		"22, "
		"\"Group\": {\"@ref\": \"d.e.f\"}}], \"Policy\": {\"@text\": [\"{\\\"Effect\\\": "
		"\\\"\", {\"@ref\": \"d.e.f\", \"@attr\": \"Arn\"}, \"\\\"}\"]}}, "
		"\"observed\": {\"Name\": \"x\", \"Rules\": [{\"Port\": 22, \"Cidr\": "
		"\"0.0.0.0/0\"}, {\"Port\": 22, \"Group\": \"sg-1\"}], \"Policy\": "
		"\"{\\\"Effect\\\": \\\"arn:x\\\"}\", \"Made\": \"today\"}, "
		"\"differences\": [{\"path\": \"Rules[22 0.0.0.0/0]\"}, {\"path\": "
		"\"Tags[team]\"}], "
		"\"undeclared\": [{\"path\": \"Tags[a]\", \"observed\": \"b\"}], "
		"\"remarks\": [\"see `x`\"], \"protection\": {\"who\": \"ada\", \"reason\": "
		"\"audit\"}, \"desired_tags\": {\"team\": \"web\"}, \"tags\": {\"team\": \"db\", "
		"\"of\": "
		"\"ann\"}}",
		status);
	assert_has(text,
		"<tr class=\"leaf\"><th scope=\"row\"><code>Name</code></th><td "
		"data-side=\"file\"><code>x</code></td><td class=\"same\" data-side=\"AWS\">");
	assert_has(text, "<tr class=\"group wrong\"><th scope=\"rowgroup\"><code>Rules</code>");
	assert_has(text, "<tr class=\"inner\"><th scope=\"row\"><code>[0].Group</code></th><td "
			 "data-side=\"file\"><a href=\"/resource/d.e.f\"><code>d.e.f</code>"
			 "</a></td><td data-side=\"AWS\"><code>sg-1</code></td>");
	assert_has(text, "<tr class=\"inner wrong\"><th scope=\"row\"><code>[1].Cidr</code>");
	assert_has(text, "<code>Policy.Effect</code></th><td data-side=\"file\"><code>${d.e.f.Arn}"
			 "</code></td><td data-side=\"AWS\"><code>arn:x</code></td>");
	assert_has(text,
		"the file says nothing of it</th></tr><tr class=\"leaf\"><th scope=\"row\">"
		"<code>Made</code></th><td data-side=\"file\"><span class=\"quiet\">–</span>");
	assert_has(text, "<code>team</code> <span class=\"mark drifted\" aria-hidden=\"true\">≠");
	assert_has(text, "<td data-side=\"file\"><code>web</code></td><td data-side=\"AWS\">"
			 "<code>db</code></td>");
	assert_has(text, "<code>of</code></th><td data-side=\"file\"><span class=\"quiet\">–");
	assert_has(text, "<li><code>Tags[a]</code> <del>(none)</del>");
	assert_has(text, "<p class=\"remark\">see <code>x</code></p>");
	assert_has(text, "<dt>protected</dt><dd>by ada: audit</dd>");
	assert_lacks(text, "&quot;");
}

static void while_the_store_is_away_what_would_be_done_waits_for_it(void **state)
{
	(void)state;
	_cleanup_json_ json_t *status =
		status_with(json_pack("[o]", resource("a", "OutOfSync", "Healthy", "differs")));
	_cleanup_json_ json_t *plan = json_pack("{s:[{s:s, s:s, s:s}]}", "actions", "address",
		"network.subnet.a", "decision", "do", "change", "~");
	struct page_views views = {.now_ms = NOW, .status = status, .plan = plan};
	_cleanup_free_ char *well = overview(&views);
	assert_has(well, "It will be changed next.");
	js_set_str(json_object_get(status, "store"), "phase", "waiting");
	_cleanup_free_ char *away = overview(&views);
	assert_lacks(away, "It will be changed next.");
	assert_has(away, "That waits for Postgres.");
}

static void a_daemon_that_stands_by_is_no_trouble(void **state)
{
	(void)state;
	_cleanup_json_ json_t *status =
		status_with(json_pack("[o]", resource("well", "Synced", "Healthy", "fine")));
	json_object_set_new(status, "lease",
		json_pack("{s:s, s:{s:s, s:s}}", "role", "standby", "leader", "host", "ops2",
			"since", "2026-11-24T17:56:40.000Z"));
	_cleanup_free_ char *text = overview(&(struct page_views){.now_ms = NOW, .status = status});
	assert_has(text, "AWS is as the file says</h1>");
	assert_has(text, "class=\"verdict card well\"");
	assert_has(text, "On standby: ops2 leads, for <time");
	assert_lacks(text, "What wants attention");
	json_object_set_new(json_object_get(status, "lease"), "role", json_string("leader"));
	json_object_set_new(status, "config",
		json_pack("{s:{s:[{s:s}]}}", "error", "findings", "message", "is wrong"));
	_cleanup_free_ char *ill = overview(&(struct page_views){.now_ms = NOW, .status = status});
	assert_has(ill, "class=\"verdict card failed\"");
	assert_has(ill, "Something wants attention</h1>");
}

static void who_said_no_and_why_is_told(void **state)
{
	(void)state;
	json_t *row = resource("a", "OutOfSync", "Suspended", "held");
	json_object_set_new(row, "rejected",
		json_pack("{s:s, s:s, s:s}", "who", "ada", "at", "2026-11-24T17:56:40.000Z", "why",
			"after the <move>"));
	_cleanup_json_ json_t *status = status_with(json_pack("[o]", row));
	_cleanup_json_ json_t *plan = json_pack("{s:[{s:s, s:s, s:s}]}", "actions", "address",
		"network.subnet.a", "decision", "hold", "change", "-");
	_cleanup_free_ char *text =
		overview(&(struct page_views){.now_ms = NOW, .status = status, .plan = plan});
	assert_has(text, "Rejected by ada <time");
	assert_has(text, "</time> ago: after the &lt;move&gt;; it stays as it is");
}

static void while_all_is_being_made_a_few_stand_for_all_and_nobody_has_to_look(void **state)
{
	(void)state;
	_cleanup_json_ json_t *rows = json_array();
	for (int i = 0; i < 20; i++) {
		char name[8];
		snprintf(name, sizeof(name), "s%d", i);
		json_t *row = resource(name, "Missing", "Progressing", "being created");
		json_object_set_new(row, "action", json_pack("{s:s}", "operation", "CreateSubnet"));
		json_array_append_new(rows, row);
	}
	_cleanup_json_ json_t *status = status_with(json_incref(rows));
	json_object_set_new(status, "progress",
		json_pack("{s:i, s:i, s:i}", "done", 0, "total", 20, "elapsed_ms", 9000));
	_cleanup_free_ char *text = overview(&(struct page_views){.now_ms = NOW, .status = status});
	assert_has(text, "Making AWS what the file says</h1>");
	assert_has(text, "What is being done</h2>");
	assert_lacks(text, "What wants attention");
	assert_has(text, "<h3>14 more on the way</h3>");
	js_set_str(json_array_get(rows, 3), "sync", "OutOfSync");
	js_set_str(json_array_get(rows, 3), "health", "Degraded");
	json_object_del(json_array_get(rows, 3), "action");
	_cleanup_free_ char *ill = overview(&(struct page_views){.now_ms = NOW, .status = status});
	assert_has(ill, "What wants attention</h2>");
}

static void of_what_happened_the_last_stands_open(void **state)
{
	(void)state;
	_cleanup_json_ json_t *entries = json_array();
	for (int i = 0; i < 11; i++) {
		char version[16];
		snprintf(version, sizeof(version), "v%02d", i);
		json_array_append_new(entries,
			json_pack("{s:s, s:s, s:s, s:{s:s}}", "at", "2026-11-23T09:00:00Z", "what",
				"config", "address", "", "detail", "version", version));
	}
	_cleanup_buf_ struct buf out = {0};
	page_put_entries(&(struct page_views){.now_ms = NOW}, entries, true, 60, &out);
	const char *text = buf_str(&out), *fold = strstr(text, "<details class=\"earlier\"");
	assert_non_null(fold);
	assert_true(strstr(text, "v09") < fold);
	assert_true(strstr(text, "v10") > fold);
	assert_has(fold, "</table></details>");
}

static void many_that_say_the_same_are_one_item(void **state)
{
	(void)state;
	_cleanup_json_ json_t *rows = json_array();
	for (int i = 0; i < 5; i++) {
		char name[8];
		snprintf(name, sizeof(name), "s%d", i);
		json_array_append_new(rows, resource(name, "Orphaned", "Suspended",
						    i < 4 ? "left it" : "something else"));
	}
	_cleanup_json_ json_t *status = status_with(json_incref(rows));
	_cleanup_free_ char *text = overview(&(struct page_views){.now_ms = NOW, .status = status});
	assert_has(text,
		"<h3>4 resources <span class=\"word\">left the file</span></h3><p>left it</p>");
	assert_has(text, "network.subnet.s3</code></a></li></ul></details>");
	assert_has(text, "<p>something else</p>");
}

static void the_picture_survives_circles_crowds_and_long_names(void **state)
{
	(void)state;
	_cleanup_json_ json_t *rows = json_array(), *flow = json_array();
	for (int i = 0; i < 300; i++) {
		char from[200], to[40];
		snprintf(from, sizeof(from), "a.b.%0*d", i == 7 ? 150 : 3, i);
		snprintf(to, sizeof(to), "a.b.%03d", (i + 1) % 60);
		json_array_append_new(flow, json_pack("{s:s, s:s}", "from", from, "to", to));
	}
	_cleanup_json_ json_t *graph = json_pack("{s:O, s:O}", "nodes", rows, "flow", flow);
	_cleanup_buf_ struct buf out = {0};
	page_put_picture(&(struct page_views){.graph = graph}, &out);
	assert_false(out.failed);
	assert_has(buf_str(&out), "do not fit");
	assert_has(buf_str(&out), "The same in words");
}

static void of_thousands_the_worst_are_shown_and_the_table_has_all(void **state)
{
	(void)state;
	_cleanup_json_ json_t *rows = json_array();
	for (int i = 0; i < 3000; i++) {
		char name[24];
		snprintf(name, sizeof(name), "s%d", i);
		json_array_append_new(rows, i == 2777 ? resource(name, "OutOfSync", "Degraded", "x")
						      : resource(name, "Synced", "Healthy", ""));
	}
	_cleanup_json_ json_t *status = status_with(json_incref(rows));
	const struct page_views views = {.now_ms = NOW, .status = status};
	_cleanup_free_ char *text = overview(&views);
	assert_has(text, "class=\"chip failed\" href=\"/resource/network.subnet.s2777\"");
	assert_has(text, "2999 in sync</a>");
	assert_has(text, "<a href=\"/resources\">All 3000 resources as a table</a>");
	assert_true(strlen(text) < 64 * 1024);
	_cleanup_buf_ struct buf table = {0};
	page_listing(&views, &table);
	assert_has(buf_str(&table), "/resource/network.subnet.s0\"");
	assert_has(buf_str(&table), "/resource/network.subnet.s2999\"");
	assert_lacks(buf_str(&table), "<details");
}

static void many_with_the_same_neighbours_are_one_box(void **state)
{
	(void)state;
	_cleanup_json_ json_t *flow = json_array();
	static const char *const ends[] = {
		"a.endpoint.x", "a.endpoint.y", "a.endpoint.z", "a.nat.b"};
	for (size_t i = 0; i < ARRAY_COUNT(ends); i++)
		json_array_append_new(
			flow, json_pack("{s:s, s:s}", "from", "a.service.app", "to", ends[i]));
	_cleanup_json_ json_t *graph = json_pack("{s:[], s:O}", "nodes", "flow", flow);
	_cleanup_buf_ struct buf out = {0};
	page_put_picture(&(struct page_views){.graph = graph}, &out);
	assert_has(buf_str(&out), ">x +2<");
	assert_lacks(buf_str(&out), "href=\"/resource/a.endpoint.y\"");
	assert_has(buf_str(&out), "href=\"/resource/a.nat.b\"");
	assert_has(buf_str(&out), "reaches <code>a.endpoint.z</code>");
}

static void the_policy_names_what_stands_in_the_page(void **state)
{
	(void)state;
	char policy[PAGE_POLICY_BYTES];
	page_policy(policy);
	assert_has(policy, "default-src 'none'");
	for (const struct page_file *file = page_files; file->name; file++)
		assert_has(policy, file->digest);
	assert_lacks(policy, "unsafe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped_and_does_not_turn),
		cmocka_unit_test(values_are_told_in_one_line),
		cmocka_unit_test(ages_and_clocks_carry_their_instant),
		cmocka_unit_test(how_a_resource_stands_is_one_word),
		cmocka_unit_test(hostile_names_stay_text_everywhere),
		cmocka_unit_test(what_is_wrong_comes_first_with_what_is_done_and_for_how_long),
		cmocka_unit_test(nothing_wrong_is_said_and_nothing_else),
		cmocka_unit_test(the_daemons_own_troubles_are_told),
		cmocka_unit_test(what_is_well_folds_away_and_what_is_not_stands_open),
		cmocka_unit_test(commands_and_instants_in_a_sentence_are_marked),
		cmocka_unit_test(what_happened_is_told_as_people_read_it),
		cmocka_unit_test(an_order_for_a_layer_leads_nowhere),
		cmocka_unit_test(a_daemon_that_stands_by_is_no_trouble),
		cmocka_unit_test(who_said_no_and_why_is_told),
		cmocka_unit_test(the_two_sides_stand_leaf_by_leaf),
		cmocka_unit_test(while_the_store_is_away_what_would_be_done_waits_for_it),
		cmocka_unit_test(
			while_all_is_being_made_a_few_stand_for_all_and_nobody_has_to_look),
		cmocka_unit_test(of_what_happened_the_last_stands_open),
		cmocka_unit_test(many_that_say_the_same_are_one_item),
		cmocka_unit_test(the_picture_survives_circles_crowds_and_long_names),
		cmocka_unit_test(of_thousands_the_worst_are_shown_and_the_table_has_all),
		cmocka_unit_test(many_with_the_same_neighbours_are_one_box),
		cmocka_unit_test(the_policy_names_what_stands_in_the_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
