// The sentences that several decisions share: what waits for a window or for its next attempt, and
// what AWS is busy with.
#include "core/say.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/weigh.h"
#include <stdarg.h>

enum { SETTLE_MS = 600000 };

void say(struct decision *d, enum verdict verdict, enum health health, const char *reason,
	const char *fmt, ...)
{
	d->verdict = verdict;
	d->health = health;
	str_copy(d->reason, sizeof(d->reason), reason);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(d->message, sizeof(d->message), fmt, ap);
	va_end(ap);
	str_trim_utf8(d->message);
}

void say_window(const struct decide_input *in, struct decision *d, const char *what)
{
	const char *verb = d->plan.change == CHANGE_DELETE ? "deleting" : "changing";
	const struct window *window = NULL;
	int64_t next = windows_next_ms(in->policy->windows, in->wall_ms, &window);
	char at[CLOCK_TEXT_BYTES] = "", how[WEIGH_TEXT_BYTES];
	if (next) {
		clock_format_second(next, at);
		d->wake_ms = next - in->wall_ms;
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "WaitsForWindow",
			"%s %.120s %s: waits for the window %s, which opens %s, or "
			"for approval",
			verb, what, weigh_interrupts(d, how), window->text, at);
	} else {
		bool has_one = in->policy->windows && in->policy->windows->count > 0;
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "WaitsForWindow",
			"%s %.120s %s, and %s: it waits for approval", verb, what,
			weigh_interrupts(d, how),
			has_one ? "no window of the policy opens within a year"
				: "the policy has no window for it");
	}
}

// The last attempt failed: is it still too early for another? Then says so. When the next one is
// stands beside it (view.c), for it goes on counting.
static bool backs_off(const struct decide_input *in, struct decision *d)
{
	const struct failure *failure = in->failure;
	if (failure->count == 0 || failure->next_ms <= in->loop_ms)
		return false;
	// Another change than the one that failed is a new attempt.
	if (!str_eq(failure->key, d->digest))
		return false;
	bool is_early = failure->count < 3 && (failure->err.class == ERR_TRANSIENT ||
						      failure->err.class == ERR_CONFLICT ||
						      failure->err.class == ERR_NOT_FOUND);
	const char *remedy = kind_remedy(in->kind, failure->err.code);
	say(d, VERDICT_BACKOFF, is_early && !remedy ? HEALTH_PROGRESSING : HEALTH_DEGRADED,
		failure_reason(failure->err.class), "%s%s%.300s; %s", remedy ? remedy : "",
		remedy ? ": " : "", failure->err.message,
		remedy ? failure_remedy(ERR_QUOTA) : failure_remedy(failure->err.class));
	return true;
}

void say_act(
	const struct decide_input *in, struct decision *d, const char *reason, const char *message)
{
	if (!backs_off(in, d))
		say(d, VERDICT_ACT, HEALTH_PROGRESSING, reason, "%s", message);
}

static int64_t busy_for_ms(const struct decide_input *in)
{
	return in->record->busy_ms ? in->wall_ms - in->record->busy_ms : 0;
}

void say_busy(
	const struct decide_input *in, struct decision *d, const char *reason, const char *what)
{
	int64_t limit = in->kind->settle_ms ? in->kind->settle_ms : SETTLE_MS;
	int64_t for_ms = busy_for_ms(in);
	long long minutes = (long long)(for_ms / 60000);
	char since[48] = "";
	if (minutes > 0)
		snprintf(since, sizeof(since), ", for %lld minute%s", minutes,
			minutes == 1 ? "" : "s");
	if (for_ms > limit)
		say(d, VERDICT_AGAIN, HEALTH_DEGRADED, "Stuck", "AWS has kept it %s%s%s",
			in->seen->state, *since ? since + 1 : "",
			in->seen->is_gone ? "; a deletion that it has taken is not sent again"
					  : "");
	else
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, reason, "%s%s", what, since);
}

void say_going(const struct decide_input *in, struct decision *d, const char *what)
{
	int64_t for_ms = busy_for_ms(in);
	d->again_ms = for_ms < 60000 ? 2000 : for_ms < 600000 ? 10000 : 60000;
	say_busy(in, d, "Deleting", what);
}

void say_undeleted(const struct decide_input *in, struct decision *d)
{
	say(d, VERDICT_HOLD, HEALTH_DEGRADED, "NotDeleted",
		"AWS took its deletion%s, and shows it as before; another one waits for approval",
		in->record->deletions > 1 ? " more than once" : "");
}
