// Which members of a listed item a kind's table reads. Pure.
#pragma once

#include "core/kind.h"

/* {"VpcId": true, ...}: the first steps of all paths over an item; new. What is not named there
 * need not even be decoded (AWS's items have dozens of members). */
json_t *members_read(const struct kind *kind);
