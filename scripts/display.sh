#!/bin/bash
# Says so when a window cannot open, before minutes are spent on building one. Its arguments are the program's own:
# sub-commands need no display, so it lets them pass.
set -euo pipefail
case "${1-}" in "" | -*) ;; *) exit 0 ;; esac
if [[ "$(uname)" != Linux || -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ]]; then
	exit 0
fi
echo "No display here (DISPLAY and WAYLAND_DISPLAY are empty): use a graphical session or 'xvfb-run -a make run'," \
	"or, without a window, 'make static' and 'out/inkling-static serve' (also list, export, import, doctor)." >&2
exit 1
