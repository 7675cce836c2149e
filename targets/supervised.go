package targets

import (
	"strings"
	"sync"

	"benchrun/internal/bench"
)

// StartedBy returns a copy of the server that a supervisor starts, and a name that says so:
// "gunicorn+runit". The two are one target. It does not change the server, and returns the
// same copy for the same two.
func (s *Server) StartedBy(by *Supervisor) *Server {
	known, _ := startedBy.LoadOrStore(pairing{s, by}, sync.OnceValue(func() *Server {
		under := *s
		under.Name = s.Name + bench.PartMark + by.Name
		under.Supervisor = by
		return &under
	}))
	return known.(func() *Server)() //nolint:forcetypeassert // nothing else is stored
}

type pairing struct {
	server *Server
	by     *Supervisor
}

// startedBy has what StartedBy returned: map[pairing]func() *Server.
var startedBy sync.Map

// supervisedName splits the name of a server under a supervisor; ok = it is one.
func supervisedName(name string) (server, supervisor string, ok bool) {
	at := strings.LastIndex(name, bench.PartMark)
	if at < 0 {
		return name, "", false
	}
	return name[:at], name[at+len(bench.PartMark):], true
}

// lookupSupervised finds a server under a supervisor by their names.
func (r *Registry) lookupSupervised(server, supervisor string) (*Server, error) {
	s, err := r.Lookup(server)
	if err != nil {
		return nil, err
	}
	by, err := FindSupervisor(supervisor)
	if err != nil {
		return nil, err
	}
	return s.StartedBy(by), nil
}

// installName is the server's name without that of a supervisor: what is installed for it
// is the same with and without.
func (s *Server) installName() string {
	if s.Supervisor == nil {
		return s.Name
	}
	name, _, _ := supervisedName(s.Name)
	return name
}

// SupervisorName is the name of the supervisor that starts the server; "" = there is none.
func (s *Server) SupervisorName() string {
	if s.Supervisor == nil {
		return ""
	}
	return s.Supervisor.Name
}
