#!/bin/bash
# Runs the fuzz targets of packages, one after the other, each for so long. What one finds goes to testdata/fuzz beside it, and is
# run by every test from then on.
#
#	scripts/fuzz.sh TIME PACKAGE...        scripts/fuzz.sh 10m ./netsync/... ./crdt
set -euo pipefail
go="$(dirname "${BASH_SOURCE[0]}")/go"
[[ $# -ge 2 ]] || { sed -n 's/^#\t//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
time="$1"
shift
failed=()
while read -r package; do
	while read -r target; do
		echo "$package $target, $time"
		"$go" test -vet=off "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel "${FUZZERS:-2}" </dev/null | tail -n 5 ||
			failed+=("$package $target")
	done < <("$go" test -vet=off "$package" -list '^Fuzz' | grep '^Fuzz' || true)
done < <("$go" list "$@")
[[ ${#failed[@]} -eq 0 ]] || { printf 'failed: %s\n' "${failed[@]}" >&2; exit 1; }
