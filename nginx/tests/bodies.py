"""Large bodies: their rest is inspected in a thread, and the other requests of the worker do not wait for it."""

import contextlib
import socket
import subprocess
import threading
import time

from harness import SCRIPT, answers, check, curl, receive

# Much punctuation, which costs the most; no attack.
DENSE = (b"a - b ; c = d ( e ) | f & g ; h ' i \" j # k @ l % m { n } o [ p ] \n" * 16000)[:1000000]
FILL = b"lorem ipsum " * 60000
KINDS = {
    "text": ("text/plain", b"%s%s"),
    "JSON": ("application/json", b'{"fill": "%s", "text": "%s"}'),
    "form": ("application/x-www-form-urlencoded", b"fill=%s&text=%s"),
}
SCRIPTED, PLAIN = b"<script>alert(1)</script>", b"dolor sit amet"


def post(path, body, kind="text/plain", close=True):
    end = b"close" if close else b"keep-alive"
    return (b"POST %s HTTP/1.1\r\nHost: shop.test\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n"
            % (path.encode(), kind.encode(), len(body), end)) + body


def send(nginx, data):
    client = socket.create_connection(("127.0.0.1", nginx.port), 10)
    with contextlib.suppress(OSError):
        client.sendall(data)
    return client


def test_large_bodies(nginx, up, _):
    base, h2 = f"http://127.0.0.1:{nginx.port}", f"http://127.0.0.1:{nginx.h2}"
    # In memory, in a file, and just around what is inspected at once.
    for size in (8000, 8192 - 20, 8192, 12000, len(FILL)):
        for name, (kind, form) in KINDS.items():
            benign, attack = (form % (FILL[:size], tail) for tail in (PLAIN, SCRIPTED))
            for path in ("/api/", "/inline/"):
                for way, url, more in (("", base, ()), ("chunked, ", base, ("-H", "Transfer-Encoding: chunked")),
                                       ("HTTP/2, ", h2, ("--http2-prior-knowledge",))):
                    what = f"{way}{size} bytes of {name} to {path}"
                    said = curl(url + path, *more, "-H", f"Content-Type: {kind}", data=benign)
                    check(said[0] == 200, f"{what}: pass", *said)
                    check(b"content-length: %d" % len(benign) not in up.last()[0].lower() or up.last()[1] == benign, f"{what}: arrive whole")
                    before = up.count()
                    check(curl(url + path, *more, "-H", f"Content-Type: {kind}", data=attack)[0] == 403, f"{what}: an attack is blocked")
                    check(up.count() == before, f"{what}: an attack does not reach the upstream")
    attack = FILL + SCRIPTED
    line = nginx.lines()[-1]
    check(line["blocked"] and line["verdict"]["findings"][0]["class"] == "xss", "large bodies are logged", line)
    check(curl(f"{base}/detect/", "-H", "Content-Type: text/plain", data=attack)[0] == 200, "large bodies: detect passes")
    check(nginx.lines()[-1]["action"] == "block", "large bodies: detect logs")
    status, text = curl(f"{base}/pageup/", "-H", "Content-Type: text/plain", data=attack)
    check((status, text.strip()) == (200, "upstream got 0 bytes"), "large bodies: an error page of another server gets none", status, text)
    status, text = curl(f"{base}/page/", "-H", "Content-Type: text/plain", data=attack)
    check(status == 403 and text.startswith("because xss "), "large bodies: variables of an error page", status, text)


def test_large_bodies_in_a_row(nginx, up, _):
    """The connection of a body that was read whole is kept, and what follows it is the next request."""
    client = send(nginx, post("/api/", FILL + SCRIPTED, close=False) + post("/api/", FILL, close=False) + post("/api/", FILL))
    got = receive(client, 5)
    check(answers(got) == ["403", "200", "200"], "large bodies in a row", answers(got))
    check(up.last()[1] == FILL, "large bodies in a row arrive whole")
    client.close()
    clients = [send(nginx, post("/api/", DENSE + tail)) for tail in (PLAIN, SCRIPTED) * 8]
    got = [answers(receive(client, 20)) for client in clients]
    check(got == [["200"], ["403"]] * 8, "large bodies side by side", got)


def test_large_bodies_over_limit(nginx, up, _):
    for path, status in (("/limit/", "413"), ("/limitpass/", "200"), ("/limitthread/", "413"), ("/limitthreadpass/", "200")):
        for body in (FILL, FILL[:40000]):
            client = send(nginx, post(path, body))
            got = receive(client, 5)
            check(answers(got) == [status], f"large bodies over the limit of {path}", got[:100], len(body))
            client.close()
    # A chunked body is refused when it has passed the limit, not when it has ended.
    client = socket.create_connection(("127.0.0.1", nginx.port))
    client.sendall(b"POST /limitthread/ HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(FILL))
    client.sendall(FILL[:40000])
    check(answers(receive(client, 5, b"\r\n\r\n")) == ["413"], "large bodies over the limit: while they come")
    client.close()


def test_failure_in_a_thread(nginx, up, _):
    """What a thread is given of this body is what makes the library fail."""
    body = FILL[:8192] + b"abatis-test-panic"
    for path, status in (("/api/", "500"), ("/detect/", "200"), ("/errorpass/", "200")):
        client = send(nginx, post(path, body))
        check(answers(receive(client, 5)) == [status], f"failure in a thread: {path}")
        client.close()
    line = nginx.lines()[-1]
    check(line["reason"] == "error" and line["verdict"] is None, "failure in a thread: is logged", line)
    check(curl(f"http://127.0.0.1:{nginx.port}/api/", data=SCRIPT)[0] == 403, "failure in a thread: the next request is inspected")


def test_given_up_in_a_thread(nginx, up, _):
    """Clients that go, and reloads, while a thread inspects."""
    for turn in range(30):
        client = send(nginx, post("/api/", DENSE))
        time.sleep(0.002 * turn)
        if turn % 2:
            # A reset in place of an orderly end.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    for turn in range(6):
        subprocess.run(["curl", "-s", "-o", "/dev/null", "--http2-prior-knowledge", "-m", f"{0.01 + 0.02 * turn}", "--data-binary", "@-",
                        f"http://127.0.0.1:{nginx.h2}/api/"], input=DENSE)
    client = send(nginx, post("/api/", DENSE + SCRIPTED))
    time.sleep(0.01)
    check(nginx.reload(), "reload while a thread inspects")
    check(answers(receive(client, 20)) == ["403"], "reload while a thread inspects: the old worker answers")
    # A worker that ends sooner than its threads closes their connections.
    nginx.write("nginx.conf", nginx.read("nginx.conf").replace("worker_processes 1;", "worker_processes 1; worker_shutdown_timeout 5ms;"))
    nginx.reload()
    for _ in range(5):
        client = send(nginx, post("/api/", DENSE + SCRIPTED))
        time.sleep(0.01)
        check(nginx.reload(), "reload while a thread inspects, without patience")
        receive(client, 20)
        client.close()
    nginx.configure()
    nginx.reload()
    check(curl(f"http://127.0.0.1:{nginx.port}/api/", data=SCRIPT)[0] == 403, "given up in a thread: the next request is inspected")
    check("exited on signal" not in nginx.read("error.log"), "given up in a thread: no worker crashed")


def waits(nginx, path, uploads):
    """How long small requests of another connection wait while large bodies are inspected: seconds, sorted."""
    done, times = threading.Event(), []

    def upload():
        for _ in range(uploads):
            with send(nginx, post(path, DENSE)) as client:
                receive(client, 20)
        done.set()

    thread = threading.Thread(target=upload)
    with socket.create_connection(("127.0.0.1", nginx.port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread.start()
        while not done.is_set():
            start = time.perf_counter()
            client.sendall(b"GET /off/file HTTP/1.1\r\nHost: x\r\n\r\n")
            receive(client, 20, b"a file\n")
            times.append(time.perf_counter() - start)
            time.sleep(0.0005)
    thread.join()
    return sorted(times)


def test_others_do_not_wait(nginx, up, options):
    uploads = 60 if options.full else 15
    worst = {}
    for path in ("/inline/", "/api/", "/offapi/"):
        times = waits(nginx, path, uploads)
        # Each upload holds one small request up if it holds the event loop: of the longest waits, one for each upload.
        longest = times[-uploads:]
        worst[path] = longest[len(longest) // 2]
        print(f"{path}: {uploads} bodies of 1 MB, {len(times)} small requests: median wait {times[len(times) // 2] * 1e3:.2f} ms, "
              f"of the {uploads} longest the median is {worst[path] * 1e3:.2f} ms, the longest {times[-1] * 1e3:.2f} ms")
    check(worst["/api/"] * 4 < worst["/inline/"], "other requests do not wait for a large body", worst)
