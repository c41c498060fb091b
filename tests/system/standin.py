"""What the emulator cannot do or does wrong, done by the proxy in its place: from AWS's documented shapes.

A stand-in is a class with a method for each operation that it takes over, named as the operation. It gets the
call's parameters as a tree and `forward`, and returns the answer:

    def ModifyDBProxy(self, params, forward):
        ...
        return self.answer("ModifyDBProxy")       # the emulator never hears of it
        return forward()                          # ... or does, with the same or with other parameters
        raise Refused("InvalidDBProxyStateFault", "not available")

A scenario names it (`stand_in: rds` is class StandIn in standin_rds.py); its own steps then go through the proxy,
so that both sides see one world. The protocol of a Base is that of AWS's query services. A Modelled one has
parameters and answers as boto3 has them, in any protocol, and boto3 clients of the emulator instead of `forward`:

    def PutCompositeAlarm(self, given, emulator):
        return {}                                 # the answer
        return None                               # the emulator's own, to the request as it came
"""
import datetime
import importlib
import json
import urllib.parse
import xml.etree.ElementTree as ET
import xml.sax.saxutils

import botocore.session

SESSION = botocore.session.Session()


class Refused(Exception):
    """An error of AWS."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.status = code, status


def load(name):
    return importlib.import_module(f"standin_{name}").StandIn()


def tree_of(form):
    """{"A.member.1.B": "x", "C": "y"} -> {"A": [{"B": "x"}], "C": "y"}."""
    root = {}
    for name, value in form.items():
        inner, parts = root, name.split(".")
        for part in parts[:-1]:
            inner = inner.setdefault(part, {})
        inner[parts[-1]] = value
    return _listed(root)


def _listed(node):
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        (name, inner), = node.items()
        if isinstance(inner, dict) and inner and all(key.isdigit() for key in inner):
            return [_listed(inner[key]) for key in sorted(inner, key=int)]
    return {name: _listed(inner) for name, inner in node.items()}


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def items(root, name):
    """All elements of that name."""
    return [element for element in root.iter() if local(element) == name]


def child(element, name):
    return next((one for one in element if local(one) == name), None)


def text(element, name):
    found = child(element, name)
    return found.text if found is not None else None


def put(element, name, value, item="member"):
    """Sets a child to a value: a scalar, a structure, or a list with elements named `item`."""
    old = child(element, name)
    space = element.tag.rsplit("}", 1)[0] + "}" if element.tag.startswith("{") else ""
    made = old if old is not None else ET.SubElement(element, space + name)
    made[:] = []
    made.text = None
    if isinstance(value, dict):
        for key, inner in value.items():
            put(made, key, inner)
    elif isinstance(value, list):
        for one in value:
            inner = ET.SubElement(made, space + item)
            if isinstance(one, dict):
                for key, deeper in one.items():
                    put(inner, key, deeper)
            else:
                inner.text = str(one)
    elif isinstance(value, bool):
        made.text = str(value).lower()
    else:
        made.text = str(value)
    return made


class Base:
    namespace = ""

    def answer(self, operation, result=""):
        return (f'<{operation}Response xmlns="{self.namespace}"><{operation}Result>{result}</{operation}Result>'
                f"<ResponseMetadata><RequestId>req-stand-in</RequestId></ResponseMetadata>"
                f"</{operation}Response>").encode()

    @staticmethod
    def edited(answer, edit):
        """The answer after `edit(root)`."""
        root = ET.fromstring(answer)
        edit(root)
        return ET.tostring(root)


def form_body(operation, version, form):
    return urllib.parse.urlencode({"Action": operation, "Version": version, **form}).encode()


# ---- by botocore's models


class Modelled:
    """Parameters and answers as boto3 has them."""
    service = ""  # as it signs


def model_of(service, operation):
    names = {"monitoring": "cloudwatch"}
    return SESSION.get_service_model(names.get(service, service)).operation_model(operation)


def given_by(call):
    """The request's parameters, whatever the protocol."""
    model = model_of(call.service, call.operation)
    if model.service_model.protocol not in ("query", "ec2") or call.headers.get("X-Amz-Target"):
        return call.params
    return _from_form(model.input_shape, "", call.params) or {}


def _from_form(shape, prefix, form):
    if shape.type_name == "structure":
        out = {}
        for name, member in shape.members.items():
            value = _from_form(member, f"{prefix}.{name}" if prefix else name, form)
            if value is not None:
                out[name] = value
        return out or None
    if shape.type_name == "list":
        out, index = [], 1
        while (value := _from_form(shape.member, f"{prefix}.member.{index}", form)) is not None:
            out.append(value)
            index += 1
        return out or None
    if shape.type_name == "map":
        out, index = {}, 1
        while f"{prefix}.entry.{index}.key" in form:
            out[form[f"{prefix}.entry.{index}.key"]] = form[f"{prefix}.entry.{index}.value"]
            index += 1
        return out or None
    return form.get(prefix)


def answer_bytes(call, answer):
    """(content type, body) of an answer."""
    model = model_of(call.service, call.operation)
    if call.headers.get("X-Amz-Target"):
        def plain(value):
            return value.timestamp() if isinstance(value, datetime.datetime) else str(value)
        return "application/x-amz-json-1.1", json.dumps(answer, default=plain).encode()
    space = model.service_model.metadata.get("xmlNamespace") or "https://sns.amazonaws.com/doc/2010-03-31/"
    result = _to_xml(model.output_shape, answer) if model.output_shape else ""
    body = (f'<{model.name}Response xmlns="{space}"><{model.name}Result>{result}</{model.name}Result>'
            f"<ResponseMetadata><RequestId>req-stand-in</RequestId></ResponseMetadata></{model.name}Response>")
    return "text/xml", body.encode()


def _to_xml(shape, value):
    if shape.type_name == "structure":
        return "".join(f"<{name}>{_to_xml(member, value[name])}</{name}>"
                       for name, member in shape.members.items() if value.get(name) is not None)
    if shape.type_name == "list":
        return "".join(f"<member>{_to_xml(shape.member, item)}</member>" for item in value)
    if shape.type_name == "map":
        return "".join(f"<entry><key>{key}</key><value>{_to_xml(shape.value, item)}</value></entry>"
                       for key, item in value.items())
    return xml.sax.saxutils.escape(str(value))
