// Each source of credentials against a scripted one: container, instance metadata, program, STS.
#include "aws/awsconfig.h"
#include "aws/client.h"
#include "aws/credmeta.h"
#include "aws/credprocess.h"
#include "fake.h"
#include <unistd.h>

// ---- providers against a scripted source

struct stage {
	struct loop loop;
	struct http *http;
	struct fake fake;
	struct fake_env env;
	char pair[120];
	struct task task;
	struct provider *provider;
};

static void on_step(struct task *task)
{
	loop_stop(task->loop);
}

static void stage_start(struct stage *stage, const struct answer *answers, size_t count)
{
	memset(stage, 0, sizeof(*stage));
	struct err err = loop_init(&stage->loop);
	assert_string_equal(err.message, "");
	err = http_new(&stage->loop, &(struct http_options){0}, &stage->http);
	assert_string_equal(err.message, "");
	fake_start(&stage->fake, &stage->loop, answers, count);
	task_init(&stage->task, &stage->loop, on_step, "test");
}

static struct err stage_fetch(struct stage *stage)
{
	op_reset(&stage->provider->op);
	provider_start(stage->provider, &stage->task);
	loop_run(&stage->loop);
	assert_true(op_is_finished(&stage->provider->op));
	return stage->provider->op.err;
}

static void stage_end(struct stage *stage)
{
	provider_free(stage->provider);
	http_free(stage->http);
	fake_stop(&stage->fake);
	task_done(&stage->task);
	loop_run(&stage->loop);
	assert_int_equal(loop_done(&stage->loop), 0);
	fake_done(&stage->fake);
}

#define GOOD                                                                                       \
	"{\"Code\": \"Success\", \"AccessKeyId\": \"ASIA1\", \"SecretAccessKey\": \"s\", "         \
	"\"Token\": \"t\", \"Expiration\": \"2027-01-15T08:00:00Z\"}"

static void container_start(struct stage *stage, const struct answer *answers, size_t count)
{
	stage_start(stage, answers, count);
	snprintf(stage->pair, sizeof(stage->pair), "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/creds",
		stage->fake.url);
	stage->env = (struct fake_env)FAKE_ENV(
		stage->pair, "AWS_CONTAINER_AUTHORIZATION_TOKEN=Basic abc");
	struct err err =
		credmeta_container(&stage->loop, stage->http, &stage->env.env, &stage->provider);
	assert_string_equal(err.message, "");
}

static void the_container_agent_is_asked_with_its_token(void **state)
{
	(void)state;
	static const struct answer answers[] = {{500, NULL, "{}"}, {200, NULL, GOOD}};
	struct stage stage;
	container_start(&stage, answers, 2);
	struct err err = stage_fetch(&stage);
	assert_string_equal(err.message, "");
	assert_string_equal(stage.provider->found.access_key_id, "ASIA1");
	assert_string_equal(stage.provider->found.token, "t");
	assert_int_equal(stage.provider->found.expires_wall_ms, 1800000000000);
	assert_int_equal(stage.fake.request_count, 2);
	assert_string_equal(fake_header(&stage.fake, 1, "authorization"), "Basic abc");
	stage_end(&stage);
}

static void the_token_file_of_the_container_is_read_every_time(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, GOOD}};
	struct stage stage;
	container_start(&stage, answers, 1);
	char path[] = "/tmp/holdfast-test-token-XXXXXX", pair[80];
	int fd = mkstemp(path);
	assert_int_equal(write(fd, "first", 5), 5);
	snprintf(pair, sizeof(pair), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s", path);
	stage.env.pairs[2] = pair;
	struct err err = stage_fetch(&stage);
	assert_string_equal(err.message, "");
	assert_string_equal(fake_header(&stage.fake, 0, "authorization"), "first");
	assert_int_equal(pwrite(fd, "other", 5, 0), 5);
	err = stage_fetch(&stage);
	assert_string_equal(err.message, "");
	assert_string_equal(fake_header(&stage.fake, 1, "authorization"), "other");
	assert_int_equal(pwrite(fd, "a\nb: c", 6, 0), 6);
	err = stage_fetch(&stage);
	assert_int_equal(err.class, ERR_TRANSIENT);
	assert_non_null(strstr(err.message, "line break"));
	assert_int_equal(stage.fake.request_count, 2);
	close(fd);
	unlink(path);
	stage_end(&stage);
}

static void half_an_answer_is_a_failure(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, "{\"AccessKeyId\": \"a\"}"},
		{200, NULL, "{\"AccessKeyId\": \"\", \"SecretAccessKey\": \"s\"}"},
		{200, NULL, "<html>"}, {200, NULL, "[]"}, {404, NULL, "no"},
		{200, NULL,
			"{\"AccessKeyId\": \"a\", \"SecretAccessKey\": \"s\", \"Expiration\": "
			"\"soon\"}"}};
	struct stage stage;
	container_start(&stage, answers, ARRAY_COUNT(answers));
	for (size_t i = 0; i < ARRAY_COUNT(answers); i++) {
		struct err err = stage_fetch(&stage);
		assert_int_equal(err.class, ERR_TRANSIENT);
		assert_null(stage.provider->found.access_key_id);
	}
	assert_int_equal(stage.fake.request_count, ARRAY_COUNT(answers));
	stage_end(&stage);
}

static void a_fetch_can_be_canceled(void **state)
{
	(void)state;
	static const struct answer answers[] = {{-1}};
	struct stage stage;
	container_start(&stage, answers, 1);
	provider_start(stage.provider, &stage.task);
	while (!stage.fake.request_count)
		uv_run(&stage.loop.uv, UV_RUN_ONCE);
	op_cancel(&stage.provider->op);
	loop_run(&stage.loop);
	assert_int_equal(stage.provider->op.err.class, ERR_CANCELED);
	stage_end(&stage);
}

static void instance_start(struct stage *stage, const struct answer *answers, size_t count)
{
	stage_start(stage, answers, count);
	snprintf(stage->pair, sizeof(stage->pair), "AWS_EC2_METADATA_SERVICE_ENDPOINT=%s/",
		stage->fake.url);
	stage->env = (struct fake_env)FAKE_ENV(stage->pair, "HOME=/nonexistent");
	struct awsconfig config;
	struct err err = awsconfig_load(&stage->env.env, "eu-west-1", NULL, &config);
	assert_string_equal(err.message, "");
	err = credmeta_instance(&stage->loop, stage->http, &config, true, &stage->provider);
	assert_string_equal(err.message, "");
	awsconfig_done(&config);
}

static void instance_metadata_is_asked_with_a_session_token_that_is_kept(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, "TOKEN1"}, {200, NULL, "my-role\n"},
		{200, NULL, GOOD}, {200, NULL, "my-role"}, {200, NULL, GOOD}};
	struct stage stage;
	instance_start(&stage, answers, 5);
	struct err err = stage_fetch(&stage);
	assert_string_equal(err.message, "");
	assert_string_equal(stage.provider->found.access_key_id, "ASIA1");
	const struct fake *fake = &stage.fake;
	assert_true(str_starts(fake->requests[0], "PUT /latest/api/token HTTP/1.1"));
	assert_string_equal(fake_header(fake, 0, "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
	assert_true(str_starts(
		fake->requests[1], "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1"));
	assert_string_equal(fake_header(fake, 1, "x-aws-ec2-metadata-token"), "TOKEN1");
	assert_true(str_starts(fake->requests[2],
		"GET /latest/meta-data/iam/security-credentials/my-role HTTP/1.1"));
	err = stage_fetch(&stage);
	assert_string_equal(err.message, "");
	assert_int_equal(fake->request_count, 5);
	stage_end(&stage);
}

static void a_refused_session_token_is_renewed_once(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, "T1"}, {401, NULL, ""},
		{200, NULL, "T2"}, {200, NULL, "role"}, {200, NULL, GOOD}};
	struct stage stage;
	instance_start(&stage, answers, 5);
	struct err err = stage_fetch(&stage);
	assert_string_equal(err.message, "");
	assert_string_equal(fake_header(&stage.fake, 4, "x-aws-ec2-metadata-token"), "T2");
	stage_end(&stage);

	static const struct answer refused[] = {
		{200, NULL, "T1"}, {401, NULL, ""}, {200, NULL, "T2"}, {401, NULL, ""}};
	instance_start(&stage, refused, 4);
	err = stage_fetch(&stage);
	assert_int_equal(err.class, ERR_TRANSIENT);
	assert_int_equal(stage.fake.request_count, 4);
	stage_end(&stage);
}

static void version_1_of_the_metadata_service_is_never_used(void **state)
{
	(void)state;
	static const int statuses[] = {403, 404, 405};
	for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
		const struct answer answers[] = {{statuses[i], NULL, ""}, {200, NULL, "role"}};
		struct stage stage;
		instance_start(&stage, answers, 2);
		struct err err = stage_fetch(&stage);
		assert_int_equal(err.class, ERR_TRANSIENT);
		assert_int_equal(stage.fake.request_count, 1);
		stage_end(&stage);
	}
}

static void metadata_that_is_slow_serves_and_what_is_silent_is_given_up(void **state)
{
	(void)state;
	static const struct answer answers[] = {
		{200, NULL, "T"}, {200, NULL, "role"}, {200, NULL, GOOD}};
	struct stage stage;
	instance_start(&stage, answers, 3);
	stage.fake.delay_ms = 600;
	struct err err = stage_fetch(&stage);
	assert_string_equal(err.message, "");
	assert_string_equal(stage.provider->found.access_key_id, "ASIA1");
	stage_end(&stage);

	static const struct answer silent[] = {{-1}};
	instance_start(&stage, silent, 1);
	int64_t began = loop_now_ms(&stage.loop);
	err = stage_fetch(&stage);
	assert_int_equal(err.class, ERR_TRANSIENT);
	assert_int_equal(stage.fake.request_count, 2); // tried once more, and not for long
	assert_in_range(loop_now_ms(&stage.loop) - began, 1000, 15000);
	stage_end(&stage);

	static const struct answer busy[] = {{503, NULL, "slow down"}};
	instance_start(&stage, busy, 1);
	err = stage_fetch(&stage);
	assert_int_equal(err.class, ERR_TRANSIENT);
	assert_non_null(strstr(err.message, "503"));
	stage_end(&stage);
}

static void a_role_name_that_is_none_and_an_unsuccessful_code_are_failures(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, "T"}, {200, NULL, "../../x"},
		{200, NULL, "<html>"}, {200, NULL, "role"},
		{200, NULL,
			"{\"Code\": \"AssumeRoleUnauthorizedAccess\", \"Message\": \"no trust\"}"}};
	struct stage stage;
	instance_start(&stage, answers, 5);
	for (int i = 0; i < 2; i++) {
		struct err err = stage_fetch(&stage);
		assert_non_null(strstr(err.message, "no name of a role"));
	}
	struct err err = stage_fetch(&stage);
	assert_string_equal(err.code, "AssumeRoleUnauthorizedAccess");
	assert_non_null(strstr(err.message, "no trust"));
	stage_end(&stage);
}

// ---- a program

static void process_run(const char *script, struct err *ret_err, struct credentials *ret_found)
{
	struct stage stage;
	static const struct answer none[] = {{200, NULL, ""}};
	stage_start(&stage, none, 1);
	char path[] = "/tmp/holdfast-test-process-XXXXXX", command[100];
	int fd = mkstemp(path);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	snprintf(command, sizeof(command), "/bin/sh '%s' \"a b\"", path);
	struct err err = credprocess_new(&stage.loop, command, &stage.provider);
	assert_string_equal(err.message, "");
	*ret_err = stage_fetch(&stage);
	*ret_found = stage.provider->found;
	stage.provider->found = (struct credentials){0};
	unlink(path);
	stage_end(&stage);
}

static void a_program_prints_credentials(void **state)
{
	(void)state;
	struct err err;
	struct credentials found;
	process_run("echo '{\"Version\": 1, \"AccessKeyId\": \"A1\", \"SecretAccessKey\": "
		    "'\\\"\"$1\"\\\"'}'",
		&err, &found);
	assert_string_equal(err.message, "");
	assert_string_equal(found.access_key_id, "A1");
	assert_string_equal(found.secret, "a b");
	assert_null(found.token);
	assert_int_equal(found.expires_wall_ms, 0);
	credentials_burn(&found);
}

static void what_a_failing_program_prints_is_not_shown(void **state)
{
	(void)state;
	static const char *const scripts[] = {"echo CANARY; echo CANARY >&2; exit 3", "echo CANARY",
		"echo '{\"Version\": 2, \"AccessKeyId\": \"CANARY\"}'",
		"echo '{\"Version\": 1, \"AccessKeyId\": \"CANARY\"}'", "kill -9 $$"};
	for (size_t i = 0; i < ARRAY_COUNT(scripts); i++) {
		struct err err;
		struct credentials found;
		process_run(scripts[i], &err, &found);
		assert_int_equal(err.class, ERR_TRANSIENT);
		assert_null(strstr(err.message, "CANARY"));
		assert_null(found.access_key_id);
	}
}

// ---- STS, through real clients

static const char assumed[] =
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
	"<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>rs</SecretAccessKey>"
	"<SessionToken>rt</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
	"</AssumeRoleResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
	"</AssumeRoleResponse>";
static const char web_identity[] =
	"<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
	"<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAWEB</AccessKeyId>"
	"<SecretAccessKey>ws</SecretAccessKey><SessionToken>wt</SessionToken>"
	"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
	"</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
static const char vpcs_xml[] =
	"<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
	"<requestId>r-1</requestId><vpcSet/></DescribeVpcsResponse>";

/* One DescribeVpcs by a client with this config file. */
static struct err call_with(struct stage *stage, const char *config_text, const char *more_env)
{
	char path[] = "/tmp/holdfast-test-config-XXXXXX", pair[80], url[80];
	int fd = mkstemp(path);
	assert_int_equal(write(fd, config_text, strlen(config_text)), strlen(config_text));
	close(fd);
	snprintf(pair, sizeof(pair), "AWS_CONFIG_FILE=%s", path);
	snprintf(url, sizeof(url), "AWS_ENDPOINT_URL=%s", stage->fake.url);
	stage->env = (struct fake_env)FAKE_ENV(
		pair, url, "AWS_REGION=eu-west-1", "HOME=/nonexistent", more_env);
	const struct aws_settings settings = {.env = &stage->env.env, .backoff_scale = 0.001};
	struct aws *aws = NULL;
	struct err err = aws_new(&stage->loop, stage->http, &settings, &aws);
	assert_string_equal(err.message, "");
	struct aws_call call;
	aws_call_init(&call, "ec2", "DescribeVpcs", NULL);
	aws_start(aws_as_port(aws), &call, &stage->task);
	loop_run(&stage->loop);
	assert_true(op_is_finished(&call.op));
	aws_call_done(&call);
	aws_free(aws);
	unlink(path);
	return call.op.err;
}

static void a_role_is_assumed_with_the_sources_keys_and_signs_the_call(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, assumed}, {200, NULL, vpcs_xml}};
	struct stage stage;
	stage_start(&stage, answers, 2);
	struct err err = call_with(&stage,
		"[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = s\n"
		"role_session_name = me-1\nexternal_id = e-1\nduration_seconds = 900\n"
		"[profile s]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n",
		NULL);
	assert_string_equal(err.message, "");
	const struct fake *fake = &stage.fake;
	assert_int_equal(fake->request_count, 2);
	assert_non_null(strstr(fake_header(fake, 0, "authorization"), "Credential=AKIDSOURCE/"));
	assert_non_null(strstr(fake_header(fake, 0, "authorization"), "/eu-west-1/sts/"));
	assert_non_null(strstr(fake->requests[0], "Action=AssumeRole&"));
	assert_non_null(strstr(fake->requests[0], "RoleSessionName=me-1"));
	assert_non_null(strstr(fake->requests[0], "ExternalId=e-1"));
	assert_non_null(strstr(fake->requests[0], "DurationSeconds=900"));
	assert_non_null(strstr(fake_header(fake, 1, "authorization"), "Credential=ASIAROLE/"));
	assert_string_equal(fake_header(fake, 1, "x-amz-security-token"), "rt");
	stage_end(&stage);
}

static void a_chain_of_roles_is_walked_from_its_source(void **state)
{
	(void)state;
	static const struct answer answers[] = {
		{200, NULL, assumed}, {200, NULL, assumed}, {200, NULL, vpcs_xml}};
	struct stage stage;
	stage_start(&stage, answers, 3);
	struct err err = call_with(&stage,
		"[default]\nrole_arn = arn:aws:iam::123456789012:role/outer\nsource_profile = m\n"
		"[profile m]\nrole_arn = arn:aws:iam::123456789012:role/inner\nsource_profile = s\n"
		"[profile s]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n",
		NULL);
	assert_string_equal(err.message, "");
	assert_non_null(strstr(stage.fake.requests[0], "role%2Finner"));
	assert_non_null(strstr(stage.fake.requests[1], "role%2Fouter"));
	assert_non_null(
		strstr(fake_header(&stage.fake, 1, "authorization"), "Credential=ASIAROLE/"));
	stage_end(&stage);
}

static void a_role_that_ended_early_is_assumed_again_and_the_call_signed_anew(void **state)
{
	(void)state;
	static const char again[] =
		"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIASECOND"
		"</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken>"
		"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"
		"</AssumeRoleResponse>";
	static const struct answer answers[] = {{200, NULL, assumed},
		{400, NULL,
			"<Response><Errors><Error><Code>RequestExpired</Code><Message>revoked</"
			"Message>"
			"</Error></Errors><RequestID>r</RequestID></Response>"},
		{200, NULL, again}, {200, NULL, vpcs_xml}};
	struct stage stage;
	stage_start(&stage, answers, 4);
	struct err err = call_with(&stage,
		"[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = s\n"
		"[profile s]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n",
		NULL);
	assert_string_equal(err.message, "");
	assert_int_equal(stage.fake.request_count, 4);
	assert_non_null(
		strstr(fake_header(&stage.fake, 3, "authorization"), "Credential=ASIASECOND/"));
	stage_end(&stage);
}

static void a_web_identity_is_exchanged_without_a_signature(void **state)
{
	(void)state;
	static const struct answer answers[] = {{200, NULL, web_identity}, {200, NULL, vpcs_xml}};
	struct stage stage;
	stage_start(&stage, answers, 2);
	char path[] = "/tmp/holdfast-test-web-XXXXXX", config[200];
	int fd = mkstemp(path);
	assert_int_equal(write(fd, "eyJhb.GciOi\n", 12), 12);
	close(fd);
	snprintf(config, sizeof(config),
		"[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = "
		"%s\n",
		path);
	struct err err = call_with(&stage, config, NULL);
	unlink(path);
	assert_string_equal(err.message, "");
	assert_null(fake_header(&stage.fake, 0, "authorization"));
	assert_non_null(strstr(stage.fake.requests[0], "WebIdentityToken=eyJhb.GciOi"));
	assert_non_null(
		strstr(fake_header(&stage.fake, 1, "authorization"), "Credential=ASIAWEB/"));
	stage_end(&stage);
}

static void a_role_that_is_denied_says_so_in_the_call(void **state)
{
	(void)state;
	static const struct answer answers[] = {{403, NULL,
		"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: "
		"arn:aws:iam::1:user/bob is not authorized to perform: sts:AssumeRole on resource: "
		"arn:aws:iam::123456789012:role/r</Message></Error></ErrorResponse>"}};
	struct stage stage;
	stage_start(&stage, answers, 1);
	struct err err = call_with(&stage,
		"[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = s\n"
		"[profile s]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n",
		NULL);
	assert_int_equal(err.class, ERR_DENIED);
	assert_non_null(
		strstr(err.message, "ec2:DescribeVpcs: credentials from assume-role: role "));
	assert_non_null(
		strstr(err.message, "add sts:AssumeRole to the policy of arn:aws:iam::1:user/bob"));
	assert_int_equal(stage.fake.request_count, 1);
	stage_end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_container_agent_is_asked_with_its_token),
		cmocka_unit_test(the_token_file_of_the_container_is_read_every_time),
		cmocka_unit_test(half_an_answer_is_a_failure),
		cmocka_unit_test(a_fetch_can_be_canceled),
		cmocka_unit_test(instance_metadata_is_asked_with_a_session_token_that_is_kept),
		cmocka_unit_test(a_refused_session_token_is_renewed_once),
		cmocka_unit_test(version_1_of_the_metadata_service_is_never_used),
		cmocka_unit_test(metadata_that_is_slow_serves_and_what_is_silent_is_given_up),
		cmocka_unit_test(a_role_name_that_is_none_and_an_unsuccessful_code_are_failures),
		cmocka_unit_test(a_program_prints_credentials),
		cmocka_unit_test(what_a_failing_program_prints_is_not_shown),
		cmocka_unit_test(a_role_is_assumed_with_the_sources_keys_and_signs_the_call),
		cmocka_unit_test(a_chain_of_roles_is_walked_from_its_source),
		cmocka_unit_test(a_role_that_ended_early_is_assumed_again_and_the_call_signed_anew),
		cmocka_unit_test(a_web_identity_is_exchanged_without_a_signature),
		cmocka_unit_test(a_role_that_is_denied_says_so_in_the_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
