// Only the 64-bit part of a version 2 file is read: changes of offset with their times. The rule
// for later years at its end is not: the files that distributions ship list changes up to 2037.
#include "base/zone.h"
#include "base/defs.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/usr/share/zoneinfo/"

enum { MOST_BYTES = 256 << 10, HEAD_BYTES = 44, MOST_NAME = 64 };

struct zone {
	size_t count;
	int64_t *at; // seconds; `count` of them, rising
	int *offset; // from then on; one more than `count`: the first is before all
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct head {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool read_head(const uint8_t *bytes, size_t size, struct head *ret)
{
	if (size < HEAD_BYTES || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2')
		return false;
	const uint8_t *p = bytes + 20;
	*ret = (struct head){
		be32(p), be32(p + 4), be32(p + 8), be32(p + 12), be32(p + 16), be32(p + 20)};
	return ret->time < 10000 && ret->type > 0 && ret->type < 256 && ret->leap < 1000 &&
	       ret->chars < 1000 && ret->isut < 256 && ret->isstd < 256;
}

static size_t body_bytes(const struct head *h, size_t time_bytes)
{
	return h->time * time_bytes + h->time + h->type * 6 + h->chars +
	       h->leap * (time_bytes + 4) + h->isstd + h->isut;
}

// NULL when it is no file of zones, or memory is out.
static struct zone *parse(const uint8_t *bytes, size_t size)
{
	struct head first, second;
	if (!read_head(bytes, size, &first))
		return NULL;
	size_t skip = HEAD_BYTES + body_bytes(&first, 4);
	if (skip > size || !read_head(bytes + skip, size - skip, &second))
		return NULL;
	const uint8_t *times = bytes + skip + HEAD_BYTES, *kinds = times + second.time * 8;
	const uint8_t *types = kinds + second.time;
	if (body_bytes(&second, 8) > size - skip - HEAD_BYTES)
		return NULL;
	struct zone *zone = calloc(1, sizeof(*zone));
	if (!zone)
		return NULL;
	zone->count = second.time;
	zone->at = calloc(zone->count ? zone->count : 1, sizeof(*zone->at));
	zone->offset = calloc(zone->count + 1, sizeof(*zone->offset));
	bool ok = zone->at && zone->offset;
	for (size_t i = 0; ok && i < zone->count; i++) {
		ok = kinds[i] < second.type;
		zone->at[i] = be64(times + 8 * i);
		zone->offset[i + 1] = ok ? (int32_t)be32(types + 6 * (size_t)kinds[i]) : 0;
	}
	if (ok)
		zone->offset[0] = (int32_t)be32(types);
	if (ok)
		return zone;
	zone_free(zone);
	return NULL;
}

// Names are words and slashes: nothing that leads out of the folder.
static bool is_name(const char *name)
{
	if (str_empty(name) || strlen(name) > MOST_NAME || *name == '/' || strstr(name, ".."))
		return false;
	return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
				 "+-/")] == '\0';
}

struct err zone_load(const char *name, struct zone **ret_zone)
{
	char path[sizeof(FOLDER) + MOST_NAME];
	struct stat st;
	if (!is_name(name))
		return err_new(ERR_NOT_FOUND, "'%s' is no time zone", name ? name : "");
	snprintf(path, sizeof(path), FOLDER "%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && str_eq(name, "UTC")) { // needs no database
		*ret_zone = calloc(1, sizeof(**ret_zone));
		if (*ret_zone)
			(*ret_zone)->offset = calloc(1, sizeof(int));
		return *ret_zone && (*ret_zone)->offset ? ERR_OK : err_nomem();
	}
	if (fd < 0)
		return err_new(ERR_NOT_FOUND, "there is no time zone '%s' in " FOLDER, name);
	uint8_t *bytes = NULL;
	ssize_t n = -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MOST_BYTES) {
		bytes = malloc(MOST_BYTES);
		n = bytes ? read(fd, bytes, MOST_BYTES) : -1;
	}
	close(fd);
	*ret_zone = n > 0 ? parse(bytes, (size_t)n) : NULL;
	free(bytes);
	return *ret_zone ? ERR_OK : err_new(ERR_INVALID, "%s is no file of a time zone", path);
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	free(zone->at);
	free(zone->offset);
	free(zone);
}

int zone_offset_s(const struct zone *zone, int64_t utc_s)
{
	size_t low = 0, high = zone->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->at[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	return zone->offset[low];
}
