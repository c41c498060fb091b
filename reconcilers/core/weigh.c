// Which differences are to be acted on now, and why the others are not: unseen writes, values that
// AWS rolled back, changes that cannot be taken back, and what the policy bars.
#include "core/weigh.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/fights.h"
#include "core/moving.h"
#include "core/sent.h"

// Does the policy keep it from happening by itself now?
bool weigh_is_barred(const struct decide_input *in, enum disruption disruption)
{
	enum policy_rule rule = in->policy->rules[disruption];
	return rule == RULE_HOLD ||
	       (rule == RULE_WINDOW && !windows_are_open(in->policy->windows, in->wall_ms));
}

bool weigh_is_single(const struct decide_input *in)
{
	if (!kind_is_single(in->kind) || !in->want)
		return false;
	for (const struct field *f = in->kind->fields; f->name; f++) {
		const char *member = field_member(in->kind, NULL, f);
		if (!member || !(f->flags & (FIELD_CREATE_ONLY | FIELD_NAME)))
			continue;
		json_t *said = json_object_get(in->record->kept, member);
		json_t *want = json_object_get(in->want, member);
		if (said != want && !json_equal(said, want))
			return false;
	}
	return true;
}

bool weigh_is_approved(const struct decide_input *in, const struct decision *d)
{
	return *d->digest && json_is_true(json_object_get(in->approved, d->digest));
}

// It is the look's age that counts: time that passed without another one proves nothing.
bool weigh_may_exist(const struct decide_input *in)
{
	int64_t lost_ms = weigh_is_single(in) || weigh_token(in) ? DECIDE_LOST_CREATE_MS
								 : DECIDE_LOST_ADDING_MS;
	int64_t limit = in->record->id ? DECIDE_CREATE_SETTLES_MS : lost_ms;
	return in->record->created_ms && in->checked_ms - in->record->created_ms < limit;
}

// ---- writes that are not seen yet

static bool same_digest(const json_t *value, const char *digest)
{
	char now[17] = "-";
	if (value && !js_digest(value, now, sizeof(now)))
		return false;
	return digest && str_eq(now, digest);
}

enum unseen { UNSEEN_NO, UNSEEN_SETTLING, UNSEEN_QUARANTINED };

// Was this value written before, and has AWS not shown it since? After the last write that we allow
// it does not matter what AWS shows instead: it may turn what it is given into something else. What
// was seen already and is as before again is a read that lags, for a while.
static enum unseen unseen_write(const struct decide_input *in, const struct difference *one)
{
	const json_t *write = json_object_get(in->record->writes, one->path);
	if (!write || !same_digest(one->desired, js_str(write, "to")))
		return UNSEEN_NO;
	bool was_seen = js_bool(write, "seen", false);
	bool is_last = !was_seen && js_int(write, "count", 1) >= DECIDE_MOST_WRITES;
	bool shows_old = same_digest(one->observed, js_str(write, "from"));
	int64_t age = in->wall_ms - js_int(write, "at", 0);
	int64_t limit = was_seen ? DECIDE_SEEN_SETTLES_MS : DECIDE_WRITE_SETTLES_MS;
	if (age >= 0 && age < limit && (shows_old || is_last))
		return UNSEEN_SETTLING;
	return is_last ? UNSEEN_QUARANTINED : UNSEEN_NO;
}

// What is written as a whole waits as a whole while a part of it settles, unless something is
// wanted that was not written yet.
static bool waits_as_a_whole(const struct decide_input *in, const struct differences *now)
{
	if (!moving_has(in->kind))
		return false;
	for (size_t i = 0; i < now->count; i++) {
		const json_t *write = json_object_get(in->record->writes, now->items[i].path);
		if (!same_digest(now->items[i].desired, js_str(write, "to")))
			return false;
	}
	return true;
}

// Did AWS try this very value, and give it up?
static bool is_refused(const struct decide_input *in, const struct difference *one)
{
	const json_t *values = one->field ? json_object_get(in->record->refused, one->path) : NULL;
	size_t i;
	json_t *value;
	json_array_foreach ((json_t *)values, i, value)
		if (json_equal(value, one->desired))
			return true;
	return false;
}

static bool is_grave(const struct decide_input *in, const struct difference *one)
{
	return one->field && one->field->is_grave &&
	       one->field->is_grave(in->want, in->seen->observed);
}

// Splits the differences: which are to be acted on now. Fills the counts.
void weigh(const struct decide_input *in, struct decision *d, struct differences *ret_now,
	int *ret_settling)
{
	for (size_t i = 0; i < d->differences.count; i++) {
		struct difference *one = &d->differences.items[i];
		if (one->type == DIFFERS_UNDECLARED) {
			d->undeclared++;
			continue;
		}
		d->managed++;
		// Written already: nothing is held of what only has to show.
		enum unseen unseen = unseen_write(in, one);
		if (unseen == UNSEEN_SETTLING) {
			++*ret_settling;
			continue;
		}
		if (one->type == DIFFERS_FOREIGN && one->field && one->field->claim.of &&
			!json_object_get(in->want, field_member(in->kind, NULL, one->field))) {
			d->foreign++;
			one->is_held_back = true;
			continue;
		}
		if (is_refused(in, one)) {
			d->refused++;
			one->is_held_back = true;
			continue;
		}
		if (is_grave(in, one)) {
			d->grave++;
			one->is_held_back = true;
			continue;
		}
		// What forces a replacement is judged as one, and not by what it would interrupt
		// in place.
		bool is_in_place = !plan_is_forcing(in->kind, one);
		if (is_in_place && weigh_is_barred(in, difference_disrupts(one))) {
			d->barred++;
			one->is_held_back = true;
			d->needs_window =
				d->needs_window ||
				in->policy->rules[difference_disrupts(one)] == RULE_WINDOW;
			continue;
		}
		const json_t *fight = fights_find(in->record->fights, one->path, one->desired);
		if (fight) {
			d->contested++;
			one->is_held_back = true;
			fights_say(fight, one->path, in->wanted ? in->wanted->address : "",
				d->message, sizeof(d->message));
			continue;
		}
		d->quarantined += unseen == UNSEEN_QUARANTINED;
		if (unseen != UNSEEN_NO)
			continue;
		if (ret_now->count == ret_now->size) {
			size_t size = ret_now->size ? ret_now->size * 2 : 8;
			struct difference *items =
				reallocarray(ret_now->items, size, sizeof(*items));
			if (!items)
				continue;
			ret_now->items = items;
			ret_now->size = size;
		}
		// A view: the strings and values stay the decision's.
		ret_now->items[ret_now->count++] = *one;
	}
	if (*ret_settling > 0 && waits_as_a_whole(in, ret_now))
		ret_now->count = 0;
}

// ---- what is done without the rest

void weigh_in_place(const struct decide_input *in, struct decision *d, char *ret_what, size_t bytes)
{
	struct buf now, later;
	buf_init(&now, 4096);
	buf_init(&later, 4096);
	for (size_t i = 0; i < d->differences.count; i++) {
		struct difference *one = &d->differences.items[i];
		one->is_held_back = one->is_held_back || plan_is_forcing(in->kind, one);
	}
	if (d->plan.forces_replacement) {
		d->plan.change = CHANGE_UPDATE;
		d->plan.disruption = d->plan.in_place;
	}
	differences_list_held(&d->differences, false, &now);
	differences_list_held(&d->differences, true, &later);
	snprintf(ret_what, bytes, "being corrected: %.180s%s%.180s", buf_str(&now),
		later.len ? "; held back: " : "", buf_str(&later));
	buf_done(&now);
	buf_done(&later);
}

const char *weigh_interrupts(const struct decision *d, char ret_text[WEIGH_TEXT_BYTES])
{
	bool is_any = d->plan.disruption != DISRUPTS_NONE;
	snprintf(ret_text, WEIGH_TEXT_BYTES, "interrupts %s%s%s", is_any ? "(" : "",
		is_any ? disruption_name(d->plan.disruption) : "nothing", is_any ? ")" : "");
	return ret_text;
}

// ---- the name of a change

bool weigh_is_replacement(const struct decision *d)
{
	return d->plan.forces_replacement && d->refused == 0 && d->grave == 0 && d->barred == 0 &&
	       d->contested == 0 && d->foreign == 0;
}

void weigh_name(const struct decide_input *in, struct decision *d)
{
	_cleanup_json_ json_t *what = json_array();
	json_array_append_new(what, json_string(change_name(d->plan.change)));
	// Natural names are no more unique than their kind: "shop-main" may be three things.
	json_array_append_new(what, json_string(in->kind->name));
	json_array_append_new(what, json_string(in->wanted ? in->wanted->address : ""));
	json_array_append_new(what, json_string(in->seen ? in->seen->id : ""));
	for (size_t i = 0; i < d->differences.count; i++) {
		const struct difference *one = &d->differences.items[i];
		if (one->type == DIFFERS_UNDECLARED ||
			(weigh_is_replacement(d) && !plan_is_forcing(in->kind, one)))
			continue;
		json_array_append_new(what, json_string(one->path));
		json_array_append_new(what, one->desired ? json_incref(one->desired) : json_null());
	}
	if (d->plan.change == CHANGE_CREATE && in->want)
		json_array_append(what, (json_t *)in->want);
	if (d->plan.change == CHANGE_CREATE && in->tags && in->kind->tagging) // set with it
		json_array_append(what, (json_t *)in->tags);
	if (!js_digest(what, d->digest, sizeof(d->digest)))
		d->digest[0] = '\0';
}

void weigh_creation(const struct decide_input *in, char ret_name[17])
{
	ret_name[0] = '\0';
	if (!in->want || !in->wanted)
		return;
	_cleanup_json_ json_t *said =
		json_pack("{s:s, s:s}", "kind", in->kind->name, "address", in->wanted->address);
	json_t *want = json_object();
	for (const struct field *f = in->kind->fields; f->name; f++) {
		const char *member = field_member(in->kind, NULL, f);
		if (member && f->type != FIELD_ITEMS && !(f->flags & FIELD_AFTER_CREATE))
			json_object_set(want, member, json_object_get(in->want, member));
	}
	json_object_set_new(said, "want", want);
	if (in->tags && in->kind->tagging)
		json_object_set(said, "tags", (json_t *)in->tags);
	if (!js_digest(said, ret_name, 17))
		ret_name[0] = '\0';
}

const char *weigh_token(const struct decide_input *in)
{
	char creation[17];
	struct decision same = {.plan.change = CHANGE_CREATE};
	if (!in->record->sent || !in->want)
		return NULL;
	weigh_name(in, &same);
	weigh_creation(in, creation);
	return sent_token(in->record->sent, same.digest, creation);
}

bool weigh_may_be_read(const struct decide_input *in)
{
	return in->is_unread && (in->is_readable || !in->creation_waits);
}

int64_t weigh_since_write(const struct decide_input *in)
{
	int64_t latest = 0;
	const char *path;
	json_t *write;
	json_object_foreach (in->record->writes, path, write)
		if (js_int(write, "at", 0) > latest)
			latest = js_int(write, "at", 0);
	return latest ? in->wall_ms - latest : 60000;
}
