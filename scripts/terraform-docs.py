#!/usr/bin/env python3
"""The input and output tables of terraform/README.md, from variables.tf and outputs.tf.

  terraform-docs.py [--check] [MODULE]

Writes them between the markers of the README; with --check it writes nothing, and ends with 1 where they are out of step.
"""
# requirements: python-hcl2==7.3.1
import argparse
import json
import re
import sys
from pathlib import Path

import hcl2


def load(path, block):
    with path.open() as file:
        found = hcl2.load(file).get(block, [])
    return [(name, body) for item in found for name, body in item.items()]


def plain(expression):
    """`${object({"a": "${optional(string)}"})}`, as the parser gives it, to `object({a = optional(string)})`."""
    text = re.sub(r'^\$\{(.*)\}$', r"\1", expression, flags=re.S)
    text = text.replace('"${', "").replace('}"', "")
    return re.sub(r'"([A-Za-z0-9_]+)": ', r"\1 = ", text)


def split(text):
    """Splits at commas that are in no bracket and no string."""
    parts, depth, quoted, start = [], 0, False, 0
    for i, c in enumerate(text):
        if c == '"' and text[i - 1] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [p for p in (*parts, text[start:].strip()) if p]


def fields(type_, prefix=""):
    """The lines of an object's attributes; of any other type, none."""
    found = re.fullmatch(r"(?:map|list|set)?\(?object\(\{(.*)\}\)\)?", type_, flags=re.S)
    lines = []
    for part in split(found.group(1)) if found else []:
        name, attribute = part.split(" = ", 1)
        default = "required"
        if optional := re.fullmatch(r"optional\((.*)\)", attribute, flags=re.S):
            attribute, *given = split(optional.group(1))
            default = given[0] if given else "null"
        attribute = attribute.strip('"')
        inner = fields(attribute, f"{prefix}{name}.")
        lines += inner or [(f"{prefix}{name}", attribute, default)]
    return lines


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def code(text):
    return f"`{cell(text)}`"


def literal(value):
    """A default, as it is written."""
    if isinstance(value, str):
        return plain(value) if value.startswith("${") else json.dumps(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{k} = {literal(v)}" for k, v in value.items() if not k.startswith("__"))
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value)


def inputs(module):
    rows = ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, body in sorted(load(module / "variables.tf", "variable"), key=lambda v: ("default" in v[1], v[0])):
        type_ = plain(body["type"])
        shape = re.sub(r"object\(\{.*\}\)", "object", type_, flags=re.S)
        meaning = cell(body["description"].replace("$${", "${"))
        if body.get("sensitive"):
            meaning += " Sensitive."
        for field, of, default in fields(type_):
            meaning += f"<br>{code(field)} {cell(of)}, {default if default in ('required', 'null') else code(default)}"
        default = code(literal(body["default"])) if "default" in body else "required"
        rows.append(f"| {code(name)} | {cell(shape)} | {default} | {meaning} |")
    return rows


def outputs(module):
    rows = ["| output | meaning |", "| --- | --- |"]
    for name, body in sorted(load(module / "outputs.tf", "output")):
        rows.append(f"| {code(name)} | {cell(body['description'])}{' Sensitive.' if body.get('sensitive') else ''} |")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("module", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent / "terraform")
    options = parser.parse_args()

    readme = options.module / "README.md"
    text = made = readme.read_text()
    for name, rows in (("inputs", inputs(options.module)), ("outputs", outputs(options.module))):
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if made.count(begin) != 1 or made.count(end) != 1:
            sys.exit(f"{readme}: {begin} and {end} are not there, each once")
        before, rest = made.split(begin)
        made = before + "\n".join([begin, *rows, end]) + rest.split(end)[1]
    if made == text:
        return 0
    if options.check:
        print(f"{readme} is out of step: run scripts/terraform-docs.py", file=sys.stderr)
        return 1
    readme.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
