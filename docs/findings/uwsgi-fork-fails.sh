#!/usr/bin/env bash
# uWSGI 2.0.31: a worker that could not be forked once is never started again.
#
# A worker dies while the kernel refuses new processes for a moment (RLIMIT_NPROC here; a
# pids cgroup or lack of memory do the same). The master tries to fork once, logs the
# error, and then counts the worker as running. Each such moment costs a worker for good.
#
# Expected: the master tries again.
# Actual:   after four such moments none of 4 workers is left, and no request is answered (000).
# Exit code: 1 if the worker is still missing after 10 s, 0 if it was replaced, 125 if the
#            script could not try.
# Run it as an ordinary user: the limit does not hold for root.
# Needs bash, Python 3 with venv and headers, a C compiler, prlimit, curl and PyPI. Seen with
# Python 3.11 on Debian 12.
set -u
[ "$(id -u)" != 0 ] || { echo "run this as an ordinary user" >&2; exit 125; }
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${master-} $(cat "/proc/${master-0}/task/${master-0}/children" 2>/dev/null) 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install uwsgi==2.0.31 || exit 125
cat > app.py <<'END'
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"ok\n"]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/uwsgi --master --processes 4 --http-socket "127.0.0.1:$port" --wsgi-file app.py > log 2>&1 &
master=$!
workers() { cat "/proc/$master/task/$master/children"; }
sleep 3
soft=$(prlimit --pid "$master" --nproc --noheadings --output SOFT | tr -d " ")
[ "$(workers | wc -w)" = 4 ] || { tail -3 log; exit 125; }
for round in 1 2 3 4; do
	prlimit --pid "$master" --nproc=0:       # no further process, for two seconds
	kill -9 $(workers | cut -d' ' -f1)       # one worker dies
	sleep 2
	prlimit --pid "$master" --nproc="$soft:" 2>/dev/null
	sleep 2
	echo "after moment $round: $(workers | wc -w) workers"
done
sleep 10
grep -i 'fork' log | tail -2
echo "actual: 10 s later there are $(workers | wc -w) of 4 workers, and a request gets: $(curl -s -m 3 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"
[ "$(workers | wc -w)" = 4 ]
