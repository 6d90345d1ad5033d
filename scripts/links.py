#!/usr/bin/env python3
"""Looks whether every link between the documents leads somewhere: the file is there, and so is the heading.

  links.py [FILE…]     by default every .md file that git knows

Links to other sites are not followed. Ends with 1 where one leads nowhere.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def prose(path):
    """The document's lines without code."""
    fenced = False
    for line in path.read_text().splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield line


def anchors(path):
    """The names of a document's headings, as GitHub makes them, and those it gives itself."""
    found = {}
    for line in prose(path):
        yield from re.findall(r'<a id="([^"]+)"', line)
        if heading := re.match(r"#{1,6} +(.*)", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).strip().lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            found[slug] = found.get(slug, -1) + 1
            yield f"{slug}-{found[slug]}" if found[slug] else slug


def broken(path):
    for line in prose(path):
        for link in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            target, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            file = (path.parent / target).resolve() if target else path
            if not file.exists():
                yield f"{path.relative_to(ROOT)}: {link}: there is no such file"
            elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                yield f"{path.relative_to(ROOT)}: {link}: there is no such heading"


def main():
    names = sys.argv[1:] or subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    faults = [fault for name in names for fault in broken(ROOT / name)]
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
