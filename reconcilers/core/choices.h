// Rules for the file that stand in the tables: values that a field can have, and fields that
// exclude each other. Pure, but for the findings.
#pragma once

#include "core/checking.h"
#include "core/kind.h"

/* The value, unless it is a plain one that the field's `values` do not list (or `values` is NULL).
 * Takes it over; NULL after a finding, or when it was NULL. */
json_t *choices_one_of(struct checking *checking, const struct field *field,
	const struct node *node, json_t *value);
/* Adds a finding for each field of `node` that AWS refuses beside another one of it; those of which
 * one must be chosen (FIELD_ONE_OF) are told elsewhere. `object`: desired JSON so far. */
void choices_exclude(struct checking *checking, const struct kind *kind, const json_t *object,
	const struct node *node);
