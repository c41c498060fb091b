// One function a sort of entry turns it into a sentence; the rest is order: what is so now, then
// the story, oldest first.
#include "control/why.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "core/plain.h"

enum { MOST_VALUE_BYTES = 160 };

// ---- words

// A structure as people read it, cut where it is too long for a sentence; a text in quotes, so that
// one sees where it ends.
static void put_value(struct buf *out, const json_t *value)
{
	if (!value || json_is_null(value)) {
		buf_adds(out, "nothing");
		return;
	}
	_cleanup_buf_ struct buf text = {0};
	if (json_is_object(value) || json_is_array(value))
		plain_text(&text, value);
	else
		plain_quoted(&text, value);
	if (text.len <= MOST_VALUE_BYTES || text.failed) {
		buf_adds(out, buf_str(&text));
		return;
	}
	text.data[MOST_VALUE_BYTES] = '\0';
	str_trim_utf8(text.data);
	buf_addf(out, "%s...", text.data);
}

static void put_about(struct buf *out, const char *before, const char *text, const char *after)
{
	if (!str_empty(text))
		buf_addf(out, "%s%s%s", before, text, after);
}

// The same for an instant, without its milliseconds.
static void put_when(struct buf *out, const char *before, const char *iso)
{
	int64_t ms;
	char text[CLOCK_TEXT_BYTES];
	if (!iso || clock_parse_iso(iso, &ms) != 0)
		return;
	clock_format_second(ms, text);
	put_about(out, before, text, "");
}

// "ec2:ModifyVpcAttribute" of an action among the entries; NULL when it is not there.
static const char *operation_of(const json_t *entries, const char *action_id)
{
	size_t i;
	json_t *entry;
	json_array_foreach ((json_t *)entries, i, entry) {
		const json_t *detail = json_object_get(entry, "detail");
		const char *operation = js_str(detail, "operation"); // a "closed" has the id too
		if (action_id && operation && str_eq_null(js_str(detail, "action_id"), action_id))
			return operation;
	}
	return NULL;
}

static const char *change_word(const char *sign)
{
	static const struct {
		const char *sign, *word;
	} rows[] = {{"+", "creation"}, {"~", "change"}, {"-", "deletion"}, {"-/+", "replacement"},
		{"+/-", "replacement"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (str_eq_null(sign, rows[i].sign))
			return rows[i].word;
	return "change";
}

static bool is_whole(const char *field)
{
	return str_empty(field) || str_eq(field, "(resource)");
}

enum { MOST_CHANGES = 6 };

// "A went from 1, which the file wants, to 2 in AWS; B from ..."; false where leaf by leaf nothing
// is told.
static bool put_changes(
	struct buf *out, const json_t *detail, const char *wanted, const char *where)
{
	const json_t *changes = json_object_get(detail, "changes");
	size_t i, count = json_array_size(changes);
	json_t *one;
	json_array_foreach ((json_t *)changes, i, one) {
		const json_t *before = json_object_get(one, "before");
		const json_t *after = json_object_get(one, "after");
		bool is_item =
			(!before && json_is_object(after)) || (!after && json_is_object(before));
		if (i == MOST_CHANGES)
			break;
		buf_addf(out, "%s%s ", i ? "; " : "", js_str(one, "path"));
		if (is_item) {
			buf_addf(out, "was %s", after ? "added" : "taken away");
			continue;
		}
		buf_adds(out, i ? "from " : "went from ");
		put_value(out, before);
		buf_addf(out, "%s to ", i ? "" : wanted);
		put_value(out, after);
		buf_adds(out, i ? "" : where);
	}
	if (count > MOST_CHANGES)
		buf_addf(out, "; and %zu more", count - MOST_CHANGES);
	return count > 0;
}

// The path of an item says what it is: "Ingress[tcp 22 22 0.0.0.0/0]".
static bool names_item(const char *path)
{
	return path && *path && path[strlen(path) - 1] == ']';
}

// ---- one sentence a sort of entry

static void tell_drift(const json_t *detail, struct buf *out)
{
	const char *field = js_str(detail, "field"), *type = js_str(detail, "type");
	const json_t *desired = json_object_get(detail, "desired");
	const json_t *observed = json_object_get(detail, "observed");
	if (is_whole(field)) {
		buf_adds(out, str_eq_null(type, "foreign")
				      ? "Drift: somebody made it; the file does not have it."
				      : "Drift: it was no longer in AWS.");
		return;
	}
	buf_adds(out, "Drift: ");
	if (str_eq_null(type, "changed") &&
		put_changes(out, detail, ", which the file wants,", " in AWS")) {
		buf_adds(out, ".");
		return;
	}
	buf_addf(out, "%s ", field);
	if (str_eq_null(type, "undeclared")) {
		buf_adds(out, "changed from ");
		put_value(out, desired);
		buf_adds(out, " to ");
		put_value(out, observed);
		buf_adds(out, "; the file says nothing about it.");
	} else if (str_eq_null(type, "missing")) {
		buf_adds(out, "was missing in AWS; the file wants ");
		if (names_item(field) && (json_is_object(desired) || json_is_null(desired)))
			buf_adds(out, "it");
		else
			put_value(out, desired);
		buf_adds(out, ".");
	} else if (str_eq_null(type, "foreign")) {
		buf_adds(out, "was found in AWS and is not in the file");
		if (!names_item(field)) {
			buf_adds(out, ": ");
			put_value(out, observed);
		}
		buf_adds(out, ".");
	} else {
		buf_adds(out, "went from ");
		put_value(out, desired);
		buf_adds(out, ", which the file wants, to ");
		put_value(out, observed);
		buf_adds(out, " in AWS.");
	}
}

static void tell_closed(const json_t *detail, const json_t *entries, int64_t at_ms, struct buf *out)
{
	const char *field = js_str(detail, "field"), *how = js_str(detail, "how");
	const char *operation = operation_of(entries, js_str(detail, "action_id"));
	int64_t opened_ms = js_int(detail, "opened_ms", 0);
	char took[32];
	buf_addf(out, "%s ", is_whole(field) ? "It" : field);
	if (str_eq_null(how, "corrected"))
		buf_addf(out, "was in sync again, corrected%s%s", operation ? " by " : "",
			operation ? operation : "");
	else if (str_eq_null(how, "reverted"))
		buf_adds(out, "was in sync again without us: somebody else put it back");
	else if (str_eq_null(how, "ignored"))
		buf_adds(out, "was no longer a drift, because it is told to be ignored");
	else if (str_eq_null(how, "superseded"))
		buf_adds(out, "was no longer a drift, because the file changed");
	else
		buf_addf(out, "was no longer a drift (%s)", how ? how : "?");
	if (opened_ms > 0 && at_ms >= opened_ms) {
		num_format_duration(at_ms - opened_ms, took, sizeof(took));
		buf_addf(out, ", after %s", took);
	}
	buf_adds(out, ".");
}

static void tell_outcome(const json_t *detail, struct buf *out)
{
	const char *outcome = js_str(detail, "outcome"), *code = js_str(detail, "code");
	const char *message = js_str(detail, "message");
	int64_t attempts = js_int(detail, "attempts", 0), dur_ms = js_int(detail, "dur_ms", -1);
	char took[32];
	if (str_empty(outcome)) {
		buf_adds(out, " It has not been answered yet.");
		return;
	}
	if (str_eq(outcome, "unknown"))
		buf_adds(out, " Whether AWS did it is not known: the answer was lost");
	else if (str_eq(outcome, "found"))
		buf_adds(out, " The answer was lost, and its effect was found in AWS");
	else
		buf_addf(out, " Outcome: %s", outcome);
	if (dur_ms >= 0) {
		num_format_duration(dur_ms, took, sizeof(took));
		buf_addf(out, " in %s", took);
	}
	if (attempts > 1)
		buf_addf(out, ", at attempt %lld", (long long)attempts);
	if (!str_empty(code) || !str_empty(message))
		buf_addf(out, ": %s%s%s", code ? code : "",
			str_empty(code) || str_empty(message) ? "" : ": ", message ? message : "");
	buf_adds(out, !str_empty(message) && str_ends(message, ".") ? "" : ".");
}

static void tell_action(const json_t *detail, struct buf *out)
{
	const json_t *before = json_object_get(detail, "before");
	const json_t *after = json_object_get(detail, "after");
	const char *operation = js_str(detail, "operation");
	buf_addf(out, "%s was called", operation ? operation : "An operation");
	put_about(out, ", because: ", js_str(detail, "reason"), "");
	// Of a creation the file says what it was made of.
	if (!str_eq_null(js_str(detail, "change"), "+") &&
		((before && !json_is_null(before)) || (after && !json_is_null(after)))) {
		buf_adds(out, " (from ");
		put_value(out, before);
		buf_adds(out, " to ");
		put_value(out, after);
		buf_adds(out, ")");
	}
	buf_adds(out, ".");
	tell_outcome(detail, out);
	put_about(out, " AWS request id ", js_str(detail, "request_id"), ".");
	put_about(out, " Under version ", js_str(detail, "config_version"), " of the file.");
}

static void tell_hold(const json_t *detail, struct buf *out)
{
	const char *state = js_str(detail, "state"), *who = js_str(detail, "who");
	const char *word = change_word(js_str(detail, "change"));
	if (str_eq_null(state, "waiting")) {
		buf_addf(out, "The %s was held", word);
		put_about(out, ": ", js_str(detail, "reason"), "");
		put_about(out, " (disruption: ", js_str(detail, "disruption"), ")");
		buf_adds(out, ".");
	} else if (str_eq_null(state, "used")) {
		buf_addf(out, "The approval of the %s was used.", word);
	} else if (str_eq_null(state, "allowed")) {
		buf_addf(out,
			"Nothing held the %s any more: its window opened, the file allowed it, or "
			"a brake was released.",
			word);
	} else if (str_eq_null(state, "gone")) {
		buf_addf(out, "The held %s was no longer wanted.", word);
	} else {
		buf_addf(out, "The %s was %s", word, state ? state : "decided");
		put_about(out, " by ", who, "");
		put_about(out, ": ", js_str(detail, "why"), "");
		buf_adds(out, ".");
	}
}

static void tell_order(const json_t *detail, struct buf *out)
{
	static const struct {
		const char *sort, *given, *over;
	} rows[] = {{"ignore", " was told to be ignored", " was no longer ignored"},
		{"protect", "It was protected from deletion and replacement",
			"The protection ended"},
		{"brake", "A brake stopped its layer's changes, set", "The brake was released"},
		{"release", "What a brake had stopped was released", "The release ended"},
		{"pause", "Writing was paused", "The pause ended"}};
	bool is_over = js_bool(detail, "ended", false);
	const char *field = js_str(detail, "field"), *sort = js_str(detail, "sort");
	char until[CLOCK_TEXT_BYTES];
	size_t row = 0;
	while (row + 1 < ARRAY_COUNT(rows) && !str_eq_null(sort, rows[row].sort))
		row++;
	if (row == 0)
		buf_adds(out, field ? field : "A field");
	buf_adds(out, is_over ? rows[row].over : rows[row].given);
	put_about(out, " by ", js_str(detail, "who"), "");
	if (!is_over && js_int(detail, "until_ms", 0) > 0) {
		clock_format_second(js_int(detail, "until_ms", 0), until);
		buf_addf(out, " until %s", until);
	}
	if (!is_over)
		put_about(out, ": ", js_str(detail, "reason"), "");
	buf_adds(out, ".");
}

static void tell_observed(const json_t *detail, struct buf *out)
{
	const char *sync = js_str(detail, "sync"), *health = js_str(detail, "health");
	if (js_bool(detail, "gone", false))
		buf_adds(out, "It was looked for, and is not in AWS");
	else
		buf_adds(out, "It was seen in AWS");
	put_about(out, " as ", js_str(detail, "aws_id"), "");
	buf_adds(out, ": ");
	if (put_changes(out, detail, "", ""))
		buf_adds(out, "; ");
	put_about(out, "", sync, "");
	put_about(out, ", ", health, "");
	put_about(out, " (", js_str(detail, "reason"), ")");
	buf_adds(out, ".");
}

char *why_sentence(const json_t *entry, const json_t *entries)
{
	struct buf text = {0};
	const json_t *detail = json_object_get(entry, "detail");
	const char *what = js_str(entry, "what"), *at = js_str(entry, "at");
	int64_t at_ms = 0;
	if (!at || clock_parse_iso(at, &at_ms) != 0)
		at_ms = 0;
	if (str_eq_null(what, "drift"))
		tell_drift(detail, &text);
	else if (str_eq_null(what, "closed"))
		tell_closed(detail, entries, at_ms, &text);
	else if (str_eq_null(what, "action"))
		tell_action(detail, &text);
	else if (str_eq_null(what, "hold"))
		tell_hold(detail, &text);
	else if (str_eq_null(what, "order"))
		tell_order(detail, &text);
	else if (str_eq_null(what, "observed"))
		tell_observed(detail, &text);
	return buf_take(&text);
}

static json_t *told(const json_t *entry, const json_t *entries)
{
	_cleanup_free_ char *text = why_sentence(entry, entries);
	return str_empty(text) ? NULL
			       : json_pack("{s:s?, s:s, s:s, s:O*}", "at", js_str(entry, "at"),
					 "what", js_str(entry, "what"), "text", text, "detail",
					 json_object_get(entry, "detail"));
}

// ---- what is so now

static void add(json_t *list, struct buf *text)
{
	json_array_append_new(list, json_string(buf_str(text)));
	buf_reset(text);
}

static void now_desired(
	const json_t *resource, const json_t *config, struct buf *text, json_t *list)
{
	const json_t *place = json_object_get(resource, "place");
	const char *version = js_str(config, "version"), *loaded = js_str(config, "loaded_at");
	if (js_str(place, "file"))
		buf_addf(text, "%s, line %lld, wants it", js_str(place, "file"),
			(long long)js_int(place, "line", 0));
	else if (json_is_object(json_object_get(resource, "desired")))
		buf_adds(text, "The file wants it");
	else
		buf_adds(text, "The file does not have it any more");
	put_about(text, "; version ", version, "");
	if (version)
		put_when(text, " of the file, in force since ", loaded);
	buf_adds(text, ".");
	add(list, text);
}

static void now_state(const json_t *resource, struct buf *text, json_t *list)
{
	const char *sync = js_str(resource, "sync"), *health = js_str(resource, "health");
	buf_addf(text, "It is %s and %s", sync ? sync : "Unknown", health ? health : "Unknown");
	put_when(text, " since ", js_str(resource, "since"));
	if (js_str(resource, "checked_at"))
		put_when(text, ", last looked at ", js_str(resource, "checked_at"));
	else
		buf_adds(text, ", and has not been looked at yet");
	buf_adds(text, ".");
	add(list, text);
	if (!str_empty(js_str(resource, "reason"))) {
		buf_adds(text, js_str(resource, "reason"));
		put_about(text, ": ", js_str(resource, "message"), "");
		buf_adds(text, ".");
		add(list, text);
	}
}

// What stands above is from before.
static void now_blind(const json_t *resource, struct buf *text, json_t *list)
{
	const json_t *blind = json_object_get(resource, "blind");
	const char *kind = js_str(blind, "kind");
	if (!kind)
		return;
	buf_addf(text, "AWS cannot be asked about %s now", kind);
	put_when(text, ", since ", js_str(blind, "since"));
	put_about(text, ": ", js_str(blind, "message"), "");
	put_about(text, " (", js_str(blind, "remedy"), ")");
	buf_adds(text, ". What is said here is from before.");
	add(list, text);
}

static void now_differences(const json_t *resource, const char *key, struct buf *text, json_t *list)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(resource, key), i, one) {
		const char *path = js_str(one, "path"), *type = js_str(one, "type");
		bool is_foreign = str_eq_null(type, "foreign");
		if (names_item(path) && (is_foreign || str_eq_null(type, "missing"))) {
			buf_addf(text, "%s is %s.", path,
				is_foreign ? "in AWS, and not in the file"
					   : "in the file, and not in AWS");
			add(list, text);
			continue;
		}
		buf_addf(text, "%s differs: %s ", path ? path : "It",
			str_eq(key, "undeclared") ? "it was" : "the file wants");
		put_value(text, json_object_get(one, "desired"));
		buf_adds(text, ", AWS has ");
		put_value(text, json_object_get(one, "observed"));
		buf_adds(text, ".");
		add(list, text);
	}
}

static void now_remarks(const json_t *resource, struct buf *text, json_t *list)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(resource, "remarks"), i, one) {
		buf_addf(text, "%s.", json_string_value(one));
		add(list, text);
	}
}

static void now_doing(const json_t *resource, struct buf *text, json_t *list)
{
	const json_t *action = json_object_get(resource, "action");
	const char *operation = js_str(action, "operation");
	if (!json_is_object(action))
		return;
	buf_addf(text, "It is being changed now%s%s", str_empty(operation) ? "" : " by ",
		operation ? operation : "");
	put_when(text, ", since ", js_str(action, "started_at"));
	buf_adds(text, ".");
	add(list, text);
}

static void now_retry(const json_t *resource, struct buf *text, json_t *list)
{
	const json_t *retry = json_object_get(resource, "retry");
	if (!json_is_object(retry))
		return;
	buf_addf(text, "%lld attempt%s failed", (long long)js_int(retry, "attempt", 1),
		js_int(retry, "attempt", 1) == 1 ? "" : "s");
	put_when(text, " since ", js_str(retry, "since"));
	put_when(text, "; the next one is at ", js_str(retry, "next_at"));
	buf_adds(text, ".");
	add(list, text);
}

static void now_held(const json_t *resource, struct buf *text, json_t *list)
{
	size_t i;
	json_t *hold;
	json_array_foreach (json_object_get(resource, "holds"), i, hold) {
		const char *id = js_str(hold, "id"), *address = js_str(resource, "address");
		const char *disruption = js_str(hold, "disruption");
		bool loses = str_eq_null(disruption, "data-loss");
		if (str_eq_null(js_str(hold, "state"), "rejected")) {
			buf_addf(text,
				"The %s was rejected by %s%s%s: it stays as it is until the file "
				"or AWS changes.",
				change_word(js_str(hold, "change")),
				js_str(hold, "who") ? js_str(hold, "who") : "a person",
				js_str(hold, "why") ? ", because " : "",
				js_str(hold, "why") ? js_str(hold, "why") : "");
			add(list, text);
		}
		buf_addf(text, "The %s waits for %s; `holdfast approve %s` releases it%s.",
			change_word(js_str(hold, "change")),
			js_bool(hold, "opens", false) ? "its window, or for a person" : "a person",
			id        ? id
			: address ? address
				  : "ID",
			loses ? ", and then what it holds is deleted with it" : "");
		add(list, text);
	}
}

static void now_orders(const json_t *orders, struct buf *text, json_t *list)
{
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order) {
		const char *target = js_str(order, "target"), *field = js_str(order, "field");
		const char *sort = js_str(order, "sort");
		const char *where = str_empty(target) ? "the whole stack" : target;
		if (str_eq_null(sort, "ignore"))
			buf_addf(text, "%s is ignored", field ? field : "A field");
		else if (str_eq_null(sort, "protect"))
			buf_adds(text, "It is protected, so neither deleted nor replaced,");
		else if (str_eq_null(sort, "brake"))
			buf_addf(text,
				"A brake stops changes to %s until `holdfast release %s`; set",
				where, target ? target : "");
		else if (str_eq_null(sort, "release"))
			buf_addf(text, "What a brake stopped in %s was released", where);
		else
			buf_addf(text, "Writing to %s is paused", where);
		put_about(text, " by ", js_str(order, "who"), "");
		put_when(text, " since ", js_str(order, "at"));
		put_when(text, " until ", js_str(order, "until"));
		put_about(text, ": ", js_str(order, "reason"), "");
		buf_adds(text, ".");
		add(list, text);
	}
}

json_t *why_told(
	const json_t *resource, const json_t *config, const json_t *entries, const json_t *orders)
{
	_cleanup_buf_ struct buf text = {0};
	json_t *now = json_array(), *story = json_array();
	now_desired(resource, config, &text, now);
	now_state(resource, &text, now);
	now_blind(resource, &text, now);
	now_differences(resource, "differences", &text, now);
	now_differences(resource, "undeclared", &text, now);
	now_remarks(resource, &text, now);
	now_doing(resource, &text, now);
	now_retry(resource, &text, now);
	now_held(resource, &text, now);
	now_orders(orders, &text, now);
	for (size_t i = json_array_size(entries); i > 0; i--) {
		json_t *one = told(json_array_get(entries, i - 1), entries);
		if (one)
			json_array_append_new(story, one);
	}
	const char *address = js_str(resource, "address");
	return json_pack("{s:i, s:s, s:o, s:o}", "format", 1, "address", address ? address : "",
		"now", now, "story", story);
}
