"""What the client of a script may need. A script gets only the functions that its faults
and its expectations name, and those that these need (targets.ExcerptOf).

The script itself has PORT, RATE and SECONDS; LIMIT, the seconds that the server has after
the last fault; server, its first process; and start, serve, get, unserved and misbehave."""

import fcntl
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.client import HTTPResponse

import psycopg

errors = []
right = []
held = []
blocked = []
asked = []
over = []
stopped = []
told = []
turns = []
hung = []
let_go = []
pairs = []
reused = []
cut = []
answered = set()


def not_late(error):  # a slow machine cannot have caused it
    return not isinstance(getattr(error, "reason", error), socket.timeout)


def processes():  # of the server's session
    stats = subprocess.run("cat /proc/[0-9]*/stat", shell=True, capture_output=True, text=True).stdout
    return {int(pid) for pid in re.findall(rf"^(\d+) \(.*\) [^Z] \d+ \d+ {server.pid} ", stats, re.M)}


def workers():  # the processes of its session that have answered and others of their kind: their states
    stats = subprocess.run("cat /proc/[0-9]*/stat", shell=True, capture_output=True, text=True).stdout
    found = re.findall(rf"^(\d+) (\(.*\)) ([^Z]) (\d+) \d+ {server.pid} ", stats, re.M)
    kinds = {(name, parent) for pid, name, state, parent in found if int(pid) in answered}
    return {int(pid): state for pid, name, state, parent in found if (name, parent) in kinds}


def memory():  # MiB of each process of the server
    stats = subprocess.run("cat /proc/[0-9]*/stat", shell=True, capture_output=True, text=True).stdout
    return {int(pid): int(pages) / 256 for pid, pages in re.findall(rf"^(\d+) \(.*\) [^Z] \d+ \d+ {server.pid} (?:\S+ ){{17}}(\d+)", stats, re.M)}


def usage():  # how many processes the server has, and their descriptors, threads and MiB of memory
    at = [f"/proc/{pid}/" for pid in processes()]
    files, threads = (sum(len(os.listdir(one + of)) for one in at) for of in ("fd", "task"))
    return len(at), files, threads, sum(int(re.search(r"Pss: +(\d+)", open(one + "smaps_rollup").read())[1]) / 1024 for one in at)


def burnt():  # the seconds of CPU that the server's processes have used, and the MB in its log
    fields = [open(f"/proc/{pid}/stat").read().rpartition(")")[2].split() for pid in processes()]
    return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK"), os.path.getsize("../log") / 1e6


def surge(step, counts):  # so many requests in each step of so many seconds
    begun = time.monotonic()
    for at in [begun + step * (i + (j + 0.5) / n) for i, n in enumerate(counts) for j in range(n)]:
        time.sleep(max(0, at - time.monotonic()))
        start(misbehave)


def piped():  # where the server writes to: a pipe that goes into the log until it is blocked
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, 1031, 4096)  # F_SETPIPE_SZ
    start(copy, read_end)
    return write_end


def copy(pipe):
    while not blocked and os.write(LOG, os.read(pipe, 4096)): pass


LOG = os.open("../log", os.O_WRONLY | os.O_CREAT)


def who():  # the process that answers; 0 = none
    try: return int(urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", None, 1).headers["Worker"])
    except Exception: return 0


def serves():  # five times in a row within 10 s
    row, end = 0, time.monotonic() + 10
    while row < 5 and server.poll() is None and time.monotonic() < end: row = row + 1 if who() in processes() else time.sleep(0.05) or 0
    return row == 5


def lock_row():  # of the app's database, until the connection ends
    locker = psycopg.connect()
    locker.execute("SELECT sold FROM item WHERE id = 1 FOR UPDATE")
    return locker


def database():  # its first process
    return int(open(os.environ["PGDATA"] + "/postmaster.pid").readline())


def answer_of(client, request, patience):  # its status and its body; an exception if it is not whole
    client.settimeout(patience)
    client.sendall(request)
    answer = HTTPResponse(client)
    answer.begin()
    return answer.status, answer.read()


def can_tell(request, patience=5):  # whether the client of an answer that breaks off can tell that it is not whole
    client = socket.create_connection(("127.0.0.1", PORT))
    try: return not 200 <= answer_of(client, request, patience)[0] < 300
    except socket.timeout: return False  # it waits for the rest
    except Exception: return True


def closed():  # how many answers that break off the server has closed
    try: return os.path.getsize("app.py.closed")
    except FileNotFoundError: return 0


def refused(text):  # the server says that it does not take such a body
    return text[9:12] in (b"411", b"413", b"417")


def keep_open():  # a connection that stays open after its answer
    client = socket.create_connection(("127.0.0.1", PORT))
    assert answer_of(client, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n", 5)[1] == b"ok"
    return client


OFFSETS = [-0.1, 0, -0.05, 0.005, -0.02, 0.02, -0.005, 0.05]  # seconds from the end of the idle timeout

LONG = b"a" * 100_000
HEAD = b" HTTP/1.1\r\nHost: x\r\n"
GETS = [b"X-Long: " + LONG, b"X-Many: a\r\n" * 1999 + b"X-Many: a", b"no colon", b"X-Space : a", b"X-Folded: a\r\n b", b"X-Nul: a\0b"]
SIZES = [(b"-1", b""), (b"0x10", b"a"), (b"1\r\nContent-Length: 2", b"ab"), (b"4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n")]
CHUNKS = [b"zz\r\na\r\n0\r\n\r\n", b"-1\r\na\r\n0\r\n\r\n", b"1\r\nabc0\r\n\r\n"]
WHOLE = [b"GET /" + LONG + HEAD + b"\r\n", LONG[:10_000] + b" /" + HEAD + b"\r\n", b"GET /\0" + HEAD + b"\r\n", b"GET /%zz?nonce=%f" + HEAD + b"\r\n",
         b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"GET\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
         b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4" + bytes(5),
         *(b"GET /" + HEAD + line + b"\r\n\r\n" for line in GETS), b"POST /fault" + HEAD + b"Transfer-Encoding: benchrun\r\n\r\na",
         *(b"POST /fault" + HEAD + b"Content-Length: %b\r\n\r\n%b" % size for size in SIZES),
         *(b"POST /fault" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body for body in CHUNKS)]
PROMISING = [(b"GET /" + HEAD + b"\r\n").replace(b"\r", b""), (b"GET /" + HEAD + b"\r\n").replace(b"\n", b""), b"\r\n" * 1000,  # a server may wait for the rest
             b"POST /fault" + HEAD + b"Content-Length: 99999999999999999999\r\n\r\na", b"POST /fault" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n",
             b"\x16\3\1\0\x2d\1\0\0\x29\3\3" + b"benchrun" * 4 + b"\0\0\2\0\x2f\1\0", os.urandom(2048)]
