#!/usr/bin/env bash
# waitress 3.0.2: while no descriptor is free, it burns a CPU and fills the disk with its log.
#
# If accept() fails with EMFILE, BaseWSGIServer.handle_accept() logs a warning with a
# traceback and returns. The connection is still in the queue, so select() returns at
# once, and so on, thousands of times a second, for as long as a client waits. An app that leaks
# descriptors gets there (connection_limit of 100 does not help), and so does a low
# RLIMIT_NOFILE.
#
# Expected: a pause before the next accept(), and one line in the log.
# Actual:   the log grows by 5 to 6 MB/s, and the server uses most of a CPU.
# Exit code: 1 if the log grows by more than 100 kB/s, 0 if not, 125 if the script could
#            not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${server-} 2>/dev/null; wait 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install waitress==3.0.2 || exit 125
cat > app.py <<'END'
leaked = []

def application(environ, start_response):
    try:
        while environ["PATH_INFO"] == "/leak":
            leaked.append(open("/dev/null"))
    except OSError:
        pass
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\n"]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(ulimit -n 64; exec env/bin/waitress-serve --listen "127.0.0.1:$port" app:application > log 2>&1) &
server=$!
sleep 2
curl -s -m 2 "http://127.0.0.1:$port/" || { tail -3 log; exit 125; }
exec 3<> "/dev/tcp/127.0.0.1/$port"
printf 'GET /leak HTTP/1.1\r\nHost: x\r\n\r\n' >&3    # takes all that is free; the connection stays open
sleep 1
curl -s -m 12 "http://127.0.0.1:$port/" & client=$!   # one client that waits
sleep 1
cpu() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }    # in hundredths of a second
size=$(stat -c %s log) used=$(cpu)
sleep 10
rate=$(( ($(stat -c %s log) - size) / 10 )) used=$(( ($(cpu) - used) / 10 ))
kill "$client" 2> /dev/null
grep -a -m1 'Too many open files' log
echo "actual: with one client waiting, the log grows by $((rate / 1000)) kB/s, and the server uses $used % of a CPU"
[ "$rate" -le 100000 ]
