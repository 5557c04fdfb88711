"""Compares what other readers of requests see with what was inspected: run.py ABATIS NODE_FOLDER [--seed N] [--repeat N]

A reader that sees a value of canary words, or a name, which was not inspected as one value though the request passes, is a
violation: there an attack would have gone by. Prints the matrix of features and readers; exits with 1 on violations.
"""

import argparse
import base64
import collections
import json
import pathlib
import subprocess
import sys

import canary
import generate
import innocent

OUTCOMES = ("inspected", "refused", "missed", "gap")
# A request that is refused for what it seems to attack with would pass with another attack.
BY_FORM = ("protocol.", "partial ")
FOLDER = pathlib.Path(__file__).parent


def run(command, lines):
    """JSON Lines in, objects out."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def inspected(sent, verdict):
    """The canary words of each value that was inspected."""
    body = base64.b64decode(sent["body_b64"])
    parts = {"target": [sent["target"].encode()], "header": [value.encode() for _, value in sent["headers"]], "body": [body]}
    for finding in verdict["findings"]:
        if finding["rule"] == "differential.canary":
            span = finding["span"]
            start, end = span["range"]
            yield canary.words(parts[span["part"]][span["index"]][start:end])


def refusals(verdict):
    """The reasons why the request does not pass, canary words aside."""
    blocking = {f["rule"] for f in verdict["findings"] if f["action"] == "block"} - {"differential.canary"}
    if isinstance(verdict["coverage"], dict) and verdict["coverage"]["partial"] != "opaque":
        blocking.add("partial " + verdict["coverage"]["partial"])
    return sorted(blocking)


def judge(abatis, sent):
    """The verdicts, in order."""
    verdicts = run([abatis, "scan", "--policy", FOLDER / "policy.yaml", "--requests", "-"], sent)
    failed = [verdict for verdict in verdicts if "error" in verdict or "dropped" in verdict]
    if failed or len(verdicts) != len(sent):
        sys.exit(f"not every request was judged in full: {failed[:3]}")
    return verdicts


def read(node, sent):
    """What each reader saw of each request."""
    seen = run([sys.executable, FOLDER / "readers.py"], sent)
    seen += run(["node", FOLDER / "readers.mjs", node], sent)
    readers = {reading["reader"] for reading in seen}
    if len(seen) != len(sent) * len(readers):
        sys.exit(f"{len(seen)} readings of {len(sent)} requests by {len(readers)} readers: one ended early")
    return seen


class Matrix:
    """Of each feature and reader: values that both see, values in refused requests, values that were missed, and known gaps."""

    def __init__(self):
        self.cells = collections.defaultdict(collections.Counter)
        self.examples = {}
        self.violations = 0

    def add(self, feature, reader, outcome, example):
        if outcome == "missed" and not {(feature, reader), (feature, "*")}.isdisjoint(generate.GAPS):
            outcome = "gap"
        self.cells[feature, reader][outcome] += 1
        if outcome == "missed":
            self.violations += 1
            self.examples.setdefault((feature, reader), []).append(example)

    def show(self):
        readers = list(dict.fromkeys(reader for _, reader in self.cells))
        print(f"{'/'.join(OUTCOMES):34}" + "".join(f"{reader:>16}" for reader in readers))
        for feature in dict.fromkeys(feature for feature, _ in self.cells):
            row = ""
            for reader in readers:
                cell = self.cells.get((feature, reader))
                row += f"{'/'.join(str(cell[name]) for name in OUTCOMES) if cell else '-':>16}"
            print(f"{feature:34}{row}")
        for (feature, reader), examples in self.examples.items():
            print(f"\nmissed: {feature}, {reader}, {len(examples)} values")
            print(f"  {examples[0]}")
        for (feature, reader), why in generate.GAPS.items():
            print(f"\ngap: {feature}, {reader}: {why}")


def shown(sent):
    body = base64.b64decode(sent["body_b64"])
    return f"{sent['target']} {sent['headers'][1:]} {body!r}"


def differ(arguments):
    """Whether no value was missed."""
    features, sent = zip(*generate.requests(arguments.seed, arguments.repeat))
    sent = [{"id": at, **request} for at, request in enumerate(sent)]
    verdicts, seen = judge(arguments.abatis, sent), read(arguments.node, sent)
    known = [set(inspected(request, verdict)) for request, verdict in zip(sent, verdicts)]
    matrix = Matrix()
    for reading in seen:
        at = reading["id"]
        for value in {text for pair in reading["values"] for text in pair}:
            words = canary.seen(value)
            if words:
                refused = any(why.startswith(BY_FORM) for why in refusals(verdicts[at]))
                outcome = "inspected" if words in known[at] else "refused" if refused else "missed"
                matrix.add(features[at], reading["reader"], outcome, f"{value!r} of {shown(sent[at])}")
    matrix.show()
    print(f"\n{len(sent)} requests, {sum(bool(refusals(v)) for v in verdicts)} refused, {matrix.violations} values missed")
    return matrix.violations == 0


def pass_innocents(arguments):
    """Whether nothing that ordinary clients send is refused but what is known to be."""
    sent = [{"id": name, **request} for name, request in innocent.requests()]
    verdicts = judge(arguments.abatis, sent)
    refused = {verdict["id"]: refusals(verdict) for verdict in verdicts if refusals(verdict)}
    for name, reasons in refused.items():
        print(f"refused, though innocent: {name}: {', '.join(reasons)} {innocent.REFUSED.get(name, '')}")
    print(f"{len(sent)} requests as clients send them, {len(refused)} refused, {len(innocent.REFUSED)} of which are known")
    return set(refused) == set(innocent.REFUSED)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("abatis")
    parser.add_argument("node")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    good = [differ(options), pass_innocents(options)]
    sys.exit(0 if all(good) else 1)
