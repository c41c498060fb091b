// One small state machine an event name, over keys such as "drift shop network.vpc.main".
#include "control/incident.h"
#include "base/str.h"

enum { MOST_OPEN = 4096 }; // beyond it nothing is remembered: a message too many, never one too few

static const struct trigger_row {
	enum incident_trigger trigger;
	const char *name;
} triggers[] = {{INCIDENT_DRIFT, "on-drift"}, {INCIDENT_CORRECTED, "on-corrected"},
	{INCIDENT_HELD, "on-held"}, {INCIDENT_FAILED, "on-failed"},
	{INCIDENT_RECOVERED, "on-recovered"}};

static unsigned trigger_of(const char *word, size_t bytes)
{
	for (size_t i = 0; i < ARRAY_COUNT(triggers); i++) {
		const char *name = triggers[i].name;
		if ((strlen(name) == bytes && strncmp(name, word, bytes) == 0) ||
			(strlen(name + 3) == bytes && strncmp(name + 3, word, bytes) == 0))
			return (unsigned)triggers[i].trigger;
	}
	return 0;
}

bool incident_triggers(const char *words, unsigned *ret_triggers)
{
	unsigned all = 0;
	for (const char *p = words; *p;) {
		p += strspn(p, ", ");
		size_t n = strcspn(p, ", ");
		unsigned one = n > 0 ? trigger_of(p, n) : 0;
		if (n > 0 && !one)
			return false;
		all |= one;
		p += n;
	}
	*ret_triggers = all;
	return all != 0;
}

static json_t *message(const json_t *event, enum incident_trigger trigger, const char *id)
{
	const char *name = "", *stack = js_str(event, "stack"), *where = js_str(event, "address");
	const char *text = js_str(event, "text"), *at = js_str(event, "at");
	for (size_t i = 0; i < ARRAY_COUNT(triggers); i++)
		if (triggers[i].trigger == trigger)
			name = triggers[i].name;
	if (!where)
		where = js_str(event, "layer");
	_cleanup_free_ char *subject = str_format("holdfast %s: %s %s", stack ? stack : "-",
		name + strlen("on-"), where ? where : "the file");
	return json_pack("{s:i, s:s, s:s, s:s*, s:s*, s:s, s:s, s:O}", "format", 1, "trigger", name,
		"incident", id ? id : "-", "at", at, "stack", stack, "subject",
		subject ? subject : name, "text", text ? text : "", "event", event);
}

static bool begins(json_t *open, const json_t *event, const char *key, const char *id)
{
	if (json_object_get(open, key))
		return false;
	if (json_object_size(open) < MOST_OPEN)
		json_object_set_new(open, key,
			json_pack("{s:s, s:s*, s:{}}", "id", id ? id : "-", "at",
				js_str(event, "at"), "fields"));
	return true;
}

// What happened before it began, and was told only after a restart, is not the end of it.
static bool is_before(const json_t *event, const json_t *known)
{
	const char *at = js_str(event, "at"), *began = js_str(known, "at");
	return at && began && strcmp(at, began) < 0; // texts of one length
}

static json_t *fields_of(const json_t *open, const char *key)
{
	return json_object_get(json_object_get(open, key), "fields");
}

static json_t *drift(json_t *open, const json_t *event, const char *key, bool is_opened,
	enum incident_trigger *trigger)
{
	const char *drift_id = js_str(event, "drift_id");
	drift_id = drift_id ? drift_id : "-";
	if (is_opened) {
		bool is_new = begins(open, event, key, drift_id);
		json_object_set_new(fields_of(open, key), drift_id, json_true());
		*trigger = INCIDENT_DRIFT;
		return is_new ? message(event, INCIDENT_DRIFT, drift_id) : NULL;
	}
	json_t *fields = fields_of(open, key);
	json_object_del(fields, drift_id);
	if (json_object_size(fields) > 0)
		return NULL;
	// One that began in an earlier life of the daemon is told to be over all the same.
	_cleanup_json_ json_t *known = json_incref(json_object_get(open, key));
	json_object_del(open, key);
	if (str_eq_null(js_str(event, "how"), "superseded") ||
		str_eq_null(js_str(event, "how"), "ignored"))
		return NULL;
	*trigger = INCIDENT_CORRECTED;
	return message(event, INCIDENT_CORRECTED, known ? js_str(known, "id") : drift_id);
}

static json_t *failing(json_t *open, const json_t *event, const char *key, bool is_failing,
	enum incident_trigger *trigger)
{
	const char *id = js_str(event, "action_id");
	id = id ? id : js_str(event, "at");
	*trigger = is_failing ? INCIDENT_FAILED : INCIDENT_RECOVERED;
	if (is_failing)
		return begins(open, event, key, id) ? message(event, *trigger, id) : NULL;
	_cleanup_json_ json_t *known = json_incref(json_object_get(open, key));
	if (is_before(event, known))
		return NULL;
	json_object_del(open, key);
	return known ? message(event, *trigger, js_str(known, "id")) : NULL;
}

char *incident_key(const json_t *event)
{
	const char *name = js_str(event, "event"), *where = js_str(event, "address");
	const char *stack = js_str(event, "stack"), *hold = js_str(event, "hold_id");
	if (!where)
		where = js_str(event, "layer");
	if (!name)
		return NULL;
	return str_format("%.*s %s %s", (int)strcspn(name, "."), name, stack ? stack : "",
		hold    ? hold
		: where ? where
			: "");
}

bool incident_is_of(const char *key, const char *stack)
{
	size_t n = strlen(stack);
	const char *space = strchr(key, ' ');
	return space && strncmp(space + 1, stack, n) == 0 && space[1 + n] == ' ';
}

json_t *incident_of(json_t *open, const json_t *event, enum incident_trigger *ret_trigger)
{
	const char *name = js_str(event, "event"), *hold = js_str(event, "hold_id");
	_cleanup_free_ char *key = incident_key(event);
	if (!key)
		return NULL;
	if (str_starts(name, "drift."))
		return drift(open, event, key, str_eq(name, "drift.opened"), ret_trigger);
	if (str_eq(name, "change.held")) {
		*ret_trigger = INCIDENT_HELD;
		return begins(open, event, key, hold) ? message(event, INCIDENT_HELD, hold) : NULL;
	}
	if (str_starts(name, "change.")) {
		json_object_del(open, key);
		return NULL;
	}
	if (str_eq(name, "action.failed") || str_eq(name, "action.done"))
		return failing(open, event, key, str_eq(name, "action.failed"), ret_trigger);
	if (str_eq_null(js_str(event, "cause"), "change"))
		return NULL; // of changes that fail, the failing calls tell
	if (str_eq(name, "layer.failing") || str_eq(name, "layer.recovered"))
		return failing(open, event, key, str_eq(name, "layer.failing"), ret_trigger);
	if (str_eq(name, "config.refused") || str_eq(name, "config.loaded"))
		return failing(open, event, key, str_eq(name, "config.refused"), ret_trigger);
	return NULL;
}
