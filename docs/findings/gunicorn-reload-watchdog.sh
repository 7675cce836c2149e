#!/usr/bin/env bash
# gunicorn 27.0.1: while a reload waits for one stuck worker, the watchdog is off.
#
# On SIGHUP the arbiter starts new workers, asks the old ones to end, and waits for them
# inside Arbiter.reload(), for up to --graceful-timeout (30 s by default). Meanwhile it
# neither looks for workers that are silent for longer than --timeout nor starts workers.
# One old worker that is stuck makes it wait for all of the 30 s. New workers that get
# stuck in that time are not killed, although --timeout is 3 s.
#
# Expected: --timeout holds during a reload too.
# Actual:   it answers again after 3 s without a reload, and after 28 to 29 s during one.
# Exit code: 1 if the server answers later than 15 s after its workers got stuck during a
#            reload, 0 if it answers earlier, 125 if the script could not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${master-} $(cat "/proc/${master-0}/task/${master-0}/children" 2>/dev/null) 2>/dev/null; wait 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install gunicorn==27.0.1 || exit 125
cat > app.py <<'END'
import threading

def application(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    start_response("200 OK", [])
    return [b"ok\n"]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/gunicorn --workers 2 --timeout 3 --bind "127.0.0.1:$port" app:application > log 2>&1 &
master=$!
sleep 3
answers() { curl -sf -m 1 -o /dev/null "http://127.0.0.1:$port/"; }
stuck() { for _ in $(seq "$1"); do curl -s -m 60 "http://127.0.0.1:$port/stuck" > stuck.txt & done; sleep 0.5; }
outage() { SECONDS=0; until answers || [ $SECONDS -gt 60 ]; do sleep 0.2; done; echo $SECONDS; }
answers || { tail -3 log; exit 125; }

stuck 2
echo "without a reload: both workers are stuck, and the server answers again after $(outage) s"
sleep 6    # until the new workers have settled
stuck 1
kill -HUP "$master"
sleep 1
answers || { tail -3 log; exit 125; }    # the new workers serve
stuck 2
seconds=$(outage)
echo "actual: during a reload that waits for a stuck worker, it answers again after $seconds s"
grep -E 'hup|TIMEOUT' log | tail -4
[ "$seconds" -le 15 ]
