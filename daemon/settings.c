// One table for flags, environment and conf file: the name is the same everywhere.
#include "settings.h"
#include "base/num.h"
#include "base/str.h"
#include "core/publish.h"
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#define CONF_FILE "/etc/holdfast/holdfastd.conf"

// clang-format off
static const struct option {
	const char *name; // flag without dashes, and name in the conf file
	const char *env;
	const char *argument;
	size_t at;
	const char *help;
} options[] = {
	{"config",            "HOLDFAST_CONFIG",            "PATH",      offsetof(struct settings, config),            "the stack's file, or a folder with one stack a file"},
	{"state-dir",         "HOLDFAST_STATE_DIR",         "DIR",       offsetof(struct settings, state_dir),         "state of the daemon, and its private Postgres (/var/lib/holdfast)"},
	{"postgres",          "HOLDFAST_POSTGRES",          "CONNINFO",  offsetof(struct settings, postgres),          "a Postgres to use instead of the private one"},
	{"socket",            "HOLDFAST_SOCKET",            "PATH",      offsetof(struct settings, socket),            "where `holdfast` reaches it (/run/holdfast/holdfast.sock)"},
	{"socket-group",      "HOLDFAST_SOCKET_GROUP",      "GROUP",     offsetof(struct settings, socket_group),      "whose members may read from the socket"},
	{"admin-group",       "HOLDFAST_ADMIN_GROUP",       "GROUP",     offsetof(struct settings, admin_group),       "whose members may also approve, sync and reload"},
	{"listen",            "HOLDFAST_LISTEN",            "ADDR:PORT", offsetof(struct settings, listen),            "a page, metrics and the same interface, read-only, on a loopback address"},
	{"listen-hosts",      "HOLDFAST_LISTEN_HOSTS",      "NAMES",     offsetof(struct settings, listen_hosts),      "names it may be asked by; with them, any address may be listened on"},
	{"retention",         "HOLDFAST_RETENTION",         "TIME",      offsetof(struct settings, retention),         "how long history is kept (90d)"},
	{"metrics-namespace", "HOLDFAST_METRICS_NAMESPACE", "NAME",      offsetof(struct settings, metrics_namespace), "publish metrics of its own to CloudWatch under that name (off)"},
	{"on-event",            "HOLDFAST_ON_EVENT",            "COMMAND", offsetof(struct settings, on_event),            "run for each notice, with it as JSON on standard input"},
	{"webhook",             "HOLDFAST_WEBHOOK",             "URL",     offsetof(struct settings, webhook),             "where each notice is sent by POST, as JSON"},
	{"webhook-secret-file", "HOLDFAST_WEBHOOK_SECRET_FILE", "PATH",    offsetof(struct settings, webhook_secret_file), "what those are signed with (HMAC-SHA-256)"},
	{"sns-topic",           "HOLDFAST_SNS_TOPIC",           "ARN",     offsetof(struct settings, sns_topic),           "the topic that each notice is published to"},
	{"triggers",            "HOLDFAST_TRIGGERS",            "LIST",    offsetof(struct settings, triggers),            "of on-drift,on-corrected,on-held,on-failed,on-recovered (all)"},
};
// clang-format on

static char **field_of(struct settings *settings, const struct option *option)
{
	return (char **)((char *)settings + option->at);
}

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(options); i++)
		if (str_eq(options[i].name, name))
			return &options[i];
	return NULL;
}

static struct err unknown(const char *where, const char *name)
{
	const char *best = NULL;
	unsigned distance = 3;
	for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
		unsigned d = str_distance(name, options[i].name, 3);
		if (d < distance) {
			distance = d;
			best = options[i].name;
		}
	}
	return err_new(ERR_INVALID, "%s: unknown setting '%.60s'%s%s%s", where, name,
		best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
}

static void set(struct settings *settings, const struct option *option, const char *value)
{
	char **field = field_of(settings, option);
	free(*field);
	*field = strdup(value);
}

static struct err set_level(struct settings *settings, const char *where, const char *value)
{
	if (log_parse_level(value, &settings->log_level))
		return ERR_OK;
	return err_new(ERR_INVALID,
		"%s: log level '%.20s' is none of error, warning, notice, info, debug", where,
		value);
}

static char *trim(char *text)
{
	text += strspn(text, " \t");
	size_t n = strlen(text);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		text[--n] = '\0';
	return text;
}

static struct err read_file(struct settings *settings)
{
	FILE *file = fopen(CONF_FILE, "re");
	if (!file && errno == ENOENT)
		return ERR_OK;
	if (!file)
		return err_new(ERR_INVALID, "cannot read %s: %s", CONF_FILE, strerror(errno));
	struct err err = ERR_OK;
	char line[4096];
	for (int number = 1; !err_is(&err) && fgets(line, sizeof(line), file); number++) {
		char where[64];
		snprintf(where, sizeof(where), "%s:%d", CONF_FILE, number);
		char *text = trim(line);
		if (!*text || *text == '#')
			continue;
		char *equals = strchr(text, '=');
		if (!equals) {
			err = err_new(ERR_INVALID, "%s: expected `name = value`", where);
			break;
		}
		*equals = '\0';
		char *name = trim(text), *value = trim(equals + 1);
		const struct option *option = find(name);
		if (option)
			set(settings, option, value);
		else if (str_eq(name, "log-level"))
			err = set_level(settings, where, value);
		else
			err = unknown(where, name);
	}
	fclose(file);
	return err;
}

static struct err read_environment(struct settings *settings)
{
	for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
		const char *value = getenv(options[i].env);
		if (!str_empty(value))
			set(settings, &options[i], value);
	}
	const char *level = getenv("HOLDFAST_LOG_LEVEL");
	return str_empty(level) ? ERR_OK : set_level(settings, "HOLDFAST_LOG_LEVEL", level);
}

static struct err read_flag(struct settings *settings, int argc, char **argv, int *at)
{
	char *flag = argv[*at];
	static const struct {
		const char *name;
		size_t at;
	} switches[] = {{"--observe", offsetof(struct settings, observe_only)},
		{"--check", offsetof(struct settings, check_only)},
		{"--help", offsetof(struct settings, wants_help)},
		{"-h", offsetof(struct settings, wants_help)},
		{"--version", offsetof(struct settings, wants_version)}};
	for (size_t i = 0; i < ARRAY_COUNT(switches); i++)
		if (str_eq(flag, switches[i].name)) {
			*(bool *)((char *)settings + switches[i].at) = true;
			return ERR_OK;
		}
	if (!str_starts(flag, "--"))
		return err_new(ERR_INVALID, "unexpected argument '%.80s'; see --help", flag);
	char name[64];
	size_t n = strcspn(flag + 2, "=");
	if (n >= sizeof(name))
		return unknown("command line", flag);
	memcpy(name, flag + 2, n);
	name[n] = '\0';
	const struct option *option = find(name);
	bool is_level = str_eq(name, "log-level");
	if (!option && !is_level)
		return unknown("command line", name);
	const char *value = flag[2 + n] == '=' ? flag + 3 + n : NULL;
	if (!value && *at + 1 < argc)
		value = argv[++*at];
	if (!value)
		return err_new(ERR_INVALID, "--%s needs a value", name);
	if (is_level)
		return set_level(settings, "--log-level", value);
	set(settings, option, value);
	return ERR_OK;
}

static struct err complete(struct settings *settings)
{
	if (settings->wants_help || settings->wants_version)
		return ERR_OK;
	if (str_empty(settings->config))
		return err_new(ERR_INVALID,
			"--config PATH is missing: a stack's file, or a folder with one "
			"stack a file");
	if (!settings->state_dir)
		settings->state_dir = strdup("/var/lib/holdfast");
	if (!settings->socket)
		settings->socket = strdup("/run/holdfast/holdfast.sock");
	if (settings->listen_hosts && !settings->listen)
		return err_new(ERR_INVALID, "listen-hosts is of no use without --listen ADDR:PORT");
	int64_t ms;
	if (settings->retention && !num_parse_duration_ms(settings->retention, &ms))
		return err_new(ERR_INVALID, "retention '%.20s' is no time; write 90d, 12h, 30m",
			settings->retention);
	if (settings->metrics_namespace && !publisher_takes(settings->metrics_namespace))
		return err_new(ERR_INVALID,
			"metrics-namespace '%.60s' is none that AWS takes; write letters, digits "
			"and . _ - / #, not beginning with AWS/",
			settings->metrics_namespace);
	return ERR_OK;
}

struct err settings_read(int argc, char **argv, struct settings *ret)
{
	*ret = (struct settings){.log_level = LOG_LEVEL_INFO};
	struct err err = read_file(ret);
	if (!err_is(&err))
		err = read_environment(ret);
	for (int i = 1; !err_is(&err) && i < argc; i++)
		err = read_flag(ret, argc, argv, &i);
	if (!err_is(&err))
		err = complete(ret);
	return err;
}

void settings_done(struct settings *settings)
{
	for (size_t i = 0; i < ARRAY_COUNT(options); i++)
		free(*field_of(settings, &options[i]));
	*settings = (struct settings){0};
}

void settings_help(struct buf *out)
{
	buf_adds(out, "holdfastd holds an AWS architecture to its file.\n\n"
		      "usage: holdfastd --config PATH [options]\n\n");
	for (size_t i = 0; i < ARRAY_COUNT(options); i++)
		buf_addf(out, "  --%-12s %-10s %s\n", options[i].name, options[i].argument,
			options[i].help);
	buf_adds(out, "  --log-level    LEVEL      error, warning, notice, info or debug (info)\n"
		      "  --observe                 write nothing to AWS\n"
		      "  --check                   validate the file and leave\n"
		      "  --version, --help\n\n"
		      "The same names stand in " CONF_FILE " (`name = value` a line), and as\n"
		      "HOLDFAST_CONFIG, HOLDFAST_STATE_DIR, ... in the environment. Flags win.\n");
}
