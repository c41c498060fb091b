// Paging from the models alone: which member of an answer is the next request's token.
#include "aws/client.h"
#include "base/str.h"

static const struct operation *operation_of(const struct aws_call *call)
{
	const struct service *service = model_service(call->service);
	return service ? service_operation(service, call->operation) : NULL;
}

json_t *aws_next_page(const struct aws_call *call, struct err *ret_err)
{
	const struct operation *operation = operation_of(call);
	*ret_err = ERR_OK;
	if (!operation || str_empty(operation_page_output_token(operation)))
		return NULL;
	// IAM and S3 say whether there is more; some of their answers carry a token even so.
	const char *more = operation_page_more(operation);
	if (!str_empty(more) && !json_is_true(js_at(call->output, more)))
		return NULL;
	json_t *token = js_at(call->output, operation_page_output_token(operation));
	bool is_empty_text = json_is_string(token) && !json_string_length(token);
	bool is_empty_map = json_is_object(token) && !json_object_size(token);
	if (!token || is_empty_text || is_empty_map)
		return NULL;
	const char *member = operation_page_input_token(operation);
	if (call->input && json_equal(token, js_at(call->input, member))) {
		*ret_err = err_new(ERR_TRANSIENT,
			"%s:%s: the next page has the token of this one; the list would never end",
			call->service, call->operation);
		return NULL;
	}
	json_t *input = call->input ? json_deep_copy(call->input) : json_object();
	if (!input || !js_put(input, member, json_incref(token))) {
		json_decref(input);
		*ret_err = err_nomem();
		return NULL;
	}
	return input;
}
