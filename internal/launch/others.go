package launch

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// Others counts the other benchruns, of any user, that hold this machine now: each
// has a janitor from its beginning to its end. Where /proc hides other users'
// processes, theirs are not seen.
func Others() int {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0 // a bad pattern: there is none
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil { // it has ended
			continue
		}
		argv := bytes.Split(bytes.TrimRight(text, "\x00"), []byte{0})
		if len(argv) == 2 && string(argv[1]) == JanitorArg && parentOf(filepath.Base(filepath.Dir(file))) != os.Getpid() {
			n++
		}
	}
	return n
}

// parentOf is the pid of a process's parent, 0 when it has ended.
func parentOf(pid string) int {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return 0
	}
	// The command's name may hold spaces and brackets: what follows its last ')'.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1])) // a number, by proc_pid_stat(5)
	return parent
}
