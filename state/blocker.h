// Who keeps a statement of ours waiting: asked of the server over another connection, for status.
#pragma once

#include "loop/loop.h"
#include "state/pg.h"

enum { BLOCKER_TEXT_BYTES = 280 };

struct blocker {
	struct pg_query query;
	char pid[16];
	const char *params[1];
	char text[BLOCKER_TEXT_BYTES]; // a sentence; "": nobody is known to
};

void blocker_init(struct blocker *blocker);
/* Not while it asks. */
void blocker_done(struct blocker *blocker);
/* Asks over `through` who holds the lock that the backend `pid` waits for. Behind a pooler our pids
 * are not the server's, and nobody is found. Not while it asks. */
void blocker_ask(struct blocker *blocker, struct pg *through, int pid, struct task *owner);
/* Takes the answer when it is there; the text stays when nothing was learnt. True when it changed.
 */
bool blocker_take(struct blocker *blocker);
