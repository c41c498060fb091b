// Who this daemon is to others, and what its stacks and their leases have to know of each other.
#include "app.h"
#include "base/hash.h"
#include "base/str.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

// The same after a restart, so that a daemon does not wait for its own lease: the lock on the state
// directory shows that its earlier life is over. Any other machine, boot or directory differs.
static struct err name_daemon(struct app *app)
{
	struct stat st;
	char boot[64] = "", hex[HASH_HEX_BYTES], text[160];
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file && !fgets(boot, sizeof(boot), file))
		boot[0] = '\0';
	if (file)
		fclose(file);
	if (!*boot && !hash_uuid(boot))
		return err_new(ERR_BUG, "no randomness for the name of the daemon");
	if (fstat(app->lock_fd, &st) != 0)
		return err_new(ERR_BUG, "cannot look at the lock: %s", strerror(errno));
	snprintf(text, sizeof(text), "%.40s %llu %llu", boot, (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	if (!hash_sha256_hex(text, strlen(text), hex))
		return err_new(ERR_BUG, "cannot hash the name of the daemon");
	str_copy(app->daemon_id, sizeof(app->daemon_id), hex);
	if (gethostname(app->host, sizeof(app->host) - 1) != 0 || !*app->host)
		str_copy(app->host, sizeof(app->host), "localhost");
	return ERR_OK;
}

struct err leases_start(struct app *app)
{
	struct err err = name_daemon(app);
	if (err_is(&err))
		return err;
	app->keeper = keeper_new(&(struct keeper_options){.loop = &app->loop,
		.store = store_as_port(app->store),
		.watcher = &app->task,
		.daemon_id = app->daemon_id,
		.host = app->host,
		.version = HOLDFAST_VERSION,
		.pid = getpid(),
		.is_observer = app->settings->observe_only});
	return app->keeper ? ERR_OK : err_nomem();
}

void leases_tell(struct app *app)
{
	for (size_t i = 0; i < app->held_count; i++) {
		struct held *held = &app->held[i];
		struct lease *lease = held->lease;
		stack_lease_changed(held->stack);
		lease_tell(lease, stack_may_lead(held->stack), stack_is_idle(held->stack));
	}
}
