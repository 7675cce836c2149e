package observe

import "testing"

func TestTCPExt(t *testing.T) {
	b := []byte("TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 22 333\nIpExt: A\nIpExt: 4\n")
	if n := tcpExt(b, "ListenOverflows"); n != 22 {
		t.Errorf("ListenOverflows %d, want 22", n)
	}
	if n := tcpExt(b, "Nothing"); n != 0 {
		t.Errorf("unknown counter %d, want 0", n)
	}
}
