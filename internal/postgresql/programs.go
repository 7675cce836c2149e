package postgresql

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// debian is where Debian installs the programs, below a folder for each major version.
const debian = "/usr/lib/postgresql"

// Programs are the programs of one PostgreSQL.
type Programs struct {
	Folder string
	Major  int // of the version: 15
}

// Find returns those of the newest PostgreSQL that is installed; false = none is.
func Find() (Programs, bool) { return newest(debian) }

func newest(root string) (p Programs, found bool) {
	folders, _ := filepath.Glob(filepath.Join(root, "*", "bin")) // the pattern is right
	for _, folder := range folders {
		major, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		if err != nil || major <= p.Major || !is(folder, "postgres") || !is(folder, "initdb") {
			continue
		}
		p, found = Programs{folder, major}, true
	}
	return p, found
}

func is(folder, program string) bool {
	info, err := os.Stat(filepath.Join(folder, program))
	return err == nil && info.Mode().IsRegular()
}

// Connections is how many connections an app can have at once. PostgreSQL refuses further
// ones. These are Debian's defaults.
const Connections = 100 - 3

// Pool is how many connections each process of an app takes at most where it has a pool.
const Pool = 5

// Backlog is about how many connections wait while PostgreSQL accepts none: twice the
// processes that it may have.
const Backlog = 2 * 100

// settings are those of a small database that is thrown away: it never waits for a disk,
// starts no process of its own accord that it can do without, and leaves nothing outside
// of its folder.
var settings = []string{
	"listen_addresses=",
	"max_connections=100",
	"superuser_reserved_connections=3",
	"shared_buffers=8MB",
	"dynamic_shared_memory_type=mmap",
	"fsync=off",
	"full_page_writes=off",
	"synchronous_commit=off",
	"wal_level=minimal",
	"max_wal_senders=0",
	"max_logical_replication_workers=0",
	"autovacuum=off",
	"jit=off",
}

// Version is the command that tells the version.
func (p Programs) Version() []string {
	return []string{filepath.Join(p.Folder, "postgres"), "--version"}
}

// VersionIn finds the version in what that command says: "15.14" in "postgres (PostgreSQL) 15.14
// (Debian 15.14-0+deb12u1)".
func VersionIn(text string) (string, error) {
	_, rest, _ := strings.Cut(text, "(PostgreSQL) ")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return "", fmt.Errorf("postgres --version says %q, where no version stands", bench.Excerpt(text))
	}
	return fields[0], nil
}

// Initialise is the command that makes a database in an empty folder. It refuses to be
// root.
func (p Programs) Initialise(data string) []string {
	return []string{
		filepath.Join(p.Folder, "initdb"), "--pgdata=" + data, "--username=" + owner, "--auth=trust",
		"--encoding=UTF8", "--no-locale", "--no-sync", "--wal-segsize=1",
	}
}

// Serve is the command that serves the database of a folder at a socket in another one,
// until it ends. It refuses to be root.
func (p Programs) Serve(data, sockets string) []string {
	argv := []string{filepath.Join(p.Folder, "postgres"), "-D", data}
	for _, s := range settings {
		argv = append(argv, "-c", s)
	}
	return append(argv, "-c", `unix_socket_directories="`+sockets+`"`)
}
