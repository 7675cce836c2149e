"""benchrun's ASGI app: what a server under test is asked to serve.

It does what the WSGI app does, as a coroutine. A fault of that app that is a call
blocks the event loop here, and with it all requests of the process: C code, a loop, a
regular expression, a client library that is not made for asyncio. What waits in
asyncio's own way (a lock, a sleep, a driver) holds up its own request alone.
docs/contract.md, "What an app must serve", is the specification.
"""

import asyncio
import ctypes
import functools
import hashlib
import os
import re
import signal
import time
from urllib.parse import parse_qs

import blocking  # the WSGI app; it loads attempt.json and opens the receipts file


async def nap(seconds):
    """Sleeps for at least so many seconds. Some event loops count whole milliseconds, and end a
    sleep up to one too early: then it sleeps again."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(max(left, 0.001))


# The faults that differ from those of the WSGI app.


async def fault_wedge():
    """Takes a lock twice: an await that never returns."""
    lock = asyncio.Lock()
    await lock.acquire()
    await lock.acquire()


async def fault_wedge_deaf():
    """Is stuck, and its process is deaf to SIGTERM. Unlike signal.signal(), this leaves
    in place what the server has registered with Python."""
    ctypes.CDLL(None).signal(int(signal.SIGTERM), ctypes.c_void_p(int(signal.SIG_IGN)))
    await fault_wedge()


async def fault_io():
    """Reads a file in a thread, as asyncio has no other way that does not block."""
    await asyncio.to_thread(blocking.fault_io)


async def fault_cpu_io():
    await asyncio.to_thread(blocking.fault_cpu_io)


async def fault_slow():
    await nap(1)


async def fault_legit_slow():
    await nap(1.5)


BACKGROUND = []  # the event loop itself does not keep tasks alive


async def fault_leak():
    """Starts a task that holds memory and waits for something that never comes, as one
    does that is started for a request and never cancelled."""

    async def wait_for_ever(_memory):
        await asyncio.Event().wait()

    BACKGROUND.append(asyncio.ensure_future(wait_for_ever(b"\x01" * blocking.LEAK_BYTES)))


async def open_database():
    """A new connection, without any timeout."""
    import psycopg

    return await psycopg.AsyncConnection.connect(host=blocking.ATTEMPT["database"], user="app", dbname="postgres")


async def fault_db_update():
    """Changes a row that everybody changes, on a connection of its own."""
    async with await open_database() as connection:
        await connection.execute("UPDATE item SET sold = sold + 1 WHERE id = 1")


async def fault_db_retry():
    """Does the same, and once more where the connection breaks, until the database
    has had some seconds to come back."""
    import psycopg

    until = time.monotonic() + blocking.RETRY_SECONDS
    while True:
        try:
            return await fault_db_update()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(blocking.RETRY_PAUSE)


@functools.lru_cache(maxsize=None)
def pool():
    """Made by the first request: before Python 3.10 it belongs to that event loop."""
    return asyncio.Semaphore(blocking.POOL_CONNECTIONS)


async def fault_db_keep():
    """Takes a connection of the pool and never returns it. Who finds the pool empty
    waits, without any timeout."""
    await pool().acquire()
    connection = await open_database()
    blocking.NEVER_RETURNED.append(connection)
    await connection.execute("SELECT sold FROM item WHERE id = 1")


FAULTS = {
    **blocking.FAULTS,
    "wedge": fault_wedge,
    "wedge-deaf": fault_wedge_deaf,
    "io": fault_io,
    "cpu-io": fault_cpu_io,
    "slow": fault_slow,
    "legit-slow": fault_legit_slow,
    "leak": fault_leak,
    "db-update": fault_db_update,
    "db-retry": fault_db_retry,
    "db-keep": fault_db_keep,
}

# The faults that come in the middle of an answer, this long after the first block: some
# servers send it when the event loop has its turn, not when they are given it.
BETWEEN_BLOCKS = 0.01
BROKEN_OFF = {**blocking.BROKEN_OFF, "wedge-midstream": fault_wedge}


async def misbehave(nonce, name, fault):
    blocking.write_receipt(nonce, name, "start")
    try:
        waiting = fault()
        if waiting is not None:
            await waiting
    finally:
        # Also when the server cancels the task.
        blocking.write_receipt(nonce, name, "end")


# The requests. Each gets the scope and both channels, and gives (status, content type,
# blocks of the body); None for a request that is not in the contract; ANSWERED where it
# has sent all that there is to send.

ANSWERED = object()


async def ping(scope, receive, send):
    return blocking.ping(None)


async def victim(scope, receive, send):
    nonce = nonce_of(scope)
    return nonce and blocking.victim_answer(nonce)


async def sleep(scope, receive, send):
    nonce = nonce_of(scope)
    ms = parameter(scope, "ms")
    if not nonce or not re.fullmatch("[0-9]{1,5}", ms) or int(ms) > blocking.MAX_SLEEP_MS:
        return None
    await misbehave(nonce, "sleep", lambda: nap(int(ms) / 1000))
    return blocking.victim_answer(nonce)


async def fault(scope, receive, send):
    nonce = nonce_of(scope)
    name = scope["path"][len("/fault/") :]
    if nonce and name in BROKEN_OFF:
        await begin(send, "200 OK", "text/plain")
        await give(send, blocking.victim_answer(nonce)[2][0])
        await asyncio.sleep(BETWEEN_BLOCKS)
        await misbehave(nonce, name, BROKEN_OFF[name])
        await end(send)
        return ANSWERED
    if not nonce or name not in FAULTS:
        return None
    await misbehave(nonce, name, FAULTS[name])
    return blocking.victim_answer(nonce, blocking.SIZES.get(name, blocking.VICTIM_BYTES))


async def upload(scope, receive, send):
    nonce = nonce_of(scope)
    if not nonce:
        return None
    size, digest, more = 0, hashlib.sha256(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return ANSWERED  # nobody is left who could take an answer
        block = message.get("body", b"")
        size += len(block)
        digest.update(block)
        more = message.get("more_body", False)
    return blocking.json_answer({"nonce": nonce, "bytes": size, "sha256": digest.hexdigest()})


async def download(scope, receive, send):
    """16 MiB out of one block, so that only the server holds more of it."""
    if not nonce_of(scope):
        return None
    return "200 OK", "application/octet-stream", [blocking.DOWNLOAD_BLOCK] * blocking.DOWNLOAD_BLOCKS


async def stream(scope, receive, send):
    """An answer that ends when its client leaves, of a block each tenth of a second."""
    nonce = nonce_of(scope)
    if not nonce:
        return None
    await begin(send, "200 OK", "text/plain")
    left = asyncio.ensure_future(disconnected(receive))
    try:
        while not left.done():
            await give(send, blocking.victim_answer(nonce)[2][0])
            await asyncio.wait({left}, timeout=0.1)
    finally:
        left.cancel()
    await end(send)
    return ANSWERED


async def disconnected(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


def parameter(scope, name):
    values = parse_qs(scope["query_string"].decode("latin-1")).get(name)
    return values[0] if values else ""


def nonce_of(scope):
    nonce = parameter(scope, "nonce")
    return nonce if blocking.NONCE.fullmatch(nonce) else None


async def begin(send, status, content_type, length=None):
    headers = [(b"content-type", content_type.encode()), (b"x-benchrun-pid", b"%d" % os.getpid())]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": int(status[:3]), "headers": headers})


async def give(send, block):
    await send({"type": "http.response.body", "body": block, "more_body": True})


async def end(send, block=b""):
    await send({"type": "http.response.body", "body": block, "more_body": False})


ROUTES = {
    ("GET", "/ping"): ping,
    ("GET", "/victim"): victim,
    ("GET", "/sleep"): sleep,
    ("POST", "/upload"): upload,
    ("GET", "/download"): download,
    ("GET", "/stream"): stream,
}


async def lifespan(receive, send):
    """Says that the app is ready, and at the end that it has nothing to put away."""
    message = {}
    while message.get("type") != "lifespan.shutdown":
        message = await receive()
        await send({"type": message["type"] + ".complete"})


async def application(scope, receive, send):
    """The ASGI callable."""
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    if scope["type"] != "http":
        raise ValueError("benchrun's app does not speak " + scope["type"])
    method, path = scope["method"], scope["path"]
    handler = ROUTES.get((method, path))
    if handler is None and method == "GET" and path.startswith("/fault/"):
        handler = fault
    answer = handler and await handler(scope, receive, send)
    if answer is ANSWERED:
        return
    status, content_type, blocks = answer or ("404 Not Found", "text/plain", [b"not found\n"])
    length = sum(map(len, blocks))
    if answer and path == "/fault/short-body":
        length *= 2  # the other half never comes
    elif answer and path == "/fault/long-body":
        length //= 2  # the other half comes all the same
    await begin(send, status, content_type, length)
    for block in blocks[:-1]:
        await give(send, block)
    await end(send, blocks[-1])
