package pairing

import (
	"crypto/rand"
	"strings"
	"testing"
)

// TestReadCode: what people type of a code that they see spelt.
func TestReadCode(t *testing.T) {
	for typed, want := range map[string]string{
		"482913": "482913", " 482 913\n": "482913", "482-913": "482913", "000000": "000000",
		"abcd efgh jkmn": "abcdefghjkmn", "ABCD-EFGH-2345": "abcdefgh2345",
		"48291": "", "4829133": "", "48291a": "", "": "", "abcdefghjkl1": "", "abcdefghjkmo": "", "４８２９１３": "",
	} {
		if got, ok := ReadCode(typed); ok != (want != "") || ok && got != want {
			t.Errorf("%q is read as %q, %v", typed, got, ok)
		}
	}
	for _, c := range []struct{ code, want string }{{"482913", "482 913"}, {"abcdefghjkmn", "abcd efgh jkmn"}} {
		if got := SpellCode(c.code); got != c.want {
			t.Errorf("SpellCode(%q) = %q", c.code, got)
		}
	}
}

// TestDrawCode: each digit comes at each place about as often (six standard deviations are allowed).
func TestDrawCode(t *testing.T) {
	const draws = 20_000
	var count [ShortCode][10]int
	for range draws {
		var random [32]byte
		rand.Read(random[:])
		code := drawCode(digits, ShortCode, random)
		if got, ok := ReadCode(SpellCode(code)); !ok || got != code {
			t.Fatalf("%q is read as %q", code, got)
		}
		for i, c := range code {
			count[i][c-'0']++
		}
		if long := drawCode(letters, LongCode, random); len(long) != LongCode || strings.ContainsAny(long, "01ilo") {
			t.Fatalf("a long code %q", long)
		}
	}
	for i := range count {
		for d, n := range count[i] {
			if n < draws/10-255 || n > draws/10+255 {
				t.Errorf("digit %d at place %d came %d times in %d", d, i, n, draws)
			}
		}
	}
}

func FuzzReadCode(f *testing.F) {
	f.Add("482 913")
	f.Add("abcd-efgh-jkmn")
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := ReadCode(s)
		if again, ok2 := ReadCode(SpellCode(code)); ok && (!ok2 || again != code) {
			t.Fatalf("%q is read as %q, which is read as %q", s, code, again)
		}
	})
}
