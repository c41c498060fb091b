// A task definition: what containers run together, and how. It is never changed: every difference
// registers a new revision of its family, compared by content, and the older ones stay for a way
// back. Its id is the family; its ARN is that of the newest revision, which services refer to.
//
// "RegisterTaskDefinition" knows no token: after a lost answer the newest revision is read first.
// Tags of a revision are written with it. ECS fills in what a container leaves open (cpu 0,
// essential, hostPort, protocol, empty lists), so only declared members are compared.
#include "base/num.h"
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

// Where a check is: the definition, and which container of it.
struct checks {
	const json_t *desired, *containers;
	const struct node *node;
	struct findings *findings;
	bool is_fargate, is_awsvpc;
	size_t at;
	const json_t *container;
	const char *name; // the container's, or "?"
};

static struct place here(const struct checks *c)
{
	return place_of_item(c->node, "container_definitions", c->at);
}

// A reference may be anything: then `member` counts as set, and its text is not known.
static bool has_text(const json_t *list, const char *member, const char *text)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one) {
		const json_t *value = member ? json_object_get(one, member) : one;
		if (value && (!json_is_string(value) || str_eq(json_string_value(value), text)))
			return true;
	}
	return false;
}

// ---- a container's neighbours

static void check_named(const struct checks *c, const char *list, const char *member,
	const json_t *among, const char *what)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(c->container, list), i, one) {
		const char *name = js_str(one, member);
		if (name && !has_text(among, "name", name))
			findings_error(c->findings, here(c), "name one of this definition",
				"container '%s': there is no %s '%s'", c->name, what, name);
		else if (name && str_eq(name, c->name) && str_eq(member, "containerName"))
			findings_error(c->findings, here(c), "take it out",
				"container '%s' depends on itself", c->name);
	}
}

static void check_twice(const struct checks *c, const char *list, const char *other)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(c->container, list), i, one) {
		const char *name = js_str(one, "name");
		_cleanup_json_ json_t *rest = json_array();
		json_array_extend(rest, json_object_get(c->container, other));
		if (str_eq(list, other))
			json_array_remove(rest, i);
		if (name && has_text(rest, "name", name)) {
			findings_error(c->findings, here(c), "keep one of them",
				"container '%s' has the variable %s twice", c->name, name);
			return;
		}
	}
}

// ---- ports, logs, health

static void check_ports(const struct checks *c)
{
	size_t i;
	json_t *port;
	json_array_foreach (json_object_get(c->container, "portMappings"), i, port) {
		int64_t inside = js_int(port, "containerPort", -1),
			outside = js_int(port, "hostPort", inside);
		if (inside > 65535 || (inside < 1 && json_object_get(port, "containerPort")))
			findings_error(c->findings, here(c), "write a port from 1 to 65535",
				"container '%s': %lld is no port", c->name, (long long)inside);
		else if (c->is_awsvpc && inside >= 0 && outside != inside)
			findings_error(c->findings, here(c),
				"take 'host_port' out, or write the same number",
				"container '%s': in network mode awsvpc host_port %lld must be "
				"container_port %lld",
				c->name, (long long)outside, (long long)inside);
	}
}

static void check_logs(const struct checks *c)
{
	static const char *const needed[] = {
		"awslogs-group", "awslogs-region", "awslogs-stream-prefix"};
	const json_t *logs = json_object_get(c->container, "logConfiguration");
	const char *driver = js_str(logs, "logDriver");
	if (!driver)
		return;
	if (c->is_fargate && !str_eq(driver, "awslogs") && !str_eq(driver, "splunk") &&
		!str_eq(driver, "awsfirelens"))
		findings_error(c->findings, here(c), "write awslogs, splunk or awsfirelens",
			"container '%s': Fargate has no log driver %s", c->name, driver);
	// "awslogs-stream-prefix is required when using the Fargate launch type."
	size_t count = ARRAY_COUNT(needed) - (c->is_fargate ? 0 : 1);
	for (size_t i = 0; str_eq(driver, "awslogs") && i < count; i++)
		if (!json_object_get(json_object_get(logs, "options"), needed[i]))
			findings_error(c->findings, here(c), "add it to 'options:'",
				"container '%s': log driver awslogs needs the option %s", c->name,
				needed[i]);
}

static void check_health(const struct checks *c)
{
	static const struct {
		const char *member, *field;
		int min, max;
	} rows[] = {{"interval", "interval", 5, 300}, {"timeout", "timeout", 2, 60},
		{"retries", "retries", 1, 10}, {"startPeriod", "start_period", 0, 300}};
	const json_t *health = json_object_get(c->container, "healthCheck");
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		int64_t value = js_int(health, rows[i].member, rows[i].min);
		char remedy[60];
		snprintf(remedy, sizeof(remedy), "write %d to %d", rows[i].min, rows[i].max);
		if (value < rows[i].min || value > rows[i].max)
			findings_error(c->findings, here(c), remedy,
				"container '%s': health_check %s %lld is out of range", c->name,
				rows[i].field, (long long)value);
	}
	const char *first =
		json_string_value(json_array_get(json_object_get(health, "command"), 0));
	if (first && !str_eq(first, "CMD") && !str_eq(first, "CMD-SHELL") && !str_eq(first, "NONE"))
		findings_error(c->findings, here(c), "write [CMD-SHELL, '...'] or [CMD, ...]",
			"container '%s': a health_check command begins with CMD or CMD-SHELL",
			c->name);
}

// ---- what the execution role is for

static const char *use_of_role(const struct checks *c)
{
	const json_t *logs = json_object_get(c->container, "logConfiguration");
	if (json_array_size(json_object_get(c->container, "secrets")) > 0 ||
		json_array_size(json_object_get(logs, "secretOptions")) > 0)
		return "a secret";
	if (json_object_get(c->container, "repositoryCredentials"))
		return "repository_credentials";
	if (c->is_fargate && str_eq_null(js_str(logs, "logDriver"), "awslogs"))
		return "awslogs on Fargate";
	const char *image = js_str(c->container, "image");
	return c->is_fargate && image && strstr(image, ".dkr.ecr.") ? "an image in ECR on Fargate"
								    : NULL;
}

static void check_role(const struct checks *c)
{
	const char *use = use_of_role(c);
	if (use && !json_object_get(c->desired, "executionRoleArn"))
		findings_error(c->findings, here(c), "add 'execution_role: <name of a iam_role>'",
			"container '%s': %s needs an execution role", c->name, use);
}

// ---- one container

static void check_fargate_container(const struct checks *c)
{
	if (js_bool(c->container, "privileged", false))
		findings_error(c->findings, here(c), "take it out",
			"container '%s': Fargate runs nothing privileged", c->name);
	if (json_array_size(json_object_get(c->container, "links")) > 0)
		findings_error(c->findings, here(c), "containers of a task share localhost",
			"container '%s': Fargate has no links", c->name);
	if (js_int(c->container, "stopTimeout", 0) > 120)
		findings_error(c->findings, here(c), "write at most 120",
			"container '%s': stop_timeout is longer than Fargate waits", c->name);
}

static void check_container(struct checks *c)
{
	static const char *const needed[] = {"name", "image"};
	for (size_t i = 0; i < ARRAY_COUNT(needed); i++)
		if (!json_object_get(c->container, needed[i])) {
			char remedy[40];
			snprintf(remedy, sizeof(remedy), "add '%s:'", needed[i]);
			findings_error(
				c->findings, here(c), remedy, "a container needs '%s'", needed[i]);
		}
	for (size_t i = 0; i < c->at; i++)
		if (str_eq_null(js_str(json_array_get(c->containers, i), "name"), c->name))
			findings_error(c->findings, here(c), "give it another name",
				"two containers are called '%s'", c->name);
	check_named(c, "dependsOn", "containerName", c->containers, "container");
	check_named(c, "volumesFrom", "sourceContainer", c->containers, "container");
	check_named(
		c, "mountPoints", "sourceVolume", json_object_get(c->desired, "volumes"), "volume");
	check_twice(c, "environment", "environment");
	check_twice(c, "secrets", "secrets");
	check_twice(c, "environment", "secrets");
	check_ports(c);
	check_logs(c);
	check_health(c);
	check_role(c);
	if (c->is_fargate)
		check_fargate_container(c);
	int64_t hard = js_int(c->container, "memory", -1),
		soft = js_int(c->container, "memoryReservation", -1);
	if (hard < 0 && soft < 0 && !json_object_get(c->desired, "memory"))
		findings_error(c->findings, here(c), "add 'memory:' to it or to the definition",
			"container '%s' has no limit of memory", c->name);
	if (hard >= 0 && soft > hard)
		findings_error(c->findings, here(c), "write less than 'memory'",
			"container '%s' reserves more memory than it may use", c->name);
}

// ---- the whole

// "256" -> 256; -1: not set, not known yet or no number.
static int64_t number_of(const struct checks *c, const char *member)
{
	int64_t number;
	const char *text = js_str(c->desired, member);
	if (!text)
		return -1;
	if (num_parse_i64(text, 1, INT32_MAX, &number))
		return number;
	// "1 vCPU" and "2 GB" are taken, and shown as 1024 and 2048.
	findings_error(c->findings, place_of(c->node, member),
		str_eq(member, "cpu") ? "write CPU units: 1024 are one vCPU" : "write MiB: 1024",
		"%s '%s' is no number, and AWS would show it as one", member, text);
	return -1;
}

// "Task CPU and memory" in the Fargate chapter of the ECS Developer Guide.
static void check_size(const struct checks *c, int64_t cpu, int64_t memory)
{
	static const struct {
		int cpu, min, max, step;
	} sizes[] = {{256, 512, 2048, 512}, {512, 1024, 4096, 1024}, {1024, 2048, 8192, 1024},
		{2048, 4096, 16384, 1024}, {4096, 8192, 30720, 1024}, {8192, 16384, 61440, 4096},
		{16384, 32768, 122880, 8192}};
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
		if (sizes[i].cpu != cpu)
			continue;
		// 256 units take 512, 1024 and 2048, not 1536.
		bool fits = memory >= sizes[i].min && memory <= sizes[i].max &&
			    memory % sizes[i].step == 0 && !(cpu == 256 && memory == 1536);
		char remedy[100];
		snprintf(remedy, sizeof(remedy), "write %d to %d in steps of %d", sizes[i].min,
			sizes[i].max, sizes[i].step);
		if (!fits && memory > 0)
			findings_error(c->findings, place_of(c->node, "memory"),
				cpu == 256 ? "write 512, 1024 or 2048" : remedy,
				"Fargate has no tasks of %lld CPU units with %lld MiB",
				(long long)cpu, (long long)memory);
		return;
	}
	if (cpu > 0)
		findings_error(c->findings, place_of(c->node, "cpu"),
			"write 256, 512, 1024, 2048, 4096, 8192 or 16384",
			"Fargate has no tasks of %lld CPU units", (long long)cpu);
}

static void check_sums(const struct checks *c, int64_t cpu, int64_t memory)
{
	int64_t units = 0, mib = 0;
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)c->containers, i, one) {
		units += js_int(one, "cpu", 0);
		mib += js_int(one, "memoryReservation", js_int(one, "memory", 0));
	}
	if (cpu > 0 && units > cpu)
		findings_error(c->findings, place_of(c->node, "cpu"), "raise it, or lower theirs",
			"the containers want %lld CPU units of the task's %lld", (long long)units,
			(long long)cpu);
	if (memory > 0 && mib > memory)
		findings_error(c->findings, place_of(c->node, "memory"),
			"raise it, or lower theirs",
			"the containers want %lld MiB of the task's %lld", (long long)mib,
			(long long)memory);
}

static void check_fargate(const struct checks *c)
{
	static const char *const needed[] = {"cpu", "memory"};
	for (size_t i = 0; i < ARRAY_COUNT(needed); i++)
		if (!json_object_get(c->desired, needed[i])) {
			char remedy[40];
			snprintf(remedy, sizeof(remedy), "add '%s:'", needed[i]);
			findings_error(c->findings, c->node->place, remedy,
				"a task_definition for Fargate needs '%s'", needed[i]);
		}
	if (!c->is_awsvpc)
		findings_error(c->findings, place_of(c->node, "network_mode"),
			"write 'network_mode: awsvpc'",
			"a task_definition for Fargate needs network mode awsvpc");
	if (json_array_size(json_object_get(c->desired, "placementConstraints")) > 0)
		findings_error(c->findings, place_of(c->node, "placement_constraints"),
			"take it out", "Fargate places tasks by itself");
	int64_t gib = js_int(json_object_get(c->desired, "ephemeralStorage"), "sizeInGiB", 21);
	if (gib < 21 || gib > 200)
		findings_error(c->findings, place_of(c->node, "ephemeral_storage"),
			"write 21 to 200; 20 are there without it",
			"Fargate has no ephemeral storage of %lld GiB", (long long)gib);
}

static bool has_essential(const json_t *containers)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)containers, i, one)
		if (js_bool(one, "essential", true))
			return true;
	return false;
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *mode = js_str(desired, "networkMode");
	struct checks c = {.desired = desired,
		.containers = json_object_get(desired, "containerDefinitions"),
		.node = node,
		.findings = findings,
		.is_fargate = has_text(
			json_object_get(desired, "requiresCompatibilities"), NULL, "FARGATE"),
		.is_awsvpc = mode ? str_eq(mode, "awsvpc")
				  : json_object_get(desired, "networkMode") != NULL};
	if (json_array_size(c.containers) == 0 || !has_essential(c.containers))
		findings_error(findings, place_of(node, "container_definitions"),
			"mark the one that the task is for with 'essential: true'",
			"a task_definition needs an essential container");
	json_array_foreach ((json_t *)c.containers, c.at, c.container) {
		c.name = js_str(c.container, "name");
		c.name = c.name ? c.name : "?";
		check_container(&c);
	}
	int64_t cpu = number_of(&c, "cpu"), memory = number_of(&c, "memory");
	if (c.is_fargate) {
		check_fargate(&c);
		check_size(&c, cpu, memory);
	}
	check_sums(&c, cpu, memory);
}

// clang-format off
static const struct field fields[] = {
	{.name = "family", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .observed = "taskDefinition.family", .summary = "the name that its revisions are counted under"},
	{.name = "container_definitions", .flags = FIELD_REQUIRED, .observed = "taskDefinition.containerDefinitions", .compare = COMPARE_LOOSE,
	 .summary = "the containers of a task; secrets by ARN, as in ${security.secret.db.arn}"},
	{.name = "cpu", .observed = "taskDefinition.cpu", .compare = COMPARE_NUMBER, .summary = "CPU units of the whole task: 1024 are one vCPU"},
	{.name = "memory", .observed = "taskDefinition.memory", .compare = COMPARE_NUMBER, .summary = "MiB of the whole task"},
	{.name = "network_mode", .observed = "taskDefinition.networkMode", .summary = "awsvpc (an address a task), bridge, host or none"},
	{.name = "task_role", .member = "taskRoleArn", .type = FIELD_REF, .ref = "iam_role", .ref_attr = "Arn", .observed = "taskDefinition.taskRoleArn",
	 .compare = COMPARE_ARN_NAME, .summary = "what the containers may do"},
	{.name = "execution_role", .member = "executionRoleArn", .type = FIELD_REF, .ref = "iam_role", .ref_attr = "Arn", .observed = "taskDefinition.executionRoleArn",
	 .compare = COMPARE_ARN_NAME, .summary = "what ECS may do to start them: pull images, read secrets, write logs"},
	{.name = "requires_compatibilities", .observed = "taskDefinition.requiresCompatibilities", .compare = COMPARE_SET, .summary = "FARGATE, EC2, EXTERNAL"},
	{.name = "runtime_platform", .observed = "taskDefinition.runtimePlatform", .compare = COMPARE_LOOSE, .summary = "cpu_architecture (X86_64, ARM64), operating_system_family"},
	{.name = "volumes", .observed = "taskDefinition.volumes", .compare = COMPARE_LOOSE, .summary = "what containers mount: EFS, FSx, host paths, docker volumes"},
	{.name = "ephemeral_storage", .observed = "taskDefinition.ephemeralStorage", .compare = COMPARE_LOOSE, .summary = "Fargate: size_in_gi_b, 21 to 200"},
	{.name = "placement_constraints", .observed = "taskDefinition.placementConstraints", .compare = COMPARE_LOOSE, .summary = "EC2: which instances may run it"},
	{.name = "proxy_configuration", .observed = "taskDefinition.proxyConfiguration", .compare = COMPARE_LOOSE, .summary = "the App Mesh proxy"},
	{.name = "pid_mode", .observed = "taskDefinition.pidMode", .summary = "task (containers see each other's processes) or host"},
	{.name = "ipc_mode", .observed = "taskDefinition.ipcMode", .summary = "EC2: host, task or none"},
	{.name = "enable_fault_injection", .observed = "taskDefinition.enableFaultInjection", .summary = "whether the Fault Injection Service may disturb its tasks"},
	{.name = "task_definition_arn", .member = "taskDefinitionArn", .observed = "taskDefinition.taskDefinitionArn", .flags = FIELD_COMPUTED | FIELD_MOVES, .summary = "the ARN of the newest revision"},
	{.name = "revision", .member = "revision", .observed = "taskDefinition.revision", .flags = FIELD_COMPUTED | FIELD_MOVES, .summary = "its number"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"tags": "@tags"}),
	.observed = "tags",
	.add = {.operation = "TagResource", .args = ARGS({"resourceArn": "@arn", "tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagResource", .args = ARGS({"resourceArn": "@arn", "tagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
	.form = TAGS_LOWER_CASE,
};

const struct kind task_definition_kind = {
	.name = "task_definition",
	.layer = "compute",
	.service = "ecs",
	.summary = "what containers run together, and how",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		// Without a number AWS answers the newest active revision.
		.list = {"DescribeTaskDefinition", ARGS({"taskDefinition": "@each", "include": ["TAGS"]}), "", .each = "@{desired.family}"},
		.id = "taskDefinition.family",
		.arn = "taskDefinition.taskDefinitionArn",
		.key = "@{desired.family}",
		.absent = (const char *const[]){"ClientException", NULL},
	},
	.states = {.path = "taskDefinition.status", .gone = "INACTIVE DELETE_IN_PROGRESS", .past = "INACTIVE DELETE_IN_PROGRESS"},
	.create = {.operation = "RegisterTaskDefinition", .flags = CALL_ADDS},
	.created_id = "taskDefinition.family",
	.update = {.operation = "RegisterTaskDefinition", .flags = CALL_WHOLE, .args = ARGS({"tags": "@tags"})},
	.remove = {.operation = "DeregisterTaskDefinition", .args = ARGS({"taskDefinition": "@found"}), .flags = CALL_REPEATABLE | CALL_NEEDS_FOUND | CALL_WHILE_FOUND,
		   .find = {"ListTaskDefinitions", ARGS({"familyPrefix": "@id", "status": "ACTIVE"}), "taskDefinitionArns[]"}},
	.needs = "iam:PassRole",
	.check = check,
};
// clang-format on
