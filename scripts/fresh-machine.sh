#!/bin/bash
# Tries the README's two commands where nothing is installed: a bare Debian in a chroot, with git, make and
# ca-certificates, on this machine's kernel and network. It clones the last commit, not the working tree.
#
#	scripts/fresh-machine.sh            make test, then make run, a key typed into the window, found in the library
#	KEEP=1 scripts/fresh-machine.sh     the same in the chroot of the last time, packages and caches included
#	scripts/fresh-machine.sh --window   make run alone
#	scripts/fresh-machine.sh COMMAND    the command there instead, in the clone
#
# Needs root, and mmdebstrap, xvfb, xdotool and imagemagick here. FRESH names the folder (/var/tmp/inkling-fresh),
# SUITE the release (bookworm; jammy and later with MIRROR set to an Ubuntu mirror). All mounts are in a mount
# namespace of their own, so they are gone with this script, however it ends.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fresh="${FRESH:-/var/tmp/inkling-fresh}"
suite="${SUITE:-bookworm}"
mark="$fresh/etc/inkling-fresh" # says that the folder is ours to delete

say() { printf '\n== %s  %s\n' "$(date +%T)" "$*"; }

# make_chroot builds the bare system with this machine's proxies, certificates and apt settings.
make_chroot() {
	if [[ -e "$fresh" && ! -e "$mark" ]]; then
		echo "$fresh exists and was not made by this script: move it away or set FRESH to another folder." >&2
		exit 1
	fi
	[[ ! -e "$mark" ]] || rm -rf --one-file-system "$fresh"
	say "a bare $suite in $fresh"
	local settings
	settings="$(mktemp)"
	apt-config dump Acquire | grep -E '^Acquire::(https?|Check)' >"$settings" || true
	nice mmdebstrap --quiet --variant=minbase --include=git,make,ca-certificates --aptopt="$settings" \
		"$suite" "$fresh" ${MIRROR:+"$MIRROR"}
	rm -f "$settings"
	cp /etc/ssl/certs/ca-certificates.crt "$fresh/etc/ssl/certs/ca-certificates.crt"
	touch "$mark"
}

# clone puts the last commit into the chroot, over the caches of an earlier run.
clone() {
	rm -rf "$fresh/root/inkling"
	git clone -q --no-hardlinks . "$fresh/root/inkling"
	cp -L /etc/resolv.conf "$fresh/etc/resolv.conf"
}

# in_chroot COMMAND runs it in the clone with a bare environment.
in_chroot() {
	chroot "$fresh" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
		CI=true ${GOPROXY:+GOPROXY="$GOPROXY"} ${GOSUMDB:+GOSUMDB="$GOSUMDB"} ${HTTP_PROXY:+HTTP_PROXY="$HTTP_PROXY"} \
		${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} ${NO_PROXY:+NO_PROXY="$NO_PROXY"} ${DISPLAY:+DISPLAY="$DISPLAY"} \
		bash -c 'cd /root/inkling && exec "$@"' - nice "$@" </dev/null
}

# mounts gives the chroot what a machine has. Its X sockets are the ones seen outside, for xdotool.
mounts() {
	mount -t proc proc "$fresh/proc"
	mount --rbind /sys "$fresh/sys"
	mount --rbind /dev "$fresh/dev"
	mount -t tmpfs tmpfs "$fresh/tmp"
	mkdir -p "$fresh/tmp/.X11-unix" /tmp/.X11-unix
	mount --bind "$fresh/tmp/.X11-unix" /tmp/.X11-unix
}

# until_true SECONDS COMMAND waits for the command to succeed.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

listed() { in_chroot out/inkling list | grep -q 'A fresh machine'; }

# open_window is make run as a person meets it: a window comes, and what is typed is in the library.
open_window() {
	say "make run"
	Xvfb -displayfd 1 -screen 0 1280x800x24 -nolisten tcp -nolisten local >"$fresh/tmp/display" 2>/dev/null &
	trap 'kill %1' EXIT # so that it takes its lock away
	until_true 10 test -s "$fresh/tmp/display" || { say "Xvfb does not start"; exit 1; }
	DISPLAY=":$(cat "$fresh/tmp/display")"
	export DISPLAY
	in_chroot make run &
	until_true 1200 xdotool search --onlyvisible --name Inkling || { say "no window came"; exit 1; }
	say "the window is there"
	xdotool search --onlyvisible --name Inkling windowfocus mousemove --window %1 300 300 # no window manager does it here
	xdotool type --delay 40 'A fresh machine'
	if ! until_true 30 listed; then
		in_chroot out/inkling list || true
		say "what was typed is not in the library"
		exit 1
	fi
	import -window root "$fresh/root/window.png"
	say "typed, and found by 'inkling list'; picture: $fresh/root/window.png"
}

both_commands() {
	say "make help"
	in_chroot make help
	say "make test"
	time in_chroot make test
	open_window
}

inside() {
	mounts
	case "${1-}" in
	--window) open_window ;;
	"") both_commands ;;
	*) in_chroot "$@" ;;
	esac
}

if [[ "${1-}" == --inside ]]; then
	shift
	inside "$@"
	exit
fi
[[ "$(id -u)" == 0 ]] || { echo "This needs root: mounts and a chroot." >&2; exit 1; }
for tool in mmdebstrap Xvfb xdotool import; do
	type -P "$tool" >/dev/null || { echo "Needed here: apt-get install mmdebstrap xvfb xdotool imagemagick" >&2; exit 1; }
done
[[ -n "${KEEP-}" && -e "$mark" ]] || make_chroot
clone
unshare --mount --propagation private --pid --fork --kill-child "$0" --inside "$@"
