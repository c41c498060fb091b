// `iam`: the IAM policy that the daemon's credentials need, from the tables.
#include "base/str.h"
#include "cli/cli.h"
#include "core/permissions.h"

// Printed as it is to be given to IAM, whatever the output format.
int run_iam(struct cli *cli)
{
	struct desired *desired = NULL;
	if (cli->argument_count > 0 && !(desired = cli_load(cli, cli->arguments[0])))
		return EXIT_ERROR;
	_cleanup_buf_ struct buf out = {0};
	_cleanup_json_ json_t *policy = permissions_policy(desired);
	_cleanup_free_ char *text = policy ? json_dumps(policy, JSON_INDENT(2)) : NULL;
	desired_free(desired);
	if (!text)
		return cli_complain(cli, NULL, "out of memory");
	buf_addf(&out, "%s\n", text);
	return cli_print(cli, &out, EXIT_DONE);
}
