#!/usr/bin/env bash
# mod_wsgi-express 6.1.1: after the parent was killed, a second start cannot bind, and
# breaks the service that was still there.
#
# Apache's child and the daemon process outlive their parent, and still answer. The same
# command, started again by a supervisor, ends with "Address already in use". Within
# seconds the answers become 502, and then there are none. Without the second start they
# go on: run the script with the argument "once".
#
# Expected: the children end with their parent, so that the second start can serve.
# Actual:   200 before the second start, 502 within 5 s of it, and then no answer (000).
# Exit code: 1 if nobody serves at the end, 0 if somebody does, 125 if the script could
#            not try.
# Needs bash, Python 3 with venv and headers, a C compiler, Apache with its headers, pgrep,
# curl and PyPI. Seen with Python 3.11 and Apache 2.4 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
left() { pgrep -f "$work/root"; }
trap 'kill -9 $(left) 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install mod_wsgi==6.1.1 || exit 125
cat > app.py <<'END'
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"ok\n"]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

serve() { env/bin/mod_wsgi-express start-server app.py --host 127.0.0.1 --port "$port" --server-root "$work/root" --locale C.UTF-8 --log-to-terminal; }
ask() { curl -s -m 10 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/"; }
serve > log 2>&1 &
sleep 4
[ "$(ask)" = 200 ] || { tail -3 log; exit 125; }
kill -9 "$(cat root/httpd.pid)"
sleep 2
echo "the parent is killed, its children answer: $(ask)"
if [ "${1-}" != once ]; then
	serve > log2 2>&1
	echo "the second start ended with code $?: $(grep -o 'Address already in use' log2)"
fi
for s in 5 10 15 20; do sleep 5; echo "$s s later: $(ask)"; done
[ "$(ask)" = 200 ]
