// "IAM identifiers", unique identifiers: when a role or user is deleted, policies that named it as
// a principal show its unique id (AROA..., AIDA...) from then on, also when another one of its name
// is made.
#include "core/remarks.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/compare.h"

enum { MOST_VALUE_BYTES = 80, LEAST_ID_BYTES = 16 };

static void put(json_t *list, struct buf *text)
{
	json_array_append_new(list, json_string(buf_str(text)));
	buf_reset(text);
}

static void put_value(struct buf *text, const json_t *value)
{
	_cleanup_free_ char *plain = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	bool is_long = plain && strlen(plain) > MOST_VALUE_BYTES;
	if (json_is_string(value))
		buf_adds(text, json_string_value(value));
	else
		buf_adds(text, !plain ? "?" : is_long ? "another value" : plain);
}

// The id of a principal that is gone, in a policy document of AWS's; to be freed. NULL: none.
static char *lost_principal(const json_t *document)
{
	_cleanup_free_ char *text = json_dumps(document, JSON_ENCODE_ANY | JSON_COMPACT);
	static const char *const prefixes[] = {"AROA", "AIDA"};
	for (size_t i = 0; text && i < ARRAY_COUNT(prefixes); i++) {
		for (const char *at = strstr(text, prefixes[i]); at;
			at = strstr(at + 1, prefixes[i])) {
			size_t n = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
			bool is_whole = at > text && at[-1] == '"' && n >= LEAST_ID_BYTES;
			if (is_whole)
				return strndup(at, n);
		}
	}
	return NULL;
}

// The file's "16.3", and AWS has 16.4; "16" means any 16.x and is nothing to speak of.
static bool is_newer(const struct field *field, const json_t *want, const json_t *seen)
{
	const char *desired = json_string_value(want), *observed = json_string_value(seen);
	if (field->compare != COMPARE_VERSION || !desired || !observed)
		return false;
	size_t n = strlen(desired);
	bool is_named =
		strncmp(desired, observed, n) == 0 && (observed[n] == '\0' || observed[n] == '.');
	return !is_named && compare_holds(COMPARE_VERSION, want, seen);
}

json_t *remarks_make(const struct kind *kind, const json_t *want, const json_t *observed,
	const json_t *ignore, const json_t *owners)
{
	json_t *out = json_array();
	_cleanup_buf_ struct buf text = {0};
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		const json_t *wanted = member ? json_object_get(want, member) : NULL;
		const json_t *seen = member ? json_object_get(observed, member) : NULL;
		if (!wanted || !seen || f->type == FIELD_FLAG || f->type == FIELD_ITEMS ||
			(f->flags & (FIELD_SECRET | FIELD_WRITE_ONLY)))
			continue;
		const char *owner = js_str(owners, f->name);
		bool is_ignored = js_lists(ignore, f->name);
		bool differs = !compare_holds(f->compare, wanted, seen);
		_cleanup_free_ char *lost =
			f->compare == COMPARE_POLICY && differs ? lost_principal(seen) : NULL;
		if (is_newer(f, wanted, seen)) {
			buf_addf(&text, "%s is ", member);
			put_value(&text, seen);
			buf_adds(&text, " in AWS, newer than ");
			put_value(&text, wanted);
			buf_adds(&text, " in the file: left as it is, for nothing is downgraded");
			put(out, &text);
		} else if (differs && (owner || is_ignored)) {
			buf_addf(&text, "%s is ", member);
			put_value(&text, seen);
			buf_adds(&text, " in AWS and ");
			put_value(&text, wanted);
			buf_addf(&text, " in the file: left as it is, for %s%s",
				owner ? owner : "it is told to be ignored",
				owner ? " rules it" : "");
			put(out, &text);
		} else if (lost) {
			buf_addf(&text,
				"%s names %s in AWS: the id of a role or user that was deleted; "
				"one that was made again under its name is not meant by it until "
				"the document is written again",
				member, lost);
			put(out, &text);
		}
	}
	return out;
}
