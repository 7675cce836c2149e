package targets

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/bench"
)

// A pair is a server and what runs with it as one target: a front before it, or a supervisor
// that starts it. It is a server of another name, so that nothing else has to know of it.

// Behind returns a copy of the server with a front before it, and a name that says so:
// "gunicorn+nginx". It does not change the server, and returns the same copy for the same
// two.
func (s *Server) Behind(f *Front) *Server {
	return s.paired(f, f.Name, func(pair *Server) { pair.Front = f })
}

// StartedBy returns such a copy of the server that a supervisor starts: "gunicorn+runit".
func (s *Server) StartedBy(by *Supervisor) *Server {
	return s.paired(by, by.Name, func(pair *Server) { pair.Supervisor = by })
}

type pairing struct {
	server *Server
	part   any // a *Front or a *Supervisor
}

// pairs has what paired returned: map[pairing]*Server.
var pairs sync.Map

func (s *Server) paired(part any, name string, set func(pair *Server)) *Server {
	pair := *s
	pair.Name = s.Name + bench.PartMark + name
	set(&pair)
	known, _ := pairs.LoadOrStore(pairing{s, part}, &pair)
	return known.(*Server) //nolint:forcetypeassert // nothing else is stored
}

// FrontName is the name of the front before the server; "" = there is none.
func (s *Server) FrontName() string {
	if s.Front == nil {
		return ""
	}
	return s.Front.Name
}

// SupervisorName is the name of the supervisor that starts the server; "" = there is none.
func (s *Server) SupervisorName() string {
	if s.Supervisor == nil {
		return ""
	}
	return s.Supervisor.Name
}

// PartKind is "front" or "supervisor", what the server runs with; "" = it runs alone.
func (s *Server) PartKind() string {
	switch {
	case s.Front != nil:
		return "front"
	case s.Supervisor != nil:
		return "supervisor"
	}
	return ""
}

// ownName is the server's name without that of a front or supervisor: what is installed for
// it is the same with and without.
func (s *Server) ownName() string {
	name, _ := bench.CutPart(s.Name)
	return name
}

// Parts lists the known fronts and supervisors, sorted.
func (r *Registry) Parts() []string {
	all := slices.Concat(r.Fronts(), SupervisorNames())
	slices.Sort(all)
	return all
}

// pair is a server with a front or a supervisor, the same for the same names.
func (r *Registry) pair(name, part string) (*Server, error) {
	s, err := r.Lookup(name)
	if err != nil {
		return nil, err
	}
	if first, _, more := strings.Cut(part, bench.PartMark); more {
		return nil, &bench.UsageError{
			Problem: fmt.Sprintf("%s%s%s: a server has one front or one supervisor, and not two of these", name, bench.PartMark, part),
			Hint:    "for example: " + name + bench.PartMark + first,
		}
	}
	if f, ok := r.fronts[part]; ok {
		return s.Behind(f), nil
	}
	if by, err := FindSupervisor(part); err == nil {
		return s.StartedBy(by), nil
	}
	return nil, &bench.UsageError{Problem: fmt.Sprintf("unknown front or supervisor %q", part), Hint: bench.DidYouMean(part, r.Parts())}
}
