package clients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"

	"benchrun/internal/bench"
)

// maxReceipt is how many bytes of an answer to an upload are read; a right one is shorter.
const maxReceipt = 1024

// payload is an ordinary request body and what the app must answer.
type payload struct {
	body   []byte // all uploads share it
	digest string // its SHA-256, hex
}

func newPayload(size int) payload {
	body := make([]byte, size)
	// Fixed noise: no two blocks are equal, so a missing or misplaced block changes the
	// digest.
	_, _ = rand.NewChaCha8([32]byte{}).Read(body)
	sum := sha256.Sum256(body)
	return payload{body: body, digest: hex.EncodeToString(sum[:])}
}

// head is the head of the upload's request, with its empty line.
func (u *payload) head(nonce, addr string) []byte {
	head := requestHead(http.MethodPost, "/upload?nonce="+nonce, addr)
	return append(head, "Content-Type: application/octet-stream\r\nContent-Length: "+strconv.Itoa(len(u.body))+"\r\n\r\n"...)
}

// complete completes an upload's sample and checks its answer.
func (u *payload) complete(ctx context.Context, h *ongoing) {
	h.finish(ctx)
	if h.Heard != nil {
		h.Heard(h.answer.body)
	}
	if h.s.Outcome == bench.Completed && h.s.Status == http.StatusOK {
		if err := u.checkAnswer(h.Nonce, h.answer); err != nil {
			h.s.Error = brief(err)
		}
	}
}

// checkAnswer compares a 200 with what the contract promises.
func (u *payload) checkAnswer(nonce string, a answer) error {
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
