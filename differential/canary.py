"""Canary words: values that stand for themselves, so that whoever sees one can say which it was."""

import base64
import re
from urllib.parse import unquote_to_bytes

WORD = re.compile(rb"canary([0-9]+)")
# What the rule of canary.yaml matches.
VALUE = re.compile(rb"\W*canary[0-9]+(?:\W+canary[0-9]+)*\W*", re.DOTALL)


def words(raw: bytes) -> tuple[int, ...]:
    """The numbers of the canary words in bytes as sent, which may be percent-encoded."""
    return tuple(int(number) for number in WORD.findall(unquote_to_bytes(raw)))


def seen(value: str) -> tuple[int, ...]:
    """The numbers of a value of nothing but canary words; empty if it is another one."""
    raw = value.encode("utf-8", "replace")
    return words(raw) if VALUE.fullmatch(raw) else ()


def request(target="/", headers=(), body=b""):
    """A request as `abatis scan --requests` reads it, without its id. Texts are sent as UTF-8."""
    return {
        "method": "POST" if body else "GET",
        "target": target,
        "headers": [["Host", "shop.example"], *(list(header) for header in headers)],
        "body_b64": base64.b64encode(body).decode(),
    }
