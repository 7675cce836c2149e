"""benchrun's WSGI app: what a server under test is asked to serve.

Most requests are ordinary ("victims"). Some ask for a fault: the app says so in
the receipts file, then misbehaves. docs/contract.md, "What an app must serve",
is the specification. Standard library only, Python 3.9 and later.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import parse_qs

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "attempt.json"), encoding="utf-8") as attempt_file:
    ATTEMPT = json.load(attempt_file)

# Some families ask for an app that takes its time to load.
time.sleep(ATTEMPT.get("load_ms", 0) / 1000)

# Opened once, when the app is loaded: a server that has run out of file
# descriptors can still tell what happened to it. O_APPEND, and one write per
# line, keep the lines of many processes apart.
RECEIPTS = os.open(ATTEMPT["receipts"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)

NONCE = re.compile(r"[0-9a-z-]{1,64}")
VICTIM_BYTES = 1024
BLOCK_BYTES = 64 * 1024
MAX_SLEEP_MS = 60_000
MIB = 1024 * 1024

NESTED_BRACKETS = 1_000_000  # 20,000 are enough for a stack of 8 MiB
CPU_TURNS = 10_000_000
FILE_BYTES = 16 * MIB
FILE_READS = 256
LEAK_BYTES = 8 * MIB
MOST_BLOCKS = 128  # 1 GiB: more than a server of that family may have
LEAK_FILES = 16
LEAK_THREADS = 4
BIG_RESPONSE_BYTES = 100_000
RETRY_SECONDS = 5
RETRY_PAUSE = 0.05
POOL_CONNECTIONS = 5  # of each process
SIZES = {"big-response": BIG_RESPONSE_BYTES, "long-body": 2 * VICTIM_BYTES}  # of the answers' bodies
DOWNLOAD_BLOCK = b"benchrun" * 8192
DOWNLOAD_BLOCKS = 256


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


def fault_exit_1():
    os._exit(1)


def fault_exit_3():
    os._exit(3)


def fault_abort():
    """Ends as the C library ends a process whose heap is corrupt. A handler of
    SIGABRT runs and changes nothing."""
    os.abort()


def fault_sigkill():
    """Ends as the kernel ends a process when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def fault_stack_overflow():
    """Recurses in C, where the interpreter's recursion limit does not count: the C
    library's parser of regular expressions calls itself for each bracket."""
    ctypes.CDLL(None).regcomp(ctypes.create_string_buffer(4096), b"(" * NESTED_BRACKETS, 1)


def fault_wedge_spin():
    """Loops for ever, and burns all the CPU that it gets."""
    while True:
        pass


def fault_wedge_native():
    """Is stuck in a C call. CDLL releases the interpreter's lock for the call."""
    lock_mutex_twice(ctypes.CDLL(None))


def fault_wedge_gil():
    """Is stuck in a C call and takes the whole process along: PyDLL holds the
    interpreter's lock during the call."""
    lock_mutex_twice(ctypes.PyDLL(None))


def lock_mutex_twice(library):
    """Unlike pause(), this does not return on a signal: the C library waits on."""
    mutex = ctypes.create_string_buffer(256)  # all zero: PTHREAD_MUTEX_INITIALIZER
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)


def fault_wedge_io():
    """Waits for a peer that has accepted the connection and never answers: a
    database or a service that is stuck itself, asked without a timeout."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=None)
        peer, _ = listener.accept()
    with peer:
        client.recv(1)


def fault_wedge_regex():
    """Tries 2**64 ways to match 65 letters. The matcher holds the interpreter's
    lock and looks for signals, if it is in the main thread."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def fault_wedge_deaf():
    """Is stuck, and deaf to SIGTERM. signal.signal() would want the main thread."""
    ctypes.CDLL(None).signal(int(signal.SIGTERM), ctypes.c_void_p(int(signal.SIG_IGN)))
    fault_wedge()


def fault_starve():
    """Waits in C with the interpreter's lock held, as an extension does that
    forgot to release it. A signal ends poll() early: then it waits on."""
    library, until = ctypes.PyDLL(None), time.monotonic() + 1.5
    while time.monotonic() < until:
        library.poll(None, 0, int((until - time.monotonic()) * 1000) + 1)


def fault_exception():
    raise RuntimeError("the app's own error")


def fault_broken_pipe():
    """Writes to a service that has closed the connection. The same exception says
    that the client is gone, and it is not."""
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        ours.sendall(b"request")


def fault_system_exit():
    """Ends as a library does that thinks it is a command."""
    sys.exit(3)


def fault_cpu():
    turn = 0
    while turn < CPU_TURNS:
        turn += 1


def fault_io():
    """Reads a big file. It is sparse, so that it takes no room on the disk."""
    with tempfile.TemporaryFile(buffering=0) as file:
        file.truncate(FILE_BYTES)
        for _ in range(FILE_READS):
            file.seek(0)
            while file.read(BLOCK_BYTES):
                pass


def fault_cpu_io():
    """Computes in a thread and does small reads beside it: each read gives up
    the interpreter's lock, and has to wait to get it back."""
    computing = threading.Thread(target=fault_cpu)
    with tempfile.TemporaryFile(buffering=0) as file:
        file.truncate(4096)
        computing.start()
        while computing.is_alive():
            file.seek(0)
            file.read(4096)
    computing.join()


def fault_slow():
    time.sleep(1)


def fault_legit_slow():
    time.sleep(1.5)


LEAKED = []


def fault_leak():
    LEAKED.append(b"\x01" * LEAK_BYTES)  # not zeros: every page is written to


def fault_leak_fd():
    """Opens files and forgets them. If there is no descriptor left, the request
    fails, as one does that has to open a file or ask a database."""
    for _ in range(LEAK_FILES):
        LEAKED.append(os.open(os.devnull, os.O_RDONLY))


def fault_leak_thread():
    """Starts threads that wait for work until the process ends, as a pool does
    that is made for one request and never shut down."""
    for _ in range(LEAK_THREADS):
        threading.Thread(target=threading.Event().wait, daemon=True).start()


def fault_leak_child():
    """Starts a helper and never asks it to end. The helper ends when it has read
    the last of its input: when the process at the other end of the pipe is gone."""
    LEAKED.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL))


def open_database():
    """A new connection, without any timeout. benchrun installs the driver for the
    families that need a database."""
    import psycopg

    return psycopg.connect(host=ATTEMPT["database"], user="app", dbname="postgres")


def fault_db_update():
    """Changes a row that everybody changes, on a connection of its own."""
    with open_database() as connection:
        connection.execute("UPDATE item SET sold = sold + 1 WHERE id = 1")


def fault_db_retry():
    """Does the same, and once more where the connection breaks, until the database
    has had some seconds to come back."""
    import psycopg

    until = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return fault_db_update()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_PAUSE)


POOL = threading.Semaphore(POOL_CONNECTIONS)
NEVER_RETURNED = []


def fault_db_keep():
    """Takes a connection of the pool and never returns it. Who finds the pool empty
    waits, without any timeout."""
    POOL.acquire()
    NEVER_RETURNED.append(open_database())
    NEVER_RETURNED[-1].execute("SELECT sold FROM item WHERE id = 1")


def fault_oom_kill():
    """Takes memory until the kernel ends a process of the server, as a request does
    that reads a huge file at once. The kernel is asked to take this process first,
    so that it is the same in each attempt."""
    with contextlib.suppress(OSError):  # where it is forbidden, the largest one ends
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
            score.write("1000")
    taken = []
    for _ in range(MOST_BLOCKS):
        taken.append(b"\x01" * LEAK_BYTES)


def fault_short_body():
    """The answer's Content-Length is all there is to it: see application()."""


def fault_long_body():
    """The same."""


def fault_big_response():
    """The answer is all there is to it: see fault()."""


FAULTS = {
    "wedge": fault_wedge,
    "wedge-spin": fault_wedge_spin,
    "wedge-native": fault_wedge_native,
    "wedge-gil": fault_wedge_gil,
    "wedge-io": fault_wedge_io,
    "wedge-regex": fault_wedge_regex,
    "wedge-deaf": fault_wedge_deaf,
    "segfault": fault_segfault,
    "exit-3": fault_exit_3,
    "exit-1": fault_exit_1,
    "abort": fault_abort,
    "sigkill": fault_sigkill,
    "stack-overflow": fault_stack_overflow,
    "cpu": fault_cpu,
    "io": fault_io,
    "cpu-io": fault_cpu_io,
    "slow": fault_slow,
    "big-response": fault_big_response,
    "legit-slow": fault_legit_slow,
    "starve": fault_starve,
    "exception": fault_exception,
    "broken-pipe": fault_broken_pipe,
    "system-exit": fault_system_exit,
    "leak": fault_leak,
    "leak-fd": fault_leak_fd,
    "leak-thread": fault_leak_thread,
    "leak-child": fault_leak_child,
    "db-update": fault_db_update,
    "db-retry": fault_db_retry,
    "db-keep": fault_db_keep,
    "oom-kill": fault_oom_kill,
    "short-body": fault_short_body,
    "long-body": fault_long_body,
}


class BrokenOffBody:
    """An answer of unknown length that breaks off: it has one block, and where the
    next should come the fault does. close() writes the end receipt, which shows that
    the server calls it."""

    def __init__(self, nonce, name, fault):
        self.nonce, self.name, self.fault = nonce, name, fault
        self.blocks = victim_answer(nonce)[2]
        self.begun = False

    def __iter__(self):
        return self

    def __next__(self):
        if self.blocks:
            return self.blocks.pop()
        if not self.begun:
            self.begun = True
            write_receipt(self.nonce, self.name, "start")
            self.fault()
        raise StopIteration

    def close(self):
        write_receipt(self.nonce, self.name, "end")


class EndlessBody:
    """An answer of unknown length that never ends."""

    def __init__(self, nonce):
        self.block = victim_answer(nonce)[2][0]

    def __iter__(self):
        while True:
            yield self.block
            time.sleep(0.1)


def fault_midstream_exception():
    raise RuntimeError("the app's own error")


# The faults that come in the middle of an answer.
BROKEN_OFF = {
    "wedge-midstream": fault_wedge,
    "crash-midstream": fault_segfault,
    "exception-midstream": fault_midstream_exception,
}


def misbehave(nonce, name, fault):
    write_receipt(nonce, name, "start")
    try:
        fault()
    finally:
        # Also when a watchdog broke the wedge by an exception.
        write_receipt(nonce, name, "end")


# The requests. Each gets the WSGI environ and gives (status, content type,
# blocks of the body), or None for a request that is not in the contract.


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
    if nonce and name in BROKEN_OFF:
        return "200 OK", "text/plain", BrokenOffBody(nonce, name, BROKEN_OFF[name])
    if not nonce or name not in FAULTS:
        return None
    misbehave(nonce, name, FAULTS[name])
    return victim_answer(nonce, SIZES.get(name, VICTIM_BYTES))


def upload(environ):
    nonce = nonce_of(environ)
    if not nonce:
        return None
    size, digest = 0, hashlib.sha256()
    for block in body_blocks(environ):
        size += len(block)
        digest.update(block)
    return json_answer({"nonce": nonce, "bytes": size, "sha256": digest.hexdigest()})


def download(environ):
    """16 MiB out of one block, so that only the server holds more of it."""
    if not nonce_of(environ):
        return None
    return "200 OK", "application/octet-stream", [DOWNLOAD_BLOCK] * DOWNLOAD_BLOCKS


def stream(environ):
    """An answer that never ends, of a block each tenth of a second."""
    nonce = nonce_of(environ)
    return nonce and ("200 OK", "text/plain", EndlessBody(nonce))


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


def victim_answer(nonce, size=VICTIM_BYTES):
    line = nonce.encode("ascii") + b"\n"
    return "200 OK", "text/plain", [(line * (size // len(line) + 1))[:size]]


def json_answer(value):
    return "200 OK", "application/json", [json.dumps(value).encode("ascii")]


ROUTES = {
    ("GET", "/ping"): ping,
    ("GET", "/victim"): victim,
    ("GET", "/sleep"): sleep,
    ("POST", "/upload"): upload,
    ("GET", "/download"): download,
    ("GET", "/stream"): stream,
}


def application(environ, start_response):
    """The WSGI callable."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    handler = ROUTES.get((method, path))
    if handler is None and method == "GET" and path.startswith("/fault/"):
        handler = fault
    answer = handler(environ) if handler else None
    status, content_type, blocks = answer or ("404 Not Found", "text/plain", [b"not found\n"])
    headers = [("Content-Type", content_type), ("X-Benchrun-Pid", str(os.getpid()))]
    if not isinstance(blocks, (BrokenOffBody, EndlessBody)):
        length = sum(map(len, blocks))
        if answer and path == "/fault/short-body":
            length *= 2  # the other half never comes
        elif answer and path == "/fault/long-body":
            length //= 2  # the other half comes all the same
        headers.append(("Content-Length", str(length)))
    start_response(status, headers)
    return blocks
