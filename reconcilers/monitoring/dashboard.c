// A dashboard. Bodies are read one by one: the list shows when each was changed last and how long
// it is, which nobody needs. A body may be written as a structure; what AWS keeps is compared as
// values, so neither order nor blanks are a difference.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "DashboardName");
	if (name && (!*name || strlen(name) > 255 ||
			    name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					      "0123456789-_")]))
		findings_error(findings, place_of(node, "dashboard_name"),
			"write letters, digits, '-' and '_', at most 255",
			"'%s' is no name of a dashboard", name);
}

// clang-format off
static const struct field fields[] = {
	{.name = "dashboard_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the account, over all regions"},
	{.name = "body", .member = "DashboardBody", .flags = FIELD_REQUIRED, .compare = COMPARE_JSON,
	 .update = {.operation = "PutDashboard", .flags = CALL_REPEATABLE, .args = ARGS({"DashboardName": "@id", "DashboardBody": "@value"})},
	 .summary = "the widgets, as a structure or as JSON text; ${...} inside texts"},
	{0},
};

const struct kind dashboard_kind = {
	.name = "dashboard",
	.layer = "monitoring",
	.service = "cloudwatch",
	.summary = "a page of graphs",
	.fields = fields,
	.observe = {
		.list = {"GetDashboard", ARGS({"DashboardName": "@each"}), "", .each = "@{desired.DashboardName}"},
		.id = "DashboardName",
		.arn = "DashboardArn",
		.key = "@{desired.DashboardName}",
	},
	.create = {.operation = "PutDashboard"},
	.remove = {.operation = "DeleteDashboards", .flags = CALL_REPEATABLE, .args = ARGS({"DashboardNames": ["@id"]})},
	.check = check,
};
// clang-format on
