#include "tests/sim/tokens.h"
#include "tests/sim/cloudops.h"

bool tokens_answer(struct cloud *cloud, const char *operation, const json_t *input, json_t *output,
	struct err *ret_err)
{
	const char *token = js_str(input, "ClientToken");
	json_t *known = token ? json_object_get(cloud->tokens, token) : NULL;
	if (!known || cloud_now(cloud) - js_int(known, "at", 0) > cloud->token_lives_ms)
		return false;
	if (!str_eq_null(js_str(known, "operation"), operation) ||
		!json_equal(json_object_get(known, "input"), (json_t *)input)) {
		*ret_err = cloudops_conflict("IdempotentParameterMismatch");
		ret_err->maybe_done = true; // as the client tells it
		return true;
	}
	json_object_update(output, json_object_get(known, "output"));
	*ret_err = ERR_OK;
	return true;
}

void tokens_note(
	struct cloud *cloud, const char *operation, const json_t *input, const json_t *output)
{
	const char *token = js_str(input, "ClientToken");
	if (token)
		json_object_set_new(cloud->tokens, token,
			json_pack("{s:I, s:s, s:o, s:o}", "at", (json_int_t)cloud_now(cloud),
				"operation", operation, "input", json_deep_copy(input), "output",
				json_deep_copy(output)));
}
