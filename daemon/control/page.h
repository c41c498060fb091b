// The page for people: the same answers that the API gives, as HTML that is whole without a script.
//
// One renderer, this one: the script asks /v1/status whether anything has changed, fetches the page
// again and puts its parts in place of the old ones. Style and script stand inside the page; the
// policy names them by hash, so nothing else runs, and nothing is fetched from anywhere else.
#pragma once

#include "base/buf.h"
#include "base/js.h"

struct page_file {
	const char *name, *digest, *text;
};

/* Generated from daemon/control/page/; ended by a NULL name. */
extern const struct page_file page_files[];

/* The Content-Security-Policy of every page. */
#define PAGE_POLICY_BYTES 512
void page_policy(char ret_text[PAGE_POLICY_BYTES]);

/* What a page is made of; all borrowed, all but `status` may be NULL. Shapes as routes.h has them.
 */
struct page_views {
	int64_t now_ms;       // wall clock
	const char *stack;    // as asked for, when there are several; else NULL
	const json_t *stacks; // ["name"] of all that are held
	const json_t *status; // STACK
	const json_t *graph;
	const json_t *plan;
	/* In place of `plan`: the ACTION that is planned for an address, new; NULL: none. */
	json_t *(*action)(void *context, const char *address);
	void *context;
	const json_t *entries;  // [ENTRY], newest first; NULL: the store is away
	const json_t *drifts;   // [drift], open ones first
	const json_t *resource; // RESOURCE in full; of the story only
};

/* Appends a whole document. */
void page_overview(const struct page_views *views, struct buf *out);
void page_listing(const struct page_views *views, struct buf *out);
/* page_story.c: of views->resource. */
void page_story(const struct page_views *views, struct buf *out);
/* One that only says what is wrong, and what to do; remedy may be NULL. */
void page_problem(
	const struct page_views *views, const char *message, const char *remedy, struct buf *out);

// ---- parts, each in a file of its own

/* How a resource stands, in one word; worst first. */
enum page_state {
	STATE_FAILED,
	STATE_HELD,
	STATE_PAUSED,
	STATE_MISSING,
	STATE_DRIFTED,
	STATE_ORPHANED,
	STATE_BUSY,
	STATE_NOTED, // differs in what the file does not say
	STATE_UNKNOWN,
	STATE_WELL,
	STATE_COUNT
};

struct page_look {
	const char *name;  // the class in the style sheet: "failed"
	const char *glyph; // beside the colour, never colour alone
	const char *word;  // "failed"
};

enum page_state page_state_of(const json_t *resource);
/* An enum page_state for each of them, to be freed; NULL: out of memory. */
unsigned char *page_states(const json_t *resources);
const struct page_look *page_look(enum page_state state);
/* <span> with glyph and, for screen readers, the word. */
void page_put_mark(struct buf *out, enum page_state state);
/* A link to the story, with the address as its text, or its last part only. */
void page_put_link(
	const struct page_views *views, struct buf *out, const char *address, bool is_short);
/* "?stack=shop" where there are several. */
void page_put_query(const struct page_views *views, struct buf *out);
/* <nav>, open, with the way back to the page of all. */
void page_put_crumbs(const struct page_views *views, struct buf *out);
/* A row of a <dl>; nothing where the value is empty. */
void page_put_fact(struct buf *out, const char *name, const char *value, bool is_code);
/* Is the store of that status not to be had? */
bool page_is_store_away(const json_t *status);
/* The part of an address after its layer and kind: "main" of "network.vpc.main". Borrowed. */
const char *page_name_of(const char *address);

/* page_picture.c: who talks to whom, as SVG, lying for a wide screen and standing for a narrow one.
 */
void page_put_picture(const struct page_views *views, struct buf *out);
/* page_timeline.c: drifts as bars, corrections as ticks, and the last entries as a table. */
void page_put_timeline(const struct page_views *views, struct buf *out);
/* A table of entries, at most `most`; `has_address` shows whose they are. */
void page_put_entries(const struct page_views *views, const json_t *entries, bool has_address,
	size_t most, struct buf *out);
/* page_attention.c: what is wrong, what is done about it, since when. Returns how many;
 * `ret_is_under_way` is true when each of them is being done, and nobody has to look. */
size_t page_put_attention(const struct page_views *views, bool *ret_is_under_way, struct buf *out);
/* What of a resource is going to be another, and what is done about it; nothing when nothing is. */
void page_put_doing(const struct page_views *views, const json_t *resource, struct buf *out);
/* page_layers.c: every resource, by layer and kind. */
void page_put_layers(const struct page_views *views, struct buf *out);
/* All of them as a table, with the input that filters it. */
void page_put_table(const struct page_views *views, struct buf *out);
/* page_frame.c: from <!doctype> to <main>, and from </main> to the end. */
void page_begin(const struct page_views *views, const char *title, struct buf *out);
void page_end(const struct page_views *views, struct buf *out);
