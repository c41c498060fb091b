// libcurl over a Unix socket. Its errors are turned into what a person can do about them.
#include "cli/client.h"
#include "base/buf.h"
#include "base/str.h"
#include <curl/curl.h>
#include <errno.h>
#include <unistd.h>

enum { MOST_ANSWER_BYTES = 256 << 20 };

struct client {
	char *socket_path; // owned
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers; // owned
	struct buf answer;
	char *body; // owned, while a request runs
	bool is_running;
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *cls)
{
	struct client *client = cls;
	return buf_add(&client->answer, bytes, size * count) ? size * count : 0;
}

struct err client_new(const char *socket_path, struct client **ret_client)
{
	struct client *client = calloc(1, sizeof(*client));
	if (!client)
		return err_nomem();
	buf_init(&client->answer, MOST_ANSWER_BYTES);
	client->socket_path = strdup(socket_path);
	client->multi = curl_multi_init();
	client->easy = curl_easy_init();
	client->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!client->socket_path || !client->multi || !client->easy || !client->headers) {
		client_free(client);
		return err_nomem();
	}
	*ret_client = client;
	return ERR_OK;
}

static void stop(struct client *client)
{
	if (client->is_running)
		curl_multi_remove_handle(client->multi, client->easy);
	client->is_running = false;
	free(TAKE(client->body));
}

void client_free(struct client *client)
{
	if (!client)
		return;
	stop(client);
	curl_easy_cleanup(client->easy);
	curl_multi_cleanup(client->multi);
	curl_slist_free_all(client->headers);
	buf_done(&client->answer);
	free(client->socket_path);
	free(client);
}

struct err client_begin(
	struct client *client, const char *path, const json_t *body, int64_t timeout_ms)
{
	_cleanup_free_ char *url = str_format("http://localhost%s", path);
	stop(client);
	buf_reset(&client->answer);
	if (!url || (body && !(client->body = json_dumps(body, JSON_COMPACT))))
		return err_nomem();
	CURL *easy = client->easy;
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); // whatever http_proxy says
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	if (body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, client->body);
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers);
	}
	CURLMcode rc = curl_multi_add_handle(client->multi, easy);
	if (rc != CURLM_OK)
		return err_new(ERR_BUG, "cannot start a request: %s", curl_multi_strerror(rc));
	client->is_running = true;
	return ERR_OK;
}

static struct err cannot_reach(const struct client *client, CURLcode code)
{
	const char *path = client->socket_path;
	long os_error = 0;
	curl_easy_getinfo(client->easy, CURLINFO_OS_ERRNO, &os_error);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_code(ERR_TRANSIENT, "Timeout", "the daemon at %s does not answer", path);
	if (code == CURLE_WRITE_ERROR)
		return err_code(ERR_INVALID, "TooLarge", "the daemon's answer is too large");
	if (code != CURLE_COULDNT_CONNECT)
		return err_code(ERR_TRANSIENT, "NoAnswer", "no answer from the daemon at %s: %s",
			path, curl_easy_strerror(code));
	if (os_error == 0 && access(path, F_OK) != 0)
		os_error = errno; // curl 7.88 does not say for a path that is too long, or absent
	if (os_error == EACCES || os_error == EPERM)
		return err_code(ERR_DENIED, "Denied", "you may not use %s", path);
	if (os_error == ENOENT || os_error == ENOTDIR)
		return err_code(ERR_NOT_FOUND, "NotRunning",
			"holdfastd is not running: there is no socket %s", path);
	if (os_error == ECONNREFUSED)
		return err_code(ERR_NOT_FOUND, "NotRunning",
			"holdfastd is not running: nobody listens on %s", path);
	return err_code(ERR_TRANSIENT, "NoAnswer", "cannot reach the daemon at %s: %s", path,
		os_error ? strerror((int)os_error) : curl_easy_strerror(code));
}

static struct err read_answer(struct client *client, struct reply *ret_reply)
{
	long status = 0;
	char message[200];
	curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
	ret_reply->status = (int)status;
	ret_reply->body =
		js_parse(buf_str(&client->answer), client->answer.len, message, sizeof(message));
	ret_reply->text = buf_take(&client->answer);
	buf_init(&client->answer, MOST_ANSWER_BYTES);
	if (status >= 200 && status < 300)
		return ret_reply->text ? ERR_OK : err_nomem();
	const json_t *error = json_object_get(ret_reply->body, "error");
	const char *code = js_str(error, "code"), *said = js_str(error, "message");
	if (!said)
		return err_new(ERR_TRANSIENT, "the daemon answered with status %ld", status);
	return err_code(status == 403   ? ERR_DENIED
			: status == 404 ? ERR_NOT_FOUND
					: ERR_INVALID,
		code ? code : "", "%s", said);
}

bool client_poll(struct client *client, int wait_ms, struct err *ret_err, struct reply *ret_reply)
{
	int running = 0, left;
	*ret_err = ERR_OK;
	*ret_reply = (struct reply){0};
	curl_multi_perform(client->multi, &running);
	if (running > 0 && wait_ms > 0) {
		curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
		curl_multi_perform(client->multi, &running);
	}
	const CURLMsg *message = curl_multi_info_read(client->multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		return false;
	CURLcode code = message->data.result; // the message dies with the handle's removal
	*ret_err = code == CURLE_OK ? read_answer(client, ret_reply) : cannot_reach(client, code);
	stop(client);
	return true;
}

struct err client_ask(struct client *client, const char *path, const json_t *body,
	int64_t timeout_ms, struct reply *ret_reply)
{
	*ret_reply = (struct reply){0};
	struct err err = client_begin(client, path, body, timeout_ms);
	if (err_is(&err))
		return err;
	while (!client_poll(client, 1000, &err, ret_reply))
		;
	return err;
}

void reply_done(struct reply *reply)
{
	json_decref(reply->body);
	free(reply->text);
	*reply = (struct reply){0};
}

const char *reply_remedy(const struct reply *reply)
{
	return js_str(json_object_get(reply->body, "error"), "remedy");
}

static void add_encoded(struct buf *out, const char *text)
{
	char *encoded = curl_easy_escape(NULL, text, 0);
	if (encoded)
		buf_adds(out, encoded);
	else
		out->failed = true;
	curl_free(encoded);
}

char *client_path_of(const char *base, const char *last, const char *const *pairs)
{
	struct buf path = {0};
	char separator = '?';
	buf_adds(&path, base);
	if (last)
		add_encoded(&path, last);
	for (; pairs[0]; pairs += 2) {
		if (!pairs[1])
			continue;
		buf_addf(&path, "%c%s=", separator, pairs[0]);
		add_encoded(&path, pairs[1]);
		separator = '&';
	}
	return buf_take(&path);
}

char *client_default_socket(void)
{
	static const char system_socket[] = "/run/holdfast/holdfast.sock";
	const char *named = getenv("HOLDFAST_SOCKET"), *runtime = getenv("XDG_RUNTIME_DIR");
	if (named && *named)
		return strdup(named);
	if (access(system_socket, F_OK) != 0 && errno == ENOENT && runtime && *runtime) {
		char *path = str_format("%s/holdfast/holdfast.sock", runtime);
		if (path && access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return strdup(system_socket);
}
