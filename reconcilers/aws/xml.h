// Streams an XML answer through expat into JSON, guided by a shape.
//
// Elements that the shape does not know are skipped, namespace prefixes are dropped, a list takes
// all element children of its container whatever their name. A DTD is refused (entity bombs), depth
// and number of elements are capped, the root must be the one expected.
#pragma once

#include "aws/model.h"
#include "base/err.h"
#include "base/js.h"

struct xml_plan {
	const struct shape *shape; // of the value; NULL: nothing is read but the form is checked
	const char *root;          // the name the root must have; NULL: any but html and Error
	const char *wrapper;       // the value is inside this child of the root; "" or NULL: no
	const json_t *keep; // {"Member": ...}: of the elements of the outermost lists only these;
			    // NULL: all
};

/* ret_request_id (80 bytes, may be NULL) gets RequestId or requestId from the root or its
 * ResponseMetadata, or "". ERR_TRANSIENT "BadAnswer". */
struct err xml_decode(const struct xml_plan *plan, const char *text, size_t bytes,
	json_t **ret_value, char *ret_request_id) MUST_CHECK;

/* What an error document says; empty texts when it is not one. Reads as far as the XML is good. */
struct xml_error {
	char code[64], type[16], message[400], request_id[80];
};
void xml_error(const char *text, size_t bytes, struct xml_error *ret_error);
