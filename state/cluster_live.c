// What a running server leaves to be seen: postmaster.pid, its process, its log. The format of
// postmaster.pid is Postgres's own (src/include/utils/pidfile.h): the first line is the process,
// the eighth its status, padded with blanks.
#include "base/buf.h"
#include "base/num.h"
#include "base/str.h"
#include "state/cluster.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID_FILE_BYTES = 2048, LOG_BYTES = 2 << 20, LOG_KEPT_BYTES = 64 << 10, WORDS_BYTES = 4096 };

// Up to bytes - 1 of a regular file, terminated; -1 when there is none.
static ssize_t read_text(const char *path, char *ret_text, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, ret_text, bytes - 1);
	if (fd >= 0)
		close(fd);
	ret_text[n > 0 ? n : 0] = '\0';
	return n;
}

static const char *find_line(const char *text, int number)
{
	for (int i = 1; i < number && text; i++) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text ? text : "";
}

static bool is_of_server_user(const struct cluster *cluster, pid_t pid)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	uid_t uid = cluster->uid ? cluster->uid : geteuid();
	return pid > 1 && stat(path, &st) == 0 && st.st_uid == uid;
}

// Where a process works; false when that is not to be seen, as for root without CAP_SYS_PTRACE.
static bool read_cwd(pid_t pid, char ret_cwd[PATH_MAX])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
	ssize_t n = readlink(path, ret_cwd, PATH_MAX - 1);
	ret_cwd[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool has_argument(pid_t pid, const char *wanted)
{
	char path[64], text[4096];
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (const char *arg = text; arg < text + n; arg += strlen(arg) + 1)
		if (str_eq(arg, wanted))
			return true;
	return false;
}

// The postmaster and all its children work in the data folder, and nothing else has a reason to.
// The postmaster is also known by its arguments.
bool cluster_is_server(const struct cluster *cluster, pid_t pid)
{
	char cwd[PATH_MAX];
	if (!is_of_server_user(cluster, pid))
		return false;
	return read_cwd(pid, cwd) ? str_eq(cwd, cluster->data) : has_argument(pid, cluster->data);
}

// An initdb works in its draft and is told so; its children work there.
static bool is_drafting(const struct cluster *cluster, pid_t pid)
{
	char cwd[PATH_MAX];
	return is_of_server_user(cluster, pid) && read_cwd(pid, cwd) &&
	       cluster_is_draft(cluster, cwd);
}

static bool read_pid_file(
	const struct cluster *cluster, char ret_text[PID_FILE_BYTES], pid_t *ret_pid)
{
	char path[PATH_MAX + 32], line[16];
	snprintf(path, sizeof(path), "%s/postmaster.pid", cluster->data);
	if (read_text(path, ret_text, PID_FILE_BYTES) <= 0)
		return false;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(ret_text, "\n"), ret_text);
	int64_t pid;
	if (!num_parse_i64(line, 2, INT32_MAX, &pid))
		return false;
	*ret_pid = (pid_t)pid;
	return true;
}

enum cluster_state cluster_look(const struct cluster *cluster, pid_t child, pid_t *ret_pid)
{
	char text[PID_FILE_BYTES];
	if (!read_pid_file(cluster, text, ret_pid) ||
		(*ret_pid != child && !cluster_is_server(cluster, *ret_pid)))
		return CLUSTER_DOWN;
	const char *status = find_line(text, 8);
	if (str_starts(status, "ready"))
		return CLUSTER_UP;
	return str_starts(status, "stopping") ? CLUSTER_STOPPING : CLUSTER_STARTING;
}

// The next process of /proc; 0 at the end.
static pid_t next_process(DIR *proc)
{
	int64_t number;
	for (struct dirent *entry; (entry = readdir(proc));)
		if (num_parse_i64(entry->d_name, 2, INT32_MAX, &number))
			return (pid_t)number;
	return 0;
}

void cluster_remove_stale_locks(const struct cluster *cluster)
{
	char path[PATH_MAX + 32];
	DIR *proc = opendir("/proc");
	if (!proc)
		return; // nothing to see is no proof
	bool is_used = false;
	for (pid_t pid; !is_used && (pid = next_process(proc)) != 0;)
		is_used = cluster_is_server(cluster, pid);
	closedir(proc);
	if (is_used)
		return;
	snprintf(path, sizeof(path), "%s/postmaster.pid", cluster->data);
	unlink(path);
	snprintf(path, sizeof(path), "%s/.s.PGSQL.5432.lock", cluster->run);
	unlink(path);
}

void cluster_end_drafts(const struct cluster *cluster)
{
	DIR *proc = opendir("/proc");
	for (pid_t pid; proc && (pid = next_process(proc)) != 0;)
		if (is_drafting(cluster, pid))
			kill(pid, SIGKILL);
	if (proc)
		closedir(proc);
}

// ---- the log

static int open_log(const struct cluster *cluster, int flags)
{
	char path[PATH_MAX + 32];
	snprintf(path, sizeof(path), "%s/server.log", cluster->root);
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
}

static void trim(int fd)
{
	static const char note[] = "(cut here by holdfastd)\n";
	struct stat st;
	if (fstat(fd, &st) < 0 || st.st_size <= LOG_BYTES)
		return;
	_cleanup_free_ char *tail = malloc(LOG_KEPT_BYTES);
	ssize_t n = tail ? pread(fd, tail, LOG_KEPT_BYTES, st.st_size - LOG_KEPT_BYTES) : 0;
	// The server appends (O_APPEND), so what it writes meanwhile lands behind, wherever the end
	// is.
	if (ftruncate(fd, 0) < 0 || write(fd, note, strlen(note)) < 0 || n <= 0)
		return;
	if (write(fd, tail, (size_t)n) < n)
		return; // the disk is full: the tail is lost, the bound holds
}

int cluster_open_log(struct cluster *cluster)
{
	int fd = open_log(cluster, O_RDWR | O_CREAT | O_APPEND);
	if (fd < 0)
		return -1;
	trim(fd);
	cluster->log_from = (long)lseek(fd, 0, SEEK_END);
	return fd;
}

void cluster_trim_log(const struct cluster *cluster)
{
	int fd = open_log(cluster, O_RDWR | O_APPEND);
	if (fd < 0)
		return;
	trim(fd);
	close(fd);
}

void cluster_last_words(const struct cluster *cluster, char *ret_text, size_t bytes)
{
	char text[WORDS_BYTES];
	ret_text[0] = '\0';
	int fd = open_log(cluster, O_RDONLY);
	if (fd < 0)
		return;
	ssize_t n = pread(fd, text, sizeof(text) - 1, cluster->log_from);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *line = text; *line;) {
		char *end = line + strcspn(line, "\n");
		bool is_last = *end == '\0';
		*end = '\0';
		const char *fatal = strstr(line, "FATAL:  ");
		if (!fatal)
			fatal = strstr(line, "PANIC:  ");
		if (fatal)
			str_copy(ret_text, bytes, fatal + 8);
		else if (strstr(line, "error:"))
			str_copy(ret_text, bytes, line);
		if (is_last)
			break;
		line = end + 1;
	}
}
