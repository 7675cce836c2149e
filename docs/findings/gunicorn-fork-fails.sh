#!/usr/bin/env bash
# gunicorn 27.0.1: one fork that fails ends the whole server.
#
# A worker dies while the kernel refuses new processes for a moment (RLIMIT_NPROC here;
# a pids cgroup or lack of memory do the same). The arbiter calls os.fork(), gets
# BlockingIOError, and does not catch it: "Unhandled exception in main loop". It ends,
# and takes with it the workers that were sound.
#
# Expected: the arbiter tries again later, as it does when a worker dies at boot, and the
#           other workers go on.
# Actual:   the arbiter ends with code 255, and all 4 workers are gone.
# Exit code: 1 if the server ends, 0 if it lives, 125 if the script could not try.
# Run it as an ordinary user: the limit does not hold for root.
# Needs bash, Python 3 with venv, prlimit, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
[ "$(id -u)" != 0 ] || { echo "run this as an ordinary user" >&2; exit 125; }
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${pids-} 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install gunicorn==27.0.1 || exit 125
cat > app.py <<'END'
import os

def application(environ, start_response):
    start_response("200 OK", [])
    return [b"worker %d\n" % os.getpid()]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/gunicorn --workers 4 --bind "127.0.0.1:$port" app:application > log 2>&1 &
master=$!
sleep 3
soft=$(prlimit --pid "$master" --nproc --noheadings --output SOFT | tr -d " ")
workers=$(cat "/proc/$master/task/$master/children") pids="$master $workers"
[ "$(wc -w <<< "$workers")" = 4 ] || { tail -3 log; exit 125; }
curl -s "http://127.0.0.1:$port/"

prlimit --pid "$master" --nproc=0:    # no further process, for a second
kill -9 ${workers%% *}                # one of four workers dies
sleep 1
prlimit --pid "$master" --nproc="$soft:" 2>/dev/null
sleep 2

grep -A20 'Unhandled exception' log | grep -E 'Unhandled|Error|fork'
if kill -0 "$master" 2>/dev/null; then
	echo "actual: the arbiter lives" && curl -s "http://127.0.0.1:$port/" && exit 0
fi
wait "$master"
echo "actual: the arbiter ended with code $?, and with it $(for w in $workers; do kill -0 $w 2>/dev/null || echo gone; done | wc -l) of 4 workers"
exit 1
