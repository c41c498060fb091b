// `init`: a file to begin with, filled in and checked before anybody sees it.
#include "aws/partition.h"
#include "base/str.h"
#include "cli/blueprint.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "core/desired.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const struct blueprint *find(const char *name)
{
	for (const struct blueprint *b = blueprints; b->name; b++)
		if (str_eq(b->name, name))
			return b;
	return NULL;
}

static int list_all(struct cli *cli)
{
	_cleanup_buf_ struct buf out = {0};
	for (const struct blueprint *b = blueprints; b->name; b++) {
		view_put(&cli->view, &out, PAINT_BOLD, b->name);
		buf_adds(&out, "\n");
		view_wrap(&cli->view, &out, PAINT_PLAIN, 4, b->summary);
	}
	return cli_print(cli, &out, EXIT_DONE);
}

// "a,b" or "eu-west-1a,eu-west-1b"; two at least: one zone is no high availability.
static int read_zones(struct cli *cli, const char *region, struct blueprint_params *params)
{
	const char *p = cli->zones ? cli->zones : "a,b";
	while (*p) {
		size_t n = strcspn(p, ",");
		size_t prefix = strlen(region);
		const char *letter =
			n == prefix + 1 && strncmp(p, region, prefix) == 0 ? p + prefix : p;
		bool is_one = n == 1 || letter != p;
		bool is_new = is_one && !memchr(params->zones, *letter, params->zone_count);
		if (!is_one || *letter < 'a' || *letter > 'z' || !is_new ||
			params->zone_count == BLUEPRINT_MOST_ZONES)
			return cli_complain(cli,
				"Write their letters, each once and six at most: --azs a,b",
				"--azs: '%.*s' is no availability zone of %s", (int)n, p, region);
		params->zones[params->zone_count++] = *letter;
		p += n + (p[n] == ',');
	}
	return params->zone_count >= 2
		       ? 0
		       : cli_complain(cli,
				 "AWS wants two for load balancers and databases: --azs a,b",
				 "--azs: one availability zone is not enough");
}

// What the file itself would complain of is told here, in words of this command.
static int read_params(struct cli *cli, struct blueprint_params *params)
{
	*params = (struct blueprint_params){.name = cli->name ? cli->name : "shop",
		.region = cli->region,
		.cidr = cli->cidr ? cli->cidr : "10.0.0.0/16",
		.account = cli->account,
		.has_one_nat = cli->has_one_nat};
	if (!cli->region)
		return cli_complain(cli, "Name it: --region eu-west-1", "'init' needs a region");
	if (!partition_is_region_name(cli->region))
		return cli_complain(cli, NULL, "--region: '%s' is no region", cli->region);
	if (cli->account &&
		(strlen(cli->account) != 12 || strspn(cli->account, "0123456789") != 12))
		return cli_complain(cli, "Accounts are 12 digits: --account 123456789012",
			"--account: '%s' is no account of AWS", cli->account);
	return read_zones(cli, cli->region, params);
}

// What we hand out must be in order, whatever was asked for.
static int check(struct cli *cli, const struct buf *text, size_t *ret_count)
{
	struct tree_options options = {.text = text->data, .text_bytes = text->len};
	struct findings findings;
	_cleanup_buf_ struct buf out = {0};
	findings_init(&findings);
	struct desired *desired = desired_load("the new file", &options, &findings);
	int status = desired ? 0 : EXIT_ERROR;
	*ret_count = desired ? desired->count : 0;
	if (!desired) {
		findings_sort(&findings);
		_cleanup_json_ json_t *list = findings_json(&findings);
		render_findings(&cli->view, list, &out);
		fputs(buf_str(&out), stderr);
		cli_complain(cli, NULL, "with these values the file would not be valid");
	}
	desired_free(desired);
	findings_done(&findings);
	return status;
}

static int write_file(struct cli *cli, const char *path, const struct buf *text, size_t count)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return cli_complain(cli,
			errno == EEXIST ? "It is left as it is: choose another name." : NULL,
			"cannot write %s: %s", path, strerror(errno));
	size_t done = 0;
	while (done < text->len) {
		ssize_t n = write(fd, text->data + done, text->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	int error = done < text->len || fsync(fd) < 0 ? errno : 0;
	if (close(fd) < 0 && !error)
		error = errno;
	if (error) {
		unlink(path);
		return cli_complain(cli, NULL, "cannot write %s: %s", path, strerror(error));
	}
	_cleanup_buf_ struct buf out = {0};
	char resources[48];
	view_count(resources, sizeof(resources), (int64_t)count, "resource");
	view_putf(&cli->view, &out, PAINT_GREEN, "%s is written: %s.", path, resources);
	buf_addf(&out,
		"\nLook for CHANGE in it, then:\n  holdfastd --config %s --check\n  holdfast graph "
		"%s\n",
		path, path);
	return cli_print(cli, &out, EXIT_DONE);
}

int run_init(struct cli *cli)
{
	struct blueprint_params params;
	_cleanup_buf_ struct buf text = {0};
	if (cli->argument_count == 0)
		return list_all(cli);
	const struct blueprint *blueprint = find(cli->arguments[0]);
	if (!blueprint)
		return cli_complain(cli, "'holdfast init' lists them.",
			"there is no file '%s' to begin with", cli->arguments[0]);
	if (read_params(cli, &params))
		return EXIT_ERROR;
	struct err err = blueprint_fill(blueprint, &params, &text);
	if (err_is(&err))
		return cli_fail(cli, &err, NULL);
	size_t count;
	if (check(cli, &text, &count))
		return EXIT_ERROR;
	return cli->file ? write_file(cli, cli->file, &text, count)
			 : cli_print(cli, &text, EXIT_DONE);
}
