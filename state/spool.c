#include "state/spool.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUM_DIGITS = 16, MOST_FILE_BYTES = 256 << 20 };

/* What a worker does; only it touches this while it runs. */
struct job {
	uv_work_t work;
	struct spool *spool;
	char *path;                     // of the segment that is written; owned
	struct buf text;                // to be added to it
	off_t at;                       // where
	uint64_t first_gone, last_gone; // segments to delete; none when last < first
	bool empties;                   // the segment at `path`
	int error;                      // errno
};

struct size {
	uint64_t segment, bytes;
};

struct spool {
	struct loop *loop;
	struct task *watcher;
	char *dir;
	uint64_t oldest, current; // segments
	off_t current_bytes;      // known to be good
	struct size *sizes;       // of older segments, in order; owned
	size_t size_count;
	struct buf next; // lines for the next write
	struct job job;
	bool is_busy;
	struct err err;
};

static char *path_of(const struct spool *spool, uint64_t segment)
{
	char *path = str_format("%s/%012llu.log", spool->dir, (unsigned long long)segment);
	if (!path)
		abort(); // out of memory; the supervisor starts us anew
	return path;
}

static void note_size(struct spool *spool, uint64_t segment, uint64_t bytes)
{
	spool->sizes = reallocarray(spool->sizes, spool->size_count + 1, sizeof(*spool->sizes));
	if (!spool->sizes)
		abort(); // out of memory; the supervisor starts us anew
	spool->sizes[spool->size_count++] = (struct size){segment, bytes};
}

static void forget_sizes(struct spool *spool, uint64_t before)
{
	size_t kept = 0;
	for (size_t i = 0; i < spool->size_count; i++)
		if (spool->sizes[i].segment >= before)
			spool->sizes[kept++] = spool->sizes[i];
	spool->size_count = kept;
}

// ---- lines

static bool sum_line(const char *line, size_t bytes, char ret[SUM_DIGITS + 1])
{
	char hex[HASH_HEX_BYTES];
	if (!hash_sha256_hex(line, bytes, hex))
		return false;
	memcpy(ret, hex, SUM_DIGITS);
	ret[SUM_DIGITS] = '\0';
	return true;
}

bool spool_add(struct spool *spool, uint64_t number, const char *text)
{
	char sum[SUM_DIGITS + 1];
	_cleanup_free_ char *line = str_format("%llu %s", (unsigned long long)number, text);
	return line && sum_line(line, strlen(line), sum) &&
	       buf_addf(&spool->next, "%s %s\n", sum, line);
}

// `line` without its end; cut in place. False when it is not as it was written.
static bool read_line(char *line, size_t bytes, int64_t *ret_number, const char **ret_text)
{
	char sum[SUM_DIGITS + 1];
	if (bytes < SUM_DIGITS + 4 || strlen(line) != bytes || line[SUM_DIGITS] != ' ' ||
		!sum_line(line + SUM_DIGITS + 1, bytes - SUM_DIGITS - 1, sum) ||
		memcmp(line, sum, SUM_DIGITS) != 0)
		return false;
	char *number = line + SUM_DIGITS + 1, *space = strchr(number, ' ');
	if (!space)
		return false;
	*space = '\0';
	*ret_text = space + 1;
	return num_parse_i64(number, 0, INT64_MAX, ret_number);
}

// ---- reading what there is

struct reading {
	struct spool_found *found;
	json_t *by_number; // {"<20 digits>": [number, "text"]}: sorts, and knows each once
	bool is_damaged;   // the file at hand
};

static void read_text(struct reading *reading, char *text, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		char *line = text + at, *end = memchr(line, '\n', bytes - at);
		size_t length = end ? (size_t)(end - line) : bytes - at;
		int64_t number;
		const char *content;
		at += length + 1;
		if (!end) {
			reading->found->torn++;
			return;
		}
		*end = '\0';
		if (!read_line(line, length, &number, &content)) {
			reading->found->damaged++;
			reading->is_damaged = true;
			continue;
		}
		char key[24];
		snprintf(key, sizeof(key), "%020lld", (long long)number);
		json_object_set_new(
			reading->by_number, key, json_pack("[I, s]", (json_int_t)number, content));
	}
}

static struct err read_file(struct reading *reading, const char *path, uint64_t *ret_bytes)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > MOST_FILE_BYTES) {
		struct err err = err_new(ERR_INVALID, "cannot read the journal %s: %s", path,
			fd < 0 || errno ? strerror(errno) : "it is too large");
		if (fd >= 0)
			close(fd);
		return err;
	}
	char *text = malloc((size_t)st.st_size + 1);
	size_t have = 0;
	while (text && have < (size_t)st.st_size) {
		ssize_t n = read(fd, text + have, (size_t)st.st_size - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	if (!text)
		return err_nomem();
	text[have] = '\0';
	reading->is_damaged = false;
	read_text(reading, text, have);
	free(text);
	*ret_bytes = have;
	if (!reading->is_damaged)
		return ERR_OK;
	// The next write to the folder deletes the file once its lines are told: a second name
	// keeps it.
	_cleanup_free_ char *kept = str_format("%s.damaged", path);
	bool is_kept = kept && (link(path, kept) == 0 || errno == EEXIST);
	log_error("a journal is damaged; what could be read of it is told all the same",
		LOG_STR("file", is_kept ? kept : path), LOG_INT("bytes", (int64_t)have));
	return ERR_OK;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The segments of the folder, in order; new.
static uint64_t *list_segments(const char *dir, size_t *ret_count)
{
	uint64_t *all = NULL;
	size_t count = 0, size = 0;
	DIR *folder = opendir(dir);
	for (struct dirent *d; folder && (d = readdir(folder));) {
		int64_t number;
		char digits[32];
		size_t n = strlen(d->d_name);
		if (n != 16 || !str_ends(d->d_name, ".log"))
			continue;
		str_copy(digits, sizeof(digits), d->d_name);
		digits[12] = '\0';
		const char *first = digits + strspn(digits, "0");
		if (!num_parse_i64(*first ? first : "0", 0, INT64_MAX, &number))
			continue;
		if (count == size) {
			size = size ? size * 2 : 16;
			all = reallocarray(all, size, sizeof(*all));
			if (!all)
				abort(); // out of memory; the supervisor starts us anew
		}
		all[count++] = (uint64_t)number;
	}
	if (folder)
		closedir(folder);
	if (count)
		qsort(all, count, sizeof(*all), by_number);
	*ret_count = count;
	return all;
}

static struct err read_folder(struct spool *spool, struct spool_found *found)
{
	size_t count;
	uint64_t *segments = list_segments(spool->dir, &count);
	struct reading reading = {.found = found, .by_number = json_object()};
	struct err err = ERR_OK;
	for (size_t i = 0; i < count && !err_is(&err); i++) {
		_cleanup_free_ char *path = path_of(spool, segments[i]);
		uint64_t bytes = 0;
		err = read_file(&reading, path, &bytes);
		note_size(spool, segments[i], bytes);
	}
	// What is there is never added to: its last line may be cut off.
	spool->oldest = count ? segments[0] : 1;
	spool->current = count ? segments[count - 1] + 1 : 1;
	free(segments);
	size_t lines = json_object_size(reading.by_number), at = 0;
	const char **keys = calloc(lines + 1, sizeof(*keys));
	const char *key;
	json_t *line;
	found->lines = json_array();
	if (!keys)
		err = err_nomem();
	json_object_foreach (reading.by_number, key, line)
		if (keys)
			keys[at++] = key;
	if (lines && keys)
		qsort(keys, lines, sizeof(*keys), by_name);
	for (size_t i = 0; i < at; i++)
		json_array_append(found->lines, json_object_get(reading.by_number, keys[i]));
	free(keys);
	json_decref(reading.by_number);
	return err;
}

// ---- the worker

static int sync_folder(const char *path)
{
	_cleanup_free_ char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	if (!slash)
		return ENOMEM;
	*slash = '\0';
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 || fsync(fd) != 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return error;
}

static int write_all(int fd, const char *text, size_t bytes, off_t at)
{
	while (bytes > 0) {
		ssize_t n = pwrite(fd, text, bytes, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		text += n;
		bytes -= (size_t)n;
		at += n;
	}
	return fdatasync(fd) == 0 ? 0 : errno;
}

static void work(uv_work_t *request)
{
	struct job *job = request->data;
	for (uint64_t gone = job->first_gone; gone <= job->last_gone; gone++) {
		_cleanup_free_ char *path = path_of(job->spool, gone);
		if (unlink(path) != 0 && errno != ENOENT)
			job->error = errno;
	}
	if (job->empties && truncate(job->path, 0) != 0 && errno != ENOENT)
		job->error = errno;
	if (job->text.len == 0)
		return;
	int fd = open(job->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		job->error = errno;
		return;
	}
	job->error = write_all(fd, buf_str(&job->text), job->text.len, job->at);
	if (job->error == 0 && job->at == 0)
		job->error = sync_folder(job->path);
	// Half a line must not stand before the next one.
	if (job->error != 0 && ftruncate(fd, job->at) != 0)
		log_debug("the journal could not be cut back");
	close(fd);
}

static void on_worked(uv_work_t *request, int status)
{
	struct job *job = request->data;
	struct spool *spool = job->spool;
	(void)status;
	spool->is_busy = false;
	spool->err = ERR_OK;
	if (job->error != 0)
		spool->err = err_new(ERR_TRANSIENT, "cannot write the journal %s: %s", job->path,
			strerror(job->error));
	else if (job->text.len > 0)
		spool->current_bytes += (off_t)job->text.len;
	buf_reset(&job->text);
	free(TAKE(job->path));
	if (spool->watcher)
		task_wake(spool->watcher);
}

static void start_job(struct spool *spool)
{
	struct job *job = &spool->job;
	job->work.data = job;
	job->spool = spool;
	job->error = 0;
	job->path = path_of(spool, spool->current);
	job->at = spool->current_bytes;
	spool->is_busy = true;
	if (uv_queue_work(&spool->loop->uv, &job->work, work, on_worked) == 0)
		return;
	spool->is_busy = false;
	spool->err = err_new(ERR_BUG, "cannot start the writing of the journal");
	free(TAKE(job->path));
}

// ---- the interface

struct err spool_new(struct loop *loop, const char *dir, struct task *watcher,
	struct spool **ret_spool, struct spool_found *ret_found)
{
	*ret_found = (struct spool_found){0};
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_new(ERR_INVALID, "cannot make the journal's folder %s: %s", dir,
			strerror(errno));
	struct spool *spool = calloc(1, sizeof(*spool));
	if (!spool)
		return err_nomem();
	spool->loop = loop;
	spool->watcher = watcher;
	spool->dir = strdup(dir);
	buf_init(&spool->next, (size_t)2 * SPOOL_MOST_LINE_BYTES);
	buf_init(&spool->job.text, (size_t)2 * SPOOL_MOST_LINE_BYTES);
	struct err err = spool->dir ? read_folder(spool, ret_found) : err_nomem();
	if (err_is(&err)) {
		json_decref(TAKE(ret_found->lines));
		spool_free(spool);
		return err;
	}
	*ret_spool = spool;
	return ERR_OK;
}

void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	spool->watcher = NULL;
	while (spool->is_busy)
		uv_run(&spool->loop->uv, UV_RUN_ONCE);
	buf_done(&spool->next);
	buf_done(&spool->job.text);
	free(spool->sizes);
	free(spool->dir);
	free(spool);
}

bool spool_is_busy(const struct spool *spool)
{
	return spool->is_busy;
}

void spool_write(struct spool *spool)
{
	struct job *job = &spool->job;
	struct buf empty = job->text;
	job->text = spool->next;
	spool->next = empty;
	job->first_gone = 1;
	job->last_gone = 0;
	job->empties = false;
	if (spool->current_bytes > 0 &&
		spool->current_bytes + (off_t)job->text.len > SPOOL_SEGMENT_BYTES)
		spool_roll(spool);
	start_job(spool);
}

const struct err *spool_error(const struct spool *spool)
{
	return &spool->err;
}

uint64_t spool_segment(const struct spool *spool)
{
	return spool->current;
}

void spool_roll(struct spool *spool)
{
	if (spool->current_bytes == 0)
		return;
	note_size(spool, spool->current, (uint64_t)spool->current_bytes);
	spool->current_bytes = 0;
	spool->current++;
}

void spool_release(struct spool *spool, uint64_t segment, bool is_empty)
{
	struct job *job = &spool->job;
	if (segment > spool->current)
		segment = spool->current;
	job->first_gone = spool->oldest;
	job->last_gone = segment - 1;
	job->empties = is_empty && spool->current_bytes > 0;
	if (job->last_gone < job->first_gone && !job->empties)
		return;
	if (segment > spool->oldest)
		spool->oldest = segment;
	forget_sizes(spool, segment);
	if (is_empty)
		spool->current_bytes = 0;
	start_job(spool);
}

uint64_t spool_bytes(const struct spool *spool)
{
	uint64_t bytes = (uint64_t)spool->current_bytes;
	for (size_t i = 0; i < spool->size_count; i++)
		bytes += spool->sizes[i].bytes;
	return bytes;
}
