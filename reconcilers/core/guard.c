// Orders of people outrank everything that was decided from the file and from AWS. Protection also
// outranks approvals: it ends only by `unprotect`.
#include "core/guard.h"
#include "base/clock.h"
#include "base/str.h"

static bool would_act(const struct decision *d)
{
	return d->verdict == VERDICT_ACT || d->verdict == VERDICT_BACKOFF ||
	       d->verdict == VERDICT_HOLD;
}

static void wait_for_people(struct decision *d, const char *reason)
{
	d->verdict = VERDICT_DONE;
	d->health = HEALTH_SUSPENDED;
	str_copy(d->reason, sizeof(d->reason), reason);
}

enum { WHAT_BYTES = 200 };

// What was decided, as what is still to come: "being corrected: X" is "to be corrected: X".
static const char *what_waits(const struct decision *d, char ret[WHAT_BYTES])
{
	static const char now[] = "being ", then[] = "to be ";
	// What failed, or waits already, is told in other words.
	const char *at = d->verdict == VERDICT_ACT ? strstr(d->message, now) : NULL;
	if (at)
		snprintf(ret, WHAT_BYTES, "%.*s%s%s", (int)(at - d->message), d->message, then,
			at + strlen(now));
	else
		str_copy(ret, WHAT_BYTES, d->message);
	str_trim_utf8(ret);
	return ret;
}

// Whatever was to be done is not done now; it is still known and shown.
static void pause_it(const struct decide_input *in, struct decision *d)
{
	const char *reason = js_str(in->paused, "reason"), *who = js_str(in->paused, "who");
	int64_t until = js_int(in->paused, "until_ms", 0);
	char at[CLOCK_TEXT_BYTES] = "", what[WHAT_BYTES];
	what_waits(d, what);
	if (until)
		clock_format_second(until, at);
	d->wake_ms = until ? until - in->wall_ms : 0;
	wait_for_people(d, "Paused");
	snprintf(d->message, sizeof(d->message), "%s; paused by %s%s%s%s%s", what,
		who ? who : "somebody", until ? " until " : "", at, reason ? ": " : "",
		reason ? reason : "");
	str_trim_utf8(d->message);
}

// What would end the thing that AWS has. The record of what is gone may go.
static bool would_destroy(const struct decision *d)
{
	return d->plan.change == CHANGE_DELETE || change_replaces(d->plan.change);
}

static void protect_it(const struct decide_input *in, struct decision *d)
{
	const char *reason = js_str(in->protected, "reason"), *who = js_str(in->protected, "who");
	wait_for_people(d, "Protected");
	snprintf(d->message, sizeof(d->message),
		"%s; protected by %s%s%s%s: not %s, approved or not, until `holdfast unprotect`",
		in->wanted ? "its change takes a replacement" : "not in the file",
		who ? who : "somebody", reason ? " (" : "", reason ? reason : "", reason ? ")" : "",
		change_replaces(d->plan.change) ? "replaced" : "deleted");
	str_trim_utf8(d->message);
}

// A person may let one change through, by approving it, or all of them, by releasing the brake.
static void brake_it(const struct decide_input *in, struct decision *d)
{
	const char *why = js_str(in->brake, "reason"), *target = js_str(in->brake, "target");
	bool is_approved = *d->digest && json_is_true(json_object_get(in->approved, d->digest));
	char what[WHAT_BYTES];
	if (is_approved || (d->verdict != VERDICT_ACT && d->verdict != VERDICT_BACKOFF))
		return;
	what_waits(d, what);
	d->verdict = VERDICT_HOLD;
	d->health = HEALTH_SUSPENDED;
	str_copy(d->reason, sizeof(d->reason), "Braked");
	snprintf(d->message, sizeof(d->message),
		"%s; the layer's changes wait for `holdfast release %s`, or for an approval of "
		"each; %s",
		what, target ? target : "", why ? why : "a brake is on");
	str_trim_utf8(d->message);
}

// Two of one: what is on record as ours is held as ever, and the other one is told of. Where that
// is not known nothing is changed by a guess, approved or not.
static void tell_twin(const struct decide_input *in, struct decision *d)
{
	enum { LASTS_MS = 60000 };
	const char *id = in->record->id ? in->record->id : "-";
	// A list may show for a moment what was just replaced.
	bool lasts = in->wall_ms - in->record->born_ms >= LASTS_MS;
	if (in->record->is_guess && would_act(d)) {
		wait_for_people(d, "Ambiguous");
		d->health = HEALTH_DEGRADED;
		snprintf(d->message, sizeof(d->message),
			"%s and %s both bear its tags, and which of them is meant is not on "
			"record: neither is changed or deleted until one of them is gone or bears "
			"our tags no more",
			id, in->twin);
	} else if (lasts && d->verdict == VERDICT_DONE && d->health == HEALTH_HEALTHY) {
		d->health = HEALTH_DEGRADED;
		str_copy(d->reason, sizeof(d->reason), "Duplicate");
		snprintf(d->message, sizeof(d->message),
			"AWS has two of it: %s, which is held, and %s, which bears the same tags; "
			"delete that one, or take our tags off it: Holdfast does neither",
			id, in->twin);
	}
}

// A no outlasts what else kept the change: its window has opened, or its brake was released.
static void refuse_it(const struct decide_input *in, struct decision *d)
{
	bool would = d->verdict == VERDICT_ACT || d->verdict == VERDICT_BACKOFF;
	if (!would || !*d->digest || !in->rejected || !str_starts(in->rejected, d->digest))
		return;
	d->verdict = VERDICT_HOLD;
	d->health = HEALTH_SUSPENDED;
	str_copy(d->reason, sizeof(d->reason), "Rejected");
	snprintf(d->message, sizeof(d->message),
		"nothing else keeps the change any more, but %s rejected it: it waits for approval",
		in->rejected_by);
	str_trim_utf8(d->message);
}

void guard(const struct decide_input *in, struct decision *d)
{
	if (in->rejected_by)
		refuse_it(in, d);
	if (in->twin)
		tell_twin(in, d);
	if (in->protected && would_destroy(d) && would_act(d))
		protect_it(in, d);
	if (in->brake)
		brake_it(in, d);
	if (in->paused && would_act(d))
		pause_it(in, d);
}
