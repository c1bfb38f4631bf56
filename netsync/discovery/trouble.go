package discovery

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
)

// noNetwork is said when no interface but the loopback can be used.
const noNetwork = "This computer has no network. Inkling finds only programs on this computer."

// cannotLook is the sentence for one network.
func cannotLook(name, why string) string {
	return fmt.Sprintf("Inkling cannot look for others on the network %q: %s. "+
		"Type the address of the other computer instead.", name, why)
}

// troubles keeps what is wrong, for [Service.Trouble]. It is safe for
// concurrent use.
type troubles struct {
	mu       sync.Mutex
	list     error // why the networks are not known
	networks []network
	unusable []string             // sentences
	failed   map[stationKey]error // a nil error: it works
}

// listed notes the networks that there are, and forgets those that were.
func (t *troubles) listed(networks []network, unusable []string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.networks, t.unusable, t.list = networks, unusable, err
	maps.DeleteFunc(t.failed, func(key stationKey, _ error) bool {
		return !slices.ContainsFunc(networks, func(n network) bool { return n.name() == key.network })
	})
}

// note says how the last attempt of a station went.
func (t *troubles) note(key stationKey, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = make(map[stationKey]error)
	}
	t.failed[key] = err
}

// sentences says what is wrong, in plain words.
func (t *troubles) sentences() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.list != nil {
		return []string{fmt.Sprintf("Inkling cannot see this computer's networks: %s. "+
			"Type the address of the other computer instead.", reason(t.list))}
	}
	var said []string
	alone := true
	for _, n := range t.networks {
		alone = alone && n.loopback()
	}
	if alone && len(t.unusable) == 0 {
		said = append(said, noNetwork)
	}
	for _, n := range t.networks {
		if n.loopback() && !alone {
			continue // the other networks reach this computer as well
		}
		if err := t.deaf(n); err != nil {
			said = append(said, cannotLook(n.name(), reason(err)))
		}
	}
	return append(said, t.unusable...)
}

// deaf returns why n does not work; nil when one family works or is not tried yet.
func (t *troubles) deaf(n network) error {
	var why error
	for _, f := range families {
		if _, has := n.first(f); !has {
			continue
		}
		err, tried := t.failed[stationKey{n.name(), f}]
		if !tried || err == nil {
			return nil
		}
		if why == nil {
			why = err
		}
	}
	return why
}

// reason returns the last part of err, which the system says: "permission
// denied", without the addresses and calls around it.
func reason(err error) string {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err.Error()
	}
	return err.Error()
}
