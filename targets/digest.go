package targets

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Digest identifies the content of a server's file: 16 hex digits, which change with any
// field, but not with the file's path.
func (s *Server) Digest() (string, error) {
	content := *s
	content.File = ""
	text, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("digest of server %s: %w", s.Name, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}
