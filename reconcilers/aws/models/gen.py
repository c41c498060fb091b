#!/usr/bin/env python3
"""Write the const tables of aws/model_table.h from trimmed models: gen.py MODEL.json... > models.c

Everything that a codec would have to derive from a model on each call is derived here: names on the
wire by protocol, which member an element belongs to, the file's snake_case spelling, sorted indexes.
The service's name is the file's. Same input, same output, byte for byte.
"""

import json
import pathlib
import sys
from xml.sax.saxutils import quoteattr

PROTOCOLS = {"ec2": "AWS_EC2", "query": "AWS_QUERY", "rest-json": "AWS_REST_JSON",
             "rest-xml": "AWS_REST_XML"}
TYPES = {"structure": "STRUCT", "list": "LIST", "map": "MAP", "string": "STRING",
         "character": "STRING", "integer": "INTEGER", "short": "INTEGER", "byte": "INTEGER",
         "long": "LONG", "bigInteger": "LONG", "float": "FLOAT", "double": "FLOAT",
         "bigDecimal": "FLOAT", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP", "blob": "BLOB",
         "document": "STRUCT"}
LOCATIONS = {None: "BODY", "uri": "URI", "querystring": "QUERY", "header": "HEADER",
             "headers": "HEADERS", "statusCode": "STATUS"}
TIMES = {None: "DEFAULT", "iso8601": "ISO8601", "unixTimestamp": "UNIX", "rfc822": "RFC822"}


def snake(name):
    """The rule of base/str.h str_snake()."""
    out = []
    for i, c in enumerate(name):
        before = name[i - 1] if i else ""
        after_lower = before.islower() or before.isdigit()
        rest = name[i + 1:]  # "VPCs" and "IPv6" are one word each
        one_word = rest == "s" or (rest[:1] == "v" and rest[1:2].isdigit())
        ends_run = before.isupper() and rest[:1].islower() and not one_word
        if c.isupper() and (after_lower or ends_run):
            out.append("_")
        out.append("_" if c in "-." else c.lower())
    return "".join(out)


def upper_first(name):
    return name[:1].upper() + name[1:]


def flags(prefix, *pairs):
    return " | ".join(prefix + name for name, on in pairs if on) or "0"


class Strings:
    """One blob of NUL-ended texts; offset 0 is the empty one."""

    def __init__(self):
        self.offsets, self.texts, self.size = {"": 0}, [""], 1

    def __call__(self, text):
        if text not in self.offsets:
            self.offsets[text] = self.size
            self.texts.append(text)
            self.size += len(text.encode()) + 1
        return self.offsets[text]

    def lines(self):
        for text in self.texts:
            quoted = "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}"
                             for b in text.encode())
            yield f'\t"{quoted}\\0"'


class Tables:
    def __init__(self):
        self.text = Strings()
        self.services, self.operations, self.shapes = [], [], []
        self.members, self.by_name, self.by_snake = [], [], []
        self.wires, self.enums, self.limits = [], [], []

    def sort_key(self, text):
        return text.encode()  # strcmp's order


def xmlns(namespace):
    if not namespace:
        return ""
    if isinstance(namespace, str):
        namespace = {"uri": namespace}
    prefix = ":" + namespace["prefix"] if namespace.get("prefix") else ""
    return f" xmlns{prefix}={quoteattr(namespace['uri'])}"


class Service:
    def __init__(self, tables, index, name, model):
        self.tables, self.index, self.name, self.model = tables, index, name, model
        self.meta, self.shapes = model["metadata"], model["shapes"]
        self.protocol = self.meta["protocol"]
        self.numbers = {}  # shape name -> row; reachable shapes only

    def number(self, name):
        """The row of a shape, made on first use (before its members: shapes may be recursive)."""
        if name not in self.numbers:
            row = {}
            self.numbers[name] = len(self.tables.shapes)
            self.tables.shapes.append(row)
            row.update(self.shape_row(name, self.shapes[name]))
        return self.numbers[name]

    def is_flat(self, ref):
        return bool(ref.get("flattened") or self.shapes[ref["shape"]].get("flattened"))

    def element_name(self, ref):
        """The name that a flattened list's elements give to the list itself, or None. A list
        flattened where it is used keeps the name it has there (Smithy); a list shape that is
        flattened by itself lends its element's (the older models)."""
        shape = self.shapes[ref["shape"]]
        if shape["type"] != "list" or not self.is_flat(ref):
            return None
        return shape["member"].get("locationName")

    def names(self, name, ref):
        """Name in a request, name in an answer, further names in an answer."""
        # The name of a map of headers is their prefix, which may be none.
        own = ref.get("locationName", "" if ref.get("location") == "headers" else name)
        sent = own
        if self.protocol == "ec2":
            sent = ref.get("queryName") or upper_first(own)
        element = self.element_name(ref)
        if not element or self.protocol in ("json", "rest-json"):
            return sent, own, []
        if ref.get("flattened"):
            return sent, own, [element]
        return (element if self.protocol == "query" else sent), element, [own]

    def member_row(self, name, ref, required, is_payload):
        text, shape = self.tables.text, self.shapes[ref["shape"]]
        wire_in, wire_out, more = self.names(name, ref)
        if is_payload and self.protocol == "rest-xml" and "locationName" not in ref:
            wire_in = shape.get("locationName", ref["shape"])  # the root of the body
        is_json = ref.get("jsonvalue") or shape.get("jsonvalue")
        time = ref.get("timestampFormat") or shape.get("timestampFormat")
        row = [text(name), text(snake(name)), text(wire_in), text(wire_out),
               text(xmlns(ref.get("xmlNamespace") or shape.get("xmlNamespace"))),
               self.number(ref["shape"]),
               flags("MEMBER_", ("REQUIRED", name in required), ("FLATTENED", self.is_flat(ref)),
                     ("ATTRIBUTE", ref.get("xmlAttribute")),
                     ("TOKEN", ref.get("idempotencyToken")), ("JSON", is_json),
                     ("HOST_LABEL", ref.get("hostLabel"))),
               "LOCATION_" + LOCATIONS[ref.get("location")], "TIME_" + TIMES[time]]
        return row, wire_out, more

    def struct_rows(self, shape, row):
        t, members = self.tables, shape["members"]
        rows, wires, renames = [], {}, False
        for i, (name, ref) in enumerate(members.items()):
            member, wire, more = self.member_row(name, ref, shape.get("required", []),
                                                 name == shape.get("payload"))
            rows.append(member)
            renames |= wire != name
            if ref.get("location") not in ("header", "headers", "statusCode"):
                wires[wire] = i
                row.setdefault("more", []).extend((other, i) for other in more)
        for other, i in row.pop("more", []):
            wires.setdefault(other, i)
        names = list(members)
        row.update(first_member=len(t.members), first_wire=len(t.wires),
                   member_count=len(rows), wire_count=len(wires))
        t.members += rows
        t.by_name += sorted(range(len(names)), key=lambda i: t.sort_key(names[i]))
        t.by_snake += sorted(range(len(names)), key=lambda i: t.sort_key(snake(names[i])))
        t.wires += [(t.text(wire), wires[wire]) for wire in sorted(wires, key=t.sort_key)]
        if shape.get("payload"):
            row["payload"] = names.index(shape["payload"]) + 1
        has_body = any(not ref.get("location") for ref in members.values())
        has_attributes = any(ref.get("xmlAttribute") for ref in members.values())
        return [("RENAMES", renames), ("ATTRIBUTES", has_attributes), ("HAS_BODY", has_body)]

    def shape_row(self, name, shape):
        t, text = self.tables, self.tables.text
        kind = TYPES[shape["type"]]
        row = {"name": text(name), "type": "SHAPE_" + kind,
               "xml_attribute": text(xmlns(shape.get("xmlNamespace"))),
               "time_format": "TIME_" + TIMES[shape.get("timestampFormat")]}
        more = []
        if kind == "STRUCT":
            # Rows of inner shapes come first; theirs must not fall between ours.
            for ref in shape.get("members", {}).values():
                self.number(ref["shape"])
            more = self.struct_rows({"members": {}, **shape}, row)
        for part, default in (("member", "member"), ("value", "value"), ("key", "key")):
            if part not in shape:
                continue
            ref, prefix = shape[part], "key" if part == "key" else "element"
            row[prefix] = self.number(ref["shape"])
            row[prefix + "_wire"] = text(ref.get("locationName", default))
            row[prefix + "_attribute"] = text(xmlns(
                ref.get("xmlNamespace") or self.shapes[ref["shape"]].get("xmlNamespace")))
            if prefix == "element":
                row["element_format"] = "TIME_" + TIMES[
                    ref.get("timestampFormat") or self.shapes[ref["shape"]].get("timestampFormat")]
        if "enum" in shape:
            row.update(first_enum=len(t.enums), enum_count=len(shape["enum"]))
            t.enums += [text(value) for value in shape["enum"]]
        has_min, has_max = "min" in shape, "max" in shape
        if has_min or has_max:
            row["limits"] = len(t.limits)
            t.limits += [int(shape.get("min", 0)), int(shape.get("max", 0))]
        row["flags"] = flags("SHAPE_", ("SENSITIVE", shape.get("sensitive")), ("HAS_MIN", has_min),
                             ("HAS_MAX", has_max),
                             ("DOCUMENT", shape.get("document") or shape["type"] == "document"),
                             ("FLATTENED", shape.get("flattened")), *more)
        return row

    def operation_row(self, name, operation):
        text, page = self.tables.text, operation.get("page", {})
        given, answer = operation.get("input", {}), operation.get("output", {})
        members = self.shapes[given["shape"]].get("members", {}) if given else {}
        token = [m for m, ref in members.items() if ref.get("idempotencyToken")]
        root = given.get("locationName") or (
            self.shapes[given["shape"]].get("locationName", given["shape"]) if given else "")
        unsigned = operation.get("authtype") == "none" or operation.get("auth") == [
            "smithy.api#noAuth"]
        checksum = operation.get("httpChecksum", {}).get("requestChecksumRequired")
        md5 = operation.get("httpChecksumRequired") and not checksum
        http = operation.get("http", {})
        return {
            "name": text(name), "method": text(http.get("method", "POST")),
            "uri": text(http.get("requestUri", "/")), "wrapper": text(answer.get("resultWrapper", "")),
            "host_prefix": text(operation.get("endpoint", {}).get("hostPrefix", "")),
            "root": text(root), "root_attribute": text(xmlns(given.get("xmlNamespace") or (
                self.shapes[given["shape"]].get("xmlNamespace") if given else None))),
            "answer_root": text(name + "Response"),
            "page_input": text(page.get("input_token", "")),
            "page_output": text(page.get("output_token", "")),
            "page_more": text(page.get("more_results", "")),
            "page_result": text(page.get("result_key", "")),
            "page_limit": text(page.get("limit_key", "")), "token": text(token[0] if token else ""),
            "service": self.index,
            "input": self.number(given["shape"]) + 1 if given else 0,
            "output": self.number(answer["shape"]) + 1 if answer else 0,
            "flags": flags("OPERATION_", ("UNSIGNED", unsigned), ("CHECKSUM", checksum),
                           ("MD5", md5))}

    def add(self):
        t, text, meta = self.tables, self.tables.text, self.meta
        protocol = PROTOCOLS.get(self.protocol) or (
            "AWS_JSON_1_0" if meta.get("jsonVersion", "1.0") in ("1.0", 1.0) else "AWS_JSON_1_1")
        names = sorted(self.model["operations"], key=t.sort_key)
        env = meta.get("serviceId", self.name).upper().replace(" ", "_").replace("-", "_")
        t.services.append({
            "name": text(self.name), "api_version": text(meta.get("apiVersion", "")),
            "signing_name": text(meta.get("signingName", meta.get("endpointPrefix", self.name))),
            "endpoint_prefix": text(meta.get("endpointPrefix", self.name)),
            "target_prefix": text(meta.get("targetPrefix", "")), "env_name": text(env),
            "xml_attribute": text(xmlns(meta.get("xmlNamespace"))),
            "first_operation": len(t.operations), "operation_count": len(names),
            "protocol": protocol, "is_global": int(bool(meta.get("isGlobal"))),
            "is_query_compatible": int("awsQueryCompatible" in meta)})
        t.operations += [self.operation_row(n, self.model["operations"][n]) for n in names]


def row_text(row):
    if isinstance(row, dict):
        return ", ".join(f".{k} = {v}" for k, v in row.items() if v not in (0, "0", "TIME_DEFAULT"))
    return ", ".join(str(v) for v in row)


def array(out, declaration, rows, braces=True):
    out.append(f"const {declaration}[] = {{")
    if braces:
        out += ["\t{" + row_text(row) + "}," for row in rows]
    else:
        values = [str(v) for v in rows]
        out += ["\t" + ", ".join(values[i:i + 16]) + "," for i in range(0, len(values), 16)]
    if not rows:
        out.append("\t{0}," if braces else "\t0,")
    out.append("};")


def main(paths):
    tables = Tables()
    paths = sorted((pathlib.Path(p) for p in paths), key=lambda p: p.stem.encode())
    for index, path in enumerate(paths):
        Service(tables, index, path.stem, json.loads(path.read_text())).add()
    if max(len(tables.shapes), len(tables.operations)) > 0xffff:
        sys.exit("more rows than a 16-bit index can name")
    out = ["// Generated by reconcilers/aws/models/gen.py.", '#include "aws/model_table.h"', "",
           "const char model_strings[] ="]
    out += list(tables.text.lines())
    out[-1] += ";"
    array(out, "struct service model_services", tables.services)
    array(out, "struct operation model_operations", tables.operations)
    array(out, "struct shape model_shapes", tables.shapes)
    array(out, "struct member model_members", tables.members)
    array(out, "struct wire_name model_wires", tables.wires)
    array(out, "uint16_t model_by_name", tables.by_name, braces=False)
    array(out, "uint16_t model_by_snake", tables.by_snake, braces=False)
    array(out, "uint32_t model_enums", tables.enums, braces=False)
    array(out, "int64_t model_limits", tables.limits, braces=False)
    out.append(f"const uint32_t model_service_total = {len(tables.services)};")
    print("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1:])
