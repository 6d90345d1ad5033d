#!/usr/bin/env python3
"""The bill of materials of the binary, CycloneDX 1.6 as JSON: https://cyclonedx.org/docs/1.6/json/

  sbom.py [TARGET]

Prints every crate that is linked in, with its licence, its checksum in Cargo.lock and what it depends on. The same sources give the
same text: the time is the commit's (SOURCE_DATE_EPOCH), the serial number follows from the content.
"""
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
LINE = re.compile(r"^(?P<depth>\d+)(?P<name>\S+) v(?P<version>\S+)(?P<rest>.*)$")


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def crates(target):
    """What cargo would link for the target: each crate once, and the crates it depends on."""
    lines = output("cargo", "tree", "--locked", "--edges", "normal", "--prefix", "depth", "--target", target,
                   "--format", "{p}|{l}|{r}").splitlines()
    found, edges, path = {}, {}, []
    for line in filter(None, lines):
        package, licence, repository, *_ = line.replace(" (*)", "").split("|") + ["", ""]
        at = LINE.match(package)
        key = (at["name"], at["version"])
        found.setdefault(key, {"licence": licence, "repository": repository, "is_macro": "(proc-macro)" in at["rest"]})
        edges.setdefault(key, set())
        del path[int(at["depth"]):]
        if path:
            edges[path[-1]].add(key)
        path.append(key)
    return found, edges


def reference(key):
    return f"pkg:cargo/{key[0]}@{quote(key[1])}"


def component(key, crate, checksums):
    made = {
        "type": "library",
        "bom-ref": reference(key),
        "name": key[0],
        "version": key[1],
        # Its code runs while ours is compiled, and is not in the binary.
        "scope": "excluded" if crate["is_macro"] else "required",
        "purl": reference(key),
    }
    if key in checksums:
        made["hashes"] = [{"alg": "SHA-256", "content": checksums[key]}]
    if crate["licence"]:
        # Before SPDX expressions a slash stood for OR.
        made["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", crate["licence"])}]
    if crate["repository"]:
        made["externalReferences"] = [{"type": "vcs", "url": crate["repository"]}]
    return made


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else re.search(r"^host: (.*)$", output("rustc", "-vV"), re.M)[1]
    found, edges = crates(target)
    with (ROOT / "Cargo.lock").open("rb") as file:
        checksums = {(p["name"], p["version"]): p["checksum"] for p in tomllib.load(file)["package"] if "checksum" in p}
    with (ROOT / "Cargo.toml").open("rb") as file:
        package = tomllib.load(file)["package"]
    root = (package["name"], package["version"])
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct"))
    body = {
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": reference(root),
                "name": root[0],
                "version": root[1],
                "description": package["description"],
                "licenses": [{"expression": package["license"]}],
                "purl": reference(root),
            },
            "properties": [{"name": "plimsoll:target", "value": target}],
        },
        "components": [component(k, c, checksums) for k, c in sorted(found.items()) if k != root],
        "dependencies": [{"ref": reference(k), "dependsOn": sorted(map(reference, on))} for k, on in sorted(edges.items())],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    print(json.dumps({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        **body,
    }, indent=1))


if __name__ == "__main__":
    main()
