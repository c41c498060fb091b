// A database of RDS: one instance, or a Multi-AZ pair.
//
// One DescribeDBInstances shows configuration, state and tags of all; one ModifyDBInstance makes
// all changes. What waits for the maintenance window stands in PendingModifiedValues and counts as
// done; Holdfast never reboots. AWS keeps the master password in a secret of its own: no password
// stands in a file. Deleting one makes a final snapshot first, unless the file says otherwise.
// Sources: "Modifying an Amazon RDS DB instance", "Viewing Amazon RDS DB instance status".
#include "base/num.h"
#include "base/str.h"
#include "core/place.h"
#include "data/rds.h"
#include <stdlib.h>

// ---- windows

enum { DAY_MINUTES = 1440, WEEK_MINUTES = 7 * DAY_MINUTES, LEAST_MINUTES = 30 };

/* "05:30", "sun:05:30" -> minutes; moves past it. False when it is none. */
static bool read_moment(const char **text, bool has_day, int *ret)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	const char *p = *text;
	int day = 0;
	if (has_day) {
		for (day = 0; day < 7 && strncasecmp(p, days[day], 3) != 0; day++)
			;
		if (day == 7 || p[3] != ':')
			return false;
		p += 4;
	}
	for (int i = 0; i < 5; i++)
		if (i == 2 ? p[i] != ':' : p[i] < '0' || p[i] > '9')
			return false;
	int hour = (p[0] - '0') * 10 + p[1] - '0', minute = (p[3] - '0') * 10 + p[4] - '0';
	if (hour > 23 || minute > 59)
		return false;
	*ret = day * DAY_MINUTES + hour * 60 + minute;
	*text = p + 5;
	return true;
}

struct window {
	int start, minutes;
};

/* "05:00-05:30", "sun:05:00-sun:06:00"; says what is wrong with it. False without one. */
static bool read_window(const json_t *desired, const struct node *node, const char *member,
	const char *field, bool has_day, struct window *ret, struct findings *findings)
{
	const char *text = js_str(desired, member), *p = text;
	int start, end, whole = has_day ? WEEK_MINUTES : DAY_MINUTES;
	if (!text)
		return false;
	if (!read_moment(&p, has_day, &start) || *p++ != '-' || !read_moment(&p, has_day, &end) ||
		*p) {
		findings_error(findings, place_of(node, field),
			has_day ? "write it in UTC as 'sun:05:00-sun:06:00'"
				: "write it in UTC as '03:00-04:00'",
			"%s '%s' is no span of time", field, text);
		return false;
	}
	*ret = (struct window){start, (end - start + whole) % whole};
	if (ret->minutes < LEAST_MINUTES)
		findings_error(findings, place_of(node, field), "make it 30 minutes at least",
			"%s '%s' is too short", field, text);
	return true;
}

static void check_windows(const json_t *desired, const struct node *node, struct findings *findings)
{
	struct window backup, maintenance;
	bool has_backup = read_window(desired, node, "PreferredBackupWindow",
		"preferred_backup_window", false, &backup, findings);
	bool has_maintenance = read_window(desired, node, "PreferredMaintenanceWindow",
		"preferred_maintenance_window", true, &maintenance, findings);
	for (int day = 0; has_backup && has_maintenance && day < 7; day++) {
		int apart = (day * DAY_MINUTES + backup.start - maintenance.start + WEEK_MINUTES) %
			    WEEK_MINUTES;
		bool overlap = apart < maintenance.minutes || WEEK_MINUTES - apart < backup.minutes;
		if (!overlap)
			continue;
		findings_error(findings, place_of(node, "preferred_maintenance_window"),
			"move one of the two", "the maintenance window overlaps the backup window");
		return;
	}
}

// ---- storage

static bool is_one_of(const char *text, const char *words)
{
	size_t n = strlen(text);
	for (const char *p = words; *p; p += strspn(p, " ")) {
		size_t m = strcspn(p, " ");
		if (m == n && strncmp(p, text, n) == 0)
			return true;
		p += m;
	}
	return false;
}

/* A field that does not go with the storage type. */
static void refuse(const json_t *desired, const struct node *node, const char *member,
	const char *field, const char *type, const char *remedy, struct findings *findings)
{
	if (json_object_get(desired, member))
		findings_error(findings, place_of(node, field), remedy,
			"%s does not go with storage_type %s", field, type);
}

static void check_storage(const json_t *desired, const struct node *node, struct findings *findings)
{
	enum { GP3_STRIPES_AT = 400 }; // GiB; below, gp3 has its baseline and nothing to set
	const char *type = js_str(desired, "StorageType"), *engine = js_str(desired, "Engine");
	int64_t size = js_int(desired, "AllocatedStorage", 0);
	int64_t most = js_int(desired, "MaxAllocatedStorage", 0);
	bool is_provisioned = type && is_one_of(type, "io1 io2");
	int64_t least = is_provisioned ? 100 : type && str_eq(type, "standard") ? 5 : 20;
	char remedy[80];
	if (type && !is_one_of(type, "gp2 gp3 io1 io2 standard"))
		findings_error(findings, place_of(node, "storage_type"),
			"write gp3, gp2, io2, io1 or standard", "'%s' is no storage type", type);
	snprintf(remedy, sizeof(remedy), "AWS takes %lld to 65536 GiB", (long long)least);
	if (size && engine && is_one_of(engine, "postgres mysql mariadb") &&
		(size < least || size > 65536))
		findings_error(findings, place_of(node, "allocated_storage"), remedy,
			"allocated_storage %lld is out of range", (long long)size);
	if (most && size && most <= size)
		findings_error(findings, place_of(node, "max_allocated_storage"),
			"make it larger, or take it out: storage then does not grow by itself",
			"max_allocated_storage %lld is not above allocated_storage %lld",
			(long long)most, (long long)size);
	if (!type)
		return;
	if (is_provisioned && !json_object_get(desired, "Iops"))
		findings_error(findings, place_of(node, "storage_type"), "add 'iops:'",
			"storage_type %s needs iops", type);
	if (!is_provisioned && !str_eq(type, "gp3"))
		refuse(desired, node, "Iops", "iops", type, "use gp3, io1 or io2", findings);
	if (!str_eq(type, "gp3"))
		refuse(desired, node, "StorageThroughput", "storage_throughput", type, "use gp3",
			findings);
	else if (size && size < GP3_STRIPES_AT && engine &&
		 is_one_of(engine, "postgres mysql mariadb")) {
		const char *larger = "take it out, or allocate 400 GiB at least";
		refuse(desired, node, "Iops", "iops", "gp3 below 400 GiB", larger, findings);
		refuse(desired, node, "StorageThroughput", "storage_throughput",
			"gp3 below 400 GiB", larger, findings);
	}
}

// ---- the rest

static void check_ranges(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct {
		const char *member, *field;
		int64_t least, most;
	} rows[] = {{"BackupRetentionPeriod", "backup_retention_period", 0, 35},
		{"Port", "port", 1150, 65535}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		int64_t value = js_int(desired, rows[i].member, rows[i].least);
		char remedy[64];
		snprintf(remedy, sizeof(remedy), "AWS takes %lld to %lld", (long long)rows[i].least,
			(long long)rows[i].most);
		if (value < rows[i].least || value > rows[i].most)
			findings_error(findings, place_of(node, rows[i].field), remedy,
				"%s %lld is out of range", rows[i].field, (long long)value);
	}
}

static void check_monitoring(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	enum { WEEK = 7, MONTH = 31, MOST_MONTHS = 23, TWO_YEARS = 731 };
	int64_t interval = js_int(desired, "MonitoringInterval", -1);
	int64_t days = js_int(desired, "PerformanceInsightsRetentionPeriod", WEEK);
	bool has_role = json_object_get(desired, "MonitoringRoleArn");
	bool has_insights = js_bool(desired, "EnablePerformanceInsights", false);
	static const char *const insights[][2] = {
		{"PerformanceInsightsRetentionPeriod", "performance_insights_retention_period"},
		{"PerformanceInsightsKMSKeyId", "performance_insights_kms_key"}};
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)interval);
	if (interval != -1 && !is_one_of(text, "0 1 5 10 15 30 60"))
		findings_error(findings, place_of(node, "monitoring_interval"),
			"write 0 (off), 1, 5, 10, 15, 30 or 60 seconds",
			"monitoring_interval %s is none that AWS takes", text);
	if (interval > 0 && !has_role)
		findings_error(findings, place_of(node, "monitoring_interval"),
			"add 'monitoring_role:', which may write to the log",
			"enhanced monitoring needs a role");
	if (interval <= 0 && has_role)
		findings_error(findings, place_of(node, "monitoring_role"),
			"add 'monitoring_interval: 60', or take the role out",
			"monitoring_role without a monitoring_interval");
	for (size_t i = 0; i < ARRAY_COUNT(insights) && !has_insights; i++)
		if (json_object_get(desired, insights[i][0]))
			findings_error(findings, place_of(node, insights[i][1]),
				"add 'enable_performance_insights: true', or take it out",
				"%s without Performance Insights", insights[i][1]);
	bool is_months = days > 0 && days % MONTH == 0 && days / MONTH <= MOST_MONTHS;
	if (days != WEEK && days != TWO_YEARS && !is_months)
		findings_error(findings, place_of(node, "performance_insights_retention_period"),
			"write 7, a multiple of 31 up to 713, or 731",
			"Performance Insights keeps nothing for %lld days", (long long)days);
}

static void check_logs(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const logs[][2] = {{"postgres", "postgresql upgrade iam-db-auth-error"},
		{"mysql", "audit error general slowquery iam-db-auth-error"},
		{"mariadb", "audit error general slowquery iam-db-auth-error"}};
	const char *engine = js_str(desired, "Engine"), *known = NULL;
	size_t i;
	json_t *one;
	for (i = 0; engine && i < ARRAY_COUNT(logs); i++)
		if (str_eq(engine, logs[i][0]))
			known = logs[i][1];
	json_array_foreach (json_object_get(desired, "EnableCloudwatchLogsExports"), i, one) {
		const char *text = json_string_value(one);
		char remedy[120];
		snprintf(remedy, sizeof(remedy), "take of these: %s", known ? known : "");
		if (text && known && !is_one_of(text, known))
			findings_error(findings,
				place_of_item(node, "enable_cloudwatch_logs_exports", i), remedy,
				"engine %s writes no log '%s'", engine, text);
	}
}

static void check_keys(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const keys[][2] = {{"KmsKeyId", "kms_key_id"},
		{"PerformanceInsightsKMSKeyId", "performance_insights_kms_key_id"},
		{"MasterUserSecretKmsKeyId", "master_user_secret_kms_key_id"}};
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		const char *key = js_str(desired, keys[i][0]);
		if (key && (str_starts(key, "alias/") || strstr(key, ":alias/")))
			findings_error(findings, place_of(node, keys[i][1]),
				"write the key's ARN, or the name of a kms_key of this file",
				"%s '%s' is an alias, and RDS shows the key behind it only",
				keys[i][1], key);
	}
	if (json_object_get(desired, "KmsKeyId") && !js_bool(desired, "StorageEncrypted", false))
		findings_error(findings, place_of(node, "kms_key"), "add 'storage_encrypted: true'",
			"a key without encryption of the storage");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct rds_name name = {
		"DBInstanceIdentifier", "db_instance_identifier", 63, ""};
	const char *engine = js_str(desired, "Engine");
	const char *class = js_str(desired, "DBInstanceClass");
	rds_check_name(&name, desired, node, findings);
	if (engine && str_starts(engine, "aurora"))
		findings_error(findings, place_of(node, "engine"), "use postgres, mysql or mariadb",
			"an instance of '%s' is part of a cluster, which is no db_instance",
			engine);
	if (class && !str_starts(class, "db."))
		findings_error(findings, place_of(node, "db_instance_class"),
			"write it as in 'db.t4g.medium'", "'%s' is no class of database", class);
	if (json_is_false(json_object_get(desired, "ManageMasterUserPassword")))
		findings_error(findings, place_of(node, "manage_master_user_password"),
			"write true, or 'master_user_password: {env: NAME}' instead",
			"without a managed password the database needs another one");
	if (js_bool(desired, "MultiAZ", false) && json_object_get(desired, "AvailabilityZone"))
		findings_error(findings, place_of(node, "availability_zone"),
			"take it out, or 'multi_az: true'",
			"a Multi-AZ database has no zone of its own");
	check_windows(desired, node, findings);
	check_storage(desired, node, findings);
	check_ranges(desired, node, findings);
	check_monitoring(desired, node, findings);
	check_logs(desired, node, findings);
	check_keys(desired, node, findings);
}

// A first number that grows is a major version of PostgreSQL; the others count two.
// Until it is made, the parameter group of the new family waits with it: AWS takes the two
// together.
static bool is_major_upgrade(const json_t *want, const json_t *observed)
{
	const char *to = js_str(want, "EngineVersion"), *from = js_str(observed, "EngineVersion");
	const char *engine = js_str(want, "Engine");
	if (!to || !from)
		return false;
	size_t n = strcspn(from, ".");
	if (!str_eq_null(engine, "postgres") && from[n] && strchr(to, '.'))
		n += 1 + strcspn(from + n + 1, ".");
	bool is_same = strncmp(to, from, n) == 0 && (to[n] == '\0' || to[n] == '.');
	return !is_same && strverscmp(to, from) > 0;
}

// clang-format off
// What is not taken "at once" by AWS itself waits for the maintenance window, unless the file says
// apply_immediately; that also lets through whatever was waiting already.
#define MODIFY(...) \
	{.operation = "ModifyDBInstance", .flags = CALL_MERGE | CALL_REPEATABLE, \
	 .args = ARGS({"DBInstanceIdentifier": "@id", "ApplyImmediately": "@desired.apply_immediately", __VA_ARGS__})}
// Size and rate of provisioned storage are only taken together.
#define STORAGE(...) MODIFY("AllocatedStorage": "@observed.AllocatedStorage", "Iops": "@desired.Iops", "StorageThroughput": "@desired.StorageThroughput", __VA_ARGS__)
#define INSIGHTS(...) MODIFY("EnablePerformanceInsights": "@desired.EnablePerformanceInsights", __VA_ARGS__)
#define PENDING(name) .observed = "PendingModifiedValues." name "|" name

static const struct field fields[] = {
	{.name = "db_instance_identifier", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the region, in lower case"},
	{.name = "engine", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .compare = COMPARE_NOCASE, .summary = "postgres, mysql or mariadb"},
	{.name = "engine_version", PENDING("EngineVersion"), .compare = COMPARE_VERSION, .disrupts = DISRUPTS_REBOOT, .is_grave = is_major_upgrade,
	 .update = {.operation = "ModifyDBInstance", .flags = CALL_MERGE | CALL_REPEATABLE, // not by the macro, which would make true a number
		    .args = ARGS({"DBInstanceIdentifier": "@id", "ApplyImmediately": "@desired.apply_immediately", "EngineVersion": "@value", "AllowMajorVersionUpgrade": true})},
	 .summary = "\"16\" holds any 16.x; never downgraded; a major upgrade waits for approval"},
	{.name = "engine_lifecycle_support", .flags = FIELD_CREATE_ONLY, .summary = "open-source-rds-extended-support, or the same with -disabled"},
	{.name = "db_instance_class", PENDING("DBInstanceClass"), .flags = FIELD_REQUIRED, .disrupts = DISRUPTS_REBOOT, .update = MODIFY("DBInstanceClass": "@value"), .summary = "db.t4g.medium, db.r7g.large, ..."},
	{.name = "storage_type", PENDING("StorageType"), .update = STORAGE("StorageType": "@value"), .summary = "gp3, gp2, io2, io1 or standard"},
	{.name = "iops", PENDING("Iops"), .update = STORAGE("Iops": "@value"), .summary = "io1, io2, and gp3 from 400 GiB on"},
	{.name = "storage_throughput", PENDING("StorageThroughput"), .update = STORAGE("StorageThroughput": "@value"), .summary = "MiB a second; gp3 from 400 GiB on"},
	{.name = "allocated_storage", PENDING("AllocatedStorage"), .flags = FIELD_REQUIRED, .compare = COMPARE_AT_LEAST,
	 .update = MODIFY("AllocatedStorage": "@value", "Iops": "@desired.Iops", "StorageThroughput": "@desired.StorageThroughput"),
	 .summary = "GiB; it only grows, by a tenth at least, and more is no drift"},
	{.name = "max_allocated_storage", .update = MODIFY("MaxAllocatedStorage": "@value"), .summary = "GiB up to which it may grow by itself"},
	{.name = "dedicated_log_volume", PENDING("DedicatedLogVolume"), .disrupts = DISRUPTS_REBOOT, .update = MODIFY("DedicatedLogVolume": "@value"), .summary = "io1 and io2: the transaction log has a volume of its own"},
	{.name = "storage_encrypted", .flags = FIELD_CREATE_ONLY, .summary = "encryption at rest; can never be changed"},
	{.name = "kms_key", .member = "KmsKeyId", .type = FIELD_REF, .ref = "kms_key", .ref_attr = "Arn", .flags = FIELD_CREATE_ONLY, .compare = COMPARE_ARN_NAME, .summary = "the key of the storage; AWS's own unless given"},
	{.name = "multi_az", PENDING("MultiAZ"), .advised = "true", .advice = "multi-az", .update = MODIFY("MultiAZ": "@value"), .summary = "true: a standby in another zone"},
	{.name = "availability_zone", .flags = FIELD_CREATE_ONLY, .expand = "{region}{value}", .expanded = "*-*", .summary = "where a database without a standby stands"},
	{.name = "db_subnet_group", .member = "DBSubnetGroupName", .type = FIELD_REF, .ref = "db_subnet_group", .disrupts = DISRUPTS_REBOOT,
	 .observed = "PendingModifiedValues.DBSubnetGroupName|DBSubnetGroup.DBSubnetGroupName", .update = MODIFY("DBSubnetGroupName": "@value"), .summary = "the subnets that it may stand in"},
	{.name = "vpc_security_groups", .member = "VpcSecurityGroupIds", .type = FIELD_REFS, .ref = "security_group", .disrupts = DISRUPTS_CONNECTIONS,
	 .observed = "VpcSecurityGroups[].VpcSecurityGroupId", .update = MODIFY("VpcSecurityGroupIds": "@value"), .summary = "who may reach it"},
	{.name = "publicly_accessible", .disrupts = DISRUPTS_CONNECTIONS, .update = MODIFY("PubliclyAccessible": "@value"), .summary = "true: its name leads to a public address"},
	{.name = "network_type", .compare = COMPARE_NOCASE, .disrupts = DISRUPTS_CONNECTIONS, .update = MODIFY("NetworkType": "@value"), .summary = "IPV4 or DUAL"},
	{.name = "port", .member = "Port", .observed = "PendingModifiedValues.Port|Endpoint.Port|DbInstancePort", .disrupts = DISRUPTS_REBOOT, .update = MODIFY("DBPortNumber": "@value"),
	 .summary = "1150 to 65535; a change restarts it at once"},
	{.name = "db_name", .flags = FIELD_CREATE_ONLY, .summary = "the database that is made with it"},
	{.name = "master_username", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "the first user"},
	{.name = "manage_master_user_password", .observed = "MasterUserSecret.SecretArn?", .flags = FIELD_ONE_OF, .disrupts = DISRUPTS_CONNECTIONS,
	 .update = MODIFY("ManageMasterUserPassword": "@value", "MasterUserSecretKmsKeyId": "@desired.MasterUserSecretKmsKeyId"),
	 .summary = "true: AWS makes the password and keeps it in a secret, ${data.db_instance.NAME.master_user_secret.secret_arn}"},
	{.name = "master_user_password", .type = FIELD_SOURCE, .flags = FIELD_ONE_OF | FIELD_WRITE_ONLY | FIELD_SECRET, .mark = MARKED_NOT,
	 .summary = "instead: {env: NAME} or {file: /path}; sent at creation, and never seen again"},
	{.name = "master_user_secret_kms_key", .member = "MasterUserSecretKmsKeyId", .type = FIELD_REF, .ref = "kms_key", .ref_attr = "Arn", .flags = FIELD_CREATE_ONLY,
	 .observed = "MasterUserSecret.KmsKeyId", .compare = COMPARE_ARN_NAME, .summary = "the key of that secret"},
	{.name = "enable_iam_database_authentication", .observed = "PendingModifiedValues.IAMDatabaseAuthenticationEnabled|IAMDatabaseAuthenticationEnabled",
	 .update = MODIFY("EnableIAMDatabaseAuthentication": "@value"), .summary = "true: users may log in with a token of IAM"},
	{.name = "ca_certificate_identifier", PENDING("CACertificateIdentifier"), .compare = COMPARE_NOCASE, .disrupts = DISRUPTS_REBOOT, .update = MODIFY("CACertificateIdentifier": "@value"), .summary = "who signs its certificate: rds-ca-rsa2048-g1, ..."},
	{.name = "db_parameter_group", .member = "DBParameterGroupName", .type = FIELD_REF, .ref = "db_parameter_group", .observed = "DBParameterGroups.0.DBParameterGroupName",
	 .is_grave = is_major_upgrade, .update = MODIFY("DBParameterGroupName": "@value"), .summary = "engine parameters; static ones take effect when a person reboots it"},
	{.name = "option_group_name", .update = MODIFY("OptionGroupName": "@value"),
	 .observed = "OptionGroupMemberships[Status=pending-maintenance-apply].OptionGroupName|OptionGroupMemberships[Status=pending-apply].OptionGroupName|OptionGroupMemberships[Status=applying].OptionGroupName|OptionGroupMemberships.0.OptionGroupName",
	 .summary = "engine options, by name"},
	{.name = "license_model", PENDING("LicenseModel"), .compare = COMPARE_NOCASE, .update = MODIFY("LicenseModel": "@value"), .summary = "general-public-license, postgresql-license, ..."},
	{.name = "backup_retention_period", PENDING("BackupRetentionPeriod"), .update = MODIFY("BackupRetentionPeriod": "@value"), .summary = "days, 0 to 35; 0: no automated backups"},
	{.name = "preferred_backup_window", .update = MODIFY("PreferredBackupWindow": "@value"), .summary = "UTC: 03:00-04:00"},
	{.name = "preferred_maintenance_window", .compare = COMPARE_NOCASE, .update = MODIFY("PreferredMaintenanceWindow": "@value"), .summary = "UTC: sun:05:00-sun:06:00"},
	{.name = "auto_minor_version_upgrade", .update = MODIFY("AutoMinorVersionUpgrade": "@value"), .summary = "true: AWS installs minor versions in the window"},
	{.name = "copy_tags_to_snapshot", .update = MODIFY("CopyTagsToSnapshot": "@value"), .summary = "snapshots bear the tags of the database"},
	{.name = "deletion_protection", .update = MODIFY("DeletionProtection": "@value"), .summary = "AWS refuses to delete it; an approved deletion takes it off first"},
	{.name = "enable_cloudwatch_logs_exports", .observed = "EnabledCloudwatchLogsExports", .compare = COMPARE_SET,
	 .update = MODIFY("CloudwatchLogsExportConfiguration": {"EnableLogTypes": "@added", "DisableLogTypes": "@removed"}), .summary = "its logs that go to CloudWatch: postgresql, upgrade; error, slowquery, ..."},
	{.name = "monitoring_interval", .update = MODIFY("MonitoringInterval": "@value", "MonitoringRoleArn": "@desired.MonitoringRoleArn"), .summary = "seconds between metrics of the host; 0: none"},
	{.name = "monitoring_role", .member = "MonitoringRoleArn", .type = FIELD_REF, .ref = "iam_role", .ref_attr = "Arn",
	 .update = MODIFY("MonitoringRoleArn": "@value", "MonitoringInterval": "@desired.MonitoringInterval"), .summary = "the role that writes those metrics"},
	{.name = "database_insights_mode", .update = MODIFY("DatabaseInsightsMode": "@value"), .summary = "standard or advanced"},
	{.name = "enable_performance_insights", .observed = "PerformanceInsightsEnabled", .update = INSIGHTS("EnablePerformanceInsights": "@value"), .summary = "where the load of the database comes from"},
	{.name = "performance_insights_retention_period", .update = INSIGHTS("PerformanceInsightsRetentionPeriod": "@value"), .summary = "days: 7, months of 31 up to 713, or 731"},
	{.name = "performance_insights_kms_key", .member = "PerformanceInsightsKMSKeyId", .type = FIELD_REF, .ref = "kms_key", .ref_attr = "Arn", .compare = COMPARE_ARN_NAME,
	 .update = INSIGHTS("PerformanceInsightsKMSKeyId": "@value"), .summary = "the key of what it keeps; AWS takes it only once"},
	{.name = "apply_immediately", .type = FIELD_FLAG, .preset = "false", .summary = "true: changes do not wait for the maintenance window, nor does what is waiting there already"},
	{.name = "skip_final_snapshot", .type = FIELD_FLAG, .preset = "false", .summary = "true: nothing is left of it when it is replaced or deleted"},
	{.name = "delete_automated_backups", .type = FIELD_FLAG, .summary = "false: they outlive it for their retention period; AWS deletes them unless told so"},
	{.name = "endpoint", .member = "Endpoint", .flags = FIELD_COMPUTED, .summary = "endpoint.address, endpoint.port"},
	{.name = "dbi_resource_id", .member = "DbiResourceId", .flags = FIELD_COMPUTED, .summary = "AWS's own id, for policies of IAM authentication"},
	{.name = "master_user_secret", .member = "MasterUserSecret", .flags = FIELD_COMPUTED, .summary = "master_user_secret.secret_arn: where the password is"},
	{0},
};

#define WAITS_FOR_WINDOW(member) {.path = "PendingModifiedValues." member, .glob = "*", .reason = "ModificationPending", .message = "waits for the maintenance window (@{item.PreferredMaintenanceWindow}): " member " @{item.PendingModifiedValues." member "}", .is_progress = true}

const struct kind db_instance_kind = {
	.name = "db_instance",
	.layer = "data",
	.service = "rds",
	.summary = "a database of RDS",
	.tagging = &rds_tagging,
	.fields = fields,
	.observe = {
		.list = {.operation = "DescribeDBInstances", .items = "DBInstances"},
		.by_id = ARGS({"DBInstanceIdentifier": "@id"}),
		.id = "DBInstanceIdentifier",
		.arn = "DBInstanceArn",
		.key = "@{desired.DBInstanceIdentifier}",
	},
	// What is not listed (backing-up, storage-optimization, stopped, ...) works or rests.
	.states = {
		.path = "DBInstanceStatus",
		.pending = "creating modifying upgrading rebooting renaming starting maintenance moving-to-vpc converting-to-vpc resetting-master-credentials configuring-enhanced-monitoring "
			   "configuring-iam-database-auth configuring-log-exports storage-config-upgrade",
		.failed = "failed incompatible-create incompatible-restore",
		.gone = "deleting delete-precheck",
		.message = "StatusInfos.0.Message",
	},
	.conditions = (const struct condition[]){
		{.path = "DBInstanceStatus", .glob = "incompatible-*", .reason = "Incompatible", .message = "AWS says @{item.DBInstanceStatus}: the network, an option or a parameter keeps it from starting"},
		{.path = "DBInstanceStatus", .glob = "inaccessible-encryption-credentials*", .reason = "KeyInaccessible", .message = "AWS says @{item.DBInstanceStatus}: key @{item.KmsKeyId} cannot be used"},
		{.path = "DBInstanceStatus", .glob = "insufficient-capacity", .reason = "NoCapacity", .message = "AWS has no room for a @{item.DBInstanceClass} there"},
		{.path = "DBInstanceStatus", .glob = "restore-error", .reason = "RestoreFailed"},
		{.path = "DBInstanceStatus", .glob = "storage-full", .reason = "StorageFull", .message = "all @{item.AllocatedStorage} GiB are used; raise allocated_storage"},
		{.path = "DBInstanceStatus", .glob = "stopp*", .reason = "Stopped", .message = "@{item.DBInstanceStatus}; AWS starts it again after seven days"},
		{.path = "MasterUserSecret.SecretStatus", .glob = "impaired", .reason = "SecretImpaired", .message = "RDS cannot rotate the master password (@{item.MasterUserSecret.SecretArn})"},
		{.path = "DBParameterGroups[ParameterApplyStatus=failed-to-apply].DBParameterGroupName", .glob = "*", .reason = "ParametersInvalid", .message = "AWS could not apply the parameters of @{item.DBParameterGroups.0.DBParameterGroupName}"},
		{.path = "DBParameterGroups[ParameterApplyStatus=pending-reboot].DBParameterGroupName", .glob = "*", .reason = "RebootPending", .message = "parameters of @{item.DBParameterGroups.0.DBParameterGroupName} take effect at the next reboot, which is a person's", .is_progress = true},
		{.path = "OptionGroupMemberships[Status=failed].OptionGroupName", .glob = "*", .reason = "OptionsFailed", .message = "AWS could not apply option group @{item.OptionGroupMemberships.0.OptionGroupName}"},
		{.path = "DBInstanceStatus", .glob = "storage-optimization", .reason = "StorageOptimization", .message = "@{item.DBInstanceStatus}: it works, and AWS is still moving its storage", .is_progress = true},
		WAITS_FOR_WINDOW("EngineVersion"),
		WAITS_FOR_WINDOW("DBInstanceClass"),
		WAITS_FOR_WINDOW("AllocatedStorage"),
		WAITS_FOR_WINDOW("StorageType"),
		WAITS_FOR_WINDOW("Iops"),
		WAITS_FOR_WINDOW("MultiAZ"),
		WAITS_FOR_WINDOW("BackupRetentionPeriod"),
		WAITS_FOR_WINDOW("DBSubnetGroupName"),
		WAITS_FOR_WINDOW("CACertificateIdentifier"),
		{0}},
	.create = {.operation = "CreateDBInstance"},
	.teardown = (const struct call[]){
		{.operation = "ModifyDBInstance", .flags = CALL_REPEATABLE, .when = {"DeletionProtection", "true"}, .args = ARGS({"DBInstanceIdentifier": "@id", "DeletionProtection": false})},
		{0}},
	// The snapshot's name is that of this very database: no other can bear it, and a repeated call names no second one.
	.remove = {.operation = "DeleteDBInstance", .flags = CALL_REPEATABLE,
		   .args = ARGS({"DBInstanceIdentifier": "@id", "DeleteAutomatedBackups": "@desired.delete_automated_backups",
			"SkipFinalSnapshot": {"@if": "@desired.skip_final_snapshot", "@then": true, "@else": false},
			"FinalDBSnapshotIdentifier": {"@if": "@desired.skip_final_snapshot", "@else": "@{id}-final-@{observed.DbiResourceId}"}})},
	// Groups, roles and keys may be too new to be known; a busy database takes no change.
	.not_yet = (const char *const[]){"InvalidDBInstanceState", "DBSubnetGroupNotFoundFault", "DBParameterGroupNotFound", "KMSKeyNotAccessibleFault", "InvalidParameterValue", NULL},
	.restored_by = "restore a snapshot or a point in time under the same identifier",
	.holds_data = true,
	.settle_ms = 5400000,
	.needs = "iam:PassRole iam:CreateServiceLinkedRole kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey secretsmanager:CreateSecret secretsmanager:TagResource",
	.check = check,
};
// clang-format on
