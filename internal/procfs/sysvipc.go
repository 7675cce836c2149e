package procfs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// IPCObject is a line of /proc/sysvipc/*, see sysvipc(7).
type IPCObject struct {
	Kind    string // "shm", "sem" or "msg"
	Key, ID int
	Creator int   // pid in this namespace; 0 if the kernel does not say
	UID     int   // of the creator
	Made    int64 // or changed last, Unix seconds
}

// String names the object: "System V shm 5 (key 0x2a)".
func (o IPCObject) String() string {
	return fmt.Sprintf("System V %s %d (key %#x)", o.Kind, o.ID, uint32(o.Key)) //nolint:gosec // a key is any 32 bits
}

// IPCObjects lists the System V objects of this namespace; none if the kernel has no
// such lists.
func IPCObjects() (all []IPCObject) {
	for _, kind := range []string{"shm", "sem", "msg"} {
		b, err := os.ReadFile("/proc/sysvipc/" + kind)
		if err != nil {
			continue
		}
		var names []string
		for line := range strings.Lines(string(b)) {
			fields := strings.Fields(line)
			if names == nil {
				names = fields
				continue
			}
			is := map[string]int{}
			for i, name := range names {
				if i < len(fields) {
					is[name], _ = strconv.Atoi(fields[i])
				}
			}
			id := is[map[string]string{"shm": "shmid", "sem": "semid", "msg": "msqid"}[kind]]
			all = append(all, IPCObject{Kind: kind, Key: is["key"], ID: id, Creator: is["cpid"], UID: is["cuid"], Made: int64(is["ctime"])})
		}
	}
	return all
}
