// A timer runs only while there is something to tell: a daemon that publishes nothing never wakes
// for it. Counts are sums over the minute, states are those of the last pass.
#include "core/publish.h"
#include "base/js.h"
#include "base/log.h"
#include "base/str.h"

bool publisher_takes(const char *namespace)
{
	size_t length = strlen(namespace);
	return length > 0 && length <= 255 && !str_starts(namespace, "AWS/") &&
	       namespace[strspn(namespace, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					   "0123456789._-/#")] == '\0';
}

static json_t *metric(const struct publisher *p, const struct publish_row *row, const char *name,
	const char *unit, double value)
{
	return json_pack("{s:s, s:s, s:f, s:[{s:s, s:s}, {s:s, s:s}]}", "MetricName", name, "Unit",
		unit, "Value", value, "Dimensions", "Name", "Stack", "Value", p->stack, "Name",
		"Layer", "Value", row->layer);
}

static void add_row(const struct publisher *p, const struct publish_row *row, json_t *out)
{
	json_array_append_new(out, metric(p, row, "Drifted", "Count", row->sums.drifted));
	json_array_append_new(out, metric(p, row, "Held", "Count", row->sums.held));
	json_array_append_new(out, metric(p, row, "Corrected", "Count", row->sums.corrected));
	json_array_append_new(out, metric(p, row, "Failed", "Count", row->sums.failed));
	json_array_append_new(out, metric(p, row, "Calls", "Count", row->sums.calls));
	json_t *time = metric(p, row, "PassTime", "Milliseconds", 0);
	json_object_del(time, "Value");
	json_object_set_new(time, "StatisticValues",
		json_pack("{s:f, s:f, s:f, s:f}", "SampleCount", (double)row->passes, "Sum",
			(double)row->sums.dur_ms, "Minimum", (double)row->least_ms, "Maximum",
			(double)row->most_ms));
	json_array_append_new(out, time);
}

static void publish(struct publisher *p)
{
	json_t *data = json_array();
	for (struct publish_row *row = p->rows; row < p->rows + PUBLISH_MOST_LAYERS; row++) {
		if (row->passes > 0)
			add_row(p, row, data);
		*row = (struct publish_row){.layer = row->layer};
	}
	p->input = json_pack("{s:s, s:o}", "Namespace", p->namespace, "MetricData", data);
	aws_call_init(&p->call, "cloudwatch", "PutMetricData", p->input);
	p->call.is_mutating = true; // twice would count twice
	aws_start(p->aws, &p->call, &p->task);
}

static void take_answer(struct publisher *p)
{
	const struct err *err = &p->call.op.err;
	if (err_is(err) && err->class != ERR_CANCELED && p->failures++ % 60 == 0)
		log_warning("cannot publish metrics", LOG_STR("stack", p->stack),
			LOG_STR("namespace", p->namespace), LOG_INT("attempt", p->failures),
			LOG_ERR(err));
	if (!err_is(err))
		p->failures = 0;
	aws_call_done(&p->call);
	json_decref(p->input);
	p->input = NULL;
}

static bool has_news(const struct publisher *p)
{
	for (const struct publish_row *row = p->rows; row < p->rows + PUBLISH_MOST_LAYERS; row++)
		if (row->passes > 0)
			return true;
	return false;
}

static void step(struct task *task)
{
	struct publisher *p = CONTAINER_OF(task, struct publisher, task);
	if (p->input && op_is_finished(&p->call.op))
		take_answer(p);
	if (p->input || p->is_stopping || timer_is_running(&p->timer) || !has_news(p))
		return;
	timer_start(&p->timer, &p->task, PUBLISH_EVERY_MS);
	publish(p);
}

void publisher_init(struct publisher *p, struct loop *loop, struct aws_port *aws,
	const char *namespace, const char *stack)
{
	*p = (struct publisher){.aws = aws, .namespace = namespace, .stack = stack, .loop = loop};
	task_init(&p->task, loop, step, "publisher");
	timer_init(&p->timer, loop);
}

void publisher_note(struct publisher *p, const char *layer, const struct publish_pass *pass)
{
	struct publish_row *row = p->rows;
	if (!p->namespace || p->is_stopping)
		return;
	while (row < p->rows + PUBLISH_MOST_LAYERS - 1 && row->layer && !str_eq(row->layer, layer))
		row++;
	row->layer = layer;
	if (row->passes == 0 || pass->dur_ms < row->least_ms)
		row->least_ms = pass->dur_ms;
	if (row->passes == 0 || pass->dur_ms > row->most_ms)
		row->most_ms = pass->dur_ms;
	row->passes++;
	row->sums.corrected += pass->corrected;
	row->sums.failed += pass->failed;
	row->sums.calls += pass->calls;
	row->sums.dur_ms += pass->dur_ms;
	row->sums.drifted = pass->drifted;
	row->sums.held = pass->held;
	task_wake(&p->task);
}

void publisher_stop(struct publisher *p)
{
	p->is_stopping = true;
	timer_stop(&p->timer);
	if (p->input)
		op_cancel(&p->call.op);
}

bool publisher_is_idle(const struct publisher *p)
{
	return !p->input || !op_is_running(&p->call.op);
}

void publisher_done(struct publisher *p)
{
	timer_stop(&p->timer);
	task_done(&p->task);
	if (p->input)
		aws_call_done(&p->call);
	json_decref(p->input);
	p->input = NULL;
}
