// A certificate of ACM: requested from AWS (domain_name), or imported from files on this host. A
// requested one stays pending until its DNS records stand, which may take days and is no failure;
// an imported one is imported again in place when its file's serial number changes.
//
// Summaries have no tags and DescribeCertificate is one call each: the tagging API finds, the
// describe proves.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"
#include <ctype.h>

// "RSA-2048" is how ACM describes what is requested as RSA_2048.
static void canon_algorithm(json_t *observed)
{
	char text[64];
	const char *algorithm = js_str(observed, "KeyAlgorithm");
	if (!algorithm || !str_copy(text, sizeof(text), algorithm))
		return;
	for (char *c = text; *c; c++)
		*c = *c == '-' ? '_' : *c;
	js_set_str(observed, "KeyAlgorithm", text);
}

// AWS counts the domain itself among the alternative names.
static void canon_names(json_t *observed)
{
	const char *domain = js_str(observed, "DomainName");
	const json_t *all = json_object_get(observed, "SubjectAlternativeNames");
	size_t i;
	json_t *name;
	if (!domain || !all)
		return;
	json_t *others = json_array();
	json_array_foreach ((json_t *)all, i, name)
		if (!json_is_string(name) || !str_eq_nocase(json_string_value(name), domain))
			json_array_append(others, name);
	json_object_set_new(observed, "SubjectAlternativeNames", others);
}

// "00:0A:1B" and "0a1b" are one number.
static void canon_serial(json_t *observed)
{
	char text[160];
	size_t n = 0;
	const char *serial = js_str(observed, "Certificate");
	for (const char *c = serial; c && *c && n + 3 < sizeof(text); c++)
		if (isxdigit((unsigned char)*c)) {
			if (n % 3 == 2)
				text[n++] = ':';
			text[n++] = (char)tolower((unsigned char)*c);
		}
	text[n] = '\0';
	const char *start = text;
	while (str_starts(start, "00:"))
		start += 3;
	if (serial)
		js_set_str(observed, "Certificate", start);
}

static void canon(json_t *observed)
{
	canon_algorithm(observed);
	canon_names(observed);
	canon_serial(observed);
}

// Names have no case: AWS shows them in small letters. A text may still be a reference.
static void canon_domains(json_t *names)
{
	size_t i;
	json_t *name;
	json_array_foreach (names, i, name) {
		char *low = json_is_string(name) ? strdup(json_string_value(name)) : NULL;
		for (char *c = low; c && *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (low)
			json_array_set_new(names, i, json_string(low));
		free(low);
	}
}

static void check_domain(const json_t *name, struct place place, struct findings *findings)
{
	const char *text = json_string_value(name);
	if (text && str_ends(text, "."))
		findings_error(findings, place, "take the dot out",
			"ACM takes no dot at the end of a name: '%s'", text);
}

// What belongs to one way only.
static void check_way(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const of_request[] = {"subject_alternative_names", "validation_method",
		"key_algorithm", "options", "certificate_authority_arn", "validation_domains"};
	static const char *const of_import[] = {"private_key_file", "certificate_chain_file"};
	bool is_import = json_object_get(desired, "Certificate");
	const char *const *others = is_import ? of_request : of_import;
	size_t count = is_import ? ARRAY_COUNT(of_request) : ARRAY_COUNT(of_import);
	for (size_t i = 0; i < count; i++)
		if (node_get(node, others[i]))
			findings_error(findings, place_of(node, others[i]),
				is_import ? "take it out: the file says it"
					  : "write 'certificate_file:' in place of 'domain_name:'",
				"%s is for a certificate that is %s", others[i],
				is_import ? "requested" : "imported");
	if (is_import && !json_object_get(desired, "PrivateKey"))
		findings_error(findings, place_of(node, "certificate_file"),
			"add 'private_key_file: /path'",
			"a certificate is imported together with its private key");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *domain = js_str(desired, "DomainName");
	size_t i;
	json_t *name;
	check_way(desired, node, findings);
	check_domain(
		json_object_get(desired, "DomainName"), place_of(node, "domain_name"), findings);
	json_array_foreach (json_object_get(desired, "SubjectAlternativeNames"), i, name) {
		check_domain(name, place_of_item(node, "subject_alternative_names", i), findings);
		if (domain && json_is_string(name) &&
			str_eq_nocase(json_string_value(name), domain))
			findings_error(findings,
				place_of_item(node, "subject_alternative_names", i), "take it out",
				"'%s' is the certificate's domain_name already", domain);
	}
	if (domain && !json_object_get(desired, "ValidationMethod") &&
		!json_object_get(desired, "CertificateAuthorityArn"))
		findings_warning(findings, place_of(node, "domain_name"),
			"add 'validation_method: DNS'",
			"unless told otherwise AWS writes mails to the domain's owner, and again "
			"for every renewal");
}

// clang-format off
#define FROM_FILE(of) .type = FIELD_SOURCE, .form = SOURCE_PATH, .shape = "ImportCertificate:" of, .member = of
#define REQUESTED(path) .observed = "Certificate." path, .flags = FIELD_CREATE_ONLY

static const struct field fields[] = {
	{.name = "domain_name", .observed = "Certificate.DomainName", .flags = FIELD_CREATE_ONLY | FIELD_ONE_OF, .compare = COMPARE_NOCASE, .summary = "requested: the name that it is for; '*.' before it for all names below"},
	{.name = "subject_alternative_names", REQUESTED("SubjectAlternativeNames"), .compare = COMPARE_SET, .canon = canon_domains, .summary = "requested: further names"},
	{.name = "validation_method", REQUESTED("DomainValidationOptions.0.ValidationMethod"), .summary = "requested: DNS (status shows the records to create) or EMAIL"},
	{.name = "validation_domains", .member = "ValidationDomains", .shape = "RequestCertificate:DomainValidationOptions", .flags = FIELD_CREATE_ONLY | FIELD_WRITE_ONLY,
	 .summary = "requested, EMAIL: {domain_name, validation_domain} where the owner's mails go to a domain above"},
	{.name = "key_algorithm", REQUESTED("KeyAlgorithm"), .summary = "requested: RSA_2048 unless given"},
	{.name = "certificate_authority_arn", REQUESTED("CertificateAuthorityArn"), .summary = "requested: the private authority that issues it"},
	{.name = "options", .observed = "Certificate.Options", .compare = COMPARE_SUBSET,
	 .update = {.operation = "UpdateCertificateOptions", .args = ARGS({"CertificateArn": "@id", "Options": "@value"}), .flags = CALL_REPEATABLE},
	 .summary = "requested: {certificate_transparency_logging_preference: ENABLED}"},
	{.name = "certificate_file", FROM_FILE("Certificate"), .mark = MARKED_SERIAL, .observed = "Certificate.Serial", .flags = FIELD_ONE_OF | FIELD_QUIET,
	 .update = {.operation = "ImportCertificate", .flags = CALL_REPEATABLE,
		    .args = ARGS({"CertificateArn": "@id", "Certificate": {"@source": "Certificate"}, "PrivateKey": {"@source": "PrivateKey"}, "CertificateChain": {"@source": "CertificateChain"}})},
	 .summary = "imported: path of its PEM file; imported again, in place, when its serial number changes (at a reload)"},
	{.name = "private_key_file", FROM_FILE("PrivateKey"), .flags = FIELD_QUIET | FIELD_WRITE_ONLY, .summary = "imported: path of its private key, PEM without a passphrase; never stored or shown"},
	{.name = "certificate_chain_file", FROM_FILE("CertificateChain"), .flags = FIELD_QUIET | FIELD_WRITE_ONLY, .summary = "imported: path of the certificates above it, PEM"},
	{.name = "arn", .member = "Arn", .observed = "Certificate.CertificateArn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{.name = "status", .member = "Status", .observed = "Certificate.Status", .flags = FIELD_COMPUTED, .summary = "AWS's word for its state"},
	{.name = "domain_validation_options", .member = "DomainValidationOptions", .observed = "Certificate.DomainValidationOptions", .flags = FIELD_COMPUTED, .summary = "the records that prove the domain, each with its state"},
	{.name = "not_after", .member = "NotAfter", .observed = "Certificate.NotAfter", .flags = FIELD_COMPUTED, .summary = "when it ends"},
	{.name = "in_use_by", .member = "InUseBy", .observed = "Certificate.InUseBy", .flags = FIELD_COMPUTED, .summary = "who shows it"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "AddTagsToCertificate", .args = ARGS({"CertificateArn": "@id", "Tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "RemoveTagsFromCertificate", .args = ARGS({"CertificateArn": "@id", "Tags": "@old_tags"}), .flags = CALL_REPEATABLE},
};

const struct kind certificate_kind = {
	.name = "certificate",
	.layer = "security",
	.service = "acm",
	.summary = "what proves a domain to those who connect to it",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"GetResources", NULL, "ResourceTagMappingList", .service = "resourcegroupstaggingapi"},
		.follows = {
			{"DescribeCertificate", ARGS({"CertificateArn": "@id"}), "Certificate", "Certificate", .is_proof = true},
			{"ListTagsForCertificate", ARGS({"CertificateArn": "@id"}), "Tags", "Tags"},
		},
		.id = "ResourceARN",
		.arn = "ResourceARN",
		.tag_types = "acm",
	},
	.states = {.path = "Certificate.Status", .pending = "PENDING_VALIDATION", .failed = "FAILED VALIDATION_TIMED_OUT REVOKED", .message = "Certificate.FailureReason",
		   .waits_each = "Certificate.DomainValidationOptions",
		   .waits = "create the DNS record @{each.ResourceRecord.Name} @{each.ResourceRecord.Type} @{each.ResourceRecord.Value}"},
	.conditions = (const struct condition[]){
		{.path = "Certificate.Status", .glob = "EXPIRED", .reason = "Expired", .message = "it ended @{item.Certificate.NotAfter}; import a newer one, or mend its validation"},
		{.path = "Certificate.Status", .glob = "INACTIVE", .reason = "Inactive", .message = "Certificate.Status"},
		{.path = "Certificate.RenewalSummary.RenewalStatus", .glob = "FAILED", .reason = "RenewalFailed", .message = "Certificate.RenewalSummary.RenewalStatusReason"},
		{.path = "Certificate.RenewalSummary.RenewalStatus", .glob = "PENDING_VALIDATION", .reason = "RenewalPending", .message = "@{item.Certificate.DomainName}: its DNS records must stand for the renewal", .is_progress = true},
		{0}},
	.create = {.operation = "RequestCertificate", .args = ARGS({"IdempotencyToken": "@token_word", "DomainValidationOptions": "@desired.ValidationDomains"})},
	.create_other = {.operation = "ImportCertificate"},
	.other_for = "Certificate",
	.created_id = "CertificateArn",
	.remove = {.operation = "DeleteCertificate", .args = ARGS({"CertificateArn": "@id"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"ResourceInUseException", NULL},
	.settle_ms = 73LL * 3600 * 1000, // AWS gives up after 72 hours, and says so
	.canon = canon,
	.check = check,
};
// clang-format on
