package discovery

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(hostVariable); name != "" {
		os.Exit(runHost(name))
	}
	goleak.VerifyTestMain(m)
}
