// Markup with places for foreign text. Everything that comes from AWS, a file or a client goes
// through a place, and so is escaped: there is no other way in.
#pragma once

#include "base/buf.h"
#include "base/js.h"

/* Appends `pattern`, in which each `$` stands for the next argument (const char *, NULL is empty)
 * escaped for text and quoted attributes, and each `@` for the next one percent-encoded as one part
 * of a path or of a query. */
void html_put(struct buf *out, const char *pattern, ...);
/* The text alone, escaped. */
void html_text(struct buf *out, const char *text);
/* A JSON value in one line as core/plain.h writes it, escaped: a text without its quotes, a
 * reference by its address, null and NULL as "(none)". */
void html_value(struct buf *out, const json_t *value);
/* The same of a structure cut to what a line of a table takes, and without its outer brackets. */
void html_brief(struct buf *out, const json_t *value);
/* A sentence, escaped: what stands between backquotes in it is code, an instant
 * ("2026-11-24T18:00:00Z") a html_clock(). */
void html_prose(struct buf *out, const char *text, int64_t now_ms);
/* <time>: an ISO time, shown as how long before `now_ms` it was ("3m 20s", without "ago"). Nothing
 * for NULL. The script goes on counting. */
void html_age(struct buf *out, const char *iso, int64_t now_ms);
/* The same until an instant that is to come; "0s" when it is past. The script counts down. */
void html_wait(struct buf *out, const char *iso, int64_t now_ms);
/* <time> of day, with the date when it is not that of `now_ms`; UTC, the script makes it local. */
void html_clock(struct buf *out, const char *iso, int64_t now_ms);
