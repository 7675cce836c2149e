package clients

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Single requests whose answers are checked against docs/contract.md as strictly as those
// of an attempt.

// AskVictim sends one victim now and returns its sample.
func AskVictim(addr, nonce string, load bench.Load) bench.Sample {
	clock := bench.NewClock()
	loop := OpenLoop{
		Clock: clock, Addr: addr, Role: bench.RoleVictim, Beat: bench.Beat{Start: clock.Now(), Rate: 1}, SLO: load.SLO, Timeout: load.Timeout,
		Nonce: func(uint64) string { return nonce },
	}
	var sample bench.Sample
	loop.OnSample = func(s bench.Sample) { sample = s }
	v, err := loop.newVictims()
	if err != nil {
		return bench.Sample{Role: loop.Role, Nonce: nonce, Outcome: bench.Unsent, Error: brief(err)}
	}
	defer v.free()
	v.send(0)
	if err := v.drain(); err != nil {
		return bench.Sample{Role: loop.Role, Nonce: nonce, Outcome: bench.Unsent, Error: brief(err)}
	}
	return sample
}

// CheckEcho says what is wrong with an answer to Ask that should be like a victim's: 200,
// the body for this nonce, and the worker's pid.
func CheckEcho(nonce string, status int, body []byte, header http.Header) error {
	outcome, err := judgeVictim(nonce, answer{status: status, header: header, body: body, size: int64(len(body))})
	switch {
	case err != nil:
		return err
	case outcome != bench.OK || status != http.StatusOK:
		return errors.New(Answered(status, body))
	}
	return nil
}

// Answered describes an answer for a message: its status, and the beginning of its body
// on one line, with everything except plain text escaped.
func Answered(status int, body []byte) string {
	text := fmt.Sprintf("status %d", status)
	if said := strings.Join(strings.Fields(bench.Excerpt(string(body))), " "); said != "" {
		text += ": " + strconv.Quote(said)
	}
	return text
}

// IsJSON says whether a header declares its body to be JSON.
func IsJSON(header http.Header) bool {
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

// exchange sends a request on a connection of its own and lets read read the answer. If
// sending fails, reading says why.
func exchange(ctx context.Context, addr string, timeout time.Duration, request []byte, read func(net.Conn)) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := dial(ctx, addr, time.Time{})
	if err != nil {
		return err
	}
	defer endWith(ctx, conn)()
	_, _ = conn.Write(request)
	read(conn)
	return nil
}

// AskUpload sends the body of a slow upload at once and says what is wrong with the
// answer.
func AskUpload(ctx context.Context, addr, nonce string, timeout time.Duration) error {
	u := newSlowUpload()
	head := requestHead(http.MethodPost, "/upload?nonce="+nonce, addr)
	head = append(head, "Content-Type: application/octet-stream\r\nContent-Length: "+strconv.Itoa(len(u.body))+"\r\n\r\n"...)
	var a answer
	err := exchange(ctx, addr, timeout, append(head, u.body...), func(conn net.Conn) {
		a = readAnswer(conn, bufio.NewReader(nil), make([]byte, maxReceipt))
	})
	switch {
	case err != nil:
		return err
	case a.fate != whole:
		return fmt.Errorf("%s: %w", a.fate, a.err)
	case a.status != http.StatusOK:
		return errors.New(Answered(a.status, a.body))
	case !IsJSON(a.header):
		return errors.New("Content-Type " + strconv.Quote(a.header.Get("Content-Type")))
	}
	return u.checkAnswer(nonce, a)
}

// downloadBlock is the text that the answer to GET /download repeats.
const downloadBlock = "benchrun"

// AskDownload fetches the answer of a slow download at once and says what is wrong with
// it.
func AskDownload(ctx context.Context, addr, nonce string, timeout time.Duration) error {
	var a answer
	err := exchange(ctx, addr, timeout, getRequest("/download?nonce="+nonce, addr), func(conn net.Conn) {
		a = readLargeAnswer(conn, bufio.NewReader(nil), make([]byte, downloadSize), downloadSize+1)
	})
	if err != nil {
		return err
	}
	if a.fate != whole {
		return fmt.Errorf("%s after %d bytes of body: %w", a.fate, a.size, a.err)
	}
	return checkDownload(a)
}

// streamBlocks is how many blocks of an endless answer are looked at.
const streamBlocks = 3

// AskStream asks for the app's endless answer, reads its first blocks and says what is wrong
// with them. Then it leaves.
func AskStream(ctx context.Context, addr, nonce string, timeout time.Duration) error {
	var problem error
	err := exchange(ctx, addr, timeout, getRequest("/stream?nonce="+nonce, addr), func(conn net.Conn) {
		problem = checkStream(bufio.NewReader(conn), nonce)
	})
	if err != nil {
		return err
	}
	return problem
}

// checkStream compares the beginning of an endless answer with what the contract promises.
func checkStream(from *bufio.Reader, nonce string) error {
	got, err := http.ReadResponse(from, nil) //nolint:bodyclose // to close it would read an endless body to its end; the connection is closed
	if err != nil {
		return err
	}
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", got.StatusCode)
	}
	kind, _, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	switch {
	case err != nil || kind != "text/plain":
		return errors.New("Content-Type " + strconv.Quote(got.Header.Get("Content-Type")))
	case got.ContentLength >= 0:
		return fmt.Errorf("a Content-Length of %d", got.ContentLength)
	}
	block := make([]byte, VictimSize)
	for n := range streamBlocks {
		if size, err := io.ReadFull(got.Body, block); err != nil {
			return fmt.Errorf("it ends after %d bytes: %w", n*VictimSize+size, err)
		}
		if !bytes.Equal(block, VictimBody(nonce)) {
			return fmt.Errorf("block %d is not like the body of /victim", n+1)
		}
	}
	return nil
}

// checkDownload compares a whole answer with what the contract promises.
func checkDownload(a answer) error {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	length := a.header.Get("Content-Length")
	switch {
	case a.status != http.StatusOK:
		return fmt.Errorf("status %d", a.status)
	case !strings.EqualFold(strings.TrimSpace(kind), "application/octet-stream"):
		return fmt.Errorf("Content-Type %q", a.header.Get("Content-Type"))
	case length != strconv.Itoa(downloadSize):
		return fmt.Errorf("Content-Length %q, want %d", length, downloadSize)
	}
	for i, b := range a.body {
		if b != downloadBlock[i%len(downloadBlock)] {
			return fmt.Errorf("byte %d of the body is %q", i, b)
		}
	}
	return nil
}
