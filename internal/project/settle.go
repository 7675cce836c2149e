package project

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// ConfigVariable names the file to read instead of benchrun.yaml.
const ConfigVariable = "BENCHRUN_CONFIG"

// Find reads the file named, if one is, or else that of BENCHRUN_CONFIG, or else
// benchrun.yaml if it exists. If the file is named "", it reads none.
func Find(name string, named bool) (map[string]Value, error) {
	if !named {
		if name = os.Getenv(ConfigVariable); name == "" {
			name = FileName
			if _, err := os.Lstat(name); os.IsNotExist(err) {
				return nil, nil
			}
		}
	}
	if name == "" {
		return nil, nil
	}
	return Read(name)
}

// Setting is what a field of benchrun.yaml decides.
type Setting struct {
	Field    string
	Flag     string // that the command line gives for it; "" = none
	Variable string // of the environment
	List     bool   // each line of the variable is an item
	Selects  bool   // its words select what is measured
	Names    bool   // it names a file, a folder or a program
	// Together names what several settings say together: the first source that says
	// anything of it says all of it. "" = the setting stands alone.
	Together string
}

// Origin says where a setting comes from.
type Origin struct {
	Setting
	Values []string // as the environment or the file gives them; none = the flag decides
	Places []string // of the values, or of the flag: "--server", "BENCHRUN_SERVER", "benchrun.yaml:3"
}

// Origins are those of all settings that are not defaults.
type Origins []Origin

// Settle finds the origin of each setting: the command line, the environment or the
// file. The first of them that says anything says all of it.
func Settle(settings []Setting, file map[string]Value) Origins {
	var out Origins
	first := map[string]int{} // the first source that says anything, by Together
	for _, s := range settings {
		from, _ := s.find(file)
		if known, ok := first[s.Together]; !ok || from < known {
			first[s.Together] = from
		}
	}
	for _, s := range settings {
		from, origin := s.find(file)
		if len(origin.Places) == 0 || s.Together != "" && from > first[s.Together] {
			continue
		}
		out = append(out, origin)
	}
	return out
}

// find looks for a setting in each source. from is the place of the source that has it, in
// their order; an origin without places says that none has.
func (s Setting) find(file map[string]Value) (from int, o Origin) {
	if s.Flag != "" {
		return 0, Origin{s, nil, []string{s.Flag}}
	}
	for i, v := range []Value{s.fromEnvironment(), file[s.Field]} {
		if len(v.Items) > 0 {
			return 1 + i, Origin{s, v.Items, v.Places}
		}
	}
	return 3, Origin{Setting: s}
}

func (s Setting) fromEnvironment() Value {
	var v Value
	items := []string{os.Getenv(s.Variable)}
	if s.List {
		items = strings.Split(items[0], "\n")
	}
	for _, item := range items {
		if item = strings.TrimSpace(item); item != "" {
			v.Items, v.Places = append(v.Items, item), append(v.Places, s.Variable)
		}
	}
	return v
}

// Check finds values that their flag would take, although the setting does not.
func (o Origin) Check() error {
	for i, v := range o.Values {
		switch o.Field {
		case "mode":
			if v != string(bench.ModeQuick) && v != string(bench.ModeFull) {
				return bench.Usagef("%s: %q is not quick or full", o.Places[i], v)
			}
		case "attempts":
			if n, err := strconv.Atoi(v); err != nil || n < 1 || n > MostAttempts {
				return bench.Usagef("%s: attempts %q is not between 1 and %d", o.Places[i], v, MostAttempts)
			}
		}
	}
	return nil
}

// Words say where the settings come from; "" = all from the command line.
func (all Origins) Words() string {
	var b strings.Builder
	elsewhere := false
	for _, o := range all {
		text := o.Places[0]
		if len(o.Values) > 0 {
			text += ": " + strings.Join(o.Values, ", ")
			elsewhere = true
		}
		fmt.Fprintf(&b, "%-12s from %s\n", o.Field, text)
	}
	if !elsewhere {
		return ""
	}
	return b.String() + "all else by default\n"
}

// OfSelection adds to an error in a selection the place where the selection was made,
// if that is not the command line: the line of the wrong word, if the error names the
// word.
func (all Origins) OfSelection(err error) error {
	if err == nil {
		return nil
	}
	var places []string
	for _, o := range all {
		if len(o.Values) == 0 || !o.Selects {
			continue
		}
		for i, value := range o.Values {
			if strings.Contains(err.Error(), strconv.Quote(value)) {
				return fmt.Errorf("%s: %s: %w", o.Places[i], o.Field, err)
			}
		}
		places = append(places, o.Field+" from "+o.Places[0])
	}
	if len(places) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(places, ", "))
}

// OfName adds to an error about a file, a folder or a program the place that names it,
// if that is not the command line.
func (all Origins) OfName(err error) error {
	if err == nil {
		return nil
	}
	text := " " + err.Error()
	for _, o := range all {
		if !o.Names {
			continue
		}
		for i, value := range o.Values {
			if strings.Contains(text, " "+value+":") {
				return fmt.Errorf("%s: %s: %w", o.Places[i], o.Field, err)
			}
		}
	}
	return err
}
