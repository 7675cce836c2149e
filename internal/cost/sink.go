package cost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// sinkState is a line of what the sink tells.
type sinkState struct {
	Port int `json:"port,omitempty"`
	Open int `json:"open"` // connections
	Read int `json:"read"` // times that it found something to discard
}

// tellEvery is how often the sink tells its state, where that has changed.
const tellEvery = 100 * time.Millisecond

// sinkPart accepts any number of connections, discards what they send and never
// answers, at next to no cost: one thread, and nothing is copied.
func sinkPart(ctx context.Context, answer *json.Encoder, _ string, _ []int) error {
	listener, port, err := listen()
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	defer func() { _ = unix.Close(listener) }()
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	defer func() { _ = unix.Close(poll) }()
	s := sink{poll: poll, listener: listener}
	if err := s.add(listener); err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	told, next := sinkState{Open: -1}, time.Now()
	for ctx.Err() == nil {
		if err := s.turn(); err != nil {
			return fmt.Errorf("sink: %w", err)
		}
		state := sinkState{Port: port, Open: s.open, Read: s.read}
		if now := time.Now(); state != told && !now.Before(next) {
			told, next = state, now.Add(tellEvery)
			if err := answer.Encode(state); err != nil {
				return err
			}
		}
	}
	return nil
}

// listen opens a listener on a free port of 127.0.0.1 with a long queue.
func listen() (fd, port int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		err = unix.Listen(fd, 4096)
	}
	var at unix.Sockaddr
	if err == nil {
		at, err = unix.Getsockname(fd)
	}
	if err != nil {
		return 0, 0, errors.Join(err, unix.Close(fd))
	}
	return fd, at.(*unix.SockaddrInet4).Port, nil
}

type sink struct {
	poll, listener int
	open, read     int
	events         [256]unix.EpollEvent
}

func (s *sink) add(fd int) error {
	return unix.EpollCtl(s.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}) //nolint:gosec // descriptors are small
}

// turn waits a little for events and deals with them.
func (s *sink) turn() error {
	n, err := unix.EpollWait(s.poll, s.events[:], int(tellEvery.Milliseconds()))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	for _, e := range s.events[:max(0, n)] {
		if int(e.Fd) == s.listener {
			err = s.accept()
		} else {
			err = s.discard(int(e.Fd))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sink) accept() error {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.ECONNABORTED):
			continue
		case err != nil:
			return err
		}
		s.open++
		if err := s.add(fd); err != nil {
			return err
		}
	}
}

// discard takes what is there away without copying it (MSG_TRUNC, tcp(7)), and
// closes a connection that has ended.
func (s *sink) discard(fd int) error {
	n, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), 0, 1<<20, unix.MSG_TRUNC|unix.MSG_DONTWAIT, 0, 0)
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return nil
	case errno == 0 && n > 0:
		s.read++
		return nil
	}
	s.open--
	return unix.Close(fd)
}
