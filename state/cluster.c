// Folders, users, programs and settings of the embedded server. cluster_live.c has what concerns
// a running one. Everything here is a few small files on the local disk.
#include "state/cluster.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "/.s.PGSQL.5432"

static bool join(char *ret, const char *folder, const char *name)
{
	return snprintf(ret, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static struct err failed(const char *what, const char *path)
{
	return err_code(ERR_INVALID, strerrorname_np(errno), "cannot %s %s: %s", what, path,
		strerror(errno));
}

// ---- users and folders

// The first of these that exists: an own user, Debian's, and what every system has.
static struct err pick_user(struct cluster *cluster)
{
	static const char *const names[] = {"holdfast", "postgres", "nobody"};
	const struct passwd *self = getpwuid(geteuid());
	if (!self)
		return err_new(ERR_INVALID,
			"user id %u has no name, and Postgres needs one: add it to /etc/passwd or "
			"give"
			" --postgres",
			(unsigned)geteuid());
	str_copy(cluster->user, sizeof(cluster->user), self->pw_name);
	if (geteuid() != 0)
		return ERR_OK;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		const struct passwd *user = getpwnam(names[i]);
		if (user && user->pw_uid != 0) {
			cluster->uid = user->pw_uid;
			cluster->gid = user->pw_gid;
			return ERR_OK;
		}
	}
	return err_new(ERR_INVALID,
		"Postgres does not run as root and there is no user holdfast, postgres or nobody to"
		" run it as");
}

static bool may_enter(const struct stat *st, uid_t uid, gid_t gid)
{
	if (st->st_uid == uid)
		return st->st_mode & S_IXUSR;
	if (st->st_gid == gid)
		return st->st_mode & S_IXGRP;
	return st->st_mode & S_IXOTH;
}

// Can the server's user walk down to the folder? The state folder itself is opened for passing
// through when it is root's; the folders above it are not ours to change.
static struct err open_way(const struct cluster *cluster, const char *state_dir)
{
	if (cluster->uid == 0)
		return ERR_OK;
	char path[PATH_MAX];
	for (const char *end = state_dir; end; end = *end ? strchr(end + 1, '/') : NULL) {
		int n = snprintf(path, sizeof(path), "%.*s/", (int)(end - state_dir), state_dir);
		struct stat st;
		if (n < 0 || n >= PATH_MAX || stat(path, &st) < 0)
			return failed("look at", path);
		if (!may_enter(&st, cluster->uid, cluster->gid))
			return err_new(ERR_INVALID,
				"the database server's user (uid %u) cannot enter %s (mode %04o): "
				"choose"
				" another --state-dir, or chmod o+x it",
				(unsigned)cluster->uid, path, (unsigned)st.st_mode & 07777);
	}
	struct stat st;
	if (stat(state_dir, &st) < 0)
		return failed("look at", state_dir);
	if (may_enter(&st, cluster->uid, cluster->gid))
		return ERR_OK;
	if (st.st_uid != 0 || chmod(state_dir, (st.st_mode & 07777) | S_IXOTH) < 0)
		return err_new(ERR_INVALID,
			"the database server's user (uid %u) cannot enter %s: chmod o+x it",
			(unsigned)cluster->uid, state_dir);
	log_notice("opened the state directory for passing through", LOG_STR("path", state_dir),
		LOG_INT("uid", cluster->uid));
	return ERR_OK;
}

// A folder with exactly this owner and mode. In a folder that others can write to (/tmp) it may
// have been there before: then it must be a folder, not a link, and of the right owner.
static struct err make_folder(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	bool is_new = mkdir(path, mode) == 0;
	if (!is_new && errno != EEXIST)
		return failed("create", path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		struct err err = failed("open", path);
		if (fd >= 0)
			close(fd);
		return err;
	}
	struct err err = ERR_OK;
	if (!is_new && st.st_uid != uid && st.st_uid != geteuid())
		err = err_new(ERR_INVALID, "%s belongs to uid %u, not to uid %u", path,
			(unsigned)st.st_uid, (unsigned)uid);
	else if (st.st_uid != uid && fchown(fd, uid, gid) < 0)
		err = failed("change the owner of", path);
	else if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		err = failed("change the mode of", path);
	close(fd);
	return err;
}

static uid_t server_uid(const struct cluster *cluster)
{
	return cluster->uid ? cluster->uid : geteuid();
}

static gid_t server_gid(const struct cluster *cluster)
{
	return cluster->uid ? cluster->gid : getegid();
}

// libpq splits a list of hosts at commas, so such a path will not do either.
static bool is_socket_path(const char *folder)
{
	return strlen(folder) + strlen(SOCKET_NAME) < sizeof(((struct sockaddr_un *)0)->sun_path) &&
	       !strchr(folder, ',');
}

static struct err make_run(struct cluster *cluster)
{
	if (!join(cluster->run, cluster->root, "run"))
		return err_new(ERR_INVALID, "the state directory's path is too long");
	if (!is_socket_path(cluster->run)) {
		char hash[HASH_HEX_BYTES];
		if (!hash_sha256_hex(cluster->root, strlen(cluster->root), hash))
			return err_new(ERR_BUG, "cannot hash a path");
		const char *base = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");
		if (str_empty(base) || base[0] != '/' || access(base, W_OK) < 0)
			base = "/tmp";
		snprintf(cluster->run, sizeof(cluster->run), "%.64s/holdfast-%u-%.12s", base,
			(unsigned)server_uid(cluster), hash);
	}
	return make_folder(cluster->run, server_uid(cluster), server_gid(cluster), 0700);
}

static struct err find_state_dir(const char *given, char ret_path[PATH_MAX])
{
	if (mkdir(given, 0755) < 0 && errno != EEXIST)
		return failed("create", given);
	if (!realpath(given, ret_path))
		return failed("find", given);
	if (strpbrk(ret_path, "\n\r"))
		return err_new(ERR_INVALID, "the state directory's path has a line break in it");
	return ERR_OK;
}

struct err cluster_init(struct cluster *cluster, const char *state_dir)
{
	*cluster = (struct cluster){.lock_fd = -1};
	char path[PATH_MAX];
	struct err err = find_state_dir(state_dir, path);
	if (!err_is(&err))
		err = pick_user(cluster);
	if (!err_is(&err))
		err = open_way(cluster, path);
	if (err_is(&err))
		return err;
	if (!join(cluster->root, path, "postgres") || !join(cluster->data, cluster->root, "data"))
		return err_new(ERR_INVALID, "the state directory's path is too long");
	err = make_folder(cluster->root, geteuid(), getegid(), cluster->uid ? 0711 : 0700);
	return err_is(&err) ? err : make_run(cluster);
}

void cluster_done(struct cluster *cluster)
{
	if (cluster->lock_fd >= 0)
		close(cluster->lock_fd);
	cluster->lock_fd = -1;
}

struct err cluster_lock(struct cluster *cluster)
{
	if (cluster->lock_fd >= 0)
		return ERR_OK;
	char path[PATH_MAX];
	if (!join(path, cluster->root, "lock"))
		return err_new(ERR_INVALID, "the state directory's path is too long");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed("open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		cluster->lock_fd = fd;
		if (ftruncate(fd, 0) == 0)
			dprintf(fd, "%d\n", (int)getpid());
		return ERR_OK;
	}
	char pid[16] = "";
	if (pread(fd, pid, sizeof(pid) - 1, 0) < 0)
		pid[0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	close(fd);
	return err_new(ERR_TRANSIENT, "another holdfastd (pid %s) uses %s", pid, cluster->root);
}

// ---- programs

// "15" from PG_VERSION, or 0 when there is none. The file is the server's: only a regular one is
// read.
static int64_t data_version(const struct cluster *cluster)
{
	char path[PATH_MAX], text[16] = "";
	int64_t version = 0;
	if (!join(path, cluster->data, "PG_VERSION"))
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return num_parse_i64(text, 1, 10000, &version) ? version : 0;
}

bool cluster_is_made(const struct cluster *cluster)
{
	return data_version(cluster) > 0;
}

static bool has_programs(const char *folder)
{
	char postgres[PATH_MAX], initdb[PATH_MAX];
	return join(postgres, folder, "postgres") && join(initdb, folder, "initdb") &&
	       access(postgres, X_OK) == 0 && access(initdb, X_OK) == 0;
}

// Debian keeps every version in a folder of its own.
static int64_t find_debian(int64_t wanted, char ret_bin[PATH_MAX])
{
	static const char base[] = "/usr/lib/postgresql";
	DIR *dir = opendir(base);
	int64_t best = 0;
	char bin[PATH_MAX];
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		int64_t version;
		if (!num_parse_i64(entry->d_name, 1, 10000, &version) || version <= best ||
			(wanted && version != wanted))
			continue;
		snprintf(bin, sizeof(bin), "%s/%s/bin", base, entry->d_name);
		if (!has_programs(bin))
			continue;
		best = version;
		str_copy(ret_bin, PATH_MAX, bin);
	}
	if (dir)
		closedir(dir);
	return best;
}

// The version of a program under /usr/lib/postgresql, also by a link; 0 for any other.
static int64_t debian_version(const char *folder)
{
	char program[PATH_MAX], path[PATH_MAX];
	int64_t version;
	if (!join(program, folder, "postgres") || !realpath(program, path) ||
		!str_starts(path, "/usr/lib/postgresql/"))
		return 0;
	char *number = path + strlen("/usr/lib/postgresql/");
	number[strcspn(number, "/")] = '\0';
	return num_parse_i64(number, 1, 10000, &version) ? version : 0;
}

// One whose version cannot be told is taken: the server itself refuses what it cannot read.
static bool find_in_path(int64_t wanted, char ret_bin[PATH_MAX])
{
	const char *path = getenv("PATH");
	while (path && *path) {
		size_t n = strcspn(path, ":");
		if (n > 0 && n < PATH_MAX && path[0] == '/') {
			memcpy(ret_bin, path, n);
			ret_bin[n] = '\0';
			int64_t version = debian_version(ret_bin);
			if (has_programs(ret_bin) && (!wanted || !version || version == wanted))
				return true;
		}
		path += n + (path[n] == ':');
	}
	return false;
}

struct err cluster_find_programs(struct cluster *cluster)
{
	int64_t wanted = data_version(cluster);
	const char *given = getenv("HOLDFAST_POSTGRES_BIN");
	if (!str_empty(given)) {
		str_copy(cluster->bin, sizeof(cluster->bin), given);
		return has_programs(given)
			       ? ERR_OK
			       : err_new(ERR_INVALID,
					 "HOLDFAST_POSTGRES_BIN=%s has no initdb and postgres",
					 given);
	}
	if (find_debian(wanted, cluster->bin) || find_in_path(wanted, cluster->bin))
		return ERR_OK;
	int64_t other = find_debian(0, cluster->bin);
	if (wanted && other)
		return err_new(ERR_INVALID,
			"%s was made by Postgres %d and only %d is installed: install "
			"postgresql-%d,"
			" or move the data with pg_upgrade",
			cluster->data, (int)wanted, (int)other, (int)wanted);
	return err_new(ERR_INVALID,
		"no Postgres server found: install the package postgresql, or give --postgres");
}

// ---- initdb

#define DRAFT_PREFIX "data.tmp."

bool cluster_is_draft(const struct cluster *cluster, const char *path)
{
	size_t n = strlen(cluster->root);
	return strncmp(path, cluster->root, n) == 0 && str_starts(path + n, "/" DRAFT_PREFIX);
}

int cluster_leftovers(const struct cluster *cluster, char **ret_paths, int most)
{
	int count = 0;
	DIR *dir = opendir(cluster->root);
	for (struct dirent *entry; dir && count < most && (entry = readdir(dir));)
		if (str_starts(entry->d_name, DRAFT_PREFIX)) {
			ret_paths[count] = str_format("%s/%s", cluster->root, entry->d_name);
			count += ret_paths[count] != NULL;
		}
	if (dir)
		closedir(dir);
	return count;
}

struct err cluster_make_draft(const struct cluster *cluster, char ret_path[PATH_MAX])
{
	char uuid[HASH_UUID_BYTES];
	if (!hash_uuid(uuid))
		return err_new(ERR_BUG, "no randomness");
	if (snprintf(ret_path, PATH_MAX, "%s/" DRAFT_PREFIX "%.8s", cluster->root, uuid) >=
		PATH_MAX)
		return err_new(ERR_INVALID, "the state directory's path is too long");
	return make_folder(ret_path, server_uid(cluster), server_gid(cluster), 0700);
}

struct err cluster_accept_draft(const struct cluster *cluster, const char *path)
{
	if (rename(path, cluster->data) < 0)
		return failed("rename", path);
	int fd = open(cluster->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0) {
		struct err err = failed("sync", cluster->root);
		if (fd >= 0)
			close(fd);
		return err;
	}
	close(fd);
	return ERR_OK;
}

// ---- settings

// clang-format off
static const char settings[] =
	"# Written by holdfastd at every start. What you want otherwise goes in with ALTER SYSTEM.\n"
	"listen_addresses = ''\n"
	"port = 5432\n"
	"unix_socket_permissions = 0700\n"
	"max_connections = 12\n"
	"shared_buffers = 8MB\n"
	"maintenance_work_mem = 16MB\n"
	"huge_pages = off\n"
	"jit = off\n"
	"max_worker_processes = 0\n"
	"max_parallel_workers = 0\n"
	"max_parallel_workers_per_gather = 0\n"
	"max_logical_replication_workers = 0\n"
	"wal_level = minimal\n"
	"max_wal_senders = 0\n"
	"min_wal_size = 32MB\n"
	"max_wal_size = 64MB\n"
	"checkpoint_timeout = 15min\n"
	"fsync = on\n"
	"synchronous_commit = on\n"
	"autovacuum = on\n"
	"autovacuum_max_workers = 1\n"
	"autovacuum_naptime = 5min\n"
	"client_connection_check_interval = 10s\n"
	"timezone = 'UTC'\n"
	"lc_messages = 'C'\n"
	"logging_collector = off\n"
	"log_destination = stderr\n"
	"log_timezone = 'UTC'\n"
	"log_line_prefix = '%m [%p] '\n"
	"log_checkpoints = off\n"
	"log_min_messages = warning\n"
	"log_min_error_statement = panic\n" // statements and rows have no place in a log
	"log_error_verbosity = terse\n";
// clang-format on

static void add_path(struct buf *out, const char *name, const char *folder, const char *file)
{
	buf_addf(out, "%s = '", name);
	for (const char *p = folder; *p; p++)
		buf_adds(out, *p == '\'' ? "''" : (const char[]){*p, '\0'});
	buf_addf(out, "%s%s'\n", *file ? "/" : "", file);
}

static struct err write_file(
	const struct cluster *cluster, const char *name, const struct buf *text)
{
	char path[PATH_MAX], draft[PATH_MAX];
	if (text->failed || !join(path, cluster->root, name) ||
		snprintf(draft, sizeof(draft), "%s/%s.tmp", cluster->root, name) >= PATH_MAX)
		return err_new(ERR_INVALID, "the state directory's path is too long");
	int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return failed("write", draft);
	bool ok =
		write(fd, buf_str(text), text->len) == (ssize_t)text->len && fchmod(fd, 0644) == 0;
	struct err err = ok ? ERR_OK : failed("write", draft);
	close(fd);
	if (!err_is(&err) && rename(draft, path) < 0)
		err = failed("rename", draft);
	return err;
}

struct err cluster_write_settings(const struct cluster *cluster)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, settings);
	add_path(&text, "unix_socket_directories", cluster->run, "");
	add_path(&text, "hba_file", cluster->root, "hba.conf");
	add_path(&text, "ident_file", cluster->root, "ident.conf");
	struct err err = write_file(cluster, "server.conf", &text);
	buf_reset(&text);
	// The kernel says who is on the other end of the socket; only our own user is let in.
	buf_adds(&text, "local all all peer map=holdfast\n");
	if (!err_is(&err))
		err = write_file(cluster, "hba.conf", &text);
	buf_reset(&text);
	buf_addf(&text, "holdfast \"%s\" holdfast\n", cluster->user);
	if (!err_is(&err))
		err = write_file(cluster, "ident.conf", &text);
	buf_done(&text);
	return err;
}
