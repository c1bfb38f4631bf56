#!/bin/bash
# shellcheck disable=SC2086,SC2206 # a group of packages is split into words on purpose
# Installs what is missing on this machine, saying what and why first. Quick and silent when nothing is missing.
#
#	scripts/setup.sh [build] [run] [test] [crash] [proof]
#
# build: what the C compiler needs for the window; run: what the window needs to draw; test: what the tests start;
# crash: what make crash starts; proof: what checks the proofs of the order rule.
# A Go toolchain is always seen to. Packages come by apt (Debian 12, Ubuntu 22.04 and later), as root or by sudo.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
. "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

# packages GROUP prints its Debian packages, why GROUP what they are for.
packages() {
	case "$1" in
	build) echo gcc libc6-dev pkg-config libgl-dev libegl-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev \
		libxi-dev libxxf86vm-dev libwayland-dev libxkbcommon-dev ;;
	run) echo libgl1-mesa-dri libegl1 libdecor-0-0 libdecor-0-plugin-1-cairo ;;
	test) echo xvfb iproute2 nftables ;;
	crash) echo strace e2fsprogs mount ;;
	proof) echo coq ocaml gcc libc6-dev ;;
	go) echo golang-go ca-certificates ;;
	*) echo "setup.sh: no group is called $1" >&2 && exit 2 ;;
	esac
}
why() {
	case "$1" in
	build) echo "to compile the window (Fyne)" ;;
	run) echo "to draw the window" ;;
	test) echo "to test in real windows and simulated networks" ;;
	crash) echo "to let disks and system calls fail" ;;
	proof) echo "to check the proofs and build the oracle" ;;
	go) echo "to fetch Go $GO_FETCH" ;;
	esac
}

# missing GROUP prints the group's packages that are not installed.
missing() {
	local wanted installed package
	wanted="$(packages "$1")" || exit
	installed=" $(dpkg-query -W -f '${Package}:${db:Status-Status} ' $wanted 2>/dev/null || true)"
	for package in $wanted; do
		[[ "$installed" == *" $package:installed "* ]] || echo "$package"
	done
}

# apt_get ARGS runs apt-get as root. Its output goes to $log, which is shown when it fails.
apt_get() {
	"${as_root[@]}" DEBIAN_FRONTEND=noninteractive \
		apt-get -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null
}

# become_root sets as_root, or says what an administrator must run.
become_root() {
	as_root=(env)
	if [[ "$(id -u)" == 0 ]]; then
		return
	elif type -P sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; }; then
		as_root=(sudo env)
	else
		echo "This account is not allowed to install packages. An administrator must run:" >&2
		echo "  apt-get update && apt-get install --no-install-recommends $*" >&2
		exit 1
	fi
}

# install PACKAGES. The package lists are refreshed only when they do not lead to the packages.
install() {
	become_root "$@"
	log="$(mktemp)"
	trap 'rm -f "$log"' EXIT
	echo "Installing by apt-get; this may take some minutes."
	apt_get install "$@" && return
	echo "Refreshing apt's package lists first: they do not lead to these packages."
	apt_get update && apt_get install "$@" && return
	cat "$log" >&2
	echo "apt-get failed; its words are above. Run the same command again once that is put right." >&2
	exit 1
}

# without_apt GROUPS leaves packages to the person, and names them where the compiler's are seen to be missing.
without_apt() {
	local group
	pkg-config --exists gl x11 xcursor xrandr xinerama xi xxf86vm wayland-client xkbcommon 2>/dev/null && return
	echo "This machine has no apt, so please install what these Debian packages hold, by your system's own means:" >&2
	for group in "$@"; do
		echo "  $(why "$group"): $(packages "$group")" >&2
	done
	exit 1
}

# ensure GROUPS installs what is missing of them in one go.
ensure() {
	local group list all=()
	if ! type -P apt-get >/dev/null; then
		without_apt "$@"
		return
	fi
	for group in "$@"; do
		list="$(missing "$group" | tr '\n' ' ')"
		[[ -n "$list" ]] || continue
		echo "Missing $(why "$group"): ${list% }"
		all+=($list)
	done
	((${#all[@]} == 0)) || install "${all[@]}"
}

# ensure_go gets a toolchain, with the help of whatever older Go there is.
ensure_go() {
	local old
	old="$(type -P go)" || {
		echo "Go is missing. Install Go $GO_FETCH or later from https://go.dev/dl/ and run the same command again." >&2
		exit 1
	}
	echo "Fetching Go $GO_FETCH (70 MB) into $toolchain_dir: no Go here is new enough to build Inkling."
	fetch_go "$old"
}

groups=("$@")
go="$(find_go || true)"
if [[ -z "$go" ]] && ! type -P go >/dev/null; then
	groups+=(go)
fi
if ((${#groups[@]} > 0)) && [[ "$(uname)" == Linux ]]; then
	ensure "${groups[@]}"
fi
[[ -n "$go" ]] || ensure_go
