// How a resource came to its state, told in sentences. Pure: it is given what the file, the last
// look and history say, and puts them in order; nothing is guessed beyond them.
#pragma once

#include "base/js.h"

/* `resource`: as GET /v1/resources/ADDRESS has it; `config`: {"version","loaded_at"} of the file in
 * force; `entries`: ENTRYs of the address, newest first, as of GET /v1/history; `orders`: ORDERs in
 * force that cover the address, with times as texts. All borrowed, absent parts are left out. New:
 * {"format":1,"address","now":[TEXT],"story":[{"at","what","text","detail"}]}, the story oldest
 * first, `what` and `detail` those of the entry. */
json_t *why_told(
	const json_t *resource, const json_t *config, const json_t *entries, const json_t *orders);

/* The sentence of one of `entries` alone, new; empty for what the story leaves out. */
char *why_sentence(const json_t *entry, const json_t *entries);
