package procfs

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

func TestParseMounts(t *testing.T) {
	text := `36 35 98:0 /sub /mnt/with\040space rw,noatime shared:1 master:2 - ext4 /dev/root rw,errors=continue` + "\n" +
		"damaged\n40 1 8:1 / / rw ext4 /dev/sda rw\n" +
		`32 31 0:29 / /c rw - cgroup cgroup rw,memory`
	want := []Mount{
		{Root: "/sub", Point: "/mnt/with space", Type: "ext4", Options: []string{"rw", "errors=continue"}},
		{Root: "/", Point: "/c", Type: "cgroup", Options: []string{"rw", "memory"}},
	}
	if got := ParseMounts(text); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	all, err := Mounts()
	if err != nil || !slices.ContainsFunc(all, func(m Mount) bool { return m.Point == "/proc" && m.Type == "proc" }) {
		t.Errorf("no /proc among %+v: %v", all, err)
	}
}

func TestCgroups(t *testing.T) {
	want := map[string]string{"memory": "/jobs/7", "cpu": "/", "cpuacct": "/", "name=systemd": "/a:b", "": "/user.slice"}
	if got := ParseCgroups("4:memory:/jobs/7\n2:cpu,cpuacct:/\ndamaged\n1:name=systemd:/a:b\n0::/user.slice\n"); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	groups, err := Cgroups(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for controller, group := range groups {
		if !filepath.IsAbs(group) {
			t.Errorf("%q: %q", controller, group)
		}
	}
}
