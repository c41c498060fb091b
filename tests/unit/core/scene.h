// What decide() is asked about, with everything in it, for a test to change.
#pragma once

#include "core/decide.h"
#include "core/policy.h"
#include "tests/unit/core/values.h"

#define WALL 1800000000000

/* An input with everything in it, for a test to change; the subnet is there and as it should be. */
struct scene {
	struct decide_input input;
	struct wanted wanted;
	struct policy policy;
	struct sighting seen;
	struct record record;
	struct failure failure;
	struct decision decision;
};

static inline void scene_init(struct scene *scene)
{
	*scene = (struct scene){.policy = policy_default()};
	scene->wanted = (struct wanted){.address = (char *)"network.subnet.a"};
	scene->seen = (struct sighting){.id = (char *)"subnet-1",
		.state = "available",
		.observed = J({
			"VpcId" : "vpc-1",
			"CidrBlock" : "10.0.0.0/24",
			"MapPublicIpOnLaunch" : false
		}),
		.tags = J({"holdfast:stack" : "shop"})};
	scene->record = (struct record){.id = (char *)"subnet-1",
		.observed = scene->seen.observed,
		.baseline = J({}),
		.writes = J({}),
		.depends_on = J([]),
		.drifts = J({})};
	scene->input = (struct decide_input){.kind = values_kind("subnet"),
		.wanted = &scene->wanted,
		.policy = &scene->policy,
		.want = J({
			"VpcId" : "vpc-1",
			"CidrBlock" : "10.0.0.0/24",
			"MapPublicIpOnLaunch" : false
		}),
		.waiting = J({}),
		.tags = J({"holdfast:stack" : "shop"}),
		.presence = PRESENCE_PRESENT,
		.seen = &scene->seen,
		.record = &scene->record,
		.failure = &scene->failure,
		.approved = J({}),
		.checked_ms = WALL,
		.wall_ms = WALL,
		.loop_ms = 1000000};
}

static inline void scene_again(struct scene *scene)
{
	decision_done(&scene->decision);
	scene_init(scene);
}

/* "ACT OutOfSync Progressing Correcting" */
static inline void expect_verdict(struct scene *scene, const char *expected)
{
	static const char *const verdicts[] = {
		"DONE", "ACT", "AGAIN", "WAIT", "HOLD", "BACKOFF", "FORGET"};
	struct decision *d = &scene->decision;
	decision_done(d);
	decide(&scene->input, d);
	_cleanup_free_ char *text = str_format("%s %s %s %s", verdicts[d->verdict],
		sync_name(d->sync), health_name(d->health), d->reason);
	assert_string_equal(text, expected);
	assert_true(*d->message != '\0');
	assert_true(d->verdict != VERDICT_AGAIN || d->again_ms > 0);
}

static inline void digest_of(const json_t *value, char ret[17])
{
	if (!value || !js_digest(value, ret, 17))
		str_copy(ret, 17, "-");
}

/* Notes that `path` was written, as the reconciler does. */
static inline void wrote(struct scene *scene, const char *path, const json_t *to,
	const json_t *from, int64_t ago_ms, int count)
{
	char to_digest[17], from_digest[17];
	digest_of(to, to_digest);
	digest_of(from, from_digest);
	json_object_set_new(scene->record.writes, path,
		json_pack("{s:s, s:s, s:I, s:i}", "to", to_digest, "from", from_digest, "at",
			(json_int_t)(WALL - ago_ms), "count", count));
}

static inline void approve(struct scene *scene)
{
	json_object_set_new((json_t *)scene->input.approved, scene->decision.digest, json_true());
}

static inline void absent(struct scene *scene)
{
	scene->input.presence = PRESENCE_ABSENT;
	scene->record.id = NULL;
	scene->record.observed = NULL;
	scene->record.kept = (json_t *)scene->input.want; // as the create call said
}

static inline void orphan(struct scene *scene)
{
	scene->input.wanted = NULL;
	scene->input.want = NULL;
}
