package targets

import (
	"context"
	"slices"

	"benchrun/internal/bench"
	"benchrun/internal/postgresql"
)

// postgresqlPackage is the Debian package that brings the PostgreSQL of a release.
const postgresqlPackage = "postgresql"

// createCluster configures what Debian does when a PostgreSQL is installed for the first
// time: it makes a database of its own and starts it. The packages read all files of the
// folder, and own none.
const createCluster = "/etc/postgresql-common/createcluster.d"

// withoutCluster are options of apt-get. While it installs a PostgreSQL, they keep Debian
// from making and starting a database. Nothing of that is left afterwards: who removes
// PostgreSQL and installs it again gets Debian's database.
func withoutCluster(packages []string) []string {
	if !slices.Contains(packages, postgresqlPackage) {
		return nil
	}
	const file = createCluster + "/benchrun.conf"
	return []string{
		"-o", "DPkg::Pre-Invoke::=mkdir -p " + createCluster + " && echo create_main_cluster = false >" + file,
		"-o", "DPkg::Post-Invoke::=rm -f " + file,
	}
}

// databasePackages lists the Debian packages that an app's database needs: none if a
// PostgreSQL is installed, from whatever package.
func databasePackages() []string {
	if _, ok := postgresql.Find(); ok {
		return nil
	}
	return []string{postgresqlPackage}
}

// postgresqlVersion is the version of the PostgreSQL that is installed.
func (run RunProgram) postgresqlVersion(ctx context.Context, user *RunAs) (string, error) {
	p, ok := postgresql.Find()
	if !ok {
		return "", &bench.EnvironmentError{Problem: "PostgreSQL is not installed", Hint: "run: sudo apt-get install postgresql"}
	}
	text, err := run.ask(ctx, user, p.Version()...)
	if err != nil {
		return "", err
	}
	return postgresql.VersionIn(text)
}

// PostgreSQL says whether targets can have a database: found if one is installed. Otherwise
// as says how benchrun can install it ("root", "sudo"; "" = not at all), and command is how
// the user can.
func PostgreSQL(ctx context.Context) (p postgresql.Programs, found bool, as, command string) {
	if p, found = postgresql.Find(); found {
		return p, true, "", ""
	}
	return p, false, PackagesAs(ctx), byHand([]string{postgresqlPackage})
}
