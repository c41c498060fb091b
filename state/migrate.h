// Brings the schema `holdfast` to the version that this program wants.
//
// Migrations are numbered, carried out one transaction each under an advisory lock that ends with
// the transaction, and recorded with a checksum of their text. They only add, so that a program one
// version older still runs on the result. A schema that is newer than the program is refused.
#pragma once

#include "loop/loop.h"
#include "state/pg.h"

struct migration {
	int version;
	const char *sql; // statements separated by ';'
};

struct migrate {
	struct op op;
	// -- private
	struct task task;
	struct pg *pg;
	const struct migration *migrations; // borrowed, by version, starting at 1
	int count;
	int phase;
	int applied; // during this run
	struct pg_query query;
	char *script; // owned
};

/* The migrations of the store, and how many. */
extern const struct migration migrate_store[];
extern const int migrate_store_count;

void migrate_init(
	struct migrate *migrate, struct loop *loop, const struct migration *migrations, int count);
/* Ends with ERR_OK when the schema is as wanted; INVALID when it is newer or was changed by
 * another hand; DENIED when the role may not create it; TRANSIENT (lock_timeout, connection). */
void migrate_start(struct migrate *migrate, struct pg *pg, struct task *owner);
/* Not while it runs. */
void migrate_done(struct migrate *migrate);
