#include "aws/limiter.h"
#include "base/defs.h"
#include "base/str.h"

#define LOWEST_RATE 0.5
#define RECOVERY 0.05 // of the nominal rate, a success

void limiter_init(struct limiter *limiter, double rate, double burst, int64_t now_ms)
{
	*limiter = (struct limiter){
		.tokens = burst,
		.burst = burst,
		.rate = rate,
		.nominal_rate = rate,
		.filled_ms = now_ms,
		.slowed_ms = now_ms - LIMITER_SLOW_EVERY_MS,
	};
}

static void fill(struct limiter *limiter, int64_t now_ms)
{
	if (now_ms <= limiter->filled_ms)
		return;
	limiter->tokens += limiter->rate * (double)(now_ms - limiter->filled_ms) / 1000;
	if (limiter->tokens > limiter->burst)
		limiter->tokens = limiter->burst;
	limiter->filled_ms = now_ms;
}

double limiter_left(const struct limiter *limiter, int64_t now_ms)
{
	struct limiter copy = *limiter;
	fill(&copy, now_ms);
	return copy.tokens <= 0 || copy.burst <= 0 ? 0 : copy.tokens / copy.burst;
}

int64_t limiter_reserve(struct limiter *limiter, int64_t now_ms)
{
	fill(limiter, now_ms);
	limiter->tokens -= 1;
	if (limiter->tokens >= 0)
		return 0;
	return (int64_t)(-limiter->tokens / limiter->rate * 1000) + 1;
}

void limiter_return(struct limiter *limiter)
{
	limiter->tokens += 1;
	if (limiter->tokens > limiter->burst)
		limiter->tokens = limiter->burst;
}

void limiter_on_throttled(struct limiter *limiter, int64_t now_ms)
{
	fill(limiter, now_ms);
	if (limiter->tokens > 0)
		limiter->tokens = 0;
	if (now_ms - limiter->slowed_ms < LIMITER_SLOW_EVERY_MS)
		return;
	limiter->slowed_ms = now_ms;
	limiter->rate /= 2;
	if (limiter->rate < LOWEST_RATE)
		limiter->rate = LOWEST_RATE;
}

void limiter_on_success(struct limiter *limiter, int64_t now_ms)
{
	if (limiter->rate >= limiter->nominal_rate)
		return;
	fill(limiter, now_ms); // what has passed was filled at the old rate
	limiter->rate += limiter->nominal_rate * RECOVERY;
	if (limiter->rate > limiter->nominal_rate)
		limiter->rate = limiter->nominal_rate;
}

struct limiter_rate limiter_rate_of(const char *service, bool is_write)
{
	// EC2 publishes 20/s with bursts of 100 for describes and 5/s with bursts of 50 for
	// changes, each API action by itself ("Request throttling for the Amazon EC2 API"). One
	// bucket here covers all actions, of which a stack uses a dozen for changes: a burst of
	// four actions' worth and the rate of two leave each of them more than half of its own.
	// RDS, ELB and IAM publish nothing; throttles have been reported from about 20/s on.
	static const struct {
		const char *service;
		struct limiter_rate read, write;
	} rates[] = {
		{"ec2", {40, 200}, {10, 200}},
		{"iam", {10, 100}, {5, 50}},
		{"logs", {5, 100}, {2.5, 50}},
		// Reads of a bucket's settings, one each; S3 has published 5,500 reads/s a prefix.
		{"s3", {40, 200}, {10, 100}},
		{"sts", {20, 50}, {20, 50}},
	};
	for (size_t i = 0; i < ARRAY_COUNT(rates); i++)
		if (str_eq(rates[i].service, service))
			return is_write ? rates[i].write : rates[i].read;
	return is_write ? (struct limiter_rate){5, 50} : (struct limiter_rate){10, 100};
}
