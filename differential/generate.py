"""Requests by grammar with one mutation each, from a fixed seed: what no client sends and some reader understands.

A mutation is a function of its name; each is drawn several times. Every value is a canary word of its own.
"""

import base64
import quopri
import random

from canary import request

BOUNDARY = b"XyZ"


class Draw(random.Random):
    """Choices, and canary words that were not used before."""

    count = 0

    def word(self):
        self.count += 1
        return b"canary%d" % self.count


class Multipart:
    """A body of fields and files, of which a mutation changes what it is about."""

    def __init__(self, draw):
        self.draw = draw
        self.content_type = "multipart/form-data; boundary=XyZ"
        self.more_headers = []
        self.preamble, self.epilogue = b"", b"\r\n"
        self.open = b"--XyZ\r\n"
        self.between, self.close = b"\r\n--XyZ\r\n", b"\r\n--XyZ--"
        self.heads = []
        self.contents = [draw.word() for _ in range(3)]
        for at in range(3):
            name = draw.choice([b'"f%d"', b"f%d", b'"f %d"']) % at
            file = b'; filename="' + draw.word() + b'"' if draw.random() < 0.4 else b""
            self.heads.append([b"Content-Disposition: form-data; name=" + name + file])
            if file:
                self.heads[-1].append(b"Content-Type: text/plain")
        self.change = lambda body: body

    def any(self):
        """The place of a part."""
        return self.draw.randrange(3)

    def disposition(self, *choices):
        """Another first header line for a part; `%w` is a word."""
        line = self.draw.choice(choices)
        while b"%w" in line:
            line = line.replace(b"%w", self.draw.word(), 1)
        self.heads[self.any()][0] = line

    def request(self):
        parts = (b"\r\n".join(head) + b"\r\n\r\n" for head in self.heads)
        parts = (head + content for head, content in zip(parts, self.contents))
        body = self.preamble + self.open + self.between.join(parts) + self.close + self.epilogue
        headers = [("Content-Type", self.content_type), *self.more_headers]
        return request("/", headers, self.change(body))


def plain(m):
    pass


def boundary_suffix(m):
    tail = m.draw.choice([b" ", b"\t", b" " * 80, b"x", b"-", b";", b"\0", b"\x0b", b"--x", b" x"])
    at = m.draw.choice(["open", "between", "close"])
    marks = getattr(m, at)
    setattr(m, at, marks + tail if at == "close" else marks.replace(b"XyZ\r\n", b"XyZ" + tail + b"\r\n"))


def boundary_prefix(m):
    mark = m.draw.choice([b"\r\n --XyZ\r\n", b"--XyZ\r\n", b"\n--XyZ\n", b"\r--XyZ\r", b"\r\n---XyZ\r\n", b"\r\n-XyZ\r\n", b"\r\n--XYZ\r\n", b"\r\nXyZ\r\n"])
    m.contents[m.any()] += mark + b"Content-Disposition: form-data; name=g\r\n\r\n" + m.draw.word()


def boundary_parameter(m):
    m.content_type = "multipart/form-data" + m.draw.choice([
        "; boundary=\"XyZ\"", ";boundary=XyZ", "; BOUNDARY=XyZ", "; boundary = XyZ", "; boundary=XyZ ", "; boundary=XyZ;",
        "; boundary='XyZ'", "; boundary=XyZ, text/plain", "; boundary=XyZ,b=c", "; boundary=AbC; boundary=XyZ",
        "; boundary=XyZ; boundary=AbC", "; boundary*=utf-8''XyZ", "; boundary*0=Xy; boundary*1=Z", "; boundary=\"Xy\\Z\"",
        "; boundary=\"XyZ", "; boundary=XyZ\"", " boundary=XyZ", ", boundary=XyZ", "; x=\"; boundary=AbC; \"; boundary=XyZ",
        "; x=y boundary=XyZ", "; boundary=X%79Z", "; ;boundary=XyZ", "; x; boundary=XyZ", "; x=; boundary=XyZ",
        "; boundary=\tXyZ", "; x=\"\\\"; boundary=AbC; y=\"; boundary=XyZ", "; x='; boundary=XyZ", "; boundary=XyZ (c)",
        "; xboundary=AbC; boundary=XyZ", "; boundary:XyZ", "; charset=utf-8; boundary=XyZ", "; boundary=XyZ; charset=utf-16",
        "; boundary=\" XyZ\"", "; boundary=\"XyZ \"", "; x=y\\;boundary=XyZ",
    ])


def media_type(m):
    kind = m.draw.choice([
        "Multipart/Form-Data", "multipart/mixed", "multipart/related", "multipart/x", "multipart/form-data-x", "form-data",
        "application/x-www-form-urlencoded", "application/json", "text/plain", " multipart/form-data", "multipart / form-data",
        "multipart/form-data x", "image/png", "x multipart/form-data", "multipart", "application/octet-stream",
    ])
    m.content_type = f"{kind}; boundary=XyZ"


def two_types(m):
    other = m.draw.choice(["multipart/form-data; boundary=AbC", "text/plain", "application/json", "image/png", m.content_type])
    if m.draw.random() < 0.5:
        m.content_type, other = other, m.content_type
    m.more_headers.append(("Content-Type", other))


def line_ends(m):
    how = m.draw.choice([
        lambda body: body.replace(b"\r\n", b"\n"),
        lambda body: body.replace(b"\r\n", b"\r"),
        lambda body: body.replace(b"\r\n", b"\r\r\n"),
        lambda body: body.replace(b"\r\n", b"\n\r"),
        None,
    ])
    other = m.draw.choice([b"\n", b"\r", b"\n\n", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8"])

    def one(body):
        pieces = body.split(b"\r\n")
        at = m.draw.randrange(1, len(pieces))
        return b"\r\n".join(pieces[:at]) + other + b"\r\n".join(pieces[at:])

    m.change = how or one


def preamble(m):
    m.preamble = m.draw.choice([b"text\r\n", b"\r\n", b"\n", b"text", b" ", b"\r", b"-", b"a: b\r\n\r\n", b"--AbC\r\n"])


def epilogue(m):
    part = b"\r\n--XyZ\r\nContent-Disposition: form-data; name=g\r\n\r\n" + m.draw.word() + b"\r\n--XyZ--\r\n"
    m.epilogue = m.draw.choice([b"text", b"\r\ntext", part, part[2:], b" ", b"", b"\r", b"-", b"\n\n", b"x" + part])


def truncated(m):
    m.change = lambda body: body[: m.draw.randrange(len(body) // 2, len(body))]


def name_form(m):
    m.disposition(
        b"Content-Disposition: form-data; name='%w'", b'Content-Disposition: form-data; name="a\\"%w"',
        b'Content-Disposition: form-data; name="a\\\\"; x="%w"', b"Content-Disposition: form-data; name=%%61",
        b'Content-Disposition: form-data; name="%w', b'Content-Disposition: form-data; name=%w"', b"Content-Disposition: form-data; name=",
        b'Content-Disposition: form-data; name=""', b'Content-Disposition: form-data; name="a;b"', b"Content-Disposition: form-data; name=a b",
        b"Content-Disposition: form-data; name=%w; name=%w", b'Content-Disposition: form-data; name="%w" "%w"',
        b"Content-Disposition: form-data; name*=utf-8''%w", b"Content-Disposition: form-data; name*0=can; name*1=%w",
        b"Content-Disposition: form-data; name=%w; name*=utf-8''%w", b"Content-Disposition: form-data; name =%w", b"Content-Disposition: form-data; name= %w",
        b"Content-Disposition: form-data;name=%w", b"Content-Disposition: form-data name=%w", b"Content-Disposition: form-data, name=%w",
        b"Content-Disposition: form-data; NAME=%w", b"Content-Disposition: form-data; xname=%w", b"Content-Disposition: form-data; ; name=%w",
        b"Content-Disposition: form-data; name=%w;", b"Content-Disposition: form-data; name=%w\0", b'Content-Disposition: form-data; name="%w\0b"',
        b'Content-Disposition: form-data; name="\xff%w"', b"Content-Disposition: form-data; name=\"=?utf-8?q?=63?=\"",
        b'Content-Disposition: form-data; name=&quot;%w', b'Content-Disposition: form-data; name="a%%22%w"', b"Content-Disposition: form-data; name:%w",
    )


def filename_form(m):
    start = b'Content-Disposition: form-data; name="f"; '
    m.disposition(*(start + end for end in (
        b"filename=%w", b"filename='%w'", b'filename="a\\"%w"', b'filename="%w', b"filename*=utf-8''%w", b"filename*=iso-8859-1''%w",
        b"filename*=UTF-8'en'%w", b"filename*0=%w", b"filename*0*=utf-8''%w", b'filename="%w"; filename="%w"', b"filename=\"%w\"; filename*=utf-8''%w",
        b"filename*=utf-8''%w; filename=\"%w\"", b"filename*=%w", b'filename =  "%w"', b"filename=", b'filename=""', b'filename="%w\0.png"', b'filename="a%%22; filename=%w"', b'FileName="%w"', b'filename ; x="%w"', b"filename", b"filename*", b"xfilename=%w",
        b"filename*=utf-16''%w", b"filename*=utf-8''%%63anary", b"filename*=\"utf-8''%w\"", b'filename="%w";filename*=', b'filename="=?utf-8?b?Y2FuYXJ5?="',
        b'filename="\\%w"', b'filename*0="%w"; filename*1="%w"', b"filename*=x''%w",
    )))


def filename_path(m):
    m.disposition(*(b'Content-Disposition: form-data; name="f"; filename="%b"' % path for path in (b"/a/%w", b"C:\\a\\%w", b"../%w", b"a/%w")))


def disposition_form(m):
    m.disposition(
        b"Content-Disposition: attachment; name=%w", b"Content-Disposition: Form-Data; name=%w", b"Content-Disposition: name=%w",
        b"Content-Disposition: ; name=%w", b"Content-Disposition: file; filename=%w", b"Content-Disposition:form-data; name=%w",
        b"Content-Disposition : form-data; name=%w", b" Content-Disposition: form-data; name=%w", b"content-disposition: form-data; name=%w",
        b"Content-Disposition: form-data", b"Content-Disposition: form-data; x", b"X-Other: 1", b"Content-Disposition; form-data; name=%w",
        b"Content-Disposition: form-data; name=%w\r\nContent-Disposition: form-data; name=%w", b"Content-Disposition\r\n : form-data; name=%w",
        b"Content-Disposition: form-data;\r\n name=%w", b"Content-Disposition: form-data;\r\n\tname=%w", b"Content-Disposition: form-data; name=\"a\r\n b\"",
        b"Content-Disposition: form-data; name=\"a\nb\"", b"Content-Disposition: form-data; name=a\rX: b", b"X: y\r\nContent-Disposition: form-data; name=%w",
        b"Content-Disposition: form-data; name=%w\r\nX-Other: %w", b": x\r\nContent-Disposition: form-data; name=%w", b"Content-Disposition: \"form-data\"; name=%w",
        b"Content-Disposition: form-data/x; name=%w", b"Content-Disposition: form-data; x=\"; name=a; \"; name=%w", b"Content-Disposition: form-data; x=\"\\\"; name=%w; y=\"",
        b"\r\nContent-Disposition: form-data; name=%w", b"Content-\xdcisposition: form-data; name=%w", b"Content-Disposition: form-data; name=%w\r\nContent-Length: 3",
        b"garbage\r\nContent-Disposition: form-data; name=%w", b"Content-Disposition: form-data; name=%w\r\n\x0b",
    )


def part_type(m):
    m.heads[m.any()].append(m.draw.choice([
        b"Content-Type: text/plain; charset=utf-16", b"Content-Type: text/plain; charset=utf-8", b"Content-Type: text/plain; charset=latin1",
        b"Content-Type: application/octet-stream", b"Content-Type: application/json", b"Content-Type: multipart/mixed; boundary=In",
        b"Content-Type: image/png", b"Content-Type: text/plain\r\nContent-Type: image/png", b"Content-Type:", b"Content-Type: x", b"Content-Type: message/rfc822",
        b"Content-Type: text/plain;\r\n charset=utf-7", b"Content-Type: text/plain; charset*=utf-16", b"Content-Type: application/x-www-form-urlencoded",
    ]))


def transfer_coding(m):
    at, word = m.any(), m.draw.word()
    name, coded = m.draw.choice([
        (b"base64", base64.b64encode(word)), (b"BASE64", base64.b64encode(word)), (b"quoted-printable", quopri.encodestring(word)),
        (b"base64", word), (b"7bit", word), (b"8bit", word), (b"binary", word), (b"x", word), (b"", word),
        (b"base64\r\nContent-Transfer-Encoding: 7bit", base64.b64encode(word)), (b"base64 (c)", base64.b64encode(word)),
        (b"quoted-printable", b"\r\n".join([b"=", word])),
    ])
    m.heads[at].append(b"Content-Transfer-Encoding: " + name)
    m.contents[at] = coded


def nested(m):
    at, end = m.any(), m.draw.choice([b"\r\n--In--", b"", b"\r\n--In--\r\n"])
    m.heads[at] = [b"Content-Disposition: form-data; name=n", b"Content-Type: multipart/" + m.draw.choice([b"mixed", b"form-data"]) + b"; boundary=In"]
    inner = m.draw.choice([b'Content-Disposition: file; filename="a"', b"Content-Disposition: form-data; name=i", b"Content-Type: text/plain"])
    m.contents[at] = b"--In\r\n" + inner + b"\r\n\r\n" + m.draw.word() + end


def charset_field(m):
    m.heads[0] = [b"Content-Disposition: form-data; name=" + m.draw.choice([b'"_charset_"', b"_charset_", b"_CHARSET_"])]
    name = m.draw.choice(["utf-16le", "utf-7", "utf-8", "latin1", "shift_jis", "iso-2022-jp", "gbk"])
    m.contents[0] = name.encode()
    if name != "utf-7":
        m.contents[1] = m.contents[1].decode().encode(name)


def content_signs(m):
    at = m.any()
    m.contents[at] = m.draw.choice([
        b"%s\r\n", b"\r\n%s", b"%s\n", b"\n%s", b" %s", b"%s\0", b"\xef\xbb\xbf%s", b"%s\r", b"%s--", b"--%s", b"%s\r\n--Xy", b"%s\x1a", b"\x00%s", b'"%s"', b"%s\xff",
    ]) % m.contents[at]


def mixed(m):
    for mutation in m.draw.sample([each for each in MULTIPART if each not in (mixed, filename_path)], 2):
        mutation(m)


MULTIPART = [
    plain, boundary_suffix, boundary_prefix, boundary_parameter, media_type, two_types, line_ends, preamble, epilogue, truncated, name_form,
    filename_form, filename_path, disposition_form, part_type, transfer_coding, nested, charset_field, content_signs, mixed,
]

# `%w` is a word. Queries and forms are made of the same.
QUERY = {
    "plain": ["a=%w&b=%w", "a=%w", "a=1&a=%w&a=%w", "%w=1", "%w", "%w&a=%w"],
    "separators": ["a=%w;b=%w", "a=%w&&b=%w", "&a=%w&", "a=%w&;b=%w", "a=%w&amp;b=%w", "a=%w,b=%w", "a=%w|b=%w", "a=%w%26b=%w", "a=%w+b=%w", "a=%w%3Bb=%w", "a=%w\tb=%w"],
    "equals": ["a==%w", "=%w", "a=b=%w", "a%3D%w", "a=%w=", "=a=%w", "a%3D1=%w", "a=%3D%w", "a:%w", "==%w", "a=%w==&b"],
    "brackets": ["a[b]=%w", "a[]=%w&a[]=%w", "a[0]=%w", "a[b][c]=%w", "a[b=%w", "a]b=%w", "a.b=%w", "a%5Bb%5D=%w", "[a]=%w", "a[%w]=1", "a[][b]=%w", "a[__proto__]=%w",
                 "a[20]=%w", "a[1000]=%w", "a[b][c][d][e][f][g][h]=%w", "a[]=%w,%w", "__proto__[a]=%w", "a[b]%w=1", "a[=]=%w", "a[b]]=%w", "[]=%w", "a[b]=%w&a=%w"],
    "blanks": ["a+b=%w", "a=+%w", "a=%w+", "a=%20%w", "+a=%w", "a%20=%w", "a=%w%00", "a=%00%w", "a%00b=%w", "a=%0a%w", "a=%0d%0a%w", "a=%w%09", "a =%w"],
    "percent": ["a=%%%w", "a=%zz%w", "a=%2%w", "%zz=%w", "%61=%w", "a=%u0061%w", "a=%25%32%36%w", "a=%C0%A6%w", "a%C0%BD%w", "a=%FF%w", "a=%ED%A0%80%w", "a=%E2%80%A8%w",
                "a=%22%w%22", "a=%63anary", "a=%EF%BB%BF%w", "a=%c3%28%w", "%FF=%w"],
    "charset": ["utf8=%E2%9C%93&a=%w", "utf8=%26%2310003%3B&a=%26%2399%3B%w", "_charset_=utf-7&a=+AGM-%w", "_charset_=iso-8859-1&a=%w", "ie=utf-16&a=%w"],
    "marks": ["a=%w#b=%w", "?a=%w", "a=%w?b=%w", "a=1?b=%w", "a=%w%23b=%w", "#a=%w", "a=%w&?b=%w", "a=%w/b=%w", "a=&b=%w", "a={%w}", "a=[%w]", "a='%w'", "a=(%w)", "a=%w;", "a=;%w"],
}

COOKIE = {
    "plain": ["a=%w", "a=%w; b=%w", "a=%w;b=%w", "a=%w; a=%w"],
    "quotes": ['a="%w"', 'a="%w; b=%w"', 'a="%w;b=%w";c=%w', 'a="%w', 'a=%w"', 'a="%w\\"; b=%w"', 'a="\\143%w"', 'a="%w\\073 b=%w"', 'a="b" %w', 'a="%w"; b="%w"', 'a=x"%w; b=%w"',
               "a='%w'", 'a="%w\\\\"; b=%w', '"a"=%w', '"a=%w"', '"a; b"=%w', 'a=""%w""', 'a="%w" ; b=%w', 'a="\\%w"', 'a="%w,%w"', 'a="%w"; b="c\\"; d=%w; e="', 'a="b\\""; c=%w'],
    "separators": ["a=%w,b=%w", "a=%w;;b=%w", ";a=%w;", "a=%w:b=%w", "a=%w ;b=%w", "a=%w;\tb=%w", "a=%w;  b=%w"],
    "blanks": ["a=%w, b=%w", "a=%w b=%w", "a=%w\tb=%w", "a=%w & b=%w"],
    "equals": ["a = %w", "a= %w", "a =%w", "=%w", "%w", "a==%w", "a=b=%w", "a; b=%w", "==%w", "=a=%w", "%w; b=%w", "a=%w; =%w", "a=;b=%w", ";=%w"],
    "names": ["$Version=1; a=%w; $Path=/", "a=%w; $Path=%w", "a b=%w", "a[b]=%w", "a,b=%w", "a%3Db=%w", "%w=1", "a@b=%w", "\u00fc=%w", "a\u00a0=%w", "a/b=%w", "path=%w", "expires=%w; a=%w",
              "a=%w; secure; b=%w", "__proto__=%w", "a(b)=%w"],
    "coded": ["a=%22%w%22", "a=%20%w", "a=%w%3B b", "a=%w+", "a=%ZZ%w", "a=%FF%w", "a=%00%w", "a=j:[%w]", 'a={"b":"%w"}', "a=\u00fc%w", "a=\u3000%w", "a=s:%w.x", "a=%E2%80%A8%w"],
}


# Values that are inspected as part of a longer one: the feature, who sees them alone, and why that is accepted.
GAPS = {
    ("multipart filename path", "*"): "readers cut the folders off a file's name; the whole is inspected",
    ("cookie blanks", "stdlib"): "http.cookies begins a cookie behind a blank; the whole is inspected (docs/parse.md)",
}


def filled(draw, form):
    while "%w" in form:
        form = form.replace("%w", draw.word().decode(), 1)
    return form


def of_queries(draw, repeat):
    types = ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-Urlencoded", "application/x-www-form-urlencoded;"]
    for feature, forms in QUERY.items():
        for form in forms * repeat:
            again = filled(draw, form) + draw.choice(["", "", filled(draw, "&" + draw.choice(QUERY["plain"]))])
            yield f"query {feature}", request("/?" + again)
            body = filled(draw, form).encode()
            yield f"form {feature}", request("/", [("Content-Type", draw.choice(types))], body)


def of_charsets(draw):
    for charset in ["utf-16", "utf-16le", "utf-7", "latin1", "cp037", "utf-8", "ascii", "shift_jis", "x"]:
        known = "latin1" if charset == "x" else charset
        body = filled(draw, "a=%w&b=%w").encode(known)
        coded = filled(draw, "a=").encode() + b"".join(b"%%%02x" % byte for byte in draw.word().decode().encode(known))
        for sent in (body, coded):
            for kind in (f"; charset={charset}", f';charset="{charset}"', f"; CHARSET={charset}", f"; charset*=us-ascii''{charset}"):
                yield "form charset parameter", request("/", [("Content-Type", "application/x-www-form-urlencoded" + kind)], sent)


def of_cookies(draw, repeat):
    for feature, forms in COOKIE.items():
        for form in forms * repeat:
            more = draw.choice(["", "", "; z=%w", "; z=\"%w\"", ";z"])
            yield f"cookie {feature}", request("/", [("Cookie", filled(draw, form + more))])
        for form in forms:
            two = [("Cookie", filled(draw, form)), ("Cookie", filled(draw, draw.choice(forms)))]
            yield f"cookie {feature}", request("/", two)


def of_multipart(draw, repeat):
    for mutation in MULTIPART:
        for _ in range(60 * repeat):
            multipart = Multipart(draw)
            mutation(multipart)
            yield f"multipart {mutation.__name__.replace('_', ' ')}", multipart.request()


class Packed:
    """Writes MessagePack or CBOR, now and then in another way than the shortest."""

    def __init__(self, draw, cbor):
        self.draw, self.cbor = draw, cbor

    def head(self, major, count):
        """The head of a text (3), bytes (2), an array (4) or a map (5)."""
        size = self.draw.choice([0, 0, 0, 1, 2, 4])
        if self.cbor:
            short = bytes([major << 5 | count]) if count < 24 else bytes([major << 5 | 24, count])
            return bytes([major << 5 | 23 + {1: 1, 2: 2, 4: 3}[size]]) + count.to_bytes(size, "big") if size else short
        if major in (4, 5):
            short = bytes([{4: 0x90, 5: 0x80}[major] | count])
            return bytes([{4: 0xDC, 5: 0xDE}[major] + (size == 4)]) + count.to_bytes(size, "big") if size > 1 else short
        if major == 3 and not size and count < 32:
            return bytes([0xA0 | count])
        size = size or 1
        return bytes([{3: 0xD9, 2: 0xC4}[major] + {1: 0, 2: 1, 4: 2}[size]]) + count.to_bytes(size, "big")

    def text(self):
        word = self.draw.word()
        if self.cbor and self.draw.random() < 0.2:
            # In pieces.
            return b"\x7f" + b"".join(b"\x62" + word[at : at + 2] if len(word) - at > 1 else b"\x61" + word[at:] for at in range(0, len(word), 2)) + b"\xff"
        major = self.draw.choice([3, 3, 3, 2])
        tag = self.draw.choice([b"", b"", b"", b"\xd8\x20"]) if self.cbor and major == 3 else b""
        return tag + self.head(major, len(word)) + word

    def number(self):
        if self.cbor:
            return self.draw.choice([b"\x07", b"\x20", b"\x18\x64", b"\xf6", b"\xf5", b"\xfb" + bytes(8), b"\xf9\x3c\x00"])
        return self.draw.choice([b"\x07", b"\xff", b"\xcc\x64", b"\xd2\xff\xff\xff\xfe", b"\xc0", b"\xc3", b"\xcb" + bytes(8)])

    def item(self, depth=0):
        kind = self.draw.random()
        if depth > 3 or kind < 0.4:
            return self.text() if self.draw.random() < 0.8 else self.number()
        items = [self.item(depth + 1) for _ in range(self.draw.randrange(4))]
        if kind < 0.7:
            if self.cbor and self.draw.random() < 0.3:
                return b"\x9f" + b"".join(items) + b"\xff"
            return self.head(4, len(items)) + b"".join(items)
        pairs = b"".join((self.text() if self.draw.random() < 0.8 else self.draw.choice([b"\x01", b"\x02"])) + item for item in items)
        if self.cbor and self.draw.random() < 0.3:
            return b"\xbf" + pairs + b"\xff"
        return self.head(5, len(items)) + pairs


def of_packed(draw, repeat):
    for name, kind in (("msgpack", "application/msgpack"), ("cbor", "application/cbor")):
        packed = Packed(draw, name == "cbor")
        for _ in range(100 * repeat):
            body = packed.item()
            yield f"{name} plain", request("/", [("Content-Type", kind)], body)
            at = draw.randrange(len(body))
            changed = body[:at] + draw.choice([b"", bytes([draw.randrange(256)])]) + body[at + draw.choice([0, 1]) :]
            yield f"{name} changed", request("/", [("Content-Type", kind)], changed)
            yield f"{name} more", request("/", [("Content-Type", kind)], body + packed.item())


def requests(seed, repeat):
    """Pairs of a feature and a request that has it, `repeat` times as many as the least that tries every feature."""
    draw = Draw(seed)
    yield from of_multipart(draw, repeat)
    yield from of_queries(draw, repeat)
    yield from of_charsets(draw)
    yield from of_cookies(draw, repeat)
    yield from of_packed(draw, repeat)
