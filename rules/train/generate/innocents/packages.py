"""Ordinary values out of packages: names, addresses, companies, prices, dates, texts and translations in many locales.

Nothing of it is kept in the repository. What a machine lacks (word lists, fortunes) is said and left out.
"""

import base64
import contextlib
import datetime
import gettext
import json
import logging
import random
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from babel import Locale, dates, localedata, numbers, units
from faker import Faker
from faker.config import AVAILABLE_LOCALES

# Kind, tier, value.
Innocent = tuple[str, str, str]

# Methods of faker by the kind of field that they fill.
FIELDS: dict[str, list[str]] = {
    "person-name": ["name", "first_name", "last_name", "name_female", "name_male"],
    "company": ["company", "company_suffix"],
    "address": ["address", "street_address", "street_name", "building_number", "postcode", "secondary_address"],
    "place": ["city", "country", "city_suffix", "current_country"],
    "phone": ["phone_number", "msisdn"],
    "job": ["job"],
    "email": ["email", "free_email", "company_email", "safe_email", "user_name", "ascii_email"],
    "sentence": ["sentence", "catch_phrase", "bs"],
    "paragraph": ["paragraph", "text"],
    "bank": ["iban", "swift", "bban", "credit_card_number", "credit_card_full"],
    "document-number": ["ssn", "license_plate", "passport_number", "isbn13", "ean13", "vin"],
}
# The same in every locale, so asked for once.
PLAIN_FIELDS: dict[str, list[str]] = {
    "url": ["url", "uri", "image_url", "uri_path", "domain_name", "hostname"],
    "slug": ["slug", "uri_page"],
    "user-agent": ["user_agent", "chrome", "firefox", "safari", "opera", "internet_explorer", "android_platform_token"],
    "network": ["ipv4", "ipv6", "mac_address", "ipv4_private", "port_number"],
    "token": ["uuid4", "sha1", "sha256", "md5", "password", "bothify", "lexify"],
    # Its moments depend on the day; `formats` and `made` have others.
    "date": ["month_name", "day_of_week", "timezone"],
    "file-name": ["file_name", "file_path", "mime_type", "file_extension"],
    "colour": ["hex_color", "rgb_css_color", "rgb_color", "color_name", "safe_color_name"],
    "number": ["pyfloat", "pyint", "pydecimal", "latitude", "longitude", "coordinate", "local_latlng"],
    "json": ["json", "profile", "simple_profile"],
    "currency": ["pricetag", "currency", "currency_code", "cryptocurrency"],
}


def faker_values(seed: int, rounds: int) -> Iterator[Innocent]:
    """Each kind of field, `rounds` times in each locale and method."""
    # It warns of numbers that look real.
    logging.getLogger("faker").setLevel(logging.ERROR)
    # Some of its providers draw from the chance that all share.
    random.seed(seed)
    for locale in sorted(AVAILABLE_LOCALES):
        fake = Faker(locale)
        fake.seed_instance(f"{seed}/{locale}")
        for kind, methods in FIELDS.items():
            yield from called(fake, kind, methods, rounds)
    fake = Faker("en_US")
    fake.seed_instance(seed)
    for kind, methods in PLAIN_FIELDS.items():
        yield from called(fake, kind, methods, rounds * 25)


def called(fake: Faker, kind: str, methods: list[str], rounds: int) -> Iterator[Innocent]:
    for method in methods:
        function: Callable[[], object] | None = getattr(fake, method, None)
        if function is None:
            continue
        for _ in range(rounds):
            try:
                value = function()
            except (AttributeError, TypeError, ValueError, KeyError, IndexError, NotImplementedError):
                break
            text = json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
            yield kind, "ordinary", text


def locale_values(seed: int) -> Iterator[Innocent]:
    """Names of countries, languages, currencies and units, and dates and prices as each locale writes them."""
    chance = random.Random(f"{seed}/locale")
    for name in sorted(localedata.locale_identifiers()):
        try:
            locale = Locale.parse(name)
        except ValueError:
            continue
        if locale.territory:
            continue
        for kind, table in (
            ("i18n-country", locale.territories),
            ("i18n-language", locale.languages),
            ("i18n-currency", locale.currencies),
        ):
            for text in table.values():
                if chance.random() < 0.6:
                    yield kind, "ordinary", text
        for _ in range(12):
            for text in formats(locale, chance):
                yield "i18n-format", "ordinary", text


def formats(locale: Locale, chance: random.Random) -> Iterator[str]:
    """A moment, an amount and a measure as a locale writes them; what it has no form for is left out."""
    moment = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=chance.randrange(10**9))
    amount = chance.randrange(10**7) / 100
    length = chance.choice(["short", "medium", "long", "full"])
    currency = chance.choice(["EUR", "USD", "JPY", "GBP", "INR", "BRL", "CHF"])
    unit = chance.choice(["length-meter", "mass-kilogram", "volume-liter", "temperature-celsius"])
    calls: list[Callable[[], str]] = [
        lambda: dates.format_datetime(moment, length, locale=locale),
        lambda: dates.format_date(moment, length, locale=locale),
        lambda: numbers.format_currency(amount, currency, locale=locale),
        lambda: numbers.format_decimal(amount, locale=locale),
        lambda: numbers.format_percent(amount / 1e5, locale=locale),
        lambda: units.format_unit(round(amount), unit, locale=locale),
    ]
    for call in calls:
        with contextlib.suppress(KeyError, ValueError, AttributeError):
            yield call()


def fortunes() -> Iterator[Innocent]:
    """Sayings and verses, whole and by line."""
    folder = Path("/usr/share/games/fortunes")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.suffix and path.with_suffix(".dat").exists()]
    if not files:
        print("generate: no fortunes here: apt-get install fortunes", file=sys.stderr)
    for path in files:
        # Computers and Perl are quoted with their code.
        tier = (
            "technical"
            if path.stem in ("computers", "linux", "debian", "debian-hints", "perl", "linuxcookie", "kernelcookies", "paradoxum")
            else "ordinary"
        )
        for text in path.read_text(errors="replace").split("\n%\n"):
            text = text.strip()
            if text:
                yield ("fortune" if tier == "ordinary" else "fortune-computers"), tier, text[:2000]
                for line in text.split("\n")[:6]:
                    if len(line) > 20:
                        yield ("fortune" if tier == "ordinary" else "fortune-computers"), tier, line.strip()


def debian() -> Iterator[Innocent]:
    """Summaries and descriptions of Debian's packages: prose of programmers, much as in a catalogue."""
    try:
        text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        print("generate: no apt-cache here", file=sys.stderr)
        return
    for path in sorted(Path("/var/lib/apt/lists").glob("*_i18n_Translation-*")):
        listed = subprocess.run(
            ["/usr/lib/apt/apt-helper", "cat-file", path], capture_output=True, text=True, errors="replace", check=False
        ).stdout
        for found in re.finditer(r"^Description-\w+: (.*)((?:\n .*)*)", listed, re.M):
            body = re.sub(r"\n \.?", "\n", found[2]).strip()
            if body:
                yield "package-description", "technical", body[:1500]
    for paragraph in text.split("\n\n"):
        if found := re.search(r"^Homepage: (.*)$", paragraph, re.M):
            yield "homepage", "ordinary", found[1]
        if found := re.search(r"^Description(?:-en)?: (.*)", paragraph, re.M):
            yield "package-summary", "ordinary", found[1]
        if found := re.search(r"^Depends: (.*)$", paragraph, re.M):
            yield "package-relations", "technical", found[1]
        if found := re.search(r"^Maintainer: (.*)$", paragraph, re.M):
            yield "maintainer", "ordinary", found[1]
        if found := re.search(r"^Filename: (.*)$", paragraph, re.M):
            yield "package-file", "ordinary", found[1]
        if found := re.search(r"^Tag: (.*)$", paragraph, re.M):
            yield "tags", "ordinary", found[1]


def translations(seed: int, limit: int) -> Iterator[Innocent]:
    """Messages of installed programs in all languages."""
    chance = random.Random(f"{seed}/translations")
    files = sorted(Path("/usr/share/locale").rglob("*.mo"))
    for path in chance.sample(files, min(limit, len(files))):
        try:
            catalog = gettext.GNUTranslations(path.open("rb"))._catalog
        except (OSError, ValueError, UnicodeDecodeError):
            continue
        texts = sorted(text for text in catalog.values() if isinstance(text, str) and 2 < len(text) < 800)
        for text in chance.sample(texts, min(60, len(texts))):
            yield "program-message", "technical", text


def words(seed: int, count: int) -> Iterator[Innocent]:
    """What people search for and name things: a few words of a dictionary."""
    chance = random.Random(f"{seed}/words")
    lists = [
        path
        for path in sorted(Path("/usr/share/dict").glob("*"))
        if path.is_file() and not path.is_symlink() and not path.suffix and path.name[:1].islower() and "README" not in path.name
    ]
    if not lists:
        print("generate: no word lists here: apt-get install wamerican", file=sys.stderr)
    texts = {path.name: path.read_text(errors="replace").split() for path in lists}
    for name in sorted(texts):
        for _ in range(count):
            some = [chance.choice(texts[name]) for _ in range(chance.choice([1, 1, 2, 2, 3, 4, 6]))]
            form = chance.choice(
                [
                    " ".join,
                    " ".join,
                    "-".join,
                    "+".join,
                    ", ".join,
                    "_".join,
                    " & ".join,
                    " and ".join,
                    "/".join,
                    " - ".join,
                    lambda w: " ".join(w).title(),
                    lambda w: "#" + " #".join(w),
                    lambda w: '"' + " ".join(w) + '"',
                ]
            )
            yield "search-query", "ordinary", form(some)


def made(seed: int, count: int) -> Iterator[Innocent]:
    """What programs make: tokens, ids, coded bytes, JSON."""
    chance = random.Random(f"{seed}/made")
    segment = lambda size: base64.urlsafe_b64encode(chance.randbytes(size)).decode().rstrip("=")  # noqa: E731
    for _ in range(count):
        yield "base64", "ordinary", base64.b64encode(chance.randbytes(chance.randint(4, 90))).decode()
        yield "base64", "ordinary", segment(chance.randint(8, 64))
        yield "token", "ordinary", f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{segment(60)}.{segment(32)}"
        yield "token", "ordinary", str(uuid.UUID(int=chance.getrandbits(128)))
        yield "token", "ordinary", chance.randbytes(chance.randint(4, 32)).hex()
        yield "token", "ordinary", f"{chance.choice(['sk', 'pk', 'id', 'ref', 'ghp', 'cus', 'ord'])}_{segment(18)}"
        day = f"20{chance.randrange(10, 40)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        clock = f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}"
        yield "date", "ordinary", day + "T" + clock + chance.choice(["Z", "+01:00", "-05:00", ".000Z", ""])
        yield (
            "number",
            "ordinary",
            str(chance.choice([chance.randrange(10**6), chance.random() * 1000, -chance.randrange(1000), f"{chance.random():.3e}"])),
        )
        yield "image-data", "ordinary", "data:image/png;base64," + base64.b64encode(chance.randbytes(60)).decode()
        yield (
            "percent-coded",
            "ordinary",
            "".join(f"%{byte:02X}" for byte in chance.choice(["été", "São Paulo", "Müller & Söhne", "東京", "50% off", "a/b c"]).encode()),
        )
