// The decision about what is not in the file. Pure; a part of decide().
#pragma once

#include "core/decide.h"

/* input->wanted is NULL; its presence is known. */
void orphan_decide(const struct decide_input *input, struct decision *decision);
