// A receiver is a queue of deliveries and how to start one; a delivery is a task that tries until
// it is taken, refused for good, or out of attempts.
//
// The webhook's signature is over "<t>.<body>", so that an old message cannot be sent again as a
// new one: Holdfast-Signature: t=<seconds since 1970>,v1=<hex HMAC-SHA-256>. Holdfast-Incident and
// the trigger let a receiver tell a repeated delivery from another message.
//
// What is open, and each message until it is taken, stands in the store too (table incident): a
// kill repeats no message that was taken, and loses none. One more than once is possible, none is
// not.
#include "notices.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "control/incident.h"
#include "loop/proc.h"
#include <fcntl.h>
#include <unistd.h>

enum {
	MOST_WAITING = 256,
	MOST_AT_ONCE = 4,
	MOST_ATTEMPTS = 8,
	FIRST_PAUSE_MS = 1000,
	LAST_PAUSE_MS = 60000,
	COMMAND_MS = 30000,
	REQUEST_MS = 15000,
	MOST_SECRET_BYTES = 4096,
	MOST_SUBJECT_BYTES = 100, // of SNS
};

enum way { WAY_COMMAND, WAY_WEBHOOK, WAY_TOPIC, WAY_COUNT };
static const char *const way_names[] = {"on-event", "webhook", "sns-topic"};

struct receiver {
	struct notices *notices;
	enum way way;
	bool is_wanted;
	struct list waiting, running;
	size_t waiting_count, running_count;
	int64_t sent, failed, dropped;
	char trouble[300]; // of the last message; "" when it was taken
};

struct notices {
	struct notices_options options;
	unsigned triggers;
	json_t *open; // incident.h
	struct receiver receivers[WAY_COUNT];
	bool is_stopping;
};

/* One message to one receiver. */
struct delivery {
	struct list link;
	struct receiver *receiver;
	struct task task;
	struct timer pause;
	json_t *message;
	char *text; // of it
	char *key;  // of the incident; owned
	struct aws_port *aws;
	int attempts;
	bool is_sending;
	struct proc proc;
	const char *argv[4];
	char trigger_env[64], incident_env[96];
	const char *env[3];
	struct http_request request;
	char incident_header[96], signature_header[160];
	const char *headers[6];
	struct aws_call call;
	json_t *input;
};

// ---- the ways

static void send_command(struct delivery *d)
{
	proc_init(&d->proc);
	d->argv[0] = "/bin/sh";
	d->argv[1] = "-c";
	d->argv[2] = d->receiver->notices->options.command;
	snprintf(d->trigger_env, sizeof(d->trigger_env), "HOLDFAST_TRIGGER=%s",
		js_str(d->message, "trigger"));
	snprintf(d->incident_env, sizeof(d->incident_env), "HOLDFAST_INCIDENT=%s",
		js_str(d->message, "incident"));
	d->env[0] = d->trigger_env;
	d->env[1] = d->incident_env;
	d->proc.argv = d->argv;
	d->proc.extra_env = d->env;
	d->proc.stdin_text = d->text;
	d->proc.total_ms = COMMAND_MS;
	proc_start(d->receiver->notices->options.loop, &d->proc, &d->task);
}

// Read each time: a secret may be rotated. False: it cannot be read.
static bool read_secret(const char *path, char ret_secret[MOST_SECRET_BYTES], size_t *ret_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, ret_secret, MOST_SECRET_BYTES) : -1;
	if (fd >= 0)
		close(fd);
	while (n > 0 && strchr("\r\n", ret_secret[n - 1]))
		n--;
	*ret_bytes = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static struct err sign(struct delivery *d)
{
	const struct notices_options *options = &d->receiver->notices->options;
	char secret[MOST_SECRET_BYTES];
	size_t bytes;
	uint8_t digest[HASH_BYTES];
	char hex[HASH_HEX_BYTES];
	long long at = (long long)(loop_wall_ms(options->loop) / 1000);
	if (!read_secret(options->secret_file, secret, &bytes))
		return err_new(ERR_INVALID, "cannot read %s", options->secret_file);
	_cleanup_free_ char *whole = str_format("%lld.%s", at, d->text);
	bool ok = whole && hash_hmac(secret, bytes, whole, strlen(whole), digest);
	explicit_bzero(secret, sizeof(secret));
	if (!ok)
		return err_new(ERR_BUG, "cannot sign");
	hash_hex(digest, HASH_BYTES, hex);
	snprintf(d->signature_header, sizeof(d->signature_header),
		"Holdfast-Signature: t=%lld,v1=%s", at, hex);
	return ERR_OK;
}

static void send_webhook(struct delivery *d)
{
	const struct notices_options *options = &d->receiver->notices->options;
	size_t n = 0;
	http_request_init(&d->request);
	struct err err = options->secret_file ? sign(d) : ERR_OK;
	if (err_is(&err)) {
		op_start(&d->request.op, &d->task, NULL);
		op_finish_soon(options->loop, &d->request.op, err);
		return;
	}
	snprintf(d->incident_header, sizeof(d->incident_header), "Holdfast-Incident: %.60s",
		js_str(d->message, "incident"));
	d->headers[n++] = "Content-Type: application/json";
	d->headers[n++] = d->incident_header;
	if (options->secret_file)
		d->headers[n++] = d->signature_header;
	d->headers[n] = NULL;
	d->request.method = "POST";
	d->request.url = options->webhook;
	d->request.headers = d->headers;
	d->request.body = d->text;
	d->request.body_bytes = strlen(d->text);
	d->request.most_answer_bytes = 64 << 10;
	d->request.total_ms = REQUEST_MS;
	http_start(options->http, &d->request, &d->task);
}

static void send_topic(struct delivery *d)
{
	const struct notices_options *options = &d->receiver->notices->options;
	char subject[MOST_SUBJECT_BYTES];
	str_copy(subject, sizeof(subject), js_str(d->message, "subject"));
	json_decref(d->input);
	d->input = json_pack("{s:s, s:s, s:s}", "TopicArn", options->topic, "Subject", subject,
		"Message", d->text);
	aws_call_init(&d->call, "sns", "Publish", d->input);
	d->call.is_mutating = true;
	d->call.is_repeatable = true; // a message twice is better than none
	aws_start(d->aws, &d->call, &d->task);
}

static struct op *op_of(struct delivery *d)
{
	switch (d->receiver->way) {
	case WAY_COMMAND:
		return &d->proc.op;
	case WAY_WEBHOOK:
		return &d->request.op;
	case WAY_TOPIC:
	case WAY_COUNT:
		break;
	}
	return &d->call.op;
}

// What became of it; ERR_TRANSIENT is tried again.
static struct err result_of(struct delivery *d)
{
	struct err err = op_of(d)->err;
	if (d->receiver->way == WAY_COMMAND && !err_is(&err) && d->proc.exit_status != 0)
		err = err_new(ERR_INVALID, "it ended with status %d: %.160s", d->proc.exit_status,
			buf_str(&d->proc.errors));
	int status = d->receiver->way == WAY_WEBHOOK ? d->request.status : 200;
	if (!err_is(&err) && (status < 200 || status > 299))
		err = err_new(status == 429 || status >= 500 ? ERR_TRANSIENT : ERR_INVALID,
			"it answered with status %d", status);
	return err;
}

static void release(struct delivery *d)
{
	switch (d->receiver->way) {
	case WAY_COMMAND:
		proc_done(&d->proc);
		break;
	case WAY_WEBHOOK:
		http_request_done(&d->request);
		break;
	case WAY_TOPIC:
		aws_call_done(&d->call);
		break;
	case WAY_COUNT:
		break;
	}
}

// ---- deliveries

static void bury(void *what)
{
	struct delivery *d = what;
	json_decref(d->message);
	json_decref(d->input);
	free(d->text);
	free(d->key);
	free(d);
}

static void start_next(struct receiver *receiver)
{
	while (receiver->running_count < MOST_AT_ONCE && !list_is_empty(&receiver->waiting)) {
		struct delivery *d = LIST_ITEM(receiver->waiting.next, struct delivery, link);
		list_remove(&d->link);
		receiver->waiting_count--;
		list_append(&receiver->running, &d->link);
		receiver->running_count++;
		task_wake(&d->task);
	}
}

static void end(struct delivery *d)
{
	struct receiver *receiver = d->receiver;
	struct notices *notices = receiver->notices;
	list_remove(&d->link);
	receiver->running_count--;
	timer_stop(&d->pause);
	task_done(&d->task);
	loop_bury(notices->options.loop, d, bury);
	if (!notices->is_stopping)
		start_next(receiver);
	task_wake(notices->options.watcher);
}

static bool is_in(const struct list *list, const json_t *message)
{
	const struct delivery *d;
	list_for_each (d, list, link)
		if (d->message == message)
			return true;
	return false;
}

// No receiver is going to get it any more: each has it, or refused it for good.
static void note_told(struct notices *notices, json_t *message, const char *key)
{
	for (size_t i = 0; i < WAY_COUNT; i++)
		if (is_in(&notices->receivers[i].waiting, message) ||
			is_in(&notices->receivers[i].running, message))
			return;
	const char *stack = js_str(message, "stack");
	notices->options.keep(notices->options.keeper, stack, STORE_INCIDENT_TOLD,
		json_pack("{s:s, s:s, s:s}", "stack", stack, "key", key, "trigger",
			js_str(message, "trigger")));
}

static void end_told(struct delivery *d)
{
	_cleanup_json_ json_t *message = json_incref(d->message);
	_cleanup_free_ char *key = TAKE(d->key);
	struct notices *notices = d->receiver->notices;
	end(d);
	note_told(notices, message, key);
}

static void take_result(struct delivery *d)
{
	struct receiver *receiver = d->receiver;
	struct err err = result_of(d);
	release(d);
	d->is_sending = false;
	if (!err_is(&err)) {
		receiver->sent++;
		receiver->trouble[0] = '\0';
		end_told(d);
		return;
	}
	bool is_new = receiver->trouble[0] == '\0';
	bool is_over = d->attempts >= MOST_ATTEMPTS || receiver->notices->is_stopping ||
		       (err.class != ERR_TRANSIENT && err.class != ERR_THROTTLED);
	snprintf(receiver->trouble, sizeof(receiver->trouble), "%.250s", err.message);
	str_trim_utf8(receiver->trouble);
	if (is_new || is_over)
		log_warning("a notice was not taken", LOG_STR("receiver", way_names[receiver->way]),
			LOG_STR("incident", js_str(d->message, "incident")),
			LOG_INT("attempt", d->attempts), LOG_ERR(&err));
	if (is_over) {
		receiver->failed++;
		if (receiver->notices->is_stopping)
			end(d);
		else
			end_told(d);
		return;
	}
	int64_t pause_ms = FIRST_PAUSE_MS << (d->attempts - 1);
	timer_start(&d->pause, &d->task, pause_ms < LAST_PAUSE_MS ? pause_ms : LAST_PAUSE_MS);
}

static void step(struct task *task)
{
	struct delivery *d = CONTAINER_OF(task, struct delivery, task);
	if (d->is_sending) {
		if (op_is_finished(op_of(d)))
			take_result(d);
		return;
	}
	if (d->receiver->notices->is_stopping) {
		end(d);
		return;
	}
	if (timer_is_running(&d->pause))
		return;
	d->attempts++;
	d->is_sending = true;
	switch (d->receiver->way) {
	case WAY_COMMAND:
		send_command(d);
		break;
	case WAY_WEBHOOK:
		send_webhook(d);
		break;
	case WAY_TOPIC:
		send_topic(d);
		break;
	case WAY_COUNT:
		break;
	}
}

static void drop_oldest(struct receiver *receiver)
{
	struct delivery *d = LIST_ITEM(receiver->waiting.next, struct delivery, link);
	list_remove(&d->link);
	receiver->waiting_count--;
	receiver->dropped++;
	task_done(&d->task);
	loop_bury(receiver->notices->options.loop, d, bury);
}

static void queue(struct receiver *receiver, struct aws_port *aws, json_t *message, const char *key)
{
	struct loop *loop = receiver->notices->options.loop;
	struct delivery *d = calloc(1, sizeof(*d));
	char *text = json_dumps(message, JSON_COMPACT), *name = strdup(key);
	if (!d || !text || !name) {
		free(d);
		free(text);
		free(name);
		receiver->dropped++;
		return;
	}
	*d = (struct delivery){.receiver = receiver,
		.message = json_incref(message),
		.text = text,
		.key = name,
		.aws = aws};
	task_init(&d->task, loop, step, "notice");
	timer_init(&d->pause, loop);
	if (receiver->waiting_count == MOST_WAITING)
		drop_oldest(receiver);
	list_append(&receiver->waiting, &d->link);
	receiver->waiting_count++;
	start_next(receiver);
}

// ---- outside

static void send_all(
	struct notices *notices, struct aws_port *aws, json_t *message, const char *key)
{
	for (size_t i = 0; i < WAY_COUNT; i++)
		if (notices->receivers[i].is_wanted && (i != WAY_TOPIC || aws))
			queue(&notices->receivers[i], aws, message, key);
}

static void keep_incident(const struct notices *notices, const json_t *event, const char *key,
	json_t *incident, json_t *message)
{
	const char *stack = js_str(event, "stack");
	notices->options.keep(notices->options.keeper, stack, STORE_INCIDENT_PUT,
		json_pack("{s:s, s:s, s:O?, s:O?, s:I}", "stack", stack, "key", key, "incident",
			incident, "message", message, "at_ms",
			(json_int_t)loop_wall_ms(notices->options.loop)));
	if (!incident && !message)
		notices->options.keep(notices->options.keeper, stack, STORE_INCIDENT_TOLD,
			json_pack("{s:s, s:s}", "stack", stack, "key", key));
}

void notices_hear(struct notices *notices, struct aws_port *aws, const json_t *event)
{
	enum incident_trigger trigger = 0;
	_cleanup_free_ char *key = incident_key(event);
	if (!key || notices->is_stopping)
		return;
	_cleanup_json_ json_t *before = json_deep_copy(json_object_get(notices->open, key));
	_cleanup_json_ json_t *message = incident_of(notices->open, event, &trigger);
	json_t *after = json_object_get(notices->open, key);
	bool is_wanted = message && (notices->triggers & (unsigned)trigger);
	bool is_same = before == after || (before && after && json_equal(before, after));
	if (!is_same || is_wanted)
		keep_incident(notices, event, key, after, is_wanted ? message : NULL);
	if (is_wanted)
		send_all(notices, aws, message, key);
}

void notices_restore(struct notices *notices, struct aws_port *aws, const json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row) {
		const char *key = js_str(row, "key");
		json_t *incident = json_object_get(row, "incident");
		json_t *message = json_object_get(row, "message");
		if (!key)
			continue;
		if (json_is_object(incident) && json_is_object(json_object_get(incident, "fields")))
			json_object_set(notices->open, key, incident);
		if (json_is_object(message) && js_str(message, "trigger") &&
			js_str(message, "incident") && js_str(message, "subject") &&
			js_str(message, "stack"))
			send_all(notices, aws, message, key);
	}
}

void notices_forget(struct notices *notices, const char *stack)
{
	const char *key;
	json_t *incident;
	void *next;
	json_object_foreach_safe (notices->open, next, key, incident)
		if (incident_is_of(key, stack))
			json_object_del(notices->open, key);
}

json_t *notices_view(const struct notices *notices)
{
	json_t *out = json_array();
	for (size_t i = 0; notices && i < WAY_COUNT; i++) {
		const struct receiver *r = &notices->receivers[i];
		if (r->is_wanted)
			json_array_append_new(out,
				json_pack("{s:s, s:I, s:I, s:I, s:I, s:s?}", "receiver",
					way_names[i], "waiting",
					(json_int_t)r->waiting_count + (json_int_t)r->running_count,
					"sent", (json_int_t)r->sent, "failed",
					(json_int_t)r->failed, "dropped", (json_int_t)r->dropped,
					"trouble", *r->trouble ? r->trouble : NULL));
	}
	return out;
}

void notices_stop(struct notices *notices)
{
	if (!notices || notices->is_stopping)
		return;
	notices->is_stopping = true;
	for (size_t i = 0; i < WAY_COUNT; i++) {
		struct receiver *receiver = &notices->receivers[i];
		while (!list_is_empty(&receiver->waiting))
			drop_oldest(receiver);
		struct delivery *d;
		list_for_each (d, &receiver->running, link) {
			if (d->is_sending)
				op_cancel(op_of(d));
			task_wake(&d->task);
		}
	}
}

bool notices_is_idle(const struct notices *notices)
{
	for (size_t i = 0; notices && i < WAY_COUNT; i++)
		if (notices->receivers[i].running_count > 0)
			return false;
	return true;
}

struct err notices_new(const struct notices_options *options, struct notices **ret_notices)
{
	const char *const wanted[] = {options->command, options->webhook, options->topic};
	unsigned triggers = INCIDENT_ALL;
	*ret_notices = NULL;
	if (options->triggers && !incident_triggers(options->triggers, &triggers))
		return err_new(ERR_INVALID,
			"triggers '%.80s': write some of on-drift, on-corrected, on-held, "
			"on-failed, on-recovered",
			options->triggers);
	if (options->webhook && !str_starts(options->webhook, "https://") &&
		!str_starts(options->webhook, "http://"))
		return err_new(ERR_INVALID, "webhook '%.80s' is no http:// or https:// URL",
			options->webhook);
	if (options->topic && !str_starts(options->topic, "arn:"))
		return err_new(ERR_INVALID, "sns-topic '%.80s' is no ARN", options->topic);
	if (options->secret_file && access(options->secret_file, R_OK) != 0)
		return err_new(
			ERR_INVALID, "webhook-secret-file: cannot read %s", options->secret_file);
	if (!options->command && !options->webhook && !options->topic)
		return ERR_OK;
	struct notices *notices = calloc(1, sizeof(*notices));
	if (!notices)
		return err_nomem();
	notices->options = *options;
	notices->triggers = triggers;
	notices->open = json_object();
	for (size_t i = 0; i < WAY_COUNT; i++) {
		struct receiver *r = &notices->receivers[i];
		*r = (struct receiver){
			.notices = notices, .way = (enum way)i, .is_wanted = wanted[i] != NULL};
		list_init(&r->waiting);
		list_init(&r->running);
	}
	*ret_notices = notices;
	return ERR_OK;
}

void notices_free(struct notices *notices)
{
	if (!notices)
		return;
	json_decref(notices->open);
	free(notices);
}
