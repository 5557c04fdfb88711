"""A small generative grammar: templates with holes, filled at random, the same for the same seed.

A template is text with holes in guillemets, which no attacked language uses:

    «name»          a rule: one of its alternatives, or what its function returns
    «name:label»    the same, but filled once for each value: `«n:a»=«n:a»` is `7=7`
    «a¦b¦»          one of these texts, here also none

A *family* is a list of templates that use one technique. It is what misses are grouped by.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

HOLE = re.compile("«([^«»]*)»")
# Holes within what fills holes; deeper ones are a grammar that does not end.
DEPTH = 12

Rule = Callable[["Expansion"], str]


class Expansion:
    """One value on its way: the chance that it depends on, and what its labels stand for."""

    def __init__(self, rules: dict[str, Rule], chance: random.Random):
        self.rules = rules
        self.chance = chance
        self.labels: dict[str, str] = {}

    def fill(self, template: str, depth: int = 0) -> str:
        if depth > DEPTH:
            raise RecursionError(template)
        return HOLE.sub(lambda hole: self._hole(hole[1], depth), template)

    def _hole(self, name: str, depth: int) -> str:
        if "¦" in name:
            return self.chance.choice(name.split("¦"))
        rule, _, label = name.partition(":")
        if label and name in self.labels:
            return self.labels[name]
        text = self.fill(self.rules[rule](self), depth + 1)
        if label:
            self.labels[name] = text
        return text

    def pick(self, texts: list[str]) -> str:
        return self.chance.choice(texts)


@dataclass
class Family:
    """Templates of one technique."""

    name: str
    templates: list[str]
    # `needs-sink`: nothing but where the value goes tells it apart from an innocent one.
    tags: list[str] = field(default_factory=list)
    # Whether a target reads the value as meant; what it refuses is dropped.
    check: Callable[[str], bool] | None = None
    # What is done to each value in the end: changes of case, blanks, codings.
    then: Callable[[str, random.Random], str] | None = None
    weight: float = 1.0


@dataclass
class Value:
    """A value and how it came about."""

    text: str
    family: str
    # Which of the family's templates it was made from.
    template: int
    tags: list[str]


class Grammar:
    """Rules and families of one class."""

    def __init__(self, name: str):
        self.name = name
        self.rules: dict[str, Rule] = {"n": number, "w": word, "h": hexadecimal}
        self.families: list[Family] = []
        self.refused: dict[str, int] = {}

    def rule(self, name: str, *alternatives: str | Rule) -> None:
        """Names a hole. Alternatives are templates, or one function."""
        first = alternatives[0]
        if callable(first):
            self.rules[name] = first
        else:
            texts = [text for text in alternatives if isinstance(text, str)]
            self.rules[name] = lambda expansion: expansion.pick(texts)

    def family(self, name: str, *templates: str, **more) -> None:
        """Adds a technique."""
        self.families.append(Family(name, list(templates), **more))

    def values(self, seed: int, count: int) -> Iterator[Value]:
        """About `count` distinct values of each family, fewer where it does not yield as many."""
        known: set[str] = set()
        for family in self.families:
            chance = random.Random(f"{seed}/{self.name}/{family.name}")
            wanted = max(1, int(count * family.weight))
            found = refused = 0
            for attempt in range(wanted * 4):
                if found == wanted:
                    break
                # Each template has its turn, so that a rare one is there in a small sample as well.
                template = family.templates[attempt % len(family.templates)]
                text = Expansion(self.rules, chance).fill(template)
                if family.then:
                    text = family.then(text, chance)
                if text in known:
                    continue
                if family.check and not family.check(text):
                    refused += 1
                    continue
                known.add(text)
                found += 1
                yield Value(text, family.name, attempt % len(family.templates), family.tags)
            if refused:
                self.refused[family.name] = refused


WORDS = [
    "id",
    "name",
    "user",
    "page",
    "item",
    "order",
    "price",
    "stock",
    "title",
    "note",
    "city",
    "street",
    "blue",
    "green",
    "red",
    "north",
    "winter",
    "table",
    "chair",
    "lamp",
    "paper",
    "water",
    "stone",
    "river",
    "cloud",
    "light",
    "music",
    "number",
    "value",
    "data",
    "test",
    "foo",
    "bar",
    "admin",
    "login",
    "email",
    "phone",
    "country",
    "state",
    "product",
    "category",
    "search",
    "query",
    "shop",
    "cart",
    "client",
    "account",
    "report",
    "file",
    "image",
    "video",
    "photo",
    "post",
    "comment",
    "message",
    "author",
    "date",
    "year",
    "month",
    "week",
    "offer",
    "sale",
]


def number(expansion: Expansion) -> str:
    """A number of one to four digits, small ones more often."""
    return str(expansion.chance.randrange(10 ** expansion.chance.randint(1, 4)))


def word(expansion: Expansion) -> str:
    """A word that might be the name of anything."""
    return expansion.pick(WORDS)


def hexadecimal(expansion: Expansion) -> str:
    """Four to sixteen hexadecimal digits, even in number."""
    return expansion.chance.randbytes(expansion.chance.randint(2, 8)).hex()


def mixed_case(text: str, chance: random.Random) -> str:
    """Letters in any case, where case means nothing."""
    return "".join(letter.swapcase() if chance.random() < 0.4 else letter for letter in text)


def sometimes(change: Callable[[str, random.Random], str], share: float) -> Callable[[str, random.Random], str]:
    """Does it to a share of the values."""
    return lambda text, chance: change(text, chance) if chance.random() < share else text
