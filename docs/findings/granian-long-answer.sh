#!/usr/bin/env bash
# granian 2.8.9: what an app gives beyond its Content-Length goes out, and is the answer to the
# next request on the connection.
#
# PEP 3333 has the server stop at the Content-Length that the app has declared. granian
# sends the rest too and keeps the connection. A proxy or a client that uses it again
# takes the rest for the next answer, whoever asked.
# The other way round, when an app gives less than it has declared, granian keeps the
# connection too: the client waits for the missing bytes, for as long as it has patience.
#
# Expected: no byte beyond the Content-Length; the end of the connection after a short answer.
# Actual:   the next request on the connection gets the surplus bytes as its answer.
# Exit code: 1 if the next request gets the rest, 0 if not, 125 if the script could not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${main-} $(cat "/proc/${main-0}/task/${main-0}/children" 2>/dev/null) 2>/dev/null; wait 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install granian==2.8.9 || exit 125
cat > app.py <<'END'
REST = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"

def application(environ, start_response):
    path = environ["PATH_INFO"]
    body = b"12345" + (REST if path == "/long" else b"")
    declared = {"/long": 5, "/short": 100}.get(path, len(body))
    start_response("200 OK", [("Content-Length", str(declared))])
    return [body]
END
cat > client.py <<'END'
import re, socket, sys, time

def connect():
    return socket.create_connection(("127.0.0.1", int(sys.argv[1])))

def ask(s, path):
    """Asks, and reads as much as the Content-Length says, as a client that keeps its connection does."""
    s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := s.recv(1)):
            return b"the connection has ended"
        head += byte
    left, body = int(re.search(rb"(?i)content-length: (\d+)", head)[1]), b""
    while left > len(body) and (got := s.recv(left - len(body))):
        body += got
    return body

s = connect()
print("an answer that is too long, on the connection:", ask(s, b"/long"))
time.sleep(1)
try:
    answer = ask(s, b"/")
except OSError as error:    # closed, as it may be
    answer = repr(error).encode()
print("actual: the next answer there, which should be b'12345' or none:", answer)
s, began = connect(), time.monotonic()
s.settimeout(20)
try:
    print("an answer that is too short:", ask(s, b"/short"), "and the end after %.0f s" % (time.monotonic() - began))
except socket.timeout:
    print("an answer that is too short: the connection is still open after 20 s")
except OSError as error:
    print("an answer that is too short:", repr(error))
sys.exit(3 if answer == b"forged" else 0)
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/granian --interface wsgi --port "$port" app:application > log 2>&1 &
main=$!
sleep 3
curl -s "http://127.0.0.1:$port/" > /dev/null || { tail -3 log; exit 125; }
python3 client.py "$port"
case $? in 0) exit 0 ;; 3) exit 1 ;; *) exit 125 ;; esac
