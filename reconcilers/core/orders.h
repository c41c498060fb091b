// What people told the daemon about resources beside the file, and until when: that nothing is to
// be written (pause), that a field may differ (ignore), that a resource must stay (protect);
// what the daemon stopped by itself (brake), and that people let it go on (release). Pure, over a
// JSON list:
//
//   [{"order_id", "sort": "pause|ignore|protect|brake|release", "target", "field"?, "reason"?,
//   "who", "at_ms", "until_ms"?}]
//
// A target is "" (the whole stack), a layer, "layer.kind" or an address; of an ignore and a
// protection it is an address.
#pragma once

#include "base/js.h"
#include <stdbool.h>
#include <stdint.h>

/* The pause that rules the address at that time, the one that lasts longest; borrowed; NULL: none.
 */
const json_t *orders_pause(const json_t *orders, const char *address, int64_t wall_ms);
/* The same for a whole layer: pauses of single resources do not pause it. */
const json_t *orders_layer_pause(const json_t *orders, const char *layer, int64_t wall_ms);
/* `ignore` (may be NULL) with the fields of the address that are ignored at that time; new; NULL
 * when there is none at all. */
json_t *orders_ignore(
	const json_t *orders, const json_t *ignore, const char *address, int64_t wall_ms);
/* The order by which exactly this field is ignored now, or NULL; borrowed. */
const json_t *orders_ignored(
	const json_t *orders, const char *address, const char *field, int64_t wall_ms);
/* The protection of the address; borrowed; NULL: none. It has no end but the one that people make.
 */
const json_t *orders_protect(const json_t *orders, const char *address);
/* The brake that is on for the layer; borrowed; NULL: none. */
const json_t *orders_brake(const json_t *orders, const char *layer);
/* Did people release the layer, and is that not over yet? */
bool orders_is_released(const json_t *orders, const char *layer, int64_t wall_ms);
/* Takes out those that are over: a list of them, new; NULL when there is none. */
json_t *orders_expire(json_t *orders, int64_t wall_ms);
/* The clock was set by so much: what has an end lasts as long as it would have. */
void orders_shift(json_t *orders, int64_t by_ms);
/* An order as the store tells it, with the "left_ms" until its end, by the clock that reads
 * `wall_ms` now, which need not be that of the daemon it was given to; new. */
json_t *orders_of_row(const json_t *row, int64_t wall_ms);
/* Adds those of the store's rows that are not known yet at the end, each as orders_of_row() makes
 * it.
 */
void orders_take(json_t *orders, const json_t *rows, int64_t wall_ms);
/* The one of that "order_id"; borrowed; NULL: there is none. */
const json_t *orders_find(const json_t *orders, const char *id);
/* Does `target` cover the address? */
bool orders_covers(const char *target, const char *address);
