// The part of `status` that tells what is not as it should be, most urgent first.
#include "base/clock.h"
#include "base/str.h"
#include "cli/render.h"
#include "cli/status.h"

enum { MOST_ADDRESS_CELLS = 48 };

static void state_text(
	const struct view *view, const json_t *resource, char *ret_text, size_t bytes)
{
	const char *sync = js_str(resource, "sync"), *health = js_str(resource, "health");
	sync = sync ? sync : "Unknown";
	health = health ? health : "Unknown";
	if (str_eq(health, "Healthy") || str_eq(sync, health))
		str_copy(ret_text, bytes, sync);
	else if (str_eq(sync, "Synced"))
		str_copy(ret_text, bytes, health);
	else
		snprintf(ret_text, bytes, "%s%s%s", sync, view_glyph(view, " · ", ", "), health);
}

void status_doing(const struct view *view, const json_t *action, struct buf *out)
{
	char age[32];
	const char *operation = js_str(action, "operation");
	int64_t attempt = js_int(action, "attempt", 1);
	view_age(view, js_str(action, "started_at"), age, sizeof(age));
	view_put(view, out, PAINT_CYAN, operation ? operation : "changing");
	if (attempt > 1)
		view_putf(view, out, PAINT_YELLOW, ", attempt %lld", (long long)attempt);
	if (*age)
		view_putf(view, out, PAINT_PLAIN, ", for %s", age);
}

// How it is and since when, or what is being done.
static void state_line(const struct view *view, const json_t *resource, struct buf *out)
{
	enum paint paint;
	char state[64], age[32];
	const json_t *action = json_object_get(resource, "action");
	const char *reason = js_str(resource, "reason");
	mark_of(view, resource, &paint);
	state_text(view, resource, state, sizeof(state));
	view_put(view, out, paint, state);
	if (json_is_object(action)) {
		buf_adds(out, "  ");
		status_doing(view, action, out);
		return;
	}
	view_age(view, js_str(resource, "since"), age, sizeof(age));
	if (*age)
		view_putf(view, out, PAINT_PLAIN, "  %s", age);
	if (!str_empty(reason) && !str_eq(reason, state) && str_empty(js_str(resource, "message")))
		view_putf(view, out, PAINT_DIM, "  %s", reason);
}

static void put_retry(const struct view *view, const json_t *retry, struct buf *out)
{
	char since[32], wait[32];
	int64_t at_ms, attempt = js_int(retry, "attempt", 1);
	const char *next = js_str(retry, "next_at");
	if (!next || clock_parse_iso(next, &at_ms) != 0)
		return;
	view_age(view, js_str(retry, "since"), since, sizeof(since));
	view_duration(at_ms > view->now_ms ? at_ms - view->now_ms : 0, wait, sizeof(wait));
	view_putf(view, out, PAINT_DIM, "    %lld attempt%s failed%s%s; the next one in %s",
		(long long)attempt, attempt == 1 ? "" : "s", *since ? " in " : "", since, wait);
	buf_adds(out, "\n");
}

// A run that says the same says it once, below its last one; each has its approval beside it then.
static bool says_same(const json_t *one, const json_t *next)
{
	return next && !js_str(json_object_get(one, "retry"), "next_at") &&
	       !json_object_get(one, "rejected") && !json_object_get(next, "rejected") &&
	       !str_empty(js_str(one, "message")) &&
	       str_eq_null(js_str(next, "message"), js_str(one, "message")) &&
	       js_str(one, "reason") && str_eq_null(js_str(next, "reason"), js_str(one, "reason"));
}

static void put_message(
	const struct view *view, const json_t *resource, bool is_of_run, struct buf *out)
{
	char state[64], age[32];
	const char *reason = js_str(resource, "reason"), *message = js_str(resource, "message");
	const char *held = js_str(resource, "held");
	if (str_empty(message))
		return;
	state_text(view, resource, state, sizeof(state));
	bool has_reason = !str_empty(reason) && !str_eq(reason, state);
	_cleanup_free_ char *text =
		str_format("%s%s%s", has_reason ? reason : "", has_reason ? ": " : "", message);
	view_wrap(view, out, PAINT_PLAIN, 4, text ? text : "");
	put_retry(view, json_object_get(resource, "retry"), out);
	if (str_empty(held) || is_of_run)
		return;
	const json_t *no = json_object_get(resource, "rejected");
	if (js_str(no, "who")) {
		view_age(view, js_str(no, "at"), age, sizeof(age));
		_cleanup_free_ char *told = str_format("Rejected by %s, %s ago%s%s: it stays as it "
						       "is until the file or AWS changes.",
			js_str(no, "who"), age, js_str(no, "why") ? ", because " : "",
			js_str(no, "why") ? js_str(no, "why") : "");
		view_wrap(view, out, PAINT_YELLOW, 4, told ? told : "");
	}
	view_putf(view, out, PAINT_DIM, "    holdfast approve %s", held);
	buf_adds(out, "\n");
}

// The state stands behind the address where there is room, else below it.
static void put_resource(const struct view *view, const json_t *resource, int address_cells,
	bool is_of_run, struct buf *out)
{
	enum paint paint;
	const char *held = js_str(resource, "held");
	const char *mark = mark_of(view, resource, &paint), *address = js_str(resource, "address");
	_cleanup_buf_ struct buf escaped = {0}, state = {0};
	view_escape(&escaped, address ? address : "-");
	state_line(view, resource, &state);
	if (is_of_run && !str_empty(held))
		view_putf(view, &state, PAINT_DIM, "  approve %s", held);
	int cells = view_cells(buf_str(&escaped));
	int used = 2 + (cells > address_cells ? cells : address_cells) + 2;
	view_put(view, out, paint, mark);
	buf_adds(out, " ");
	view_put_escaped(view, out, PAINT_BOLD, buf_str(&escaped), escaped.len);
	if (view->width > 0 && used + view_cells_painted(buf_str(&state)) > view->width) {
		buf_adds(out, "\n");
		view_pad(out, 4);
	} else {
		view_pad(out, used - 2 - cells);
	}
	buf_adds(out, buf_str(&state));
	buf_adds(out, "\n");
}

enum { RANK_COUNT = 6 };

// What a person should see first.
static int rank_of(const json_t *resource)
{
	const char *sync = js_str(resource, "sync"), *health = js_str(resource, "health");
	if (str_eq_null(health, "Degraded"))
		return 0;
	if (json_is_object(json_object_get(resource, "action")) ||
		str_eq_null(health, "Progressing"))
		return 2;
	if (str_eq_null(sync, "OutOfSync") || str_eq_null(sync, "Orphaned"))
		return 1;
	if (str_eq_null(sync, "Missing"))
		return 3;
	return str_eq_null(health, "Suspended") ? 4 : 5;
}

static int widest_address(const json_t *resources)
{
	size_t i;
	json_t *resource;
	int most = 0;
	json_array_foreach ((json_t *)resources, i, resource) {
		const char *address = js_str(resource, "address");
		int cells = address && !status_is_well(resource) ? view_cells(address) : 0;
		most = cells > most ? cells : most;
	}
	return most < MOST_ADDRESS_CELLS ? most : MOST_ADDRESS_CELLS;
}

enum { MOST_UNKNOWN = 3, RANK_UNKNOWN = 5 };

// What was not looked at yet is many at a start, and all the same.
static int count_unknown(const json_t *resources)
{
	size_t i;
	json_t *resource;
	int count = 0;
	json_array_foreach ((json_t *)resources, i, resource)
		count += !status_is_well(resource) && rank_of(resource) == RANK_UNKNOWN;
	return count;
}

// Those of a rank that are shown, and how many are left out.
static int choose(const json_t *resources, int rank, int room, json_t *shown)
{
	size_t i;
	json_t *resource;
	int left = 0;
	json_array_foreach ((json_t *)resources, i, resource) {
		if (status_is_well(resource) || rank_of(resource) != rank)
			continue;
		if (room >= 0 && (int)json_array_size(shown) >= room)
			left++;
		else
			json_array_append(shown, resource);
	}
	return left;
}

void status_attention(const struct view *view, const json_t *status, int most, struct buf *out)
{
	const json_t *resources = json_object_get(status, "resources");
	int left = 0, address_cells = widest_address(resources), unknown = 0;
	_cleanup_json_ json_t *shown = json_array();
	for (int rank = 0; rank < RANK_COUNT; rank++) {
		unknown = rank == RANK_UNKNOWN ? count_unknown(resources) : 0;
		if (most == 0 || unknown <= MOST_UNKNOWN)
			left += choose(resources, rank, most > 0 ? most : -1, shown);
	}
	size_t i;
	json_t *resource;
	bool is_next = false; // of a run that says the same
	json_array_foreach (shown, i, resource) {
		bool is_more = says_same(resource, json_array_get(shown, i + 1));
		put_resource(view, resource, address_cells, is_next || is_more, out);
		if (!is_more)
			put_message(view, resource, is_next, out);
		is_next = is_more;
	}
	if (most > 0 && unknown > MOST_UNKNOWN) {
		view_putf(view, out, PAINT_DIM, "? %d resources are not known yet", unknown);
		buf_adds(out, "\n");
	}
	if (left > 0)
		view_putf(view, out, PAINT_DIM, "  and %d more; --all lists every resource", left);
	buf_adds(out, left > 0 ? "\n" : "");
}
