package netsync

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/netsync/link"
	"inkling/netsync/socket"
)

// protocol is the ALPN name: the major version of everything said inside.
const protocol = "inkling/1"

// openTransport opens the socket (unless the config brings one) and listens.
func (n *Node) openTransport() error {
	// quic-go prints to the standard log where the system's UDP buffers are small.
	// That costs nothing below 100 MB/s and nobody could act on it.
	if err := os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true"); err != nil {
		return fmt.Errorf("netsync: set up quic: %w", err)
	}
	conn, err := n.openSocket()
	if err != nil {
		return err
	}
	n.tls, err = certificate()
	if err != nil {
		return err
	}
	n.port = int(addrOf(conn.LocalAddr()).Port())
	n.reach = newReach(conn.LocalAddr())
	n.transport = &quic.Transport{
		Conn:                conn,
		StatelessResetKey:   resetKey(n.cfg.Key),
		VerifySourceAddress: func(from net.Addr) bool { return n.gate.doubts(addrOf(from).Addr(), time.Now()) },
		ConnContext:         n.screen,
	}
	n.listener, err = n.transport.Listen(n.tls, n.quicConfig())
	if err != nil {
		return fmt.Errorf("netsync: listen on %s: %w", conn.LocalAddr(), err)
	}
	return nil
}

func (n *Node) openSocket() (net.PacketConn, error) {
	if u, ok := n.cfg.Conn.(*net.UDPConn); ok {
		return socket.Soft{UDPConn: u}, nil
	}
	if n.cfg.Conn != nil {
		return n.cfg.Conn, nil
	}
	port := n.cfg.Port
	if port == 0 {
		port = DefaultPort
	}
	conn, taken, err := socket.Listen(port)
	if err != nil {
		return nil, err
	}
	n.ownSocket = conn
	if taken {
		n.log.Info("another program has the port", "port", port, "instead", conn.LocalAddr())
	}
	return conn, nil
}

// screen looks at an inbound connection before any handshake: it must come from
// an own network, or from where an open invite or a pinned peer explains it.
func (n *Node) screen(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
	ip := addrOf(info.RemoteAddr).Addr()
	if !n.reach.contains(ip) && !n.expectsFrom(ip) {
		return nil, fmt.Errorf("netsync: connection from %s, which is not on an own network", ip)
	}
	return n.gate.hold(ctx, ip, n.metAt(ip))
}

func (n *Node) quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout:           5 * time.Second,
		MaxIdleTimeout:                 15 * time.Second,
		KeepAlivePeriod:                5 * time.Second,
		InitialStreamReceiveWindow:     64 << 10,
		MaxStreamReceiveWindow:         4 << 20,
		InitialConnectionReceiveWindow: 64 << 10,
		MaxConnectionReceiveWindow:     8 << 20,
		AllowConnectionWindowIncrease:  n.windows.grow,
		MaxIncomingStreams:             MaxStreams + 1, // the control stream
		MaxIncomingUniStreams:          maxBulkStreams,
		EnableDatagrams:                true,
	}
}

// certificate returns a TLS configuration with a certificate made for this start
// of the program. It proves nothing and says nothing: who is there is proved
// inside. Session tickets are off, so that nothing outlives a connection.
func certificate() (*tls.Config, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("netsync: make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "inkling"},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return nil, fmt.Errorf("netsync: make a certificate: %w", err)
	}
	return &tls.Config{
		Certificates:           []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}},
		InsecureSkipVerify:     true, // the certificate proves nothing; netsync/link does
		MinVersion:             tls.VersionTLS13,
		NextProtos:             []string{protocol},
		SessionTicketsDisabled: true,
	}, nil
}

// resetKey lets peers notice at once that this program was restarted: QUIC
// answers packets of connections from before with a stateless reset (RFC 9000 §10.3).
func resetKey(key ed25519.PrivateKey) *quic.StatelessResetKey {
	k := quic.StatelessResetKey(sha256.Sum256(append([]byte("inkling stateless reset"), key.Seed()...)))
	return &k
}

// exporter returns what the proofs on connection c are bound to.
func exporter(c *quic.Conn) (e link.Exporter, err error) {
	state := c.ConnectionState().TLS
	material, err := state.ExportKeyingMaterial(link.ExporterLabel, nil, link.ExporterSize)
	if err != nil {
		return e, fmt.Errorf("netsync: TLS exporter: %w", err)
	}
	return link.Exporter(material), nil
}
