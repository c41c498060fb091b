#!/usr/bin/env python3
"""Cut botocore's service models down to what Holdfast uses: trim.py [SERVICE...]

Reads operations.txt and botocore's own data (Apache-2.0), writes <service>.json beside this file:
the operations named there, the shapes that they reach, what the wire and the validation need, and
no prose. One line an operation and a shape, so that a newer botocore gives a readable diff. The
structure is botocore's own, so gen.py reads an untrimmed model as well.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
METADATA = ("apiVersion", "endpointPrefix", "jsonVersion", "protocol", "serviceId", "signingName",
            "targetPrefix", "xmlNamespace", "awsQueryCompatible", "isGlobal", "botocore")
OPERATION = ("http", "authtype", "auth", "endpoint", "httpChecksumRequired", "httpChecksum")
REFERENCE = ("shape", "locationName", "queryName", "location", "flattened", "xmlAttribute",
             "xmlNamespace", "idempotencyToken", "jsonvalue", "streaming", "timestampFormat",
             "hostLabel", "resultWrapper")
SHAPE = ("type", "required", "enum", "min", "max", "sensitive", "flattened", "payload",
         "locationName", "timestampFormat", "xmlNamespace", "jsonvalue", "document", "union", "box")
# CBOR is not ours, so a service that also speaks JSON or query is spoken to in that.
PROTOCOLS = ("json", "rest-json", "rest-xml", "query", "ec2")


def keep(source, names):
    return {name: source[name] for name in names if source.get(name) is not None and source[name] is not False}


def read_operations():
    wanted = {}
    for line in (HERE / "operations.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            service, names = line.split(":")
            wanted.setdefault(service.strip(), []).extend(names.split())
    return wanted


def trim_shape(shape):
    out = keep(shape, SHAPE)
    for part in ("member", "key", "value"):
        if part in shape:
            out[part] = keep(shape[part], REFERENCE)
    if "members" in shape:
        out["members"] = {name: keep(ref, REFERENCE) for name, ref in shape["members"].items()}
    return out


def reach(shapes, name, found):
    if name in found:
        return
    found[name] = trim_shape(shapes[name])
    for ref in list(found[name].get("members", {}).values()) + [
            found[name][part] for part in ("member", "key", "value") if part in found[name]]:
        reach(shapes, ref["shape"], found)


def first(value):
    return value[0] if isinstance(value, list) else value


def paging(model, operation, paginators):
    """botocore's paginator when it has plain member paths, else what the members say."""
    page = paginators.get(operation["name"])
    if page:
        tokens = page["input_token"], page["output_token"]
        if any(isinstance(t, list) or not t.replace(".", "").isalnum() for t in tokens):
            return None  # pages by several keys, or by an expression
        out = {"input_token": tokens[0], "output_token": tokens[1]}
        for name in ("more_results", "limit_key"):
            if name in page:
                out[name] = page[name]
        if "result_key" in page:
            out["result_key"] = first(page["result_key"])
        return out
    if "input" not in operation or "output" not in operation:
        return None
    given = model["shapes"][operation["input"]["shape"]].get("members", {})
    answer = model["shapes"][operation["output"]["shape"]].get("members", {})
    for name in ("NextToken", "nextToken"):
        if name in given and name in answer:
            lists = [m for m, ref in answer.items()
                     if model["shapes"][ref["shape"]]["type"] == "list"]
            limits = [m for m in given if m.lower() in ("maxresults", "limit", "maxitems")]
            return {"input_token": name, "output_token": name,
                    **({"result_key": lists[0]} if lists else {}),
                    **({"limit_key": limits[0]} if limits else {})}
    return None


def trim_operation(model, name, paginators):
    operation = model["operations"][name]
    out = keep(operation, OPERATION)
    for part in ("input", "output"):
        if part in operation:
            out[part] = keep(operation[part], REFERENCE)
    page = paging(model, operation, paginators)
    if page:
        out["page"] = page
    return out


def choose_protocol(metadata):
    offered = metadata.get("protocols") or [metadata["protocol"]]
    for protocol in PROTOCOLS:
        if protocol in offered:
            return protocol
    raise SystemExit(f"no protocol of ours among {offered}")


def trim(model, names, paginators, is_global, version):
    metadata = dict(model["metadata"])
    metadata["protocol"] = choose_protocol(metadata)
    metadata["isGlobal"] = is_global
    metadata["botocore"] = version
    if "awsQueryCompatible" in metadata:
        metadata["awsQueryCompatible"] = True
    shapes, operations = {}, {}
    for name in sorted(names):
        operations[name] = trim_operation(model, name, paginators)
        for part in ("input", "output"):
            if part in operations[name]:
                reach(model["shapes"], operations[name][part]["shape"], shapes)
    return {"metadata": keep(metadata, METADATA), "operations": operations, "shapes": shapes}


def write(path, trimmed):
    def line(value):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True)

    text = ['{"metadata": ' + line(trimmed["metadata"])]
    for part in ("operations", "shapes"):
        rows = [f" {line(name)}: {line(value)}" for name, value in sorted(trimmed[part].items())]
        text.append(f'"{part}": {{\n' + ",\n".join(rows) + "\n}")
    path.write_text(",\n".join(text) + "}\n")


def main(only):
    import botocore
    import botocore.exceptions
    import botocore.loaders

    loader = botocore.loaders.Loader()
    endpoints = loader.load_data("endpoints")["partitions"][0]["services"]
    missing = []
    for service, names in read_operations().items():
        if only and service not in only:
            continue
        model = loader.load_service_model(service, "service-2")
        try:
            paginators = loader.load_service_model(service, "paginators-1")["pagination"]
        except botocore.exceptions.UnknownServiceError:
            paginators = {}
        missing += [f"{service}.{n}" for n in names if n not in model["operations"]]
        names = [n for n in names if n in model["operations"]]
        is_global = not endpoints.get(model["metadata"]["endpointPrefix"], {}).get(
            "isRegionalized", True)
        write(HERE / f"{service}.json",
              trim(model, names, paginators, is_global, botocore.__version__))
    if missing:
        sys.exit("not in this botocore: " + " ".join(missing))


if __name__ == "__main__":
    main(sys.argv[1:])
