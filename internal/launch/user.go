package launch

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// User is the unprivileged user that the server runs as.
type User struct {
	Name, Group string
	UID, GID    int
}

// unprivilegedName exists on every distribution and owns nothing.
const unprivilegedName = "nobody"

// Unprivileged is the user nobody, with its primary group, if benchrun is root: nobody
// runs a real server as root. If benchrun is an ordinary user, it is nil: the server
// runs as that user. It returns a bench.EnvironmentError if there is no such user, or if
// root may not become it.
func Unprivileged() (*User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(unprivilegedName)
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: "no unprivileged user to run servers as", Err: err,
			Hint: "make a user called " + unprivilegedName + ", or run benchrun as an ordinary user"}
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		return nil, &bench.EnvironmentError{Problem: fmt.Sprintf("user %s has no numeric ids", unprivilegedName)}
	}
	if !mapped("uid_map", uid) || !mapped("gid_map", gid) {
		return nil, &bench.EnvironmentError{
			Problem: fmt.Sprintf("benchrun is root of a user namespace in which there is no user %s to run servers as", u.Username),
			Hint:    "run benchrun as an ordinary user, without unshare -r or fakeroot; or give the container a range of users (unshare --map-auto, podman --userns=auto)",
		}
	}
	group := u.Gid // servers' config files need a name; Apache takes "#gid"
	if g, err := user.LookupGroupId(u.Gid); err == nil {
		group = g.Name
	}
	return &User{Name: u.Username, Group: group, UID: uid, GID: gid}, nil
}

// mapped says whether a user or group exists in this user namespace, by its map. If there
// is no map, only one namespace exists.
func mapped(file string, id int) bool {
	b, err := os.ReadFile(procfs.Path(procfs.Self, file))
	return err != nil || procfs.Mapped(string(b), id)
}
