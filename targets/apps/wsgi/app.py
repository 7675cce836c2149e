"""benchrun's WSGI app: what a server under test is asked to serve.

Most requests are ordinary ("victims"). Some ask for a fault: the app says so in
the receipts file, then misbehaves. docs/contract.md, "What an app must serve",
is the specification. Standard library only, Python 3.9 and later.
"""

import ctypes
import hashlib
import json
import os
import re
import threading
import time
from urllib.parse import parse_qs

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "attempt.json"), encoding="utf-8") as attempt_file:
    ATTEMPT = json.load(attempt_file)

# Opened once, when the app is loaded: a server that has run out of file
# descriptors can still tell what happened to it. O_APPEND, and one write per
# line, keep the lines of many processes apart.
RECEIPTS = os.open(ATTEMPT["receipts"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)

NONCE = re.compile(r"[0-9a-z-]{1,64}")
VICTIM_BYTES = 1024
BLOCK_BYTES = 64 * 1024
MAX_SLEEP_MS = 60_000


def write_receipt(nonce, fault, event):
    line = json.dumps(
        {
            "nonce": nonce,
            "fault": fault,
            "pid": os.getpid(),
            # Asks the kernel each time. Thread.native_id would be a copy, and
            # in a forked worker the copy may be that of the parent's thread.
            "tid": threading.get_native_id(),
            "event": event,
            "t": time.monotonic_ns(),
        },
        separators=(",", ":"),
    )
    os.write(RECEIPTS, line.encode("ascii") + b"\n")


# The faults. Each is a function that misbehaves and, if it ever comes out of
# it, returns. Its name after fault_ is the name in the URL.


def fault_wedge():
    """Takes a lock twice: the classic deadlock, which burns no CPU.

    Under gevent's monkey patching this is gevent's lock, as it would be in a
    real app: then one greenlet is stuck, not the thread.
    """
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def fault_segfault():
    """Reads address 0, as a faulty C extension would: the process dies.

    (ctypes.string_at(0, 1) would not do: given a size, it takes a null pointer
    for "no data" and returns.)
    """
    ctypes.c_byte.from_address(0).value


FAULTS = {"wedge": fault_wedge, "segfault": fault_segfault}


def misbehave(nonce, name, fault):
    write_receipt(nonce, name, "start")
    try:
        fault()
    finally:
        # Also when a watchdog broke the wedge by an exception.
        write_receipt(nonce, name, "end")


# The requests. Each gets the WSGI environ and gives (status, content type,
# body), or None for a request that is not in the contract.


def ping(environ):
    return json_answer(
        {
            "token": ATTEMPT["token"],
            "pid": os.getpid(),
            "tid": threading.get_native_id(),
        }
    )


def victim(environ):
    nonce = nonce_of(environ)
    return nonce and victim_answer(nonce)


def sleep(environ):
    nonce = nonce_of(environ)
    ms = parameter(environ, "ms")
    if not nonce or not re.fullmatch("[0-9]{1,5}", ms) or int(ms) > MAX_SLEEP_MS:
        return None
    misbehave(nonce, "sleep", lambda: time.sleep(int(ms) / 1000))
    return victim_answer(nonce)


def fault(environ):
    nonce = nonce_of(environ)
    name = environ["PATH_INFO"][len("/fault/") :]
    if not nonce or name not in FAULTS:
        return None
    misbehave(nonce, name, FAULTS[name])
    return victim_answer(nonce)


def upload(environ):
    nonce = nonce_of(environ)
    if not nonce:
        return None
    size, digest = 0, hashlib.sha256()
    for block in body_blocks(environ):
        size += len(block)
        digest.update(block)
    return json_answer({"nonce": nonce, "bytes": size, "sha256": digest.hexdigest()})


def body_blocks(environ):
    """The request's body, block by block, however the server passes it on."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    if length:
        left = int(length)
    elif "HTTP_TRANSFER_ENCODING" in environ:
        # A chunked body ends where the server's stream ends.
        left = None
    else:
        left = 0
    while left is None or left > 0:
        block = stream.read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def parameter(environ, name):
    values = parse_qs(environ.get("QUERY_STRING", "")).get(name)
    return values[0] if values else ""


def nonce_of(environ):
    nonce = parameter(environ, "nonce")
    return nonce if NONCE.fullmatch(nonce) else None


def victim_answer(nonce):
    line = nonce.encode("ascii") + b"\n"
    body = (line * (VICTIM_BYTES // len(line) + 1))[:VICTIM_BYTES]
    return "200 OK", "text/plain", body


def json_answer(value):
    return "200 OK", "application/json", json.dumps(value).encode("ascii")


ROUTES = {
    ("GET", "/ping"): ping,
    ("GET", "/victim"): victim,
    ("GET", "/sleep"): sleep,
    ("POST", "/upload"): upload,
}


def application(environ, start_response):
    """The WSGI callable."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    handler = ROUTES.get((method, path))
    if handler is None and method == "GET" and path.startswith("/fault/"):
        handler = fault
    answer = handler(environ) if handler else None
    status, content_type, body = answer or ("404 Not Found", "text/plain", b"not found\n")
    start_response(
        status,
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("X-Benchrun-Pid", str(os.getpid())),
        ],
    )
    return [body]
