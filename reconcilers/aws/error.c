#include "aws/error.h"
#include "aws/quota.h"
#include "aws/retry.h"
#include "base/str.h"

struct code_class {
	const char *code; // a glob
	enum err_class class;
};

// The first row that fits counts: exact names before patterns. Sources: the error lists of each
// service's API reference; "common errors" of the query services.
// clang-format off
static const struct code_class codes[] = {
	// credentials and permissions
	{"AuthFailure",                        ERR_CREDENTIALS},
	{"AccessDenied*",                      ERR_DENIED},
	{"UnauthorizedOperation",              ERR_DENIED},
	{"UnauthorizedAccess",                 ERR_DENIED},
	{"NotAuthorized*",                     ERR_DENIED},
	{"AuthorizationError*",                ERR_DENIED}, // sns
	{"NotAuthorizedException",             ERR_DENIED},
	{"SignatureDoesNotMatch",              ERR_CREDENTIALS},
	{"InvalidSignatureException",          ERR_CREDENTIALS},
	{"IncompleteSignature*",               ERR_CREDENTIALS},
	{"MissingAuthenticationToken*",        ERR_CREDENTIALS},
	{"InvalidClientTokenId",               ERR_CREDENTIALS},
	{"UnrecognizedClientException",        ERR_CREDENTIALS},
	{"InvalidAccessKeyId",                 ERR_CREDENTIALS},
	{"InvalidToken",                       ERR_CREDENTIALS},
	{"ExpiredToken*",                      ERR_CREDENTIALS},
	{"RequestExpired",                     ERR_CREDENTIALS},
	{"RequestInTheFuture",                 ERR_CREDENTIALS},
	{"RequestTimeTooSkewed",               ERR_CREDENTIALS},
	{"OptInRequired",                      ERR_DENIED},
	{"SubscriptionRequiredException",      ERR_DENIED},
	{"Blocked",                            ERR_DENIED},
	{"PendingVerification",                ERR_DENIED},
	{"InvalidIdentityToken",               ERR_DENIED}, // sts: web identity
	{"IDPRejectedClaim",                   ERR_DENIED},
	{"RegionDisabledException",            ERR_DENIED},
	{"KMSAccessDeniedException",           ERR_DENIED},

	// not there (before the conflicts: "...NotFoundFault")
	{"NoSuchEntity*",                      ERR_NOT_FOUND},
	{"NoSuchBucket*",                      ERR_NOT_FOUND},
	{"NoSuchKey",                          ERR_NOT_FOUND},
	{"NoSuchHostedZone",                   ERR_NOT_FOUND},
	{"AWS.SimpleQueueService.NonExistentQueue", ERR_NOT_FOUND},
	{"QueueDoesNotExist",                  ERR_NOT_FOUND},
	{"Gateway.NotAttached",                ERR_NOT_FOUND},
	{"WAFNonexistentItemException",        ERR_NOT_FOUND},
	{"InvalidInstanceID.Malformed",        ERR_INVALID},
	{"*.NotFound",                         ERR_NOT_FOUND},
	{"*NotFound",                          ERR_NOT_FOUND},
	{"*NotFoundFault",                     ERR_NOT_FOUND},
	{"*NotFoundException",                 ERR_NOT_FOUND},
	{"*NotFoundError",                     ERR_NOT_FOUND},
	{"*NotFoundFaultFault",                ERR_NOT_FOUND},
	{"*DoesNotExist*",                     ERR_NOT_FOUND},
	{"*NonExistent*",                      ERR_NOT_FOUND},

	// quotas (aws/quota.h): more of the same will not help
	{"TagLimitExceeded",                   ERR_INVALID}, // of a resource: cannot be raised
	{"TooManyTags*",                       ERR_INVALID},
	{"LimitExceeded*",                     ERR_QUOTA},
	{"*LimitExceeded",                     ERR_QUOTA},
	{"*LimitExceededException",            ERR_QUOTA},
	{"*LimitExceededFault",                ERR_QUOTA},
	{"*QuotaExceeded*",                    ERR_QUOTA},
	{"*.LimitExceeded",                    ERR_QUOTA},
	{"TooMany*",                           ERR_QUOTA},
	{"Insufficient*Capacity*",             ERR_TRANSIENT},
	{"InsufficientFreeAddressesInSubnet",  ERR_INVALID},

	// there already, in use, or changing
	{"DependencyViolation",                ERR_CONFLICT},
	{"DeleteConflict*",                    ERR_CONFLICT},
	{"ConcurrentModification*",            ERR_CONFLICT},
	{"ConcurrentUpdateException",          ERR_CONFLICT},
	{"ConcurrentAccess*",                  ERR_CONFLICT},
	{"ConflictException",                  ERR_CONFLICT},
	{"OperationAborted*",                  ERR_CONFLICT},
	{"UpdateInProgressException",          ERR_CONFLICT},
	{"EntityTemporarilyUnmodifiable*",     ERR_CONFLICT},
	{"IncorrectState",                     ERR_CONFLICT},
	{"IncorrectInstanceState",             ERR_CONFLICT},
	{"IncorrectModificationState",         ERR_CONFLICT},
	{"InvalidState",                       ERR_CONFLICT},
	{"InvalidStateException",              ERR_CONFLICT},
	{"InvalidDB*State*",                   ERR_CONFLICT},
	{"InvalidGroup.InUse",                 ERR_CONFLICT},
	{"KMSInvalidStateException",           ERR_CONFLICT},
	{"ServiceNotActiveException",          ERR_CONFLICT},
	{"QueueDeletedRecently",               ERR_CONFLICT},
	{"AWS.SimpleQueueService.QueueDeletedRecently", ERR_CONFLICT},
	{"QueueNameExists",                    ERR_CONFLICT},
	{"QueueAlreadyExists",                 ERR_CONFLICT},
	{"BucketAlreadyOwnedByYou",            ERR_CONFLICT},
	{"BucketNotEmpty",                     ERR_CONFLICT},
	{"ResourceInUse*",                     ERR_CONFLICT},
	{"PriorityInUse*",                     ERR_CONFLICT},
	{"OperationNotPermitted*",             ERR_CONFLICT}, // elbv2: deletion protection
	{"WAFAssociatedItemException",         ERR_CONFLICT},
	{"WAFDuplicateItemException",          ERR_CONFLICT},
	{"WAFOptimisticLockException",         ERR_CONFLICT},
	{"WAFUnavailableEntityException",      ERR_CONFLICT},
	{"ResourceExistsException",            ERR_CONFLICT},
	{"InvalidSubnet.Conflict",             ERR_CONFLICT},
	{"InvalidVpc.Range",                   ERR_INVALID},
	{"VpcEndpointAlreadyExists",           ERR_CONFLICT},
	{"Resource.AlreadyAssociated",         ERR_CONFLICT},
	{"Resource.AlreadyAttached",           ERR_CONFLICT},
	{"*.AlreadyAssociated",                ERR_CONFLICT},
	{"*.InUse",                            ERR_CONFLICT},
	{"*InUseException",                    ERR_CONFLICT},
	{"*InUseFault",                        ERR_CONFLICT},
	{"*.Duplicate",                        ERR_CONFLICT},
	{"Duplicate*",                         ERR_CONFLICT},
	{"*AlreadyExists*",                    ERR_CONFLICT},
	{"*AlreadyInUse*",                     ERR_CONFLICT},
	{"*AlreadyRegistered*",                ERR_CONFLICT},
	{"*AlreadyAssociated*",                ERR_CONFLICT},
	{"IdempotentParameterMismatch*",       ERR_CONFLICT}, // retry_is_token_taken()
	{"*IdempotencyException",              ERR_CONFLICT},
};
// clang-format on

enum err_class aws_error_class(const char *code, int http_status)
{
	if (retry_is_throttling(code, http_status))
		return ERR_THROTTLED;
	for (size_t i = 0; !str_empty(code) && i < ARRAY_COUNT(codes); i++)
		if (str_glob(codes[i].code, code))
			return codes[i].class;
	if (retry_is_retryable(code, http_status))
		return ERR_TRANSIENT;
	if (http_status >= 500)
		return ERR_TRANSIENT;
	if (!str_empty(code))
		return ERR_INVALID;
	// No code: not an answer of AWS's, but of something on the way. 404 must not read as 'it
	// does not exist'.
	switch (http_status) {
	case 401:
	case 403:
	case 407:
		return ERR_DENIED;
	default:
		return ERR_TRANSIENT;
	}
}

/* The word after `marker`, up to a blank; "" when it is not there. */
static void word_after(const char *text, const char *marker, char *ret_word, size_t bytes)
{
	ret_word[0] = '\0';
	const char *at = strstr(text, marker);
	if (!at)
		return;
	at += strlen(marker);
	size_t length = strcspn(at, " \t\n");
	if (length && length < bytes) {
		memcpy(ret_word, at, length);
		ret_word[length] = '\0';
		if (ret_word[length - 1] == '.' || ret_word[length - 1] == ',')
			ret_word[length - 1] = '\0';
	}
}

/* EC2 appends hundreds of bytes that only sts:DecodeAuthorizationMessage can read. */
static int readable_bytes(const char *message)
{
	const char *encoded = strstr(message, "Encoded authorization failure message:");
	size_t bytes = encoded ? (size_t)(encoded - message) : strlen(message);
	while (bytes && (message[bytes - 1] == ' ' || message[bytes - 1] == '\n'))
		bytes--;
	return (int)bytes;
}

static struct err unaccepted(const struct wire_error *answer, const struct error_context *context)
{
	return err_code(ERR_CREDENTIALS, answer->code,
		"AWS does not accept the credentials %s from %s; check that source and this host's "
		"clock: %.*s",
		context->access_key_id ? context->access_key_id : "(none)",
		context->source ? context->source : "nowhere", readable_bytes(answer->message),
		answer->message);
}

static struct err used_up(const struct wire_error *answer, const struct error_context *context)
{
	char remedy[320];
	quota_say(&(struct quota_asked){.service = context->service,
			  .signing_name = context->signing_name,
			  .operation = context->operation,
			  .region = context->region ? context->region : "REGION",
			  .code = answer->code,
			  .message = answer->message},
		remedy, sizeof(remedy));
	return err_code(ERR_QUOTA, answer->code, "%s: %s", remedy, answer->message);
}

// "User: U is not authorized to perform: A on resource: R because no ... policy allows the A
// action": told in the words of what to do, whole, since the sentence twice would not fit.
static struct err denied_by_omission(
	const struct wire_error *answer, const char *action, const char *user)
{
	enum { MOST_REASON = 120 };
	char resource[200];
	const char *because = strstr(answer->message, " because ");
	int left = readable_bytes(answer->message) - (int)(because - answer->message);
	word_after(answer->message, "on resource: ", resource, sizeof(resource));
	return err_code(ERR_DENIED, answer->code, "denied: add %s%s%s to the policy of %s,%.*s",
		action, *resource && !str_eq(resource, "*") ? " on " : "",
		str_eq(resource, "*") ? "" : resource, user,
		left < 0             ? 0
		: left > MOST_REASON ? MOST_REASON
				     : left,
		because);
}

static struct err denied(const struct wire_error *answer, const struct error_context *context)
{
	int bytes = readable_bytes(answer->message);
	char action[100], user[160];
	word_after(answer->message, "not authorized to perform: ", action, sizeof(action));
	word_after(answer->message, "User: ", user, sizeof(user));
	if (!strchr(action, ':'))
		snprintf(
			action, sizeof(action), "%s:%s", context->signing_name, context->operation);
	const char *who = *user ? user : "the identity in use";
	if (strstr(answer->message, "explicit deny"))
		return err_code(ERR_DENIED, answer->code,
			"a policy denies %s to %s explicitly; change that policy: %.*s", action,
			who, bytes, answer->message);
	if (*user && strstr(answer->message, " because "))
		return denied_by_omission(answer, action, user);
	return err_code(ERR_DENIED, answer->code, "denied: add %s to the policy of %s: %.*s",
		action, who, bytes, answer->message);
}

struct err error_from_answer(
	const struct wire_error *answer, int http_status, const struct error_context *context)
{
	enum err_class class = aws_error_class(answer->code, http_status);
	struct err err;
	if (class == ERR_DENIED && *answer->code)
		err = denied(answer, context);
	else if (class == ERR_CREDENTIALS)
		err = unaccepted(answer, context);
	else if (class == ERR_QUOTA)
		err = used_up(answer, context);
	else if (!*answer->code)
		err = err_new(class, "HTTP status %d without an AWS error", http_status);
	else if (*answer->message)
		err = err_code(class, answer->code, "%s", answer->message);
	else
		err = err_code(
			class, answer->code, "%s (HTTP status %d)", answer->code, http_status);
	str_copy(err.request_id, sizeof(err.request_id), answer->request_id);
	return err;
}
