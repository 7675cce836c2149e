#!/usr/bin/env bash
{{range .About}}# {{.}}
{{end}}set -eum
here=$(mktemp -d) && mkdir "$here/app" "$here/work"
trap 'exit 2' HUP INT TERM; trap 'rm -rf "$here"; exit 2' EXIT
{{.Python}} -m venv "$here/env"
{{with .Pip}}"$here/env/bin/pip" install -q {{.}}; {{end}}"$here/env/bin/pip" freeze
cat >"$here/app/app.py" <<'END'
{{with .Definitions}}{{.}}

{{end}}def application(environ, start_response):
    blocks = [b"ok"]
{{with .Fault}}    if environ["PATH_INFO"] == "/fault": {{.}}
{{end}}    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(sum(map(len, blocks))))])
    return blocks
END
port=$("$here/env/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$here/app"; ulimit -n 8192 || true; export no_proxy='*'{{range .Env}} {{.}}{{end}}
{{.Command}} </dev/null >"$here/log" 2>&1 &
trap "exec 2>/dev/null; set +e; kill -- -$! \$(jobs -p); sleep 2; kill -9 -- -$!; rm -rf '$here'" EXIT
"$here/env/bin/python" - "$port" <<'END' &
import socket, sys, threading, time, urllib.request
PORT, RATE, SECONDS = int(sys.argv[1]), {{.Rate}}, {{.Seconds}}  # ordinary requests a second, and for how long

def get(path, patience=None, body=None):
    return urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", body, patience).read()

def ordinary(due, served):
    if get("/", 2) == b"ok" and time.monotonic() < due + 1:
        served.append(due)

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
{{end}}if not any(percent_served(2) >= 98 for _ in range(5)):
    print("not even served before the first fault; the server says:", open("../log").read()[-2000:], sep="\n")
    sys.exit({{if .Broken}}3{{else}}2{{end}})
{{if .Before}}for _ in range({{.Before}}):  # the slots that an hour of the fault would hold, less a few
    start(misbehave)
    time.sleep(0.01)
any(percent_served(1) >= 98 for _ in range(3))
{{end}}served = percent_served(SECONDS, {{.Each}})
print(f"expected: at least 98 % answered within 1 s\nactual:   {int(10 * served) / 10} % of {RATE * SECONDS}")
{{if .Honest}}print(f"the {{.Faults}} other requests are honest: {sum(right)} of them got a right answer")
{{end}}sys.exit(3 if served < 98{{if .Honest}} or sum(right) < {{.Least}}{{end}} else 0)
END
wait $! || exit $(($? == 3 ? 1 : 2))
