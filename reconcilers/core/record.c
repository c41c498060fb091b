// Pacing by class: a timeout, a throttle, a refusal and a mistake each wait their own time.
#include "core/record.h"
#include "base/num.h"
#include "base/str.h"
#include "core/decide.h"

enum { MOST_REFUSED = 10 };

void record_init(struct record *record)
{
	*record = (struct record){.baseline = json_object(),
		.writes = json_object(),
		.depends_on = json_array(),
		.drifts = json_object(),
		.declared = json_object(),
		.tags = json_array(),
		.refused = json_object(),
		.kept = json_object(),
		.claimed = json_object(),
		.suspects = json_object(),
		.fights = json_object(),
		.followed = json_object()};
}

void record_keep(struct record *record, const json_t *said)
{
	json_decref(record->kept);
	record->kept = json_is_object(said) ? json_copy((json_t *)said) : json_object();
	record->is_dirty = true;
}

void record_done(struct record *record)
{
	free(record->id);
	free(record->stray_of);
	free(record->adopted);
	json_decref(record->observed);
	json_decref(record->baseline);
	json_decref(record->writes);
	json_decref(record->depends_on);
	json_decref(record->drifts);
	json_decref(record->declared);
	json_decref(record->tags);
	json_decref(record->refused);
	json_decref(record->kept);
	json_decref(record->claimed);
	json_decref(record->suspects);
	json_decref(record->fights);
	json_decref(record->followed);
	json_decref(record->sent);
	*record = (struct record){0};
}

bool record_unlearn(struct record *record, json_t *before, bool is_managed_changed)
{
	if (!before || !is_managed_changed || json_equal(before, record->baseline))
		return false;
	json_decref(record->baseline);
	record->baseline = json_incref(before);
	record->is_grown = true;
	return true;
}

void record_share(struct record *copy)
{
	json_t *const shared[] = {copy->observed, copy->baseline, copy->writes, copy->depends_on,
		copy->drifts, copy->tags, copy->refused, copy->kept, copy->claimed, copy->suspects,
		copy->fights, copy->followed, copy->declared, copy->sent};
	for (size_t i = 0; i < ARRAY_COUNT(shared); i++)
		json_incref(shared[i]);
	copy->id = copy->id ? strdup(copy->id) : NULL;
	copy->stray_of = copy->stray_of ? strdup(copy->stray_of) : NULL;
	copy->adopted = copy->adopted ? strdup(copy->adopted) : NULL;
}

json_t *record_json(const struct record *record)
{
	json_t *out = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:i, s:O, s:O, s:O, s:O, s:s, s:O, s:O, s:b, s:O}",
		"created_ms", (json_int_t)record->created_ms, "deleted_ms",
		(json_int_t)record->deleted_ms, "born_ms", (json_int_t)record->born_ms,
		"restored_ms", (json_int_t)record->restored_ms, "left_ms",
		(json_int_t)record->left_ms, "unseen", record->unseen, "baseline", record->baseline,
		"writes", record->writes, "depends_on", record->depends_on, "drifts",
		record->drifts, "synced", record->synced, "tags", record->tags, "refused",
		record->refused, "foreign", record->is_foreign, "kept", record->kept);
	if (out && record->is_guess)
		json_object_set_new(out, "guess", json_true());
	if (out && record->deletions)
		json_object_set_new(out, "deletions", json_integer(record->deletions));
	if (out && record->busy_ms)
		json_object_set_new(out, "busy_ms", json_integer(record->busy_ms));
	if (out && record->is_going)
		json_object_set_new(out, "going", json_true());
	if (out && record->is_grown)
		json_object_set_new(out, "grown", json_true());
	if (out && record->was_shown)
		json_object_set_new(out, "was_shown", json_true());
	if (out && json_object_size(record->declared) > 0)
		json_object_set(out, "declared", record->declared);
	if (out && json_object_size(record->claimed) > 0)
		json_object_set(out, "claimed", record->claimed);
	if (out && json_object_size(record->suspects) > 0)
		json_object_set(out, "suspects", record->suspects);
	if (out && json_object_size(record->fights) > 0)
		json_object_set(out, "fights", record->fights);
	if (out && json_object_size(record->followed) > 0)
		json_object_set(out, "followed", record->followed);
	if (out)
		js_set_str(out, "stray_of", record->stray_of);
	if (out)
		js_set_str(out, "adopted", record->adopted);
	if (out && record->sent)
		json_object_set(out, "sent", record->sent);
	if (out && record->observed)
		json_object_set(out, "observed", record->observed);
	return out;
}

static json_t *member_or(const json_t *data, const char *key, json_type type, json_t *fallback)
{
	json_t *value = json_object_get(data, key);
	if (!value || json_typeof(value) != type)
		return fallback;
	json_decref(fallback);
	return json_incref(value);
}

void record_load(struct record *record, const char *id, const json_t *data)
{
	record_done(record);
	record->id = str_empty(id) ? NULL : strdup(id);
	record->created_ms = js_int(data, "created_ms", 0);
	record->deleted_ms = js_int(data, "deleted_ms", 0);
	record->restored_ms = js_int(data, "restored_ms", 0);
	record->born_ms = js_int(data, "born_ms", 0);
	record->left_ms = js_int(data, "left_ms", 0);
	record->unseen = (int)js_int(data, "unseen", 0);
	record->deletions = (int)js_int(data, "deletions", 0);
	record->busy_ms = js_int(data, "busy_ms", 0);
	record->is_going = js_bool(data, "going", false);
	record->observed = member_or(data, "observed", JSON_OBJECT, NULL);
	record->sent = member_or(data, "sent", JSON_OBJECT, NULL);
	record->baseline = member_or(data, "baseline", JSON_OBJECT, json_object());
	record->writes = member_or(data, "writes", JSON_OBJECT, json_object());
	record->depends_on = member_or(data, "depends_on", JSON_ARRAY, json_array());
	record->drifts = member_or(data, "drifts", JSON_OBJECT, json_object());
	record->declared = member_or(data, "declared", JSON_OBJECT, json_object());
	record->tags = member_or(data, "tags", JSON_ARRAY, json_array());
	record->refused = member_or(data, "refused", JSON_OBJECT, json_object());
	record->fights = member_or(data, "fights", JSON_OBJECT, json_object());
	record->followed = member_or(data, "followed", JSON_OBJECT, json_object());
	record->claimed = member_or(data, "claimed", JSON_OBJECT, json_object());
	record->suspects = member_or(data, "suspects", JSON_OBJECT, json_object());
	record->kept = member_or(data, "kept", JSON_OBJECT, json_object());
	const char *stray_of = js_str(data, "stray_of"), *adopted = js_str(data, "adopted");
	record->stray_of = str_empty(stray_of) ? NULL : strdup(stray_of);
	record->adopted = str_empty(adopted) ? NULL : strdup(adopted);
	record->is_foreign = js_bool(data, "foreign", false);
	record->is_guess = js_bool(data, "guess", false);
	record->is_grown = js_bool(data, "grown", false);
	record->was_shown = js_bool(data, "was_shown", false);
	const char *synced = js_str(data, "synced");
	str_copy(record->synced, sizeof(record->synced), synced ? synced : "");
}

bool record_bound(struct record *record, int64_t now_wall_ms)
{
	const struct {
		int64_t *at_ms, instead_ms;
	} instants[] = {{&record->created_ms, now_wall_ms}, {&record->born_ms, now_wall_ms},
		{&record->left_ms, now_wall_ms}, {&record->busy_ms, now_wall_ms},
		{&record->deleted_ms, 0}, {&record->restored_ms, 0}};
	bool any = false;
	for (size_t i = 0; i < ARRAY_COUNT(instants); i++) {
		if (*instants[i].at_ms <= now_wall_ms)
			continue;
		*instants[i].at_ms = instants[i].instead_ms;
		any = true;
	}
	const char *path;
	json_t *write;
	json_object_foreach (record->writes, path, write) {
		if (js_int(write, "at", 0) <= now_wall_ms)
			continue;
		json_object_set_new(write, "at", json_integer(now_wall_ms));
		any = true;
	}
	return any;
}

void record_renew(struct record *record, int64_t now_wall_ms)
{
	if (!record->created_ms)
		return;
	record->created_ms = now_wall_ms;
	if (record->was_shown)
		record->created_ms -= DECIDE_CREATE_SETTLES_MS - DECIDE_SEEN_SETTLES_MS;
}

void record_note_busy(struct record *record, bool is_pending, bool is_going, int64_t now_wall_ms)
{
	bool is_busy = is_pending || is_going;
	if (is_busy == (record->busy_ms != 0) && is_going == record->is_going)
		return;
	record->busy_ms = is_busy ? now_wall_ms : 0;
	record->is_going = is_going;
	record->is_dirty = true;
}

void record_forget_deletions(struct record *record)
{
	record->is_dirty |= record->deletions > 0;
	record->deletions = 0;
}

void record_shown_again(struct record *record)
{
	if (!record->was_shown)
		return;
	record->was_shown = false;
	record->created_ms = record->born_ms;
	record->is_dirty = true;
}

static bool has_value(const json_t *list, const json_t *value)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		if (json_equal(one, (json_t *)value))
			return true;
	return false;
}

bool record_refuse(struct record *record, const json_t *refused)
{
	bool is_new = false;
	const char *member;
	json_t *values, *value;
	size_t i;
	json_object_foreach ((json_t *)refused, member, values) {
		json_t *kept = json_object_get(record->refused, member);
		if (!kept) {
			kept = json_array();
			json_object_set_new(record->refused, member, kept);
		}
		json_array_foreach (values, i, value) {
			if (has_value(kept, value))
				continue;
			json_array_append(kept, value);
			is_new = true;
		}
		while (json_array_size(kept) > MOST_REFUSED)
			json_array_remove(kept, 0);
	}
	return is_new;
}

bool record_note_tags(struct record *record, const json_t *tags, const json_t *seen)
{
	json_t *now = json_array();
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach ((json_t *)tags, key, value)
		json_array_append_new(now, json_string(key));
	json_array_foreach (record->tags, i, value) {
		key = json_string_value(value);
		if (key && !json_object_get(tags, key) && json_object_get(seen, key))
			json_array_append(now, value);
	}
	bool is_new = !json_equal(now, record->tags);
	json_decref(record->tags);
	record->tags = now;
	return is_new;
}

static int64_t delay_ms(enum err_class class, bool not_yet, int count, double jitter)
{
	static const struct {
		int64_t base_ms, most_ms;
	} paces[] = {
		[ERR_NONE] = {0, 0},
		[ERR_TRANSIENT] = {1000, 60000},
		[ERR_THROTTLED] = {5000, 300000},
		[ERR_NOT_FOUND] = {1000, 60000},
		[ERR_CONFLICT] = {2000, 60000},
		[ERR_DENIED] = {60000, 900000},
		[ERR_CREDENTIALS] = {2000, 30000},
		[ERR_QUOTA] = {300000, 3600000},
		[ERR_INVALID] = {60000, 3600000},
		[ERR_CANCELED] = {0, 0},
		[ERR_BUG] = {60000, 3600000},
	};
	int64_t base = not_yet ? 500 : paces[class].base_ms;
	int64_t most = not_yet ? 15000 : paces[class].most_ms;
	int64_t delay = base;
	for (int i = 1; i < count && delay < most; i++)
		delay *= 2;
	if (delay > most)
		delay = most;
	// Half fixed, half random: spread out, but never at once.
	return delay / 2 + (int64_t)((double)delay / 2 * jitter);
}

void failure_add(struct failure *failure, const struct err *err, bool not_yet, const char *key,
	int64_t now_ms, double jitter)
{
	if (failure->count == 0 || !str_eq(failure->key, key))
		failure->since_ms = now_ms;
	if (!str_eq(failure->key, key) || failure->err.class != err->class)
		failure->count = 0;
	failure->count++;
	failure->err = *err;
	str_copy(failure->key, sizeof(failure->key), key);
	failure->next_ms = now_ms + delay_ms(err->class, not_yet, failure->count, jitter);
}

void failure_clear(struct failure *failure)
{
	*failure = (struct failure){0};
}

bool failure_is_for_people(const struct failure *failure)
{
	switch (failure->err.class) {
	case ERR_DENIED:
	case ERR_CREDENTIALS:
	case ERR_QUOTA:
	case ERR_INVALID:
		return true;
	case ERR_NONE:
	case ERR_TRANSIENT:
	case ERR_THROTTLED:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_CANCELED:
	case ERR_BUG:
		break;
	}
	return false;
}

const char *failure_reason(enum err_class class)
{
	switch (class) {
	case ERR_DENIED:
		return "AccessDenied";
	case ERR_CREDENTIALS:
		return "CredentialsRefused";
	case ERR_QUOTA:
		return "QuotaReached";
	case ERR_THROTTLED:
		return "Throttled";
	case ERR_INVALID:
		return "Refused";
	case ERR_CONFLICT:
		return "Conflict";
	case ERR_NOT_FOUND:
		return "NotFound";
	case ERR_TRANSIENT:
	case ERR_CANCELED:
		return "Retrying";
	case ERR_NONE:
	case ERR_BUG:
		break;
	}
	return "InternalError";
}

const char *failure_remedy(enum err_class class)
{
	switch (class) {
	case ERR_TRANSIENT:
		return "nothing to do unless it lasts: it is tried again by itself";
	case ERR_THROTTLED:
		return "nothing to do unless it lasts: AWS is asked less often; then see what else "
		       "calls it in this account";
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
		return "nothing to do unless it lasts: AWS is looked at again by itself";
	case ERR_DENIED:
	case ERR_QUOTA:
		return "when that is done, `holdfast sync` tries at once";
	case ERR_CREDENTIALS:
		return "fresh ones are fetched and tried by themselves";
	case ERR_INVALID:
		return "it is not AWS that has to change, but the file";
	case ERR_NONE:
	case ERR_CANCELED:
	case ERR_BUG:
		break;
	}
	return "this is a fault of Holdfast; please report it";
}
