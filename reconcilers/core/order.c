// References that a create call needs make a graph; a circle in it can never be created.
#include "core/order.h"
#include "base/buf.h"
#include "base/str.h"

enum mark { MARK_NONE, MARK_OPEN, MARK_DONE };

struct order {
	struct desired *desired;
	struct findings *findings;
	uint8_t *marks; // enum mark of each wanted
	uint8_t *back;  // scratch
	size_t *path;   // open ones, from the first
	size_t depth;
	size_t *done; // whoever comes first has all that it needs before it
	size_t done_count;
};

static size_t index_of(const struct desired *desired, const char *address)
{
	const struct wanted *wanted = desired_find(desired, address);
	return wanted ? (size_t)(wanted - desired->wanted) : desired->count;
}

static bool has_text(const json_t *list, const char *text)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		if (str_eq(json_string_value(one), text))
			return true;
	return false;
}

/* Marks all that the creation of `from` needs, near or far. */
static void mark_needs(const struct desired *desired, const struct wanted *from, uint8_t *marks)
{
	size_t i;
	json_t *one;
	json_array_foreach (from->depends_on, i, one) {
		const struct wanted *next = desired_find(desired, json_string_value(one));
		if (!next || marks[next - desired->wanted])
			continue;
		marks[next - desired->wanted] = 1;
		mark_needs(desired, next, marks);
	}
}

/* Does `other` refer to something that is marked? */
static bool refers_to_marked(
	const struct desired *desired, const struct wanted *other, const uint8_t *marks)
{
	size_t i;
	json_t *one;
	json_array_foreach (other->refers_to, i, one)
		if (marks[index_of(desired, json_string_value(one))])
			return true;
	return false;
}

/* struct kind's `after`: a NAT gateway comes after the internet gateway of the VPC that its subnet
 * stands in. `marks` and `back` are scratch. */
static void add_after(struct desired *desired, struct wanted *wanted, uint8_t *marks, uint8_t *back)
{
	// AWS has one or a few of what comes first; more than that is a file gone wrong.
	enum { MOST_AFTER = 32 };
	size_t added = 0;
	memset(marks, 0, desired->count + 1);
	mark_needs(desired, wanted, marks);
	for (const char *const *name = wanted->kind->after; name && *name; name++) {
		for (size_t i = 0; i < desired->count && added < MOST_AFTER; i++) {
			const struct wanted *other = &desired->wanted[i];
			if (!str_eq(other->kind->name, *name) || other == wanted || marks[i])
				continue;
			if (!other->kind->is_of_account && !refers_to_marked(desired, other, marks))
				continue;
			memset(back, 0, desired->count + 1);
			mark_needs(desired, other, back);
			if (back[wanted - desired->wanted])
				continue; // it needs us already: that circle is not of the file
			added++;
			json_array_append_new(wanted->depends_on, json_string(other->address));
			if (!has_text(wanted->refers_to, other->address))
				json_array_append_new(
					wanted->refers_to, json_string(other->address));
		}
	}
}

static void tell_circle(struct order *order, size_t start)
{
	_cleanup_buf_ struct buf text = {0};
	buf_init(&text, 600);
	const struct wanted *first = &order->desired->wanted[start];
	size_t i = 0;
	while (order->path[i] != start)
		i++;
	for (; i < order->depth; i++)
		buf_addf(&text, "%s (line %d) -> ", order->desired->wanted[order->path[i]].address,
			order->desired->wanted[order->path[i]].place.line);
	buf_adds(&text, first->address);
	findings_error(order->findings, first->place, "take one of these references out",
		"a circle of references: %s", text.failed ? first->address : buf_str(&text));
}

/* Depth first; recursion is as deep as the longest chain of references. */
static void visit(struct order *order, size_t at)
{
	const struct desired *desired = order->desired;
	size_t i;
	json_t *one;
	order->marks[at] = MARK_OPEN;
	order->path[order->depth++] = at;
	json_array_foreach (desired->wanted[at].depends_on, i, one) {
		size_t next = index_of(desired, json_string_value(one));
		if (next == desired->count || order->marks[next] == MARK_DONE)
			continue;
		if (order->marks[next] == MARK_OPEN)
			tell_circle(order, next);
		else
			visit(order, next);
	}
	order->depth--;
	order->marks[at] = MARK_DONE;
	order->done[order->done_count++] = at;
}

/* struct wanted's `behind`; what needs something hands its own on before that is come to. */
static void measure(struct order *order)
{
	struct desired *desired = order->desired;
	for (size_t n = order->done_count; n-- > 0;) {
		const struct wanted *wanted = &desired->wanted[order->done[n]];
		size_t i;
		json_t *one;
		json_array_foreach (wanted->depends_on, i, one) {
			size_t need = index_of(desired, json_string_value(one));
			if (need < desired->count && desired->wanted[need].behind <= wanted->behind)
				desired->wanted[need].behind = wanted->behind + 1;
		}
	}
}

void order_check(struct desired *desired, struct findings *findings)
{
	struct order order = {.desired = desired, .findings = findings};
	order.marks = calloc(desired->count + 1, sizeof(*order.marks));
	order.back = calloc(desired->count + 1, sizeof(*order.back));
	order.path = calloc(desired->count + 1, sizeof(*order.path));
	order.done = calloc(desired->count + 1, sizeof(*order.done));
	if (order.marks && order.back && order.path && order.done) {
		for (size_t i = 0; i < desired->count; i++)
			if (desired->wanted[i].kind->after)
				add_after(desired, &desired->wanted[i], order.marks, order.back);
		memset(order.marks, 0, desired->count);
		for (size_t i = 0; i < desired->count; i++)
			if (order.marks[i] == MARK_NONE)
				visit(&order, i);
		measure(&order);
	} else {
		findings_error(findings, place_in(NULL, 0, 0), NULL, "out of memory");
	}
	free(order.marks);
	free(order.back);
	free(order.path);
	free(order.done);
}
