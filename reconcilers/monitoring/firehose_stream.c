// A delivery stream: the way that logs take from a subscription filter into an OpenSearch domain,
// or into a bucket.
//
// One destination has three shapes: ...Configuration when it is made, ...Description when it is
// read, ...Update when it is changed; the file speaks the first. UpdateDestination wants the
// version that was read, keeps what it is not told, and cannot move between OpenSearch and anything
// else. A network is chosen once.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void rename_member(json_t *value, const char *from, const char *to)
{
	json_t *member = json_object_get(value, from);
	if (member)
		json_object_set(value, to, member);
	json_object_del(value, from);
}

// "If you don't specify it": what Firehose adds to a Lambda processor, and shows.
static bool is_default(const json_t *parameter, const json_t *role)
{
	static const char *const rows[][2] = {{"NumberOfRetries", "3"},
		{"BufferIntervalInSeconds", "60"}, {"BufferSizeInMBs", "1"},
		{"BufferSizeInMBs", "1.0"}};
	const char *name = js_str(parameter, "ParameterName");
	const json_t *value = json_object_get(parameter, "ParameterValue");
	if (str_eq_null(name, "RoleArn"))
		return value && role && json_equal(value, role);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (str_eq_null(name, rows[i][0]) &&
			str_eq_null(json_string_value(value), rows[i][1]))
			return true;
	return false;
}

static void canon_processors(json_t *destination)
{
	size_t i, j;
	json_t *processor;
	json_array_foreach (
		js_at(destination, "ProcessingConfiguration.Processors"), i, processor) {
		json_t *parameters = json_object_get(processor, "Parameters");
		for (j = json_array_size(parameters); j > 0; j--)
			if (str_eq_null(js_str(processor, "Type"), "Lambda") &&
				is_default(json_array_get(parameters, j - 1),
					json_object_get(destination, "RoleARN")))
				json_array_remove(parameters, j - 1);
	}
}

static void canon_destination(json_t *value)
{
	rename_member(value, "S3DestinationDescription", "S3Configuration");
	rename_member(value, "S3BackupDescription", "S3BackupConfiguration");
	json_object_del(value, "VpcConfigurationDescription"); // fields of their own
	canon_processors(value);
}

// What is switched off still shows which key it had.
static void canon_encryption(json_t *value)
{
	const char *status = js_str(value, "Status");
	if (status && (str_starts(status, "DISABL") || str_eq(status, "ENABLING_FAILED"))) {
		json_object_del(value, "KeyType");
		json_object_del(value, "KeyARN");
	}
}

#define OPENSEARCH "AmazonopensearchserviceDestinationConfiguration"
#define ELASTICSEARCH "ElasticsearchDestinationConfiguration"

static void check_pairs(const json_t *hints, struct place place, struct findings *findings)
{
	bool has_size = json_object_get(hints, "SizeInMBs");
	bool has_time = json_object_get(hints, "IntervalInSeconds");
	if (hints && has_size != has_time)
		findings_error(findings, place,
			has_size ? "add 'interval_in_seconds:'" : "add 'size_in_mbs:'",
			"buffering_hints need both, size and interval");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const fields[][2] = {
		{OPENSEARCH, "amazonopensearchservice_destination_configuration"},
		{ELASTICSEARCH, "elasticsearch_destination_configuration"},
		{"ExtendedS3DestinationConfiguration", "extended_s3_destination_configuration"}};
	bool is_older = json_object_get(desired, ELASTICSEARCH);
	const json_t *search = json_object_get(desired, fields[is_older][0]);
	struct place place = place_of(node, fields[is_older][1]);
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		const json_t *one = json_object_get(desired, fields[i][0]);
		struct place at = place_of(node, fields[i][1]);
		check_pairs(json_object_get(one, "BufferingHints"), at, findings);
		check_pairs(js_at(one, "S3Configuration.BufferingHints"), at, findings);
		check_pairs(js_at(one, "S3BackupConfiguration.BufferingHints"), at, findings);
	}
	bool has_domain = json_object_get(search, "DomainARN");
	if (search && has_domain == (json_object_get(search, "ClusterEndpoint") != NULL))
		findings_error(findings, place,
			"write 'domain_arn: ${monitoring.opensearch_domain.NAME.arn}', alone", "%s",
			has_domain ? "domain_arn and cluster_endpoint exclude each other"
				   : "the destination has neither domain_arn nor "
				     "cluster_endpoint");
	if (json_object_get(search, "VpcConfiguration"))
		findings_error(findings, place,
			"write 'subnets:' and 'security_groups:' beside the destination",
			"vpc_configuration is not written here");
	bool has_subnets = json_object_get(desired, "SubnetIds");
	if (has_subnets != (json_object_get(desired, "SecurityGroupIds") != NULL))
		findings_error(findings,
			place_of(node, has_subnets ? "subnets" : "security_groups"),
			has_subnets ? "add 'security_groups: [...]'" : "add 'subnets: [...]'",
			"subnets and security_groups go together");
	if (has_subnets && !search)
		findings_error(findings, place_of(node, "subnets"), "take them out",
			"only a stream to OpenSearch stands in a network");
	if (json_object_get(desired, "KinesisStreamSourceConfiguration") &&
		!str_eq_null(js_str(desired, "DeliveryStreamType"), "KinesisStreamAsSource"))
		findings_error(findings, place_of(node, "kinesis_stream_source_configuration"),
			"write 'delivery_stream_type: KinesisStreamAsSource'",
			"a stream of type %s has no source", js_str(desired, "DeliveryStreamType"));
}

// clang-format off
#define UPDATE(name, ...)                                                                          \
	{.operation = "UpdateDestination",                                                           \
	 .args = ARGS({"DeliveryStreamName": "@id", "CurrentDeliveryStreamVersionId": "@observed.VersionId", "DestinationId": "@observed.DestinationId", name: __VA_ARGS__})}

static const struct field fields[] = {
	{.name = "delivery_stream_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the account and region"},
	{.name = "delivery_stream_type", .flags = FIELD_CREATE_ONLY, .preset = "\"DirectPut\"", .summary = "DirectPut: whoever may, puts; or KinesisStreamAsSource"},
	{.name = "kinesis_stream_source_configuration", .flags = FIELD_CREATE_ONLY, .compare = COMPARE_LOOSE, .observed = "Source.KinesisStreamSourceDescription",
	 .summary = "the Kinesis stream that it reads"},
	{.name = "amazonopensearchservice_destination_configuration", .member = OPENSEARCH, .flags = FIELD_ONE_OF, .compare = COMPARE_LOOSE, .canon = canon_destination,
	 .observed = "Destinations.0.AmazonopensearchserviceDestinationDescription",
	 .fixed = (const struct match_row[]){{OPENSEARCH, ""}, {OPENSEARCH ".S3BackupMode", "?*"}, {0}},
	 .update = UPDATE("AmazonopensearchserviceDestinationUpdate", {
			"RoleARN": "@desired.AmazonopensearchserviceDestinationConfiguration.RoleARN",
			"DomainARN": "@desired.AmazonopensearchserviceDestinationConfiguration.DomainARN",
			"ClusterEndpoint": "@desired.AmazonopensearchserviceDestinationConfiguration.ClusterEndpoint",
			"IndexName": "@desired.AmazonopensearchserviceDestinationConfiguration.IndexName",
			"TypeName": "@desired.AmazonopensearchserviceDestinationConfiguration.TypeName",
			"IndexRotationPeriod": "@desired.AmazonopensearchserviceDestinationConfiguration.IndexRotationPeriod",
			"BufferingHints": "@desired.AmazonopensearchserviceDestinationConfiguration.BufferingHints",
			"RetryOptions": "@desired.AmazonopensearchserviceDestinationConfiguration.RetryOptions",
			"S3Update": "@desired.AmazonopensearchserviceDestinationConfiguration.S3Configuration",
			"ProcessingConfiguration": "@desired.AmazonopensearchserviceDestinationConfiguration.ProcessingConfiguration",
			"CloudWatchLoggingOptions": "@desired.AmazonopensearchserviceDestinationConfiguration.CloudWatchLoggingOptions",
			"DocumentIdOptions": "@desired.AmazonopensearchserviceDestinationConfiguration.DocumentIdOptions"}),
	 .summary = "into a domain: role_arn, domain_arn, index_name, index_rotation_period, and s3_configuration for what it does not take"},
	{.name = "elasticsearch_destination_configuration", .member = ELASTICSEARCH, .flags = FIELD_ONE_OF, .compare = COMPARE_LOOSE, .canon = canon_destination,
	 .observed = "Destinations.0.ElasticsearchDestinationDescription",
	 .fixed = (const struct match_row[]){{ELASTICSEARCH, ""}, {ELASTICSEARCH ".S3BackupMode", "?*"}, {0}},
	 .update = UPDATE("ElasticsearchDestinationUpdate", {
			"RoleARN": "@desired.ElasticsearchDestinationConfiguration.RoleARN",
			"DomainARN": "@desired.ElasticsearchDestinationConfiguration.DomainARN",
			"ClusterEndpoint": "@desired.ElasticsearchDestinationConfiguration.ClusterEndpoint",
			"IndexName": "@desired.ElasticsearchDestinationConfiguration.IndexName",
			"TypeName": "@desired.ElasticsearchDestinationConfiguration.TypeName",
			"IndexRotationPeriod": "@desired.ElasticsearchDestinationConfiguration.IndexRotationPeriod",
			"BufferingHints": "@desired.ElasticsearchDestinationConfiguration.BufferingHints",
			"RetryOptions": "@desired.ElasticsearchDestinationConfiguration.RetryOptions",
			"S3Update": "@desired.ElasticsearchDestinationConfiguration.S3Configuration",
			"ProcessingConfiguration": "@desired.ElasticsearchDestinationConfiguration.ProcessingConfiguration",
			"CloudWatchLoggingOptions": "@desired.ElasticsearchDestinationConfiguration.CloudWatchLoggingOptions",
			"DocumentIdOptions": "@desired.ElasticsearchDestinationConfiguration.DocumentIdOptions"}),
	 .summary = "into a domain by the older interface, which Elasticsearch and OpenSearch domains take: role_arn, domain_arn, index_name, index_rotation_period, and s3_configuration for what it does not take"},
	{.name = "extended_s3_destination_configuration", .flags = FIELD_ONE_OF, .compare = COMPARE_LOOSE, .canon = canon_destination,
	 .observed = "Destinations.0.ExtendedS3DestinationDescription",
	 .fixed = (const struct match_row[]){{"ExtendedS3DestinationConfiguration", ""}, {"ExtendedS3DestinationConfiguration.S3BackupMode", "Enabled"}, {0}},
	 .update = UPDATE("ExtendedS3DestinationUpdate", {
			"RoleARN": "@desired.ExtendedS3DestinationConfiguration.RoleARN",
			"BucketARN": "@desired.ExtendedS3DestinationConfiguration.BucketARN",
			"Prefix": "@desired.ExtendedS3DestinationConfiguration.Prefix",
			"ErrorOutputPrefix": "@desired.ExtendedS3DestinationConfiguration.ErrorOutputPrefix",
			"BufferingHints": "@desired.ExtendedS3DestinationConfiguration.BufferingHints",
			"CompressionFormat": "@desired.ExtendedS3DestinationConfiguration.CompressionFormat",
			"EncryptionConfiguration": "@desired.ExtendedS3DestinationConfiguration.EncryptionConfiguration",
			"CloudWatchLoggingOptions": "@desired.ExtendedS3DestinationConfiguration.CloudWatchLoggingOptions",
			"ProcessingConfiguration": "@desired.ExtendedS3DestinationConfiguration.ProcessingConfiguration",
			"S3BackupMode": "@desired.ExtendedS3DestinationConfiguration.S3BackupMode",
			"S3BackupUpdate": "@desired.ExtendedS3DestinationConfiguration.S3BackupConfiguration",
			"DataFormatConversionConfiguration": "@desired.ExtendedS3DestinationConfiguration.DataFormatConversionConfiguration",
			"DynamicPartitioningConfiguration": "@desired.ExtendedS3DestinationConfiguration.DynamicPartitioningConfiguration",
			"FileExtension": "@desired.ExtendedS3DestinationConfiguration.FileExtension",
			"CustomTimeZone": "@desired.ExtendedS3DestinationConfiguration.CustomTimeZone"}),
	 .summary = "into a bucket: role_arn, bucket_arn, prefix, compression_format"},
	{.name = "subnets", .member = "SubnetIds", .type = FIELD_REFS, .ref = "subnet", .flags = FIELD_CREATE_ONLY,
	 .unless = {"SubnetIds", ""}, // not every answer shows the network
	 .observed = "Destinations.0.AmazonopensearchserviceDestinationDescription.VpcConfigurationDescription.SubnetIds"
		     "|Destinations.0.ElasticsearchDestinationDescription.VpcConfigurationDescription.SubnetIds", .summary = "to a domain in a network: where it reaches it from"},
	{.name = "security_groups", .member = "SecurityGroupIds", .type = FIELD_REFS, .ref = "security_group", .flags = FIELD_CREATE_ONLY,
	 .unless = {"SecurityGroupIds", ""}, // not every answer shows the network
	 .observed = "Destinations.0.AmazonopensearchserviceDestinationDescription.VpcConfigurationDescription.SecurityGroupIds"
		     "|Destinations.0.ElasticsearchDestinationDescription.VpcConfigurationDescription.SecurityGroupIds", .summary = "its groups there; the domain's must let it in at 443"},
	{.name = "delivery_stream_encryption_configuration_input", .compare = COMPARE_LOOSE, .canon = canon_encryption, .observed = "DeliveryStreamEncryptionConfiguration",
	 .update = {.operation = "StartDeliveryStreamEncryption", .flags = CALL_REPEATABLE,
		    .args = ARGS({"DeliveryStreamName": "@id", "DeliveryStreamEncryptionConfigurationInput": "@value"})},
	 .summary = "of what is on its way: key_type AWS_OWNED_CMK, or CUSTOMER_MANAGED_CMK with key_arn"},
	{.name = "version_id", .member = "VersionId", .flags = FIELD_COMPUTED, .summary = "counts its changes"},
	{.name = "destination_id", .member = "DestinationId", .flags = FIELD_COMPUTED, .observed = "Destinations.0.DestinationId", .summary = "of its one destination"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagDeliveryStream", .args = ARGS({"DeliveryStreamName": "@id", "Tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagDeliveryStream", .args = ARGS({"DeliveryStreamName": "@id", "TagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
};

const struct kind firehose_stream_kind = {
	.name = "firehose_stream",
	.layer = "monitoring",
	.service = "firehose",
	.summary = "a delivery stream, by which logs reach a domain or a bucket",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeDeliveryStream", ARGS({"DeliveryStreamName": "@each"}), "DeliveryStreamDescription", .each = "@{desired.DeliveryStreamName}"},
		.follows = {{"ListTagsForDeliveryStream", ARGS({"DeliveryStreamName": "@id", "Limit": 50}), "Tags", "Tags"}},
		.id = "DeliveryStreamName",
		.arn = "DeliveryStreamARN",
		.tag_types = "firehose",
		.key = "@{desired.DeliveryStreamName}",
	},
	// "DELETING_FAILED" and "CREATING_FAILED" can only be deleted.
	.states = {.path = "DeliveryStreamStatus", .pending = "CREATING", .failed = "CREATING_FAILED DELETING_FAILED", .gone = "DELETING", .message = "FailureDescription.Details"},
	.conditions = (const struct condition[]){
		{"DeliveryStreamEncryptionConfiguration.Status", "ENABLING_FAILED", "EncryptionFailed", "DeliveryStreamEncryptionConfiguration.FailureDescription.Details"},
		{"DeliveryStreamEncryptionConfiguration.Status", "ENABLING", "Encrypting", NULL, .is_progress = true},
		{"DeliveryStreamEncryptionConfiguration.Status", "DISABLING", "Decrypting", NULL, .is_progress = true},
		{0}},
	.create = {.operation = "CreateDeliveryStream",
		   .args = ARGS({"AmazonopensearchserviceDestinationConfiguration": {"RoleARN": "@!desired.AmazonopensearchserviceDestinationConfiguration.RoleARN",
				"VpcConfiguration": {"SubnetIds": "@!desired.SubnetIds", "SecurityGroupIds": "@desired.SecurityGroupIds", "RoleARN": "@desired.AmazonopensearchserviceDestinationConfiguration.RoleARN"}},
			"ElasticsearchDestinationConfiguration": {"RoleARN": "@!desired.ElasticsearchDestinationConfiguration.RoleARN",
				"VpcConfiguration": {"SubnetIds": "@!desired.SubnetIds", "SecurityGroupIds": "@desired.SecurityGroupIds", "RoleARN": "@desired.ElasticsearchDestinationConfiguration.RoleARN"}}})},
	.remove = {.operation = "DeleteDeliveryStream", .args = ARGS({"DeliveryStreamName": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	// "Firehose is unable to assume role": the role, or what it may, is too young.
	.not_yet = (const char *const[]){"InvalidArgumentException", "ResourceInUseException", NULL},
	.needs = "iam:PassRole",
	.check = check,
};
// clang-format on
