"""Codings that attacks come in when something behind the filter takes them off: the same attack, harder to see."""

import base64
import random
from collections.abc import Callable
from urllib.parse import quote


def percent(text: str, chance: random.Random) -> str:
    return quote(text, safe="" if chance.random() < 0.5 else "/:?=&;,")


def percent_all(text: str, chance: random.Random) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def percent_twice(text: str, chance: random.Random) -> str:
    return quote(quote(text, safe=""), safe="")


def percent_u(text: str, chance: random.Random) -> str:
    return "".join(letter if letter.isalnum() or ord(letter) > 0xFFFF else f"%u{ord(letter):04x}" for letter in text)


def json_escapes(text: str, chance: random.Random) -> str:
    return "".join(letter if letter.isalnum() or ord(letter) > 0xFFFF else f"\\u{ord(letter):04x}" for letter in text)


def entities(text: str, chance: random.Random) -> str:
    form = chance.choice(["&#{};", "&#x{:x};", "&#{:07d};"])
    return "".join(letter if letter.isalnum() or letter == " " else form.format(ord(letter)) for letter in text)


def full_width(text: str, chance: random.Random) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" and not letter.isalnum() else letter for letter in text)


def in_base64(text: str, chance: random.Random) -> str:
    return base64.b64encode(text.encode()).decode()


def plus_blanks(text: str, chance: random.Random) -> str:
    return text.replace(" ", "+")


ALL: dict[str, Callable[[str, random.Random], str]] = {
    "percent": percent,
    "percent-all": percent_all,
    "percent-twice": percent_twice,
    "percent-u": percent_u,
    "json-escapes": json_escapes,
    "entities": entities,
    "full-width": full_width,
    "base64": in_base64,
    "plus-blanks": plus_blanks,
}
