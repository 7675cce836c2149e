package targets

import (
	"os/exec"
	"strings"
	"testing"
)

// Each fault of the app that needs no database can be lifted out of it: what is there is the app's own text, and
// every name that it uses is defined.
func TestExcerptIsWholeAndTheAppsOwn(t *testing.T) {
	source, err := apps.ReadFile("apps/wsgi/app.py")
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{} // the app's functions, without their docstrings
	for _, d := range definitions(string(source)) {
		own[pythonHead.ReplaceAllString(d.text, "$1")] = true
	}
	lifted := 0
	for _, fault := range AppFaults() {
		function := "fault_" + strings.ReplaceAll(fault, "-", "_")
		if !strings.Contains(string(source), "def "+function+"(") { // it comes in the middle of an answer
			continue
		}
		if strings.HasPrefix(fault, "db-") { // attempt.json names its database: their families say that no script shows them
			continue
		}
		lifted++
		text, err := Excerpt(AppWSGI, function+"()")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "def "+function+"(") || strings.Contains(text, "RECEIPTS") {
			t.Errorf("%s: not the fault alone:\n%s", fault, text)
		}
		for part := range strings.SplitSeq(text, "\n\n") { // a blank line begins a function
			if strings.HasPrefix(part, "def ") && !own[part] {
				t.Errorf("%s: the app has no such text:\n%s", fault, part)
			}
		}
		const check = `
import builtins, dis, sys
scope = {}
exec(sys.argv[1], scope)
missing = {i.argval for f in list(scope.values()) if hasattr(f, "__code__") for i in dis.get_instructions(f)
           if i.opname == "LOAD_GLOBAL" and i.argval not in scope and not hasattr(builtins, i.argval)}
sys.exit(", ".join(sorted(missing)) or 0)`
		if out, err := exec.Command("python3", "-c", check, text).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s\n%s", fault, err, out, text)
		}
	}
	if lifted < 10 {
		t.Errorf("only %d faults", lifted)
	}
}

func TestExcerptTakesWhatIsNeededAndNoMore(t *testing.T) {
	text, err := Excerpt(AppWSGI, "fault_cpu_io()")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"import tempfile, threading\n", "CPU_TURNS = 10_000_000\n", "def fault_cpu():"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "fault_wedge") || strings.Contains(text, "ctypes") {
		t.Errorf("more than it needs:\n%s", text)
	}
	if text, err := Excerpt(AppWSGI, "fault_slow()"); err != nil || strings.Contains(text, "def sleep") {
		t.Errorf("time.sleep is not the app's sleep: %v\n%s", err, text)
	}
	if text, err := Excerpt(AppWSGI, "pass"); text != "" || err != nil {
		t.Errorf("nothing needs %q, %v", text, err)
	}
	if _, err := Excerpt(AppBuiltin, "pass"); err == nil {
		t.Error("the app of a server that brings its own was found")
	}
}
