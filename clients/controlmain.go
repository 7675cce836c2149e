package clients

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// legalNonce matches the nonces that docs/contract.md allows.
const legalNonce = `^[0-9a-z-]{1,64}$`

// ControlMain is the control server's process: it serves GET /victim on the connections
// that come through its stdin, until that closes, benchrun ends, or SIGTERM comes. It
// returns the process's exit code.
func ControlMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	hand, err := unixConn(os.Stdin)
	if err == nil {
		err = serveControl(ctx, hand)
	}
	if err != nil {
		console.Report("control server", err)
		return bench.ExitEnvironment
	}
	return bench.ExitOK
}

func serveControl(ctx context.Context, hand *net.UnixConn) error {
	server := &http.Server{Handler: controlHandler(), ReadHeaderTimeout: 10 * time.Second}
	release := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer release()
	if _, err := hand.Write([]byte{0}); err != nil {
		return fmt.Errorf("saying that it serves: %w", err)
	}
	if err := server.Serve(handed{hand}); ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// controlHandler answers /victim as docs/contract.md requires.
func controlHandler() http.Handler {
	pid := strconv.Itoa(os.Getpid())
	legal := regexp.MustCompile(legalNonce)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /victim", func(w http.ResponseWriter, r *http.Request) {
		nonce := r.URL.Query().Get("nonce")
		if !legal.MatchString(nonce) {
			http.Error(w, "bad nonce", http.StatusBadRequest)
			return
		}
		w.Header().Set(PIDHeader, pid)
		w.Header().Set("Content-Length", strconv.Itoa(VictimSize))
		_, _ = w.Write(VictimBody(nonce))
	})
	return mux
}
