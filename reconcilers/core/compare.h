// When is what AWS answers the same as what the file says? Both sides go through the same forms.
#pragma once

#include "core/kind.h"

/* Does `observed` hold what `desired` says? Structures: members that the desired side does not have
 * are not compared. An absent observed value equals false, "", [] and {}. Either may be NULL
 * (absent). */
bool compare_holds(enum compare how, const json_t *desired, const json_t *observed);
/* Is a member that the other side does not have more than nothing there? COMPARE_WHOLE. */
bool compare_is_more(enum compare how, const char *member, const json_t *observed);
/* NULL, null, false, "", [] or {}: what an absent value equals. */
bool compare_is_empty(const json_t *value);
/* The canonical form of one side, for showing and for digests: a new value. */
json_t *compare_canon(enum compare how, const json_t *value);
/* Do both say the same, but for the order of lists and the words of policies and JSON texts, which
 * AWS shows otherwise from one read to the next? For what is kept: a list whose order is part of it
 * is told apart by compare_holds(). */
bool compare_alike(const json_t *a, const json_t *b);
/* An IAM policy document (text, URL-encoded text, or structure) in one form: lists sorted, single
 * values as lists, root ARNs as account ids, actions and condition keys in lower case. NULL when it
 * is no JSON object. New. */
json_t *compare_policy(const json_t *document);
/* A policy document for people: URL-encoded text is decoded, anything else stays. New. */
json_t *compare_plain(const json_t *value);
/* A CIDR block or address in network form and shortest spelling ("10.0.3.7/16" -> "10.0.0.0/16");
 * false when it is none. */
bool compare_cidr(const char *text, char *ret_text, size_t bytes);
