// Who carries a group: everything that refers to it and is no group itself. Who stands in a subnet:
// the same with subnets.
#include "core/graph.h"
#include "base/str.h"

json_t *graph_references(const struct desired *desired)
{
	json_t *out = json_array();
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		size_t j;
		json_t *to;
		json_array_foreach (wanted->refers_to, j, to)
			json_array_append_new(
				out, json_pack("{s:s, s:O}", "from", wanted->address, "to", to));
	}
	return out;
}

// ---- flow

static json_t *edge_of(json_t *flow, const char *from, const char *to)
{
	size_t i;
	json_t *edge;
	json_array_foreach (flow, i, edge)
		if (str_eq_null(js_str(edge, "from"), from) && str_eq_null(js_str(edge, "to"), to))
			return edge;
	edge = json_pack("{s:s, s:s, s:[]}", "from", from, "to", to, "ports");
	json_array_append_new(flow, edge);
	return edge;
}

static void add_edge(json_t *flow, const char *from, const char *to, const char *ports)
{
	if (str_eq(from, to))
		return;
	json_t *edge = edge_of(flow, from, to);
	json_t *list = json_object_get(edge, "ports");
	if (str_empty(ports))
		json_object_del(edge, "ports"); // any: the others no longer matter
	else if (list && !js_lists(list, ports))
		json_array_append_new(list, json_string(ports));
}

// "443", "8080-8090", "udp 53"; "" for all.
static void ports_of(const json_t *rule, char *ret_text, size_t bytes)
{
	const char *protocol = js_str(rule, "IpProtocol");
	int64_t from = js_int(rule, "FromPort", -1), to = js_int(rule, "ToPort", -1);
	bool is_tcp = !protocol || str_eq(protocol, "tcp");
	*ret_text = '\0';
	if (!is_tcp && str_eq(protocol, "-1"))
		return;
	if (from < 0)
		str_copy(ret_text, bytes, is_tcp ? "" : protocol);
	else if (from == to)
		snprintf(ret_text, bytes, "%s%s%lld", is_tcp ? "" : protocol, is_tcp ? "" : " ",
			(long long)from);
	else
		snprintf(ret_text, bytes, "%s%s%lld-%lld", is_tcp ? "" : protocol,
			is_tcp ? "" : " ", (long long)from, (long long)to);
}

// Addresses of all references within a value.
static void find_references(const json_t *value, json_t *out)
{
	const char *address = js_str(value, "@ref"), *key;
	size_t i;
	json_t *inner;
	if (address)
		json_array_append_new(out, json_string(address));
	json_array_foreach ((json_t *)value, i, inner)
		find_references(inner, out);
	json_object_foreach ((json_t *)value, key, inner)
		find_references(inner, out);
}

static bool names_the_world(const json_t *value)
{
	const char *text = json_string_value(value), *key;
	json_t *inner;
	if (text)
		return str_eq(text, "0.0.0.0/0") || str_eq(text, "::/0");
	json_object_foreach ((json_t *)value, key, inner)
		if (names_the_world(inner))
			return true;
	return false;
}

static bool carries(const struct wanted *wanted, const char *address)
{
	return !wanted->kind->admits && js_lists(wanted->refers_to, address);
}

// From everyone with the group `from` to everyone with the group `to`.
static void join_carriers(const struct desired *desired, const char *from, const char *to,
	const char *ports, json_t *flow)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *source = &desired->wanted[i];
		if (!carries(source, from))
			continue;
		for (size_t j = 0; j < desired->count; j++)
			if (carries(&desired->wanted[j], to))
				add_edge(flow, source->address, desired->wanted[j].address, ports);
	}
}

static void add_admitted(const struct desired *desired, const struct wanted *group, json_t *flow)
{
	size_t i, j;
	json_t *rule, *source;
	json_array_foreach (json_object_get(group->desired, group->kind->admits), i, rule) {
		char ports[64];
		ports_of(rule, ports, sizeof(ports));
		for (j = 0; names_the_world(rule) && j < desired->count; j++)
			if (carries(&desired->wanted[j], group->address))
				add_edge(flow, "clients", desired->wanted[j].address, ports);
		_cleanup_json_ json_t *sources = json_array();
		find_references(rule, sources);
		json_array_foreach (sources, j, source)
			join_carriers(
				desired, json_string_value(source), group->address, ports, flow);
	}
}

// May it go out to the world, by one of the groups that it carries?
static bool may_leave(const struct desired *desired, const struct wanted *wanted)
{
	size_t i, j;
	json_t *address, *rule;
	json_array_foreach (wanted->refers_to, i, address) {
		const struct wanted *guard = desired_find(desired, json_string_value(address));
		if (!guard || !guard->kind->lets_out)
			continue;
		const json_t *rules = json_object_get(guard->desired, guard->kind->lets_out);
		if (!rules) // not said: AWS lets everything out
			return true;
		json_array_foreach ((json_t *)rules, j, rule)
			if (names_the_world(rule))
				return true;
	}
	return false;
}

// Is there a subnet that both name? The network itself, which all of them name, is none: the
// gateway's own subnet stands in it as well.
static bool shares_a_place(const struct desired *desired, const struct wanted *resident,
	const struct wanted *way, const struct wanted *gateway)
{
	size_t i, j;
	json_t *place, *stands;
	json_array_foreach (resident->refers_to, i, place) {
		const struct wanted *subnet = desired_find(desired, json_string_value(place));
		if (!subnet || !js_lists(way->refers_to, subnet->address))
			continue;
		bool is_network = false;
		json_array_foreach (gateway->refers_to, j, stands) {
			const struct wanted *own = desired_find(desired, json_string_value(stands));
			is_network = is_network || own == subnet ||
				     (own && js_lists(own->refers_to, subnet->address));
		}
		if (!is_network)
			return true;
	}
	return false;
}

static bool comes_from(const json_t *flow, const char *from, const char *to)
{
	size_t i;
	json_t *edge;
	json_array_foreach ((json_t *)flow, i, edge)
		if (str_eq_null(js_str(edge, "from"), from) && str_eq_null(js_str(edge, "to"), to))
			return true;
	return false;
}

// `way` (a route table) names both the gateway and the subnets that go out through it.
static void add_ways_out(const struct desired *desired, const struct wanted *gateway,
	const struct wanted *way, json_t *flow)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *resident = &desired->wanted[i];
		if (resident != way && resident != gateway && may_leave(desired, resident) &&
			!comes_from(flow, "clients", resident->address) &&
			shares_a_place(desired, resident, way, gateway))
			add_edge(flow, resident->address, gateway->address, NULL);
	}
}

json_t *graph_flow(const struct desired *desired)
{
	json_t *flow = json_array();
	for (size_t i = 0; i < desired->count; i++)
		if (desired->wanted[i].kind->admits)
			add_admitted(desired, &desired->wanted[i], flow);
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *gateway = &desired->wanted[i];
		if (!gateway->kind->leads_out)
			continue;
		for (size_t j = 0; j < desired->count; j++)
			if (js_lists(desired->wanted[j].refers_to, gateway->address))
				add_ways_out(desired, gateway, &desired->wanted[j], flow);
		add_edge(flow, gateway->address, "outside", NULL);
	}
	return flow;
}
