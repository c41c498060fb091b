// What may stand in the first lines of a request. libcurl sends what it is given: a line break in a
// header value would begin a header, or a request, of somebody else's.
#pragma once

#include "base/err.h"
#include <stdbool.h>

/* INVALID for a line that is not "Name: value" or holds a control character. The message never has
 * the value in it: that may be a secret. */
struct err field_check(const char *line) MUST_CHECK;
/* Is this line the field of that name, in whatever case? */
bool field_is(const char *line, const char *name);
/* INVALID for anything but 1 to 16 upper-case letters; NULL is no method either. */
struct err field_check_method(const char *method) MUST_CHECK;
