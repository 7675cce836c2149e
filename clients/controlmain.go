package clients

import (
	"context"
	"fmt"
	"io"
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

// legalNonce is what docs/contract.md allows.
const legalNonce = `^[0-9a-z-]{1,64}$`

// ControlMain is the control server's process: it serves GET /victim on a port
// of 127.0.0.1 that it prints on stdout, until stdin ends or SIGTERM comes. It
// gives the process's exit code.
func ControlMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	go func() { // ends with stdin, at the latest with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		gone()
	}()
	if err := serveControl(ctx, os.Stdout); err != nil { //nolint:forbidigo // a pipe to benchrun
		console.Report("control server", err)
		return bench.ExitEnvironment
	}
	return bench.ExitOK
}

func serveControl(ctx context.Context, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: controlHandler(), ReadHeaderTimeout: 10 * time.Second}
	release := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer release()
	if _, err := fmt.Fprintln(stdout, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("naming the port: %w", err)
	}
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// controlHandler answers /victim as docs/contract.md says.
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
