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

static void check(const struct desired *desired, struct findings *findings)
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

const struct layer network_layer = {
	.name = "network",
	.summary = "VPC, subnets, gateways, routes, endpoints, access lists, flow logs",
	.interval_ms = 60000,
	.concurrency = 16,
	.check = check,
};
