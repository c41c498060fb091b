// Advice at validation: what AWS takes, and good practice does not. Warnings, never errors.
//
// Each finding names its resource and the id of its rule, by which the file silences it with a
// reason: `policy: {accept: {open-ingress: "reached through the bastion only"}}`, for the stack, a
// layer or a resource. Pure: resources in, findings out. Documents are judged by
// core/advicedoc.h; what one kind alone knows, by its `advise` hook.
#pragma once

#include "core/desired.h"

struct advice_rule {
	const char *id;      // "wildcard-action"
	const char *summary; // what it looks for, one line
	const char *remedy;  // what to do about it
};

/* NULL-id end. */
extern const struct advice_rule advice_rules[];
/* NULL when there is none. */
const struct advice_rule *advice_find(const char *id);

/* One resource that is looked at. */
struct advice {
	const struct desired *desired;
	struct findings *findings;
	const struct wanted *wanted;
};

/* All rules over all resources. `desired` is free of errors. */
void advice_check(const struct desired *desired, struct findings *findings);
/* One finding of advice->wanted, unless the file accepts it: "<address>: <message> (<id>)". A place
 * of line 0 becomes the resource's. */
void advice_give(struct advice *advice, const char *id, struct place place, const char *fmt, ...)
	FORMAT_PRINTF(4, 5);
/* The availability zone of a subnet: the text of a resource's member AvailabilityZone; NULL when it
 * has none, or none that is known yet. Borrowed. */
const char *advice_zone(const struct wanted *wanted);
