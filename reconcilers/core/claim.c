// "Known" and "suspected" are remembered by the item's text, and forgotten with the item.
#include "core/claim.h"
#include "base/str.h"
#include "core/decide.h"
#include "core/path.h"

enum {
	CLAIM_SOON_MS = 1000, // longer than a look takes: it is asked once
	CLAIM_AGAIN_MS = 2500
};

const struct field *claim_field(const struct kind *kind)
{
	for (const struct field *f = kind->fields; f->name; f++)
		if (f->claim.of)
			return f;
	return NULL;
}

static bool applies(const struct item_claim *claim, const json_t *raw)
{
	for (const struct match_row *row = claim->when; row && row->path; row++)
		if (!path_matches(raw, row->path, row->glob))
			return false;
	return true;
}

static void put(json_t **ret, json_t *now)
{
	json_decref(*ret);
	*ret = now;
}

int64_t claim_note(const struct kind *kind, const json_t *raw, const json_t *observed,
	struct record *record, int64_t wall_ms)
{
	const struct field *field = claim_field(kind);
	if (!field)
		return 0;
	json_t *claimed = json_object(), *suspects = json_object();
	const json_t *among = json_object_get(raw, field->claim.among);
	int64_t wait_ms = 0;
	size_t i;
	json_t *item;
	const json_t *items = json_object_get(observed, field_member(kind, NULL, field));
	json_array_foreach (applies(&field->claim, raw) ? (json_t *)items : NULL, i, item) {
		_cleanup_json_ json_t *found = path_get(item, field->claim.by);
		const char *text = json_string_value(found);
		if (!text)
			continue;
		if (js_lists(among, text) || (!among && json_object_get(record->claimed, text))) {
			json_object_set_new(claimed, text, json_true());
			continue;
		}
		int64_t since = js_int(record->suspects, text, 0);
		if (among && (!since || since > wall_ms))
			since = wall_ms;
		json_object_set_new(suspects, text, json_integer(since));
		int64_t again = !since                                     ? CLAIM_SOON_MS
				: wall_ms - since < DECIDE_SEEN_SETTLES_MS ? CLAIM_AGAIN_MS
									   : 0;
		if (again && (!wait_ms || again < wait_ms))
			wait_ms = again;
	}
	record->is_dirty |=
		!json_equal(claimed, record->claimed) || !json_equal(suspects, record->suspects);
	put(&record->claimed, claimed);
	put(&record->suspects, suspects);
	return wait_ms;
}

json_t *claim_foreign(const struct record *record, int64_t wall_ms)
{
	json_t *out = NULL, *since;
	const char *text;
	json_object_foreach (record->suspects, text, since) {
		int64_t from = json_integer_value(since);
		if (!from || wall_ms - from < DECIDE_SEEN_SETTLES_MS)
			continue;
		if (!out)
			out = json_object();
		json_object_set_new(out, text, json_true());
	}
	return out;
}

bool claim_is_open(const struct record *record)
{
	return json_object_size(record->suspects) > 0;
}
