#!/usr/bin/env bash
# gunicorn 27.0.1: a temporary folder that is full for a moment ends the whole server.
#
# Each new worker gets a heartbeat file, which the arbiter creates. If it cannot be
# created when a dead worker is to be replaced, the arbiter does not catch the OSError:
# "Unhandled exception in main loop". It ends, and takes the sound workers with it.
#
# Expected: the arbiter tries again later, and the other workers go on.
# Actual:   the arbiter ends with code 255, and all 4 workers are gone.
# Exit code: 1 if the server ends, 0 if it lives, 125 if the script could not try.
# Needs bash, Python 3 with venv, user namespaces (unshare) or root, curl and PyPI. Seen with
# Python 3.11 on Debian 12.
set -u
own="unshare --user --map-root-user --mount"    # mounts of its own
[ "${1-}" = inside ] || { $own true || exit 125; exec $own bash "$0" inside; }
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${pids-} 2>/dev/null; cd /; umount "$work/tmp" 2>/dev/null; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install gunicorn==27.0.1 || exit 125
mkdir tmp
cat > app.py <<'END'
import os

def application(environ, start_response):
    start_response("200 OK", [])
    return [b"worker %d\n" % os.getpid()]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/gunicorn --workers 4 --worker-tmp-dir tmp --bind "127.0.0.1:$port" app:application > log 2>&1 &
master=$!
sleep 3
workers=$(cat "/proc/$master/task/$master/children") pids="$master $workers"
[ "$(wc -w <<< "$workers")" = 4 ] || { tail -3 log; exit 125; }
curl -s "http://127.0.0.1:$port/"

mount -t tmpfs -o nr_inodes=1 none tmp || exit 125    # a file system without room for a file
kill -9 ${workers%% *}                                # one of four workers dies
sleep 1
umount tmp                                            # there is room again
sleep 2

grep -A30 'Unhandled exception' log | grep -E 'Unhandled|Error|mkstemp'
if kill -0 "$master" 2>/dev/null; then
	echo "actual: the arbiter lives" && curl -s "http://127.0.0.1:$port/" && exit 0
fi
wait "$master"
echo "actual: the arbiter ended with code $?, and with it $(for w in $workers; do kill -0 $w 2>/dev/null || echo gone; done | wc -l) of 4 workers"
exit 1
