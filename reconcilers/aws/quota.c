// Names and codes: "Service endpoints and quotas" of the AWS General Reference, and each service's
// own page of quotas. What AWS raises only through a support case has no code here.
#include "aws/quota.h"
#include "base/defs.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

struct quota {
	const char *service;
	const char *what;       // a glob: of the error's code or, where that is always the same, of
				// the operation
	const char *quotas_of;  // its service in Service Quotas; NULL: as it signs
	const char *quota_code; // NULL: none, or not known
	const char *name;       // as Service Quotas has it
};

// clang-format off
static const struct quota quotas[] = {
	{"ec2",            "VpcLimitExceeded",               "vpc", "L-F678F1CE",  "VPCs per Region"},
	{"ec2",            "SubnetLimitExceeded",            "vpc", "L-407747CB",  "Subnets per VPC"},
	{"ec2",            "InternetGatewayLimitExceeded",   "vpc", "L-A4707A72",  "Internet gateways per Region"},
	{"ec2",            "NatGatewayLimitExceeded",        "vpc", "L-FE5A380F",  "NAT gateways per Availability Zone"},
	{"ec2",            "AddressLimitExceeded",           "ec2", "L-0263D0A3",  "EC2-VPC Elastic IPs"},
	{"ec2",            "RouteTableLimitExceeded",        "vpc", "L-589F43AA",  "Route tables per VPC"},
	{"ec2",            "RouteLimitExceeded",             "vpc", "L-93826ACB",  "Routes per route table"},
	{"ec2",            "SecurityGroupLimitExceeded",     "vpc", "L-E79EC296",  "VPC security groups per Region"},
	{"ec2",            "RulesPerSecurityGroup*",         "vpc", "L-0EA8095F",  "Inbound or outbound rules per security group"},
	{"ec2",            "SecurityGroupsPerI*",            "vpc", "L-2AFB9258",  "Security groups per network interface"},
	{"ec2",            "NetworkAclLimitExceeded",        "vpc", "L-B4A6D682",  "Network ACLs per VPC"},
	{"ec2",            "NetworkAclEntryLimitExceeded",   "vpc", "L-2AEEBF1A",  "Rules per network ACL"},
	{"ec2",            "VpcEndpointLimitExceeded",       "vpc", NULL,          "VPC endpoints"},
	{"elbv2",          "TooManyLoadBalancers*",          NULL,  "L-53DA6B97",  "Application Load Balancers per Region"},
	{"elbv2",          "TooManyTargetGroups*",           NULL,  "L-B22855CB",  "Target Groups per Region"},
	{"elbv2",          "TooManyListeners*",              NULL,  "L-B6DF7632",  "Listeners per Application Load Balancer"},
	{"elbv2",          "TooManyRules*",                  NULL,  NULL,          "Rules per Application Load Balancer"},
	{"ecs",            "CreateCluster",                  NULL,  "L-21C621EB",  "Clusters per account"},
	{"ecs",            "CreateService",                  NULL,  "L-9EF96962",  "Services per cluster"},
	{"ecs",            "RegisterTaskDefinition",         NULL,  "L-B9151B48",  "Revisions per task definition family"},
	{"rds",            "InstanceQuotaExceeded*",         NULL,  "L-7B6409FD",  "DB instances"},
	{"rds",            "StorageQuotaExceeded*",          NULL,  "L-7ADDB58A",  "Total storage for all DB instances"},
	{"rds",            "DBSubnetGroupQuotaExceeded*",    NULL,  "L-48C6BF61",  "DB subnet groups"},
	{"rds",            "DBParameterGroupQuotaExceeded*", NULL,  "L-DE55804A",  "Parameter groups"},
	{"rds",            "DBProxyQuotaExceeded*",          NULL,  "L-D94C7EA3",  "Proxies"},
	{"iam",            "CreateRole",                     NULL,  "L-FE177D64",  "Roles per account"},
	{"iam",            "CreatePolicy",                   NULL,  "L-E95E4862",  "Customer managed policies per account"},
	{"iam",            "AttachRolePolicy",               NULL,  "L-0DA4ABF3",  "Managed policies per role"},
	{"kms",            "CreateKey",                      NULL,  "L-C2F1777E",  "KMS keys"},
	{"secretsmanager", "CreateSecret",                   NULL,  "L-2F66C23C",  "Secrets"},
	{"acm",            "RequestCertificate",             NULL,  "L-F141DD1D",  "ACM certificates"},
	{"acm",            "ImportCertificate",              NULL,  NULL,          "Imported certificates"},
	{"s3",             "TooManyBuckets",                 NULL,  "L-DC2B2D3D",  "Buckets"},
	{"sns",            "TopicLimitExceeded*",            NULL,  "L-61103206",  "Topics per account"},
	{"sns",            "SubscriptionLimitExceeded*",     NULL,  NULL,          "Subscriptions per topic"},
	{"sns",            "FilterPolicyLimitExceeded*",     NULL,  NULL,          "Filter policies per account"},
	{"opensearch",     "CreateDomain",                   NULL,  "L-076D529E",  "Domains per Region"},
	{"logs",           "CreateLogGroup",                 NULL,  NULL,          "Log groups"},
	{"logs",           "PutMetricFilter",                NULL,  NULL,          "Metric filters per log group"},
	{"logs",           "PutSubscriptionFilter",          NULL,  NULL,          "Subscription filters per log group"},
	{"firehose",       "CreateDeliveryStream",           NULL,  NULL,          "Delivery streams"},
	{"cloudwatch",     "Put*Alarm",                      NULL,  NULL,          "Alarms"},
	{"application-autoscaling", "RegisterScalableTarget", NULL, NULL, "Scalable targets for the service"},
	{"application-autoscaling", "PutScalingPolicy", NULL, NULL, "Scaling policies per scalable target"},
};
// clang-format on

// IAM names it itself: "Cannot exceed quota for PoliciesPerRole: 10".
static void own_words(const char *message, char *ret_name, size_t bytes)
{
	static const char mark[] = "Cannot exceed quota for ";
	const char *at = strstr(message, mark);
	size_t length = at ? strcspn(at + strlen(mark), ": ") : 0;
	ret_name[0] = '\0';
	if (length && length < bytes)
		snprintf(ret_name, bytes, "%.*s", (int)length, at + strlen(mark));
}

static const struct quota *find(const struct quota_asked *asked)
{
	for (size_t i = 0; i < ARRAY_COUNT(quotas); i++)
		if (str_eq(quotas[i].service, asked->service) &&
			(str_glob(quotas[i].what, asked->code) ||
				str_glob(quotas[i].what, asked->operation)))
			return &quotas[i];
	return NULL;
}

void quota_say(const struct quota_asked *asked, char *ret_text, size_t bytes)
{
	const struct quota *quota = find(asked);
	char own[64], name[160];
	own_words(asked->message, own, sizeof(own));
	if (*own && !strstr(own, "Per")) // a size, not the number that the operation's row is of
		quota = NULL;
	snprintf(name, sizeof(name), "%s", quota ? quota->name : *own ? own : asked->code);
	const char *of = quota && quota->quotas_of ? quota->quotas_of : asked->signing_name;
	if (quota && quota->quota_code)
		snprintf(ret_text, bytes,
			"the quota '%s' is used up; give something back, or raise it: aws "
			"service-quotas request-service-quota-increase --region %s --service-code "
			"%s --quota-code %s --desired-value N",
			name, asked->region, of, quota->quota_code);
	else
		snprintf(ret_text, bytes,
			"the quota '%s' is used up; give something back, or see whether it can be "
			"raised: aws service-quotas list-service-quotas --region %s --service-code "
			"%s",
			name, asked->region, of);
}
