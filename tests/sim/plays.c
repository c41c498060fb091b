#include "tests/sim/plays.h"
#include "base/defs.h"

// clang-format off
#define STACK "stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
#define HEAD STACK \
	"policy: {interval: 30s, prune: delete, replace: allow, most_deletes: 20, most_deletes_per_hour: 1000, most_corrections: 20}\n"

const char play_gone[] = STACK "policy: {interval: 30s, prune: hold}\n";

#define VPC(names) "  vpc:\n    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: " names "}\n"
#define PUBLIC(map) "    public: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a, map_public_ip_on_launch: " map "}\n"
#define PRIVATE "    private: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: a}\n"
#define LONELY(block) "    lonely: {vpc: main, cidr_block: " block ", availability_zone: b}\n"

static const char network_first[] = HEAD
	"tags: {team: a}\n"
	"network:\n"
	VPC("true")
	"  subnet:\n" PUBLIC("true") PRIVATE LONELY("10.0.2.0/24")
	"  internet_gateway:\n"
	"    main: {vpc: main}\n"
	"  elastic_ip:\n"
	"    nat:\n"
	"  nat_gateway:\n"
	"    main: {subnet: public, elastic_ip: nat}\n"
	"  route_table:\n"
	"    public:\n"
	"      vpc: main\n"
	"      routes: [{destination_cidr_block: 0.0.0.0/0, internet_gateway: main}]\n"
	"      subnets: [public]\n"
	"    private:\n"
	"      vpc: main\n"
	"      routes: [{destination_cidr_block: 0.0.0.0/0, nat_gateway: main}]\n"
	"      subnets: [private]\n"
	"security:\n"
	"  security_group:\n"
	"    web:\n"
	"      vpc: main\n"
	"      ingress: [{ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0}]\n"
	"      egress: [{ip_protocol: tcp, from_port: 5432, to_port: 5432, security_group: db}]\n"
	"    db:\n"
	"      vpc: main\n"
	"      ingress: [{ip_protocol: tcp, from_port: 5432, to_port: 5432, security_group: web}]\n";

// Without the NAT gateway and what belongs to it, without the groups; with another block, rule and
// tag.
static const char network_second[] = HEAD
	"tags: {team: b}\n"
	"network:\n"
	VPC("false")
	"  subnet:\n" PUBLIC("false") PRIVATE LONELY("10.0.3.0/24")
	"  internet_gateway:\n"
	"    main: {vpc: main}\n"
	"  route_table:\n"
	"    public:\n"
	"      vpc: main\n"
	"      routes: [{destination_cidr_block: 0.0.0.0/0, internet_gateway: main}]\n"
	"      subnets: [public, private]\n"
	"security:\n"
	"  security_group:\n"
	"    bastion:\n"
	"      vpc: main\n"
	"      ingress: [{ip_protocol: tcp, from_port: 22, to_port: 22, cidr_ipv4: 192.0.2.0/24}]\n";

static const char small_first[] = HEAD
	"network:\n" VPC("true") "  subnet:\n" PUBLIC("true") LONELY("10.0.2.0/24")
	"  elastic_ip:\n    one:\n";

// One address is only to be looked at from now on.
static const char small_second[] = HEAD
	"network:\n" VPC("true") "  subnet:\n" PUBLIC("false") LONELY("10.0.4.0/24")
	"  elastic_ip:\n    one: {policy: {mode: observe}}\n    two:\n";

static const char groups_first[] = HEAD
	"tags: {team: a}\n"
	"network:\n" VPC("true")
	"security:\n"
	"  security_group:\n"
	"    web:\n"
	"      vpc: main\n"
	"      ingress: [{ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0}]\n";

static const char groups_second[] = HEAD
	"network:\n" VPC("true")
	"security:\n"
	"  security_group:\n"
	"    web:\n"
	"      vpc: main\n"
	"      ingress: [{ip_protocol: tcp, from_port: 80, to_port: 80, cidr_ipv4: 0.0.0.0/0}]\n"
	"    more:\n"
	"      vpc: main\n"
	"      egress: []\n";

// What holds data: the second one replaces the database, which waits for people; it takes minutes to
// go and to come, and its subnets must wait for it.
#define SUBNETS "  subnet:\n    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n    b: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: b}\n"
#define GROUP(words) "  db_subnet_group:\n    main: {db_subnet_group_name: shop-subnets, db_subnet_group_description: " words ", subnets: [a, b]}\n"
#define DATABASE(words) "{engine: postgres, db_instance_class: db.t4g.medium, allocated_storage: 20, master_username: app, manage_master_user_password: true, db_subnet_group: main, " words "}\n"

static const char data_first[] = HEAD
	"tags: {team: a}\n"
	"network:\n" VPC("true") SUBNETS
	"data:\n" GROUP("one")
	"  db_instance:\n"
	"    main: " DATABASE("deletion_protection: true, backup_retention_period: 7")
	"    old: " DATABASE("skip_final_snapshot: true, deletion_protection: false");

static const char data_second[] = HEAD
	"tags: {team: b}\n"
	"network:\n" VPC("true") SUBNETS
	"data:\n" GROUP("two")
	"  db_instance:\n"
	"    main: " DATABASE("deletion_protection: true, backup_retention_period: 14, storage_encrypted: true");

// Secrets can be brought back for a while after their deletion, and until then their names are taken.
static const char secrets_first[] = HEAD
	"tags: {team: a}\n"
	"security:\n"
	"  secret:\n    app: {description: one, generate: {password_length: 20}}\n    old: {description: old, generate: {password_length: 20}}\n";

static const char secrets_second[] = HEAD
	"security:\n"
	"  secret:\n    app: {description: two, generate: {password_length: 20}}\n";

// A service behind a door. The second one has another group of targets, which takes the place of the
// first when the listener has turned to it, and another service, whose name is taken while it drains.
#define TASK(image) "  task_definition:\n    app: {cpu: '256', memory: '512', network_mode: awsvpc, container_definitions: [{name: app, image: '" image "', port_mappings: [{container_port: 8080}]}]}\n"
#define DOOR(port) "  load_balancer:\n    web: {scheme: internal, subnets: [a, b]}\n" \
	"  listener:\n    http: {load_balancer: web, port: " port ", protocol: HTTP, default_actions: [{type: forward, target_group: app}]}\n"
#define TARGETS(words) "  target_group:\n    app: {vpc: main, protocol: HTTP, port: 8080, target_type: ip, " words "}\n"
#define SERVICE(words) "  ecs_service:\n    app: {cluster: main, task_definition: app, launch_type: FARGATE, subnets: [a, b], load_balancers: [{target_group_arn: '${compute.target_group.app.target_group_arn}', container_name: app, container_port: 8080}], " words "}\n"

static const char service_first[] = HEAD
	"tags: {team: a}\n"
	"network:\n" VPC("true") SUBNETS
	"compute:\n  ecs_cluster:\n    main: {}\n" TASK("app:1") DOOR("80") TARGETS("health_check_path: /one") SERVICE("desired_count: 1");

static const char service_second[] = HEAD
	"tags: {team: b}\n"
	"network:\n" VPC("true") SUBNETS
	"compute:\n  ecs_cluster:\n    main: {}\n" TASK("app:2") DOOR("81") TARGETS("health_check_path: /two") SERVICE("desired_count: 2, scheduling_strategy: REPLICA");

// What logs and rings.
#define ALARM(threshold) "  alarm:\n    cpu: {namespace: AWS/RDS, metric_name: CPUUtilization, statistic: Average, period: 60, evaluation_periods: 3, threshold: " threshold ", comparison_operator: GreaterThanThreshold, alarm_topics: [ops]}\n"
#define TOPIC "  sns_topic:\n    ops: {}\n"

static const char watch_first[] = HEAD
	"tags: {team: a}\n"
	"monitoring:\n"
	"  log_group:\n    app: {retention_in_days: 30}\n    old: {retention_in_days: 7}\n"
	TOPIC ALARM("80");

static const char watch_second[] = HEAD
	"tags: {team: b}\n"
	"monitoring:\n"
	"  log_group:\n    app: {retention_in_days: 14}\n"
	TOPIC ALARM("90");

static const char tasks_first[] = HEAD
	"security:\n"
	"  iam_role:\n    task:\n      assume_role_policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]}\n"
	"compute:\n"
	"  ecs_cluster:\n    main: {}\n"
	"  task_definition:\n    app: {cpu: '256', memory: '512', task_role: task, container_definitions: [{name: app, image: 'app:1'}]}\n";

static const char tasks_second[] = HEAD
	"security:\n"
	"  iam_role:\n    task:\n      assume_role_policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]}\n"
	"compute:\n"
	"  ecs_cluster:\n    main: {}\n    more: {}\n"
	"  task_definition:\n    app: {cpu: '256', memory: '512', task_role: task, container_definitions: [{name: app, image: 'app:2'}]}\n";

static const char keys_first[] = HEAD
	"security:\n"
	"  kms_key:\n    data: {description: one}\n    other: {description: two}\n";

static const char keys_second[] = HEAD
	"security:\n"
	"  kms_key:\n    data: {description: three}\n";

static const char buckets_first[] = HEAD
	"data:\n"
	"  s3_bucket:\n    logs: {bucket: shop-logs-1}\n    more: {bucket: shop-more-1}\n";

static const char buckets_second[] = HEAD
	"data:\n"
	"  s3_bucket:\n    logs: {bucket: shop-logs-2}\n";

// Most of it leaves the file, and that is stopped.
#define ADDRESSES "network:\n  elastic_ip:\n    one:\n"
#define LIMITED STACK "policy: {interval: 30s, prune: delete, most_deletes: 3}\n"
static const char many_first[] = LIMITED ADDRESSES "    two:\n    three:\n    four:\n    five:\n    six:\n";
static const char many_second[] = LIMITED ADDRESSES;

// What AWS makes under a client token, and would make a second one of.
#define TABLE(name, tags) "    " name ": {vpc: main, routes: [], subnets: [], tags: {of: " tags "}}\n"
static const char tables_first[] = HEAD
	"network:\n" VPC("true") "  route_table:\n" TABLE("one", "a") TABLE("two", "a") TABLE("three", "a") TABLE("four", "a");

static const char tables_second[] = HEAD
	"network:\n" VPC("true") "  route_table:\n" TABLE("one", "b") TABLE("two", "a") TABLE("three", "b") TABLE("five", "a");

const struct play plays[] = {
	{"tables", 3, tables_first, tables_second},
	{"many", 1, many_first, many_second},
	{"watch", 2, watch_first, watch_second},
	{"tasks", 2, tasks_first, tasks_second},
	{"keys", 2, keys_first, keys_second},
	{"buckets", 2, buckets_first, buckets_second},
	{"data", 3, data_first, data_second},
	{"secrets", 2, secrets_first, secrets_second},
	{"service", 3, service_first, service_second},
	{"network", 2, network_first, network_second},
	{"small", 4, small_first, small_second},
	{"groups", 3, groups_first, groups_second},
};
// clang-format on
const size_t play_count = ARRAY_COUNT(plays);
