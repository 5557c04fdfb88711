"""
The native part of abatis; everything in it is exported by `abatis`.
"""

from _typeshed import SupportsGetItem
from abatis._model import Action, ArrowData, Capsule, Counts, Data, Findings, HeaderLines, Json, Place, Progress, RowPlace
from os import PathLike
from typing import Any, Final, SupportsIndex, final

__all__ = ["__version__", "Engine", "EngineHandle", "Feature", "Finding", "Scan", "Session", "Span", "Verdict", "run_command"]

__version__: Final[str]
"""
The version of the package.
"""

@final
class Engine:
    """
    A compiled policy: immutable, and good for any number of threads.

    Build one at start-up and share it: that takes milliseconds, inspecting takes microseconds. To change a policy, build another
    engine and swap it into an `EngineHandle`.

    Args:
        policy: The policy as a dict with the keys of a policy file, as `{"sensitivity": "high"}`. Left out: the built-in policy.

    Raises:
        PolicyError: The policy cannot be used; it holds everything that is wrong with it.

    Example:
        >>> from abatis import Action, Engine
        >>> engine = Engine({"mode": "block"})
        >>> verdict = engine.inspect(target="/item?id=1'+or+'1'%3D'1")
        >>> verdict.action, verdict.findings[0].rule
        (<Action.BLOCK: 3>, 'sql.injection')
    """
    def __new__(cls, /, policy: Json | None = None) -> Engine: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def builtin(name: str) -> Engine:
        """
        The engine of a policy that ships with abatis.

        Args:
            name: `default`, `strict`, `monitor` or `api-json`.

        Raises:
            PolicyError: There is none of that name.
        """
    @staticmethod
    def default() -> Engine:
        """
        The engine of the built-in policy: the same one for all who ask, built when the first one does.
        """
    @staticmethod
    def from_file(path: str | PathLike[str]) -> Engine:
        """
        The engine of a policy file (YAML or JSON) and the files that it names.

        Args:
            path: The file. Paths in it are relative to its folder and may not leave it.

        Raises:
            PolicyError: The policy cannot be read or used; it names file, line and column.
        """
    @staticmethod
    def from_yaml(text: str, *, name: str = "policy", folder: str | PathLike[str] | None = None) -> Engine:
        """
        The engine of a policy text (YAML or JSON).

        Args:
            text: The policy.
            name: What messages call it.
            folder: What paths in it are relative to, and may not leave. Needed if it names files.

        Raises:
            PolicyError: The policy cannot be used; it names line and column.
        """
    def inspect(self, /, *, target: Data, method: Data | None = None, headers: HeaderLines | None = None, body: Data | None = None) -> Verdict:
        """
        Inspects a whole request.

        Args:
            target: The request target as sent, undecoded, with its query: `/items?q=a%20b`.
            method: The method; `GET` if left out.
            headers: A mapping, or pairs of name and value, in the order received.
            body: The body as received.

        Text is inspected as UTF-8. Other Python threads run meanwhile if the request is larger than 4 KiB.

        Example:
            >>> engine.inspect(
            ...     method="POST",
            ...     target="/login",
            ...     headers={"Content-Type": "application/json"},
            ...     body='{"user": "Conan O\\'Brien"}',
            ... ).action
            <Action.ALLOW: 0>
        """
    def inspect_value(self, /, value: Data, place: Place | None = None) -> Verdict:
        """
        Inspects one value as the application would get it, as if it stood in `place`.

        Args:
            value: The value, decoded once by its format.
            place: `path`, `query`, `form`, `json`, `header`, `cookie` or `body`; `query` if left out.

        Example:
            >>> engine.inspect_value("x; cat /etc/passwd").class_
            'cmdi'
        """
    @property
    def memory_usage(self, /) -> int:
        """
        Bytes of memory that the compiled rules take.
        """
    @property
    def ruleset(self, /) -> str:
        """
        Digest of rules and weights, as in `Verdict.ruleset`.
        """
    def scan_arrow(self, /, data: ArrowData, *, column: str | None = None, place: RowPlace | None = None, threads: SupportsIndex | None = None) -> Scan:
        """
        Judges the rows of a column of text, on all cores, without copying it.

        Args:
            data: What offers the Arrow C stream or array interface: a table, a column, a reader of pyarrow, polars, pandas or duckdb.
            column: Which column, if there are several.
            place: What a row is taken for: a value in `path`, `query`, `form`, `json`, `header`, `cookie` or `body`, or `target`: a request
                target, judged as the GET request for it. `query` if left out.
            threads: How many threads judge, 1 to 1024; all cores if left out.

        Raises:
            ValueError: There is no such column, or it is not of text or bytes.

        Example:
            >>> import pyarrow
            >>> scan = engine.scan_arrow(pyarrow.array(["tea", "1' or '1'='1", None]))
            >>> pyarrow.table(scan)["class"].to_pylist()
            [None, 'sqli', None]
            >>> scan.counts
            {'allow': 1, 'flag': 0, 'sanitize': 0, 'block': 1}
        """
    def session(self, /) -> Session:
        """
        A session for a request that comes in pieces.
        """
    def validate(self, /, schema: str, document: Data) -> Verdict:
        """
        Holds a JSON document against a schema of the policy; violations are findings of class `schema`, and its values are inspected.

        Args:
            schema: The name of a schema in the policy's `schemas`.
            document: The document, as JSON text.

        Raises:
            KeyError: The policy has no schema of that name.
        """

@final
class EngineHandle:
    """
    A place for the engine of the day: requests take it out while another thread puts a new one in.

    Args:
        engine: The first engine.

    Example:
        >>> handle = EngineHandle(Engine.default())
        >>> old = handle.swap(Engine({"sensitivity": "high"}))
        >>> handle.load() is old
        False
    """
    def __new__(cls, /, engine: Engine) -> EngineHandle: ...
    def __repr__(self, /) -> str: ...
    def load(self, /) -> Engine:
        """
        The engine that is in it now.
        """
    def swap(self, /, engine: Engine) -> Engine:
        """
        Puts another engine in and gives back the one that was there. Sessions go on with the engine that they began with.
        """

@final
class Feature:
    """
    Something that spoke for a finding, and how much.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def name(self, /) -> str:
        """
        What it is.
        """
    @property
    def weight(self, /) -> int:
        """
        What it weighs.
        """

@final
class Finding:
    """
    One piece of evidence. Immutable.

    Its span counts bytes of the request as received, so the guilty bytes can be cut out of it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def action(self, /) -> Action:
        """
        What this finding alone asks for.
        """
    @property
    def class_(self, /) -> str:
        """
        What an attack would be after: `sqli`, `xss`, ...
        """
    @property
    def context(self, /) -> str:
        """
        What the value was read as: the detector's start context, or empty.
        """
    @property
    def decoded(self, /) -> list[str]:
        """
        How the raw bytes were decoded to what was read, outermost first.
        """
    @property
    def evidence(self, /) -> list[Feature]:
        """
        What spoke for it, with weights.
        """
    @property
    def message(self, /) -> str:
        """
        One sentence for people. Never holds bytes of the request.
        """
    @property
    def name(self, /) -> bool:
        """
        Whether it stands in the field's name rather than in its value.
        """
    @property
    def pattern(self, /) -> str:
        """
        The field as a pattern for exclusions: `items[*].name`, `q`.
        """
    @property
    def place(self, /) -> str:
        """
        The kind of field: `path`, `query`, `form`, `json`, `header`, `cookie` or `body`.
        """
    @property
    def pointer(self, /) -> str:
        """
        The field as a JSON Pointer: `/items/0/name`, `/q`. The client chose the names in it.
        """
    @property
    def rule(self, /) -> str:
        """
        The rule that found it.
        """
    @property
    def score(self, /) -> int:
        """
        0 to 1000; fires from the threshold of the sensitivity on.
        """
    @property
    def span(self, /) -> Span:
        """
        Where it stands in the request as received.
        """
    def to_dict(self, /) -> Json:
        """
        As a dict, with the keys and values of the JSON.
        """
    def to_json(self, /) -> str:
        """
        As JSON, as in a verdict.
        """

@final
class Scan:
    """
    Verdicts on the rows of a column, as an Arrow table.

    Anything that reads the Arrow C stream interface takes it, without a copy: `pyarrow.table(scan)`, `polars.DataFrame(scan)`,
    `pandas.DataFrame.from_arrow(scan)`, DuckDB.

    Columns: `action`, `score`, `class`, `rule` (of the strongest finding), `partial` (why it was not inspected in full), `verdict` (as JSON,
    of rows with findings). A row that was null is null in all of them.
    """
    def __arrow_c_stream__(self, /, requested_schema: Any | None = None) -> Capsule:
        """
        The Arrow PyCapsule interface. A requested schema is not looked at, as the interface allows.
        """
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    @property
    def counts(self, /) -> Counts:
        """
        How many rows came to each action, by its name. Rows that were null came to none.
        """

@final
class Session:
    """
    A request that comes in pieces.

    It keeps its engine, so a reload does not touch it. Order: `head` (or `request_line` and `header` for each line), `body` for each
    chunk, `trailer` for each line behind them, `finish`. A call out of order does nothing, and makes the verdict partial, for the
    reason `misuse`. Calls from several threads wait for each other.

    Example:
        >>> session = engine.session()
        >>> session.head("POST", "/comments", {"Content-Type": "application/json"})
        <Progress.CONTINUE: 0>
        >>> session.body(b'{"text": "<script>ale')
        <Progress.CONTINUE: 0>
        >>> session.body(b'rt(1)</script>"}')
        <Progress.BLOCK: 1>
        >>> session.finish().findings[0].pointer
        '/text'
    """
    def body(self, /, chunk: Data) -> Progress:
        """
        The next bytes of the body, split anywhere. After `Progress.BLOCK` the request may be answered at once.
        """
    @property
    def engine(self, /) -> Engine:
        """
        The engine that judges.
        """
    def finish(self, /) -> Verdict:
        """
        The end of the request: what was cut is inspected, schemas are settled. Later calls change nothing.
        """
    def head(self, /, method: Data, target: Data, headers: HeaderLines | None = None) -> Progress:
        """
        Request line and headers in one call.

        Args:
            method: The method.
            target: The request target as sent, undecoded.
            headers: A mapping, or pairs of name and value, in the order received.
        """
    def header(self, /, name: Data, value: Data) -> Progress:
        """
        One header line; repeated names as often as they came, in order.
        """
    def request_line(self, /, method: Data, target: Data) -> Progress:
        """
        Method and target, as sent. The target is inspected at once.
        """
    def stop(self, /) -> Verdict:
        """
        Gives up before the end, as after `Progress.BLOCK`: the verdict on what came so far, partial for the reason `stopped`.
        """
    def trailer(self, /, name: Data, value: Data) -> Progress:
        """
        One trailer line, which came behind the body. Inspected as a header line; a name that may not stand there is `protocol.trailer`.
        """
    @property
    def verdict(self, /) -> Verdict:
        """
        The verdict so far.
        """

@final
class Span:
    """
    A range of bytes of one part of the request.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def basis(self, /) -> str:
        """
        `raw`: bytes as received; `decoded`: bytes of a body once its content coding and charset were removed.
        """
    @property
    def end(self, /) -> int:
        """
        The byte after the last one.
        """
    @property
    def index(self, /) -> int:
        """
        Which header, in the order received; 0 for other parts.
        """
    @property
    def part(self, /) -> str:
        """
        `method`, `target`, `header`, `headername`, `body` or `value`.
        """
    @property
    def start(self, /) -> int:
        """
        The first byte of the part.
        """

@final
class Verdict:
    """
    What came out of one inspection. Immutable; equal if all that it says is equal.

    As JSON (`to_json`) it is what `abatis scan` prints.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str:
        """
        For notebooks.
        """
    @property
    def action(self, /) -> Action:
        """
        What to do.
        """
    @property
    def class_(self, /) -> str | None:
        """
        The class of the strongest finding that asks for more than allow: `sqli`, `xss`, ...; None if there is none.
        """
    @property
    def dropped(self, /) -> int:
        """
        How many findings were left out.
        """
    @property
    def findings(self, /) -> Findings:
        """
        The evidence, strongest first; at most `limits.findings_max` of the policy.
        """
    @property
    def partial(self, /) -> str | None:
        """
        Why not all was inspected: `body-bytes`, `depth`, ...; None if all was.
        """
    @property
    def ruleset(self, /) -> str:
        """
        Digest of the rules and weights that spoke, 16 hexadecimal digits.
        """
    @property
    def score(self, /) -> int:
        """
        The highest score of all findings that are not excluded, 0 to 1000.
        """
    def to_dict(self, /) -> Json:
        """
        As a dict, with the keys and values of the JSON.
        """
    def to_json(self, /) -> str:
        """
        As JSON: `schema`, `action`, `score`, `class`, `findings`, `dropped`, `coverage`, `ruleset`. Holds no bytes of the request but
        the names of fields.
        """

def run_command(arguments: SupportsGetItem[int, str]) -> int:
    """
    Runs the `abatis` command as a process would: it reads standard input and writes standard output and error.

    Args:
        arguments: What follows its name on the command line.

    Returns:
        The exit code: 0 done, 1 an action reached `--fail-on` (or a rule failed its own check), 2 unusable input or policy.
    """
