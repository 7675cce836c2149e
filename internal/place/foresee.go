package place

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// symbolicPort is put in for the port, then shown as $PORT.
const symbolicPort = 65535

// symbolic stands for what only an attempt knows.
var symbolic = targets.Placeholders{
	Host: loopback, Port: symbolicPort, App: "$APP", Work: "$WORK",
	Benchrun: "benchrun", User: "$USER", Group: "$GROUP",
}

// symbolicFront does so for a front. $PORT is the server's port, which the front asks.
var symbolicFront = targets.FrontPlace{Host: loopback, Port: symbolicPort, Server: loopback + ":$PORT", Work: "$WORK/front"}

// ShellQuote joins words so that a shell reads them back as they are, except
// for the variables that stand for what only an attempt knows.
func ShellQuote(argv []string) string {
	plain := regexp.MustCompile(`^[\w@%+=:,./$-]+$`)
	out := make([]string, len(argv))
	for i, w := range argv {
		w = strings.ReplaceAll(w, strconv.Itoa(symbolicPort), "$PORT")
		if out[i] = w; !plain.MatchString(w) {
			out[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// foreseenPython is the Python that a run of the cells will name; "" = none is
// needed, or there is none that can be used, which installing will tell.
func foreseenPython(ctx context.Context, cells []plan.Cell, python string) string {
	user, err := launch.Unprivileged()
	if err != nil {
		return ""
	}
	for _, c := range cells {
		if c.Unsupported != "" {
			continue
		}
		if python, err := targets.ForeseePython(ctx, BareHost(user).installOptions(c, python, nil)); err == nil && python != "" {
			return python
		}
	}
	return ""
}

// Preview tells of targets before they are installed.
type Preview struct {
	Python  string // interpreter asked for
	Outlook targets.Outlook

	asked map[string]bool // releases of servers that were looked for
}

// Write writes a target's command, and what is installed for it. Placeholders
// stand where only an attempt knows the value.
func (p *Preview) Write(ctx context.Context, w io.Writer, c plan.Cell) error {
	user, err := launch.Unprivileged()
	if err != nil {
		return err
	}
	opts, where := BareHost(user).installOptions(c, p.Python, nil), symbolic
	if user != nil {
		where.User, where.Group = user.Name, user.Group
	}
	will, err := p.Outlook.Foresee(ctx, opts)
	if err != nil {
		return err
	}
	unchecked := ""
	if release := c.Server.Name + "@" + c.Version; !p.asked[release] {
		if p.asked == nil {
			p.asked = map[string]bool{}
		}
		p.asked[release] = true
		if unchecked, err = p.Outlook.CheckRelease(ctx, opts); err != nil {
			return err
		}
	}
	where.Python, where.Env = will.Python, will.Env
	argv, _, err := c.Server.Command(c.Profile, where)
	if err != nil {
		return err
	}
	text := ""
	if !c.Server.BuiltIn() {
		text = fmt.Sprintf("  from     %s\n", c.Server.File)
	}
	if by := c.Server.ByCommand; by != nil {
		text += fmt.Sprintf("  app      %s\n", by.AppWords())
	}
	text += fmt.Sprintf("  command  %s\n", ShellQuote(argv))
	if f := c.Server.Front; f != nil {
		before, _ := f.Command(symbolicFront)
		text += fmt.Sprintf("  front    %s (%s)\n", ShellQuote(before), f.File)
	}
	if by := c.Server.Supervisor; by != nil {
		text += fmt.Sprintf("  under    %s (%s)\n", ShellQuote(by.Command(targets.SupervisorPlace{Work: "$WORK/" + supervisorFolder})), by.File)
	}
	if needs := will.Needs.All(); len(needs) > 0 {
		state := "to be installed"
		if will.Complete {
			state = "installed"
		}
		text += fmt.Sprintf("  needs    %s (%s)\n", strings.Join(needs, ", "), state)
	}
	if will.Release.Asked != "" {
		text += fmt.Sprintf("  version  %s\n", will.Release.Words())
	}
	if unchecked != "" {
		text += fmt.Sprintf("  version  not known whether it exists: %s\n", unchecked)
	}
	_, err = io.WriteString(w, text)
	return err
}

// ForeseenOrigin says where and how a run of these cells will be measured: all that
// can be known before anything is installed.
func ForeseenOrigin(ctx context.Context, cells []plan.Cell, python string, mode bench.Mode, version string, port int) (bench.Origin, error) {
	env, err := observe.Host()
	if err != nil {
		return bench.Origin{}, err
	}
	host, err := NewHost(ctx, env, version, port)
	if err != nil {
		return bench.Origin{}, err
	}
	o := bench.Origin{Benchrun: version, Mode: mode, Environment: host.Environment}
	o.Environment.Python = foreseenPython(ctx, cells, python)
	return o, nil
}
