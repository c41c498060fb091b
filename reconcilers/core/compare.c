// Canonical forms, then plain equality. IAM documents follow the "IAM JSON policy elements
// reference": a single value means a list of one, and lists have no order.
#include "core/compare.h"
#include "base/str.h"
#include "core/cidr.h"
#include "core/path.h"
#include <arpa/inet.h>
#include <ctype.h>

bool compare_cidr(const char *text, char *ret_text, size_t bytes)
{
	struct cidr cidr;
	unsigned char address[sizeof(cidr.bytes)];
	char canon[INET6_ADDRSTRLEN];
	if (strchr(text, '/')) {
		if (!cidr_parse(text, &cidr))
			return false;
		int block_family = cidr.width == 128 ? AF_INET6 : AF_INET;
		return inet_ntop(block_family, cidr.bytes, canon, sizeof(canon)) &&
		       snprintf(ret_text, bytes, "%s/%d", canon, cidr.prefix) < (int)bytes;
	}
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(family, text, address) == 1 &&
	       inet_ntop(family, address, canon, sizeof(canon)) && str_copy(ret_text, bytes, canon);
}

// ---- lists without order

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// The list sorted by canonical text, duplicates dropped; a scalar counts as a list of one.
static json_t *sorted(const json_t *list)
{
	size_t count = json_is_array(list) ? json_array_size(list) : 1, kept = 0;
	char **texts = calloc(count ? count : 1, sizeof(*texts));
	json_t *out = json_array();
	for (size_t i = 0; texts && i < count; i++) {
		texts[kept] = js_text(json_is_array(list) ? json_array_get(list, i) : list);
		if (texts[kept])
			kept++;
	}
	if (texts)
		qsort(texts, kept, sizeof(*texts), by_text);
	for (size_t i = 0; i < kept; i++)
		if (i == 0 || !str_eq(texts[i], texts[i - 1]))
			json_array_append_new(out, json_loads(texts[i], JSON_DECODE_ANY, NULL));
	for (size_t i = 0; i < kept; i++)
		free(texts[i]);
	free(texts);
	return out;
}

// ---- IAM policies

static char *lower(const char *text)
{
	char *low = strdup(text);
	for (char *p = low; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return low;
}

static json_t *lower_text(const json_t *value)
{
	_cleanup_free_ char *low = lower(json_string_value(value));
	return json_string(low ? low : "");
}

static bool is_account(const char *text, size_t length)
{
	return length == 12 && strspn(text, "0123456789") >= 12;
}

// "123456789012" and "arn:PARTITION:iam::123456789012:root" are one ("AWS JSON policy elements:
// Principal"). The short form stays, in which the partition is not guessed. A role's or user's id
// (AROA..., AIDA...), into which AWS turns the ARN of one that was deleted, stays what it is.
static json_t *principal_text(const json_t *value)
{
	char number[32];
	const char *text = json_string_value(value);
	if (json_is_integer(value) && path_scalar_text(value, number, sizeof(number)))
		return json_string(number);
	const char *account = text && str_starts(text, "arn:") ? strstr(text, ":iam::") : NULL;
	if (account) {
		account += strlen(":iam::");
		size_t length = strcspn(account, ":");
		if (is_account(account, length) && str_eq(account + length, ":root"))
			return json_stringn(account, length);
	}
	return json_incref((json_t *)value);
}

static json_t *scalar_text(const json_t *value)
{
	char text[1024];
	if (json_is_string(value) || !path_scalar_text(value, text, sizeof(text)))
		return json_incref((json_t *)value);
	return json_string(text); // Condition values: true, "true" and ["true"] are one
}

static json_t *each_sorted(const json_t *value, json_t *(*form)(const json_t *item))
{
	_cleanup_json_ json_t *list = json_array();
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;
		json_array_append_new(list, form && !json_is_object(item) && !json_is_array(item)
						    ? form(item)
						    : json_incref((json_t *)item));
	}
	return sorted(list);
}

static json_t *lower_if_text(const json_t *value)
{
	return json_is_string(value) ? lower_text(value) : json_incref((json_t *)value);
}

static json_t *canon_principal(const json_t *value)
{
	json_t *out = json_object();
	if (json_is_string(value)) {
		json_object_set_new(out, "AWS", each_sorted(value, principal_text));
		return out;
	}
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *)value, key, member)
		json_object_set_new(out, key, each_sorted(member, principal_text));
	return out;
}

static json_t *canon_condition(const json_t *value)
{
	json_t *out = json_object();
	const char *operator, * key;
	json_t *keys, *member;
	json_object_foreach ((json_t *)value, operator, keys) {
		json_t *inner = json_object();
		json_object_foreach (keys, key, member) {
			// "Condition key names are not case-sensitive."
			_cleanup_free_ char *low = lower(key);
			bool is_new = low && !json_object_get(inner, low);
			json_object_set_new(
				inner, is_new ? low : key, each_sorted(member, scalar_text));
		}
		json_object_set_new(out, operator, inner);
	}
	return out;
}

// Elements that say nothing: AWS leaves them out, or puts them in.
static bool is_void(const char *element, const json_t *value)
{
	return json_is_null(value) ||
	       (str_eq(element, "Sid") && str_empty(json_string_value(value))) ||
	       (str_eq(element, "Condition") && json_is_object(value) &&
		       json_object_size(value) == 0);
}

static json_t *canon_statement(const json_t *statement)
{
	json_t *out = json_object();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)statement, key, value) {
		if (is_void(key, value))
			continue;
		if (str_eq(key, "Action") || str_eq(key, "NotAction"))
			json_object_set_new(out, key, each_sorted(value, lower_if_text));
		else if (str_eq(key, "Resource") || str_eq(key, "NotResource"))
			json_object_set_new(out, key, each_sorted(value, NULL));
		else if (str_eq(key, "Principal") || str_eq(key, "NotPrincipal"))
			json_object_set_new(out, key, canon_principal(value));
		else if (str_eq(key, "Condition") && json_is_object(value))
			json_object_set_new(out, key, canon_condition(value));
		else
			json_object_set(out, key, value);
	}
	return out;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

// IAM answers documents URL-encoded (RFC 3986); other services do not.
static char *plain_text(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	char *plain = strdup(text), *to = plain;
	for (const char *from = text; plain && *text == '%' && *from; from++) {
		if (*from == '%' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
			*to++ = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
			from += 2;
		} else {
			*to++ = *from;
		}
		*to = '\0';
	}
	return plain;
}

static json_t *parse_document(const char *text)
{
	_cleanup_free_ char *plain = plain_text(text);
	return plain ? js_parse(plain, strlen(plain), NULL, 0) : NULL;
}

json_t *compare_plain(const json_t *value)
{
	const char *text = json_string_value(value);
	_cleanup_free_ char *plain = text && *text == '%' ? plain_text(text) : NULL;
	return plain ? json_string(plain) : json_incref((json_t *)value);
}

static json_t *structure_of(const json_t *value)
{
	return json_is_string(value) ? parse_document(json_string_value(value))
				     : json_incref((json_t *)value);
}

json_t *compare_policy(const json_t *document)
{
	_cleanup_json_ json_t *parsed = structure_of(document);
	if (!json_is_object(parsed))
		return NULL;
	json_t *out = json_object();
	const char *version = js_str(parsed, "Version");
	json_object_set_new(out, "Version", json_string(version ? version : "2008-10-17"));
	const json_t *statements = json_object_get(parsed, "Statement");
	_cleanup_json_ json_t *list = json_array();
	size_t count = json_is_array(statements) ? json_array_size(statements) : statements != NULL;
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
			canon_statement(json_is_array(statements) ? json_array_get(statements, i)
								  : statements));
	json_object_set_new(out, "Statement", sorted(list));
	return out;
}

// ---- plain values

// "arn:aws:iam::123456789012:role/service/NAME", "arn:aws:sns:REGION:ACCOUNT:NAME"; names of log
// groups have slashes of their own ("...:log-group:/shop/flow:*").
static bool arn_name(const char *text, char *ret_name, size_t bytes)
{
	const char *name = text, *group = strstr(text, ":log-group:");
	if (str_starts(text, "arn:") && group) {
		name = group + strlen(":log-group:");
	} else if (str_starts(text, "arn:")) {
		const char *slash = strrchr(text, '/');
		name = slash ? slash + 1 : strrchr(text, ':') + 1;
	}
	if (!str_copy(ret_name, bytes, name))
		return false;
	if (group && str_ends(ret_name, ":*"))
		ret_name[strlen(ret_name) - strlen(":*")] = '\0';
	return true;
}

static bool version_holds(const char *desired, const char *observed)
{
	// "15" holds "15.4"; "15.4" holds "15.4" and, never a downgrade, "15.5" and "16.1".
	size_t n = strlen(desired);
	if (strncmp(desired, observed, n) == 0 && (observed[n] == '\0' || observed[n] == '.'))
		return true;
	return strverscmp(observed, desired) > 0;
}

static bool texts_hold(enum compare how, const char *desired, const char *observed)
{
	char a[512], b[512];
	switch (how) {
	case COMPARE_NOCASE:
		return str_eq_nocase(desired, observed);
	case COMPARE_CIDR:
		return compare_cidr(desired, a, sizeof(a)) &&
		       compare_cidr(observed, b, sizeof(b)) && str_eq(a, b);
	case COMPARE_ARN_NAME:
		return arn_name(desired, a, sizeof(a)) && arn_name(observed, b, sizeof(b)) &&
		       str_eq(a, b);
	case COMPARE_VERSION:
		return version_holds(desired, observed);
	case COMPARE_EXACT:
	case COMPARE_SET:
	case COMPARE_NUMBER:
	case COMPARE_JSON:
	case COMPARE_POLICY:
	case COMPARE_SUBSET:
	case COMPARE_AT_LEAST:
	case COMPARE_LOOSE:
	case COMPARE_WHOLE:
		break;
	}
	return str_eq(desired, observed);
}

bool compare_is_empty(const json_t *value)
{
	return !value || json_is_null(value) || json_is_false(value) ||
	       (json_is_string(value) && !*json_string_value(value)) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_object(value) && json_object_size(value) == 0);
}

bool compare_is_more(enum compare how, const char *member, const json_t *observed)
{
	return how == COMPARE_WHOLE && !str_eq(member, "ID") && !compare_is_empty(observed);
}

static bool holds(enum compare how, const json_t *desired, const json_t *observed);

// Is there, for every item of `list`, one in `others` that it goes with?
static bool all_found(enum compare how, const json_t *list, const json_t *others, bool is_desired)
{
	size_t i, j;
	json_t *one, *other;
	json_array_foreach ((json_t *)list, i, one) {
		bool found = false;
		json_array_foreach ((json_t *)others, j, other)
			found = found ||
				(is_desired ? holds(how, one, other) : holds(how, other, one));
		if (!found)
			return false;
	}
	return true;
}

static bool set_holds(enum compare how, const json_t *desired, const json_t *observed)
{
	return all_found(how, desired, observed, true) && all_found(how, observed, desired, false);
}

// As many structures on either side, each desired one with an observed one of its own that it goes
// with: lists of structures without order.
static bool structures_hold(enum compare how, const json_t *desired, const json_t *observed)
{
	_cleanup_json_ json_t *left = json_copy((json_t *)observed);
	size_t i, j;
	json_t *one, *other;
	json_array_foreach ((json_t *)desired, i, one) {
		bool is_found = false;
		json_array_foreach (left, j, other) {
			is_found = holds(how, one, other);
			if (!is_found)
				continue;
			json_array_remove(left, j);
			break;
		}
		if (!is_found)
			return false;
	}
	return json_array_size(left) == 0;
}

static bool holds(enum compare how, const json_t *desired, const json_t *observed)
{
	char text[64];
	if (!observed || json_is_null(observed))
		return compare_is_empty(desired);
	if (json_is_object(desired) && json_is_object(observed)) {
		const char *key;
		json_t *member;
		json_object_foreach ((json_t *)desired, key, member)
			if (!holds(how, member, json_object_get(observed, key)))
				return false;
		json_object_foreach ((json_t *)observed, key, member)
			if (!json_object_get(desired, key) && compare_is_more(how, key, member))
				return false;
		return true;
	}
	if (json_is_array(desired) && json_is_array(observed)) {
		if (how == COMPARE_SET)
			return set_holds(how, desired, observed);
		if (json_array_size(desired) != json_array_size(observed))
			return false;
		if ((how == COMPARE_LOOSE || how == COMPARE_WHOLE) &&
			json_is_object(json_array_get(desired, 0)))
			return structures_hold(how, desired, observed);
		for (size_t i = 0; i < json_array_size(desired); i++)
			if (!holds(how, json_array_get(desired, i), json_array_get(observed, i)))
				return false;
		return true;
	}
	if (json_is_number(desired) && json_is_number(observed))
		return how == COMPARE_AT_LEAST
			       ? json_number_value(desired) <= json_number_value(observed)
			       : json_number_value(desired) == json_number_value(observed);
	bool is_text = json_is_string(desired);
	if (is_text != json_is_string(observed) || (how == COMPARE_NUMBER && !is_text)) {
		// "443" and 443, "true" and true: AWS writes some scalars as text.
		char other[64];
		return path_scalar_text(desired, text, sizeof(text)) &&
		       path_scalar_text(observed, other, sizeof(other)) && str_eq(text, other);
	}
	if (json_is_string(desired) && json_is_string(observed))
		return texts_hold(how, json_string_value(desired), json_string_value(observed));
	return json_equal((json_t *)desired, (json_t *)observed);
}

json_t *compare_canon(enum compare how, const json_t *value)
{
	if (!value)
		return NULL;
	json_t *out = NULL;
	if (how == COMPARE_POLICY)
		out = compare_policy(value);
	else if (how == COMPARE_JSON)
		out = structure_of(value);
	else if (how == COMPARE_SET)
		out = sorted(value);
	return out ? out : json_incref((json_t *)value);
}

bool compare_holds(enum compare how, const json_t *desired, const json_t *observed)
{
	if (how != COMPARE_POLICY && how != COMPARE_JSON)
		return holds(how, desired, observed);
	if (!observed)
		return compare_is_empty(desired);
	_cleanup_json_ json_t *a = compare_canon(how, desired), *b = compare_canon(how, observed);
	return json_equal(a, b);
}

// A new value, all lists of it sorted, its documents in their canonical form.
static json_t *orderless(const json_t *value)
{
	_cleanup_json_ json_t *document = json_is_string(value) ? structure_of(value) : NULL;
	if (json_object_get(document ? document : value, "Statement"))
		return compare_policy(document ? document : value);
	if (json_is_object(document) || json_is_array(document))
		return orderless(document);
	const char *key;
	size_t i;
	json_t *one;
	if (json_is_object(value)) {
		json_t *out = json_object();
		json_object_foreach ((json_t *)value, key, one)
			json_object_set_new(out, key, orderless(one));
		return out;
	}
	if (!json_is_array(value))
		return json_incref((json_t *)value);
	_cleanup_json_ json_t *list = json_array();
	json_array_foreach ((json_t *)value, i, one)
		json_array_append_new(list, orderless(one));
	return sorted(list);
}

bool compare_alike(const json_t *a, const json_t *b)
{
	if (a == b || json_equal((json_t *)a, (json_t *)b))
		return true;
	_cleanup_json_ json_t *left = orderless(a), *right = orderless(b);
	return json_equal(left, right);
}
