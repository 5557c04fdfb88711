"""A verdict as a table, for notebooks. Text that a client chose is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abatis import Finding, Verdict

_COLUMNS = ("rule", "class", "score", "action", "field", "bytes", "decoded", "evidence")


def verdict(verdict: Verdict) -> str:
    """Give the verdict as HTML."""
    head = f"<b>{verdict.action}</b> {verdict.score}"
    if verdict.partial is not None:
        head += f" (not inspected in full: {verdict.partial})"
    if not verdict.findings:
        return f"<div>{head}</div>"
    columns = "".join(f"<th>{name}</th>" for name in _COLUMNS)
    rows = "".join(_row(finding) for finding in verdict.findings)
    more = f"<div>{verdict.dropped} weaker ones are left out</div>" if verdict.dropped else ""
    return f"<div>{head}</div><table><tr>{columns}</tr>{rows}</table>{more}"


def _row(finding: Finding) -> str:
    cells = (
        finding.rule,
        finding.class_,
        finding.score,
        finding.action,
        f"{finding.place} {finding.pointer}",
        f"{finding.span.part} {finding.span.start}..{finding.span.end}",
        " → ".join(finding.decoded),
        ", ".join(f"{feature.weight:+} {feature.name}" for feature in finding.evidence),
    )
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
