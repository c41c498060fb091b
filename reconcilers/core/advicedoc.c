// The rules come from IAM's "Security best practices" and "The confused deputy problem". Each
// statement is judged alone and in its canonical form (core/compare.h): lists everywhere, actions
// and condition keys in lower case.
#include "core/advicedoc.h"
#include "base/str.h"
#include "core/compare.h"

/* One statement. */
struct statement {
	const json_t *canon; // see above; borrowed
	struct place place;
};

static bool has_element(const struct statement *s, const char *element)
{
	return json_object_get(s->canon, element) != NULL;
}

// ---- actions and resources

// "*" and "s3:*": all there is, or all of a service.
static const char *whole_service(const struct statement *s)
{
	size_t i;
	json_t *action;
	json_array_foreach (json_object_get(s->canon, "Action"), i, action) {
		const char *text = json_string_value(action);
		const char *colon = text ? strchr(text, ':') : NULL;
		if (text && (str_eq(text, "*") || (colon && str_eq(colon, ":*"))))
			return text;
	}
	return NULL;
}

// "*", and ARNs that name nothing after the service: arn:aws:s3:::*, arn:aws:logs:*:*:*.
static bool is_everything(const char *resource)
{
	if (str_starts(resource, "arn:")) {
		const char *service = strchr(resource + strlen("arn:"), ':');
		const char *rest = service ? strchr(service + 1, ':') : NULL;
		return rest && str_ends(rest, "*") && rest[strspn(rest, ":*")] == '\0';
	}
	return str_eq(resource, "*");
}

static bool is_on_everything(const struct statement *s)
{
	size_t i;
	json_t *resource;
	json_array_foreach (json_object_get(s->canon, "Resource"), i, resource)
		if (json_is_string(resource) && is_everything(json_string_value(resource)))
			return true;
	return has_element(s, "NotResource");
}

static bool may_pass_roles(const struct statement *s)
{
	size_t i;
	json_t *action;
	json_array_foreach (json_object_get(s->canon, "Action"), i, action)
		if (json_is_string(action) && str_glob(json_string_value(action), "iam:passrole"))
			return true;
	return false;
}

// ---- principals and conditions

/* Does a condition use a key that matches one of the globs? */
static bool has_condition_on(const struct statement *s, const char *const *globs, size_t count)
{
	const char *operator, * key;
	json_t *keys, *values;
	json_object_foreach (json_object_get(s->canon, "Condition"), operator, keys)
		json_object_foreach (keys, key, values)
			for (size_t i = 0; i < count; i++)
				if (str_glob(globs[i], key))
					return true;
	return false;
}

// How a request came says nothing about who sent it.
static bool has_condition_on_caller(const struct statement *s)
{
	static const char *const manner[] = {
		"aws:securetransport", "s3:tlsversion", "s3:x-amz-*", "aws:currenttime"};
	const char *operator, * key;
	json_t *keys, *values;
	json_object_foreach (json_object_get(s->canon, "Condition"), operator, keys) {
		json_object_foreach (keys, key, values) {
			bool is_manner = false;
			for (size_t i = 0; i < ARRAY_COUNT(manner); i++)
				is_manner = is_manner || str_glob(manner[i], key);
			if (!is_manner)
				return true;
		}
	}
	return false;
}

static const char *public_principal(const struct statement *s)
{
	const json_t *principal = json_object_get(s->canon, "Principal");
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(principal, "AWS"), i, one)
		if (json_is_string(one) && str_eq(json_string_value(one), "*"))
			return "everybody ('*')";
	// Whoever has an account there: any repository, any user of the provider.
	if (json_object_get(principal, "Federated"))
		return "whoever the identity provider knows";
	return NULL;
}

/* Services that act on a resource for whichever account names it, and tell which by
 * aws:SourceAccount and aws:SourceArn ("Cross-service confused deputy prevention" in the guide of
 * each); what stands before ".amazonaws.com" or ".REGION.amazonaws.com". */
static const char *const deputies[] = {"bedrock", "cloudtrail", "cloudwatch", "config",
	"delivery.logs", "es", "events", "firehose", "logs", "monitoring.rds", "opensearchservice",
	"pipes", "s3", "scheduler", "ses", "sns", "vpc-flow-logs"};

static const char *deputy(const struct statement *s)
{
	size_t i;
	json_t *service;
	json_array_foreach (
		json_object_get(json_object_get(s->canon, "Principal"), "Service"), i, service) {
		const char *text = json_string_value(service);
		for (size_t d = 0; text && d < ARRAY_COUNT(deputies); d++)
			if (str_starts(text, deputies[d]) && text[strlen(deputies[d])] == '.')
				return text;
	}
	return NULL;
}

static bool says_for_whom(const struct statement *s)
{
	static const char *const keys[] = {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid",
		"aws:sourceorgpaths", "sts:externalid", "kms:calleraccount",
		"kms:encryptioncontext:*"};
	return has_condition_on(s, keys, ARRAY_COUNT(keys));
}

// ---- one statement

static void check_principal(struct advice *advice, const struct statement *s)
{
	const char *everybody = public_principal(s), *service = deputy(s);
	if (everybody && !has_condition_on_caller(s))
		advice_give(advice, "public-principal", s->place,
			"%s is allowed without a condition", everybody);
	if (service && !says_for_whom(s))
		advice_give(advice, "confused-deputy", s->place,
			"%s is trusted for whichever account it acts", service);
}

static void check_identity(struct advice *advice, const struct statement *s)
{
	static const char *const passed[] = {"iam:passedtoservice", "iam:associatedresourcearn"};
	const char *action = whole_service(s);
	if (!is_on_everything(s))
		return;
	if (action)
		advice_give(advice, "wildcard-action", s->place,
			"'%s' is allowed on every resource", action);
	// Who may do everything with roles has been told so.
	if (may_pass_roles(s) && !(action && str_glob(action, "iam:*")) &&
		!has_condition_on(s, passed, ARRAY_COUNT(passed)))
		advice_give(advice, "pass-role", s->place, "iam:PassRole is allowed on every role");
}

static void check_statement(struct advice *advice, const json_t *statement, struct place place)
{
	_cleanup_json_ json_t *document = json_pack("{s:[O]}", "Statement", statement);
	_cleanup_json_ json_t *canon = compare_policy(document);
	const struct statement s = {json_array_get(json_object_get(canon, "Statement"), 0), place};
	if (!str_eq_null(js_str(s.canon, "Effect"), "Allow"))
		return;
	if (has_element(&s, "NotAction"))
		advice_give(advice, "not-action", place,
			"everything but what NotAction lists is allowed");
	if (has_element(&s, "NotPrincipal"))
		advice_give(advice, "not-principal", place,
			"everybody but who NotPrincipal lists is allowed");
	else if (has_element(&s, "Principal"))
		check_principal(advice, &s);
	else
		check_identity(advice, &s);
}

// The place of a statement, where the document is a structure in the file.
static struct place place_of_statement(const struct node *document, size_t i)
{
	const struct node *list = node_get(document, "Statement");
	if (list && list->type == NODE_LIST && i < list->count)
		return list->items[i]->place;
	return list ? list->place : document->place;
}

void advicedoc_check(struct advice *advice, const struct node *node)
{
	_cleanup_json_ json_t *document =
		node->type == NODE_STRING && node->text
			? js_parse(node->text, strlen(node->text), NULL, 0)
			: node_json(node);
	const json_t *statements = json_object_get(document, "Statement");
	size_t count = json_is_array(statements) ? json_array_size(statements) : statements != NULL;
	for (size_t i = 0; i < count; i++) {
		const json_t *one =
			json_is_array(statements) ? json_array_get(statements, i) : statements;
		if (json_is_object(one))
			check_statement(advice, one, place_of_statement(node, i));
	}
}
