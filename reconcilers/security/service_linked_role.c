// The role by which a service of AWS acts in the account. Most services make theirs at their first
// use, where the caller may; OpenSearch does only in AWS's console, and refuses a domain inside a
// network without it.
//
// The account has one a service, whoever needs it, so one that stands there is what was wanted. It
// is known by its path, as nobody but the service chooses its name. AWS deletes none that is still
// used: it takes the call, and the role stays.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

#define PATH "/aws-service-role/"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *service = js_str(desired, "AWSServiceName");
	const char *dot = service ? strchr(service, '.') : NULL;
	if (service && (!dot || strpbrk(service, "/: ")))
		findings_error(findings, place_of(node, "aws_service_name"),
			"write it as opensearchservice.amazonaws.com",
			"aws_service_name '%s' is not the name of a service in a policy", service);
}

// The path is /aws-service-role/opensearchservice.amazonaws.com/.
static void derive(json_t *item)
{
	const char *path = js_str(item, "Path");
	const char *service = path && str_starts(path, PATH) ? path + strlen(PATH) : NULL;
	if (service)
		json_object_set_new(
			item, "AWSServiceName", json_stringn(service, strcspn(service, "/")));
}

// clang-format off
static const struct field fields[] = {
	{.name = "aws_service_name", .flags = FIELD_NAME | FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "whose role it is: opensearchservice.amazonaws.com"},
	{.name = "role_name", .member = "RoleName", .flags = FIELD_COMPUTED, .summary = "AWSServiceRoleForAmazonOpenSearchService, ..."},
	{0},
};

const struct kind service_linked_role_kind = {
	.name = "service_linked_role",
	.layer = "security",
	.service = "iam",
	.summary = "the role by which a service of AWS acts in the account, one a service",
	.fields = fields,
	.observe = {
		.list = {"ListRoles", ARGS({"PathPrefix": "/aws-service-role/", "MaxItems": 1000}), "Roles"},
		.id = "RoleName",
		.arn = "Arn",
		.key = PATH "@{desired.AWSServiceName}/",
		.item_key = "Path",
		.derive = derive,
		.derived = (const char *const[]){"AWSServiceName", NULL},
		.derived_from = (const char *const[]){"Path", NULL},
	},
	.create = {.operation = "CreateServiceLinkedRole"},
	.created_id = "Role.RoleName",
	.remove = {.operation = "DeleteServiceLinkedRole", .args = ARGS({"RoleName": "@id"}), .flags = CALL_REPEATABLE},
	.is_of_account = true,
	.not_yet = (const char *const[]){"ConcurrentModification", NULL},
	.check = check,
};
// clang-format on
