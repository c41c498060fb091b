// What differs between what is wanted and what was seen. Pure.
#pragma once

#include "core/desired.h"
#include "core/kind.h"

enum difference_type {
	DIFFERS_CHANGED,    // a managed field has another value
	DIFFERS_MISSING,    // an item that should be there is not
	DIFFERS_FOREIGN,    // an item is there that should not be
	DIFFERS_UNDECLARED, // something the file does not say changed since it was recorded
};

struct difference {
	const struct field *field; // borrowed from the table; NULL for a tag
	enum difference_type type;
	char *path;        // "CidrBlock", "Routes[0.0.0.0/0]", "Tags[team]"; owned
	json_t *desired;   // the value, or the item; NULL when there is none; owned
	json_t *observed;  // likewise
	bool is_held_back; // is not written now, whatever else is: a person, a window or a
			   // replacement is waited for (weigh.h)
};

struct differences {
	struct difference *items;
	size_t count, size;
};

/* The two sides. */
struct diff_input {
	const struct kind *kind;
	const json_t *want; // desired JSON with its references replaced; unresolved members absent
	const json_t *tags; // all tags that must be there, ours included; NULL: do not compare
	const json_t *observed; // projected
	const json_t *observed_tags;
	const json_t *baseline;  // what unset fields were when first seen, and the tags of others
				 // (DIFF_TAGS); NULL: nothing recorded
	const json_t *waiting;   // {"Member": ...}: members that wait for a reference: not compared
	const json_t *unread;    // {"Member": ...}: could not be read: not compared; or NULL
	const json_t *ignore;    // ["field", ...] or NULL
	const json_t *unclaimed; // {"<text>": true} of items that nobody claims, or NULL
	const json_t *yielded;   // ["field", ...] that belong to another resource now, or NULL
	const json_t *old_tags;  // ["key", ...] of tags that the file had once, or NULL
};

/* Appends to ret. Fields stand in the order of the table, tags last, undeclared ones after those.
 */
void diff_make(const struct diff_input *input, struct differences *ret);
void differences_done(struct differences *differences);
/* What a correction of it in place interrupts. Items that are only added interrupt nothing. */
enum disruption difference_disrupts(const struct difference *difference);
/* "changed", "missing", "foreign", "undeclared"; static. */
const char *difference_type_name(enum difference_type type);
/* What a baseline keeps of an unset field: the observed value, lists without order, items by their
 * keys. New; JSON null when absent. NULL for fields that have no baseline (computed, quiet, flags).
 */
json_t *diff_baseline(const struct kind *kind, const struct field *field, const json_t *observed);
/* The member of a baseline that keeps the tags of others. */
#define DIFF_TAGS "(tags)"
/* Of {"key": "value"} those that are somebody else's: not in the file (`tags`), nor once in it
 * (`old_tags`), nor ours by name, nor AWS's own ("aws:..."); new. Both may be NULL. */
json_t *diff_tags_of_others(const json_t *seen, const json_t *tags, const json_t *old_tags);
/* What names an item of a FIELD_ITEMS: "tcp 22 22 0.0.0.0/0". New. */
char *diff_item_key(const struct field *field, const json_t *item);
/* Is the field set in the file (or preset)? */
bool diff_is_declared(const struct kind *kind, const struct field *field, const json_t *want);
/* The paths of the first few, in words: "Tags[team], Rules[tcp 22] (foreign), ..."; of those that
 * the file does not set, or of the others. */
struct buf;
void differences_list(const struct differences *differences, bool undeclared, struct buf *out);
/* The same of those that are held back, or of the managed ones that are not. */
void differences_list_held(const struct differences *differences, bool held_back, struct buf *out);
