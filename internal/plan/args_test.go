package plan

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestAbsoluteArgs(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--server-file", "a.yaml", "--server-file=sub/b.yaml", "--server", "gunicorn@path:../g", "-s=own@path:/abs", "--python", "python3",
		"--python=env/bin/python", "--baseline=", "--seed", "7", "server-file", "c.yaml", "--out=o", "--fail-on", "h >= 95",
	}
	want := []string{
		"--server-file", here + "/a.yaml", "--server-file=" + here + "/sub/b.yaml", "--server", "gunicorn@path:" + filepath.Dir(here) + "/g", "-s=own@path:/abs", "--python", "python3",
		"--python=" + here + "/env/bin/python", "--baseline=", "--seed", "7", "server-file", "c.yaml", "--out=o", "--fail-on", "h >= 95",
	}
	was := slices.Clone(args)
	got := AbsoluteArgs(args, func(flag string) bool { return slices.Contains([]string{"server-file", "python", "baseline"}, flag) })
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !slices.Equal(args, was) {
		t.Error("the command line was changed")
	}
}
