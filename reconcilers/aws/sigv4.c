#include "aws/sigv4.h"
#include "base/num.h"
#include "base/str.h"
#include <time.h>

void sigv4_init(struct sigv4 *sigv4)
{
	memset(sigv4, 0, sizeof(*sigv4));
	buf_init(&sigv4->names, (size_t)64 << 10);
	buf_init(&sigv4->canonical, (size_t)1 << 20);
	buf_init(&sigv4->to_sign, (size_t)4 << 10);
	buf_init(&sigv4->signed_headers, (size_t)16 << 10);
	buf_init(&sigv4->authorization, (size_t)32 << 10);
}

void sigv4_forget(struct sigv4 *sigv4)
{
	for (size_t i = 0; i < SIGV4_KEYS; i++) {
		str_burn(sigv4->keys[i].secret);
		explicit_bzero(&sigv4->keys[i], sizeof(sigv4->keys[i]));
	}
}

void sigv4_done(struct sigv4 *sigv4)
{
	sigv4_forget(sigv4);
	buf_done(&sigv4->names);
	buf_burn(&sigv4->canonical); // holds the session token
	buf_done(&sigv4->to_sign);
	buf_done(&sigv4->signed_headers);
	buf_done(&sigv4->authorization);
}

void sigv4_format_date(int64_t wall_ms, char ret_date[SIGV4_DATE_BYTES])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = {0};
	gmtime_r(&seconds, &tm);
	strftime(ret_date, SIGV4_DATE_BYTES, "%Y%m%dT%H%M%SZ", &tm);
}

bool sigv4_is_unsigned_header(const char *name)
{
	static const char *const names[] = {"authorization", "connection", "expect", "te",
		"transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (str_eq_nocase(names[i], name))
			return true;
	return false;
}

// ---- URI encoding

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void add_encoded(struct buf *out, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	buf_add(out, (const char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
}

/* The run of unreserved bytes at `s`; they are copied in one go. */
static size_t plain_run(const char *s, size_t bytes, bool with_slash)
{
	size_t n = 0;
	while (n < bytes && (is_unreserved((unsigned char)s[n]) || (with_slash && s[n] == '/')))
		n++;
	return n;
}

/* One spelling for one value: %41 and A are both A, %2f is %2F, a raw byte is encoded, a '%' that
 * begins no escape is a literal one. '+' in a query is a space. */
static void add_canonical(struct buf *out, const char *s, size_t bytes, bool is_query)
{
	for (size_t i = 0; i < bytes;) {
		size_t run = plain_run(s + i, bytes - i, !is_query);
		if (run) {
			buf_add(out, s + i, run);
			i += run;
			continue;
		}
		unsigned char c = (unsigned char)s[i++];
		if (c == '+' && is_query) {
			c = ' ';
		} else if (c == '%' && i + 1 < bytes && hex_digit(s[i]) >= 0 &&
			   hex_digit(s[i + 1]) >= 0) {
			c = (unsigned char)(16 * hex_digit(s[i]) + hex_digit(s[i + 1]));
			i += 2;
		}
		if (is_unreserved(c))
			buf_addc(out, (char)c);
		else
			add_encoded(out, c);
	}
}

/* The wire's text encoded once more: '%' becomes %25. */
static void add_encoded_again(struct buf *out, const char *s, size_t bytes)
{
	for (size_t i = 0; i < bytes;) {
		size_t run = plain_run(s + i, bytes - i, true);
		if (run) {
			buf_add(out, s + i, run);
			i += run;
		} else {
			add_encoded(out, (unsigned char)s[i++]);
		}
	}
}

static void add_path_text(struct buf *out, const char *s, size_t bytes, int flags)
{
	if (flags & SIGV4_ENCODE_TWICE)
		add_encoded_again(out, s, bytes);
	else
		add_canonical(out, s, bytes, false);
}

/* RFC 3986 section 5.2.4, with empty segments dropped as well. Ends in a slash only when the wire's
 * path does ("/a/b/.." is "/a"), as the SDKs have it. */
static void add_normalized_path(struct buf *out, const char *path, int flags)
{
	size_t start = out->len;
	size_t path_bytes = strlen(path);
	bool ends_in_slash = path[path_bytes - 1] == '/';
	for (const char *at = path; *at;) {
		size_t bytes = strcspn(at, "/");
		bool is_up = bytes == 2 && at[0] == '.' && at[1] == '.';
		bool is_here = bytes == 0 || (bytes == 1 && at[0] == '.');
		if (is_up) {
			while (out->len > start && out->data[out->len - 1] != '/')
				out->len--;
			if (out->len > start)
				out->len--;
		} else if (!is_here) {
			buf_addc(out, '/');
			add_path_text(out, at, bytes, flags);
		}
		at += bytes + (at[bytes] == '/');
	}
	if (out->len == start || ends_in_slash)
		buf_addc(out, '/');
}

static void add_path(struct buf *out, const char *path, int flags)
{
	if (str_empty(path))
		path = "/";
	if (flags & SIGV4_NORMALIZE)
		add_normalized_path(out, path, flags);
	else
		add_path_text(out, path, strlen(path), flags);
}

// ---- query

struct pair {
	size_t name, name_bytes, value, value_bytes; // offsets into the text
};

static int compare_bytes(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
	return order ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static int compare_pairs(const void *left, const void *right, void *text)
{
	const struct pair *a = left, *b = right;
	const char *s = text;
	int order = compare_bytes(s + a->name, a->name_bytes, s + b->name, b->name_bytes);
	return order ? order
		     : compare_bytes(s + a->value, a->value_bytes, s + b->value, b->value_bytes);
}

/* Sorted by encoded name, then by encoded value; a name without '=' gets an empty value. */
static bool add_query(struct buf *out, const char *query, struct buf *text)
{
	if (str_empty(query))
		return true;
	size_t most = 1, count = 0;
	for (const char *s = query; *s; s++)
		most += *s == '&';
	_cleanup_free_ struct pair *pairs = calloc(most, sizeof(*pairs));
	if (!pairs)
		return false;
	buf_reset(text);
	for (const char *at = query; *at;) {
		size_t bytes = strcspn(at, "&");
		const char *equals = memchr(at, '=', bytes);
		size_t name_bytes = equals ? (size_t)(equals - at) : bytes;
		if (bytes) {
			struct pair *pair = &pairs[count++];
			pair->name = text->len;
			add_canonical(text, at, name_bytes, true);
			pair->name_bytes = text->len - pair->name;
			pair->value = text->len;
			if (equals)
				add_canonical(text, equals + 1, bytes - name_bytes - 1, true);
			pair->value_bytes = text->len - pair->value;
		}
		at += bytes + (at[bytes] == '&');
	}
	if (text->failed || !count)
		return !text->failed;
	const char *s = buf_str(text); // not NULL, also when all names and values are empty
	qsort_r(pairs, count, sizeof(*pairs), compare_pairs, (void *)s);
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_addc(out, '&');
		buf_add(out, s + pairs[i].name, pairs[i].name_bytes);
		buf_addc(out, '=');
		buf_add(out, s + pairs[i].value, pairs[i].value_bytes);
	}
	return true;
}

// ---- headers

struct entry {
	const char *name; // lower case
	const char *value;
	size_t order; // as given: values of one name keep their order
};

struct entries {
	struct entry items[SIGV4_MOST_HEADERS + 3];
	size_t count;
};

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->name, b->name);
	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* No blanks at the ends, one between words; a fold over lines is a blank. */
static void add_value(struct buf *out, const char *value)
{
	bool is_first = true;
	while (*value) {
		while (is_blank(*value))
			value++;
		size_t word = 0;
		while (value[word] && !is_blank(value[word]))
			word++;
		if (word && !is_first)
			buf_addc(out, ' ');
		buf_add(out, value, word);
		value += word;
		is_first = false;
	}
}

static void add_headers(struct buf *out, struct entries *entries, struct buf *signed_headers)
{
	qsort(entries->items, entries->count, sizeof(entries->items[0]), compare_entries);
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->items[i];
		bool is_same = i && str_eq(entry->name, entries->items[i - 1].name);
		if (is_same) {
			buf_addc(out, ',');
		} else {
			if (i) {
				buf_addc(out, '\n');
				buf_addc(signed_headers, ';');
			}
			buf_adds(signed_headers, entry->name);
			buf_adds(out, entry->name);
			buf_addc(out, ':');
		}
		add_value(out, entry->value);
	}
	buf_adds(out, "\n\n");
}

/* False when there are too many. */
static bool collect(struct sigv4 *sigv4, const struct sigv4_request *request,
	const struct sigv4_credentials *credentials, struct entries *entries)
{
	struct buf *names = &sigv4->names;
	size_t bytes = 0;
	for (size_t i = 0; i < request->header_count; i++)
		bytes += strlen(request->headers[i].name) + 1;
	if (request->header_count > SIGV4_MOST_HEADERS)
		return false;
	// All at once: the names' memory must not move while entries point into it.
	buf_reset(names);
	for (size_t i = 0; i < request->header_count; i++)
		buf_add(names, request->headers[i].name, strlen(request->headers[i].name) + 1);
	if (names->failed)
		return false;
	for (size_t i = 0; i < bytes; i++)
		if (names->data[i] >= 'A' && names->data[i] <= 'Z')
			names->data[i] = (char)(names->data[i] + 'a' - 'A');

	const char *name = buf_str(names);
	bool has_date = false;
	for (size_t i = 0; i < request->header_count; name += strlen(name) + 1, i++) {
		if (sigv4_is_unsigned_header(name))
			continue;
		if (str_eq(name, "x-amz-date") &&
			str_copy(sigv4->date, sizeof(sigv4->date), request->headers[i].value))
			has_date = true;
		entries->items[entries->count] =
			(struct entry){name, request->headers[i].value, entries->count};
		entries->count++;
	}
	size_t order = entries->count;
	if (!has_date)
		entries->items[entries->count++] = (struct entry){"x-amz-date", sigv4->date, order};
	if (!str_empty(credentials->token) && !(request->flags & SIGV4_TOKEN_UNSIGNED))
		entries->items[entries->count++] =
			(struct entry){"x-amz-security-token", credentials->token, order};
	if (request->flags & SIGV4_PAYLOAD_HEADER)
		entries->items[entries->count++] =
			(struct entry){"x-amz-content-sha256", request->payload_hash, order};
	return true;
}

// ---- keys

static bool derive(struct sigv4_key *key)
{
	_cleanup_free_ char *seed = str_format("AWS4%s", key->secret);
	if (!seed)
		return false;
	uint8_t k[HASH_BYTES];
	bool ok = hash_hmac(seed, strlen(seed), key->day, strlen(key->day), k) &&
		  hash_hmac(k, sizeof(k), key->region, strlen(key->region), k) &&
		  hash_hmac(k, sizeof(k), key->service, strlen(key->service), k) &&
		  hash_hmac(k, sizeof(k), "aws4_request", 12, key->key);
	explicit_bzero(seed, strlen(seed));
	explicit_bzero(k, sizeof(k));
	return ok;
}

static const struct sigv4_key *find_key(struct sigv4 *sigv4, const char *day,
	const struct sigv4_request *request, const struct sigv4_credentials *credentials)
{
	for (size_t i = 0; i < SIGV4_KEYS; i++) {
		const struct sigv4_key *key = &sigv4->keys[i];
		if (key->secret && str_eq(key->day, day) && str_eq(key->region, request->region) &&
			str_eq(key->service, request->service) &&
			str_eq(key->access_key_id, credentials->access_key_id) &&
			str_eq(key->secret, credentials->secret))
			return key;
	}
	struct sigv4_key *key = &sigv4->keys[sigv4->next_key++ % SIGV4_KEYS];
	str_burn(key->secret);
	key->secret = strdup(credentials->secret);
	if (key->secret && str_copy(key->day, sizeof(key->day), day) &&
		str_copy(key->region, sizeof(key->region), request->region) &&
		str_copy(key->service, sizeof(key->service), request->service) &&
		str_copy(key->access_key_id, sizeof(key->access_key_id),
			credentials->access_key_id) &&
		derive(key))
		return key;
	str_burn(key->secret);
	explicit_bzero(key, sizeof(*key));
	return NULL;
}

// ---- the signature

bool sigv4_sign(struct sigv4 *sigv4, const struct sigv4_request *request,
	const struct sigv4_credentials *credentials)
{
	sigv4_format_date(request->wall_ms, sigv4->date);
	struct entries entries;
	entries.count = 0;
	if (!collect(sigv4, request, credentials, &entries))
		return false;

	struct buf *canonical = &sigv4->canonical, *to_sign = &sigv4->to_sign;
	buf_reset(canonical);
	buf_reset(to_sign);
	buf_reset(&sigv4->signed_headers);
	buf_reset(&sigv4->authorization);
	buf_adds(canonical, request->method);
	buf_addc(canonical, '\n');
	add_path(canonical, request->path, request->flags);
	buf_addc(canonical, '\n');
	if (!add_query(canonical, request->query, to_sign)) // to_sign is free until below
		return false;
	buf_addc(canonical, '\n');
	add_headers(canonical, &entries, &sigv4->signed_headers);
	buf_adds(canonical, buf_str(&sigv4->signed_headers));
	buf_addc(canonical, '\n');
	buf_adds(canonical, request->payload_hash);

	char hash[HASH_HEX_BYTES], day[9];
	str_copy(day, sizeof(day), sigv4->date);
	if (canonical->failed || sigv4->signed_headers.failed ||
		!hash_sha256_hex(canonical->data, canonical->len, hash))
		return false;
	buf_reset(to_sign);
	buf_addf(to_sign, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", sigv4->date, day,
		request->region, request->service, hash);

	uint8_t mac[HASH_BYTES];
	const struct sigv4_key *key = find_key(sigv4, day, request, credentials);
	if (!key || to_sign->failed ||
		!hash_hmac(key->key, sizeof(key->key), to_sign->data, to_sign->len, mac))
		return false;
	hash_hex(mac, sizeof(mac), sigv4->signature);
	return buf_addf(&sigv4->authorization,
		"AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=%s, "
		"Signature=%s",
		credentials->access_key_id, day, request->region, request->service,
		buf_str(&sigv4->signed_headers), sigv4->signature);
}
