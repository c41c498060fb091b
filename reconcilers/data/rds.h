// What the kinds of RDS have in common: how they are tagged, and the rules of their names.
#pragma once

#include "config/tree.h"
#include "core/kind.h"

/* Tags are Tag structures at creation and in AddTagsToResource, which wants the ARN. They are read
 * from "TagList": DescribeDBInstances shows it, for the others ListTagsForResource is read into it.
 */
extern const struct tagging rds_tagging;

/* The rules of a name: what AWS stores in lower case, which the file therefore has to write so. */
struct rds_name {
	const char *member, *field;
	size_t most;       // characters
	const char *extra; // signs beside letters, digits and single inner hyphens; or ""
};

/* Tells what of the name AWS would refuse or change. */
void rds_check_name(const struct rds_name *rule, const json_t *desired, const struct node *node,
	struct findings *findings);
