"""What the emulator cannot do or does wrong, done by the proxy in its place: from AWS's documented shapes.

A stand-in is a class with a method for each operation that it takes over, named as the operation. It gets the
call's parameters as a tree and `forward`, and returns the answer:

    def ModifyDBProxy(self, params, forward):
        ...
        return self.answer("ModifyDBProxy")       # the emulator never hears of it
        return forward()                          # ... or does, with the same or with other parameters
        raise Refused("InvalidDBProxyStateFault", "not available")

A scenario names it (`stand_in: rds` is class StandIn in standin_rds.py); its own steps then go through the proxy,
so that both sides see one world. The protocol is that of AWS's query services; others have had no need yet.
"""
import importlib
import urllib.parse
import xml.etree.ElementTree as ET


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
