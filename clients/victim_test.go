package clients

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"benchrun/internal/bench"
)

// victimOf sends one victim to addr and returns its sample.
func victimOf(t *testing.T, addr string, edit func(*OpenLoop)) bench.Sample {
	t.Helper()
	o, got := loop(addr, 100)
	if edit != nil {
		edit(o)
	}
	runUntil(t, o, 1)
	if got.len() != 1 {
		t.Fatalf("%d samples of one request", got.len())
	}
	return got.all[0]
}

// Each way in which a server can treat a victim has exactly one outcome.
func TestVictimOutcomes(t *testing.T) {
	type server = func(c net.Conn, r *http.Request)
	say := func(text string) server {
		return func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, text) }
	}
	stall := func(text string) server { // sends text, then nothing until the client closes
		return func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, text); untilClosed(c) }
	}
	cut := func(text string) server { // sends text, waits until it was read, then resets
		return func(c net.Conn, _ *http.Request) {
			_, _ = io.WriteString(c, text)
			eventually(t, "the text is acknowledged", func() bool { return unacknowledged(c) == 0 })
			reset(c)
		}
	}
	body := string(VictimBody("v0-9c1e2f03"))
	other := string(VictimBody("v1-9c1e2f03"))
	sized := func(n int, body string) string { return head("200 OK", fmt.Sprintf("Content-Length: %d", n)) + body }
	chunked := func(parts ...string) string {
		text := head("200 OK", "Transfer-Encoding: chunked")
		for _, p := range parts {
			text += fmt.Sprintf("%x\r\n%s\r\n", len(p), p)
		}
		return text
	}
	for name, c := range map[string]struct {
		serve server
		want  bench.Outcome
	}{
		"content-length":         {say(sized(1024, body)), bench.OK},
		"kept open":              {stall(sized(1024, body)), bench.OK},
		"chunked":                {say(chunked(body[:100], body[100:], "")), bench.OK},
		"chunked, kept open":     {stall(chunked(body, "")), bench.OK},
		"close-delimited":        {say(head("200 OK") + body), bench.OK},
		"http/1.0":               {say("HTTP/1.0 200 OK\r\nX-BENCHRUN-PID: 7\r\n\r\n" + body), bench.OK},
		"early hints":            {say("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + sized(1024, body)), bench.OK},
		"reset after the answer": {cut(sized(1024, body)), bench.OK},

		"reset at once":        {cut(""), bench.Reset},
		"closed at once":       {say(""), bench.Reset},
		"half a status line":   {say("HTTP/1.1 20"), bench.Reset},
		"half a head":          {say("HTTP/1.1 200 OK\r\nX-Benchrun-Pid: 7\r\nContent-Le"), bench.Reset},
		"reset in the head":    {cut("HTTP/1.1 200 OK\r\nX-Ben"), bench.Reset},
		"only early hints":     {say("HTTP/1.1 103 Early Hints\r\n\r\n"), bench.Reset},
		"short of its length":  {say(sized(1024, body[:1000])), bench.Truncated},
		"reset in the body":    {cut(sized(1024, body[:1000])), bench.Truncated},
		"no last chunk":        {say(chunked(body)), bench.Truncated},
		"broken chunk size":    {say(chunked(body[:100]) + "zz\r\n"), bench.Truncated},
		"chunk breaks off":     {say(chunked(body[:100]) + "39c\r\nshort"), bench.Truncated},
		"reset between chunks": {cut(chunked(body)), bench.Truncated},
		"short until close":    {say(head("200 OK") + body[:1000]), bench.Truncated},
		"reset instead of end": {cut(head("200 OK") + body), bench.Truncated},
		"503 breaks off":       {say(head("503 Busy", "Content-Length: 9") + "bu"), bench.Truncated},

		"no answer":           {stall(""), bench.TimedOut},
		"stalls in the head":  {stall("HTTP/1.1 200 OK\r\n"), bench.TimedOut},
		"stalls in the body":  {stall(sized(1024, body[:1000])), bench.TimedOut},
		"stalls in a 500":     {stall(head("500 Oops", "Content-Length: 9") + "oo"), bench.TimedOut},
		"never closes":        {stall(head("200 OK") + body), bench.TimedOut},
		"500":                 {say(head("500 Oops", "Content-Length: 4") + "oops"), bench.HTTP5xx},
		"503 without framing": {say("HTTP/1.1 503 Busy\r\n\r\nbusy"), bench.HTTP5xx},
		"503 with our body":   {say(strings.Replace(sized(1024, body), "200 OK", "503 Busy", 1)), bench.HTTP5xx},
		"long 502":            {say(head("502 Bad", "Content-Length: 20000") + strings.Repeat("x", 20000)), bench.HTTP5xx},
		"endless 502":         {say(head("502 Bad") + strings.Repeat("x", 4*maxBody)), bench.HTTP5xx},
		"404":                 {say(head("404 Not Found", "Content-Length: 0")), bench.HTTPOther},
		"redirect":            {say(head("302 Found", "Location: /victim?nonce=v0-9c1e2f03", "Content-Length: 0")), bench.HTTPOther},
		"101":                 {say("HTTP/1.1 101 Switching Protocols\r\n\r\n"), bench.HTTPOther},

		"another's nonce":  {say(sized(1024, other)), bench.Wrong},
		"one byte differs": {say(sized(1024, body[:1000]+"X"+body[1001:])), bench.Wrong},
		"long":             {say(sized(1025, body+"v")), bench.Wrong},
		"endless":          {say(head("200 OK") + strings.Repeat(body, 2*maxBody/len(body))), bench.Wrong},
		"short but framed": {say(sized(1000, body[:1000])), bench.Wrong},
		"short, chunked":   {say(chunked(body[:1000], "")), bench.Wrong},
		"204":              {say(head("204 No Content")), bench.Wrong},
		"no pid":           {say("HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + body), bench.Wrong},
		"no HTTP":          {say("oops\r\n\r\n"), bench.Wrong},
		"malformed header": {say("HTTP/1.1 200 OK\r\nno colon\r\n\r\n" + body), bench.Wrong},
		"endless header":   {say("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxRead)), bench.Wrong},
		"1xx without end":  {say(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20)), bench.Wrong},
		"answers in packets": {func(c net.Conn, _ *http.Request) {
			for _, b := range []byte(sized(1024, body)) {
				_, _ = c.Write([]byte{b})
			}
		}, bench.OK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := victimOf(t, rawServer(t, c.serve), func(o *OpenLoop) {
				if c.want == bench.TimedOut {
					o.SLO, o.Timeout = 100*time.Millisecond, time.Second
				}
			})
			if s.Outcome != c.want {
				t.Fatalf("outcome %s (%s), want %s", s.Outcome, s.Error, c.want)
			}
			if s.Outcome == bench.OK && (s.Status != 200 || s.PID != 7 || s.Error != "") {
				t.Errorf("ok with status %d, pid %d, error %q", s.Status, s.PID, s.Error)
			}
			if s.Sent < s.Due || s.Done < s.Sent {
				t.Errorf("due %d, sent %d, done %d: not in order", s.Due, s.Sent, s.Done)
			}
			if after := time.Duration(s.Done - s.Due); s.Outcome == bench.TimedOut && after < time.Second {
				t.Errorf("timed out after %v, want 1 s", after)
			}
		})
	}
}

func TestLateIsMeasuredFromTheDueTime(t *testing.T) {
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		<-time.After(120 * time.Millisecond)
		_, _ = io.WriteString(c, good(r))
	})
	if s := victimOf(t, addr, func(o *OpenLoop) { o.SLO = 100 * time.Millisecond }); s.Outcome != bench.Late {
		t.Errorf("answered 120 ms after an SLO of 100 ms: %s %s", s.Outcome, s.Error)
	}
}

// A request that the harness overslept is sent late, and its sample shows that. If it
// overslept beyond the timeout, the request is Unsent, which is not the server's fault.
func TestOverslept(t *testing.T) {
	addr := rawServer(t, func(c net.Conn, r *http.Request) { _, _ = io.WriteString(c, good(r)) })
	o, got := loop(addr, 1)
	o.SLO, o.Timeout = 15*time.Second, 25*time.Second
	o.Beat.Start -= int64(30 * time.Second)
	runUntil(t, o, 31)
	if got.len() != 31 {
		t.Fatalf("%d samples of 31 requests", got.len())
	}
	for _, s := range got.all {
		asleep := 30*time.Second - time.Duration(s.Seq)*time.Second
		want := bench.OK
		switch {
		case asleep >= 25*time.Second:
			want = bench.Unsent
		case asleep >= 15*time.Second:
			want = bench.Late
		case asleep > 13*time.Second:
			continue // either outcome, on a slow machine
		}
		if s.Outcome != want {
			t.Errorf("overslept by %v: %s (%s), want %s", asleep, s.Outcome, s.Error, want)
		}
		if want == bench.Unsent && (s.Sent != 0 || s.Done != 0) {
			t.Errorf("unsent, but sent at %d and done at %d", s.Sent, s.Done)
		}
		if want != bench.Unsent && s.Sent-s.Due < int64(asleep) {
			t.Errorf("overslept by %v, but sent %v after its due time", asleep, time.Duration(s.Sent-s.Due))
		}
	}
}

func TestNoConnection(t *testing.T) {
	if s := victimOf(t, closedPort(t), nil); s.Outcome != bench.Refused || s.Sent == 0 {
		t.Errorf("closed port: got %+v, want refused", s)
	}
	// A listener with a full backlog does not answer SYNs, so the dial times out.
	full := fullBacklog(t)
	s := victimOf(t, full, func(o *OpenLoop) { o.SLO, o.Timeout = 100*time.Millisecond, time.Second })
	if s.Outcome != bench.TimedOut {
		t.Errorf("full backlog: got %+v, want timeout", s)
	}
}

func TestDialErrorsOfThisHostAreUnsent(t *testing.T) {
	wrapped := func(e syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", e)}
	}
	for errno, want := range map[syscall.Errno]bench.Outcome{
		syscall.EADDRNOTAVAIL: bench.Unsent, syscall.EADDRINUSE: bench.Unsent, syscall.EMFILE: bench.Unsent,
		syscall.ENFILE: bench.Unsent, syscall.ENOBUFS: bench.Unsent,
		syscall.ECONNREFUSED: bench.Refused, syscall.ECONNRESET: bench.Refused, syscall.EHOSTUNREACH: bench.Refused,
		syscall.ETIMEDOUT: bench.TimedOut,
	} {
		if got := dialOutcome(wrapped(errno)); got != want {
			t.Errorf("%v: %s, want %s", errno, got, want)
		}
	}
	if got := brief(wrapped(syscall.ECONNREFUSED)); got != "dial: connect: connection refused" {
		t.Errorf("brief gives %q", got)
	}
	if got := brief(errors.New("plain")); got != "plain" {
		t.Errorf("brief gives %q", got)
	}
}

// Long texts in a server's answers do not fill benchrun's memory.
func TestErrorsAreShort(t *testing.T) {
	long := strings.Repeat("x", maxRead-100)
	for name, answer := range map[string]string{
		"status line": long + "\r\n\r\n",
		"header":      "HTTP/1.1 200 OK\r\n" + long + "\r\n\r\n",
		"no UTF-8":    strings.Repeat("\xff", 2*bench.MostExcerpt) + "\r\n\r\n",
	} {
		addr := rawServer(t, func(c net.Conn, _ *http.Request) { _, _ = c.Write([]byte(answer)) })
		got := AskVictim(addr, "v0", bench.StandardLoad)
		if got.Outcome != bench.Wrong || got.Error == "" || len(got.Error) > 3*bench.MostExcerpt || !utf8.ValidString(got.Error) {
			t.Errorf("%s: %s with %d bytes of error", name, got.Outcome, len(got.Error))
		}
	}
}

func TestVictimBody(t *testing.T) {
	for _, nonce := range []string{"a", "v17-9c1e2f03", strings.Repeat("z", 64)} {
		b := VictimBody(nonce)
		if len(b) != VictimSize || !strings.HasPrefix(string(b), nonce+"\n") || !echoes(b, nonce) {
			t.Errorf("nonce %q: body %q", nonce, b)
		}
		for _, i := range []int{0, len(nonce), 500, VictimSize - 1} {
			b[i] ^= 1
			if echoes(b, nonce) {
				t.Errorf("nonce %q: a wrong byte %d is not seen", nonce, i)
			}
			b[i] ^= 1
		}
	}
}
