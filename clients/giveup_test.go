package clients

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// A client that gives up closes its connection in the ordinary way, and not before its time.
func TestClientsGiveUp(t *testing.T) {
	const patience = 300 * time.Millisecond
	ended := make(chan error, 1)
	addr := bareServer(t, func(c net.Conn) {
		_, err := io.Copy(io.Discard, c)
		ended <- err
	})
	began := time.Now()
	s := provoke(t.Context(), GiveUp(Sleep(200), patience), addr)
	if s.Outcome != bench.HeldOpen || s.Status != 0 || time.Since(began) < patience || s.Done < s.Due+int64(patience) {
		t.Errorf("%+v after %s", s, time.Since(began))
	}
	if err := <-ended; err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended with %v, want FIN", err)
	}
	s = provoke(t.Context(), GiveUp(Sleep(200), time.Minute), keptServer(t, func(net.Conn) {}))
	if s.Outcome == bench.HeldOpen {
		t.Errorf("the server ended it, and the client says that it gave up: %+v", s)
	}
}
