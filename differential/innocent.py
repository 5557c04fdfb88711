"""What clients send: none of it may be refused. As they were seen to send it, or as their sources have it."""

from canary import request

# Client, boundary, and of each part the head and the content. Bytes of UTF-8 where names are not ASCII.
MULTIPART = [
    ("Chrome", "----WebKitFormBoundary7MA4YWxkTrZu0gW", [
        ('Content-Disposition: form-data; name="title"', "My holidays"),
        ('Content-Disposition: form-data; name="n\u00f6te"', "sand\r\nsea"),
        ('Content-Disposition: form-data; name="file"; filename="z\u00fcrich %22old%22.txt"\nContent-Type: text/plain', "At the lake.\r\n"),
        ('Content-Disposition: form-data; name="none"; filename=""\nContent-Type: application/octet-stream', ""),
        ('Content-Disposition: form-data; name="list[]"', "1"),
    ]),
    ("Firefox", "---------------------------9051914041544843365972754266", [
        ('Content-Disposition: form-data; name="title"', ""),
        ('Content-Disposition: form-data; name="file"; filename="C:\\Users\\me\\a.png"\nContent-Type: image/png', "\x89PNG\r\n\x1a\n\0\0"),
    ]),
    ("curl 7.88", "------------------------040d68dbf2d10fb1", [
        ('Content-Disposition: form-data; name="f"; filename="z\u00fcrich.png"\nContent-Type: image/png', "\x89PNG\0"),
        ('Content-Disposition: form-data; name="g"; filename="a%22b.txt"\nContent-Type: text/plain', "x"),
        ('Content-Disposition: form-data; name="d"\nContent-Type: application/json', '{"a":1}'),
    ]),
    ("curl 7.74, or --form-escape", "------------------------4c7beeca8bca730a", [
        ('Content-Disposition: form-data; name="g"; filename="a\\"b\\\\c.txt"\nContent-Type: text/plain', "x"),
    ]),
    ("requests 2 with urllib3 2, httpx", "272c15b0c1d69c45c10d55c7b411ec90", [
        ('Content-Disposition: form-data; name="n\u00f6te"', "hi"),
        ('Content-Disposition: form-data; name="file"; filename="z\u00fcrich.txt"', "x"),
        ('Content-Disposition: form-data; name="file"; filename="a\u00fc.png"\nContent-Type: image/png', "\x89PNG\0"),
    ]),
    ("requests 2, a picture without a type", "272c15b0c1d69c45c10d55c7b411ec90", [
        ('Content-Disposition: form-data; name="file"; filename="a.png"', "\x89PNG\0"),
    ]),
    ("reqwest, a name that is not ASCII", "1c2d3e4f5a6b7c8d-9b2c6d7e8f9a0b1c", [
        ("Content-Disposition: form-data; name*=utf-8''n%C3%B6te", "hi"),
    ]),
    ("urllib3 before 1.25", "d3b07384d113edec49eaa6238ad5ff00", [
        ("Content-Disposition: form-data; name=\"file\"; filename*=utf-8''z%C3%BCrich.txt\nContent-Type: text/plain", "x"),
    ]),
    ("aiohttp", "3acfb472a535b935cd74a48fcfd989da", [
        ('Content-Type: text/plain; charset=utf-8\nContent-Disposition: form-data; name="note"', "hi"),
        ('Content-Type: text/plain\nContent-Disposition: form-data; name="file"; filename="z%C3%BCrich.txt"', "x"),
    ]),
    ("fetch of Node", "----formdata-undici-031724186417", [
        ('Content-Disposition: form-data; name="n\u00f6%22te"', "hi\r\nyou"),
        ('Content-Disposition: form-data; name="file"; filename="z\u00fcrich.txt"\nContent-Type: text/plain', "x"),
    ]),
    ("axios and Postman, by form-data", "--------------------------315e07ab562339045eb738b6", [
        ('Content-Disposition: form-data; name="n\u00f6te"', "hi"),
        ('Content-Disposition: form-data; name="file"; filename="photo.png"\nContent-Type: image/png', "\x89PNG\0"),
    ]),
    ("Go, mime/multipart", "c8b1a5f1b7a1e9b2c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7", [
        ('Content-Disposition: form-data; name="file"; filename="a \\"b\\".txt"\nContent-Type: application/octet-stream', "x"),
    ]),
    ("HttpClient of .NET", '"5f1b7a1e-9b2c-6d7e-8f9a-0b1c2d3e4f5a"', [
        ("Content-Type: text/plain; charset=utf-8\nContent-Disposition: form-data; name=note", "hi"),
        ("Content-Disposition: form-data; name=file; filename=photo.png; filename*=utf-8''photo.png\nContent-Type: image/png", "\x89PNG\0"),
        ("Content-Disposition: form-data; name=file; filename=\"=?utf-8?B?esO8cmljaC50eHQ=?=\"; filename*=utf-8''z%C3%BCrich.txt", "x"),
    ]),
    ("Apache HttpClient 4, strict", "Jp8vQ9q2xZt_0aB-3Yw7Kc", [
        ('Content-Disposition: form-data; name="note"\nContent-Type: text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: 8bit', "hi"),
        ('Content-Disposition: form-data; name="file"; filename="a.bin"\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: binary', "x"),
    ]),
    ("OkHttp", "d1e2f3a4-b5c6-4d7e-8f90-a1b2c3d4e5f6", [
        ('Content-Disposition: form-data; name="note"\nContent-Length: 2', "hi"),
        ('Content-Disposition: form-data; name="file"; filename="a.txt"\nContent-Type: text/plain; charset=utf-8\nContent-Length: 1', "x"),
    ]),
    ("http of Dart", "dart-http-boundary-Jd8sKq2+vLx0.ZrT4b_Nc6Wm1AeHyU9fGiO3pX5QsV7tBk", [
        ('content-disposition: form-data; name="note"\ncontent-type: text/plain; charset=utf-8\ncontent-transfer-encoding: binary', "gr\u00fc\u00df dich"),
        ('content-type: image/png\ncontent-disposition: form-data; name="file"; filename="a.png"', "\x89PNG\0"),
    ]),
]

QUERIES = [
    "a=1&b=two+words&c=caf%C3%A9", "ids[]=1&ids[]=2&filter[name]=oak", "utf8=%E2%9C%93&q=table", "q=100%25&r=50%", "flag&empty=&=x", "a=1;b=2", "q=R%26D",
    "path=%2Fa%2Fb&url=https%3A%2F%2Fshop.example%2F%3Fa%3D1%26b%3D2", "a.b=1&c%5Bd%5D=2", "token=YWJjZA==",
]

FORMS = [("", "a=1&b=two+words"), ("; charset=UTF-8", "user%5Bname%5D=Zo%C3%AB&agree=on"), (";charset=utf-8", "q=a%0D%0Ab")]

COOKIES = [
    "a=1; b=2", "_ga=GA1.2.1234567890.1700000000; sid=s%3Aabc.def", 'theme="dark"; lang=en', "prefs={%22a%22:1}; x=YWJj==", "consent=a:1|b:0; empty=; flag",
    "note=one two; city=Z\u00fcrich", 'raw={"a":1,"b":[2]}; c=3', "date=Mon, 01 Jan 2024 10:00:00 GMT; x=1", "list=a,b,c; path=/shop",
]


# What is refused all the same, and why.
REFUSED = {
    "reqwest, a name that is not ASCII": "(many readers do not know `name*`, and see a part without a name)",
}


def encoded(text):
    """Bytes of a file, which begins with those of PNG, or of a text."""
    return text.encode("latin-1" if text.startswith("\x89") else "utf-8")


def of_multipart(boundary, parts):
    line = b"--" + boundary.strip('"').encode()
    body = b"".join(
        line + b"\r\n" + head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + encoded(content) + b"\r\n" for head, content in parts
    )
    return request("/upload", [("Content-Type", f"multipart/form-data; boundary={boundary}")], body + line + b"--\r\n")


def requests():
    """Pairs of a name and a request."""
    yield from ((client, of_multipart(boundary, parts)) for client, boundary, parts in MULTIPART)
    yield from ((query, request("/?" + query)) for query in QUERIES)
    for parameter, body in FORMS:
        yield body, request("/", [("Content-Type", "application/x-www-form-urlencoded" + parameter)], body.encode())
    yield from ((cookies, request("/", [("Cookie", cookies)])) for cookies in COOKIES)
