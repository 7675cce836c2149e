#!/usr/bin/env bash
# gunicorn 27.0.1, gthread: a request that calls sys.exit() ends its worker, and with exit
# code 3 the whole server.
#
# ThreadWorker.handle() catches Exception, so SystemExit goes into the future. The main
# thread takes it out in finish_request(), which catches Exception too. So it leaves the
# main loop, and the process ends with the code that the app has given. 3 and 4 are the
# codes by which the arbiter knows a worker that cannot boot: it shuts the server down.
# The sync worker answers the same request with 500 and goes on.
#
# Expected: an answer with status 500, as from the sync worker.
# Actual:   no answer (000), the server ends with code 3, and nobody is served.
# Exit code: 1 if the server ends, 0 if it lives, 125 if the script could not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${master-} $(cat "/proc/${master-0}/task/${master-0}/children" 2>/dev/null) 2>/dev/null; wait 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install gunicorn==27.0.1 || exit 125
cat > app.py <<'END'
import sys

def application(environ, start_response):
    if environ["PATH_INFO"] == "/exit":
        sys.exit(3)
    start_response("200 OK", [])
    return [b"ok\n"]
END
serve() {    # with the worker class $1
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	env/bin/gunicorn --worker-class "$1" --threads "$2" --workers 4 --bind "127.0.0.1:$port" app:application > "log.$1" 2>&1 &
	master=$!
	sleep 3
	[ "$(ask /)" = 200 ] || { tail -3 "log.$1"; exit 125; }
	echo "$1: a request that calls sys.exit(3) gets: $(ask /exit)"
	sleep 2
}
ask() { curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$1"; }

serve sync 1
echo "sync: the next request gets: $(ask /)"
kill "$master" && wait "$master"
serve gthread 4
grep -E 'exited with code|Shutting down|Reason' log.gthread
if kill -0 "$master" 2>/dev/null; then
	echo "actual: the server lives, and the next request gets: $(ask /)" && exit 0
fi
wait "$master"
echo "actual: the server ended with code $?, and the next request gets: $(ask /)"
exit 1
