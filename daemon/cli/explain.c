// `explain`: what can stand in a file, from the same tables that check it: kinds' rows and AWS's
// models.
#include "aws/model.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "core/adopt.h"
#include "core/kind.h"

enum { MOST_ENUM_SHOWN = 8 };

/* What a path has led to: a kind, a field of one, or a member of AWS's structures. */
struct place_in_file {
	const struct kind *kind;
	const struct field *items; // the FIELD_ITEMS that `field` stands in, or NULL
	const struct field *field;
	const struct shape *shape; // of the field or member; NULL: references, items, flags
	char name[128];
};

// ---- types in words

static void put_type(struct buf *out, const struct shape *shape, bool is_long);

static void put_string_type(struct buf *out, const struct shape *shape, bool is_long)
{
	size_t count = shape_enum_count(shape);
	if (count == 0 || (!is_long && count > MOST_ENUM_SHOWN)) {
		buf_adds(out, "text");
		if (count)
			buf_addf(out, ", one of %zu", count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		buf_addf(out, "%s%s", i ? " | " : "", shape_enum_at(shape, i));
}

static void put_type(struct buf *out, const struct shape *shape, bool is_long)
{
	switch (shape_type(shape)) {
	case SHAPE_STRUCT:
		buf_adds(out, "object");
		return;
	case SHAPE_LIST:
		buf_adds(out, "list of ");
		put_type(out, shape_element(shape), is_long);
		buf_adds(out, shape_type(shape_element(shape)) == SHAPE_STRUCT ? "s" : "");
		return;
	case SHAPE_MAP:
		buf_adds(out, "map to ");
		put_type(out, shape_element(shape), is_long);
		return;
	case SHAPE_STRING:
		put_string_type(out, shape, is_long);
		return;
	case SHAPE_INTEGER:
	case SHAPE_LONG:
		buf_adds(out, "whole number");
		return;
	case SHAPE_FLOAT:
		buf_adds(out, "number");
		return;
	case SHAPE_BOOLEAN:
		buf_adds(out, "true | false");
		return;
	case SHAPE_TIMESTAMP:
		buf_adds(out, "time");
		return;
	case SHAPE_BLOB:
		buf_adds(out, "bytes");
		return;
	}
}

static void put_limits(struct buf *out, const struct shape *shape)
{
	int64_t min, max;
	bool has_min = shape_min(shape, &min), has_max = shape_max(shape, &max);
	bool is_number = shape_type(shape) == SHAPE_INTEGER || shape_type(shape) == SHAPE_LONG ||
			 shape_type(shape) == SHAPE_FLOAT;
	const char *unit = is_number                           ? ""
			   : shape_type(shape) == SHAPE_STRING ? " characters"
							       : " items";
	if (shape_enum_count(shape) > 0)
		return;
	if (has_min && has_max)
		buf_addf(out, "%lld to %lld%s", (long long)min, (long long)max, unit);
	else if (has_max)
		buf_addf(out, "at most %lld%s", (long long)max, unit);
	else if (has_min && (is_number || min > 0))
		buf_addf(out, "at least %lld%s", (long long)min, unit);
}

static void put_source(struct buf *out, const struct field *field)
{
	switch (field->form) {
	case SOURCE_REFERRED:
		buf_adds(out, "{env: NAME} or {file: /path}; never the value itself");
		return;
	case SOURCE_PATH:
		buf_adds(out, "path of a file on the daemon's host");
		return;
	case SOURCE_MADE:
		buf_adds(out, "{password_length, exclude_characters, exclude_punctuation, ..., "
			      "template, key}");
		return;
	}
}

static void put_values(struct buf *out, const char *values)
{
	for (const char *p = values; *p; p++)
		if (*p == ' ')
			buf_adds(out, " | ");
		else
			buf_addc(out, *p);
}

static void put_field_type(struct buf *out, const struct place_in_file *place, bool is_long)
{
	const struct field *field = place->field;
	switch (field->type) {
	case FIELD_REF:
		buf_addf(out, "name of %s %s", strchr("aeio", field->ref[0]) ? "an" : "a",
			field->ref);
		return;
	case FIELD_REFS:
		buf_addf(out, "names of %ss", field->ref);
		return;
	case FIELD_ITEMS:
		buf_adds(out, field->pair_key ? "map of values by name" : "list of objects");
		return;
	case FIELD_FLAG:
		buf_adds(out, "true | false");
		return;
	case FIELD_PAIRS:
		buf_adds(out, "map of texts");
		return;
	case FIELD_SOURCE:
		put_source(out, field);
		return;
	case FIELD_MODEL:
		break;
	}
	if (field->compare == COMPARE_POLICY &&
		place->shape == field_shape(place->kind, place->items, field))
		buf_adds(out, "IAM policy");
	else if (field->compare == COMPARE_JSON && place->shape &&
		 shape_type(place->shape) == SHAPE_STRING)
		buf_adds(out, "JSON, as object or text");
	else if (field->values && place->shape == field_shape(place->kind, place->items, field))
		put_values(out, field->values);
	else if (place->shape)
		put_type(out, place->shape, is_long);
	else if (field->flags & FIELD_COMPUTED)
		buf_adds(out, "from AWS");
}

static void add_note(struct buf *out, const char *note)
{
	buf_addf(out, "%s%s", out->len ? "; " : "", note);
}

static void put_field_notes(struct buf *out, const struct field *field)
{
	static const struct {
		enum field_flags flag;
		const char *note;
	} notes[] = {{FIELD_REQUIRED, "required"}, {FIELD_ONE_OF, "one of these is required"},
		{FIELD_COMPUTED, "AWS's; may be referred to, not set"},
		{FIELD_CREATE_ONLY, "another value means another resource"},
		{FIELD_WRITE_ONLY, "cannot be read back"}, {FIELD_SECRET, "secret"}};
	if (field->summary)
		add_note(out, field->summary);
	for (size_t i = 0; i < ARRAY_COUNT(notes); i++)
		if (field->flags & (unsigned)notes[i].flag)
			add_note(out, notes[i].note);
	if ((field->flags & FIELD_NAME) && !(field->flags & FIELD_REQUIRED))
		add_note(out, "<stack>-<name> when unset");
	if (field->preset)
		buf_addf(out, "%s%s when unset", out->len ? "; " : "", field->preset);
	for (const struct field *ref = field->refs; ref && ref->name; ref++)
		buf_addf(out, "%sin it '%s:' is the name of a %s", out->len ? "; " : "", ref->name,
			ref->ref);
	if (field->disrupts != DISRUPTS_NONE)
		buf_addf(out, "%sa change means: %s", out->len ? "; " : "",
			disruption_name(field->disrupts));
}

// ---- following a path

static bool enter_field(struct place_in_file *place, const struct field *fields,
	const struct field *items, const char *name)
{
	const struct field *field = field_find(fields, name);
	if (!field)
		return false;
	place->items = items;
	place->field = field;
	place->shape = field->type == FIELD_MODEL ? field_shape(place->kind, items, field) : NULL;
	return true;
}

static bool enter(struct place_in_file *place, const char *name)
{
	if (!place->field)
		return enter_field(place, place->kind->fields, NULL, name);
	if (place->field->type == FIELD_ITEMS)
		return enter_field(place, place->field->items, place->field, name);
	const struct shape *shape = place->shape;
	while (shape && (shape_type(shape) == SHAPE_LIST || shape_type(shape) == SHAPE_MAP))
		shape = shape_element(shape);
	const struct member *member = shape ? shape_member_snake(shape, name) : NULL;
	if (!member)
		return false;
	place->shape = member_shape(member);
	return true;
}

static size_t names_below(const struct place_in_file *place, const char **names, size_t most)
{
	const struct field *fields = !place->field ? place->kind->fields : place->field->items;
	const struct shape *shape = place->shape;
	size_t count = 0;
	for (const struct field *f = fields; f && f->name && count < most; f++)
		names[count++] = f->name;
	while (shape && (shape_type(shape) == SHAPE_LIST || shape_type(shape) == SHAPE_MAP))
		shape = shape_element(shape);
	for (size_t i = 0; shape && i < shape_member_count(shape) && count < most; i++)
		names[count++] = member_snake(shape_member_at(shape, i));
	return count;
}

static int unknown(struct cli *cli, const struct place_in_file *place, const char *name)
{
	const char *names[256];
	size_t count = names_below(place, names, ARRAY_COUNT(names));
	const char *near = nearest_name(name, names, count);
	_cleanup_free_ char *remedy =
		near ? str_format("Did you mean '%s'?", near)
		     : str_format("'holdfast explain %s' lists its fields.", place->kind->name);
	return cli_complain(cli, remedy, "%s has no field '%s'", place->name, name);
}

static int unknown_kind(struct cli *cli, const char *name)
{
	const char *names[256];
	size_t count = 0;
	for (const struct kind *const *kind = all_kinds; *kind && count < ARRAY_COUNT(names);
		kind++)
		names[count++] = (*kind)->name;
	const char *near = nearest_name(name, names, count);
	_cleanup_free_ char *remedy = near ? str_format("Did you mean '%s'?", near) : NULL;
	return cli_complain(cli, remedy ? remedy : "'holdfast explain' lists the kinds.",
		"there is no kind '%s'", name);
}

// "subnet", "subnet.cidr_block", and as in the file "network.subnet.cidr_block". An exit status, or
// 0.
static int follow(struct cli *cli, const char *path, struct place_in_file *place)
{
	char name[128];
	*place = (struct place_in_file){0};
	while (*path) {
		size_t n = strcspn(path, ".");
		if (n >= sizeof(name))
			return cli_complain(cli, NULL, "no name is that long");
		memcpy(name, path, n);
		name[n] = '\0';
		path += n + (path[n] == '.');
		if (!place->kind && layer_find(name) && *path)
			continue;
		if (!place->kind) {
			place->kind = kind_find(name);
			if (!place->kind)
				return unknown_kind(cli, name);
		} else if (!enter(place, name)) {
			return unknown(cli, place, name);
		}
		str_copy(place->name, sizeof(place->name), name);
	}
	return place->kind ? 0 : unknown_kind(cli, "");
}

// ---- rows: {"name","type","notes","limits"}; a field also has
// {"required","change","disruption","ref","default","has_fields"}

static json_t *row_new(const char *name, struct buf *type, struct buf *limits, struct buf *notes)
{
	json_t *row = json_pack("{s:s, s:s}", "name", name, "type", buf_str(type));
	if (row && limits->len)
		js_set_str(row, "limits", buf_str(limits));
	if (row && notes->len)
		js_set_str(row, "notes", buf_str(notes));
	buf_done(type);
	buf_done(limits);
	buf_done(notes);
	return row;
}

// What comes of another value in the file: "in place", "another resource", "none" (AWS's own).
static const char *change_of(const struct field *field)
{
	return field->flags & FIELD_COMPUTED      ? "none"
	       : field->flags & FIELD_CREATE_ONLY ? "another resource"
						  : "in place";
}

static void add_facts(json_t *row, const struct field *field)
{
	js_set_str(row, "change", change_of(field));
	js_set_str(row, "disruption",
		disruption_name(
			field->flags & FIELD_CREATE_ONLY ? DISRUPTS_REPLACEMENT : field->disrupts));
	json_object_set_new(row, "required", json_boolean((field->flags & FIELD_REQUIRED) != 0));
	js_set_str(row, "ref", field->ref);
	js_set_str(row, "default", field->preset);
}

static json_t *field_row(const struct place_in_file *place, bool is_long)
{
	struct buf type = {0}, limits = {0}, notes = {0};
	put_field_type(&type, place, is_long);
	if (place->shape)
		put_limits(&limits, place->shape);
	put_field_notes(&notes, place->field);
	json_t *row = row_new(place->field->name, &type, &limits, &notes);
	add_facts(row, place->field);
	return row;
}

static json_t *rows_of_fields(
	const struct kind *kind, const struct field *fields, const struct field *items)
{
	json_t *rows = json_array();
	for (const struct field *f = fields; f && f->name; f++) {
		struct place_in_file place = {.kind = kind};
		if (!enter_field(&place, fields, items, f->name))
			continue;
		json_array_append_new(rows, field_row(&place, false));
		const char *below;
		if (names_below(&place, &below, 1) > 0)
			json_object_set_new(json_array_get(rows, json_array_size(rows) - 1),
				"has_fields", json_true());
	}
	return rows;
}

static json_t *rows_of_shape(const struct shape *shape)
{
	json_t *rows = json_array();
	while (shape && (shape_type(shape) == SHAPE_LIST || shape_type(shape) == SHAPE_MAP))
		shape = shape_element(shape);
	for (size_t i = 0; shape && i < shape_member_count(shape); i++) {
		const struct member *member = shape_member_at(shape, i);
		struct buf type = {0}, limits = {0}, notes = {0};
		put_type(&type, member_shape(member), false);
		put_limits(&limits, member_shape(member));
		if (member_is_required(member))
			add_note(&notes, "required");
		json_array_append_new(rows, row_new(member_snake(member), &type, &limits, &notes));
	}
	return rows;
}

/* {"format","kind","layer","service","summary"?,"deletion","tags":bool,"adopts":bool,"field"?:
 * ROW,"fields":[ROW]}; deletion: what the end of one interrupts; tags, adopts: does it take
 * `tags:`, `adopt:`? */
static json_t *answer_of(const struct place_in_file *place)
{
	const struct kind *kind = place->kind;
	json_t *answer = json_pack("{s:i, s:s, s:s, s:s, s:s*}", "format", 1, "kind", kind->name,
		"layer", kind->layer, "service", kind->service, "summary", kind->summary);
	if (!answer)
		return NULL;
	js_set_str(answer, "deletion",
		disruption_name(kind->holds_data ? DISRUPTS_DATA_LOSS : kind->ends));
	json_object_set_new(answer, "tags", json_boolean(kind->tagging));
	json_object_set_new(answer, "adopts", json_boolean(adopt_is_possible(kind)));
	json_t *rows;
	if (!place->field)
		rows = rows_of_fields(kind, kind->fields, NULL);
	else if (place->field->type == FIELD_ITEMS)
		rows = rows_of_fields(kind, place->field->items, place->field);
	else
		rows = rows_of_shape(place->shape);
	if (place->field) {
		json_t *row = field_row(place, true);
		js_set_str(row, "name", place->name);
		json_object_set_new(answer, "field", row);
	}
	json_object_set_new(answer, "fields", rows);
	return answer;
}

// ---- printing

static void put_rows(const struct view *view, const json_t *rows, struct buf *out)
{
	static const struct column columns[] = {
		{"FIELD", 0}, {"TYPE", COLUMN_FLEX}, {"LIMITS", COLUMN_DROP}, {NULL, COLUMN_BELOW}};
	size_t i;
	json_t *row;
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	json_array_foreach ((json_t *)rows, i, row) {
		table_add(&table, PAINT_BOLD, js_str(row, "name"));
		table_add(&table, PAINT_PLAIN, js_str(row, "type"));
		table_add(&table, PAINT_DIM, js_str(row, "limits"));
		table_add(&table, PAINT_PLAIN, js_str(row, "notes"));
	}
	table_render(&table, out);
}

// The first field with fields of its own; NULL: there is none.
static const char *first_structure(const json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row)
		if (js_bool(row, "has_fields", false))
			return js_str(row, "name");
	return NULL;
}

static void put_answer(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *field = json_object_get(answer, "field");
	const char *summary = js_str(answer, "summary"), *kind = js_str(answer, "kind");
	view_put(view, out, PAINT_BOLD, kind ? kind : "-");
	view_putf(view, out, PAINT_PLAIN, "  %s%s(layer %s)", summary ? summary : "",
		summary ? "  " : "", js_str(answer, "layer"));
	buf_adds(out, "\n");
	if (field) {
		_cleanup_json_ json_t *rows = json_pack("[O]", field);
		buf_adds(out, "\n");
		put_rows(view, rows, out);
	}
	if (json_array_size(json_object_get(answer, "fields")) > 0) {
		buf_adds(out, "\n");
		put_rows(view, json_object_get(answer, "fields"), out);
	}
	if (field)
		return;
	const char *deletion = js_str(answer, "deletion");
	const char *inner = first_structure(json_object_get(answer, "fields"));
	if (inner)
		buf_addf(out,
			"\nWhat stands inside a structure: holdfast explain %s.%s, and deeper the "
			"same way.\n",
			kind ? kind : "KIND", inner);
	buf_adds(out, js_bool(answer, "tags", false)
			      ? "\nEvery resource also takes tags: and policy:."
			      : "\nEvery resource also takes policy:, and has no tags.");
	if (js_bool(answer, "adopts", false))
		buf_adds(out, " adopt: takes over one that stands there, by its id.");
	if (deletion && !str_eq(deletion, "none"))
		buf_addf(out, " Deleting one means: %s.", deletion);
	buf_adds(out, "\n");
}

static json_t *list_of_kinds(void)
{
	json_t *kinds = json_array();
	for (const struct kind *const *kind = all_kinds; *kind; kind++)
		json_array_append_new(
			kinds, json_pack("{s:s, s:s, s:s*}", "name", (*kind)->name, "layer",
				       (*kind)->layer, "summary", (*kind)->summary));
	return json_pack("{s:i, s:o}", "format", 1, "kinds", kinds);
}

static void put_kinds(const struct view *view, struct buf *out)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_FLEX}};
	for (const struct layer *const *layer = all_layers; *layer; layer++) {
		_cleanup_table_ struct table table = {0};
		view_put(view, out, PAINT_BOLD, (*layer)->name);
		view_putf(
			view, out, PAINT_PLAIN, "  %s", (*layer)->summary ? (*layer)->summary : "");
		buf_adds(out, "\n");
		table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
		for (const struct kind *const *kind = all_kinds; *kind; kind++) {
			if (!str_eq((*kind)->layer, (*layer)->name))
				continue;
			table_add(&table, PAINT_PLAIN, (*kind)->name);
			table_add(&table, PAINT_PLAIN, (*kind)->summary);
		}
		table_render(&table, out);
	}
}

int run_explain(struct cli *cli)
{
	_cleanup_buf_ struct buf out = {0};
	struct place_in_file place;
	if (cli->argument_count == 0) {
		if (cli->is_json) {
			_cleanup_json_ json_t *kinds = list_of_kinds();
			return cli_print_json(cli, kinds, EXIT_DONE);
		}
		put_kinds(&cli->view, &out);
		return cli_print(cli, &out, EXIT_DONE);
	}
	int status = follow(cli, cli->arguments[0], &place);
	if (status || !place.kind)
		return EXIT_ERROR;
	_cleanup_json_ json_t *answer = answer_of(&place);
	if (cli->is_json)
		return cli_print_json(cli, answer, EXIT_DONE);
	put_answer(&cli->view, answer, &out);
	return cli_print(cli, &out, EXIT_DONE);
}

void offline_words(struct buf *out, bool has_layers, bool has_kinds)
{
	for (const struct layer *const *layer = all_layers; has_layers && *layer; layer++)
		buf_addf(out, "%s\n", (*layer)->name);
	for (const struct kind *const *kind = all_kinds; has_kinds && *kind; kind++)
		buf_addf(out, "%s\n", (*kind)->name);
}
