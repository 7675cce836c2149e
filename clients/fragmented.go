package clients

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"benchrun/internal/bench"
)

// The sizes of fragmented version 1, see docs/contract.md.
const (
	fragmentedSize  = 1_200_000 // bytes of body
	fragmentedChunk = 7_001     // bytes of a chunk: it fits no buffer
)

// fragmented sends the head of an upload in segments of one byte, and its body in chunks.
type fragmented struct {
	payload
	chunks []byte // the body, as it is sent
}

// Fragmented makes the uploads of the fragmented family.
func Fragmented() Provoker {
	f := &fragmented{payload: newPayload(fragmentedSize)}
	f.chunks = chunked(f.body, fragmentedChunk)
	return f
}

// chunked is a body in chunks, the last one included.
func chunked(body []byte, size int) []byte {
	var b bytes.Buffer
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

// Provoke implements Provoker. The sample's Bytes are how many bytes of the chunked body
// the kernel took. A 200 without the body's digest is Completed with an Error.
func (f *fragmented) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return nil }, nil) {
		return &h.s
	}
	defer h.done()
	taken := make(chan int, 1)
	go func() {
		taken <- f.send(h.conn, f.fragmentedHead(h.Nonce, h.Addr))
	}()
	h.await(maxReceipt)
	_ = h.conn.SetWriteDeadline(time.Unix(1, 0)) // an answer before the end of the body ends the writing
	h.s.Bytes = int64(<-taken)
	f.complete(ctx, h)
	return &h.s
}

// fragmentedHead is the head of the upload's request, with its empty line.
func (f *fragmented) fragmentedHead(nonce, addr string) []byte {
	head := requestHead(http.MethodPost, "/upload?nonce="+nonce, addr)
	return append(head, "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"...)
}

// send returns how many bytes of the chunked body the kernel took. Go sets TCP_NODELAY on
// each connection, so a write is a segment.
func (f *fragmented) send(conn net.Conn, head []byte) int {
	for i := range head {
		if _, err := conn.Write(head[i : i+1]); err != nil {
			return 0 // reading will say why
		}
	}
	n, _ := conn.Write(f.chunks)
	return n
}
