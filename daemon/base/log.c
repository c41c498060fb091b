// logfmt to standard error, or sd_journal_sendv when JOURNAL_STREAM names our standard error (the
// rule of sd_journal_stream_fd(3)), so a redirected run still prints.
#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

static enum log_level threshold = LOG_LEVEL_INFO;
static uint64_t dropped;

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_is_on(enum log_level level)
{
	return level <= threshold;
}

uint64_t log_dropped_count(void)
{
	return dropped;
}

static const char *const level_names[] = {
	"", "", "", "error", "warning", "notice", "info", "debug"};

bool log_parse_level(const char *name, enum log_level *ret_level)
{
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		if (str_eq(name, level_names[level])) {
			*ret_level = (enum log_level)level;
			return true;
		}
	}
	return false;
}

static bool is_journal(void)
{
	static int known = -1;
	if (known >= 0)
		return known == 1;
	known = 0;
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	uintmax_t dev, ino;
	if (stream && fstat(STDERR_FILENO, &st) == 0 &&
		sscanf(stream, "%ju:%ju", &dev, &ino) == 2 && dev == st.st_dev && ino == st.st_ino)
		known = 1;
	return known == 1;
}

// Also the two bytes of U+0080 to U+009F, which some terminals obey like an escape sequence.
static bool is_control(const char *p)
{
	unsigned char c = (unsigned char)*p, next = c ? (unsigned char)p[1] : 0;
	return c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next <= 0x9f);
}

// Foreign text may hold terminal escapes and line breaks: quoted and escaped, always.
static void add_value(struct buf *line, const char *text)
{
	bool utf8 = str_is_utf8(text, strlen(text));
	bool plain = utf8 && *text && !strpbrk(text, " \"=\\");
	for (const char *p = text; plain && *p; p++)
		plain = !is_control(p);
	if (plain) {
		buf_adds(line, text);
		return;
	}
	buf_addc(line, '"');
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\')
			buf_addf(line, "\\%c", c);
		else if (c == '\n')
			buf_adds(line, "\\n");
		else if (is_control(p) || (c >= 0x80 && !utf8)) {
			buf_addf(line, "\\x%02x", c);
			if (c == 0xc2 && utf8) // both bytes, or the rest would be no UTF-8
				buf_addf(line, "\\x%02x", (unsigned char)*++p);
		} else
			buf_addc(line, (char)c);
	}
	buf_addc(line, '"');
}

static bool has_value(const struct log_field *field)
{
	return field->is_number || (field->text && *field->text);
}

// A pipe that polls as writable takes at least PIPE_BUF bytes without blocking (pipe(7)). The
// descriptor is shared with whoever started us, so it is not switched to O_NONBLOCK. A line that
// was cut is closed before the next one.
static bool write_now(const char *text, size_t bytes)
{
	static bool is_cut;
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	if (is_cut && (poll(&room, 1, 0) != 1 || write(STDERR_FILENO, "\n", 1) != 1))
		return false;
	is_cut = false;
	for (size_t done = 0; done < bytes;) {
		size_t part = bytes - done < PIPE_BUF ? bytes - done : PIPE_BUF;
		ssize_t n = -1;
		if (poll(&room, 1, 0) == 1 && room.revents & POLLOUT)
			n = write(STDERR_FILENO, text + done, part);
		if (n <= 0) {
			is_cut = done > 0;
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

static void to_stderr(enum log_level level, const char *message, const struct log_field *fields)
{
	char now[CLOCK_TEXT_BYTES];
	clock_format_iso(clock_wall_ms(), now);
	_cleanup_buf_ struct buf line = {0};
	buf_init(&line, 64 << 10);
	buf_addf(&line, "%s %-7s %s", now, level_names[level], message);
	for (const struct log_field *f = fields; f->name; f++) {
		if (!has_value(f))
			continue;
		buf_addf(&line, " %s=", f->name);
		if (f->text)
			add_value(&line, f->text);
		else
			buf_addf(&line, "%" PRId64, f->number);
	}
	buf_addc(&line, '\n');
	if (line.failed || !write_now(line.data, line.len))
		dropped++;
}

static void to_journal(enum log_level level, const char *message, const struct log_field *fields)
{
	enum { MOST = 24 };
	struct buf texts[MOST];
	struct iovec iov[MOST];
	int count = 0;
	for (int i = 0; i < MOST; i++)
		buf_init(&texts[i], 64 << 10);
	buf_addf(&texts[count++], "MESSAGE=%s", message);
	buf_addf(&texts[count++], "PRIORITY=%d", (int)level);
	buf_adds(&texts[count++], "SYSLOG_IDENTIFIER=holdfastd");
	// The message alone says little in plain journalctl output; the fields follow it there too.
	for (const struct log_field *f = fields; f->name && count < MOST; f++) {
		if (!has_value(f))
			continue;
		buf_addf(&texts[0], " %s=", f->name);
		struct buf *text = &texts[count++];
		buf_adds(text, "HOLDFAST_");
		for (const char *p = f->name; *p; p++)
			buf_addc(text, (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p));
		buf_addc(text, '=');
		if (f->text) {
			add_value(&texts[0], f->text);
			buf_adds(text, f->text);
		} else {
			buf_addf(&texts[0], "%" PRId64, f->number);
			buf_addf(text, "%" PRId64, f->number);
		}
	}
	for (int i = 0; i < count; i++)
		iov[i] = (struct iovec){texts[i].data, texts[i].len};
	if (sd_journal_sendv(iov, count) < 0)
		dropped++;
	for (int i = 0; i < MOST; i++)
		buf_done(&texts[i]);
}

void log_emit(enum log_level level, const struct log_field *line)
{
	if (!log_is_on(level))
		return;
	int saved = errno;
	if (is_journal())
		to_journal(level, line->name, line + 1);
	else
		to_stderr(level, line->name, line + 1);
	errno = saved;
}
