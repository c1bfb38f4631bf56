# shellcheck shell=bash
# Finds or fetches the Go toolchain. Sourced by scripts/go and scripts/setup.sh.
#
# A toolchain is good when it is at least as new as the "go" line of go.mod. Looked at, in this order: go on the
# PATH, /usr/local/go (where go.dev's archive unpacks; often missing from the PATH), and the one fetched earlier.
# None is installed system-wide and no file outside toolchain_dir is changed.

GO_FETCH=1.26.8 # the version to fetch when the machine has none; at least the "go" line of go.mod

export HOME="${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}" # some build machines start us without it
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
toolchain_dir="${XDG_CACHE_HOME:-$HOME/.cache}/inkling/go"

# new_enough GO: is GO a working toolchain that can build go.mod? Pre-release suffixes count as their release.
new_enough() {
	local line have want
	line="$(GOTOOLCHAIN=local GOROOT='' "$1" version 2>/dev/null)" || return 1
	[[ "$line" =~ go([0-9]+)\.([0-9]+)\.?([0-9]*) ]] || return 1
	have=$((BASH_REMATCH[1] * 1000000 + BASH_REMATCH[2] * 1000 + 10#0${BASH_REMATCH[3]}))
	[[ "$(grep -m1 '^go ' "$root/go.mod")" =~ go\ ([0-9]+)\.([0-9]+)\.?([0-9]*) ]] || return 1
	want=$((BASH_REMATCH[1] * 1000000 + BASH_REMATCH[2] * 1000 + 10#0${BASH_REMATCH[3]}))
	((have >= want))
}

# find_go prints the first good toolchain's go command; fails when there is none.
find_go() {
	local go
	for go in "$(type -P go || true)" /usr/local/go/bin/go "$toolchain_dir"/golang.org/toolchain@v0.0.1-go*/bin/go; do
		if [[ -x "$go" ]] && new_enough "$go"; then
			echo "$go"
			return
		fi
	done
	return 1
}

# fetch_go OLD: lets an older Go download GO_FETCH as the module golang.org/toolchain, the way newer ones do it by
# themselves (https://go.dev/doc/toolchain). The module proxy, its settings (GOPROXY, HTTPS_PROXY, ...) and the
# checksum database are the user's own; so the bytes are those that the Go project published.
fetch_go() {
	local old="$1" version dir work
	export GOTOOLCHAIN=local GOROOT=''
	version="v0.0.1-go$GO_FETCH.$("$old" env GOOS)-$("$old" env GOARCH)"
	dir="$toolchain_dir/golang.org/toolchain@$version"
	work="$(mktemp -d)"
	(
		cd "$work"
		export GOMODCACHE="$toolchain_dir" GOFLAGS=-modcacherw GO111MODULE=on
		"$old" mod init fetch 2>/dev/null
		"$old" mod download "golang.org/toolchain@$version"
	) || {
		rm -rf "$work"
		echo "Go $GO_FETCH could not be downloaded from the module proxy ($("$old" env GOPROXY))." >&2
		echo "Check the network or GOPROXY, or install Go from https://go.dev/dl/, and run the same command again." >&2
		return 1
	}
	rm -rf "$work" "$toolchain_dir/cache" # the zip is of no use once unpacked
	# Module zips carry no permissions. bin/go comes last: it is what find_go looks at.
	find "$dir/pkg/tool" -type f -exec chmod +x {} +
	chmod +x "$dir/bin/gofmt" "$dir/bin/go"
}
