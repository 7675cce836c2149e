package postgresql

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// The variables of a user of PostgreSQL lead to no other database than that of the folder.
func TestVariablesDoNotCount(t *testing.T) {
	sockets := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(sockets, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for name, value := range map[string]string{"PGPORT": "1", "PGHOST": "/nowhere", "PGSERVICE": "theirs", "PGOPTIONS": "-c x=y"} {
		t.Setenv(name, value)
	}
	db, err := AsApp(sockets)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	came := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			err = c.Close()
		}
		came <- err
	}()
	_ = db.PingContext(ctx) // nobody there speaks the protocol
	select {
	case err := <-came:
		if err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("nobody connected")
	}
}
