package targets

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/postgresql"
)

// The installed PostgreSQL itself says which one it is.
func TestPostgreSQLVersion(t *testing.T) {
	programs, found := postgresql.Find()
	says := func(text string) RunProgram {
		return func(_ context.Context, p Program) (bench.ExitStatus, bool, error) {
			if p.Argv[0] != programs.Version()[0] {
				t.Errorf("it runs %q", p.Argv)
			}
			_, err := io.WriteString(p.Out, text)
			return bench.ExitStatus{}, false, err
		}
	}
	got, err := says("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n").postgresqlVersion(t.Context(), nil)
	var none *bench.EnvironmentError
	if found && (got != "15.14" || err != nil) || !found && !errors.As(err, &none) {
		t.Errorf("found %t: %q, %v", found, got, err)
	}
	if _, err := says("no").postgresqlVersion(t.Context(), nil); err == nil {
		t.Error("it has a version that nobody said")
	}
}

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
