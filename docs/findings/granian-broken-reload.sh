#!/usr/bin/env bash
# granian 2.8.9: a reload that meets an app that cannot be loaded ends a service that worked.
#
# On SIGHUP the main process starts a new worker, waits --respawn-interval (3.5 s), and
# stops the old one. It sees the new worker die within a second ("Unexpected exit from
# worker-1"), and yet stops the old one, and then the next, until no sound worker is left.
#
# Expected: the reload stops at the first new worker that dies, and the old ones go on.
# Actual:   the old workers are stopped one after another, and no request is answered (000).
# Exit code: 1 if nobody serves at the end, 0 if somebody does, 125 if the script could
#            not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${main-} $(cat "/proc/${main-0}/task/${main-0}/children" 2>/dev/null) 2>/dev/null; wait 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install granian==2.8.9 || exit 125
cat > app.py <<'END'
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"ok\n"]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/granian --interface wsgi --workers 4 --respawn-failed-workers --port "$port" app:application > log 2>&1 &
main=$!
sleep 4
ask() { curl -s -m 3 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/"; }
[ "$(ask)" = 200 ] || { tail -3 log; exit 125; }

echo 'import a_module_that_is_missing' > app.py
kill -HUP "$main"
sleep 20
grep -E 'HUP|Unexpected exit|Stopped old|crash loop|Shutting' log
if kill -0 "$main" 2>/dev/null; then
	echo "the main process lives"
else
	wait "$main"
	echo "the server ended with code $?"
fi
answer=$(ask)
echo "actual: a request gets: $answer"
[ "$answer" = 200 ]
