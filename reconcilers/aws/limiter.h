// How fast calls may start: a token bucket that leaves a share of AWS's own rate to others, slows
// down when AWS asks for less and recovers with success. Pure: time is an argument.
//
// A call reserves its token and is told how long to wait; so waiting calls keep their order and
// each needs one timer. Tokens below zero are reservations.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct limiter {
	double tokens;
	double burst;        // most tokens
	double rate;         // tokens a second, now
	double nominal_rate; // when nothing complains
	int64_t filled_ms;   // when tokens was right
	int64_t slowed_ms;   // last slow-down
};

enum {
	LIMITER_SLOW_EVERY_MS = 1000, // answers of one burst count as one complaint
};

void limiter_init(struct limiter *limiter, double rate, double burst, int64_t now_ms);
/* Takes a token; the milliseconds until the call may start (0: now). */
int64_t limiter_reserve(struct limiter *limiter, int64_t now_ms);
/* Gives back a token whose call never started. */
void limiter_return(struct limiter *limiter);
/* The share of the burst that may be used at once, 0..1. */
double limiter_left(const struct limiter *limiter, int64_t now_ms);
/* AWS throttled a call: half the rate, no burst left. */
void limiter_on_throttled(struct limiter *limiter, int64_t now_ms);
/* A call succeeded: a step back towards the nominal rate. */
void limiter_on_success(struct limiter *limiter, int64_t now_ms);

/* What a service grants us: about half of AWS's published or observed rates. */
struct limiter_rate {
	double rate, burst;
};
struct limiter_rate limiter_rate_of(const char *service, bool is_write);
