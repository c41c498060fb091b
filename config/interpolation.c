// ${...} inside strings, and the nearest name for 'did you mean'.
#include "base/str.h"
#include "config/tree.h"

bool interpolation_next(const char *text, size_t from, struct interpolation *ret, bool *ret_bad)
{
	*ret_bad = false;
	for (const char *p = text + from; (p = strchr(p, '$')); p++) {
		if (p[1] == '$' && p[2] == '{') {
			p += 2;
			continue;
		}
		if (p[1] != '{')
			continue;
		size_t inside = strcspn(p + 2, "{}");
		if (p[2 + inside] != '}' || inside >= sizeof(ret->inside)) {
			*ret_bad = true;
			ret->start = (size_t)(p - text);
			ret->end = ret->start + 2;
			ret->inside[0] = '\0';
			return false;
		}
		memcpy(ret->inside, p + 2, inside);
		ret->inside[inside] = '\0';
		ret->start = (size_t)(p - text);
		ret->end = ret->start + inside + 3;
		return true;
	}
	return false;
}

char *interpolation_unescape(const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		return NULL;
	char *to = copy;
	for (const char *p = copy; *p; p++) {
		if (p[0] == '$' && p[1] == '$' && p[2] == '{')
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return copy;
}

/* One is the other's beginning or end: "subnets", "zone" for "availability_zone". */
static bool is_part(const char *a, const char *b)
{
	return strlen(a) >= 3 && (str_starts(b, a) || str_ends(b, a));
}

/* Near is a slip of the finger: one letter in three, at most three; or a part of the name. */
const char *nearest_name(const char *wrong, const char *const *names, size_t count)
{
	size_t wrong_len = strlen(wrong);
	unsigned best = wrong_len < 3 ? 1 : wrong_len < 6 ? 2 : 3;
	const char *nearest = NULL, *related = NULL;
	for (size_t i = 0; i < count; i++) {
		unsigned distance = str_distance(wrong, names[i], best);
		if (distance <= best && (!nearest || distance < best) &&
			distance < strlen(names[i])) {
			best = distance;
			nearest = names[i];
		}
		if (!related && (is_part(wrong, names[i]) || is_part(names[i], wrong)))
			related = names[i];
	}
	return nearest ? nearest : related;
}
