"""Middleware for WSGI applications: Flask, Bottle, Django.

    app.wsgi_app = AbatisMiddleware(app.wsgi_app, engine=engine)  # Flask
    app = AbatisMiddleware(app, engine=engine)  # any WSGI application

The body is read, inspected and held before the application is called; applications find an `Inspected` as `environ["abatis"]`.

Hazards:

- Put it outside of everything that acts on the request, and inside of what undoes content codings.
- WSGI knows less than was sent: header lines of one name are joined, and `_` and `-` in their names are the same. The target is
  `RAW_URI` or `REQUEST_URI` where the server gives one (gunicorn, uWSGI, mod_wsgi, werkzeug), else it is put together from the
  decoded path.
- A body without a length is read only if the server says where it ends (`wsgi.input_terminated`, as gunicorn does); else such a
  request is refused with 411, since an application might read what was not inspected.
- After a refusal the rest of the body is left to the server. gunicorn closes the connection then, without saying so in the answer.
"""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from abatis._inspection import Answer, Engines, Inspected, Inspection, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["AbatisMiddleware", "Answer", "Engines", "Inspected", "Settings"]

_CHUNK = 64 << 10


class AbatisMiddleware:
    """Puts the inspection in front of a WSGI application.

    Args:
        app: The application inside.
        settings: As `Settings` describes them: `engine`, `body_limit`, `status`, `report_only`, `on_verdict`, `answer`, `keep_values`.
    """

    def __init__(self, app: WSGIApplication, **settings: Any) -> None:
        self.app = app
        self._settings = Settings(**settings)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Inspect a request and hand it on, or refuse it."""
        inspection = Inspection(self._settings, environ["REQUEST_METHOD"], target(environ), headers(environ))
        environ["abatis"] = inspection.inspected
        if not inspection.refused:
            self._body(inspection, environ)
        if inspection.refused:
            return _respond(inspection.answer(), start_response)
        return self.app(environ, start_response)

    def _body(self, inspection: Inspection, environ: WSGIEnvironment) -> None:
        """Inspect the body and put what was read in its place."""
        source = environ["wsgi.input"]
        ended = bool(environ.get("wsgi.input_terminated"))
        if environ.get("HTTP_TRANSFER_ENCODING") and not ended:
            inspection.give_up(HTTPStatus.LENGTH_REQUIRED.value)
            return
        left = None if ended else _length(environ)
        held = bytearray()
        while left is None or left > 0:
            chunk = source.read(_CHUNK if left is None else min(left, _CHUNK))
            if not chunk:
                break
            left = None if left is None else left - len(chunk)
            held += chunk
            inspection.body(chunk)
            if len(held) > self._settings.body_limit:
                inspection.give_up()
                environ["wsgi.input"] = io.BufferedReader(_Rest(bytes(held), source, left))
                return
            if inspection.refused:
                return
        inspection.finish()
        environ["wsgi.input"] = io.BytesIO(held)
        # The body as it now comes: whole, of known length, without framing.
        environ["CONTENT_LENGTH"] = str(len(held))
        environ.pop("HTTP_TRANSFER_ENCODING", None)


class _Rest(io.RawIOBase):
    """What was read of a body, and then what was not."""

    def __init__(self, held: bytes, source: InputStream, left: int | None) -> None:
        self._held = io.BytesIO(held)
        self._source = source
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        read = self._held.readinto(view)
        if not read and self._left != 0:
            most = len(view) if self._left is None else min(len(view), self._left)
            chunk = self._source.read(most)
            read = len(chunk)
            view[:read] = chunk
            self._left = None if self._left is None else self._left - read
        return read


def _length(environ: WSGIEnvironment) -> int:
    """Give the length of the body; a broken one is the server's matter, and no body here."""
    length = environ.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def _respond(answer: Answer, start_response: StartResponse) -> list[bytes]:
    status, headers, body = answer
    lines = [*headers.items(), ("content-length", str(len(body)))]
    start_response(f"{int(status)} {HTTPStatus(status).phrase}", lines)
    return [body]


def target(environ: WSGIEnvironment) -> bytes:
    """Give the request target as sent, or the nearest to it that the server tells."""
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if sent:
        return str(sent).encode("latin-1", "replace")
    # PEP 3333: bytes, decoded as Latin-1.
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    query = environ.get("QUERY_STRING", "").encode("latin-1")
    path = quote(path, safe="/:@!$&'()*+,;=~").encode() or b"/"
    return b"%b?%b" % (path, query) if query else path


def headers(environ: WSGIEnvironment) -> list[tuple[str, bytes]]:
    """Give the header lines, as far as WSGI kept them."""
    lines = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            name = key
        else:
            continue
        lines.append((name.replace("_", "-").lower(), str(value).encode("latin-1", "replace")))
    return lines
