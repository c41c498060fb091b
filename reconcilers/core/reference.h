// References in the file to references in desired JSON: by name (`vpc: main`) and inside strings
// (`${network.vpc.main.id}`).
//
// A ${...} is a reference when it has dots and nothing but letters, digits, '_' and '-' between
// them. Everything else ("${aws:username}" of a policy, "${srcaddr}" of a log format) is AWS's
// own and stays as it is; "$${" is a plain "${". ${stack.name}, ${stack.region} and
// ${stack.account} are the head of the file.
#pragma once

#include "core/checking.h"

/* The name of a resource of the field's kind: {"@ref": ...}. Also "${...}". NULL after a finding.
 */
json_t *reference_by_name(
	struct checking *checking, const struct field *field, const struct node *node);
/* A text with its references: a string, {"@ref"..} or {"@text": [..]}. NULL after a finding. */
json_t *reference_text(struct checking *checking, const char *text, struct place place);
/* Notes that the resource being read refers to another. */
void reference_note(struct checking *checking, const char *address);
