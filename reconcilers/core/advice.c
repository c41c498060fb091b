// The rules and how they are silenced; those that a table's words are enough for are carried out
// here: fields that must span availability zones, and values that good practice wants.
#include "core/advice.h"
#include "base/str.h"
#include "core/advicedoc.h"
#include "core/compare.h"
#include "core/place.h"

// clang-format off
const struct advice_rule advice_rules[] = {
	{"wildcard-action", "an identity may do everything, or all of a service, on every resource",
	 "name the actions and the resources that are needed"},
	{"pass-role", "iam:PassRole on every role: whoever has it may act as any of them",
	 "name the roles, or add a condition on iam:PassedToService"},
	{"not-action", "Allow with NotAction: also what AWS adds tomorrow is allowed",
	 "list what is allowed in Action, or deny with NotAction"},
	{"not-principal", "Allow with NotPrincipal: everybody else in the world is allowed",
	 "list who is allowed in Principal"},
	{"public-principal", "everybody in the world is allowed, and no condition says who",
	 "name the principals, or add a condition such as aws:PrincipalOrgID or aws:SourceArn"},
	{"confused-deputy", "an AWS service is trusted for whichever account it acts",
	 "add a condition on aws:SourceAccount or aws:SourceArn"},
	{"open-ingress", "a security group lets the whole world in, beyond what its load balancer listens to",
	 "narrow the source to the addresses or the security group that need it"},
	{"single-zone", "all of it is in one availability zone, and goes down with it",
	 "add a subnet of another availability zone"},
	{"multi-az", "there is no standby in another availability zone",
	 "turn it on"},
	{"shared-nat", "the way out of a subnet leads through another availability zone",
	 "give each zone a NAT gateway and a route table of its own"},
	{0},
};
// clang-format on

const struct advice_rule *advice_find(const char *id)
{
	for (const struct advice_rule *rule = advice_rules; rule->id; rule++)
		if (str_eq(rule->id, id))
			return rule;
	return NULL;
}

void advice_give(struct advice *advice, const char *id, struct place place, const char *fmt, ...)
{
	const struct advice_rule *rule = advice_find(id);
	const struct wanted *wanted = advice->wanted;
	if (!rule || json_object_get(wanted->policy.accept, id))
		return;
	char text[600];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	_cleanup_free_ char *remedy =
		str_format("%s; or say why not: policy: {accept: {%s: \"...\"}}", rule->remedy, id);
	findings_warning(advice->findings, place.line ? place : wanted->place, remedy,
		"%s: %s (%s)", wanted->address, text, id);
}

// ---- availability zones

const char *advice_zone(const struct wanted *wanted)
{
	return js_str(wanted->desired, "AvailabilityZone");
}

/* The zones of a value's subnets. */
struct zones {
	const struct desired *desired;
	const char *first;
	bool has_several;
	bool has_unknown; // a subnet that the file does not declare, or one without a zone
};

static void add_zone(struct zones *zones, const char *address)
{
	const struct wanted *wanted = desired_find(zones->desired, address);
	if (!wanted || !field_find(wanted->kind->fields, "availability_zone"))
		return; // not a thing of one zone
	const char *zone = advice_zone(wanted);
	if (!zone)
		zones->has_unknown = true;
	else if (!zones->first)
		zones->first = zone;
	else if (!str_eq(zones->first, zone))
		zones->has_several = true;
}

static void find_zones(struct zones *zones, const json_t *value)
{
	const char *key, *text = json_string_value(value), *address = js_str(value, "@ref");
	json_t *inner;
	size_t i;
	if (text && str_starts(text, "subnet-"))
		zones->has_unknown = true;
	if (address)
		add_zone(zones, address);
	json_array_foreach ((json_t *)value, i, inner)
		find_zones(zones, inner);
	json_object_foreach ((json_t *)value, key, inner)
		find_zones(zones, inner);
}

static void check_zones(struct advice *advice, const struct field *field, const json_t *value)
{
	struct zones zones = {.desired = advice->desired};
	find_zones(&zones, value);
	if (zones.first && !zones.has_several && !zones.has_unknown)
		advice_give(advice, "single-zone", place_of(advice->wanted->node, field->name),
			"%s lie in %s only", field->name, zones.first);
}

// "cluster_config.zone_awareness_enabled is not true": the member that differs, as the file has it.
static void put_unlike(
	const struct field *field, const json_t *advised, const json_t *value, struct buf *out)
{
	const char *member;
	json_t *part;
	json_object_foreach ((json_t *)advised, member, part) {
		if (compare_holds(COMPARE_SUBSET, part, json_object_get(value, member)))
			continue;
		_cleanup_free_ char *snake = str_snake(member), *text = js_text(part);
		buf_addf(out, "%s.%s is not %s", field->name, snake ? snake : member,
			text ? text : "");
		return;
	}
	buf_addf(out, "%s is not %s", field->name, field->advised);
}

static void check_value(struct advice *advice, const struct field *field, const json_t *value)
{
	const struct wanted *wanted = advice->wanted;
	_cleanup_json_ json_t *advised = json_loads(field->advised, JSON_DECODE_ANY, NULL);
	if (compare_holds(COMPARE_SUBSET, advised, value))
		return;
	struct place place = node_get(wanted->node, field->name)
				     ? place_of(wanted->node, field->name)
				     : wanted->place;
	_cleanup_buf_ struct buf text = {0};
	buf_init(&text, 400);
	put_unlike(field, advised, value, &text);
	advice_give(advice, field->advice, place, "%s", buf_str(&text));
}

// ---- documents

static bool mentions(const json_t *value, const char *address)
{
	const char *key;
	json_t *inner;
	size_t i;
	if (str_eq_null(js_str(value, "@ref"), address))
		return true;
	json_array_foreach ((json_t *)value, i, inner)
		if (mentions(inner, address))
			return true;
	json_object_foreach ((json_t *)value, key, inner)
		if (mentions(inner, address))
			return true;
	return false;
}

// Is it referred to, and only as what narrows the rights of others?
static bool is_limit(const struct advice *advice)
{
	const char *address = advice->wanted->address;
	bool is_used = false;
	for (size_t i = 0; i < advice->desired->count; i++) {
		const struct wanted *other = &advice->desired->wanted[i];
		for (const struct field *f = other->kind->fields; f && f->name; f++) {
			const char *member = field_member(other->kind, NULL, f);
			const json_t *value = member ? js_at(other->desired, member) : NULL;
			if (!mentions(value, address))
				continue;
			if (!(f->flags & FIELD_NARROWS))
				return false;
			is_used = true;
		}
	}
	return is_used;
}

static void check_documents(struct advice *advice, const struct field *field)
{
	const struct node *node = node_get(advice->wanted->node, field->name);
	if (!node || (field->flags & FIELD_NARROWS))
		return;
	if (field->type == FIELD_MODEL && field->compare == COMPARE_POLICY && !is_limit(advice))
		advicedoc_check(advice, node);
	if (field->type != FIELD_ITEMS)
		return;
	for (const struct field *f = field->items; f->name; f++) {
		if (f->compare != COMPARE_POLICY)
			continue;
		for (size_t i = 0; i < node->count; i++) {
			const struct node *inner = node_get(node->items[i], f->name);
			advicedoc_check(advice, inner ? inner : node->items[i]);
		}
	}
}

static void check_fields(struct advice *advice)
{
	const struct kind *kind = advice->wanted->kind;
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		const json_t *value = member ? js_at(advice->wanted->desired, member) : NULL;
		if ((f->flags & FIELD_TWO_ZONES) && value)
			check_zones(advice, f, value);
		if (f->advised)
			check_value(advice, f, value);
		check_documents(advice, f);
	}
}

void advice_check(const struct desired *desired, struct findings *findings)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		struct advice advice = {desired, findings, wanted};
		check_fields(&advice);
		if (wanted->kind->advise)
			wanted->kind->advise(&advice);
	}
}
