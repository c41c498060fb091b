// Rules of tags: AWS's "Tag naming limits and requirements", less the two tags that are ours.
#include "core/header.h"
#include "aws/partition.h"
#include "base/num.h"
#include "base/str.h"
#include "core/advice.h"

enum { MOST_TAGS = 48, MOST_KEY = 128, MOST_VALUE = 256 };

// ---- stack, account, region

static char *read_stack(struct checking *checking, const struct node *root)
{
	const struct node *node = node_get(root, "stack");
	if (!node && checking_has_slip(root, "stack"))
		return NULL;
	if (!node || (node->type == NODE_NULL && !node->is_broken)) {
		findings_error(checking->findings, node ? node->place : root->place,
			"begin with 'stack: <name>'", "the file names no stack");
		return NULL;
	}
	if (node->is_broken)
		return NULL;
	if (node->text && checking_is_name(node->text))
		return strdup(node->text);
	findings_error(checking->findings, node->place,
		"use at most 63 lower-case letters, digits and '-', a letter or digit first",
		"'%s' is no name for a stack",
		node->text ? node->text : node_type_name(node->type));
	return NULL;
}

static char *read_account(struct checking *checking, const struct node *root)
{
	const struct node *node = node_get(root, "account");
	if (!node || node->is_broken || node->type == NODE_NULL)
		return NULL;
	if (node->text && strlen(node->text) == 12 && strspn(node->text, "0123456789") == 12)
		return strdup(node->text);
	findings_error(checking->findings, node->place,
		"write 12 digits, in quotes: \"123456789012\"", "'%s' is no account of AWS",
		node->text ? node->text : node_type_name(node->type));
	return NULL;
}

// clang-format off
static const char *const regions[] = {
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
	"ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
	"ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1",
	"ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1",
	"eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1",
	"me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
	"us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
};
// clang-format on

enum region_sort { REGION_KNOWN, REGION_NEW, REGION_WRONG };

/* Regions of tomorrow have the shape of today's, words and a number; but words that are one letter
 * away from today's are a slip. */
static enum region_sort sort_of_region(const char *text)
{
	const char *dash = strrchr(text, '-');
	int64_t number;
	if (!partition_is_region_name(text) || !dash || strchr(text, '-') == dash ||
		!num_parse_i64(dash + 1, 1, 99, &number))
		return REGION_WRONG;
	size_t length = (size_t)(dash - text);
	bool is_slip = false, is_word = false;
	for (size_t i = 0; i < ARRAY_COUNT(regions); i++) {
		if (str_eq(regions[i], text))
			return REGION_KNOWN;
		size_t known = (size_t)(strrchr(regions[i], '-') - regions[i]);
		is_word = is_word || (known == length && strncmp(regions[i], text, length) == 0);
		is_slip = is_slip || (str_eq(regions[i] + known, dash) &&
					     str_distance(regions[i], text, 1) <= 1);
	}
	return is_slip && !is_word ? REGION_WRONG : REGION_NEW;
}

static char *read_region(struct checking *checking, const struct node *root)
{
	const struct node *node = node_get(root, "region");
	if (!node && checking_has_slip(root, "region"))
		return NULL;
	if (!node || (node->type == NODE_NULL && !node->is_broken)) {
		findings_error(checking->findings, node ? node->place : root->place,
			"add 'region: eu-west-1', or wherever it is", "the file names no region");
		return NULL;
	}
	if (node->is_broken)
		return NULL;
	const char *text = node->type == NODE_STRING ? node->text : "";
	char suggestion[CHECKING_TEXT_BYTES];
	switch (sort_of_region(text)) {
	case REGION_KNOWN:
		return strdup(text);
	case REGION_NEW:
		findings_warning(checking->findings, node->place,
			checking_suggest(text, regions, ARRAY_COUNT(regions), NULL, suggestion),
			"region '%s' is not one that this version knows", text);
		return strdup(text);
	case REGION_WRONG:
		break;
	}
	findings_error(checking->findings, node->place,
		checking_suggest(text, regions, ARRAY_COUNT(regions),
			"write a region such as eu-west-1", suggestion),
		"'%s' is no region of AWS", node->text ? node->text : node_type_name(node->type));
	return NULL;
}

// ---- tags

static bool check_tag(struct checking *checking, const char *key, const char *value,
	struct place key_place, struct place place)
{
	struct findings *findings = checking->findings;
	size_t before = findings->error_count;
	char start[10] = "";
	str_copy(start, sizeof(start), key);
	start[4] = '\0';
	if (str_eq_nocase(start, "aws:"))
		findings_error(findings, key_place, "choose another key",
			"tag keys that begin with 'aws:' are AWS's own");
	if (str_starts(key, "holdfast:"))
		findings_error(findings, key_place, "choose another key",
			"tag keys that begin with 'holdfast:' are Holdfast's own");
	if (strlen(key) > MOST_KEY)
		findings_error(findings, key_place, "make it shorter",
			"a tag key is longer than %d characters", MOST_KEY);
	if (strlen(value) > MOST_VALUE)
		findings_error(findings, place, "make it shorter",
			"the value of tag '%s' is longer than %d characters", key, MOST_VALUE);
	if (strstr(value, "${"))
		findings_error(findings, place, "write it out, or use ${var.name}",
			"the value of tag '%s' holds a reference", key);
	return findings->error_count == before;
}

json_t *tags_read(struct checking *checking, const json_t *base, const struct node *node)
{
	json_t *tags = base ? json_copy((json_t *)base) : json_object();
	if (!node || node->is_broken || node->type == NODE_NULL)
		return tags;
	if (node->type != NODE_MAP) {
		findings_error(checking->findings, node->place, "write 'tags: {key: value}'",
			"tags must be a map, not %s", node_type_name(node->type));
		return tags;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *value = node->items[i];
		if (value->is_broken)
			continue;
		if (value->type == NODE_NULL)
			json_object_del(tags, node->keys[i]);
		else if (!value->text)
			findings_error(checking->findings, value->place, "write one value",
				"the value of tag '%s' must be a string, not %s", node->keys[i],
				node_type_name(value->type));
		else if (check_tag(checking, node->keys[i], value->text, node->key_places[i],
				 value->place))
			js_set_str(tags, node->keys[i], value->text);
	}
	if (json_object_size(tags) > MOST_TAGS)
		findings_error(checking->findings, node->place, "AWS takes 50; two are Holdfast's",
			"more than %d tags", MOST_TAGS);
	return tags;
}

void header_read(struct checking *checking, const struct node *root)
{
	struct desired *desired = checking->desired;
	const struct policy base = policy_default();
	desired->stack = read_stack(checking, root);
	desired->account = read_account(checking, root);
	desired->region = read_region(checking, root);
	desired->tags = tags_read(checking, NULL, node_get(root, "tags"));
	desired->policy =
		policy_read(checking, &base, node_get(root, "policy"), POLICY_STACK, NULL);
}
