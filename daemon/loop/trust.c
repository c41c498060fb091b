// A folder with hashed links is read one certificate at a time, when a handshake needs it: 2 ms and
// a few kilobytes. A bundle is parsed whole (140 certificates: 20 ms, a megabyte) and then kept by
// curl in the multi handle.
//
// curl tells by the bundle's path whether a connection, a TLS session to resume (which checks no
// certificate again) or the parsed bundle may be used once more. So after each change the path is
// spelled differently, with more slashes in front, and nothing from before fits any more.
#include "loop/trust.h"
#include "base/str.h"
#include <dirent.h>
#include <unistd.h>

enum { MOST_SLASHES = 1000 };

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
	char *spelling = NULL;
	if (path && access(path, R_OK) != 0)
		return err_new(ERR_INVALID, "cannot read the CA bundle %.200s: %m", path);
	if (path) {
		char slashes[MOST_SLASHES + 1];
		unsigned count = trust->changes % MOST_SLASHES;
		memset(slashes, '/', count);
		slashes[count] = '\0';
		spelling = str_format("%s%s%s", *path == '/' ? "" : "./", slashes, path);
		if (!spelling)
			return err_nomem();
	}
	free(trust->bundle);
	trust->bundle = spelling;
	trust->changes++;
	return ERR_OK;
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
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); // with one, curl keeps no parsed bundle
	curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
}
