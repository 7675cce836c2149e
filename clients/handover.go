package clients

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handPair makes a channel that passes connections: one end for this process, the other
// for a child process to inherit.
func handPair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "control")                               //nolint:gosec // a descriptor
	if ours, err = unixConn(os.NewFile(uintptr(fds[0]), "control")); err != nil { //nolint:gosec // a descriptor
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}

// unixConn converts a socket to a net.UnixConn and closes f.
func unixConn(f *os.File) (*net.UnixConn, error) {
	c, err := net.FileConn(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.New("no unix socket"), c.Close())
	}
	return u, nil
}

// tcpPair makes a connection over loopback and returns both its ends. It listens for that
// one connection only, and disconnects any other client that comes first.
func tcpPair(ctx context.Context, deadline time.Time) (client, server net.Conn, err error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	l, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close() //nolint:errcheck // the connection is made
	if client, err = dial(ctx, l.Addr().String(), deadline); err != nil {
		return nil, nil, err
	}
	_ = l.(*net.TCPListener).SetDeadline(deadline)
	if server, err = acceptFrom(l, client.LocalAddr()); err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return client, server, nil
}

// acceptFrom returns the connection that comes from one address.
func acceptFrom(l net.Listener, from net.Addr) (net.Conn, error) {
	for {
		c, err := l.Accept()
		if err != nil || c.RemoteAddr().String() == from.String() {
			return c, err
		}
		_ = c.Close()
	}
}

// handOver sends a copy of c's descriptor through the channel.
func handOver(hand *net.UnixConn, c net.Conn) error {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Control(func(fd uintptr) {
		_, _, sent = hand.WriteMsgUnix([]byte{0}, unix.UnixRights(int(fd)), nil) //nolint:gosec // a descriptor
	})
	return errors.Join(err, sent)
}

// handed is a net.Listener of the connections that come through the channel. It ends when
// the sending process does.
type handed struct{ hand *net.UnixConn }

// Accept waits for the next connection.
func (h handed) Accept() (net.Conn, error) {
	word, rights := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := h.hand.ReadMsgUnix(word, rights)
	if err != nil || n == 0 {
		return nil, net.ErrClosed
	}
	messages, err := unix.ParseSocketControlMessage(rights[:oobn])
	if err != nil || len(messages) != 1 {
		return nil, fmt.Errorf("no descriptor came: %w", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, fmt.Errorf("no descriptor came: %w", err)
	}
	f := os.NewFile(uintptr(fds[0]), "connection") //nolint:gosec // a descriptor
	c, err := net.FileConn(f)
	return c, errors.Join(err, f.Close())
}

// Close ends Accept.
func (h handed) Close() error { return h.hand.Close() }

// Addr is the channel's address.
func (h handed) Addr() net.Addr { return h.hand.LocalAddr() }
