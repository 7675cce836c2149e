package judge

import (
	"fmt"

	"benchrun/internal/bench"
)

// unreadWords says whether a log that nobody read was in the server's way. A pipe that is
// not half full had room for each line. "" = no log was blocked, or nobody saw how much waited.
func (v *view) unreadWords() string {
	if v.unread == nil {
		return ""
	}
	n := max(0, v.unread.Bytes)
	switch {
	case n == 0:
		return "; the server wrote nothing meanwhile, so its log was never in the way"
	case n < bench.LogPipeBytes/2:
		return fmt.Sprintf("; the server wrote only %s bytes meanwhile, so its log was never in the way", bench.Grouped(int(n)))
	}
	return fmt.Sprintf("; %s bytes of its log waited to be read", bench.Grouped(int(n)))
}
