"""The module under load: reloads, and a soak with attacks and ordinary requests."""

import contextlib
import os
import re
import socket
import subprocess
import threading
import time

from harness import ATTACK, check, curl, receive


def reload(nginx, count):
    """So many reloads under load: no wrong answer, and the master does not grow."""
    stop, wrong, served = threading.Event(), [], [0, 0]

    def load():
        base = f"http://127.0.0.1:{nginx.port}"
        while not stop.is_set():
            for path, right in (("/file", "200"), (f"/file?id={ATTACK}", "403"), ("/off/file", "200")):
                with contextlib.suppress(OSError):
                    client = socket.create_connection(("127.0.0.1", nginx.port), 5)
                    client.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
                    got = receive(client, 5)
                    client.close()
                    status = got[9:12].decode()
                    if not status:
                        served[1] += 1
                    elif status != right:
                        wrong.append((path, status))
                    else:
                        served[0] += 1

    thread = threading.Thread(target=load)
    thread.start()
    first = None
    for i in range(count):
        if not nginx.reload():
            check(False, "HUP makes new workers")
            break
        if i == count // 20:
            first = nginx.rss()
    time.sleep(0.5)
    last = nginx.rss()
    stop.set()
    thread.join()
    print(f"{count} reloads under load: master {first} KiB after {count // 20}, {last} KiB at the end; "
          f"{served[0]} answers, {served[1]} connections without one, {len(wrong)} wrong")
    check(not wrong and served[0] > count, "no wrong answer while reloading", wrong[:5])
    check(last < first * 1.05, "the master does not grow with reloads", first, last)
    check("exited on signal" not in nginx.read("error.log"), "no worker crashed")
    check(curl(f"http://127.0.0.1:{nginx.port}/api/?id={ATTACK}")[0] == 403, "attacks are blocked after reloads")


SOAK = """\
local paths = {{"/file", 200}, {"/file?id=1'+or+'1'='1", 403}, {"/off/file?id=1'+or+'1'='1", 200}, {"/detect/?q=<script>alert(1)</script>", 200}}
local fill = string.rep("lorem ipsum ", 2000)
local bodies = {{'{"text": "three little pigs"}', 200}, {'{"text": "<script>alert(1)</script>"}', 403},
                {'{"text": "' .. fill .. '"}', 200}, {'{"text": "' .. fill .. '<script>alert(1)</script>"}', 403}}
local sent, expected = 0, {}
request = function()
  sent = sent + 1
  local which = sent % 8 + 1
  local case = paths[which] or bodies[which - 4]
  local headers = {Host = "shop.test", ["X-Expected"] = tostring(case[2])}
  if paths[which] then return wrk.format("GET", case[1], headers) end
  headers["Content-Type"] = "application/json"
  return wrk.format("POST", "/echo/", headers, case[1])
end
response = function(status, headers)
  if headers["X-Expected"] ~= tostring(status) then
    wrong = (wrong or 0) + 1
    what = (what or "") .. " " .. status .. "/" .. tostring(headers["X-Expected"])
  end
  answered = (answered or 0) + 1
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function(summary)
  for _, thread in ipairs(threads) do io.write("RESULT ", thread:get("answered") or 0, " ", thread:get("wrong") or 0, string.sub(thread:get("what") or "", 1, 200), "\\n") end
end
"""


def soak(nginx, seconds):
    """Attacks and ordinary requests from wrk, with a reload each second: each answer says what it was meant to be."""
    nginx.configure(f"""server {{
      listen 127.0.0.1:{nginx.port}; server_name soak.test; root {nginx.dir}/html; access_log off; abatis_log {nginx.dir}/soak.log;
      add_header X-Expected $http_x_expected always;
      location / {{ abatis on; }}
      location /off/ {{ alias {nginx.dir}/html/; }}
      location /detect/ {{ abatis detect; return 200; }}
      location /echo/ {{ abatis on; proxy_pass http://127.0.0.1:{nginx.port}/off/file; proxy_method GET; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_hide_header X-Expected; }}
    }}""")
    nginx.write("soak.lua", SOAK.replace("shop.test", "soak.test"))
    nginx.reload()
    time.sleep(1)  # until the workers with the configuration before are gone
    wrk = subprocess.Popen(["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", f"{nginx.dir}/soak.lua", f"http://127.0.0.1:{nginx.port}/"],
                           stdout=subprocess.PIPE, text=True)
    master, worker, reloads = [], [], 0
    while wrk.poll() is None:
        time.sleep(1)
        worker.append(int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{nginx.workers()[-1]}/status").read())[1]))
        nginx.reload()
        reloads += 1
        master.append(nginx.rss())
        os.truncate(f"{nginx.dir}/soak.log", 0)
    said = wrk.stdout.read()
    answered, wrong = map(int, re.search(r"RESULT (\d+) (\d+)", said).groups())
    print(said)
    print(f"soak: {seconds} s, {reloads} reloads, {answered} answers, {wrong} wrong; master {master[len(master) // 10]} KiB at a tenth, "
          f"{master[-1]} KiB at the end; workers up to {max(worker)} KiB")
    check(answered > 0 and wrong == 0, "soak: no wrong answer", said)
    check(master[-1] < master[len(master) // 10] * 1.05, "soak: the master does not grow", master[len(master) // 10], master[-1])
    check("exited on signal" not in nginx.read("error.log"), "soak: no worker crashed")
