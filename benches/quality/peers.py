#!/usr/bin/env python3
"""Other engines over the same values: `peers.py DATA OUT.json`. `cargo xtask quality --peers` makes the Python for it and runs this.

DATA holds values.jsonl. Each engine gets every value: ModSecurity as the parameter of a GET request, percent-coded; libddwaf as a
query parameter; libinjection bare, and either of its two checks counts. Caught means blocked, for libddwaf any event. Rates are by
cluster, as those of abatis. An engine that is not installed is named with the reason.
"""

import base64
import collections
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse

CRS = "/usr/share/modsecurity-crs/rules"
SETUP = "/etc/modsecurity/crs/crs-setup.conf"
BROWSER = {
    "Host": "shop.example",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "text/html,application/json;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
}
RULES = """\
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecAuditEngine Off
SecPcreMatchLimit 100000
SecPcreMatchLimitRecursion 100000
Include {setup}
SecAction "id:900000,phase:1,nolog,pass,t:none,setvar:tx.paranoia_level={level},setvar:tx.executing_paranoia_level={level}"
Include {crs}/*.conf
"""


class Missing(Exception):
    """Why an engine cannot be asked here."""


class Intervention(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("pause", ctypes.c_int), ("url", ctypes.c_void_p), ("log", ctypes.c_void_p), ("disruptive", ctypes.c_int)]


def package(name):
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False)
    return found.stdout or "?"


def modsecurity(level):
    """libmodsecurity with Debian's core rule set at a paranoia level."""
    try:
        lib = ctypes.CDLL("libmodsecurity.so.3")
    except OSError as error:
        raise Missing(f"apt-get install libmodsecurity3: {error}") from error
    if not os.path.isdir(CRS):
        raise Missing("apt-get install modsecurity-crs")
    for name in ("msc_init", "msc_create_rules_set", "msc_new_transaction"):
        getattr(lib, name).restype = ctypes.c_void_p
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    lib.msc_rules_add_file.argtypes = [pointer, text, ctypes.POINTER(text)]
    lib.msc_new_transaction.argtypes = [pointer, pointer, pointer]
    lib.msc_process_connection.argtypes = [pointer, text, ctypes.c_int, text, ctypes.c_int]
    lib.msc_process_uri.argtypes = [pointer, text, text, text]
    lib.msc_add_n_request_header.argtypes = [pointer, text, size, text, size]
    lib.msc_intervention.argtypes = [pointer, ctypes.POINTER(Intervention)]
    for name in ("msc_process_request_headers", "msc_process_request_body", "msc_transaction_cleanup"):
        getattr(lib, name).argtypes = [pointer]
    quiet = ctypes.CFUNCTYPE(None, pointer, pointer)(lambda _data, _message: None)
    lib.msc_set_log_cb.argtypes = [pointer, type(quiet)]
    engine = lib.msc_init()
    lib.msc_set_log_cb(engine, quiet)
    rules = lib.msc_create_rules_set()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(RULES.format(setup=SETUP, crs=CRS, level=level))
        file.flush()
        error = text()
        if lib.msc_rules_add_file(rules, file.name.encode(), ctypes.byref(error)) < 0:
            raise Missing(f"its rules do not load: {(error.value or b'').decode()}")

    def acted(transaction):
        asked = Intervention(200, 0, None, None, 0)
        return bool(lib.msc_intervention(transaction, ctypes.byref(asked)) and asked.disruptive)

    def caught(value, _quiet=quiet):
        transaction = lib.msc_new_transaction(engine, rules, None)
        try:
            lib.msc_process_connection(transaction, b"127.0.0.1", 40000, b"127.0.0.1", 80)
            target = "/search?q=" + urllib.parse.quote_from_bytes(value, safe="")
            lib.msc_process_uri(transaction, target.encode(), b"GET", b"1.1")
            if acted(transaction):
                return True
            for name, content in BROWSER.items():
                lib.msc_add_n_request_header(transaction, name.encode(), len(name), content.encode(), len(content))
            lib.msc_process_request_headers(transaction)
            if acted(transaction):
                return True
            lib.msc_process_request_body(transaction)
            return acted(transaction)
        finally:
            lib.msc_transaction_cleanup(transaction)

    return f"libmodsecurity3 {package('libmodsecurity3')}, modsecurity-crs {package('modsecurity-crs')}", caught


def libddwaf():
    """libddwaf with the rules that come with it in the wheel of ddtrace."""
    os.environ.setdefault("DD_TRACE_ENABLED", "false")
    try:
        import ddtrace
        import ddtrace.appsec
        from ddtrace.appsec._ddwaf import ddwaf_types
        from ddtrace.appsec._ddwaf.waf import DDWaf
    except ImportError as error:
        raise Missing(f"pip install ddtrace: {error}") from error
    with open(os.path.join(os.path.dirname(ddtrace.appsec.__file__), "rules.json"), "rb") as file:
        waf = DDWaf(file.read(), b"", b"")

    def caught(value):
        context = waf._at_request_start()
        return bool(waf.run(context, {"server.request.query": {"q": [text_of(value)]}}, 1e6).data)

    return f"libddwaf {ddwaf_types.ddwaf_get_version().decode()}, rules of ddtrace {ddtrace.__version__}", caught


def libinjection():
    """Both checks of libinjection."""
    try:
        import importlib.metadata

        import libinjection as library
    except ImportError as error:
        raise Missing(f"pip install libinjection-python: {error}") from error

    def caught(value):
        text = text_of(value)
        return bool(library.is_sql_injection(text)["is_sqli"] or library.is_xss(text)["is_xss"])

    return f"libinjection-python {importlib.metadata.version('libinjection-python')}", caught


ENGINES = {
    "ModSecurity, CRS 3.3.4, level 1": lambda: modsecurity(1),
    "ModSecurity, CRS 3.3.4, level 2": lambda: modsecurity(2),
    "libddwaf": libddwaf,
    "libinjection": libinjection,
}


def text_of(value):
    """A value for an engine that takes text only."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def records(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record["label"] not in ("attack", "benign"):
                continue
            text = record.get("value")
            value = text.encode("utf-8", "surrogatepass") if text is not None else base64.b64decode(record.get("value_b64") or "")
            yield record["class"], record["cluster"], value


def check(caught):
    """An engine that answers everything alike was not asked."""
    if caught(b"shoes size 42"):
        raise Missing("it flags `shoes size 42`")
    if not caught(b"1' union select name, password from users-- "):
        raise Missing("it does not see the plainest injection")


def main():
    folder, out = sys.argv[1:3]
    path = os.path.join(folder, "values.jsonl")
    report = {"bytes": os.path.getsize(path), "made": time.strftime("%Y-%m-%d", time.gmtime()), "engines": []}
    for name, make in ENGINES.items():
        start = time.monotonic()
        try:
            version, caught = make()
            check(caught)
        except Missing as reason:
            print(f"{name}: left out: {reason}")
            report["engines"].append({"name": name, "missing": str(reason)})
            continue
        clusters = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
        for kind, cluster, value in records(path):
            sums = clusters[kind][cluster]
            sums[0] += 1
            sums[1] += caught(value)
        kinds = {
            kind: {"n": len(found), "rate": round(100 * sum(hit / n for n, hit in found.values()) / len(found), 4)}
            for kind, found in sorted(clusters.items())
        }
        report["engines"].append({"name": name, "version": version, "kinds": kinds})
        print(f"{name}: {version}, {time.monotonic() - start:.0f} s", flush=True)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
