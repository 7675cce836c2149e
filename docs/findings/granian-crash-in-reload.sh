#!/usr/bin/env bash
# granian 2.8.9: one worker that dies during a reload ends the whole server, although
# --respawn-failed-workers is set.
#
# The main process notes that the worker has died, and goes on with the reload, which
# replaces this worker too. Then it looks at its notes: a worker that it started less than
# 5.5 s ago is said to have died. "Worker crash loop detected, exiting". But the one that
# died was the old one. The same happens to a worker that dies while it is being replaced
# for its age or its memory (--workers-lifetime, --workers-max-rss).
#
# Expected: the worker has been replaced, and the server goes on.
# Actual:   "Worker crash loop detected, exiting", and no request is answered (000).
# Exit code: 1 if the server ends, 0 if it lives, 125 if the script could not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${main-} ${workers-} 2>/dev/null; wait 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install granian==2.8.9 || exit 125
cat > app.py <<'END'
import os

def application(environ, start_response):
    start_response("200 OK", [])
    return [b"worker %d\n" % os.getpid()]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/granian --interface wsgi --workers 2 --respawn-failed-workers --port "$port" app:application > log 2>&1 &
main=$!
sleep 3
second=$(grep -oP 'Spawning worker-2 with PID: \K\d+' log) || { tail -3 log; exit 125; }
curl -s "http://127.0.0.1:$port/" || { tail -3 log; exit 125; }

kill -9 "$second"    # without a reload, this costs nobody anything
sleep 7              # longer than the 5.5 s
workers=$(cat "/proc/$main/task/$main/children")
echo "without a reload: the worker was replaced"
second=$(grep -oP 'Spawning worker-2 with PID: \K\d+' log | tail -1)
curl -s "http://127.0.0.1:$port/" || { tail -3 log; exit 125; }

kill -HUP "$main"    # replaces worker-1, then worker-2, 3.5 s each
sleep 1
kill -9 "$second"    # the old worker-2, before its turn
sleep 11
sed -n '/HUP signal/,$p' log
if kill -0 "$main" 2>/dev/null; then
	workers=$(cat "/proc/$main/task/$main/children")
	echo "actual: the server lives" && curl -s "http://127.0.0.1:$port/" && exit 0
fi
wait "$main"
echo "actual: the server ended with code $?, and a request gets: $(curl -s -m 3 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"
exit 1
