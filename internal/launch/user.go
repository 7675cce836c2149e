package launch

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"benchrun/internal/bench"
)

// User is the unprivileged user that the server runs as.
type User struct {
	Name, Group string
	UID, GID    int
}

// unprivilegedName exists on every distribution and owns nothing.
const unprivilegedName = "nobody"

// Unprivileged is nobody, with its primary group, when benchrun is root: a
// server under root is not the real thing. It is nil when benchrun is an
// ordinary user, who runs the server as himself. It fails (environment) where
// there is no such user.
func Unprivileged() (*User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(unprivilegedName)
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: "no unprivileged user to run servers as", Err: err}
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		return nil, &bench.EnvironmentError{Problem: fmt.Sprintf("user %s has no numeric ids", unprivilegedName)}
	}
	group := u.Gid // a name is for servers' config files; Apache takes "#gid"
	if g, err := user.LookupGroupId(u.Gid); err == nil {
		group = g.Name
	}
	return &User{Name: u.Username, Group: group, UID: uid, GID: gid}, nil
}
