// Every call stands in a kind's table, so what has to be allowed can be read from it.
#include "core/permissions.h"
#include "aws/model.h"
#include "aws/partition.h"
#include "base/js.h"
#include "base/str.h"
#include <string.h>

struct needs {
	const struct kind *kind;
	json_t *look, *change; // sets: {"ec2:DescribeVpcs": true}
	bool passes_roles;
};

// ---- names

static const struct {
	const char *service, *prefix;
} prefixes[] = {{"cloudwatch", "cloudwatch"}, {"resourcegroupstaggingapi", "tag"}};

static const struct {
	const char *operation, *action;
} of_s3[] = {{"DeleteBucketEncryption", "PutEncryptionConfiguration"},
	{"DeleteBucketLifecycle", "PutLifecycleConfiguration"},
	{"DeleteBucketOwnershipControls", "PutBucketOwnershipControls"},
	{"DeleteBucketTagging", "PutBucketTagging"},
	{"DeletePublicAccessBlock", "PutBucketPublicAccessBlock"},
	{"GetBucketEncryption", "GetEncryptionConfiguration"},
	{"GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"},
	{"GetPublicAccessBlock", "GetBucketPublicAccessBlock"}, {"HeadBucket", "ListBucket"},
	{"ListBuckets", "ListAllMyBuckets"}, {"PutBucketEncryption", "PutEncryptionConfiguration"},
	{"PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"},
	{"PutPublicAccessBlock", "PutBucketPublicAccessBlock"}};

char *permissions_action(const char *service, const char *operation)
{
	const struct service *model = model_service(service);
	const char *prefix = model ? service_endpoint_prefix(model) : service;
	for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++)
		if (str_eq(prefixes[i].service, service))
			prefix = prefixes[i].prefix;
	for (size_t i = 0; i < ARRAY_COUNT(of_s3); i++)
		if (str_eq(service, "s3") && str_eq(of_s3[i].operation, operation))
			operation = of_s3[i].action;
	return str_format("%s:%s", prefix, operation);
}

static void add(json_t *set, const char *service, const char *operation)
{
	_cleanup_free_ char *action = operation ? permissions_action(service, operation) : NULL;
	if (action)
		json_object_set_new(set, action, json_true());
}

// ---- a kind's table

static void add_list(struct needs *needs, const struct list_call *list)
{
	add(needs->look, list->service ? list->service : needs->kind->service, list->operation);
}

static void add_call(struct needs *needs, const struct call *call)
{
	const char *service = needs->kind->service;
	add(needs->look, service, call->find.operation);
	add(needs->change, service, call->operation);
	add(needs->change, service, call->else_operation);
}

static void add_calls(struct needs *needs, const struct call *calls)
{
	for (const struct call *call = calls; call && call->operation; call++)
		add_call(needs, call);
}

static void add_fields(struct needs *needs, const struct field *fields)
{
	for (const struct field *f = fields; f && f->name; f++) {
		const struct call *const calls[] = {
			&f->update, &f->off, &f->unset, &f->add, &f->remove, &f->change};
		for (size_t i = 0; i < ARRAY_COUNT(calls); i++)
			add_call(needs, calls[i]);
		add_fields(needs, f->items);
		add_fields(needs, f->refs);
	}
}

static void add_reads(struct needs *needs)
{
	const struct observe *how = &needs->kind->observe;
	add_list(needs, &how->list);
	add_list(needs, &how->own);
	add_list(needs, &how->confirm);
	for (size_t i = 0; i < KIND_MOST_JOINS; i++)
		add_list(needs, &how->joins[i].list);
	for (size_t i = 0; i < KIND_MOST_FOLLOWS; i++) {
		const struct follow *follow = &how->follows[i];
		add(needs->look, follow->service ? follow->service : needs->kind->service,
			follow->operation);
	}
	if (how->tag_types)
		add(needs->look, "resourcegroupstaggingapi", "GetResources");
	if (needs->kind->blockers)
		add(needs->look, needs->kind->service, needs->kind->blockers->find.operation);
}

// What the table says beside its calls: whole actions, separated by blanks.
static void add_documented(struct needs *needs)
{
	const char *word = needs->kind->needs;
	while (word && *word) {
		size_t n = strcspn(word, " ");
		_cleanup_free_ char *action = strndup(word, n);
		if (str_eq_null(action, "iam:PassRole"))
			needs->passes_roles = true;
		else if (action)
			json_object_set_new(needs->change, action, json_true());
		word += n + strspn(word + n, " ");
	}
}

static void add_kind(struct needs *needs, const struct kind *kind)
{
	needs->kind = kind;
	add_reads(needs);
	add_call(needs, &kind->create);
	add_call(needs, &kind->create_other);
	add_call(needs, &kind->update);
	add_call(needs, &kind->remove);
	add_calls(needs, kind->restore);
	add_calls(needs, kind->teardown);
	if (kind->tagging) {
		add_call(needs, &kind->tagging->add);
		add_call(needs, &kind->tagging->remove);
	}
	add_fields(needs, kind->fields);
	add_documented(needs);
}

// ---- the policy

static json_t *sorted_keys(json_t *set)
{
	json_t *list = json_array(), *value;
	const char *key;
	json_object_foreach (set, key, value) {
		size_t at = json_array_size(list);
		while (at > 0 && strcmp(json_string_value(json_array_get(list, at - 1)), key) > 0)
			at--;
		json_array_insert_new(list, at, json_string(key));
	}
	return list;
}

static void add_statement(json_t *list, const char *sid, json_t *actions, const char *resource)
{
	if (json_array_size(actions) > 0)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:O, s:s}", "Sid", sid, "Effect", "Allow",
				      "Action", actions, "Resource", resource));
	json_decref(actions);
}

static bool is_in(const struct desired *desired, const struct kind *kind)
{
	for (size_t i = 0; i < desired->count; i++)
		if (desired->wanted[i].kind == kind)
			return true;
	return false;
}

// Declared, or looked for beside what is: what somebody adds, and a person may have deleted.
static bool is_needed(const struct desired *desired, const struct kind *kind)
{
	const struct strays *strays = &kind->observe.strays;
	const struct field *under = strays->under ? field_find(kind->fields, strays->under) : NULL;
	const struct kind *parent = under && under->ref ? kind_find(under->ref) : NULL;
	return !desired || is_in(desired, kind) || (parent && is_in(desired, parent));
}

json_t *permissions_policy(const struct desired *desired)
{
	struct needs needs = {.look = json_object(), .change = json_object()};
	json_t *list = json_array();
	for (const struct kind *const *kind = all_kinds; *kind; kind++)
		if (is_needed(desired, *kind))
			add_kind(&needs, *kind);
	_cleanup_free_ char *roles = str_format("arn:%s:iam::%s:role/*",
		desired ? partition_of_region(desired->region)->name : "*",
		desired && desired->account ? desired->account : "*");
	add_statement(list, "HoldfastLooks", sorted_keys(needs.look), "*");
	add_statement(list, "HoldfastChanges", sorted_keys(needs.change), "*");
	if (needs.passes_roles)
		add_statement(list, "HoldfastPassesRoles", json_pack("[s]", "iam:PassRole"), roles);
	json_decref(needs.look);
	json_decref(needs.change);
	return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", list);
}
