// A reference is checked when it is read: the layer, the kind, the name and the attribute must
// exist, so that a slip is an error of the file and not a resource that waits for ever.
#include "core/reference.h"
#include "aws/model.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/str.h"

enum { MOST_STEPS = 12 };

static void append_once(json_t *list, const char *text)
{
	size_t i;
	json_t *one;
	json_array_foreach (list, i, one)
		if (str_eq(json_string_value(one), text))
			return;
	json_array_append_new(list, json_string(text));
}

void reference_note(struct checking *checking, const char *address)
{
	append_once(checking->wanted->refers_to, address);
	if (checking->for_create)
		append_once(checking->wanted->depends_on, address);
}

static json_t *make_reference(struct checking *checking, const char *address, const char *attr)
{
	reference_note(checking, address);
	return attr ? json_pack("{s:s, s:s}", "@ref", address, "@attr", attr)
		    : json_pack("{s:s}", "@ref", address);
}

/* Names of the declared resources of a kind; the array is the caller's. */
static size_t names_of_kind(
	const struct desired *desired, const struct kind *kind, const char ***ret_names)
{
	size_t count = 0;
	const char **names = calloc(desired->count + 1, sizeof(*names));
	for (size_t i = 0; names && i < desired->count; i++)
		if (desired->wanted[i].kind == kind)
			names[count++] = desired->wanted[i].name;
	*ret_names = names;
	return count;
}

/* The address of a declared resource; NULL after a finding. Borrowed from the desired. */
static const char *find_resource(
	struct checking *checking, const struct kind *kind, const char *name, struct place place)
{
	_cleanup_free_ char *address = str_format("%s.%s.%s", kind->layer, kind->name, name);
	const struct wanted *wanted =
		address ? map_get(&checking->desired->by_address, address) : NULL;
	if (wanted)
		return wanted->address;
	_cleanup_free_ const char **names = NULL;
	size_t count = names_of_kind(checking->desired, kind, &names);
	char text[CHECKING_TEXT_BYTES], fallback[CHECKING_TEXT_BYTES], known[CHECKING_TEXT_BYTES];
	if (count)
		snprintf(fallback, sizeof(fallback), "there is %s",
			checking_one_of(names, count, known) + strlen("one of: "));
	else
		snprintf(fallback, sizeof(fallback), "declare it under %s: %s:", kind->layer,
			kind->name);
	findings_error(checking->findings, place,
		checking_suggest(name, names, count, fallback, text), "no %s '%s'", kind->name,
		name);
	return NULL;
}

// ---- ${...}

struct reference {
	char text[200]; // cut at the dots
	const char *steps[MOST_STEPS];
	size_t count;
};

/* False when it is not one of ours. */
static bool split(const char *inside, struct reference *ret)
{
	*ret = (struct reference){0};
	if (!strchr(inside, '.') ||
		inside[strspn(inside, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.")])
		return false;
	str_copy(ret->text, sizeof(ret->text), inside);
	for (char *p = ret->text; p;) {
		char *dot = strchr(p, '.');
		if (dot)
			*dot++ = '\0';
		if (ret->count < MOST_STEPS)
			ret->steps[ret->count++] = p;
		p = dot;
	}
	return true;
}

/* "endpoint" -> "Endpoint" where no model says how the member is spelled. */
static void camel(const char *snake, struct buf *out)
{
	bool up = true;
	for (; *snake; snake++) {
		if (*snake != '_')
			buf_addc(out, up && *snake >= 'a' && *snake <= 'z'
					      ? (char)(*snake - 'a' + 'A')
					      : *snake);
		up = *snake == '_';
	}
}

static bool add_steps(struct checking *checking, const struct shape *shape,
	const struct reference *reference, struct place place, struct buf *out)
{
	for (size_t i = 4; i < reference->count; i++) {
		const char *step = reference->steps[i];
		int64_t index;
		buf_addc(out, '.');
		if (num_parse_i64(step, 0, 999, &index)) {
			buf_adds(out, step);
			shape = shape ? shape_element(shape) : NULL;
			continue;
		}
		const struct member *member = shape ? shape_member_snake(shape, step) : NULL;
		if (shape && shape_type(shape) == SHAPE_STRUCT && !member) {
			findings_error(checking->findings, place,
				"look it up with 'holdfast explain'", "'%s' has no member '%s'",
				reference->steps[i - 1], step);
			return false;
		}
		if (member)
			buf_adds(out, member_name(member));
		else
			camel(step, out);
		shape = member ? member_shape(member) : NULL;
	}
	return true;
}

static void unknown_attribute(
	struct checking *checking, const struct kind *kind, const char *name, struct place place)
{
	const char *names[100] = {"id", "arn"};
	size_t count = 2;
	for (const struct field *f = kind->fields; f->name && count < ARRAY_COUNT(names); f++)
		if (!(f->flags & (FIELD_SECRET | FIELD_WRITE_ONLY)) && f->type != FIELD_FLAG)
			names[count++] = f->name;
	char text[CHECKING_TEXT_BYTES], fallback[CHECKING_TEXT_BYTES];
	findings_error(checking->findings, place,
		checking_suggest(name, names, count, checking_one_of(names, count, fallback), text),
		"%s has no attribute '%s'", kind->name, name);
}

/* "id", "arn", or a field and members of it. False after a finding; NULL attr: the id. */
static bool attribute_path(struct checking *checking, const struct kind *kind,
	const struct reference *reference, struct place place, char **ret_attr)
{
	const char *name = reference->steps[3];
	*ret_attr = NULL;
	if (reference->count == 4 && str_eq(name, "id"))
		return true;
	if (reference->count == 4 && str_eq(name, "arn")) {
		*ret_attr = strdup("Arn");
		return *ret_attr != NULL;
	}
	const struct field *field = field_find(kind->fields, name);
	const char *member = field ? field_member(kind, NULL, field) : NULL;
	if (!member || field->type == FIELD_FLAG ||
		(field->flags & (FIELD_SECRET | FIELD_WRITE_ONLY))) {
		unknown_attribute(checking, kind, name, place);
		return false;
	}
	_cleanup_buf_ struct buf path = {0};
	buf_init(&path, 1000);
	buf_adds(&path, member);
	if (!add_steps(checking, field_shape(kind, NULL, field), reference, place, &path))
		return false;
	*ret_attr = buf_take(&path);
	return *ret_attr != NULL;
}

static json_t *head_value(
	struct checking *checking, const struct reference *reference, struct place place)
{
	static const char *const names[] = {"name", "region", "account"};
	const struct desired *desired = checking->desired;
	const char *name = reference->count == 2 ? reference->steps[1] : "";
	char text[CHECKING_TEXT_BYTES];
	if (str_eq(name, "name"))
		return json_string(desired->stack ? desired->stack : "");
	if (str_eq(name, "region"))
		return json_string(desired->region ? desired->region : "");
	if (str_eq(name, "account") && desired->account)
		return json_string(desired->account);
	if (str_eq(name, "account"))
		findings_error(checking->findings, place, "write 'account: \"<12 digits>\"'",
			"the file names no account");
	else
		findings_error(checking->findings, place,
			checking_suggest(name, names, ARRAY_COUNT(names),
				"${stack.name}, ${stack.region} or ${stack.account}", text),
			"the stack has no attribute '%s'", name);
	return NULL;
}

static const struct kind *find_kind(
	struct checking *checking, const struct reference *reference, struct place place)
{
	const char *names[128];
	size_t count = 0;
	char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	const char *layer_name = reference->steps[0], *kind_name = reference->steps[1];
	if (!layer_find(layer_name)) {
		for (const struct layer *const *l = all_layers; *l && count < 128; l++)
			names[count++] = (*l)->name;
		findings_error(checking->findings, place,
			checking_suggest(layer_name, names, count,
				"write '$${' when it is not a reference", text),
			"no layer '%s'", layer_name);
		return NULL;
	}
	const struct kind *kind = kind_find(kind_name);
	if (kind && str_eq(kind->layer, layer_name))
		return kind;
	for (const struct kind *const *k = all_kinds; *k && count < 128; k++)
		if (str_eq((*k)->layer, layer_name))
			names[count++] = (*k)->name;
	if (kind)
		snprintf(text, sizeof(text), "it is %s.%s", kind->layer, kind->name);
	findings_error(checking->findings, place,
		kind ? text
		     : checking_suggest(
			       kind_name, names, count, checking_one_of(names, count, all), text),
		"layer %s has no kind '%s'", layer_name, kind_name);
	return NULL;
}

/* What one ${...} stands for: a plain string, a reference, or NULL after a finding. *ret_kind: the
 * kind when it is the id of a resource. */
static json_t *read_reference(struct checking *checking, const struct reference *reference,
	struct place place, const struct kind **ret_kind)
{
	if (ret_kind)
		*ret_kind = NULL;
	if (str_eq(reference->steps[0], "stack"))
		return head_value(checking, reference, place);
	// An error of a variable has been told by whoever replaces them.
	if (str_eq(reference->steps[0], "var"))
		return NULL;
	const struct kind *kind = find_kind(checking, reference, place);
	if (!kind)
		return NULL;
	if (reference->count < 4) {
		findings_error(checking->findings, place,
			"write ${layer.kind.name.attribute}, as in ${network.vpc.main.id}",
			"a reference without %s", reference->count < 3 ? "a name" : "an attribute");
		return NULL;
	}
	const char *address = find_resource(checking, kind, reference->steps[2], place);
	_cleanup_free_ char *attr = NULL;
	if (!attribute_path(checking, kind, reference, place, &attr) || !address)
		return NULL;
	if (ret_kind && !attr)
		*ret_kind = kind;
	return make_reference(checking, address, attr);
}

static void append_plain(json_t *parts, const char *text, size_t bytes)
{
	if (!bytes)
		return;
	_cleanup_free_ char *cut = strndup(text, bytes);
	_cleanup_free_ char *plain = cut ? interpolation_unescape(cut) : NULL;
	json_t *last = json_array_get(parts, json_array_size(parts) - 1);
	if (plain && json_is_string(last)) {
		_cleanup_free_ char *both = str_format("%s%s", json_string_value(last), plain);
		json_string_set(last, both ? both : "");
	} else if (plain) {
		json_array_append_new(parts, json_string(plain));
	}
}

json_t *reference_text(struct checking *checking, const char *text, struct place place)
{
	_cleanup_json_ json_t *parts = json_array();
	struct interpolation found = {0};
	struct reference reference;
	bool is_bad, ok = true;
	size_t done = 0;
	while (interpolation_next(text, found.end, &found, &is_bad)) {
		if (!split(found.inside, &reference))
			continue;
		append_plain(parts, text + done, found.start - done);
		done = found.end;
		json_t *part = read_reference(checking, &reference, place, NULL);
		ok = ok && part;
		if (json_is_string(part)) {
			append_plain(parts, json_string_value(part), json_string_length(part));
			json_decref(part);
		} else if (part) {
			json_array_append_new(parts, part);
		}
	}
	append_plain(parts, text + done, strlen(text + done));
	if (!ok)
		return NULL;
	size_t count = json_array_size(parts);
	if (count == 0)
		return json_string("");
	if (count == 1)
		return json_incref(json_array_get(parts, 0));
	return json_pack("{s:O}", "@text", parts);
}

// ---- by name

/* "vpc-0a1b2c3d": an id of AWS where a name is expected. */
static bool looks_like_id(const char *text)
{
	const char *dash = strrchr(text, '-');
	return str_starts(text, "arn:") ||
	       (dash && strlen(dash + 1) >= 8 &&
		       strspn(dash + 1, "0123456789abcdef") == strlen(dash + 1));
}

json_t *reference_by_name(
	struct checking *checking, const struct field *field, const struct node *node)
{
	const struct kind *kind = kind_find(field->ref), *other = NULL;
	if (node->type != NODE_STRING && node->type != NODE_INT) {
		findings_error(checking->findings, node->place,
			"write the name as it stands in the file",
			"%s must be the name of a %s, not %s", field->name, field->ref,
			node_type_name(node->type));
		return NULL;
	}
	struct interpolation found = {0};
	struct reference reference;
	bool is_bad;
	if (interpolation_next(node->text, 0, &found, &is_bad) && found.start == 0 &&
		!node->text[found.end] && split(found.inside, &reference)) {
		json_t *value = read_reference(checking, &reference, node->place, &other);
		if (other && other != kind)
			findings_error(checking->findings, node->place,
				"refer to one of the right kind", "%s is a %s, not a %s",
				found.inside, other->name, field->ref);
		return value;
	}
	if (!kind)
		return NULL; // a hole in the tables, which their own check reports
	_cleanup_free_ char *address = str_format("%s.%s.%s", kind->layer, kind->name, node->text);
	if (looks_like_id(node->text) && address &&
		!map_get(&checking->desired->by_address, address)) {
		_cleanup_free_ char *snake = field->member ? str_snake(field->member) : NULL;
		if (!snake || str_eq(snake, field->name)) // no other spelling takes ids
			return json_string(node->text);
		char text[CHECKING_TEXT_BYTES];
		snprintf(text, sizeof(text),
			"for something that is not in this file write '%s: %s'", snake, node->text);
		findings_error(checking->findings, node->place, text,
			"%s takes the name of a %s in this file, not an id", field->name,
			field->ref);
		return NULL;
	}
	const char *known = find_resource(checking, kind, node->text, node->place);
	return known ? make_reference(checking, known, field->ref_attr) : NULL;
}
