// Calls from end to end: encoded, signed, sent over a real loop, answered by a script, judged.
#include "aws/client.h"
#include "aws/flight.h"
#include "fake.h"

// ---- the bench

struct bench {
	struct loop loop;
	struct http *http;
	struct fake fake;
	struct fake_env env;
	char url_pair[80];
	struct aws *aws;
	struct task task;
	struct aws_call calls[100];
	size_t call_count, finished;
	bool cancels_at_start;
};

static const char vpcs_xml[] =
	"<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
	"<requestId>r-1</requestId><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet>"
	"</DescribeVpcsResponse>";
static const char create_xml[] =
	"<CreateVpcResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
	"<requestId>r-2</requestId><vpc><vpcId>vpc-2</vpcId></vpc></CreateVpcResponse>";
#define EC2_ERROR(code, message)                                                                   \
	"<Response><Errors><Error><Code>" code "</Code><Message>" message                          \
	"</Message></Error></Errors><RequestID>r-9</RequestID></Response>"

static void on_step(struct task *task)
{
	struct bench *bench = CONTAINER_OF(task, struct bench, task);
	bench->finished = 0;
	for (size_t i = 0; i < bench->call_count; i++)
		bench->finished += op_is_finished(&bench->calls[i].op);
	if (bench->finished == bench->call_count)
		loop_stop(task->loop);
}

static void bench_start(struct bench *bench, const struct answer *answers, size_t count)
{
	memset(bench, 0, sizeof(*bench));
	struct err err = loop_init(&bench->loop);
	assert_false(err_is(&err));
	err = http_new(
		&bench->loop, &(struct http_options){.most_host_connections = 64}, &bench->http);
	assert_false(err_is(&err));
	fake_start(&bench->fake, &bench->loop, answers, count);
	snprintf(bench->url_pair, sizeof(bench->url_pair), "AWS_ENDPOINT_URL=%s", bench->fake.url);
	bench->env = (struct fake_env)FAKE_ENV(bench->url_pair, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=eu-west-1", "HOME=/nonexistent");
	task_init(&bench->task, &bench->loop, on_step, "bench");
}

static void bench_client(struct bench *bench, int most_in_flight)
{
	const struct aws_settings settings = {
		.env = &bench->env.env, .backoff_scale = 0.001, .most_in_flight = most_in_flight};
	struct err err = aws_new(&bench->loop, bench->http, &settings, &bench->aws);
	assert_string_equal(err.message, "");
}

static struct aws_call *bench_call(struct bench *bench, const char *operation, bool is_mutating)
{
	struct aws_call *call = &bench->calls[bench->call_count++];
	aws_call_init(call, "ec2", operation, NULL);
	call->is_mutating = is_mutating;
	aws_start(aws_as_port(bench->aws), call, &bench->task);
	return call;
}

static void bench_end(struct bench *bench)
{
	for (size_t i = 0; i < bench->call_count; i++)
		aws_call_done(&bench->calls[i]);
	aws_free(bench->aws);
	http_free(bench->http);
	fake_stop(&bench->fake);
	task_done(&bench->task);
	loop_run(&bench->loop);
	assert_int_equal(loop_done(&bench->loop), 0);
	fake_done(&bench->fake);
}

/* One call against a script. */
static struct aws_call *bench_run(struct bench *bench, const struct answer *answers, size_t count,
	const char *operation, bool is_mutating)
{
	bench_start(bench, answers, count);
	bench_client(bench, 0);
	struct aws_call *call = bench_call(bench, operation, is_mutating);
	loop_run(&bench->loop);
	assert_true(op_is_finished(&call->op));
	return call;
}

// ---- tests

static void a_call_is_signed_sent_and_decoded(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, vpcs_xml}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "DescribeVpcs", false);
	assert_string_equal(call->op.err.message, "");
	assert_string_equal(js_str(js_at(call->output, "Vpcs.0"), "VpcId"), "vpc-1");
	assert_string_equal(call->request_id, "r-1");
	assert_int_equal(call->attempts, 1);
	const struct fake *fake = &bench.fake;
	assert_non_null(strstr(fake_header(fake, 0, "authorization"), "Credential=AKIDEXAMPLE/"));
	assert_non_null(
		strstr(fake_header(fake, 0, "authorization"), "/eu-west-1/ec2/aws4_request"));
	assert_non_null(strstr(fake_header(fake, 0, "authorization"), "x-amz-content-sha256"));
	assert_int_equal(strlen(fake_header(fake, 0, "x-amz-content-sha256")), 64);
	assert_string_equal(fake_header(fake, 0, "amz-sdk-request"), "attempt=1; max=3");
	assert_int_equal(strlen(fake_header(fake, 0, "amz-sdk-invocation-id")), 36);
	assert_true(str_starts(fake_header(fake, 0, "user-agent"), "holdfast/"));
	assert_null(strstr(fake_header(fake, 0, "user-agent"), "region/"));
	assert_non_null(strstr(fake->requests[0], "Action=DescribeVpcs&Version=2016-11-15"));
	assert_int_equal(aws_request_count(bench.aws), 1);
	bench_end(&bench);
}

static void a_transient_failure_is_repeated_signed_anew_under_one_invocation(void **state)
{
	(void)state;
	static const struct answer answers[] = {{500, NULL, EC2_ERROR("InternalError", "oops")},
		{502, NULL, "bad gateway"}, {200, NULL, vpcs_xml}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 3, "DescribeVpcs", false);
	assert_string_equal(call->op.err.message, "");
	assert_int_equal(call->attempts, 3);
	assert_int_equal(bench.fake.request_count, 3);
	_cleanup_free_ char *id = strdup(fake_header(&bench.fake, 0, "amz-sdk-invocation-id"));
	assert_string_equal(fake_header(&bench.fake, 2, "amz-sdk-invocation-id"), id);
	assert_string_equal(fake_header(&bench.fake, 2, "amz-sdk-request"), "attempt=3; max=3");
	_cleanup_free_ char *first = strdup(fake_header(&bench.fake, 0, "authorization"));
	assert_string_not_equal(fake_header(&bench.fake, 2, "authorization"), first);
	bench_end(&bench);
}

static void three_attempts_are_all(void **state)
{
	(void)state;
	static const struct answer answers[] = {{503, NULL, EC2_ERROR("Unavailable", "busy")}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "DescribeVpcs", false);
	assert_int_equal(call->op.err.class, ERR_TRANSIENT);
	assert_string_equal(call->op.err.code, "Unavailable");
	assert_string_equal(call->op.err.request_id, "r-9");
	assert_string_equal(call->op.err.message, "ec2:DescribeVpcs: busy");
	assert_int_equal(call->attempts, 3);
	assert_false(call->op.err.maybe_done);
	bench_end(&bench);
}

static void a_change_whose_answer_is_lost_is_not_repeated(void **state)
{
	(void)state;
	static const struct answer lost[] = {{0}, {200, NULL, create_xml}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, lost, 2, "CreateVpc", true);
	assert_int_equal(call->op.err.class, ERR_TRANSIENT);
	assert_true(call->op.err.maybe_done);
	assert_int_equal(bench.fake.request_count, 1);
	bench_end(&bench);
}

static void a_change_that_failed_inside_aws_or_was_answered_by_somebody_else_is_not_repeated(
	void **state)
{
	(void)state;
	static const struct answer scripts[][2] = {
		{{500, NULL, EC2_ERROR("InternalError", "oops")}, {200, NULL, create_xml}},
		{{503, NULL, "<html>busy</html>"}, {200, NULL, create_xml}},
		{{200, NULL, "<html>welcome to the hotel</html>"}, {200, NULL, create_xml}},
		{{200, NULL, ""}, {200, NULL, create_xml}},
	};
	for (size_t i = 0; i < ARRAY_COUNT(scripts); i++) {
		static struct bench bench;
		struct aws_call *call = bench_run(&bench, scripts[i], 2, "CreateVpc", true);
		assert_int_equal(call->op.err.class, ERR_TRANSIENT);
		assert_true(call->op.err.maybe_done);
		assert_int_equal(bench.fake.request_count, 1);
		bench_end(&bench);
	}
}

static void a_change_that_is_harmless_twice_is_repeated(void **state)
{
	(void)state;
	static const struct answer answers[] = {{0}, {200, NULL, create_xml}};
	static struct bench bench;
	bench_start(&bench, answers, 2);
	bench_client(&bench, 0);
	struct aws_call *call = &bench.calls[bench.call_count++];
	aws_call_init(call, "ec2", "CreateVpc", NULL);
	call->is_mutating = call->is_repeatable = true;
	aws_start(aws_as_port(bench.aws), call, &bench.task);
	loop_run(&bench.loop);
	assert_string_equal(call->op.err.message, "");
	assert_int_equal(bench.fake.request_count, 2);
	bench_end(&bench);
}

static struct aws_call *run_through_gate(struct bench *bench, const struct answer *answers,
	size_t count, const struct http_gate *gate)
{
	bench_start(bench, answers, count);
	bench_client(bench, 0);
	struct aws_call *call = &bench->calls[bench->call_count++];
	aws_call_init(call, "ec2", "CreateVpc", NULL);
	call->is_mutating = call->is_repeatable = true;
	call->gate = gate;
	aws_start(aws_as_port(bench->aws), call, &bench->task);
	loop_run(&bench->loop);
	return call;
}

static bool is_never_open(const struct http_gate *gate)
{
	(void)gate;
	return false;
}

static const struct fake *watched_fake;

static bool is_open_before_the_first_request(const struct http_gate *gate)
{
	(void)gate;
	return watched_fake->request_count == 0;
}

static void a_closed_gate_ends_a_change_unsent(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, create_xml}};
	static const struct http_gate gate = {is_never_open};
	static struct bench bench;
	struct aws_call *call = run_through_gate(&bench, answers, 1, &gate);
	assert_int_equal(call->op.err.class, ERR_CANCELED);
	assert_string_equal(call->op.err.code, "GateClosed");
	assert_false(call->op.err.maybe_done);
	assert_int_equal(bench.fake.request_count, 0);
	bench_end(&bench);
}

static void a_gate_that_closes_between_attempts_leaves_the_first_ones_outcome_open(void **state)
{
	(void)state;
	static const struct answer answers[] = {{0}, {200, NULL, create_xml}};
	static const struct http_gate gate = {is_open_before_the_first_request};
	static struct bench bench;
	watched_fake = &bench.fake;
	struct aws_call *call = run_through_gate(&bench, answers, 2, &gate);
	assert_int_equal(call->op.err.class, ERR_CANCELED);
	assert_true(call->op.err.maybe_done);
	assert_int_equal(bench.fake.request_count, 1);
	bench_end(&bench);
}

static void a_refusal_of_the_second_attempt_says_nothing_of_the_first(void **state)
{
	(void)state;
	static const struct answer answers[] = {
		{0}, {400, NULL, EC2_ERROR("InvalidParameterValue", "no")}};
	static struct bench bench;
	struct aws_call *call = run_through_gate(&bench, answers, 2, NULL);
	assert_int_equal(call->op.err.class, ERR_INVALID);
	assert_true(call->op.err.maybe_done);
	bench_end(&bench);
}

static void a_throttled_change_is_repeated_because_it_was_refused(void **state)
{
	(void)state;
	static const struct answer answers[] = {
		{503, NULL, EC2_ERROR("RequestLimitExceeded", "slow down")},
		{200, NULL, create_xml}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 2, "CreateVpc", true);
	assert_string_equal(call->op.err.message, "");
	assert_int_equal(call->attempts, 2);
	_cleanup_json_ json_t *stats = aws_stats(bench.aws);
	assert_int_equal(js_int(json_object_get(stats, "ec2"), "throttled", 0), 1);
	assert_int_equal(js_int(json_object_get(stats, "ec2"), "in_flight", -1), 0);
	bench_end(&bench);
}

static void a_page_of_html_is_never_an_empty_list(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, "<html><body>login</body></html>"}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "DescribeVpcs", false);
	assert_int_equal(call->op.err.class, ERR_TRANSIENT);
	assert_null(call->output);
	assert_int_equal(call->attempts, 3);
	bench_end(&bench);
}

static void a_not_found_page_of_a_proxy_does_not_read_as_not_found(void **state)
{
	(void)state;
	static const struct answer answers[] = {{404, NULL, "<html>nothing here</html>"}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "DescribeVpcs", false);
	assert_int_equal(call->op.err.class, ERR_TRANSIENT);
	bench_end(&bench);
}

static void a_bodiless_refusal_is_awss_when_it_carries_a_request_id(void **state)
{
	(void)state;
	static const struct answer answers[] = {{404, "x-amz-request-id: R1\r\n", NULL},
		{403, "x-amz-request-id: R2\r\n", NULL}, {404, NULL, NULL}};
	static const enum err_class classes[] = {ERR_NOT_FOUND, ERR_DENIED, ERR_TRANSIENT};
	for (size_t i = 0; i < ARRAY_COUNT(answers); i++) {
		static struct bench bench;
		bench_start(&bench, &answers[i], 1);
		bench_client(&bench, 0);
		_cleanup_json_ json_t *input = json_pack("{s:s}", "Bucket", "my-logs");
		struct aws_call *call = &bench.calls[bench.call_count++];
		aws_call_init(call, "s3", "HeadBucket", input);
		aws_start(aws_as_port(bench.aws), call, &bench.task);
		loop_run(&bench.loop);
		assert_int_equal(call->op.err.class, classes[i]);
		assert_true(str_starts(bench.fake.requests[0], "HEAD /my-logs HTTP/1.1"));
		bench_end(&bench);
	}
}

static void a_denied_call_names_the_action_the_identity_and_the_remedy(void **state)
{
	(void)state;
	static const struct answer answers[] = {{403, NULL,
		EC2_ERROR("UnauthorizedOperation",
			"You are not authorized to perform this operation. User: "
			"arn:aws:iam::123456789012:user/bob is not authorized to perform: "
			"ec2:CreateVpc on resource: * Encoded authorization failure message: "
			"4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmn-opqrstuvwxyz")}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "CreateVpc", true);
	assert_int_equal(call->op.err.class, ERR_DENIED);
	assert_false(call->op.err.maybe_done);
	assert_true(str_starts(call->op.err.message,
		"ec2:CreateVpc: denied: add ec2:CreateVpc to the policy of "
		"arn:aws:iam::123456789012:user/bob: "));
	assert_null(strstr(call->op.err.message, "4GIOH"));
	assert_int_equal(bench.fake.request_count, 1);
	bench_end(&bench);
}

// Newer answers say what is wanted and why; the sentence is told whole, and no part of it twice.
static void a_denied_call_says_which_resource_and_why(void **state)
{
	(void)state;
	static const struct answer answers[] = {{403, NULL,
		EC2_ERROR("UnauthorizedOperation",
			"You are not authorized to perform this operation. User: "
			"arn:aws:iam::123456789012:user/bob is not authorized to perform: "
			"ec2:CreateVpc on resource: arn:aws:ec2:eu-west-1:123456789012:vpc/* "
			"because no identity-based policy allows the ec2:CreateVpc action. "
			"Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm")}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "CreateVpc", true);
	assert_int_equal(call->op.err.class, ERR_DENIED);
	assert_true(str_starts(call->op.err.message,
		"ec2:CreateVpc: denied: add ec2:CreateVpc on "
		"arn:aws:ec2:eu-west-1:123456789012:vpc/* to the policy of "
		"arn:aws:iam::123456789012:user/bob, because no identity-based policy allows the "
		"ec2:CreateVpc action"));
	assert_null(strstr(call->op.err.message, "4GIOH"));
	bench_end(&bench);
}

static const struct channel *ec2_of(const struct bench *bench)
{
	return map_get(&bench->aws->channels, "ec2");
}

static void a_used_up_quota_is_named_and_neither_repeated_nor_taken_for_throttling(void **state)
{
	(void)state;
	static const struct answer answers[] = {{400, NULL,
		EC2_ERROR("VpcLimitExceeded", "The maximum number of VPCs has been reached.")}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "CreateVpc", true);
	assert_int_equal(call->op.err.class, ERR_QUOTA);
	assert_false(call->op.err.maybe_done);
	assert_string_equal(call->op.err.message,
		"ec2:CreateVpc: the quota 'VPCs per Region' is used up; give something back, or "
		"raise it: aws service-quotas request-service-quota-increase --region eu-west-1 "
		"--service-code vpc --quota-code L-F678F1CE --desired-value N: The maximum number "
		"of VPCs has been reached.");
	assert_int_equal(bench.fake.request_count, 1);
	assert_int_equal(ec2_of(&bench)->throttled, 0);
	assert_true(ec2_of(&bench)->write.rate == ec2_of(&bench)->write.nominal_rate);
	bench_end(&bench);
}

static void a_client_token_that_was_taken_leaves_open_what_it_made(void **state)
{
	(void)state;
	static const struct answer answers[] = {{400, NULL,
		EC2_ERROR("IdempotentParameterMismatch", "other parameters came with it")}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 1, "CreateVpc", true);
	assert_int_equal(call->op.err.class, ERR_CONFLICT);
	assert_true(call->op.err.maybe_done);
	assert_int_equal(bench.fake.request_count, 1);
	bench_end(&bench);
}

static void a_wrong_clock_is_learnt_from_the_answer_and_the_call_signed_again(void **state)
{
	(void)state;
	static struct bench bench;
	static char date[80];
	static struct answer answers[] = {
		{403, date, EC2_ERROR("RequestTimeTooSkewed", "clock")}, {200, NULL, vpcs_xml}};
	bench_start(&bench, answers, 2);
	bench_client(&bench, 0);
	time_t then = (time_t)(clock_wall_ms() / 1000) + 900;
	struct tm tm;
	gmtime_r(&then, &tm);
	strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	struct aws_call *call = bench_call(&bench, "DescribeVpcs", false);
	loop_run(&bench.loop);
	assert_string_equal(call->op.err.message, "");
	char first[20], second[20];
	str_copy(first, sizeof(first), fake_header(&bench.fake, 0, "x-amz-date"));
	str_copy(second, sizeof(second), fake_header(&bench.fake, 1, "x-amz-date"));
	assert_int_equal(strncmp(second, first, 15) > 0, 1);
	strftime(first, sizeof(first), "%Y%m%dT%H%M", &tm);
	// The next calls are right at once.
	call = bench_call(&bench, "DescribeVpcs", false);
	bench.calls[0].op.state = OP_FINISHED;
	loop_run(&bench.loop);
	assert_int_equal(call->attempts, 1);
	assert_true(strncmp(fake_header(&bench.fake, 2, "x-amz-date"), second, 8) >= 0);
	bench_end(&bench);
}

static void expired_credentials_are_renewed_once_and_the_call_signed_again(void **state)
{
	(void)state;
	static const struct answer answers[] = {
		{400, NULL, EC2_ERROR("ExpiredToken", "expired")}, {200, NULL, vpcs_xml}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 2, "DescribeVpcs", false);
	assert_string_equal(call->op.err.message, "");
	assert_int_equal(call->attempts, 2);
	bench_end(&bench);

	static const struct answer refused[] = {{400, NULL, EC2_ERROR("ExpiredToken", "expired")}};
	call = bench_run(&bench, refused, 1, "DescribeVpcs", false);
	assert_int_equal(call->op.err.class, ERR_CREDENTIALS);
	assert_string_equal(call->op.err.message,
		"ec2:DescribeVpcs: AWS does not accept the credentials AKIDEXAMPLE from "
		"the environment; check that source and this host's clock: expired");
	assert_int_equal(call->attempts, 2);
	bench_end(&bench);
}

static void a_call_can_be_canceled_at_any_time(void **state)
{
	(void)state;
	static const struct answer silent[] = {{-1}};
	static struct bench bench;
	bench_start(&bench, silent, 1);
	bench_client(&bench, 2);
	struct aws_call *sent = bench_call(&bench, "DescribeVpcs", false);
	struct aws_call *second = bench_call(&bench, "DescribeVpcs", false);
	struct aws_call *waiting = bench_call(&bench, "DescribeVpcs", false);
	struct aws_call *young = bench_call(&bench, "DescribeVpcs", false);
	op_cancel(&young->op);
	for (int i = 0; i < 20 && bench.fake.request_count < 2; i++)
		uv_run(&bench.loop.uv, UV_RUN_ONCE);
	op_cancel(&sent->op);
	op_cancel(&second->op);
	op_cancel(&waiting->op);
	loop_run(&bench.loop);
	for (size_t i = 0; i < bench.call_count; i++)
		assert_int_equal(bench.calls[i].op.err.class, ERR_CANCELED);
	bench_end(&bench);
}

static void no_more_than_the_ceiling_is_in_flight(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, vpcs_xml}};
	static struct bench bench;
	bench_start(&bench, answers, 1);
	bench_client(&bench, 4);
	bench.fake.delay_ms = 2;
	for (int i = 0; i < 40; i++)
		bench_call(&bench, "DescribeVpcs", false);
	loop_run(&bench.loop);
	assert_int_equal(bench.finished, 40);
	for (size_t i = 0; i < 40; i++)
		assert_string_equal(bench.calls[i].op.err.message, "");
	assert_true(bench.fake.most_open <= 4);
	bench_end(&bench);
}

static void a_burst_of_calls_goes_out_at_once(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, vpcs_xml}};
	static struct bench bench;
	bench_start(&bench, answers, 1);
	bench_client(&bench, 0);
	bench.fake.delay_ms = 60;
	for (int i = 0; i < 60; i++)
		bench_call(&bench, "DescribeVpcs", false);
	int64_t start = loop_now_ms(&bench.loop);
	loop_run(&bench.loop);
	assert_int_equal(bench.finished, 60);
	assert_true(loop_now_ms(&bench.loop) - start < 400);
	assert_int_equal(bench.fake.most_open, 60);
	bench_end(&bench);
}

static void what_is_wrong_with_the_input_is_said_before_anything_is_sent(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, vpcs_xml}};
	static struct bench bench;
	bench_start(&bench, answers, 1);
	bench_client(&bench, 0);
	_cleanup_json_ json_t *input = json_pack("{s:s}", "NoSuchMember", "x");
	struct aws_call *call = &bench.calls[bench.call_count++];
	aws_call_init(call, "ec2", "DescribeVpcs", input);
	aws_start(aws_as_port(bench.aws), call, &bench.task);
	struct aws_call *unknown = bench_call(&bench, "NoSuchOperation", false);
	loop_run(&bench.loop);
	assert_int_equal(call->op.err.class, ERR_INVALID);
	assert_true(str_starts(call->op.err.message, "ec2:DescribeVpcs: "));
	assert_int_equal(unknown->op.err.class, ERR_BUG);
	assert_int_equal(bench.fake.request_count, 0);
	bench_end(&bench);
}

static void no_attempt_starts_after_the_deadline(void **state)
{
	(void)state;
	static const struct answer answers[] = {{500, NULL, EC2_ERROR("InternalError", "oops")}};
	static struct bench bench;
	bench_start(&bench, answers, 1);
	bench_client(&bench, 0);
	struct aws_call *call = &bench.calls[bench.call_count++];
	aws_call_init(call, "ec2", "DescribeVpcs", NULL);
	call->deadline_ms = loop_now_ms(&bench.loop); // now
	aws_start(aws_as_port(bench.aws), call, &bench.task);
	loop_run(&bench.loop);
	assert_int_equal(call->op.err.class, ERR_TRANSIENT);
	assert_int_equal(bench.fake.request_count, 0);
	bench_end(&bench);
}

static void an_empty_quota_ends_a_call_at_once_and_a_long_poll_after_its_backoff(void **state)
{
	(void)state;
	static const struct answer answers[] = {{500, NULL, "{\"__type\": \"InternalError\"}"}};
	static struct bench bench;
	bench_start(&bench, answers, 1);
	bench_client(&bench, 0);
	bench.aws->backoff_scale = 1;
	struct err err;
	flight_channel(bench.aws, "ec2", &err)->quota.tokens = 0;
	flight_channel(bench.aws, "sqs", &err)->quota.tokens = 0;
	struct aws_call *call = bench_call(&bench, "DescribeVpcs", false);
	loop_run(&bench.loop);
	assert_int_equal(call->op.err.class, ERR_TRANSIENT);
	assert_int_equal(call->attempts, 1);

	_cleanup_json_ json_t *input = json_pack("{s:s}", "QueueUrl", "http://x/1/q");
	struct aws_call *poll = &bench.calls[bench.call_count++];
	aws_call_init(poll, "sqs", "ReceiveMessage", input);
	aws_start(aws_as_port(bench.aws), poll, &bench.task);
	loop_run(&bench.loop);
	assert_int_equal(poll->op.err.class, ERR_TRANSIENT);
	assert_int_equal(poll->attempts, 1);
	bench_end(&bench);
}

static void a_throttled_service_is_asked_at_half_the_rate(void **state)
{
	(void)state;
	static const struct answer answers[] = {
		{503, NULL, EC2_ERROR("RequestLimitExceeded", "slow down")}, {200, NULL, vpcs_xml}};
	static struct bench bench;
	struct aws_call *call = bench_run(&bench, answers, 2, "DescribeVpcs", false);
	assert_string_equal(call->op.err.message, "");
	struct err err;
	const struct channel *channel = flight_channel(bench.aws, "ec2", &err);
	assert_true(channel->read.rate < channel->read.nominal_rate);
	assert_true(channel->write.rate >= channel->write.nominal_rate);
	bench_end(&bench);
}

static void settings_that_exclude_each_other_are_refused(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, vpcs_xml}};
	static struct bench bench;
	bench_start(&bench, answers, 1);
	struct fake_env env = FAKE_ENV("AWS_ENDPOINT_URL=http://127.0.0.1:1",
		"AWS_USE_FIPS_ENDPOINT=true", "AWS_REGION=eu-west-1", "HOME=/nonexistent",
		"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b");
	const struct aws_settings settings = {.env = &env.env};
	struct err err = aws_new(&bench.loop, bench.http, &settings, &bench.aws);
	assert_int_equal(err.class, ERR_INVALID);
	assert_non_null(strstr(err.message, "AWS_USE_FIPS_ENDPOINT"));
	struct fake_env none = FAKE_ENV("HOME=/nonexistent");
	const struct aws_settings empty = {.env = &none.env};
	err = aws_new(&bench.loop, bench.http, &empty, &bench.aws);
	assert_int_equal(err.class, ERR_INVALID);
	assert_non_null(strstr(err.message, "AWS_REGION"));
	bench_end(&bench);
}

static void a_reload_changes_the_endpoint_and_keeps_the_old_one_when_it_fails(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, vpcs_xml}};
	static struct bench bench;
	bench_run(&bench, answers, 1, "DescribeVpcs", false);
	bench.env.pairs[3] = "AWS_REGION=Not A Region";
	struct err err = aws_reload(bench.aws);
	assert_int_equal(err.class, ERR_INVALID);
	assert_string_equal(aws_region(bench.aws), "eu-west-1");
	bench.env.pairs[3] = "AWS_REGION=us-gov-west-1";
	err = aws_reload(bench.aws);
	assert_string_equal(err.message, "");
	assert_string_equal(aws_region(bench.aws), "us-gov-west-1");
	assert_string_equal(aws_partition(bench.aws), "aws-us-gov");
	struct aws_call *call = bench_call(&bench, "DescribeVpcs", false);
	loop_run(&bench.loop);
	assert_string_equal(call->op.err.message, "");
	assert_non_null(
		strstr(fake_header(&bench.fake, 1, "authorization"), "/us-gov-west-1/ec2/"));
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_signed_sent_and_decoded),
		cmocka_unit_test(a_transient_failure_is_repeated_signed_anew_under_one_invocation),
		cmocka_unit_test(three_attempts_are_all),
		cmocka_unit_test(a_change_whose_answer_is_lost_is_not_repeated),
		cmocka_unit_test(
			a_change_that_failed_inside_aws_or_was_answered_by_somebody_else_is_not_repeated),
		cmocka_unit_test(a_change_that_is_harmless_twice_is_repeated),
		cmocka_unit_test(a_throttled_change_is_repeated_because_it_was_refused),
		cmocka_unit_test(a_closed_gate_ends_a_change_unsent),
		cmocka_unit_test(
			a_gate_that_closes_between_attempts_leaves_the_first_ones_outcome_open),
		cmocka_unit_test(a_refusal_of_the_second_attempt_says_nothing_of_the_first),
		cmocka_unit_test(a_page_of_html_is_never_an_empty_list),
		cmocka_unit_test(a_not_found_page_of_a_proxy_does_not_read_as_not_found),
		cmocka_unit_test(a_bodiless_refusal_is_awss_when_it_carries_a_request_id),
		cmocka_unit_test(a_denied_call_names_the_action_the_identity_and_the_remedy),
		cmocka_unit_test(a_denied_call_says_which_resource_and_why),
		cmocka_unit_test(
			a_used_up_quota_is_named_and_neither_repeated_nor_taken_for_throttling),
		cmocka_unit_test(a_client_token_that_was_taken_leaves_open_what_it_made),
		cmocka_unit_test(a_wrong_clock_is_learnt_from_the_answer_and_the_call_signed_again),
		cmocka_unit_test(expired_credentials_are_renewed_once_and_the_call_signed_again),
		cmocka_unit_test(a_call_can_be_canceled_at_any_time),
		cmocka_unit_test(no_more_than_the_ceiling_is_in_flight),
		cmocka_unit_test(a_burst_of_calls_goes_out_at_once),
		cmocka_unit_test(what_is_wrong_with_the_input_is_said_before_anything_is_sent),
		cmocka_unit_test(no_attempt_starts_after_the_deadline),
		cmocka_unit_test(
			an_empty_quota_ends_a_call_at_once_and_a_long_poll_after_its_backoff),
		cmocka_unit_test(a_throttled_service_is_asked_at_half_the_rate),
		cmocka_unit_test(settings_that_exclude_each_other_are_refused),
		cmocka_unit_test(a_reload_changes_the_endpoint_and_keeps_the_old_one_when_it_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
