#!/usr/bin/env bash
# waitress 3.0.2: after about a hundred requests that end in SystemExit, nobody is served again.
#
# HTTPChannel.service() catches Exception. What is a BaseException but no Exception
# (SystemExit from sys.exit(), asyncio.CancelledError) passes by, and what service() does
# at the end of a request is not done. The client gets no answer. The channel counts as
# busy for good: waitress does not read from it, so it does not notice that the client has
# gone, and the clean-up of idle channels skips it. With the default connection_limit of
# 100, that is the end.
#
# Expected: an answer with status 500, or at least the end of the connection.
# Actual:   no answer (000) to that request, and after a hundred of them none to any other.
# Exit code: 1 if nobody is served at the end, 0 if somebody is, 125 if the script could
#            not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${server-} 2>/dev/null; wait 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install waitress==3.0.2 || exit 125
cat > app.py <<'END'
import sys

def application(environ, start_response):
    if environ["PATH_INFO"] == "/exit":
        sys.exit("a library thinks that it is a command")
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\n"]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/waitress-serve --listen "127.0.0.1:$port" --channel-timeout 5 --cleanup-interval 2 app:application > log 2>&1 &
server=$!
sleep 2
ask() { curl -s -m "$1" -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$2"; }
[ "$(ask 2 /)" = 200 ] || { tail -3 log; exit 125; }

echo "a request that ends in SystemExit gets, within 5 s: $(ask 5 /exit)"
for _ in $(seq 100); do ask 0.2 /exit > /dev/null; done    # one after another; each client leaves
sleep 15                                                   # three times the channel timeout
echo "15 s after the last client has left, the server has $(ls -l "/proc/$server/fd" | grep -c socket) sockets"
grep -o 'no longer accepting new connections' log | tail -1
answer=$(ask 5 /)
echo "actual: an ordinary request gets, within 5 s: $answer"
[ "$answer" = 200 ]
