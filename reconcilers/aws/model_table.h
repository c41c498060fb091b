// The rows that models/gen.py writes. Private to model.c, the wire codecs and the generated file:
// everything else reads models through model.h.
//
// Rows hold no pointers: a text is an offset into model_strings (0 is ""), a row is an index, so
// the tables need no relocation and stay shared, file-backed, unread until used.
#pragma once

#include "aws/model.h"

enum member_location {
	LOCATION_BODY,
	LOCATION_URI,
	LOCATION_QUERY,
	LOCATION_HEADER,
	LOCATION_HEADERS, // a map; the wire name is the prefix of the header names
	LOCATION_STATUS,
};

enum time_format { TIME_DEFAULT, TIME_ISO8601, TIME_UNIX, TIME_RFC822 };

enum member_flag {
	MEMBER_REQUIRED = 1,
	MEMBER_FLATTENED = 2, // of the reference or of the shape itself
	MEMBER_ATTRIBUTE = 4, // an XML attribute
	MEMBER_TOKEN = 8,     // idempotency token
	MEMBER_JSON = 16,     // a JSON value carried as text
	MEMBER_HOST_LABEL = 32,
};

enum shape_flag {
	SHAPE_SENSITIVE = 1,
	SHAPE_HAS_MIN = 2,
	SHAPE_HAS_MAX = 4,
	SHAPE_DOCUMENT = 8,    // any JSON value
	SHAPE_RENAMES = 16,    // a member's name differs from its name in an answer
	SHAPE_ATTRIBUTES = 32, // a member is an XML attribute
	SHAPE_HAS_BODY = 64,   // a member has no location of its own
	SHAPE_FLATTENED = 128,
};

enum operation_flag {
	OPERATION_UNSIGNED = 1,
	OPERATION_CHECKSUM = 2, // the body goes with a checksum header of the service's choice
	OPERATION_MD5 = 4,      // the body goes with Content-MD5
};

struct service {
	uint32_t name, api_version, signing_name, endpoint_prefix, target_prefix, env_name;
	uint32_t xml_attribute; // ` xmlns="..."` for a rest-xml root, or ""
	uint16_t first_operation, operation_count;
	uint8_t protocol;
	uint8_t is_global;
	uint8_t is_query_compatible;
};

struct operation {
	uint32_t name, method, uri, wrapper, host_prefix;
	uint32_t root, root_attribute; // rest-xml: the element around the input, its xmlns
	uint32_t answer_root;          // ec2, query: "DescribeVpcsResponse"
	uint32_t page_input, page_output, page_more, page_result, page_limit, token;
	uint16_t service;
	uint16_t input, output; // shape index + 1; 0: none
	uint8_t flags;
};

struct shape {
	uint32_t name;
	uint32_t xml_attribute;                    // ` xmlns="..."`
	uint32_t first_member;                     // members, by_name, by_snake
	uint32_t first_wire;                       // wires
	uint32_t first_enum;                       // enums
	uint32_t element_wire, key_wire;           // of lists and maps
	uint32_t element_attribute, key_attribute; // ` xmlns="..."`
	uint32_t limits; // model_limits: min at [limits], max at [limits + 1]
	uint16_t member_count, wire_count, enum_count;
	uint16_t element, key; // shape index
	uint16_t payload;      // member index within the struct + 1; 0: none
	uint8_t type;
	uint8_t flags;
	uint8_t time_format;    // of a timestamp shape
	uint8_t element_format; // time format of the elements
};

struct member {
	uint32_t name, snake, wire_in, wire_out;
	uint32_t xml_attribute; // ` xmlns="..."`
	uint16_t shape;
	uint8_t flags;
	uint8_t location;
	uint8_t time_format;
};

/* A name in an answer and whose it is; sorted by name within a shape. */
struct wire_name {
	uint32_t name;
	uint16_t member; // index within the struct
};

extern const char model_strings[];
extern const struct service model_services[];
extern const struct operation model_operations[];
extern const struct shape model_shapes[];
extern const struct member model_members[];
extern const struct wire_name model_wires[];
extern const uint16_t model_by_name[], model_by_snake[]; // beside model_members: sorted indexes
extern const uint32_t model_enums[];
extern const int64_t model_limits[];
extern const uint32_t model_service_total;

static inline const char *model_text(uint32_t offset)
{
	return model_strings + offset;
}

static inline const struct shape *shape_at(uint16_t index)
{
	return &model_shapes[index];
}

static inline const struct member *shape_first_member(const struct shape *shape)
{
	return &model_members[shape->first_member];
}

/* The member that an answer calls `name` (`bytes` long), or NULL. */
const struct member *shape_wire(const struct shape *shape, const char *name, size_t bytes);
