// A stack of frames, one an open element; containers hang in their parent from the start, scalars
// are set when their element ends. See the header.
#include "aws/xml.h"
#include "aws/wireparts.h"
#include "base/str.h"
#include <expat.h>

enum { DEEPEST = 64, MOST_ELEMENTS = 4000000, RECENT = 128, RECENT_BYTES = 48 };

enum frame_kind { FRAME_ENVELOPE, FRAME_STRUCT, FRAME_LIST, FRAME_MAP, FRAME_ENTRY, FRAME_SCALAR };
enum slot { SLOT_MEMBER, SLOT_ELEMENT, SLOT_KEY, SLOT_VALUE };

struct frame {
	enum frame_kind kind;
	enum slot slot;              // where the value goes in the frame below
	const struct shape *shape;   // of the value; of the map for an entry
	const struct member *member; // SLOT_MEMBER
	json_t *value;               // container: borrowed from its parent; the map of an entry
	json_t *key, *entry_value;   // FRAME_ENTRY: owned until the entry ends
};

struct xml {
	XML_Parser parser;
	const struct xml_plan *plan;
	struct err err;
	json_t *root;    // owned
	struct buf text; // of the open scalar
	struct frame frames[DEEPEST + 1];
	int depth;   // frames in use
	int skipped; // open elements below one that nobody knows
	int elements;
	bool saw_value;         // the wrapper, or the root where there is none
	bool in_id;             // inside a request id
	char *request_id;       // WIRE_ID_BYTES or NULL
	json_t *recent[RECENT]; // short texts seen lately, by hash; owned
};

static void stop(struct xml *xml, struct err err)
{
	if (!err_is(&xml->err))
		xml->err = err;
	XML_StopParser(xml->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *colon = strchr(name, ':');
	return colon ? colon + 1 : name;
}

// ---- frames

static struct frame *push(struct xml *xml, enum frame_kind kind, const struct shape *shape)
{
	struct frame *frame = &xml->frames[xml->depth++];
	*frame = (struct frame){.kind = kind, .shape = shape};
	return frame;
}

// Puts a value into the frame `into`; takes it over.
static bool attach(struct frame *into, enum slot slot, const struct member *member, json_t *value)
{
	switch (slot) {
	case SLOT_MEMBER:
		return json_object_set_new_nocheck(into->value, member_name(member), value) == 0;
	case SLOT_ELEMENT:
		return json_array_append_new(into->value, value) == 0;
	case SLOT_KEY:
		json_decref(into->key);
		into->key = value;
		return true;
	case SLOT_VALUE:
		json_decref(into->entry_value);
		into->entry_value = value;
		return true;
	}
	return false;
}

static void read_attributes(
	struct xml *xml, const struct shape *shape, json_t *value, const char **attributes)
{
	for (; *attributes; attributes += 2) {
		const char *name = attributes[0];
		const struct member *member = shape_wire(shape, name, strlen(name));
		if (!member)
			member = shape_wire(shape, local_name(name), strlen(local_name(name)));
		if (!member || !(member->flags & MEMBER_ATTRIBUTE))
			continue;
		json_t *text;
		if (!wiretext_value(
			    member_shape(member), attributes[1], strlen(attributes[1]), &text))
			stop(xml, wire_bad_answer("attribute '%.40s' has the wrong type", name));
		else if (text && json_object_set_new_nocheck(value, member_name(member), text))
			stop(xml, err_nomem());
	}
}

static json_t *new_container(const struct shape *shape)
{
	return shape->type == SHAPE_LIST ? json_array() : json_object();
}

// Opens an element whose value is of `shape` and belongs into the frame on top.
static void open_value(struct xml *xml, enum slot slot, const struct member *member,
	const struct shape *shape, const char **attributes)
{
	struct frame *into = &xml->frames[xml->depth - 1];
	if (shape->type != SHAPE_STRUCT && shape->type != SHAPE_LIST && shape->type != SHAPE_MAP) {
		struct frame *scalar = push(xml, FRAME_SCALAR, shape);
		scalar->slot = slot;
		scalar->member = member;
		buf_reset(&xml->text);
		return;
	}
	json_t *value = new_container(shape);
	if (!value || !attach(into, slot, member, value)) {
		stop(xml, err_nomem());
		return;
	}
	enum frame_kind kind = shape->type == SHAPE_STRUCT ? FRAME_STRUCT
			       : shape->type == SHAPE_LIST ? FRAME_LIST
							   : FRAME_MAP;
	push(xml, kind, shape)->value = value;
	if (shape->flags & SHAPE_ATTRIBUTES)
		read_attributes(xml, shape, value, attributes);
}

static void open_entry(struct xml *xml, const struct shape *map, json_t *value)
{
	push(xml, FRAME_ENTRY, map)->value = value;
}

// A flattened list or map has no container of its own: each element of it is one more value.
static void open_flattened(struct xml *xml, const struct frame *top, const struct member *member,
	const char **attributes)
{
	const struct shape *shape = member_shape(member);
	json_t *value = json_object_get(top->value, member_name(member));
	if (!value) {
		value = new_container(shape);
		if (json_object_set_new_nocheck(top->value, member_name(member), value) != 0) {
			stop(xml, err_nomem());
			return;
		}
	}
	if (shape->type == SHAPE_MAP) {
		open_entry(xml, shape, value);
		return;
	}
	// The list needs no frame: its element hangs below a frame that ends with it.
	struct frame *list = push(xml, FRAME_LIST, shape);
	list->value = value;
	list->slot = SLOT_MEMBER;
	list->member = member;
	open_value(xml, SLOT_ELEMENT, NULL, shape_element(shape), attributes);
}

// Is the open structure an element of a list that is in no other list?
static bool is_list_element(const struct xml *xml)
{
	int lists = 0;
	for (int i = 0; i < xml->depth; i++)
		lists += xml->frames[i].kind == FRAME_LIST;
	return lists == 1 && xml->depth >= 2 && xml->frames[xml->depth - 2].kind == FRAME_LIST;
}

static void open_member(
	struct xml *xml, const struct frame *top, const char *name, const char **attributes)
{
	const struct member *member = shape_wire(top->shape, name, strlen(name));
	if (!member || member->flags & MEMBER_ATTRIBUTE) {
		xml->skipped = 1;
		return;
	}
	if (xml->plan->keep && is_list_element(xml) &&
		!json_object_get(xml->plan->keep, member_name(member))) {
		xml->skipped = 1;
		return;
	}
	const struct shape *shape = member_shape(member);
	bool is_many = shape->type == SHAPE_LIST || shape->type == SHAPE_MAP;
	if (is_many && member->flags & MEMBER_FLATTENED)
		open_flattened(xml, top, member, attributes);
	else
		open_value(xml, SLOT_MEMBER, member, shape, attributes);
}

static void open_entry_part(
	struct xml *xml, const struct frame *top, const char *name, const char **attributes)
{
	if (str_eq(name, model_text(top->shape->key_wire)))
		open_value(xml, SLOT_KEY, NULL, shape_key(top->shape), attributes);
	else if (str_eq(name, model_text(top->shape->element_wire)))
		open_value(xml, SLOT_VALUE, NULL, shape_element(top->shape), attributes);
	else
		xml->skipped = 1;
}

// ---- the root

static bool is_unwrapped(const struct shape *shape, const char *name)
{
	// S3 answers GetBucketLocation with its only member as the root.
	if (shape->member_count != 1 || !shape_wire(shape, name, strlen(name)))
		return false;
	enum shape_type type = shape_type(member_shape(shape_first_member(shape)));
	return type != SHAPE_STRUCT && type != SHAPE_LIST && type != SHAPE_MAP;
}

static void open_root(struct xml *xml, const char *name, const char **attributes)
{
	const struct xml_plan *plan = xml->plan;
	bool fits = plan->root ? str_eq(name, plan->root)
			       : !str_eq_nocase(name, "html") && !str_eq(name, "Error") &&
					 !str_eq(name, "ErrorResponse");
	if (!fits) {
		stop(xml, wire_bad_answer("its root is <%.60s>", name));
		return;
	}
	if (!str_empty(plan->wrapper) || !plan->shape) {
		push(xml, FRAME_ENVELOPE, NULL);
		xml->saw_value = !plan->shape;
		return;
	}
	xml->saw_value = true;
	push(xml, FRAME_STRUCT, plan->shape)->value = xml->root;
	if (plan->shape->flags & SHAPE_ATTRIBUTES)
		read_attributes(xml, plan->shape, xml->root, attributes);
	if (!plan->root && is_unwrapped(plan->shape, name))
		open_value(xml, SLOT_MEMBER, shape_first_member(plan->shape),
			member_shape(shape_first_member(plan->shape)), attributes);
}

static bool is_request_id(const char *name)
{
	return str_eq(name, "RequestId") || str_eq(name, "requestId") || str_eq(name, "RequestID");
}

static void open_envelope(struct xml *xml, const char *name, const char **attributes)
{
	if (xml->plan->shape && str_eq(name, xml->plan->wrapper)) {
		xml->saw_value = true;
		push(xml, FRAME_STRUCT, xml->plan->shape)->value = xml->root;
		if (xml->plan->shape->flags & SHAPE_ATTRIBUTES)
			read_attributes(xml, xml->plan->shape, xml->root, attributes);
	} else if (str_eq(name, "ResponseMetadata")) {
		push(xml, FRAME_ENVELOPE, NULL);
	} else {
		xml->skipped = 1;
	}
}

// ---- expat

static bool may_hold_id(const struct xml *xml, const struct frame *top)
{
	return top->kind == FRAME_ENVELOPE || (xml->depth == 1 && top->kind == FRAME_STRUCT);
}

static void on_start(void *data, const char *raw_name, const char **attributes)
{
	struct xml *xml = data;
	if (err_is(&xml->err))
		return;
	if (++xml->elements > MOST_ELEMENTS) {
		stop(xml, wire_bad_answer("it has more than %d elements", MOST_ELEMENTS));
		return;
	}
	// A flattened list takes two frames for one element.
	if (xml->depth + xml->skipped + 2 > DEEPEST) {
		stop(xml, wire_bad_answer("it is nested deeper than %d levels", DEEPEST));
		return;
	}
	if (xml->skipped) {
		xml->skipped++;
		return;
	}
	const char *name = local_name(raw_name);
	if (xml->depth == 0) {
		open_root(xml, name, attributes);
		return;
	}
	const struct frame *top = &xml->frames[xml->depth - 1];
	if (may_hold_id(xml, top) && is_request_id(name) &&
		!(top->shape && shape_wire(top->shape, name, strlen(name)))) {
		xml->skipped = 1;
		xml->in_id = true;
		buf_reset(&xml->text);
		return;
	}
	switch (top->kind) {
	case FRAME_ENVELOPE:
		open_envelope(xml, name, attributes);
		break;
	case FRAME_STRUCT:
		open_member(xml, top, name, attributes);
		break;
	case FRAME_LIST:
		open_value(xml, SLOT_ELEMENT, NULL, shape_element(top->shape), attributes);
		break;
	case FRAME_MAP:
		open_entry(xml, top->shape, top->value);
		break;
	case FRAME_ENTRY:
		open_entry_part(xml, top, name, attributes);
		break;
	case FRAME_SCALAR:
		stop(xml, wire_bad_answer("<%.60s> is where text should be", name));
		break;
	}
}

// A page of resources repeats most of its texts (ids of parents, states, tag keys): they share a
// value. Nobody changes a JSON string in place.
static json_t *string_value(struct xml *xml, const char *text, size_t bytes)
{
	if (bytes > RECENT_BYTES)
		return json_stringn_nocheck(text, bytes);
	uint32_t hash = 2166136261U; // FNV-1a
	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619U;
	json_t **slot = &xml->recent[(hash ^ hash >> 15) % RECENT];
	if (!*slot || json_string_length(*slot) != bytes ||
		memcmp(json_string_value(*slot), text, bytes) != 0) {
		json_decref(*slot);
		*slot = json_stringn_nocheck(text, bytes);
	}
	return json_incref(*slot);
}

static bool scalar_value(struct xml *xml, const struct shape *shape, json_t **ret_value)
{
	const char *text = buf_str(&xml->text);
	if (shape->type != SHAPE_STRING || shape_is_sensitive(shape))
		return wiretext_value(shape, text, xml->text.len, ret_value);
	*ret_value = string_value(xml, text, xml->text.len);
	return *ret_value;
}

static void close_scalar(struct xml *xml, const struct frame *frame, const char *name)
{
	json_t *value;
	if (xml->text.failed) {
		stop(xml, wire_bad_answer("a text in it is too long"));
		return;
	}
	if (!scalar_value(xml, frame->shape, &value)) {
		stop(xml, wire_bad_answer("<%.60s> is not %s", name,
				  frame->shape->type == SHAPE_TIMESTAMP ? "a time"
				  : frame->shape->type == SHAPE_BOOLEAN ? "a boolean"
				  : frame->shape->type == SHAPE_BLOB    ? "base64"
									: "a number"));
		return;
	}
	if (value && !attach(&xml->frames[xml->depth - 1], frame->slot, frame->member, value))
		stop(xml, err_nomem());
}

static void close_entry(struct xml *xml, struct frame *frame)
{
	json_t *value = TAKE(frame->entry_value);
	_cleanup_json_ json_t *key = TAKE(frame->key);
	if (!value)
		value = frame->shape && shape_element(frame->shape)->type == SHAPE_STRING
				? json_string("")
				: json_null();
	if (!json_is_string(key)) {
		json_decref(value);
		stop(xml, wire_bad_answer("a map's entry has no key"));
	} else if (json_object_setn_new_nocheck(frame->value, json_string_value(key),
			   json_string_length(key), value) != 0) {
		stop(xml, err_nomem());
	}
}

static void keep_request_id(struct xml *xml)
{
	xml->in_id = false;
	if (xml->request_id)
		str_copy(xml->request_id, WIRE_ID_BYTES, buf_str(&xml->text));
}

static void on_end(void *data, const char *name)
{
	struct xml *xml = data;
	if (err_is(&xml->err))
		return; // expat still ends an empty element whose start stopped it
	if (xml->skipped) {
		if (--xml->skipped == 0 && xml->in_id)
			keep_request_id(xml);
		return;
	}
	struct frame *frame = &xml->frames[--xml->depth];
	if (frame->kind == FRAME_SCALAR)
		close_scalar(xml, frame, local_name(name));
	else if (frame->kind == FRAME_ENTRY)
		close_entry(xml, frame);
	// The frame of a flattened list goes with its element.
	if (xml->depth > 0 && xml->frames[xml->depth - 1].kind == FRAME_LIST &&
		xml->frames[xml->depth - 1].member)
		xml->depth--;
	// And the root that stood for its only member ends both.
	if (xml->depth == 1 && frame->kind == FRAME_SCALAR && xml->plan->root == NULL &&
		xml->plan->shape && xml->elements == 1)
		xml->depth = 0;
}

static bool is_blank(const char *text, int bytes)
{
	for (int i = 0; i < bytes; i++)
		if (text[i] != ' ' && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

static void on_text(void *data, const char *text, int bytes)
{
	struct xml *xml = data;
	if (err_is(&xml->err) || (xml->skipped && !xml->in_id) || xml->depth == 0)
		return;
	if (xml->skipped) {
		if (xml->skipped == 1)
			buf_add(&xml->text, text, (size_t)bytes);
	} else if (xml->frames[xml->depth - 1].kind == FRAME_SCALAR) {
		buf_add(&xml->text, text, (size_t)bytes);
	} else if (!is_blank(text, bytes)) {
		// A message where a list should be must not pass for an empty list.
		stop(xml, wire_bad_answer("there is text where elements should be"));
	}
}

static void on_doctype(
	void *data, const char *name, const char *sysid, const char *pubid, int has_internal_subset)
{
	(void)sysid, (void)pubid, (void)has_internal_subset;
	stop(data, wire_bad_answer("it has a document type (%.40s)", name));
}

static struct err feed(XML_Parser parser, const char *text, size_t bytes)
{
	// expat counts bytes in an int.
	const size_t most = (size_t)1 << 24;
	while (bytes > most) {
		if (XML_Parse(parser, text, (int)most, 0) != XML_STATUS_OK)
			goto bad;
		text += most;
		bytes -= most;
	}
	if (XML_Parse(parser, text, (int)bytes, 1) == XML_STATUS_OK)
		return ERR_OK;
bad:
	return wire_bad_answer("XML line %lu: %s", XML_GetCurrentLineNumber(parser),
		XML_ErrorString(XML_GetErrorCode(parser)));
}

// The encoding is AWS's and fixed: a declaration in the document cannot change how bytes are read.
static XML_Parser new_parser(void *data, XML_StartElementHandler start, XML_EndElementHandler end,
	XML_CharacterDataHandler text, XML_StartDoctypeDeclHandler doctype)
{
	XML_Parser parser = XML_ParserCreate("UTF-8");
	if (!parser)
		return NULL;
	XML_SetUserData(parser, data);
	XML_SetElementHandler(parser, start, end);
	XML_SetCharacterDataHandler(parser, text);
	XML_SetStartDoctypeDeclHandler(parser, doctype);
	return parser;
}

static struct err finish(struct xml *xml, struct err parsed)
{
	if (err_is(&xml->err))
		return xml->err;
	if (err_is(&parsed))
		return parsed;
	if (!xml->saw_value && shape_member_count(xml->plan->shape) > 0)
		return wire_bad_answer("it has no <%s>", xml->plan->wrapper);
	return ERR_OK;
}

struct err xml_decode(const struct xml_plan *plan, const char *text, size_t bytes,
	json_t **ret_value, char *ret_request_id)
{
	struct xml xml = {.plan = plan, .request_id = ret_request_id};
	if (ret_request_id)
		ret_request_id[0] = '\0';
	xml.root = json_object();
	xml.parser = new_parser(&xml, on_start, on_end, on_text, on_doctype);
	buf_init(&xml.text, 0);
	struct err err = err_nomem();
	if (xml.root && xml.parser)
		err = finish(&xml, feed(xml.parser, text, bytes));
	for (int i = 0; i < xml.depth; i++) {
		json_decref(xml.frames[i].key);
		json_decref(xml.frames[i].entry_value);
	}
	for (int i = 0; i < RECENT; i++)
		json_decref(xml.recent[i]);
	if (xml.parser)
		XML_ParserFree(xml.parser);
	buf_burn(&xml.text);
	if (!err_is(&err))
		*ret_value = TAKE(xml.root);
	json_decref(xml.root);
	return err;
}

// ---- error documents

struct error_reader {
	XML_Parser parser;
	struct xml_error *out;
	struct buf text;
	int depth, error_depth; // of the first <Error>; 0 before it
	int elements;
	bool is_done; // the first Error has ended
};

static void on_error_start(void *data, const char *name, const char **attributes)
{
	struct error_reader *reader = data;
	(void)attributes;
	buf_reset(&reader->text);
	if (++reader->depth > DEEPEST || ++reader->elements > 1000) {
		XML_StopParser(reader->parser, XML_FALSE);
		return;
	}
	if (!reader->error_depth && str_eq(local_name(name), "Error"))
		reader->error_depth = reader->depth;
}

static void on_error_end(void *data, const char *raw_name)
{
	struct error_reader *reader = data;
	struct xml_error *out = reader->out;
	const char *name = local_name(raw_name), *text = buf_str(&reader->text);
	bool inside =
		reader->error_depth && !reader->is_done && reader->depth == reader->error_depth + 1;
	if (inside && str_eq(name, "Code"))
		str_copy(out->code, sizeof(out->code), text);
	else if (inside && str_eq(name, "Type"))
		str_copy(out->type, sizeof(out->type), text);
	else if (inside && str_eq_nocase(name, "message"))
		str_copy(out->message, sizeof(out->message), text);
	else if (is_request_id(name) && !*out->request_id)
		str_copy(out->request_id, sizeof(out->request_id), text);
	if (reader->error_depth && reader->depth == reader->error_depth)
		reader->is_done = true;
	reader->depth--;
	buf_reset(&reader->text);
}

static void on_error_text(void *data, const char *text, int bytes)
{
	buf_add(&((struct error_reader *)data)->text, text, (size_t)bytes);
}

static void on_error_doctype(
	void *data, const char *name, const char *sysid, const char *pubid, int has_internal_subset)
{
	(void)name, (void)sysid, (void)pubid, (void)has_internal_subset;
	XML_StopParser(((struct error_reader *)data)->parser, XML_FALSE);
}

void xml_error(const char *text, size_t bytes, struct xml_error *ret_error)
{
	*ret_error = (struct xml_error){.code = ""};
	struct error_reader reader = {.out = ret_error};
	reader.parser =
		new_parser(&reader, on_error_start, on_error_end, on_error_text, on_error_doctype);
	if (!reader.parser)
		return;
	buf_init(&reader.text, 65536);
	struct err ignored = feed(reader.parser, text, bytes);
	(void)ignored;
	XML_ParserFree(reader.parser);
	buf_done(&reader.text);
}
