// One function of the state, no memory of its own: the same input gives the same answer after any
// crash, reload or lost reply.
#include "core/decide.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/adopt.h"
#include "core/fights.h"
#include "core/guard.h"
#include "core/moving.h"
#include "core/orphan.h"
#include "core/predecessor.h"
#include "core/say.h"
#include "core/weigh.h"

const char *sync_name(enum sync sync)
{
	static const char *const names[] = {
		"Unknown", "Synced", "OutOfSync", "Missing", "Orphaned"};
	return names[sync];
}

const char *health_name(enum health health)
{
	static const char *const names[] = {
		"Unknown", "Healthy", "Progressing", "Degraded", "Missing", "Suspended"};
	return names[health];
}

bool decision_awaits_window(const struct decision *decision)
{
	return decision->verdict == VERDICT_HOLD && decision->wake_ms > 0;
}

void decision_done(struct decision *decision)
{
	differences_done(&decision->differences);
	plan_done(&decision->plan);
	*decision = (struct decision){0};
}

// ---- the cases

// What only a list that lags has shown is looked at before anything is done about it; and so is
// what it refers to, as what can be changed in one call is not to be changed in two.
static bool is_doubtful(const struct decide_input *in, struct decision *d)
{
	if (!in->is_hearsay && !in->is_ahead)
		return false;
	d->awaits_look = !in->is_hearsay; // which comes as soon as AWS answers
	d->again_ms = in->is_hearsay ? DECIDE_LOOK_AT_ONCE_MS : 30000;
	say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "NotChecked", "%s",
		in->is_hearsay
			? "the list of AWS shows it otherwise, and may be old: being read by itself"
			: "what it refers to was looked at before it was: being looked at again");
	return true;
}

static void decide_missing(const struct decide_input *in, struct decision *d)
{
	d->sync = SYNC_MISSING;
	d->health = HEALTH_MISSING;
	if (adopt_is_awaited(in, d))
		return;
	if (weigh_may_be_read(in)) {
		d->wants_look = true;
		d->again_ms = DECIDE_LOOK_AT_ONCE_MS;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "NotChecked",
			"being looked for before it is created");
		return;
	}
	bool is_shown_gone = in->presence == PRESENCE_PRESENT && in->seen->is_gone &&
			     str_eq_null(in->record->id, in->seen->id);
	if (weigh_may_exist(in) && !is_shown_gone) {
		int64_t age = in->wall_ms - in->record->created_ms;
		d->again_ms = age < 2000 ? 500 : age < 15000 ? 2000 : 5000;
		if (in->record->id)
			say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "Created",
				"created as %s; waiting until AWS shows it", in->record->id);
		else
			say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "CreateOutcomeUnknown",
				"a create call got no answer; looking for what it made before "
				"another is sent");
		return;
	}
	// What goes keeps its name until it is gone: AWS refuses another one under it. What is only
	// scheduled to go stays for weeks, and was replaced for its name.
	if (is_shown_gone && !in->seen->is_past && !in->seen->is_restorable &&
		in->kind->observe.key) {
		say_going(in, d, "AWS is still deleting the one before");
		return;
	}
	if (in->is_ahead && !in->creation_waits && is_doubtful(in, d))
		return;
	plan_create(in->kind, in->want, &d->plan);
	weigh_name(in, d);
	const char *token = weigh_token(in);
	weigh_creation(in, d->plan.creation);
	str_copy(d->plan.token, sizeof(d->plan.token), token ? token : "");
	const json_t *fight = fights_find(in->record->fights, "(resource)", NULL);
	char why[sizeof(d->message)];
	if (fight)
		fights_say(fight, "(resource)", in->wanted->address, why, sizeof(why));
	if (in->policy->mode == MODE_OBSERVE)
		say(d, VERDICT_DONE, HEALTH_MISSING, "ObserveOnly",
			"does not exist; the policy is to observe only");
	else if (in->creation_waits)
		say(d, VERDICT_WAIT, HEALTH_MISSING, "Waiting", "%s", in->creation_waits);
	else if (fight && !weigh_is_approved(in, d))
		say(d, VERDICT_HOLD, HEALTH_DEGRADED, "Contested", "%s", why);
	else if (in->record->unseen >= DECIDE_MOST_UNSEEN && !weigh_is_approved(in, d))
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "NeverSeen",
			"created %d times, and AWS never showed it under the name that the file "
			"gives it; another time waits for approval",
			in->record->unseen);
	else if (in->kind->restored_by && in->record->observed && !weigh_is_approved(in, d))
		say(d, VERDICT_HOLD, HEALTH_MISSING, "DataGone",
			"was deleted in AWS, and what it held with it: %s; an empty one in its "
			"place waits for approval",
			in->kind->restored_by);
	else
		say_act(in, d, in->record->observed ? "Deleted" : "Creating",
			token                  ? "a create call got no answer; it is sent once more"
			: in->record->observed ? "was deleted in AWS; being created again"
					       : "being created");
}

// What is scheduled for deletion and still declared is brought back: another one in its place would
// have none of what it holds. Unless the deletion is our own, to replace it.
static bool is_restorable(const struct decide_input *in)
{
	return in->presence == PRESENCE_PRESENT && in->seen->is_restorable &&
	       !in->record->deleted_ms;
}

static void decide_restore(const struct decide_input *in, struct decision *d)
{
	d->sync = SYNC_MISSING;
	d->health = HEALTH_MISSING;
	if (is_doubtful(in, d))
		return;
	int64_t age = in->wall_ms - in->record->restored_ms;
	if (in->record->restored_ms && age >= 0 && age < DECIDE_WRITE_SETTLES_MS) {
		d->again_ms = age < 2000 ? 500 : 2000;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "Restored",
			"restored; waiting until AWS shows it");
		return;
	}
	plan_restore(in->kind, &d->plan);
	weigh_name(in, d);
	if (in->policy->mode == MODE_OBSERVE)
		say(d, VERDICT_DONE, HEALTH_MISSING, "ObserveOnly",
			"is scheduled for deletion; the policy is to observe only");
	else if (in->record->is_foreign && !weigh_is_approved(in, d))
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "NotOurs",
			"%s is scheduled for deletion and does not bear our tag; taking it over "
			"waits for approval",
			in->seen->id);
	else
		say_act(in, d, "Restoring", "is scheduled for deletion in AWS; being restored");
}

static void decide_synced(const struct decide_input *in, struct decision *d)
{
	const struct sighting *seen = in->seen;
	if (in->waiting && json_object_size(in->waiting) > 0) {
		const char *member = json_object_iter_key(json_object_iter((json_t *)in->waiting));
		d->sync = SYNC_OUT_OF_SYNC;
		say(d, VERDICT_WAIT, HEALTH_PROGRESSING, "Waiting", "%s %s", member,
			js_str(in->waiting, member));
		return;
	}
	d->sync = SYNC_SYNCED;
	if (d->undeclared > 0) {
		struct buf paths;
		buf_init(&paths, 4096);
		differences_list(&d->differences, true, &paths);
		say(d, VERDICT_DONE, HEALTH_HEALTHY, "UndeclaredDrift",
			"changed in AWS, though not in the file: %s", buf_str(&paths));
		buf_done(&paths);
	} else if (*seen->reason) {
		say(d, VERDICT_DONE, seen->is_progress ? HEALTH_PROGRESSING : HEALTH_DEGRADED,
			seen->reason, "%s", *seen->message ? seen->message : seen->state);
	} else {
		say(d, VERDICT_DONE, HEALTH_HEALTHY, "InSync", "as the file says");
	}
}

// The removal was planned; what comes after it makes the two a replacement.
static void make_replacement(struct plan *plan)
{
	if (plan->change != CHANGE_REPLACE_BESIDE)
		plan->change = CHANGE_REPLACE;
	if (plan->disruption < DISRUPTS_REPLACEMENT)
		plan->disruption = DISRUPTS_REPLACEMENT;
}

static void decide_failed_state(const struct decide_input *in, struct decision *d)
{
	d->sync = SYNC_OUT_OF_SYNC;
	plan_delete(in->kind, in->seen->observed, &d->plan);
	make_replacement(&d->plan);
	weigh_name(in, d);
	if (in->policy->mode == MODE_ENFORCE &&
		(weigh_is_approved(in, d) ||
			(!weigh_is_barred(in, DISRUPTS_REPLACEMENT) && !in->kind->holds_data)))
		say_act(in, d, "Replacing", "AWS could not create it; being replaced");
	else if (in->policy->mode == MODE_OBSERVE)
		say(d, VERDICT_DONE, HEALTH_DEGRADED, "Failed",
			"AWS says %s: %s; the policy is to observe only", in->seen->state,
			in->seen->message);
	else
		say(d, VERDICT_HOLD, HEALTH_DEGRADED, "Failed",
			"AWS says %s: %s; its replacement waits for approval", in->seen->state,
			in->seen->message);
}

// Returns how it will be done, in words.
static const char *plan_replacement(const struct decide_input *in, struct decision *d)
{
	char old[PREDECESSOR_ADDRESS_BYTES];
	const char *how = "being replaced: deleted first, then created anew";
	plan_done(&d->plan);
	plan_delete(in->kind, in->seen->observed, &d->plan);
	if (d->plan.count == 0) {
		plan_create(in->kind, in->want, &d->plan);
		how = "being created anew; the old one cannot be deleted as it is";
	} else if (predecessor_can_stay(in->kind, in->want, in->seen->observed) &&
		   predecessor_address(in->wanted->address, in->seen->id, old)) {
		plan_done(&d->plan);
		predecessor_plan(in->kind, old, in->seen->tags, &d->plan);
		how = "being replaced: created anew first, then the old one is deleted";
	}
	make_replacement(&d->plan);
	d->plan.forces_replacement = true;
	return how;
}

static bool may_replace(const struct decide_input *in, const struct decision *d)
{
	bool is_allowed = !weigh_is_barred(in, DISRUPTS_REPLACEMENT) && !in->kind->holds_data;
	return is_allowed || weigh_is_approved(in, d);
}

static bool begins_empty(const struct kind *kind)
{
	return kind->holds_data && !kind->is_whole_anew;
}

static void decide_replacement(const struct decide_input *in, struct decision *d)
{
	const char *how = plan_replacement(in, d);
	if (!may_replace(in, d) && !in->kind->holds_data &&
		in->policy->rules[DISRUPTS_REPLACEMENT] == RULE_WINDOW) {
		say_window(in, d, d->plan.replaced_for);
		return;
	}
	if (!may_replace(in, d)) {
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "ReplacementHeld",
			"%s cannot be changed in place; the replacement waits for approval",
			d->plan.replaced_for);
		return;
	}
	say_act(in, d, "Replacing", how);
}

static void decide_present(const struct decide_input *in, struct decision *d)
{
	const struct sighting *seen = in->seen;
	char how[WEIGH_TEXT_BYTES];
	int64_t deleted_age = in->wall_ms - in->record->deleted_ms;
	if (in->record->deleted_ms && deleted_age >= 0 && deleted_age < DECIDE_CREATE_SETTLES_MS) {
		d->sync = SYNC_OUT_OF_SYNC;
		d->again_ms = deleted_age < 5000 ? 500 : 5000;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "Deleting",
			"deleted to be replaced; waiting until AWS shows it gone");
		return;
	}
	if (seen->is_failed) {
		decide_failed_state(in, d);
		return;
	}
	if (in->lacks_read) {
		d->sync = SYNC_UNKNOWN;
		d->again_ms = DECIDE_LOOK_AT_ONCE_MS;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "NotChecked",
			"the file says more of it than was read: being looked at");
		return;
	}
	diff_make(&(struct diff_input){.kind = in->kind,
			  .want = in->want,
			  .tags = in->kind->tagging && !moving_may_go(in->kind, in->waiting)
					  ? in->tags
					  : NULL,
			  .old_tags = in->record->tags,
			  .yielded = in->yielded,
			  .unclaimed = in->unclaimed,
			  .unread = seen->unread,
			  .observed = seen->observed,
			  .observed_tags = seen->tags,
			  .baseline = in->record->baseline,
			  .waiting = in->waiting,
			  .ignore = in->policy->ignore},
		&d->differences);
	if (seen->is_pending) {
		int64_t age = in->record->created_ms ? in->wall_ms - in->record->created_ms
						     : weigh_since_write(in);
		char what[sizeof(d->message)];
		d->sync = SYNC_OUT_OF_SYNC;
		d->again_ms = age < 5000 ? 500 : age < 60000 ? 3000 : age < 600000 ? 10000 : 60000;
		snprintf(what, sizeof(what), "AWS says %s%s%.300s", seen->state,
			*seen->message ? ": " : "", seen->message);
		say_busy(in, d, "Settling", what);
		return;
	}
	struct differences now = {0};
	int settling = 0;
	weigh(in, d, &now, &settling);
	if (d->managed == 0) {
		decide_synced(in, d);
		d->again_ms = d->verdict == VERDICT_DONE ? in->claims_wait_ms : d->again_ms;
		if (d->again_ms > 0)
			d->verdict = VERDICT_AGAIN;
		free(now.items);
		return;
	}
	d->sync = SYNC_OUT_OF_SYNC;
	if (is_doubtful(in, d)) {
		free(now.items);
		return;
	}
	struct buf paths;
	buf_init(&paths, 4096);
	differences_list(&d->differences, false, &paths);
	plan_update(
		in->kind, in->want, seen->observed, now.count ? &now : &d->differences, &d->plan);
	char replaced_for[sizeof(d->plan.replaced_for)];
	str_copy(replaced_for, sizeof(replaced_for), d->plan.replaced_for);
	weigh_name(in, d);
	if (in->policy->mode == MODE_OBSERVE) {
		say(d, VERDICT_DONE, HEALTH_HEALTHY, "ObserveOnly",
			"differs in %s; the policy is to observe only", buf_str(&paths));
	} else if (in->record->is_foreign && weigh_is_replacement(d) &&
		   adopt_is_possible(in->kind)) {
		say(d, VERDICT_DONE, HEALTH_SUSPENDED, "AdoptDiffers",
			"%s cannot become what the file says without being replaced (%s): write "
			"what it has into the file, as `holdfast accept` shows it",
			seen->id, replaced_for);
	} else if (in->record->is_foreign && (now.count > 0 || settling == 0) &&
		   !weigh_is_approved(in, d)) {
		// What was approved and written once is not held until AWS shows it.
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "NotOurs",
			"%s stands there already and does not bear our tag%s%s; taking it over "
			"waits for approval",
			seen->id, seen->stack ? ", but that of stack " : "",
			seen->stack ? seen->stack : "");
	} else if (weigh_is_replacement(d) && may_replace(in, d)) {
		// Nothing is written any more to what goes. Its protection, which goes first, would
		// else be put back whenever AWS does not take the deletion right after that.
		decide_replacement(in, d);
		str_copy(d->plan.replaced_for, sizeof(d->plan.replaced_for), replaced_for);
	} else if (now.count > 0 && d->plan.count > 0) {
		char what[sizeof(d->message)];
		weigh_in_place(in, d, what, sizeof(what));
		say_act(in, d, "Correcting", what);
	} else if (settling > 0) {
		d->again_ms = 1000;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "Settling",
			"written; waiting until AWS shows %s", buf_str(&paths));
	} else if ((d->refused > 0 || d->grave > 0 || d->barred > 0 || d->contested > 0 ||
			   d->foreign > 0) &&
		   weigh_is_approved(in, d)) {
		say_act(in, d, "Correcting",
			d->refused > 0 ? "approved: being written once more"
				       : "approved: being changed");
	} else if (d->contested > 0) {
		char why[sizeof(d->message)];
		str_copy(why, sizeof(why), d->message);
		say(d, VERDICT_HOLD, HEALTH_DEGRADED, "Contested", "%s", why);
	} else if (d->barred > 0 && d->needs_window) {
		say_window(in, d, buf_str(&paths));
	} else if (d->barred > 0) {
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "DisruptionHeld",
			"changing %s %s and waits for approval", buf_str(&paths),
			weigh_interrupts(d, how));
	} else if (d->grave > 0) {
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "GraveChangeHeld",
			"changing %s cannot be taken back and waits for approval", buf_str(&paths));
	} else if (d->foreign > 0) {
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "ForeignHeld",
			"somebody put in %s, which no other resource claims; taking it out waits "
			"for approval",
			buf_str(&paths));
	} else if (d->refused > 0) {
		say(d, VERDICT_HOLD, HEALTH_DEGRADED, "RolledBack",
			"AWS tried %s and rolled it back; writing it again waits for approval, or "
			"for another value",
			buf_str(&paths));
	} else if (d->plan.forces_replacement) {
		decide_replacement(in, d);
		str_copy(d->plan.replaced_for, sizeof(d->plan.replaced_for), replaced_for);
		if (d->verdict == VERDICT_HOLD)
			snprintf(d->message, sizeof(d->message),
				"%.90s cannot be changed in place%s; the replacement waits for "
				"approval",
				replaced_for,
				begins_empty(in->kind) ? ", and another one begins empty" : "");
	} else {
		say(d, VERDICT_DONE, HEALTH_DEGRADED, "Permadiff",
			"written %d times and AWS still shows another value: %s; not written again "
			"(policy: {ignore: [...]} silences it)",
			DECIDE_MOST_WRITES, buf_str(&paths));
	}
	buf_done(&paths);
	free(now.items);
}

// AWS took it more than once, and nothing came of it: no loop is made of that.
static bool is_deleted_in_vain(const struct decide_input *in, const struct decision *d)
{
	return d->verdict == VERDICT_ACT && in->record->deletions >= DECIDE_MOST_DELETIONS &&
	       (d->plan.change == CHANGE_DELETE || d->plan.change == CHANGE_REPLACE) &&
	       !weigh_is_approved(in, d);
}

void decide(const struct decide_input *in, struct decision *d)
{
	*d = (struct decision){0};
	if (in->presence == PRESENCE_UNKNOWN) {
		d->sync = in->wanted ? SYNC_UNKNOWN : SYNC_ORPHANED;
		d->again_ms = DECIDE_LOOK_AT_ONCE_MS;
		d->wants_look = in->wanted && weigh_may_be_read(in);
		if (in->wanted && in->is_unread && !d->wants_look)
			say(d, VERDICT_WAIT, HEALTH_UNKNOWN, "Waiting", "%s", in->creation_waits);
		else
			say(d, d->wants_look ? VERDICT_AGAIN : VERDICT_WAIT, HEALTH_UNKNOWN,
				"NotChecked", "not looked at yet");
		return;
	}
	if (!in->wanted)
		orphan_decide(in, d);
	else if (is_restorable(in))
		decide_restore(in, d);
	else if (in->presence == PRESENCE_ABSENT || in->seen->is_gone)
		decide_missing(in, d);
	else
		decide_present(in, d);
	if (is_deleted_in_vain(in, d))
		say_undeleted(in, d);
	guard(in, d);
}
