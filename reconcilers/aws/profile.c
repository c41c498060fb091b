// The grammar is that of AWS's SDKs ("Shared config and credentials file format"), read as
// leniently about indentation as Python's configparser, which the CLI uses: a line continues a
// property when it is indented further than the property itself.
#include "aws/profile.h"
#include "base/buf.h"
#include "base/map.h"
#include <errno.h>

enum {
	MOST_FILE_BYTES = 1 << 20,
	MOST_ENTRIES = 20000,
	MOST_KEY_BYTES = 512,
};

enum section {
	SECTION_NONE,        // before the first, or one that AWS's tools skip
	SECTION_DEFAULT,     // [default] in the config file
	SECTION_PROFILE,     // [profile x] in the config file
	SECTION_CREDENTIALS, // [x] in the credentials file
	SECTION_SERVICES,    // [services x]
	SECTION_SSO,         // [sso-session x]
};

struct profiles {
	struct map values;   // "kind/name/key" or "kind/name/key/nested" -> text, owned
	struct map sections; // "kind/name"
	char *paths[2];      // owned; by enum profile_file
};

struct parser {
	struct profiles *profiles;
	enum profile_file file;
	const char *path;
	int line;
	enum section section;
	char name[MOST_KEY_BYTES];
	char key[MOST_KEY_BYTES]; // of the open property; "" when there is none
	size_t key_indent;
	bool is_block; // the open property has no value of its own
};

/* A name may hold any character but this one. */
#define SEPARATOR "\x1f"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct err bad(const struct parser *parser, const char *what)
{
	return err_new(ERR_INVALID, "%s:%d: %s", parser->path, parser->line, what);
}

// ---- storage

static bool make_key(char *out, size_t bytes, enum section section, const char *name,
	const char *key, const char *nested)
{
	int length = snprintf(out, bytes, "%d" SEPARATOR "%s" SEPARATOR "%s" SEPARATOR "%s",
		(int)section, name, key, nested);
	return length > 0 && (size_t)length < bytes;
}

static struct err put(const struct parser *parser, const char *nested, const char *value)
{
	char key[3 * MOST_KEY_BYTES];
	if (parser->section == SECTION_NONE)
		return ERR_OK;
	if (!make_key(key, sizeof(key), parser->section, parser->name, parser->key, nested))
		return bad(parser, "the names are too long");
	if (parser->profiles->values.count >= MOST_ENTRIES)
		return bad(parser, "too many settings");
	char *copy = strdup(value);
	void *old = NULL;
	if (!copy || !map_set(&parser->profiles->values, key, copy, &old)) {
		str_burn(copy);
		return err_nomem();
	}
	str_burn(old);
	return ERR_OK;
}

/* A further line of the value, after a line feed. */
static struct err append(const struct parser *parser, const char *more)
{
	char key[3 * MOST_KEY_BYTES];
	if (parser->section == SECTION_NONE ||
		!make_key(key, sizeof(key), parser->section, parser->name, parser->key, ""))
		return ERR_OK;
	const char *old = map_get(&parser->profiles->values, key);
	_cleanup_free_ char *both = str_format("%s\n%s", old ? old : "", more);
	if (!both)
		return err_nomem();
	struct err err = put(parser, "", both);
	explicit_bzero(both, strlen(both));
	return err;
}

// ---- lines

/* "[profile x]" -> section and name. */
static void name_section(struct parser *parser, const char *title)
{
	static const struct {
		const char *prefix;
		enum section section;
	} kinds[] = {{"profile", SECTION_PROFILE}, {"services", SECTION_SERVICES},
		{"sso-session", SECTION_SSO}};
	parser->section = SECTION_NONE;
	const char *name = title;
	if (parser->file == PROFILE_CREDENTIALS) {
		parser->section = SECTION_CREDENTIALS;
	} else if (str_eq(title, "default")) {
		parser->section = SECTION_DEFAULT;
	} else {
		for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
			size_t bytes = strlen(kinds[i].prefix);
			if (strncmp(title, kinds[i].prefix, bytes) != 0 || !is_blank(title[bytes]))
				continue;
			parser->section = kinds[i].section;
			name = title + bytes;
			while (is_blank(*name))
				name++;
		}
	}
	// The CLI splits like a shell: [profile "a b"].
	size_t length = strlen(name);
	if (length >= 2 && (name[0] == '"' || name[0] == '\'') && name[length - 1] == name[0]) {
		name++;
		length -= 2;
	}
	memcpy(parser->name, name, length);
	parser->name[length] = '\0';
}

static struct err read_section(struct parser *parser, char *line)
{
	char *end = strchr(line, ']');
	if (!end)
		return bad(parser, "a section header without ']'");
	const char *rest = end + 1;
	while (is_blank(*rest))
		rest++;
	if (*rest && *rest != '#' && *rest != ';')
		return bad(parser, "text after a section header");
	char *title = line + 1;
	while (is_blank(*title))
		title++;
	while (end > title && is_blank(end[-1]))
		end--;
	*end = '\0';
	if (end == title)
		return bad(parser, "a section without a name");
	if ((size_t)(end - title) >= MOST_KEY_BYTES)
		return bad(parser, "the name of the section is too long");
	name_section(parser, title);
	parser->key[0] = '\0';
	char key[2 * MOST_KEY_BYTES];
	static char there[] = "";
	if (parser->section != SECTION_NONE &&
		(!make_key(key, sizeof(key), parser->section, parser->name, "", "") ||
			!map_set(&parser->profiles->sections, key, there, &(void *){NULL})))
		return err_nomem();
	return ERR_OK;
}

/* Splits "key = value" in place into a lower-case key and a trimmed value. Answers what is wrong
 * with the line, or NULL. */
static const char *split(char *line, char **ret_key, char **ret_value)
{
	char *key = line, *equals = strchr(line, '='), *end = equals;
	*ret_key = *ret_value = line;
	if (!equals)
		return "neither a section nor 'key = value'";
	while (is_blank(*key))
		key++;
	while (end > key && is_blank(end[-1]))
		end--;
	if (end == key)
		return "no key before '='";
	*end = '\0';
	for (char *s = key; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 'a' - 'A');
	char *value = equals + 1;
	while (is_blank(*value))
		value++;
	*ret_key = key;
	*ret_value = value;
	return NULL;
}

/* A comment begins with '#' or ';' after a blank; "a#b" is a value. */
static void cut_comment(char *value)
{
	if (*value == '#' || *value == ';') {
		*value = '\0';
		return;
	}
	for (char *s = value; *s; s++)
		if (is_blank(*s) && (s[1] == '#' || s[1] == ';')) {
			*s = '\0';
			break;
		}
	size_t bytes = strlen(value);
	while (bytes && is_blank(value[bytes - 1]))
		value[--bytes] = '\0';
}

static struct err read_property(struct parser *parser, char *line, size_t indent)
{
	char *key, *value;
	const char *wrong = split(line, &key, &value);
	if (wrong)
		return bad(parser, wrong);
	cut_comment(value);
	if (!str_copy(parser->key, sizeof(parser->key), key))
		return bad(parser, "the key is too long");
	parser->key_indent = indent;
	parser->is_block = !*value;
	return put(parser, "", value);
}

static struct err read_continuation(struct parser *parser, char *line)
{
	char *key, *value;
	if (!parser->is_block)
		return append(parser, line);
	const char *wrong = split(line, &key, &value);
	if (wrong)
		return bad(parser, wrong);
	cut_comment(value);
	return put(parser, key, value);
}

static struct err read_line(struct parser *parser, char *line)
{
	size_t indent = strspn(line, " \t");
	size_t bytes = strlen(line);
	while (bytes && (is_blank(line[bytes - 1]) || line[bytes - 1] == '\r'))
		line[--bytes] = '\0';
	char *text = line + indent;
	if (indent >= bytes || *text == '#' || *text == ';')
		return ERR_OK;
	if (*text == '[' && (!indent || !parser->key[0]))
		return read_section(parser, text);
	if (parser->key[0] && indent > parser->key_indent)
		return read_continuation(parser, text);
	if (parser->section == SECTION_NONE && !parser->name[0])
		return bad(parser, "a setting before the first [section]");
	return read_property(parser, text, indent);
}

struct err profiles_parse(struct profiles *profiles, enum profile_file file, const char *path,
	const char *text, size_t bytes)
{
	struct parser parser = {.profiles = profiles, .file = file, .path = path};
	if (memchr(text, '\0', bytes))
		return err_new(ERR_INVALID, "%s: not a text file", path);
	if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		bytes -= 3;
	}
	struct err err = ERR_OK;
	struct buf line;
	buf_init(&line, MOST_FILE_BYTES);
	for (size_t at = 0; at < bytes && !err_is(&err);) {
		const char *end = memchr(text + at, '\n', bytes - at);
		size_t length = end ? (size_t)(end - text) - at : bytes - at;
		parser.line++;
		buf_reset(&line);
		if (!buf_add(&line, text + at, length))
			err = bad(&parser, "the line is too long");
		else if (length)
			err = read_line(&parser, line.data);
		at += length + 1;
	}
	buf_burn(&line);
	return err;
}

// ---- files

struct profiles *profiles_new(void)
{
	struct profiles *profiles = calloc(1, sizeof(*profiles));
	if (!profiles)
		return NULL;
	map_init(&profiles->values);
	map_init(&profiles->sections);
	return profiles;
}

static void burn(void *value)
{
	str_burn(value);
}

void profiles_free(struct profiles *profiles)
{
	if (!profiles)
		return;
	map_done_with(&profiles->values, burn);
	map_done(&profiles->sections);
	free(profiles->paths[0]);
	free(profiles->paths[1]);
	free(profiles);
}

/* The variable's path, "~/" meaning $HOME; or the usual place. NULL: no home. */
static char *path_of(const struct env *env, const char *variable, const char *usual)
{
	const char *home = env_get(env, "HOME");
	const char *path = env_get(env, variable);
	if (!path)
		return home ? str_format("%s/%s", home, usual) : NULL;
	if (str_starts(path, "~/") && home)
		return str_format("%s%s", home, path + 1);
	return strdup(path);
}

static struct err load_file(struct profiles *profiles, enum profile_file file, const char *path)
{
	FILE *stream = fopen(path, "re");
	if (!stream && (errno == ENOENT || errno == ENOTDIR))
		return ERR_OK;
	if (!stream)
		return err_new(ERR_INVALID, "%s: %s", path, strerror(errno));
	// One byte more than allowed tells a file that is too large; fread's own buffer would stay
	// in memory with the keys.
	setvbuf(stream, NULL, _IONBF, 0);
	char *text = malloc(MOST_FILE_BYTES + 1);
	struct err err;
	size_t bytes = text ? fread(text, 1, MOST_FILE_BYTES + 1, stream) : 0;
	if (!text)
		err = err_nomem();
	else if (ferror(stream))
		err = err_new(ERR_INVALID, "%s: cannot be read", path);
	else if (bytes > MOST_FILE_BYTES)
		err = err_new(ERR_INVALID, "%s: over 1 MiB", path);
	else
		err = profiles_parse(profiles, file, path, text, bytes);
	fclose(stream);
	if (text)
		explicit_bzero(text, bytes);
	free(text);
	return err;
}

struct err profiles_load(const struct env *env, struct profiles **ret_profiles)
{
	struct profiles *profiles = profiles_new();
	if (!profiles)
		return err_nomem();
	profiles->paths[PROFILE_CONFIG] = path_of(env, "AWS_CONFIG_FILE", ".aws/config");
	profiles->paths[PROFILE_CREDENTIALS] =
		path_of(env, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
	struct err err = ERR_OK;
	for (int file = PROFILE_CONFIG; file <= PROFILE_CREDENTIALS && !err_is(&err); file++)
		if (profiles->paths[file])
			err = load_file(profiles, (enum profile_file)file, profiles->paths[file]);
	if (err_is(&err)) {
		profiles_free(profiles);
		return err;
	}
	*ret_profiles = profiles;
	return ERR_OK;
}

// ---- questions

static bool has_section(const struct profiles *profiles, enum section section, const char *name)
{
	char key[2 * MOST_KEY_BYTES];
	return make_key(key, sizeof(key), section, name, "", "") &&
	       map_get(&profiles->sections, key);
}

static const char *get(const struct profiles *profiles, enum section section, const char *name,
	const char *key, const char *nested)
{
	char full[3 * MOST_KEY_BYTES];
	if (!make_key(full, sizeof(full), section, name, key, nested))
		return NULL;
	const char *value = map_get(&profiles->values, full);
	return str_empty(value) ? NULL : value;
}

bool profile_exists(const struct profiles *profiles, const char *name)
{
	return has_section(profiles, SECTION_CREDENTIALS, name) ||
	       has_section(profiles, SECTION_PROFILE, name) ||
	       (str_eq(name, "default") && has_section(profiles, SECTION_DEFAULT, name));
}

const char *profile_get_from(
	const struct profiles *profiles, enum profile_file file, const char *name, const char *key)
{
	if (file == PROFILE_CREDENTIALS)
		return get(profiles, SECTION_CREDENTIALS, name, key, "");
	bool is_default = str_eq(name, "default") && !has_section(profiles, SECTION_PROFILE, name);
	return get(profiles, is_default ? SECTION_DEFAULT : SECTION_PROFILE, name, key, "");
}

const char *profile_get(const struct profiles *profiles, const char *name, const char *key)
{
	const char *value = profile_get_from(profiles, PROFILE_CREDENTIALS, name, key);
	return value ? value : profile_get_from(profiles, PROFILE_CONFIG, name, key);
}

const char *profile_service_get(
	const struct profiles *profiles, const char *section, const char *service, const char *key)
{
	return get(profiles, SECTION_SERVICES, section, service, key);
}

static const char *path_or(const struct profiles *profiles, enum profile_file file)
{
	return profiles->paths[file] ? profiles->paths[file] : "(no home directory)";
}

const char *profiles_config_path(const struct profiles *profiles)
{
	return path_or(profiles, PROFILE_CONFIG);
}

const char *profiles_credentials_path(const struct profiles *profiles)
{
	return path_or(profiles, PROFILE_CREDENTIALS);
}
