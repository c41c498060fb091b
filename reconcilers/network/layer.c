// The network layer: what everything else stands in, and how its blocks of addresses must lie.
#include "base/str.h"
#include "core/cidr.h"
#include "core/desired.h"
#include "core/kind.h"

/* A block of addresses of the file. */
struct block {
	const struct wanted *owner;
	struct cidr cidr;
	const char *text;   // borrowed from the desired JSON
	struct place place; // where it is written
};

static bool read_block(
	const struct wanted *wanted, const char *member, const char *field, struct block *ret)
{
	const char *text = js_str(wanted->desired, member);
	const struct node *node = node_get(wanted->node, field);
	if (!text || !cidr_parse(text, &ret->cidr))
		return false;
	ret->owner = wanted;
	ret->text = text;
	ret->place = node ? node->place : wanted->place;
	return true;
}

static void check_size(const struct block *block, struct findings *findings)
{
	enum { LARGEST = 16, SMALLEST = 28 };
	if (block->cidr.width == 32 &&
		(block->cidr.prefix < LARGEST || block->cidr.prefix > SMALLEST))
		findings_error(findings, block->place, "AWS takes /16 to /28",
			"%s '%s': block %s has the wrong size", block->owner->kind->name,
			block->owner->name, block->text);
}

/* The primary block, then the others. */
static bool is_inside(const struct wanted *vpc, const struct cidr *cidr)
{
	struct cidr outer;
	const char *text = js_str(vpc->desired, "CidrBlock");
	if (text && cidr_parse(text, &outer) && cidr_contains(&outer, cidr))
		return true;
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(vpc->desired, "SecondaryCidrBlocks"), i, one) {
		text = js_str(one, "CidrBlock");
		if (text && cidr_parse(text, &outer) && cidr_contains(&outer, cidr))
			return true;
	}
	return false;
}

static void check_inside(
	const struct desired *desired, const struct block *subnet, struct findings *findings)
{
	const char *address = js_str(json_object_get(subnet->owner->desired, "VpcId"), "@ref");
	const struct wanted *vpc = address ? desired_find(desired, address) : NULL;
	const char *outer = vpc ? js_str(vpc->desired, "CidrBlock") : NULL;
	struct cidr cidr;
	if (!outer || !cidr_parse(outer, &cidr) || is_inside(vpc, &subnet->cidr))
		return;
	const struct node *at = node_get(vpc->node, "cidr_block");
	struct place place = at ? at->place : vpc->place;
	char remedy[200];
	snprintf(remedy, sizeof(remedy), "choose a block inside %s (%s:%d)", outer, place.file,
		place.line);
	findings_error(findings, subnet->place, remedy,
		"subnet '%s': block %s lies outside of vpc '%s'", subnet->owner->name, subnet->text,
		vpc->name);
}

static void check_overlap(
	const struct block *first, const struct block *second, struct findings *findings)
{
	if (!cidr_overlaps(&first->cidr, &second->cidr) ||
		!json_equal(json_object_get(first->owner->desired, "VpcId"),
			json_object_get(second->owner->desired, "VpcId")))
		return;
	findings_error(findings, second->place, "give each subnet a block of its own",
		"subnet '%s': block %s overlaps %s of subnet '%s' (%s:%d)", second->owner->name,
		second->text, first->text, first->owner->name, first->place.file,
		first->place.line);
}

static void check_blocks(const struct desired *desired, struct findings *findings)
{
	struct block *subnets = calloc(desired->count + 1, sizeof(*subnets));
	size_t count = 0;
	if (!subnets) {
		findings_error(findings, place_in(NULL, 0, 0), NULL, "out of memory");
		return;
	}
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		struct block block;
		if (str_eq(wanted->kind->name, "vpc") &&
			read_block(wanted, "CidrBlock", "cidr_block", &block))
			check_size(&block, findings);
		if (!str_eq(wanted->kind->name, "subnet") ||
			!read_block(wanted, "CidrBlock", "cidr_block", &subnets[count]))
			continue;
		check_size(&subnets[count], findings);
		check_inside(desired, &subnets[count], findings);
		for (size_t j = 0; j < count; j++)
			check_overlap(&subnets[j], &subnets[count], findings);
		count++;
	}
	free(subnets);
}

// ---- what only one can have

/* At AWS one thing has one owner of this sort; two of the file would take it from each other for
 * ever. */
struct claim {
	const char *kind;
	const char *member; // of the desired JSON: what is claimed, or a list of items ...
	const char *item;   // ... with it; NULL: no list
	const char *field;  // in the file, for the place
	const char *when;   // a member that must be true, or NULL
	const char *what;   // "subnet"
};

// clang-format off
static const struct claim claims[] = {
	{"internet_gateway", "VpcId",        NULL,       "vpc",        NULL,   "vpc"},
	{"nat_gateway",      "AllocationId", NULL,       "elastic_ip", NULL,   "elastic_ip"},
	{"route_table",      "Subnets",      "SubnetId", "subnets",    NULL,   "subnet"},
	{"route_table",      "VpcId",        NULL,       "main",       "Main", "main table of a vpc"},
	{"network_acl",      "Subnets",      "SubnetId", "subnets",    NULL,   "subnet"},
};
// clang-format on

/* `node`: where it is claimed; NULL: nowhere in particular. */
static void claim_one(const struct claim *claim, const struct wanted *wanted, const json_t *value,
	const struct node *node, struct map *owners, struct findings *findings)
{
	_cleanup_free_ char *key = value ? js_text(value) : NULL;
	const struct wanted *first = key ? map_get(owners, key) : NULL;
	if (first && first != wanted)
		findings_error(findings, node ? node->place : wanted->place,
			"take one of the two out", "%s '%s': the %s is that of %s '%s' (%s:%d)",
			claim->kind, wanted->name, claim->what, claim->kind, first->name,
			first->place.file, first->place.line);
	else if (key && !first && !map_set(owners, key, (void *)wanted, NULL))
		findings_error(findings, wanted->place, NULL, "out of memory");
}

static void check_claim(
	const struct desired *desired, const struct claim *claim, struct findings *findings)
{
	struct map owners;
	map_init(&owners);
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		if (!str_eq(wanted->kind->name, claim->kind) ||
			(claim->when && !js_bool(wanted->desired, claim->when, false)))
			continue;
		const struct node *node = node_get(wanted->node, claim->field);
		const json_t *value = json_object_get(wanted->desired, claim->member);
		if (!claim->item)
			claim_one(claim, wanted, value, node, &owners, findings);
		for (size_t j = 0; claim->item && j < json_array_size(value); j++)
			claim_one(claim, wanted,
				json_object_get(json_array_get(value, j), claim->item),
				node && j < node->count ? node->items[j] : node, &owners, findings);
	}
	map_done(&owners);
}

static void check(const struct desired *desired, struct findings *findings)
{
	check_blocks(desired, findings);
	for (size_t i = 0; i < ARRAY_COUNT(claims); i++)
		check_claim(desired, &claims[i], findings);
}

const struct layer network_layer = {
	.name = "network",
	.summary = "VPC, subnets, gateways, routes, endpoints, access lists, flow logs",
	.interval_ms = 60000,
	.concurrency = 16,
	.check = check,
};
