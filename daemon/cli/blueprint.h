// A file to begin with: text with places and parts to fill. Pure.
//
//   %{name} %{region} %{account} %{cidr}    what was asked for
//   %{public} %{app} %{db}                  within `%% each zone`: the block of that zone's subnet
//   %{zone}                                 its letter, within `%% each zone`
//   %{first}                                the first zone's letter
//   %{zones}                                 "a, b"
//   %{names public}                         "public-a, public-b": the word with each zone's letter
//   %{two app}                              the same of the first two zones
//   %% each zone / %% if WORD / %% unless WORD / %% end
// A line with a directive is left out itself. WORDs: account, one-nat. Parts do not nest in their
// own sort, but an `if` may stand within an `each`.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum { BLUEPRINT_MOST_ZONES = 6 };

struct blueprint {
	const char *name, *summary, *text;
};

/* Generated from config/blueprints/; ended by a NULL name. */
extern const struct blueprint blueprints[];

struct blueprint_params {
	const char *name, *region, *cidr; // borrowed
	const char *account;              // NULL: the line stays a comment
	char zones[BLUEPRINT_MOST_ZONES]; // letters
	size_t zone_count;
	bool has_one_nat; // one NAT gateway for all zones
};

/* Appends the filled text. ERR_INVALID: a block too small to be divided, or no block; ERR_BUG: a
 * blueprint with a place that there is not. */
struct err blueprint_fill(const struct blueprint *blueprint, const struct blueprint_params *params,
	struct buf *out) MUST_CHECK;
