#!/usr/bin/env python3
"""Fills fuzz/corpus/<target>/ from what the repository holds: testdata, example requests, rules and policies.

Usage: fuzz/seeds.py        (Python 3.11 or later; nothing to install)

The corpus is not committed: it can be made again. What fuzzing found is, in fuzz/regressions.
"""

import base64
import gzip
import hashlib
import pathlib
import tomllib
import urllib.parse
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
# Longer seeds slow the mutator down more than they teach it.
LONGEST = 2048

VALUE_TARGETS = [
    "decode", "parse_target", "parse_query", "parse_cookie", "parse_header",
    "detect_sql", "detect_shell", "detect_html", "detect_script", "detect_path",
    "detect_url", "detect_code", "detect_template",
]


def add(target: str, seed: bytes) -> None:
    if len(seed) > LONGEST:
        return
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(seed).hexdigest()[:16]).write_bytes(seed)


def texts(node):
    """Every string below a TOML value; those under keys ending in _b64 decoded."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key.endswith("_b64") and isinstance(value, str):
                yield base64.b64decode(value)
            elif key not in ("why", "class", "about"):
                yield from texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)
    elif isinstance(node, str):
        yield node.encode()


def values():
    for folder in ("decode", "detect", "parse"):
        for path in sorted((ROOT / "testdata" / folder).glob("*.toml")):
            yield from set(texts(tomllib.loads(path.read_text())))


def calls(value: bytes):
    """A sequence of calls for the target `ffi`, whose numbers are those of its `match`: each choice is a byte, bytes have their length
    before them."""
    def text(data: bytes) -> bytes:
        return bytes([min(len(data), 63)]) + data[:63]

    begin, line, header, body, finish, inspect, read = 12, 13, 14, 15, 16, 19, 21
    yield bytes([10, begin, 0, 0, line, 0]) + text(b"POST") + text(b"/?q=" + value) + bytes([finish, 0, read, 0, 255])
    yield (bytes([10, begin, 0, 0, line, 0]) + text(b"POST") + text(b"/") + bytes([header, 0])
           + text(b"Content-Type") + text(b"application/json") + bytes([body, 0]) + text(b'{"a": "') + text(b"")
           + bytes([body, 0]) + text(value + b'"}') + text(b"") + bytes([finish, 0, read, 0, 255]))
    yield bytes([6, 0, 7, 0, 8, 0, 1, 0, inspect, 0, 0, 2]) + text(value) + bytes([read, 0, 255])


def multipart(value: bytes):
    """Bodies whose boundary is `x`: with a value as a field, and as the name of a file."""
    disposition = b"--x\r\nContent-Disposition: form-data; name=\"a\""
    yield disposition + b"\r\n\r\n" + value + b"\r\n--x--\r\n"
    yield disposition + b'; filename="' + value + b'"\r\nContent-Type: text/plain\r\n\r\nx\r\n--x--\r\n'


def main() -> None:
    for number, value in enumerate(sorted(set(values()))):
        for target in VALUE_TARGETS:
            add(target, value)
        # The first byte says where the value stands, or where it is cut.
        for target in ("gates", "parse_form", "parse_json"):
            add(target, bytes([number % 256]) + value)
        add("sink", bytes([number % 256]) + value.replace(b"\n", b" ") + b"\nselect a from t where b = '" + value + b"'")
        for how, coded in enumerate((gzip.compress(value, mtime=0), zlib.compress(value))):
            add("content", bytes([how, number % 256]) + coded)
        add("parse_xml", b"<a b='1'>x<!-- y -->" + value + b"<c/></a>")
        head = b"\xda" + len(value).to_bytes(2, "big") if len(value) < 1 << 16 else b"\xa0"
        add("parse_packed", b"\0\x82\xa1a\x93\x01" + head + value + b"\xc0\xa1b\xcb" + bytes(8))
        add("parse_packed", b"\1\xbf\x61a\x7f\x79" + head[1:] + value + b"\xff\x20\xc0\xf6\xff")
        add("parse_graphql", b'query($a: [T!] = 1) { a: b(c: {d: "' + value + b'"}) @e { ...F } }')
        for body in multipart(value):
            add("parse_multipart", bytes([number % 256, 0]) + b"x" + body)
        if number % 4:
            continue
        for sequence in calls(value):
            add("ffi", sequence)
        quoted = urllib.parse.quote_from_bytes(value).encode()
        text = value.decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
        document = b'{"items":[{"note":"' + text.encode() + b'"}],"id":7}'
        for request in (
            b"GET /files/" + quoted + b"?q=" + quoted + b" HTTP/1.1\nCookie: a=" + quoted + b"\n\n",
            b"POST /orders/7 HTTP/1.1\nContent-Type: application/json\n\n" + document,
            b"POST /orders/7 HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\na=1&a=" + quoted,
            b"PUT /x HTTP/1.1\n\n" + value,
            *(b"POST / HTTP/1.1\nContent-Type: multipart/form-data; boundary=x\n\n" + body for body in multipart(value)),
        ):
            add("inspect", request)
            add("chunked", request)
    for case in tomllib.loads((ROOT / "testdata" / "schema" / "patterns.toml").read_text())["pattern"]:
        for text in case["matches"] + case["others"]:
            add("schema_pattern", case["pattern"].encode() + b"\n" + text.encode())
    for text in texts(tomllib.loads((ROOT / "testdata" / "schema" / "formats.toml").read_text())):
        add("schema_format", b"\xff" + text)
    for path in sorted((ROOT / "examples" / "requests").glob("*.http")):
        request = path.read_bytes().replace(b"\r\n", b"\n")
        add("inspect", request)
        add("chunked", request)
    files = [ROOT / "rules" / "policy", ROOT / "rules" / "detect", ROOT / "testdata" / "load"]
    for folder in files:
        for path in sorted(folder.rglob("*.yaml")) + sorted(folder.rglob("*.json")):
            text = path.read_bytes()
            # A whole rule file is long; its beginning is a rule file as well, as far as syntax goes.
            add("load", text[:LONGEST])


if __name__ == "__main__":
    main()
