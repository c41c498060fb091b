// A folder with hashed links is read one certificate at a time, when a handshake needs it: 2 ms and
// a few kilobytes. A bundle is parsed whole (140 certificates: 20 ms, a megabyte) and then kept by
// curl, in the multi handle, for as long as the limit given here says.
#include "loop/trust.h"
#include "base/str.h"
#include <dirent.h>
#include <unistd.h>

enum { KEEP_SECONDS = 24 * 3600 };

static time_t mono_seconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

// OpenSSL finds a certificate in a folder by links like "5ed36f99.0".
static bool has_hashed_links(const char *folder)
{
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	bool found = false;
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = strspn(entry->d_name, "0123456789abcdef") == 8 &&
			str_eq(entry->d_name + 8, ".0");
	closedir(dir);
	return found;
}

void trust_init(struct trust *trust)
{
	const char *folder = curl_version_info(CURLVERSION_NOW)->capath;
	*trust = (struct trust){.folder = has_hashed_links(folder) ? folder : NULL};
}

void trust_done(struct trust *trust)
{
	free(trust->bundle);
	trust->bundle = NULL;
}

struct err trust_set_bundle(struct trust *trust, const char *path)
{
	char *copy = path ? strdup(path) : NULL;
	if (path && !copy)
		return err_nomem();
	if (path && access(path, R_OK) != 0) {
		free(copy);
		return err_new(ERR_INVALID, "cannot read the CA bundle %.200s: %m", path);
	}
	if (trust->bundle)
		trust->changed_at = mono_seconds();
	free(trust->bundle);
	trust->bundle = copy;
	return ERR_OK;
}

// After a change curl may still hold what it read from the same path before. It is too old as soon
// as the limit is the time since the change; what is read after the change is always younger.
static long keep_seconds(const struct trust *trust)
{
	time_t since = mono_seconds() - trust->changed_at;
	return trust->changed_at && since < KEEP_SECONDS ? (long)since : KEEP_SECONDS;
}

void trust_apply(const struct trust *trust, CURL *easy)
{
	if (!trust->bundle && trust->folder) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, trust->folder);
		return;
	}
	const char *bundle =
		trust->bundle ? trust->bundle : curl_version_info(CURLVERSION_NOW)->cainfo;
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); // with one, curl keeps nothing
	curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, keep_seconds(trust));
}
