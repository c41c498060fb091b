// The picture of a file: what refers to what, and who talks to whom. Pure, from the desired state
// alone, so that it can be drawn before anything exists.
//
// Traffic is not declared anywhere; it follows from what lets it pass. Whoever carries a security
// group that another one's rules name may reach those that carry that other one; a rule for the
// whole world lets in "clients"; and what stands in subnets whose route table leads to a NAT
// gateway goes "outside" through it.
#pragma once

#include "core/desired.h"

/* [{"from": ADDRESS, "to": ADDRESS}]: `from` names `to` in the file; new. */
json_t *graph_references(const struct desired *desired);
/* [{"from", "to", "ports": ["443", "tcp 8080-8090"]}]: ends are addresses, "clients" or "outside";
 * "ports" is absent where any will do; new. */
json_t *graph_flow(const struct desired *desired);
