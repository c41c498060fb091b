// What becomes of what left the file, and of what somebody added: who says that it may go, when it
// may, and what is waited for once it is on its way.
#include "core/orphan.h"
#include "core/say.h"
#include "core/weigh.h"

// AWS took its deletion and shows it as ever: mostly a read that lags.
static bool may_be_going(const struct decide_input *in, bool is_allowed)
{
	bool is_repeated = is_allowed && in->record->deletions < DECIDE_MOST_DELETIONS;
	int64_t age = in->wall_ms - in->record->deleted_ms;
	return in->record->deleted_ms && age >= 0 &&
	       age < (is_repeated ? DECIDE_DELETION_SETTLES_MS : DECIDE_CREATE_SETTLES_MS);
}

void orphan_decide(const struct decide_input *in, struct decision *d)
{
	char how[WEIGH_TEXT_BYTES];
	d->sync = SYNC_ORPHANED;
	if (in->presence == PRESENCE_PRESENT && in->seen->is_restorable) {
		say(d, VERDICT_FORGET, HEALTH_MISSING, "Gone",
			"not in the file, and scheduled for deletion in AWS");
		return;
	}
	const char *stray_of = in->record->stray_of;
	if (stray_of && in->policy->foreign == FOREIGN_LEAVE) {
		say(d, VERDICT_FORGET, HEALTH_HEALTHY, "Left", "the policy is to leave it");
		return;
	}
	if (in->record->is_foreign && !stray_of) {
		say(d, VERDICT_FORGET, HEALTH_HEALTHY, "NotOurs",
			"not in the file, and never was ours");
		return;
	}
	if (in->presence == PRESENCE_ABSENT && weigh_may_exist(in)) {
		d->again_ms = 2000;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "Created",
			"not in the file; was created, and AWS does not show it yet");
		return;
	}
	if (in->presence == PRESENCE_ABSENT) {
		say(d, VERDICT_FORGET, HEALTH_MISSING, "Gone", "not in the file and not in AWS");
		return;
	}
	if (in->seen->is_gone) {
		say_going(in, d, "AWS is deleting it");
		return;
	}
	bool is_pruned = in->policy->prune == PRUNE_DELETE || in->successor;
	bool is_allowed = (stray_of ? in->policy->foreign == FOREIGN_DELETE : is_pruned) &&
			  !in->kind->holds_data;
	if (may_be_going(in, is_allowed)) {
		d->again_ms = 2000;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, "Deleting",
			"deleted; waiting until AWS shows it gone");
		return;
	}
	plan_delete(in->kind, in->seen->observed, &d->plan);
	if (d->plan.count == 0) {
		say(d, stray_of ? VERDICT_DONE : VERDICT_FORGET, HEALTH_HEALTHY, "Left",
			"not in the file; AWS has no call that deletes it as it is");
		return;
	}
	weigh_name(in, d);
	if (in->policy->mode == MODE_OBSERVE) {
		say(d, VERDICT_DONE, HEALTH_HEALTHY, "ObserveOnly",
			"not in the file; the policy is to observe only");
	} else if (!is_allowed && !weigh_is_approved(in, d) && in->record->deletions > 0) {
		say_undeleted(in, d);
	} else if (!is_allowed && !weigh_is_approved(in, d)) {
		say(d, VERDICT_HOLD, HEALTH_SUSPENDED, stray_of ? "ForeignHeld" : "OrphanHeld",
			"%s%s; its deletion waits for approval",
			stray_of        ? "somebody added it under "
			: in->successor ? "replaced"
					: "not in the file",
			stray_of ? stray_of : "");
	} else if (!in->successor && weigh_is_barred(in, d->plan.disruption) &&
		   !weigh_is_approved(in, d)) {
		if (in->policy->rules[d->plan.disruption] == RULE_WINDOW)
			say_window(in, d, "it");
		else
			say(d, VERDICT_HOLD, HEALTH_SUSPENDED, "DisruptionHeld",
				"not in the file; deleting it %s and waits for approval",
				weigh_interrupts(d, how));
	} else if (in->deletion_waits) {
		// Who uses it wakes it; what a successor waits for need not.
		d->again_ms = in->successor ? 5000 : 30000;
		say(d, VERDICT_AGAIN, HEALTH_PROGRESSING, in->successor ? "BeingReplaced" : "InUse",
			in->successor ? "kept until %s has its successor"
				      : "deletion waits: still used by %s",
			in->deletion_waits);
	} else if (in->successor) {
		say_act(in, d, "Replaced", "replaced; being deleted");
	} else {
		say_act(in, d, "Deleting", "not in the file; being deleted");
	}
}
