// The bindings of rest-json and rest-xml: members that travel in the path, the query, headers or
// the status instead of the body, and bodies that are one member only.
#include "aws/wireparts.h"
#include "aws/xml.h"
#include "base/str.h"

// ---- requests: one member as text

// JSON in a header is base64 of its compact text.
static bool write_json_header(struct buf *out, const json_t *value)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	return text && wiretext_base64_add(out, text, strlen(text));
}

static bool write_header_scalar(struct buf *out, const struct shape *shape, enum time_format format,
	bool quotes, const json_t *value)
{
	bool is_text = shape->type == SHAPE_STRING;
	const char *text = is_text ? json_string_value(value) : NULL;
	if (!text || !quotes || !strpbrk(text, ",\""))
		return wiretext_write(
			out, shape, format == TIME_DEFAULT ? TIME_RFC822 : format, value);
	buf_addc(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			buf_addc(out, '\\');
		buf_addc(out, *p);
	}
	return buf_addc(out, '"');
}

static bool write_header(struct buf *out, const struct member *member, const json_t *value)
{
	const struct shape *shape = member_shape(member);
	if (member->flags & MEMBER_JSON)
		return write_json_header(out, value);
	if (shape->type != SHAPE_LIST)
		return write_header_scalar(out, shape, member->time_format, false, value);
	bool good = true, is_first = true;
	size_t i;
	json_t *element;
	json_array_foreach (value, i, element) {
		if (json_is_null(element))
			continue;
		if (!is_first)
			buf_addc(out, ',');
		is_first = false;
		good &= write_header_scalar(
			out, shape_element(shape), shape->element_format, true, element);
	}
	return good;
}

static char *path_text(const struct shape *shape, enum time_format format, const json_t *value)
{
	struct buf text;
	buf_init(&text, 0);
	if (!wiretext_write(&text, shape, format == TIME_DEFAULT ? TIME_ISO8601 : format, value))
		text.failed = true;
	return buf_take(&text);
}

// ---- requests: path

static const struct member *member_of_label(
	const struct shape *shape, const char *label, size_t bytes)
{
	for (size_t i = 0; shape && i < shape->member_count; i++) {
		const struct member *member = shape_member_at(shape, i);
		const char *name = model_text(member->wire_in);
		if (member->location == LOCATION_URI && strncmp(name, label, bytes) == 0 &&
			name[bytes] == '\0')
			return member;
	}
	return NULL;
}

static struct err add_label(struct buf *path, const struct operation *operation,
	const json_t *input, const char *label, size_t bytes)
{
	bool is_greedy = bytes > 0 && label[bytes - 1] == '+';
	const struct member *member =
		member_of_label(operation_input(operation), label, bytes - is_greedy);
	if (!member)
		return err_new(ERR_BUG, "the model has no member for {%.*s}", (int)bytes, label);
	const json_t *value = json_object_get(input, member_name(member));
	_cleanup_free_ char *text = path_text(member_shape(member), member->time_format, value);
	if (!text)
		return err_nomem();
	wire_escape(path, text, is_greedy);
	return ERR_OK;
}

static struct err write_path(struct buf *path, const struct operation *operation,
	const json_t *input, const char *uri, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		const char *end = uri[i] == '{' ? memchr(uri + i, '}', bytes - i) : NULL;
		if (!end) {
			buf_addc(path, uri[i]);
			continue;
		}
		struct err err =
			add_label(path, operation, input, uri + i + 1, (size_t)(end - uri) - i - 1);
		if (err_is(&err))
			return err;
		i = (size_t)(end - uri);
	}
	return ERR_OK;
}

// ---- requests: query

// "?policy&x-id=PutBucketPolicy" of the model's uri.
static struct err add_fixed_query(struct wire_pairs *query, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "&"), name_bytes = strcspn(text, "=&");
		_cleanup_free_ char *name = strndup(text, name_bytes);
		_cleanup_free_ char *value =
			name_bytes < n ? strndup(text + name_bytes + 1, n - name_bytes - 1)
				       : strdup("");
		if (!name || !value)
			return err_nomem();
		if (n > 0) {
			struct err err = wirepairs_add(query, name, value);
			if (err_is(&err))
				return err;
		}
		text += n + (text[n] == '&');
	}
	return ERR_OK;
}

static struct err add_query_text(struct wire_pairs *query, const char *name,
	const struct shape *shape, enum time_format format, const json_t *value)
{
	if (json_is_null(value))
		return ERR_OK;
	_cleanup_free_ char *text = path_text(shape, format, value);
	return text ? wirepairs_add(query, name, text) : err_nomem();
}

static struct err add_query_list(
	struct wire_pairs *query, const char *name, const struct shape *shape, const json_t *value)
{
	size_t i;
	json_t *element;
	json_array_foreach (value, i, element) {
		struct err err = add_query_text(
			query, name, shape_element(shape), shape->element_format, element);
		if (err_is(&err))
			return err;
	}
	return ERR_OK;
}

// Members bound by name win over the keys of a free map.
static struct err add_query_map(
	struct wire_pairs *query, size_t named, const struct shape *shape, const json_t *value)
{
	const char *key;
	json_t *inner;
	const struct shape *element = shape_element(shape);
	json_object_foreach ((json_t *)value, key, inner) {
		bool is_taken = false;
		for (size_t i = 0; i < named; i++)
			is_taken |= str_eq(query->items[i].name, key);
		if (is_taken)
			continue;
		struct err err =
			element->type == SHAPE_LIST
				? add_query_list(query, key, element, inner)
				: add_query_text(query, key, element, shape->element_format, inner);
		if (err_is(&err))
			return err;
	}
	return ERR_OK;
}

static struct err add_query(
	struct wire_request *request, const struct shape *shape, const json_t *input)
{
	struct wire_pairs *query = &request->query;
	for (int maps = 0; maps <= 1; maps++) {
		size_t named = query->count;
		for (size_t i = 0; shape && i < shape->member_count; i++) {
			const struct member *member = shape_member_at(shape, i);
			const struct shape *inner = member_shape(member);
			const json_t *value = json_object_get(input, member_name(member));
			const char *name = model_text(member->wire_in);
			if (member->location != LOCATION_QUERY || !value || json_is_null(value) ||
				(inner->type == SHAPE_MAP) != maps)
				continue;
			struct err err = maps ? add_query_map(query, named, inner, value)
					 : inner->type == SHAPE_LIST
						 ? add_query_list(query, name, inner, value)
						 : add_query_text(query, name, inner,
							   member->time_format, value);
			if (err_is(&err))
				return err;
		}
	}
	return ERR_OK;
}

// ---- requests: headers

static struct err add_header_map(
	struct wire_pairs *headers, const char *prefix, const json_t *value)
{
	const char *key;
	json_t *inner;
	json_object_foreach ((json_t *)value, key, inner) {
		_cleanup_free_ char *name = str_format("%s%s", prefix, key);
		if (!name)
			return err_nomem();
		if (wirepairs_get(headers, name) || !json_is_string(inner))
			continue;
		struct err err = wirepairs_add(headers, name, json_string_value(inner));
		if (err_is(&err))
			return err;
	}
	return ERR_OK;
}

static struct err add_header(
	struct wire_pairs *headers, const struct member *member, const json_t *value)
{
	if (json_is_array(value) && json_array_size(value) == 0)
		return ERR_OK;
	struct buf text;
	buf_init(&text, 65536);
	struct err err =
		write_header(&text, member, value) && !text.failed
			? wirepairs_add(headers, model_text(member->wire_in), buf_str(&text))
			: err_new(ERR_INVALID, "%s: does not fit a header", member_name(member));
	buf_burn(&text);
	return err;
}

static struct err add_headers(
	struct wire_request *request, const struct shape *shape, const json_t *input)
{
	for (int maps = 0; maps <= 1; maps++) {
		for (size_t i = 0; shape && i < shape->member_count; i++) {
			const struct member *member = shape_member_at(shape, i);
			const json_t *value = json_object_get(input, member_name(member));
			enum member_location location = maps ? LOCATION_HEADERS : LOCATION_HEADER;
			if (member->location != location || !value || json_is_null(value))
				continue;
			struct err err = maps ? add_header_map(&request->headers,
							model_text(member->wire_in), value)
					      : add_header(&request->headers, member, value);
			if (err_is(&err))
				return err;
		}
	}
	return ERR_OK;
}

// ---- requests: body

static struct err add_content_type(struct wire_request *request, const char *type)
{
	if (request->body.len == 0 || wirepairs_get(&request->headers, "Content-Type"))
		return ERR_OK;
	return wirepairs_add(&request->headers, "Content-Type", type);
}

static struct err body_failed(const struct wire_request *request)
{
	return request->body.len >= BUF_CAP_DEFAULT / 2
		       ? err_new(ERR_INVALID, "the request is too large")
		       : err_new(ERR_INVALID, "the request holds characters that XML cannot carry");
}

static struct err write_structured(struct wire_request *request, const struct operation *operation,
	const struct shape *shape, const struct member *payload, const json_t *value)
{
	bool is_xml = service_protocol(operation_service(operation)) == AWS_REST_XML;
	if (!is_xml) {
		if (!wirejson_write(&request->body, shape, value))
			return err_nomem();
		return add_content_type(request, "application/json");
	}
	uint32_t root = payload ? payload->wire_in : operation->root;
	uint32_t attribute = payload ? payload->xml_attribute : operation->root_attribute;
	if (!attribute)
		attribute = shape->xml_attribute;
	if (!attribute)
		attribute = operation_service(operation)->xml_attribute;
	if (!wirexml_write(&request->body, model_text(root), model_text(attribute), shape, value))
		return body_failed(request);
	return add_content_type(request, "application/xml");
}

static struct err write_payload(struct wire_request *request, const struct operation *operation,
	const struct member *payload, const json_t *input)
{
	const struct shape *shape = member_shape(payload);
	const json_t *value = json_object_get(input, member_name(payload));
	bool is_json = service_protocol(operation_service(operation)) == AWS_REST_JSON;
	bool is_plain = shape->type == SHAPE_STRING || shape->type == SHAPE_BLOB;
	if (!value || json_is_null(value)) {
		if (!is_json || is_plain)
			return ERR_OK;
		buf_adds(&request->body, "{}");
		return add_content_type(request, "application/json");
	}
	if (!is_plain)
		return write_structured(request, operation, shape, payload, value);
	const char *text = json_string_value(value);
	size_t bytes = json_string_length(value);
	if (shape->type == SHAPE_STRING) {
		buf_add(&request->body, text, bytes);
		return add_content_type(request, "text/plain");
	}
	if (!wiretext_base64_decode(&request->body, text, bytes))
		return err_nomem();
	return add_content_type(request, "application/octet-stream");
}

static bool has_body_value(const struct shape *shape, const json_t *input)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)input, name, value) {
		const struct member *member = shape_member(shape, name);
		if (member && member->location == LOCATION_BODY && !json_is_null(value))
			return true;
	}
	return false;
}

static struct err write_body(
	struct wire_request *request, const struct operation *operation, const json_t *input)
{
	const struct shape *shape = operation_input(operation);
	if (!shape)
		return ERR_OK;
	if (shape->payload)
		return write_payload(
			request, operation, shape_member_at(shape, shape->payload - 1U), input);
	bool is_json = service_protocol(operation_service(operation)) == AWS_REST_JSON;
	// rest-json sends {} where there could be members; rest-xml sends nothing.
	if (!has_body_value(shape, input) && !(is_json && shape->flags & SHAPE_HAS_BODY))
		return ERR_OK;
	return write_structured(request, operation, shape, NULL, input);
}

struct err wirerest_encode(
	const struct operation *operation, const json_t *input, struct wire_request *request)
{
	const struct shape *shape = operation_input(operation);
	const char *uri = operation_http_uri(operation);
	size_t path_bytes = strcspn(uri, "?");
	struct buf path;
	buf_init(&path, 65536);
	struct err err = write_path(&path, operation, input, uri, path_bytes);
	request->path = buf_take(&path);
	if (!err_is(&err) && !request->path)
		err = err_nomem();
	if (!err_is(&err) && uri[path_bytes] == '?')
		err = add_fixed_query(&request->query, uri + path_bytes + 1);
	if (!err_is(&err))
		err = add_query(request, shape, input);
	if (!err_is(&err))
		err = add_headers(request, shape, input);
	if (!err_is(&err))
		err = write_body(request, operation, input);
	return err;
}

// ---- answers: headers

static json_t *json_header(const char *text)
{
	struct buf plain;
	buf_init(&plain, 0);
	json_t *value = NULL;
	if (wiretext_base64_decode(&plain, text, strlen(text)))
		value = js_parse(buf_str(&plain), plain.len, NULL, 0);
	buf_done(&plain);
	return value;
}

// The next element of a header list: quoted, or up to a comma (dates have one inside). Returns what
// is left, or NULL at the end.
static const char *next_element(const char *p, bool is_date, struct buf *out)
{
	buf_reset(out);
	p += strspn(p, " \t");
	if (!*p)
		return NULL;
	if (*p == '"') {
		for (p++; *p && *p != '"'; p++) {
			if (*p == '\\' && p[1])
				p++;
			buf_addc(out, *p);
		}
		p += strcspn(p, ",");
	} else {
		size_t n = strcspn(p, ",");
		if (is_date && p[n] == ',')
			n += 1 + strcspn(p + n + 1, ",");
		size_t end = n;
		while (end > 0 && (p[end - 1] == ' ' || p[end - 1] == '\t'))
			end--;
		buf_add(out, p, end);
		p += n;
	}
	return *p == ',' ? p + 1 : p;
}

static json_t *list_header(const struct shape *shape, const char *text)
{
	const struct shape *element = shape_element(shape);
	bool is_date =
		element->type == SHAPE_TIMESTAMP &&
		(shape->element_format == TIME_DEFAULT || shape->element_format == TIME_RFC822);
	json_t *list = json_array();
	struct buf part;
	buf_init(&part, 0);
	bool good = list;
	while (good && (text = next_element(text, is_date, &part))) {
		json_t *value;
		good = wiretext_value(element, buf_str(&part), part.len, &value) &&
		       (!value || json_array_append_new(list, value) == 0);
	}
	buf_done(&part);
	if (!good) {
		json_decref(list);
		return NULL;
	}
	return list;
}

static bool read_header(json_t *output, const struct member *member, const char *text)
{
	const struct shape *shape = member_shape(member);
	json_t *value = NULL;
	if (!str_is_utf8(text, strlen(text)))
		return false;
	if (member->flags & MEMBER_JSON)
		value = json_header(text);
	else if (shape->type == SHAPE_LIST)
		value = list_header(shape, text);
	else if (!wiretext_value(shape, text, strlen(text), &value))
		return false;
	else if (!value)
		return true; // an empty number
	return value && json_object_set_new_nocheck(output, member_name(member), value) == 0;
}

static bool read_header_map(
	json_t *output, const struct member *member, const struct wire_answer *answer)
{
	const char *prefix = model_text(member->wire_out);
	size_t n = strlen(prefix);
	json_t *map = json_object();
	for (size_t i = 0; map && i < answer->header_count; i++) {
		const struct http_header *header = &answer->headers[i];
		if (strncasecmp(header->name, prefix, n) != 0)
			continue;
		if (json_object_set_new(map, header->name + n, json_string(header->value)) != 0)
			return json_decref(map), false;
	}
	return map && json_object_set_new_nocheck(output, member_name(member), map) == 0;
}

static struct err read_headers(
	const struct shape *shape, const struct wire_answer *answer, json_t *output)
{
	for (size_t i = 0; i < shape->member_count; i++) {
		const struct member *member = shape_member_at(shape, i);
		const char *name = model_text(member->wire_out), *text;
		bool good = true;
		if (member->location == LOCATION_STATUS)
			good = json_object_set_new(output, member_name(member),
				       json_integer(answer->status)) == 0;
		else if (member->location == LOCATION_HEADERS)
			good = read_header_map(output, member, answer);
		else if (member->location == LOCATION_HEADER && (text = wire_header(answer, name)))
			good = read_header(output, member, text);
		if (!good)
			return wire_bad_answer("header %.60s has the wrong form", name);
	}
	return ERR_OK;
}

// ---- answers: body

static struct err read_structured(const struct operation *operation, const struct shape *shape,
	const struct wire_answer *answer, json_t **ret_value)
{
	if (service_protocol(operation_service(operation)) != AWS_REST_XML)
		return wirejson_read(shape, answer->body, answer->body_bytes, ret_value);
	struct xml_plan plan = {.shape = shape};
	return xml_decode(&plan, answer->body, answer->body_bytes, ret_value, NULL);
}

static struct err read_plain(
	const struct shape *shape, const struct wire_answer *answer, json_t **ret_value)
{
	if (shape->type == SHAPE_STRING) {
		*ret_value = json_stringn(answer->body, answer->body_bytes);
		return *ret_value ? ERR_OK : wire_bad_answer("it is not UTF-8");
	}
	struct buf text;
	buf_init(&text, 0);
	wiretext_base64_add(&text, answer->body, answer->body_bytes);
	*ret_value = text.failed ? NULL : json_stringn_nocheck(buf_str(&text), text.len);
	buf_burn(&text);
	return *ret_value ? ERR_OK : err_nomem();
}

static struct err read_payload(const struct operation *operation, const struct member *payload,
	const struct wire_answer *answer, json_t *output)
{
	const struct shape *shape = member_shape(payload);
	if (answer->body_bytes == 0)
		return ERR_OK;
	json_t *value = NULL;
	struct err err = shape->type == SHAPE_STRING || shape->type == SHAPE_BLOB
				 ? read_plain(shape, answer, &value)
				 : read_structured(operation, shape, answer, &value);
	if (!err_is(&err) && json_object_set_new_nocheck(output, member_name(payload), value) != 0)
		err = err_nomem();
	return err;
}

static struct err read_body(const struct operation *operation, const struct shape *shape,
	const struct wire_answer *answer, json_t *output)
{
	// Not SHAPE_HAS_BODY: what a request would carry in its query, an answer carries in the
	// body.
	if (shape->wire_count == 0)
		return ERR_OK;
	if (answer->body_bytes == 0)
		return answer->status == 200 ? wire_bad_answer("it is empty") : ERR_OK;
	_cleanup_json_ json_t *body = NULL;
	struct err err = read_structured(operation, shape, answer, &body);
	if (!err_is(&err) && json_object_update_missing(output, body) != 0)
		err = err_nomem();
	return err;
}

struct err wirerest_decode(
	const struct operation *operation, const struct wire_answer *answer, json_t **ret_output)
{
	const struct shape *shape = operation_output(operation);
	_cleanup_json_ json_t *output = json_object();
	if (!output)
		return err_nomem();
	struct err err = ERR_OK;
	if (shape)
		err = read_headers(shape, answer, output);
	if (!err_is(&err) && shape)
		err = shape->payload
			      ? read_payload(operation, shape_member_at(shape, shape->payload - 1U),
					answer, output)
			      : read_body(operation, shape, answer, output);
	if (!err_is(&err))
		*ret_output = TAKE(output);
	return err;
}
