package clients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"benchrun/internal/bench"
)

// The magnitude of slow-upload version 1, as docs/contract.md has it.
const (
	uploadSize  = 1_000_000 // bytes
	uploadBlock = 10_000    // bytes
	uploadEvery = 300 * time.Millisecond
)

// uploadSendBuffer asks the kernel for a small send buffer, in bytes (it keeps
// twice as much): what it has taken is then nearly what has left.
const uploadSendBuffer = 16 << 10

// maxReceipt is more than an honest answer to an upload needs, in bytes.
const maxReceipt = 1024

// slowUpload sends an honest request body at a crawl: block i of uploadBlock
// bytes is due (i + 1) × every after the connection stood, so the last one
// uploadSize / uploadBlock × every after it.
type slowUpload struct {
	body   []byte // shared by every upload
	digest string // its SHA-256, hex
	every  time.Duration
}

func newSlowUpload() slowUpload {
	body := make([]byte, uploadSize)
	// Fixed noise: no two blocks alike, so that one that goes missing or
	// arrives out of order changes the digest.
	_, _ = rand.NewChaCha8([32]byte{}).Read(body)
	sum := sha256.Sum256(body)
	return slowUpload{body: body, digest: hex.EncodeToString(sum[:]), every: uploadEvery}
}

// Provoke implements Provoker. The sample's Bytes are the body bytes that the
// kernel took. A server may answer before it has the whole body: that is
// Completed too, with its status.
func (u slowUpload) Provoke(ctx context.Context, p Provocation) bench.Sample {
	conn, s, ok := p.connect(ctx)
	if !ok {
		return s
	}
	defer conn.Close()
	defer endWith(ctx, conn)()
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetWriteBuffer(uploadSendBuffer)
	}
	answered := make(chan answer, 1)
	go func() { // ends with the connection
		a := awaitAnswer(conn, maxReceipt)
		answered <- a
		// A write that is stuck against a server that has answered, or is
		// gone, would wait for ever.
		_ = conn.SetWriteDeadline(time.Unix(1, 0))
	}()
	s.Bytes = u.send(conn, p, answered)
	a := <-answered
	p.finish(ctx, &s, a)
	if s.Outcome == bench.Completed && s.Status == http.StatusOK {
		if err := u.checkAnswer(p.Nonce, a); err != nil {
			s.Error = err.Error()
		}
	}
	return s
}

// send writes the request on its pace until all is written, writing fails, or
// the answer is there, which it leaves in answered. It gives the body bytes
// that the kernel took.
func (u slowUpload) send(conn net.Conn, p Provocation, answered chan answer) (taken int64) {
	head := requestHead(http.MethodPost, "/upload?nonce="+p.Nonce, p.Addr)
	head = append(head, "Content-Type: application/octet-stream\r\nContent-Length: "+strconv.Itoa(len(u.body))+"\r\n\r\n"...)
	began := time.Now()
	if _, err := conn.Write(head); err != nil {
		return 0
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := 0; int(taken) < len(u.body); i++ {
		timer.Reset(time.Until(began.Add(time.Duration(i+1) * u.every)))
		select {
		case <-timer.C:
		case a := <-answered:
			answered <- a
			return taken
		}
		n, err := conn.Write(u.body[taken:min(int(taken)+uploadBlock, len(u.body))])
		taken += int64(n)
		if err != nil {
			return taken
		}
	}
	return taken
}

// checkAnswer holds a 200 to what the contract promises.
func (u slowUpload) checkAnswer(nonce string, a answer) error {
	var got struct {
		Nonce  string `json:"nonce"`
		Bytes  int    `json:"bytes"`
		SHA256 string `json:"sha256"`
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		return fmt.Errorf("the upload's receipt: %w", err)
	}
	if got.Nonce != nonce || got.Bytes != len(u.body) || got.SHA256 != u.digest {
		return fmt.Errorf("the upload's receipt: nonce %q, %d bytes, sha256 %q; sent %q, %d, %q",
			got.Nonce, got.Bytes, got.SHA256, nonce, len(u.body), u.digest)
	}
	return nil
}
