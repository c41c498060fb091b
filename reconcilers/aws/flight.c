// One call as a state machine: encode, wait for rate, slot and credentials, send, judge the answer.
#include "aws/flight.h"
#include "aws/error.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"

static void step(struct task *task);

/* One attempt's answer. */
struct verdict {
	struct err err;
	json_t *output; // owned
	bool is_retryable;
	bool is_throttling;
	bool is_sure; // AWS refused it: a change has not been made
	int64_t retry_after_ms, not_before_ms;
};

// ---- life

static struct flight *flight_new(struct aws *aws)
{
	struct flight *flight = NULL;
	if (!list_is_empty(&aws->idle)) {
		flight = LIST_ITEM(aws->idle.next, struct flight, link);
		list_remove(&flight->link);
		return flight;
	}
	flight = calloc(1, sizeof(*flight));
	if (!flight)
		return NULL;
	flight->aws = aws;
	task_init(&flight->task, aws->loop, step, "aws call");
	timer_init(&flight->timer, aws->loop);
	list_init(&flight->link);
	list_init(&flight->slot_link);
	buf_init(&flight->url, (size_t)64 << 10);
	buf_init(&flight->path, (size_t)16 << 10);
	buf_init(&flight->header_text, (size_t)64 << 10);
	http_request_init(&flight->request);
	return flight;
}

void flight_free(struct flight *flight)
{
	list_remove(&flight->link);
	task_done(&flight->task);
	http_request_done(&flight->request);
	buf_done(&flight->url);
	buf_done(&flight->path);
	buf_burn(&flight->header_text);
	free(flight);
}

static void wake_next_slot(struct aws *aws)
{
	while (aws->in_flight < aws->most_in_flight && !list_is_empty(&aws->waiting)) {
		struct flight *next = LIST_ITEM(aws->waiting.next, struct flight, slot_link);
		list_remove(&next->slot_link);
		next->has_slot = true;
		aws->in_flight++;
		task_wake(&next->task);
	}
}

static void leave_slot(struct flight *flight)
{
	list_remove(&flight->slot_link);
	if (!flight->has_slot)
		return;
	flight->has_slot = false;
	flight->aws->in_flight--;
	wake_next_slot(flight->aws);
}

/* Answers that hold secrets are not left in freed memory. */
static void burn_answer(struct flight *flight)
{
	struct buf *answer = &flight->request.answer;
	const char *name = flight->channel ? service_name(flight->channel->service) : "";
	if (answer->data && (str_eq(name, "sts") || str_eq(name, "secretsmanager")))
		explicit_bzero(answer->data, answer->len);
	http_request_done(&flight->request);
}

/* Back to the idle ones, which keep their buffers. */
static void recycle(struct flight *flight)
{
	leave_slot(flight);
	timer_stop(&flight->timer);
	task_done(&flight->task);
	if (flight->has_rate_token && flight->channel)
		limiter_return(flight->call->is_mutating ? &flight->channel->write
							 : &flight->channel->read);
	if (flight->has_wire)
		wire_request_done(&flight->wire);
	free(flight->query);
	burn_answer(flight);
	if (flight->header_text.data)
		explicit_bzero(flight->header_text.data, flight->header_text.len);
	flight->query = NULL;
	flight->call = NULL;
	flight->channel = NULL;
	flight->operation = NULL;
	flight->has_rate_token = flight->has_wire = flight->is_canceled = false;
	flight->has_renewed = flight->has_corrected = flight->is_unsure = false;
	flight->retry = (struct retry){0};
	list_remove(&flight->link);
	list_append(&flight->aws->idle, &flight->link);
}

/* The call's end: `output` is taken over. */
static void finish(struct flight *flight, struct err err, json_t *output)
{
	struct aws_call *call = flight->call;
	if (err_is(&err)) {
		err_wrap(&err, "%s:%s", call->service, call->operation);
		// A later attempt that was refused, or never left, says nothing of an earlier one.
		err.maybe_done = call->is_mutating && (err.maybe_done || flight->is_unsure);
		if (flight->channel)
			flight->channel->errors++;
	}
	call->output = output;
	call->took_ms = loop_now_ms(flight->aws->loop) - flight->started_ms;
	call->state = NULL;
	flight->phase = FLIGHT_DONE;
	recycle(flight);
	op_finish(&call->op, err);
}

static void on_cancel(struct op *op)
{
	struct aws_call *call = CONTAINER_OF(op, struct aws_call, op);
	struct flight *flight = call->state;
	flight->is_canceled = true;
	if (op_is_running(&flight->request.op))
		op_cancel(&flight->request.op);
	else if (op_is_running(&flight->credwait.op))
		op_cancel(&flight->credwait.op);
	else
		task_wake(&flight->task);
}

void flight_start(struct aws_port *port, struct aws_call *call, struct task *owner)
{
	struct aws *aws = CONTAINER_OF(port, struct aws, port);
	json_decref(call->output);
	call->output = NULL;
	call->request_id[0] = '\0';
	call->attempts = 0;
	op_reset(&call->op);
	op_start(&call->op, owner, on_cancel);
	struct flight *flight = flight_new(aws);
	if (!flight) {
		// Nothing to finish from a task with; the owner is woken, so it is not "from
		// inside".
		op_finish(&call->op, err_nomem());
		return;
	}
	flight->call = call;
	call->state = flight;
	flight->phase = FLIGHT_NEW;
	flight->started_ms = loop_now_ms(aws->loop);
	list_append(&aws->running, &flight->link);
	task_wake(&flight->task);
}

// ---- the way to the wire

/* Nothing secret depends on these bytes. */
static bool take_random(struct aws *aws, void *bytes, size_t count)
{
	if (aws->random_left < count) {
		if (!hash_random(aws->random, sizeof(aws->random)))
			return false;
		aws->random_left = sizeof(aws->random);
	}
	aws->random_left -= count;
	memcpy(bytes, aws->random + aws->random_left, count);
	return true;
}

/* A version-4 UUID, as the SDKs send. */
static bool name_invocation(struct flight *flight)
{
	uint8_t b[16];
	char hex[33], *out = flight->invocation_id;
	if (!take_random(flight->aws, b, sizeof(b)))
		return false;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hash_hex(b, sizeof(b), hex);
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*out++ = '-';
		*out++ = hex[i];
	}
	*out = '\0';
	return true;
}

static void to_pace(struct flight *flight)
{
	struct aws *aws = flight->aws;
	struct limiter *limiter =
		flight->call->is_mutating ? &flight->channel->write : &flight->channel->read;
	int64_t wait_ms = limiter_reserve(limiter, loop_now_ms(aws->loop));
	flight->has_rate_token = true;
	flight->phase = FLIGHT_PACE;
	if (wait_ms > 0)
		timer_start(&flight->timer, &flight->task, wait_ms);
}

/* False when the call has ended already. */
static bool begin(struct flight *flight)
{
	struct aws_call *call = flight->call;
	struct err err = ERR_OK;
	flight->channel = flight_channel(flight->aws, call->service, &err);
	if (flight->channel) {
		flight->operation = service_operation(flight->channel->service, call->operation);
		if (!flight->operation)
			err = err_new(ERR_BUG, "the operation is not in the models");
	}
	if (!err_is(&err) && !name_invocation(flight))
		err = err_new(ERR_BUG, "no randomness");
	if (!err_is(&err))
		err = request_encode(flight);
	if (err_is(&err)) {
		finish(flight, err, NULL);
		return false;
	}
	flight->policy = retry_policy_of(call->service, flight->aws->config.most_attempts);
	to_pace(flight);
	return true;
}

static bool take_slot(struct flight *flight)
{
	struct aws *aws = flight->aws;
	flight->phase = FLIGHT_SLOT;
	if (flight->has_slot)
		return true;
	if (aws->in_flight < aws->most_in_flight && list_is_empty(&aws->waiting)) {
		flight->has_slot = true;
		aws->in_flight++;
		return true;
	}
	if (list_is_empty(&flight->slot_link))
		list_append(&aws->waiting, &flight->slot_link);
	return false;
}

static void send_attempt(struct flight *flight)
{
	struct aws *aws = flight->aws;
	struct aws_call *call = flight->call;
	if (call->deadline_ms && loop_now_ms(aws->loop) >= call->deadline_ms) {
		finish(flight, err_new(ERR_TRANSIENT, "the deadline passed before it was sent"),
			NULL);
		return;
	}
	const struct credentials *credentials = NULL;
	if (!operation_is_unsigned(flight->operation)) {
		credentials = credcache_peek(aws->credentials);
		if (!credentials) {
			flight->phase = FLIGHT_CREDENTIALS;
			credcache_wait(aws->credentials, &flight->credwait, &flight->task);
			return;
		}
	}
	struct err err = request_prepare(flight, credentials);
	if (err_is(&err)) {
		finish(flight, err, NULL);
		return;
	}
	flight->has_rate_token = false; // spent
	flight->phase = FLIGHT_SENT;
	flight->sent_wall_ms = loop_wall_ms(aws->loop);
	flight->channel->requests++;
	flight->channel->in_flight++;
	aws->requests++;
	call->attempts++;
	http_start(aws->http, &flight->request, &flight->task);
}

// ---- the answer

/* The difference between AWS's clock and the one we signed by; false without a usable Date. */
static bool measure_skew(const struct flight *flight, int64_t *ret_skew_ms)
{
	const char *date = http_header(&flight->request, "date");
	int64_t theirs, ours = flight->sent_wall_ms;
	if (!date || clock_parse_http_date(date, &theirs) != 0)
		return false;
	*ret_skew_ms = theirs - (ours + flight->aws->skew_ms);
	return true;
}

/* The answer to HEAD has no body, so not even S3's own has a code; AWS's request id tells it from a
 * proxy's page. */
static void name_bodiless(const struct flight *flight, struct wire_error *error)
{
	if (*error->code || !*error->request_id || !str_eq(flight->wire.method, "HEAD"))
		return;
	if (flight->request.status == 404)
		str_copy(error->code, sizeof(error->code), "NotFound");
	else if (flight->request.status == 403)
		str_copy(error->code, sizeof(error->code), "AccessDenied");
}

static void judge_refusal(struct flight *flight, struct verdict *verdict)
{
	struct aws *aws = flight->aws;
	const struct http_request *request = &flight->request;
	struct wire_answer answer = wire_answer_of(request);
	struct wire_error error;
	wire_error(&answer, &error);
	const struct error_context context = {
		.service = flight->call->service,
		.signing_name = service_signing_name(flight->channel->service),
		.operation = flight->call->operation,
		.region = flight->channel->endpoint.signing_region,
		.access_key_id = *flight->access_key_id ? flight->access_key_id : NULL,
		.source = credcache_source(aws->credentials),
	};
	name_bodiless(flight, &error);
	verdict->err = error_from_answer(&error, request->status, &context);
	str_copy(flight->call->request_id, sizeof(flight->call->request_id), error.request_id);
	verdict->is_throttling = retry_is_throttling(error.code, request->status);
	verdict->is_retryable = retry_is_retryable(error.code, request->status) ||
				verdict->err.class == ERR_TRANSIENT;
	verdict->is_sure = verdict->is_throttling || (*error.code && request->status < 500 &&
							     !retry_is_token_taken(error.code));
	verdict->retry_after_ms = retry_parse_amz_after(http_header(request, "x-amz-retry-after"));
	verdict->not_before_ms = retry_parse_after(
		http_header(request, "retry-after"), loop_wall_ms(aws->loop) + aws->skew_ms);

	int64_t skew_ms = 0;
	bool has_skew = measure_skew(flight, &skew_ms);
	if (!flight->has_corrected && retry_is_clock_skew(error.code, has_skew, skew_ms)) {
		flight->has_corrected = true;
		aws->skew_ms += skew_ms;
		credcache_set_skew(aws->credentials, aws->skew_ms);
		verdict->is_retryable = true;
	} else if (*flight->access_key_id && retry_is_stale_credentials(error.code)) {
		credcache_invalidate(aws->credentials, flight->access_key_id);
		verdict->is_retryable = !flight->has_renewed;
		flight->has_renewed = true;
	}
}

// The digests of a body without its request id, the one thing that differs between two answers that
// say the same.
static bool digest_answer(const struct buf *body, uint8_t ret_digests[2][HASH_BYTES])
{
	static const char *const marks[] = {"<requestId>", "<RequestId>"};
	const char *text = buf_str(body), *cut = text + body->len, *rest = cut;
	for (size_t i = 0; i < ARRAY_COUNT(marks); i++) {
		const char *mark = memmem(text, body->len, marks[i], strlen(marks[i]));
		const char *end =
			mark ? memchr(mark + 1, '<', body->len - (size_t)(mark + 1 - text)) : NULL;
		if (end && mark < cut) {
			cut = mark;
			rest = end;
		}
	}
	return hash_sha256(text, (size_t)(cut - text), ret_digests[0]) &&
	       hash_sha256(rest, body->len - (size_t)(rest - text), ret_digests[1]);
}

// Decodes, unless the same bytes were decoded before.
static struct err decode_or_recall(
	struct flight *flight, const struct wire_answer *answer, json_t **ret_output)
{
	struct aws_call *call = flight->call;
	struct aws_memo *memo = call->memo;
	uint8_t digests[2][HASH_BYTES];
	bool is_digested = memo && digest_answer(&flight->request.answer, digests);
	if (is_digested && memo->output && memcmp(digests, memo->digests, sizeof(digests)) == 0) {
		const char *id = wire_header(answer, "x-amzn-requestid");
		str_copy(call->request_id, sizeof(call->request_id), id ? id : "");
		*ret_output = json_incref(memo->output);
		return ERR_OK;
	}
	struct err err = wire_decode(flight->operation, answer, ret_output, call->request_id);
	if (memo)
		aws_memo_done(memo);
	if (is_digested && !err_is(&err)) {
		memcpy(memo->digests, digests, sizeof(digests));
		memo->output = json_incref(*ret_output);
	}
	return err;
}

static void judge_answer(struct flight *flight, struct verdict *verdict)
{
	struct aws_call *call = flight->call;
	const struct http_request *request = &flight->request;
	*verdict = (struct verdict){.err = request->op.err, .retry_after_ms = -1};
	if (err_is(&verdict->err)) {
		verdict->is_retryable = verdict->err.class == ERR_TRANSIENT;
		verdict->is_sure = !verdict->err.maybe_done;
		return;
	}
	if (request->status < 200 || request->status > 299) {
		judge_refusal(flight, verdict);
		return;
	}
	struct wire_answer answer = wire_answer_of(request);
	answer.keep = call->keep;
	verdict->err = decode_or_recall(flight, &answer, &verdict->output);
	verdict->is_retryable = verdict->err.class == ERR_TRANSIENT;
}

static double random_unit(struct aws *aws)
{
	uint32_t bits = 0;
	return take_random(aws, &bits, sizeof(bits)) ? (double)bits / UINT32_MAX : 1;
}

static bool is_harmless_twice(const struct aws_call *call)
{
	return !call->is_mutating || call->is_repeatable;
}

static void learn_rate(struct flight *flight, const struct verdict *verdict)
{
	struct limiter *limiter =
		flight->call->is_mutating ? &flight->channel->write : &flight->channel->read;
	int64_t now_ms = loop_now_ms(flight->aws->loop);
	if (verdict->err.class == ERR_THROTTLED) {
		flight->channel->throttled++;
		limiter_on_throttled(limiter, now_ms);
	} else if (!err_is(&verdict->err)) {
		limiter_on_success(limiter, now_ms);
	}
}

/* It waits at the service for something to come; its caller asks again as soon as it has ended. */
static bool is_long_poll(const struct aws_call *call)
{
	return str_eq(call->service, "sqs") && str_eq(call->operation, "ReceiveMessage");
}

static void receive(struct flight *flight)
{
	struct aws *aws = flight->aws;
	struct aws_call *call = flight->call;
	struct verdict verdict;
	flight->channel->in_flight--;
	judge_answer(flight, &verdict);
	leave_slot(flight);
	learn_rate(flight, &verdict);

	bool is_unsure = err_is(&verdict.err) && !verdict.is_sure;
	flight->is_unsure = flight->is_unsure || is_unsure;
	verdict.err.maybe_done = is_unsure && call->is_mutating;
	const struct retry_answer answer = {
		.class = !err_is(&verdict.err)   ? ERR_NONE
			 : verdict.is_throttling ? ERR_THROTTLED
						 : verdict.err.class,
		.is_retryable = verdict.is_retryable && !flight->is_canceled &&
				(!is_unsure || is_harmless_twice(call)),
		.retry_after_ms = verdict.retry_after_ms,
		.not_before_ms = verdict.not_before_ms,
		.is_long_poll = is_long_poll(call),
		.random = err_is(&verdict.err) ? random_unit(aws) : 0,
	};
	struct retry_decision decision =
		retry_decide(&flight->retry, &flight->channel->quota, &flight->policy, &answer);
	int64_t delay_ms = (int64_t)((double)decision.delay_ms * aws->backoff_scale);
	if (decision.outcome == RETRY_QUOTA_EMPTY && delay_ms > 0) {
		flight->held = verdict.err;
		flight->phase = FLIGHT_HOLD;
		timer_start(&flight->timer, &flight->task, delay_ms);
		return;
	}
	bool is_late = call->deadline_ms && loop_now_ms(aws->loop) + delay_ms >= call->deadline_ms;
	if (decision.outcome != RETRY_AGAIN || is_late) {
		finish(flight, verdict.err, verdict.output);
		return;
	}
	flight->channel->retries++;
	flight->phase = FLIGHT_BACKOFF;
	timer_start(&flight->timer, &flight->task, delay_ms);
}

/* Whatever keeps their source from giving them: to the call it is that there are none. */
static struct err without_credentials(struct err err)
{
	if (err.class == ERR_TRANSIENT || err.class == ERR_THROTTLED)
		err.class = ERR_CREDENTIALS;
	return err;
}

static void step(struct task *task)
{
	struct flight *flight = CONTAINER_OF(task, struct flight, task);
	if (flight->is_canceled && flight->phase != FLIGHT_SENT) {
		finish(flight, err_new(ERR_CANCELED, "canceled"), NULL);
		return;
	}
	switch (flight->phase) {
	case FLIGHT_NEW:
		if (begin(flight) && !timer_is_running(&flight->timer) && take_slot(flight))
			send_attempt(flight);
		return;
	case FLIGHT_PACE:
	case FLIGHT_SLOT:
		if (!timer_is_running(&flight->timer) && take_slot(flight))
			send_attempt(flight);
		return;
	case FLIGHT_CREDENTIALS:
		if (!op_is_finished(&flight->credwait.op))
			return;
		if (err_is(&flight->credwait.op.err))
			finish(flight, without_credentials(flight->credwait.op.err), NULL);
		else
			send_attempt(flight);
		return;
	case FLIGHT_SENT:
		if (op_is_finished(&flight->request.op))
			receive(flight);
		return;
	case FLIGHT_BACKOFF:
		if (timer_is_running(&flight->timer))
			return;
		to_pace(flight);
		task_wake(task);
		return;
	case FLIGHT_HOLD:
		if (!timer_is_running(&flight->timer))
			finish(flight, flight->held, NULL);
		return;
	case FLIGHT_DONE:
		return;
	}
}
