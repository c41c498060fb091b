#include "tests/sim/hands.h"
#include "tests/sim/generic.h"

static bool hits(struct sim *sim, int permille)
{
	return random_hit(&sim->random, permille);
}

static struct thing *any_thing(struct sim *sim)
{
	struct cloud *cloud = &sim->cloud;
	struct thing *found = NULL;
	int64_t seen = 0;
	for (size_t i = 0; i < cloud->count; i++)
		if (thing_is_alive(&cloud->things[i]) && !cloud->things[i].is_bystander &&
			random_between(&sim->random, 0, ++seen) == 0)
			found = &cloud->things[i];
	return found;
}

void hands_delete(struct sim *sim)
{
	struct thing *thing = any_thing(sim);
	if (!thing || cloudops_is_used(&sim->cloud, thing))
		return;
	trace_add(&sim->trace, "man", "deletes %s", thing->id);
	cloudops_remove_thing(&sim->cloud, thing);
}

// A pipeline registers a revision of its own, which is now the newest: another image, and no tags
// of ours.
static void register_revision(struct sim *sim, const struct kind *kind, json_t *item)
{
	json_t *definition = json_object_get(item, "taskDefinition");
	json_t *container = json_array_get(json_object_get(definition, "containerDefinitions"), 0);
	js_set_str(container, "image", "app:theirs");
	json_array_clear(json_object_get(item, "tags"));
	generic_next_revision(&sim->cloud, kind, item);
}

static void change_rules(struct sim *sim, const char *group, json_t *rules)
{
	if (!hits(sim, 500)) {
		json_array_clear(rules);
		return;
	}
	json_t *rule = cloudops_rule(&sim->cloud, group, false);
	js_set_str(rule, "IpProtocol", "tcp");
	js_set_str(rule, "CidrIpv4", "203.0.113.0/24");
	json_object_set_new(rule, "FromPort", json_integer(3389));
	json_object_set_new(rule, "ToPort", json_integer(3389));
	json_array_append_new(rules, rule);
}

void hands_change(struct sim *sim, struct thing *thing)
{
	static const char *const switches[] = {"MapPublicIpOnLaunch", "EnableDnsHostnames"};
	trace_add(&sim->trace, "man", "changes %s", thing->id);
	json_t *item = thing_edit(thing);
	for (size_t i = 0; i < ARRAY_COUNT(switches); i++)
		if (json_object_get(item, switches[i]))
			json_object_set_new(item, switches[i],
				json_boolean(!json_is_true(json_object_get(item, switches[i]))));
	json_t *rules = json_object_get(item, "Rules"), *routes = json_object_get(item, "Routes");
	if (rules)
		change_rules(sim, thing->id, rules);
	if (json_array_size(routes) > 1)
		json_array_remove(routes, 1);
	if (str_eq(thing->kind->name, "task_definition"))
		register_revision(sim, thing->kind, item);
	// Not ours: who takes those away makes it another one's.
	json_t *tag = json_array_get(json_object_get(item, "Tags"), 0);
	const char *key = js_str(tag, "Key");
	if (key && !str_starts(key, "holdfast:") && hits(sim, 300))
		js_set_str(tag, "Value", "other");
	thing_set(&sim->cloud, thing, item);
}

struct thing *hands_change_any(struct sim *sim)
{
	struct thing *thing = any_thing(sim);
	if (thing)
		hands_change(sim, thing);
	return thing;
}
