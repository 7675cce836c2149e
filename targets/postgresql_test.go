package targets

import (
	"strings"
	"testing"
)

// Debian makes no database of its own while benchrun installs PostgreSQL, and does so again
// afterwards.
func TestAptInstallsPostgreSQLWithoutADatabase(t *testing.T) {
	d := newFakeDebian(t, `: >"$FAKE/postgresql.deb"`, "exit 1")
	if _, err := d.need(t, true, "postgresql"); err != nil {
		t.Fatal(err)
	}
	const file = "/etc/postgresql-common/createcluster.d/benchrun.conf"
	want := "apt-get -o DPkg::Pre-Invoke::=mkdir -p /etc/postgresql-common/createcluster.d && echo create_main_cluster = false >" + file +
		" -o DPkg::Post-Invoke::=rm -f " + file + " install -y --no-install-recommends postgresql\n"
	if calls := d.calls(t); !strings.HasSuffix(calls, want) {
		t.Errorf("calls:\n%s", calls)
	}
}
