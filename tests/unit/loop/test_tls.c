// TLS against `openssl s_server`: who is trusted, and when a changed bundle takes effect. Skipped
// on machines without the openssl program.
#include "base/str.h"
#include "loop/http.h"
#include "loop/proc.h"
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/holdfast-tls-XXXXXX";
static bool has_openssl;

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned at;
	char *path = paths[at++ % 4];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void on_step(struct task *task)
{
	loop_stop(task->loop);
}

static bool make_certificate(const char *name)
{
	struct loop loop;
	struct task task;
	struct proc proc;
	char key[128], cert[128];
	snprintf(key, sizeof(key), "%s/%s.key", folder, name);
	snprintf(cert, sizeof(cert), "%s/%s.pem", folder, name);
	const char *const argv[] = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=holdfast test",
		"-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert, NULL};
	struct err err = loop_init(&loop);
	if (err_is(&err))
		return false;
	task_init(&task, &loop, on_step, "openssl");
	proc_init(&proc);
	proc.argv = argv;
	proc_start(&loop, &proc, &task);
	loop_run(&loop);
	bool ok = !err_is(&proc.op.err) && proc.exit_status == 0;
	proc_done(&proc);
	return loop_done(&loop) == 0 && ok;
}

/* The openssl program gives none that is over. */
static bool end_certificate(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
	FILE *cert_file = fopen(path, "r");
	snprintf(path, sizeof(path), "%s/%s.key", folder, name);
	FILE *key_file = fopen(path, "r");
	X509 *cert = cert_file ? PEM_read_X509(cert_file, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = key_file ? PEM_read_PrivateKey(key_file, NULL, NULL, NULL) : NULL;
	bool ok = cert && key && X509_gmtime_adj(X509_getm_notBefore(cert), -2 * 86400) &&
		  X509_gmtime_adj(X509_getm_notAfter(cert), -86400) &&
		  X509_sign(cert, key, EVP_sha256()) > 0;
	if (cert_file)
		fclose(cert_file);
	if (key_file)
		fclose(key_file);
	snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
	FILE *out = ok ? fopen(path, "w") : NULL;
	ok = out && PEM_write_X509(out, cert) == 1;
	if (out)
		ok = fclose(out) == 0 && ok;
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	has_openssl = make_certificate("a") && make_certificate("b") && make_certificate("old") &&
		      end_certificate("old");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	static const char *const names[] = {
		"a.pem", "a.key", "b.pem", "b.key", "old.pem", "old.key", "bundle.pem"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		unlink(path_of(names[i]));
	return rmdir(folder);
}

static void copy(const char *from, const char *to)
{
	char text[8192];
	FILE *in = fopen(path_of(from), "r"), *out = fopen(path_of(to), "w");
	assert_true(in && out);
	size_t n = fread(text, 1, sizeof(text), in);
	assert_int_equal(fwrite(text, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

struct bench {
	struct loop loop;
	struct task task;
	struct http *http;
	struct service server;
	struct http_request request;
	const char *argv[24];
	char cert[128], key[128];
	int out;
	char url[64];
};

static void read_port(struct bench *b)
{
	char text[512] = "";
	size_t n = 0;
	char *accept;
	while (!(accept = strstr(text, "ACCEPT 127.0.0.1:")) || !strchr(accept, '\n')) {
		ssize_t part = read(b->out, text + n, sizeof(text) - 1 - n);
		if (part <= 0)
			fail_msg("openssl s_server says: %s", text);
		n += (size_t)part;
	}
	long port = strtol(accept + 17, NULL, 10);
	snprintf(b->url, sizeof(b->url), "https://localhost:%ld/", port);
}

static void serve(const char *name, struct bench *b, const char *bundle, const char *const *more)
{
	static const char *const fixed[] = {
		"openssl", "s_server", "-accept", "127.0.0.1:0", "-www"};
	*b = (struct bench){0};
	struct err err = loop_init(&b->loop);
	assert_false(err_is(&err));
	task_init(&b->task, &b->loop, on_step, "test");
	struct http_options options = {.ca_bundle = bundle};
	err = http_new(&b->loop, &options, &b->http);
	assert_false(err_is(&err));
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_COUNT(fixed); i++)
		b->argv[n++] = fixed[i];
	snprintf(b->cert, sizeof(b->cert), "%s/%s.pem", folder, name);
	snprintf(b->key, sizeof(b->key), "%s/%s.key", folder, name);
	b->argv[n++] = "-cert";
	b->argv[n++] = b->cert;
	b->argv[n++] = "-key";
	b->argv[n++] = b->key;
	for (; more && *more; more++)
		b->argv[n++] = *more;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	b->server.argv = b->argv;
	b->server.stdout_fd = fds[1];
	service_start(&b->loop, &b->server, NULL);
	close(fds[1]);
	b->out = fds[0];
	read_port(b);
	http_request_init(&b->request);
}

static void open_bench(struct bench *b, const char *bundle, const char *const *more)
{
	serve("a", b, bundle, more);
}

// Each over a connection of its own.
static struct http_request *run(struct bench *b)
{
	b->request.method = "GET";
	b->request.url = b->url;
	b->request.is_mutating = true;
	b->request.total_ms = 10000;
	http_start(b->http, &b->request, &b->task);
	while (!op_is_finished(&b->request.op))
		loop_run(&b->loop);
	return &b->request;
}

static void assert_trusted(struct bench *b)
{
	struct http_request *r = run(b);
	assert_string_equal(r->op.err.message, "");
	assert_int_equal(r->status, 200);
}

static void assert_distrusted(struct bench *b)
{
	struct http_request *r = run(b);
	assert_int_equal(r->op.err.class, ERR_INVALID);
	assert_string_equal(r->op.err.code, "CURLE_60");
	assert_false(r->op.err.maybe_done);
}

static void close_bench(struct bench *b)
{
	http_request_done(&b->request);
	http_free(b->http);
	service_signal(&b->server, SIGKILL);
	loop_run(&b->loop); // ends when the server has gone
	assert_true(op_is_finished(&b->server.op));
	close(b->out);
	task_done(&b->task);
	assert_int_equal(loop_done(&b->loop), 0);
}

#define NEEDS_OPENSSL()                                                                            \
	do {                                                                                       \
		(void)state;                                                                       \
		if (!has_openssl)                                                                  \
			skip();                                                                    \
	} while (0)

static void a_certificate_of_the_bundle_is_trusted_and_sessions_are_resumed(void **state)
{
	NEEDS_OPENSSL();
	struct bench b;
	open_bench(&b, path_of("a.pem"), NULL);
	assert_trusted(&b);
	assert_non_null(strstr(buf_str(&b.request.answer), "New, TLSv1.3"));
	assert_trusted(&b);
	assert_non_null(strstr(buf_str(&b.request.answer), "Reused, TLSv1.3"));
	close_bench(&b);
}

static void an_unknown_certificate_is_refused_before_anything_is_sent(void **state)
{
	NEEDS_OPENSSL();
	struct bench b;
	open_bench(&b, NULL, NULL); // the system's
	assert_distrusted(&b);
	close_bench(&b);
	open_bench(&b, path_of("b.pem"), NULL);
	assert_distrusted(&b);
	close_bench(&b);
}

static void a_certificate_for_another_name_is_refused(void **state)
{
	NEEDS_OPENSSL();
	struct bench b;
	open_bench(&b, path_of("a.pem"), NULL);
	char *port = strrchr(b.url, ':');
	char url[64];
	snprintf(url, sizeof(url), "https://127.0.0.1%s", port);
	str_copy(b.url, sizeof(b.url), url);
	assert_distrusted(&b);
	close_bench(&b);
}

static void an_expired_certificate_is_refused_and_said_to_be(void **state)
{
	NEEDS_OPENSSL();
	struct bench b;
	serve("old", &b, path_of("old.pem"), NULL); // trusted, were it not for its age
	assert_distrusted(&b);
	assert_non_null(strstr(b.request.op.err.message, "expired"));
	close_bench(&b);
}

static void a_changed_bundle_counts_from_the_next_connection_on(void **state)
{
	NEEDS_OPENSSL();
	struct bench b;
	copy("b.pem", "bundle.pem");
	open_bench(&b, path_of("bundle.pem"), NULL);
	assert_distrusted(&b);
	assert_distrusted(&b); // from what curl keeps
	copy("a.pem", "bundle.pem");
	struct err err = http_set_ca_bundle(b.http, path_of("bundle.pem"));
	assert_false(err_is(&err));
	assert_trusted(&b);
	copy("b.pem", "bundle.pem");
	err = http_set_ca_bundle(b.http, path_of("bundle.pem"));
	assert_false(err_is(&err));
	assert_distrusted(&b);
	err = http_set_ca_bundle(b.http, path_of("a.pem"));
	assert_false(err_is(&err));
	assert_trusted(&b);
	err = http_set_ca_bundle(b.http, NULL);
	assert_false(err_is(&err));
	assert_distrusted(&b);
	close_bench(&b);
}

static void a_missing_bundle_is_an_error_and_changes_nothing(void **state)
{
	NEEDS_OPENSSL();
	struct bench b;
	open_bench(&b, path_of("a.pem"), NULL);
	struct err err = http_set_ca_bundle(b.http, "/no/such/bundle.pem");
	assert_int_equal(err.class, ERR_INVALID);
	assert_trusted(&b);
	struct http_options options = {.ca_bundle = "/no/such/bundle.pem"};
	struct http *http = NULL;
	err = http_new(&b.loop, &options, &http);
	assert_int_equal(err.class, ERR_INVALID);
	assert_null(http);
	close_bench(&b);
}

static void protocols_before_tls_1_2_are_refused(void **state)
{
	NEEDS_OPENSSL();
	struct bench b;
	static const char *const old[] = {"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", NULL};
	open_bench(&b, path_of("a.pem"), old);
	struct http_request *r = run(&b);
	assert_int_equal(r->op.err.class, ERR_TRANSIENT);
	assert_string_equal(r->op.err.code, "CURLE_35");
	assert_false(r->op.err.maybe_done);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_of_the_bundle_is_trusted_and_sessions_are_resumed),
		cmocka_unit_test(an_unknown_certificate_is_refused_before_anything_is_sent),
		cmocka_unit_test(a_certificate_for_another_name_is_refused),
		cmocka_unit_test(an_expired_certificate_is_refused_and_said_to_be),
		cmocka_unit_test(a_changed_bundle_counts_from_the_next_connection_on),
		cmocka_unit_test(a_missing_bundle_is_an_error_and_changes_nothing),
		cmocka_unit_test(protocols_before_tls_1_2_are_refused),
	};
	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
