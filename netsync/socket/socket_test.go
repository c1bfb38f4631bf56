package socket

import (
	"errors"
	"net"
	"os"
	"testing"
)

// TestLost: each error that means "not now" counts as a packet that was sent,
// wrapped as the net package wraps it; others do not.
func TestLost(t *testing.T) {
	for _, code := range notNow {
		if !lost(&net.OpError{Op: "write", Err: os.NewSyscallError("sendmsg", code)}) {
			t.Errorf("%v is reported", code)
		}
	}
	if lost(nil) || lost(net.ErrClosed) || lost(errors.New("x")) {
		t.Error("an error that is not of the network is hidden")
	}
}

// TestNoRoute sends to an address that has no route without a zone, through both
// methods; and what is too long is reported.
func TestNoRoute(t *testing.T) {
	s, taken, err := Listen(0)
	if err != nil || taken {
		t.Fatal(err, taken)
	}
	defer s.Close()
	nowhere := &net.UDPAddr{IP: net.ParseIP("fe80::1"), Port: 9} // link-local without a zone
	if n, err := s.WriteTo([]byte("abc"), nowhere); n != 3 || err != nil {
		t.Errorf("WriteTo: %d, %v", n, err)
	}
	if n, _, err := s.WriteMsgUDP([]byte("abc"), nil, nowhere); n != 3 || err != nil {
		t.Errorf("WriteMsgUDP: %d, %v", n, err)
	}
	if _, err := s.WriteTo(make([]byte, 70_000), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}); err == nil {
		t.Error("a packet that is too long counts as sent")
	}
}

func TestTakenPort(t *testing.T) {
	first, _, err := Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	port := first.LocalAddr().(*net.UDPAddr).Port
	second, taken, err := Listen(port)
	if err != nil || !taken {
		t.Fatalf("taken %v, %v", taken, err)
	}
	defer second.Close()
	if second.LocalAddr().(*net.UDPAddr).Port == port {
		t.Error("two sockets on one port")
	}
}
