// The settings of the process: flags win over the environment, which wins over the conf file.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

struct settings {
	char *config;    // file, or folder with one stack a file; required
	char *state_dir; // journal, lock, embedded database
	char *postgres;  // conninfo; NULL: the embedded server
	char *socket;
	char *socket_group;      // whose members may read; NULL: none but ours
	char *admin_group;       // whose members may change; NULL: root and our own user
	char *listen;            // address and port, or NULL; loopback unless hosts are listed
	char *listen_hosts;      // names by which that address may be asked
	char *retention;         // "90d"
	char *metrics_namespace; // of CloudWatch; NULL: no metrics are published
	char *on_event;          // shell command, one message on its standard input; or NULL
	char *webhook;           // URL, or NULL
	char *webhook_secret_file;
	char *sns_topic; // ARN, or NULL
	char *triggers;  // "on-drift,on-held"; NULL: all
	enum log_level log_level;
	bool observe_only, check_only, wants_help, wants_version;
};

/* ERR_INVALID names the flag, variable, or file and line. */
struct err settings_read(int argc, char **argv, struct settings *ret) MUST_CHECK;
void settings_done(struct settings *settings);
void settings_help(struct buf *out);
