#!/usr/bin/env bash
{{range .About}}# {{.}}
{{end}}set -eum
{{with .First}}{{.}}
{{end}}leave() {
    trap '' HUP INT TERM; set +e; exec 2>/dev/null; kill -9 $(jobs -p); wait
    kill -- $(cat "$here/groups") && { sleep 2; kill -9 -- $(cat "$here/groups"); sleep 0.2; }
    {{if .Drivers}}kill -CONT $(head -1 "$here/work/db/postmaster.pid"); ${as-} "$bin/pg_ctl" -sD "$here/work/db" -m immediate stop; {{end}}{{if .OwnTmp}}umount -l "$here/work/tmp"; {{end}}rm -rf "$here"; exit $result
}
here= result=125; trap leave EXIT; trap 'result=130; exit' HUP INT TERM
umask 22; here=$(mktemp -d); export TMPDIR=$here; mkdir -p "$here/app" "$here/work{{if .OwnTmp}}/tmp{{end}}"; as="setpriv --reuid=65534 --regid=65534 --clear-groups"; ((UID == 0)) && $as true{{if .OwnTmp}} 2>/dev/null || { as="unshare -U --map-user=65534 --map-group=65534"; $as true; }{{end}} || as=  # root starts the server as nobody
"${PYTHON:-$($as bash -c "command -v python3")}" -m venv{{if not (or .Pip .Drivers)}} --without-pip{{end}} "$here/env"; [ ! "$as" ] || { chmod 711 "$here"; chown -R 65534:65534 "$here/app" "$here/work"{{if .OwnTmp}} 2>/dev/null || true{{end}}; $as env "$here/env/bin/python" -c "" || as=; }
{{if .Pip}}(($#)) || set -- {{.Pip}}; "$here/env/bin/pip" install -q "$@"{{with .Drivers}} {{.}}{{end}}; "$here/env/bin/pip" freeze
{{else if .Drivers}}"$here/env/bin/pip" install -q {{.Drivers}}
{{end}}{{if .Drivers}}unset ${!PG*}; export as bin PGDATA="$here/work/db" PGHOST="$here/work" PGUSER=postgres PGDATABASE=postgres
$as "$bin/initdb" -A trust -U postgres -E UTF8 --no-locale -N >/dev/null; $as "$bin/pg_ctl" -sw -l "$PGDATA/log" -o "-F -h '' -k '$PGHOST'" start
"$bin/psql" -Xqc "CREATE TABLE item (id int PRIMARY KEY, sold int NOT NULL); INSERT INTO item VALUES (1, 0); CREATE ROLE app LOGIN; GRANT SELECT, UPDATE ON item TO app"
{{end}}cat >"$here/app/app.py" <<'END'
{{with .Definitions}}{{.}}

{{end}}{{if .Drivers}}ATTEMPT = {"database": os.path.abspath(__file__ + "/../../work")}

{{end}}{{if .Boot}}exec(open(__file__[:-6] + "boot").read())

{{end}}def application(environ, start_response):
    blocks = [b"ok"]
{{range .Routes}}    if environ["PATH_INFO"] == "{{.Path}}": {{.App}}
{{end}}    start_response("200 OK", [("Content-Type", "text/plain"), {{if .Worker}}("Worker", str(os.getpid())), {{end}}("Content-Length", str(sum(map(len, blocks))))])
    return blocks
END
cd "$here/app"; {{if .Boot}}>boot; {{end}}ulimit -Sn 8192 || true; port=$("$here/env/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
no_proxy='*' "$here/env/bin/python" - "$port" $as env -i PATH="$here/env/bin:$PATH" HOME="$here/work" TMPDIR="$here/work{{if .OwnTmp}}/tmp{{end}}" LANG=C.UTF-8 PYTHONUNBUFFERED=1{{range .Env}} {{.}}{{end}} \
    {{.Command}} <<'END' &
{{.Client}}
END
wait $! && result=0 || result=$(($? == 3 ? 1 : 125)); case $result in 0) echo "the failure does not show";; 1) echo "the failure shows";; esac
