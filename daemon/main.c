// holdfastd: the command line, and nothing else.
#include "app.h"
#include "base/memory.h"
#include <stdio.h>

int main(int argc, char **argv)
{
	memory_guard();
	struct settings settings;
	struct err err = settings_read(argc, argv, &settings);
	int status = 0;
	if (err_is(&err)) {
		fprintf(stderr, "holdfastd: %s\n", err.message);
		status = 1;
	} else if (settings.wants_help) {
		struct buf text;
		buf_init(&text, 0);
		settings_help(&text);
		fputs(buf_str(&text), stdout);
		buf_done(&text);
	} else if (settings.wants_version) {
		printf("holdfastd %s\n", HOLDFAST_VERSION);
	} else {
		log_set_level(settings.log_level);
		status = settings.check_only ? app_check(&settings) : app_run(&settings);
	}
	settings_done(&settings);
	return status;
}
