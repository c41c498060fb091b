// /metrics in Prometheus' text format: base units, one family a name, its samples together. The
// dashboard and the alert rules in packaging/monitoring/ use these names; a test compares them.
#include "app.h"
#include "aws/client.h"
#include "base/log.h"
#include "base/str.h"
#include "core/orders.h"
#include "core/view.h"

static void add_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_seconds(struct buf *out, int64_t ms)
{
	buf_addf(out, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
}

/* `labels` without braces; may be empty. */
static void add_histogram(
	struct buf *out, const char *name, const char *labels, const struct histogram *h)
{
	const char *comma = *labels ? "," : "";
	uint64_t count = 0;
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
		count += h->counts[i];
		buf_addf(out, "%s_bucket{%s%sle=\"", name, labels, comma);
		add_seconds(out, histogram_bounds_ms[i]);
		buf_addf(out, "\"} %llu\n", (unsigned long long)count);
	}
	count += h->counts[HISTOGRAM_BOUNDS];
	buf_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n%s_sum{%s} ", name, labels, comma,
		(unsigned long long)count, name, labels);
	add_seconds(out, (int64_t)h->sum_ms);
	buf_addf(out, "\n%s_count{%s} %llu\n", name, labels, (unsigned long long)count);
}

// ---- layers

// One row a metric: the format wants all samples of a name together.
struct layer_metric {
	const char *name, *type, *help;
	double (*value)(const struct reconciler *r, const struct view_counts *counts);
};

#define LAYER_VALUE(fn, expression)                                                                \
	static double fn(const struct reconciler *r, const struct view_counts *counts)             \
	{                                                                                          \
		(void)r, (void)counts;                                                             \
		return (double)(expression);                                                       \
	}
LAYER_VALUE(resources_of, counts->total)
LAYER_VALUE(synced_of, counts->synced)
LAYER_VALUE(healthy_of, counts->healthy)
LAYER_VALUE(drifted_of, counts->drifted)
LAYER_VALUE(holds_of, counts->held)
LAYER_VALUE(failed_of, counts->failed)
LAYER_VALUE(orphaned_of, counts->orphaned)
LAYER_VALUE(unknown_of, counts->unknown)
LAYER_VALUE(progressing_of, counts->progressing)
LAYER_VALUE(braked_of, orders_brake(r->stack->orders, r->layer->name) != NULL)
LAYER_VALUE(paused_of, orders_layer_pause(r->stack->orders, r->layer->name,
			       loop_wall_ms(r->stack->options.loop)) != NULL)
LAYER_VALUE(passes_of, r->pass_count)
LAYER_VALUE(reverted_of, r->tally.reverted)
LAYER_VALUE(calls_of, r->last_pass.calls)
LAYER_VALUE(took_of, (double)r->last_pass.dur_ms / 1000)
LAYER_VALUE(looked_of, r->last_pass.started_wall_ms / 1000.0)

// clang-format off
static const struct layer_metric layer_metrics[] = {
	{"holdfast_resources",                   "gauge",   "Resources of the layer, orphans included.",           resources_of},
	{"holdfast_synced",                      "gauge",   "Resources that are as the file says.",                synced_of},
	{"holdfast_healthy",                     "gauge",   "Resources that AWS reports as working.",              healthy_of},
	{"holdfast_drifted",                     "gauge",   "Resources that differ, or are missing.",              drifted_of},
	{"holdfast_held",                        "gauge",   "Changes that wait for approval.",                     holds_of},
	{"holdfast_failed",                      "gauge",   "Resources whose last change failed.",                 failed_of},
	{"holdfast_orphaned",                    "gauge",   "Resources in AWS that left the file.",                orphaned_of},
	{"holdfast_unknown",                     "gauge",   "Resources that were not looked at, or could not be.", unknown_of},
	{"holdfast_progressing",                 "gauge",   "Resources on which something is under way.",          progressing_of},
	{"holdfast_braked",                      "gauge",   "1 while a brake stops the layer.",                    braked_of},
	{"holdfast_paused",                      "gauge",   "1 while a person has paused the layer.",              paused_of},
	{"holdfast_passes_total",                "counter", "Passes that have ended.",                             passes_of},
	{"holdfast_reverted_total",              "counter", "Drifts that went away without a change of ours.",     reverted_of},
	{"holdfast_last_pass_calls",             "gauge",   "Requests of the last pass.",                          calls_of},
	{"holdfast_last_pass_seconds",           "gauge",   "Duration of the last pass.",                          took_of},
	{"holdfast_last_pass_timestamp_seconds", "gauge",   "When the last pass began, since 1970.",               looked_of},
};
// clang-format on

typedef void (*layer_fn)(const struct stack *stack, const struct reconciler *r, struct buf *out);

static void each_layer(const struct app *app, layer_fn add, struct buf *out)
{
	for (size_t i = 0; i < app->held_count; i++) {
		const struct stack *stack = app->held[i].stack;
		for (size_t j = 0; j < stack->reconciler_count; j++)
			add(stack, &stack->reconcilers[j], out);
	}
}

static void add_layer_values(const struct app *app, struct buf *out)
{
	for (size_t m = 0; m < ARRAY_COUNT(layer_metrics); m++) {
		const struct layer_metric *metric = &layer_metrics[m];
		add_head(out, metric->name, metric->type, metric->help);
		for (size_t i = 0; i < app->held_count; i++) {
			const struct stack *stack = app->held[i].stack;
			for (size_t j = 0; j < stack->reconciler_count; j++) {
				const struct reconciler *r = &stack->reconcilers[j];
				struct view_counts counts = view_count(stack, r->layer->name);
				buf_addf(out, "%s{stack=\"%s\",layer=\"%s\"} %.15g\n", metric->name,
					stack->name, r->layer->name, metric->value(r, &counts));
			}
		}
	}
}

static void labels_of(const struct stack *stack, const struct reconciler *r, char ret[160])
{
	snprintf(ret, 160, "stack=\"%s\",layer=\"%s\"", stack->name, r->layer->name);
}

static void add_passes(const struct stack *stack, const struct reconciler *r, struct buf *out)
{
	char labels[160];
	labels_of(stack, r, labels);
	add_histogram(out, "holdfast_pass_seconds", labels, &r->tally.passes);
}

static void add_corrections(const struct stack *stack, const struct reconciler *r, struct buf *out)
{
	char labels[160];
	labels_of(stack, r, labels);
	add_histogram(out, "holdfast_correction_seconds", labels, &r->tally.corrections);
}

static void add_failures(const struct stack *stack, const struct reconciler *r, struct buf *out)
{
	for (int class = ERR_TRANSIENT; class <= ERR_BUG; class ++)
		buf_addf(out,
			"holdfast_failures_total{stack=\"%s\",layer=\"%s\",class=\"%s\"} %llu\n",
			stack->name, r->layer->name, err_class_name((enum err_class) class),
			(unsigned long long)r->tally.failures[class]);
}

static void add_differences(const struct stack *stack, const struct reconciler *r, struct buf *out)
{
	int counts[DIFFERS_UNDECLARED + 1] = {0}, absent = 0;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (!str_eq(resource->kind->layer, r->layer->name))
			continue;
		absent += resource->decision.sync == SYNC_MISSING;
		for (size_t i = 0; i < resource->decision.differences.count; i++)
			counts[resource->decision.differences.items[i].type]++;
	}
	for (int type = DIFFERS_CHANGED; type <= DIFFERS_UNDECLARED; type++)
		buf_addf(out, "holdfast_differences{stack=\"%s\",layer=\"%s\",type=\"%s\"} %d\n",
			stack->name, r->layer->name,
			difference_type_name((enum difference_type)type), counts[type]);
	buf_addf(out, "holdfast_differences{stack=\"%s\",layer=\"%s\",type=\"absent\"} %d\n",
		stack->name, r->layer->name, absent);
}

static void add_layers(const struct app *app, struct buf *out)
{
	add_layer_values(app, out);
	add_head(out, "holdfast_differences", "gauge",
		"Differences between the file and AWS now; absent: whole resources.");
	each_layer(app, add_differences, out);
	add_head(out, "holdfast_failures_total", "counter", "Changes that failed.");
	each_layer(app, add_failures, out);
	add_head(out, "holdfast_pass_seconds", "histogram", "How long passes take.");
	each_layer(app, add_passes, out);
	add_head(out, "holdfast_correction_seconds", "histogram",
		"From finding a resource's last drift to seeing it corrected.");
	each_layer(app, add_corrections, out);
}

// ---- AWS

static void add_aws(const struct app *app, struct buf *out)
{
	// clang-format off
	static const struct {
		const char *member, *name, *label, *type, *help;
	} rows[] = {
		{"requests",   "holdfast_aws_requests_total",   "",                 "counter", "Requests sent to a service."},
		{"errors",     "holdfast_aws_errors_total",     "",                 "counter", "Calls to a service that ended in an error."},
		{"throttled",  "holdfast_aws_throttled_total",  "",                 "counter", "Answers of a service that asked for less."},
		{"retries",    "holdfast_aws_retries_total",    "",                 "counter", "Requests to a service sent again."},
		{"in_flight",  "holdfast_aws_in_flight",        "",                 "gauge",   "Requests to a service under way."},
		{"read_left",  "holdfast_aws_budget_ratio",     ",sort=\"read\"",   "gauge",   "Share of our budget of calls to a service that is left, 0 to 1."},
		{"write_left", "holdfast_aws_budget_ratio",     ",sort=\"write\"",  NULL,      NULL},
		{"read_rate",  "holdfast_aws_calls_per_second", ",sort=\"read\"",   "gauge",   "Calls a second that our budget allows now; less after throttling."},
		{"write_rate", "holdfast_aws_calls_per_second", ",sort=\"write\"",  NULL,      NULL},
	};
	// clang-format on
	for (size_t m = 0; m < ARRAY_COUNT(rows); m++) {
		if (rows[m].type)
			add_head(out, rows[m].name, rows[m].type, rows[m].help);
		for (size_t i = 0; i < app->held_count; i++) {
			_cleanup_json_ json_t *stats = aws_stats(app->held[i].aws);
			const char *service;
			json_t *counters;
			json_object_foreach (stats, service, counters)
				buf_addf(out, "%s{stack=\"%s\",service=\"%s\"%s} %.15g\n",
					rows[m].name, app->held[i].stack->name, service,
					rows[m].label,
					json_number_value(
						json_object_get(counters, rows[m].member)));
		}
	}
}

// ---- stacks and the process

struct stack_metric {
	const char *name, *type, *help;
	double (*value)(const struct held *held);
};

#define STACK_VALUE(fn, expression)                                                                \
	static double fn(const struct held *held)                                                  \
	{                                                                                          \
		return (double)(expression);                                                       \
	}
STACK_VALUE(leads, lease_may_write(held->lease))
STACK_VALUE(stands_by, stack_is_standby(held->stack))
STACK_VALUE(file_is_valid, held->findings == NULL)
STACK_VALUE(loaded_at, held->stack->loaded_wall_ms / 1000.0)
STACK_VALUE(waiting_of, journal_count(held->journal))
STACK_VALUE(on_disk_of, journal_kept_count(held->journal))
STACK_VALUE(dropped_of, journal_dropped_count(held->journal))
STACK_VALUE(is_failing, journal_is_failing(held->journal))

// clang-format off
static const struct stack_metric stack_metrics[] = {
	{"holdfast_leader",                        "gauge",   "1 while this daemon leads the stack and can prove it.",   leads},
	{"holdfast_standby",                       "gauge",   "1 while another daemon leads the stack.",                 stands_by},
	{"holdfast_config_valid",                  "gauge",   "0 while the file has errors and the last good one holds.", file_is_valid},
	{"holdfast_config_loaded_timestamp_seconds", "gauge", "When the file in force was read, since 1970.",            loaded_at},
	{"holdfast_history_waiting",               "gauge",   "History that the store has not taken yet.",               waiting_of},
	{"holdfast_history_on_disk",               "gauge",   "History that waits in the journal on disk.",              on_disk_of},
	{"holdfast_history_dropped_total",         "counter", "Observations left out because the journal was full.",     dropped_of},
	{"holdfast_journal_failing",               "gauge",   "1 while the disk does not take the journal.",             is_failing},
};
// clang-format on

static void add_stacks(const struct app *app, struct buf *out)
{
	for (size_t m = 0; m < ARRAY_COUNT(stack_metrics); m++) {
		const struct stack_metric *metric = &stack_metrics[m];
		add_head(out, metric->name, metric->type, metric->help);
		for (size_t i = 0; i < app->held_count; i++)
			buf_addf(out, "%s{stack=\"%s\"} %.15g\n", metric->name,
				app->held[i].stack->name, metric->value(&app->held[i]));
	}
}

static void add_one(struct buf *out, const char *name, const char *type, const char *help, double v)
{
	add_head(out, name, type, help);
	buf_addf(out, "%s %.15g\n", name, v);
}

static void add_process(const struct app *app, struct buf *out)
{
	add_head(out, "holdfast_build_info", "gauge", "Always 1; the version is a label.");
	buf_addf(out, "holdfast_build_info{version=\"%s\"} 1\n", HOLDFAST_VERSION);
	add_one(out, "holdfast_start_time_seconds", "gauge", "When the daemon started, since 1970.",
		(double)app->started_wall_ms / 1000);
	add_one(out, "holdfast_store_ready", "gauge", "1 while Postgres answers.",
		store_phase(app->store) == STORE_READY);
	add_one(out, "holdfast_loop_steps_total", "counter", "Steps of the run queue.",
		(double)app->loop.steps);
	add_head(out, "holdfast_loop_lag_seconds", "histogram",
		"How long a turn of the loop kept others waiting.");
	add_histogram(out, "holdfast_loop_lag_seconds", "", &app->loop.lags);
	add_one(out, "holdfast_log_dropped_total", "counter", "Log lines that nobody took.",
		(double)log_dropped_count());
}

static void on_metrics(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	_cleanup_buf_ struct buf out = {0};
	add_layers(app, &out);
	add_aws(app, &out);
	add_stacks(app, &out);
	add_process(app, &out);
	control_answer_text(
		exchange, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out));
}

void metrics_init(struct control_api *api)
{
	api->metrics = on_metrics;
}
