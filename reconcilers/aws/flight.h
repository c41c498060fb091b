// Private to the client: one call under way, and what all calls share. See client.h for the
// contract.
#pragma once

#include "aws/awsconfig.h"
#include "aws/client.h"
#include "aws/credcache.h"
#include "aws/endpoint.h"
#include "aws/limiter.h"
#include "aws/partition.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "aws/wire.h"
#include "base/hash.h"
#include "base/map.h"

/* One service of the client's account and region. */
struct channel {
	const struct service *service;
	struct endpoint endpoint;
	struct limiter read, write;
	struct retry_quota quota;
	uint64_t requests, errors, throttled, retries;
	int in_flight;
};

struct aws {
	struct aws_port port;
	struct loop *loop;                  // borrowed
	struct http *http;                  // borrowed
	char *asked_region, *asked_profile; // owned; of the settings, for a reload
	const struct env *env;              // borrowed
	double backoff_scale, rate_scale;
	struct awsconfig config;
	char region[32]; // of config; its address stays over a reload
	const struct partition *partition;
	struct credcache *credentials; // owned
	struct sigv4 signer;
	struct map channels; // struct channel, owned, by service name
	struct list running; // flights
	struct list waiting; // flights that want a slot, first come first served
	struct list idle;    // flights to be used again
	int most_in_flight, in_flight;
	int64_t skew_ms; // AWS's clock - ours
	uint64_t requests;
	char user_agent[96];
	uint8_t random[512]; // drawn ahead: one draw costs more than an id made of it
	size_t random_left;
};

enum flight_phase {
	FLIGHT_NEW,         // look the operation up, encode
	FLIGHT_PACE,        // waiting for the service's token bucket
	FLIGHT_SLOT,        // waiting for one of the client's slots
	FLIGHT_CREDENTIALS, // waiting for credentials
	FLIGHT_SENT,        // the request is under way
	FLIGHT_BACKOFF,     // waiting before another attempt
	FLIGHT_HOLD,        // waiting before the failure of a long poll is told
	FLIGHT_DONE,
};

enum { FLIGHT_MOST_HEADERS = 24 };

struct flight {
	struct task task;
	struct list link;      // in running or idle
	struct list slot_link; // in waiting
	struct aws *aws;       // borrowed
	struct aws_call *call; // borrowed
	struct channel *channel;
	const struct operation *operation;
	enum flight_phase phase;
	bool is_canceled;
	bool has_rate_token;
	bool has_slot;
	bool has_wire;
	bool has_renewed;   // credentials, once a call
	bool has_corrected; // the clock, once a call
	bool is_unsure;     // an attempt may have been carried out
	struct wire_request wire;
	char *query; // owned; as sent
	char body_hash[HASH_HEX_BYTES];
	struct endpoint bucket_endpoint; // S3 with the bucket in its host
	struct buf url, path, header_text;
	const char *header_lines[FLIGHT_MOST_HEADERS + 1];
	char invocation_id[HASH_UUID_BYTES];
	char access_key_id[132]; // that signed last
	struct http_request request;
	struct timer timer;
	struct credwait credwait;
	struct retry retry;
	struct retry_policy policy;
	struct err held; // FLIGHT_HOLD
	int64_t started_ms;
	int64_t sent_wall_ms;
};

/* Starts the call; the client's aws_port. */
void flight_start(struct aws_port *port, struct aws_call *call, struct task *owner);
void flight_free(struct flight *flight);
/* The service's channel; NULL with *ret_err set when it is not in the models or has no endpoint. */
struct channel *flight_channel(struct aws *aws, const char *service, struct err *ret_err);

/* request.c. Once a call: encodes the input, hashes the body. */
struct err request_encode(struct flight *flight) MUST_CHECK;
/* The next attempt's URL and headers into flight->request; signed, unless `credentials` is NULL. */
struct err request_prepare(struct flight *flight, const struct credentials *credentials) MUST_CHECK;
