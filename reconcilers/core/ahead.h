// Whether a resource was looked at later than something that it refers to, and that matters: what
// it needs may be gone, or be another by now, without having been seen so. Pure.
#pragma once

#include "core/resource.h"

/* Must `target` be looked at before anything is done about the referrer? It must when it moves
 * (core/moving.h), and when the referrer was in sync until a look showed it otherwise or gone, and
 * that look is the younger one: who deletes a thing mostly deletes what it stands on too. Unless
 * looks at the target fail (`is_blind`): then nothing that refers to it is held up for that. */
bool ahead_of(const struct resource *referrer, const struct resource *target, bool is_blind);
/* Is a look at the target that began then young enough for the referrer? */
bool ahead_is_served(const struct resource *referrer, int64_t look_started_ms);
