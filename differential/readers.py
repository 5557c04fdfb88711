"""What readers in Python see: requests as JSON Lines in, `{"id", "reader", "values": [[name, value], ...]}` out.

A reader that fails has seen what it had read before.
"""

import base64
import email
import email.policy
import http.cookies
import io
import json
import logging
import re
import sys
import warnings
from urllib.parse import parse_qsl

import anyio
import cbor2
import django
import msgpack
import multipart
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from starlette.requests import Request as StarletteRequest
from werkzeug.wrappers import Request as WerkzeugRequest

settings.configure(ALLOWED_HOSTS=["*"], DATA_UPLOAD_MAX_NUMBER_FIELDS=None)
django.setup()


class Sent:
    """A request as it was sent."""

    def __init__(self, line):
        request = json.loads(line)
        self.id, self.method, self.target = request["id"], request["method"], request["target"]
        self.headers = [tuple(header) for header in request["headers"]]
        self.body = base64.b64decode(request["body_b64"])

    @property
    def query(self):
        return self.target.partition("#")[0].partition("?")[2]

    def header(self, name):
        """The values of a header, joined as servers join them; None without one."""
        values = [value for key, value in self.headers if key.lower() == name]
        return ("; " if name == "cookie" else ",").join(values) if values else None

    def environ(self):
        """As WSGI servers hand it on (PEP 3333): texts are Latin-1 of the bytes."""
        native = lambda text: text.encode().decode("latin-1")
        environ = {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": "/",
            "QUERY_STRING": native(self.query),
            "SERVER_NAME": "shop.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": sys.stderr,
            "CONTENT_LENGTH": str(len(self.body)),
        }
        for name in {name.lower() for name, _ in self.headers} - {"content-length"}:
            key = name.upper().replace("-", "_")
            key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
            environ[key] = native(self.header(name))
        return environ


def pairs(values):
    """The pairs of a dictionary of lists."""
    return [(name, value) for name, all in values.lists() for value in all]


def of_file(name, filename, content_type, content):
    """A file is seen as its name, its type and its content."""
    yield from ((name, filename or ""), (name, content_type or ""))
    yield name, content.decode("utf-8", "replace")


def werkzeug(sent):
    request = WerkzeugRequest(sent.environ())
    yield lambda: pairs(request.args)
    yield lambda: request.cookies.items(multi=True)
    yield lambda: pairs(request.form)
    for name, file in request.files.items(multi=True):
        yield lambda: of_file(name, file.filename, file.content_type, file.read())


def of_django(sent):
    request = WSGIRequest(sent.environ())
    yield lambda: pairs(request.GET)
    yield lambda: request.COOKIES.items()
    yield lambda: pairs(request.POST)
    for name, file in pairs(request.FILES):
        yield lambda: of_file(name, file.name, file.content_type, file.read())


def defnull(sent):
    """The package `multipart`, which bottle uses."""
    forms, files = multipart.parse_form_data(sent.environ(), strict=False, ignore_errors=True)
    yield forms.iterallitems
    for name, file in files.iterallitems():
        yield lambda: of_file(name, file.filename, file.content_type, file.raw)


def starlette(sent):
    """Starlette, which reads bodies by python-multipart."""
    headers = [(name.lower().encode(), value.encode()) for name, value in sent.headers]
    scope = {"type": "http", "method": sent.method, "path": "/", "headers": headers}

    async def receive():
        return {"type": "http.request", "body": sent.body, "more_body": False}

    request = StarletteRequest(scope | {"query_string": sent.query.encode()}, receive)
    yield request.query_params.multi_items
    yield request.cookies.items
    for name, value in anyio.run(request.form).multi_items():
        if isinstance(value, str):
            yield lambda: [(name, value)]
        else:
            yield lambda: of_file(name, value.filename, value.content_type, value.file.read())


def of_email(sent):
    """The standard library: its reader of mail, which some programs take for forms; it undoes transfer codings."""
    yield lambda: parse_qsl(sent.query, keep_blank_values=True)
    yield lambda: [(n, c.value) for n, c in http.cookies.SimpleCookie(sent.header("cookie") or "").items()]
    content_type = sent.header("content-type") or ""
    if content_type.startswith("application/x-www-form-urlencoded"):
        yield lambda: parse_qsl(sent.body.decode("utf-8", "replace"), keep_blank_values=True)
    if not re.match(r"\s*multipart/form-data(?![\w-])", content_type, re.IGNORECASE):
        return
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    for part in email.message_from_bytes(head + sent.body, policy=email.policy.compat32).walk():
        name = part.get_param("name", header="content-disposition")
        if name is not None and not part.is_multipart():
            content = part.get_payload(decode=True) or b""
            yield lambda: of_file(str(name), part.get_filename(), None, content)


def strings(value):
    """Each text, each bytes and each key within a value, as (key, value)."""
    if isinstance(value, (str, bytes)):
        yield "", value if isinstance(value, str) else value.decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(key)
            yield from strings(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, (cbor2.CBORTag, msgpack.ExtType)):
        yield from strings(value.value if isinstance(value, cbor2.CBORTag) else value.data)


def of_msgpack(sent):
    if sent.header("content-type") == "application/msgpack":
        # Document by document, as long as there are any.
        unpacker = msgpack.Unpacker(io.BytesIO(sent.body), strict_map_key=False, raw=False)
        for value in unpacker:
            yield lambda: strings(value)


def of_cbor(sent):
    if sent.header("content-type") == "application/cbor":
        stream = io.BytesIO(sent.body)
        while stream.tell() < len(sent.body):
            value = cbor2.load(stream)
            yield lambda: strings(value)


READERS = {
    "werkzeug": werkzeug,
    "django": of_django,
    "multipart": defnull,
    "starlette": starlette,
    "stdlib": of_email,
    "msgpack": of_msgpack,
    "cbor2": of_cbor,
}


def read(reader, sent):
    """All that a reader sees before it fails, if it does."""
    seen = []
    sources = reader(sent)
    while True:
        try:
            source = next(sources)
        except StopIteration:
            return seen
        except Exception:  # Whatever a reader raises, an application answers with an error.
            return seen
        try:
            seen.extend((str(name), str(value)) for name, value in source())
        except Exception:
            continue


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        sent = Sent(line)
        for name, reader in READERS.items():
            print(json.dumps({"id": sent.id, "reader": name, "values": read(reader, sent)}))


if __name__ == "__main__":
    main()
