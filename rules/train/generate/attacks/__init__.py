"""One grammar for each class of attacks, written from specifications and manuals; never from rules or cases, which they probe."""

from ..grammar import Grammar
from . import code, documents, headers, log4j, lookups, nosqli, paths, script, shell, sql, ssrf, templates


def grammars() -> list[Grammar]:
    """All of them, each with its class as name."""
    modules = [sql, script, shell, paths, code, templates, ssrf, log4j, nosqli, headers, lookups, documents]
    return [grammar for module in modules for grammar in module.grammars()]
