// Files are opened without waiting for anything (a FIFO would block) and only then looked at:
// what was checked is what is read.
#include "core/source.h"
#include "base/hash.h"
#include "base/pem.h"
#include "base/str.h"
#include "core/password.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool source_is(const json_t *value)
{
	return json_is_object(json_object_get(value, "@source"));
}

static const json_t *inside(const json_t *source)
{
	return json_object_get(source, "@source");
}

// Opens a regular file that is not too large.
static struct err open_file(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;
	*ret_fd = -1;
	if (fd < 0) {
		int code = errno;
		return err_new(code == ENOENT || code == ENOTDIR ? ERR_NOT_FOUND : ERR_DENIED,
			"cannot read %s: %s", path, strerror(code));
	}
	struct err err = ERR_OK;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		err = err_new(ERR_INVALID, "%s is no regular file", path);
	else if (info.st_size > SOURCE_MOST_BYTES)
		err = err_new(ERR_INVALID, "%s has more than %d bytes", path, SOURCE_MOST_BYTES);
	if (err_is(&err)) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return ERR_OK;
}

static struct err read_file(const char *path, struct buf *out)
{
	char bytes[4096];
	int fd;
	ssize_t count = 0;
	size_t total = 0;
	struct err err = open_file(path, &fd);
	if (err_is(&err))
		return err;
	while ((count = read(fd, bytes, sizeof(bytes))) > 0) {
		total += (size_t)count;
		if (total > SOURCE_MOST_BYTES || !buf_add(out, bytes, (size_t)count))
			break; // it grew while it was read
	}
	int code = errno;
	explicit_bzero(bytes, sizeof(bytes));
	close(fd);
	if (count < 0)
		return err_new(ERR_DENIED, "cannot read %s: %s", path, strerror(code));
	if (count > 0)
		return err_new(ERR_INVALID, "%s has more than %d bytes", path, SOURCE_MOST_BYTES);
	return ERR_OK;
}

static struct err check_text(const struct buf *text, const char *what, const char *name)
{
	json_t *probe = json_stringn(buf_str(text), text->len);
	bool is_utf8 = probe && !memchr(buf_str(text), '\0', text->len);
	if (probe)
		explicit_bzero((char *)json_string_value(probe), json_string_length(probe));
	json_decref(probe);
	if (text->len == 0)
		return err_new(ERR_INVALID, "%s %s is empty", what, name);
	if (!is_utf8)
		return err_new(ERR_INVALID, "%s %s is no UTF-8 text", what, name);
	if (text->len > SOURCE_MOST_BYTES)
		return err_new(
			ERR_INVALID, "%s %s has more than %d bytes", what, name, SOURCE_MOST_BYTES);
	return ERR_OK;
}

struct err source_text(const struct field *field, const json_t *source, struct buf *out)
{
	const char *env = js_str(inside(source), "env"), *file = js_str(inside(source), "file");
	const json_t *make = json_object_get(inside(source), "make");
	if (make)
		return password_make(make, out);
	if (env) {
		const char *value = getenv(env);
		if (!value)
			return err_new(ERR_NOT_FOUND,
				"the environment variable %s, which the daemon does not have", env);
		if (!buf_adds(out, value))
			return err_nomem();
		return check_text(out, "the environment variable", env);
	}
	if (!file)
		return err_new(ERR_BUG, "a source of no known sort");
	struct err err = read_file(file, out);
	if (err_is(&err))
		return err;
	// Editors and `echo` end a line; who wants a newline at the end of a password writes two.
	if (field->form == SOURCE_REFERRED && out->len > 0 && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return check_text(out, "the file", file);
}

struct err source_mark_of(const struct field *field, const uint8_t *key, const char *text,
	size_t bytes, char ret_mark[SOURCE_MARK_BYTES])
{
	uint8_t digest[HASH_BYTES];
	*ret_mark = '\0';
	switch (field->mark) {
	case MARKED_NOT:
		return ERR_OK;
	case MARKED_KEYED:
		if (!hash_hmac(key, SOURCE_KEY_BYTES, text, bytes, digest))
			return err_new(ERR_BUG, "cannot hash");
		hash_hex(digest, sizeof(digest), ret_mark);
		return ERR_OK;
	case MARKED_SERIAL:
		if (pem_serial(text, bytes, ret_mark, SOURCE_MARK_BYTES))
			return ERR_OK;
		break;
	}
	return err_new(ERR_INVALID, "there is no PEM certificate in it");
}

struct err source_mark(const struct field *field, const json_t *source, const uint8_t *key,
	char ret_mark[SOURCE_MARK_BYTES])
{
	struct buf text;
	*ret_mark = '\0';
	if (json_object_get(inside(source), "make"))
		return ERR_OK;
	buf_init(&text, 2 * SOURCE_MOST_BYTES);
	struct err err = source_text(field, source, &text);
	if (!err_is(&err))
		err = source_mark_of(field, key, buf_str(&text), text.len, ret_mark);
	buf_burn(&text);
	return err;
}

bool source_is_open(const json_t *source)
{
	const char *file = js_str(inside(source), "file");
	struct stat info;
	return file && stat(file, &info) == 0 && (info.st_mode & S_IROTH);
}
