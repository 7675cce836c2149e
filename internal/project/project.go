// Package project reads benchrun.yaml: what a project of its own wants to be
// measured, and what must hold. It decides what settles each of its fields: the
// command line, the environment or the file.
package project

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/intake"
	"benchrun/internal/strictyaml"
)

// Schema names the format of benchrun.yaml.
const Schema = "benchrun.config/v1"

// FileName is where the file is looked for, in the working folder.
const FileName = "benchrun.yaml"

// File is benchrun.yaml. What it does not say is left to the default. The doc
// tags are for the JSON schema.
type File struct {
	Schema      string   `yaml:"schema" doc:"format of this file"`
	Servers     []string `yaml:"servers" doc:"servers to test: names, globs, name@version, name@path:DIR with DIR relative to this file"`
	Profiles    []string `yaml:"profiles" doc:"profiles; default and hardened unless given"`
	Scenarios   []string `yaml:"scenarios" doc:"scenarios; every family at its own ratio unless given, or mixes are"`
	Mixes       []string `yaml:"mixes" doc:"mixes of families that come together, each at its share: wedge=1%,segfault=0.5%"`
	ServerFiles []string `yaml:"server_files" doc:"server files of one's own, relative to this file"`
	Rules       []string `yaml:"rules" doc:"what must hold: [server/profile/scenario:] measure op value"`
	GateFiles   []string `yaml:"gate_files" doc:"files of rules, relative to this file"`
	Strict      bool     `yaml:"strict" doc:"mind flags too"`
	Baseline    string   `yaml:"baseline" doc:"a run that no cell may be worse than, relative to this file"`
	Waivers     string   `yaml:"waivers" doc:"file of results that are expected for now, relative to this file"`
	Mode        string   `yaml:"mode" doc:"quick or full"`
	Attempts    int      `yaml:"attempts" doc:"attempts that a not-held verdict takes, the first included; 2 unless said otherwise"`
	Seed        uint64   `yaml:"seed" doc:"same seed, same schedule"`
	Out         string   `yaml:"out" doc:"folder for the run's folder, relative to this file"`
	Python      string   `yaml:"python" doc:"Python interpreter for the servers"`
	MaxTime     string   `yaml:"max_time" doc:"begin nothing that would not end within this time, 45m for example"`
	Jobs        string   `yaml:"jobs" doc:"cells that are measured at once at most: auto or a number; auto unless said otherwise"`
}

// MostAttempts is what --attempts takes at most.
const MostAttempts = 9

// Value is what a field says: a list's items, or one text.
type Value struct {
	Items  []string
	Places []string // "benchrun.yaml:7" for each item
}

// Read reads a file. It gives the value of each field that stands in it, by
// the field's name; paths are made relative to the working folder. Errors are
// those of intake, and bench.UsageErrors that name file, line and field.
func Read(path string) (map[string]Value, error) {
	text, err := intake.ReadSmall("", path)
	if err != nil {
		return nil, err
	}
	var f File
	src, err := strictyaml.Decode(path, text, &f)
	if err != nil {
		return nil, err
	}
	if err := src.Schema(f.Schema, Schema); err != nil {
		return nil, err
	}
	out := map[string]Value{}
	value := reflect.ValueOf(f)
	for i := range value.NumField() {
		name := value.Type().Field(i).Tag.Get("yaml")
		line, ok := src.Line(name)
		if !ok || name == "schema" {
			continue
		}
		v := Value{}
		add := func(text, at string) {
			if l, ok := src.Line(at); ok {
				line = l
			}
			v.Items, v.Places = append(v.Items, text), append(v.Places, fmt.Sprintf("%s:%d", path, line))
		}
		switch field := value.Field(i); field.Kind() {
		case reflect.Slice:
			for n, item := range field.Interface().([]string) { //nolint:forcetypeassert // File has no other lists
				at := fmt.Sprintf("%s[%d]", name, n)
				if strings.TrimSpace(item) == "" {
					return nil, src.Errorf(at, "empty")
				}
				add(item, at)
			}
		default:
			add(fmt.Sprint(field.Interface()), name)
		}
		if len(v.Items) == 0 || v.Items[0] == "" {
			return nil, src.Errorf(name, "empty")
		}
		out[name] = v
	}
	if _, ok := out["mode"]; ok && f.Mode != "quick" && f.Mode != "full" {
		return nil, src.Errorf("mode", "%q is not quick or full", f.Mode)
	}
	if _, ok := out["attempts"]; ok && (f.Attempts < 1 || f.Attempts > MostAttempts) {
		return nil, src.Errorf("attempts", "%s is not between 1 and %d", strconv.Itoa(f.Attempts), MostAttempts)
	}
	for _, name := range []string{"servers", "server_files", "gate_files", "baseline", "waivers", "out"} {
		v := out[name]
		v.Items = slices.Clone(v.Items)
		for i, p := range v.Items {
			before := ""
			if name == "servers" { // "gunicorn@path:DIR"
				at, dir, isPath := strings.Cut(p, "@path:")
				if !isPath || dir == "" {
					continue
				}
				before, p = at+"@path:", dir
			}
			if !filepath.IsAbs(p) {
				v.Items[i] = before + filepath.Join(filepath.Dir(path), p)
			}
		}
		if len(v.Items) > 0 {
			out[name] = v
		}
	}
	return out, nil
}
