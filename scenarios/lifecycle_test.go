package scenarios

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/clients"
)

// What the fault does to the app, and in what order: with a reload that is known, and without.
func TestBrokenApp(t *testing.T) {
	for reloads, want := range map[bool]string{
		true:  "[broken  reload f1 repaired take up f1-repaired]",
		false: "[broken f1 repaired]",
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen []string
			b := brokenApp{ask: answered{}, place: Place{
				Reloads:   reloads,
				Reload:    func(nonce string) error { seen = append(seen, "reload "+nonce); return nil },
				BreakApp:  func(nonce string) error { seen = append(seen, "broken "+nonce); return nil },
				RepairApp: func() error { seen = append(seen, "repaired"); return nil },
				TakeUp:    func(_ context.Context, nonce string) { seen = append(seen, "take up "+nonce) },
			}}
			began := time.Now()
			b.Provoke(t.Context(), clients.Provocation{Nonce: "f1"})
			if got := fmt.Sprint(seen); got != want || time.Since(began) < bootBroken {
				t.Errorf("%s after %s, want %s", got, time.Since(began), want)
			}
		})
	}
}
