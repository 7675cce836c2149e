#!/usr/bin/env bash
{{range .About}}# {{.}}
{{end}}set -eum
leave() {
    trap '' HUP INT TERM; set +e; exec 2>/dev/null
    [ -z "$server" ] || { kill -- -$server $(jobs -p); sleep 2; kill -9 -- -$server $(jobs -p); wait; }
    rm -rf "$here"; exit $result
}
here= server= result=125; trap leave EXIT; trap 'result=130; exit' HUP INT TERM
here=$(mktemp -d); export TMPDIR=$here; mkdir "$here/app" "$here/work"; "${PYTHON:-python3}" -m venv{{if not .Pip}} --without-pip{{end}} "$here/env"
{{if .Pip}}(($#)) || set -- {{.Pip}}; "$here/env/bin/pip" install -q "$@"; "$here/env/bin/pip" freeze
{{end}}cat >"$here/app/app.py" <<'END'
{{with .Definitions}}{{.}}

{{end}}def application(environ, start_response):
    blocks = [b"ok"]
{{with .Fault}}    if environ["PATH_INFO"] == "/fault": {{.}}
{{end}}    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(sum(map(len, blocks))))])
    return blocks
END
cd "$here/app"; ulimit -Sn 8192 || true; port=$("$here/env/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env -i PATH="$here/env/bin:$PATH" HOME="$here/work" TMPDIR="$here/work" LANG=C.UTF-8 PYTHONUNBUFFERED=1{{range .Env}} {{.}}{{end}} \
    {{.Command}} </dev/null >"$here/log" 2>&1 & server=$!
no_proxy='*' "$here/env/bin/python" - "$port" <<'END' &
import socket, sys, threading, time, urllib.request
PORT, RATE, SECONDS = int(sys.argv[1]), {{.Rate}}, {{.Seconds}}  # ordinary requests a second, and for how long

def get(path, patience=None, body=None):
    return urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", body, patience).read()

def ordinary(due, served):
    if get("/", 2) == b"ok" and time.monotonic() < due + 1: served.append(due)

def misbehave():
{{.Client}}

def start(what, *args):
    threading.Thread(target=what, args=args, daemon=True).start()

def percent_served(seconds, each=0):
    served, begun = [], time.monotonic()
    for i in range(RATE * seconds):  # each when it is due, whatever became of those before it
        time.sleep(max(0, begun + i / RATE - time.monotonic()))
        start(ordinary, begun + i / RATE, served)
        if each and i % each == min(each, 2 * RATE) // 2: start({{if .Honest}}lambda: right.append(misbehave()){{else}}misbehave{{end}})
    time.sleep(2.5)
    return 100 * len(served) / (RATE * seconds)

threading.excepthook = lambda _: None  # what breaks off was not answered
{{if .Honest}}right = []
{{end}}if not any(percent_served(1) >= 98 for _ in range(5)):
    print("not even served before the first fault; the server says:", open("../log").read()[-2000:], sep="\n")
    sys.exit({{if .Broken}}3{{else}}2{{end}})
{{if .Before}}for _ in range({{.Before}}): start(misbehave), time.sleep(0.01)  # the slots that an hour of the fault would hold, less a few
any(percent_served(1) >= 98 for _ in range(3))
{{end}}served = percent_served(SECONDS, {{.Each}})
print(f"expected: at least 98 % answered within 1 s\nactual:   {int(10 * served) / 10} % of {RATE * SECONDS}")
{{if .Honest}}print(f"expected: a right answer to at least {{.Least}} of {{.Faults}} honest requests beside them\nactual:   to {right.count(True)}")
{{end}}sys.exit(3 if served < 98{{if .Honest}} or right.count(True) < {{.Least}}{{end}} else 0)
END
wait $! && result=0 || result=$(($? == 3 ? 1 : 125))
