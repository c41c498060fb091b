// A stack as JSON, for the socket: what control/routes.h documents as STACK, RESOURCE and ACTION.
// Pure reading; every function returns a new value.
#pragma once

#include "base/buf.h"
#include "core/stack.h"

/* STACK without "daemon", "config.error" and "store", which the application adds, and without
 * "resources": see view_lines(). */
json_t *view_status(const struct stack *stack);
/* Appends the list of all RESOURCEs as JSON text: thousands of them, many times a minute. */
void view_lines(const struct stack *stack, struct buf *out);
/* One RESOURCE line. */
json_t *view_line(const struct stack *stack, const struct resource *resource);
/* The whole of one resource, "history" left to the caller; NULL when there is none of that name. */
json_t *view_resource(struct stack *stack, const char *address);
/* What control/routes.h documents for "plan", as JSON text; NULL when memory is out. Free it. The
 * texts of its actions are kept with their resources until those are decided again. */
char *view_plan(struct stack *stack) MUST_CHECK;
/* The same in pieces, for who does not want to make it at once: begin, add each resource, end. */
struct view_plan {
	struct buf out;
	int counts[CHANGE_COUNT], held, waiting;
	int64_t checked_ms; // wall time of the oldest look
	bool is_complete;
	json_t *follows; // of core/follow.h; owned until the end
};
void view_plan_begin(struct view_plan *plan);
void view_plan_add(struct view_plan *plan, struct stack *stack, struct resource *resource);
char *view_plan_end(struct view_plan *plan, const struct stack *stack) MUST_CHECK;
/* Makes the text of a resource's action before somebody asks. */
void view_tell(struct stack *stack, struct resource *resource);
/* What control/routes.h documents for "graph", without "nodes": see view_lines(). */
json_t *view_graph(const struct stack *stack);
/* A written_name_fn (core/written.h) by what the file of the stack, the context, declares. */
const char *view_name_in_file(void *stack, const char *kind, const char *attr, const char *value);
/* What control/routes.h documents for "accept"; NULL when the file has no such resource. */
json_t *view_accept(struct stack *stack, const char *address);
/* address NULL: all. */
json_t *view_diff(struct stack *stack, const char *address);
/* A sentence: "40 resources, all in sync", "12 of 40 in sync; creating network.vpc.main". */
void view_summary(const struct stack *stack, char *ret_text, size_t bytes);
/* How many resources are in sync, held and failing. */
struct view_counts {
	int total, synced, healthy, drifted, held, suspended, failed, progressing, orphaned,
		unknown,
		waiting,  // for something that is not ready
		windowed, // of the held ones: until a window opens
		braked;   // of the held ones: by a brake
};
struct view_counts view_count(const struct stack *stack, const char *layer); // NULL: all layers
