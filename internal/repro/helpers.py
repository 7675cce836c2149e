"""What the client of a script may need. A script gets only the functions that its faults
and its expectations name, and those that these need (targets.ExcerptOf).

The script itself has PORT, RATE and SECONDS; LIMIT, the seconds that the server has after
the last fault; server, its first process; and start, serve, get, unserved and misbehave."""

import fcntl
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

errors = []
right = []
held = []
blocked = []
asked = []
over = []
stopped = []
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
