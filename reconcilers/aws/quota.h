// Quotas of AWS services: which one an error is about, and how a person raises it. Pure.
#pragma once

#include <stddef.h>

struct quota_asked {
	const char *service;      // "ec2"
	const char *signing_name; // "elasticloadbalancing": mostly also its name in Service Quotas
	const char *operation;    // "CreateVpc"
	const char *region;       // that the call was signed for
	const char *code;         // of the error: "VpcLimitExceeded"
	const char *message;      // AWS's own
};

/* "the quota 'VPCs per Region' is used up; give something back, or raise it: aws service-quotas
 * request-service-quota-increase ...". For an error of class ERR_QUOTA, also one whose quota is not
 * in the table. */
void quota_say(const struct quota_asked *asked, char *ret_text, size_t bytes);
