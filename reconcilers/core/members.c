// Every word of a table that is a path over an item is walked here; a new word of that sort belongs
// in this list, or its member is lost with the XML that it stood in.
#include "core/members.h"
#include "base/str.h"
#include "core/template.h"

// The first step of a path; of "A|B" that of each.
static void keep_path(json_t *keep, const char *path)
{
	while (path && *path) {
		char step[96];
		size_t n = strcspn(path, ".[|?");
		if (n > 0 && n < sizeof(step)) {
			memcpy(step, path, n);
			step[n] = '\0';
			json_object_set_new(keep, step, json_true());
		}
		path += strcspn(path, "|");
		path += *path == '|';
	}
}

// What a template says of "@item.X" and "@{item.X}".
static void keep_items(json_t *keep, const char *text)
{
	for (const char *p = text ? strstr(text, "item.") : NULL; p; p = strstr(p, "item.")) {
		bool is_named = p > text && (p[-1] == '@' || p[-1] == '{' || p[-1] == '!');
		char step[96];
		p += strlen("item.");
		size_t n = strcspn(p, ".[}\" ");
		if (!is_named || n == 0 || n >= sizeof(step))
			continue;
		memcpy(step, p, n);
		step[n] = '\0';
		json_object_set_new(keep, step, json_true());
	}
}

static void keep_text(json_t *keep, const char *text)
{
	if (text && template_is_string(text))
		keep_items(keep, text);
	else
		keep_path(keep, text);
}

json_t *members_read(const struct kind *kind)
{
	json_t *keep = json_object();
	keep_text(keep, kind->observe.id);
	keep_text(keep, kind->observe.arn);
	keep_text(keep, kind->observe.item_key);
	keep_path(keep, kind->observe.strays.spared.path);
	for (int i = 0; i < KIND_MOST_FOLLOWS; i++) {
		keep_items(keep, kind->observe.follows[i].args);
		keep_path(keep, kind->observe.follows[i].unless.path);
	}
	for (const char *const *m = kind->observe.derived_from; m && *m; m++)
		keep_path(keep, *m);
	keep_path(keep, kind->tagging ? kind->tagging->observed : NULL);
	keep_path(keep, kind->states.path);
	keep_text(keep, kind->states.message);
	keep_text(keep, kind->states.waits);
	keep_path(keep, kind->states.waits_each);
	keep_path(keep, kind->states.restorable.path);
	for (const struct condition *c = kind->conditions; c && c->path; c++) {
		keep_path(keep, c->path);
		keep_path(keep, c->unlike);
		keep_text(keep, c->message);
	}
	for (const struct field *f = kind->fields; f->name; f++) {
		keep_path(keep, f->observed ? f->observed : field_member(kind, NULL, f));
		keep_path(keep, f->refused);
		for (const struct match_row *row = f->skip; row && row->path; row++)
			if (str_starts(row->glob, "@observed."))
				keep_path(keep, row->glob + strlen("@observed."));
	}
	return keep;
}
