#!/usr/bin/env bash
# granian 2.8.9: after the main process was killed, a second start shares the port with
# the workers of the first one, and old and new code answer by turns.
#
# The workers do not notice that their main process is gone. They keep the listening
# socket, which has SO_REUSEPORT, so the same command can be started again and reports
# nothing. The kernel spreads connections over both.
#
# Expected: the workers end with their main process, or the second start fails to bind.
# Actual:   the second start reports nothing, and about half of the answers are the old workers'.
# Exit code: 1 if both answer, 0 if only the second start does, 125 if the script could
#            not try.
# Needs bash, Python 3 with venv, curl and PyPI. Seen with Python 3.11 on Debian 12.
set -u
work=$(mktemp -d) && cd "$work" || exit 125
trap 'kill -9 ${pids-} 2>/dev/null; cd /; rm -rf "$work"' EXIT
python3 -m venv env && env/bin/pip -q install granian==2.8.9 || exit 125
cat > app.py <<'END'
import os
RELEASE = os.environ["RELEASE"]

def application(environ, start_response):
    start_response("200 OK", [])
    return [RELEASE.encode() + b"\n"]
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
serve() {
	RELEASE=$1 env/bin/granian --interface wsgi --workers 2 --port "$port" app:application > "log.$1" 2>&1 &
	main=$!
	sleep 3
	workers=$(cat "/proc/$main/task/$main/children" 2>/dev/null)
	pids="${pids-} $main $workers"
}
serve old
curl -s "http://127.0.0.1:$port/" || { tail -3 log.old; exit 125; }
kill -9 "$main"    # the OOM killer, a supervisor that lost its patience
sleep 1
serve new
kill -0 "$main" || { tail -3 log.new; exit 125; }
answers=$(for _ in $(seq 100); do curl -s "http://127.0.0.1:$port/"; done | sort | uniq -c)
echo "actual: of 100 answers after the second start:"
echo "$answers"
grep -q new <<< "$answers" || exit 125
! grep -q old <<< "$answers"
