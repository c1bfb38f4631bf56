#!/bin/bash
# Prints each headline theorem with what it assumes, and fails unless that is nothing at all.
#
#	theorems.sh OUT FILE...		OUT has what Coq answered to FILE.v: FILE.answers
set -euo pipefail
out="$1"
shift
closed="Closed under the global context"
assumed='Admitted|admit|Axiom|Axioms|Parameter|Parameters|Conjecture|Hypothesis|Variable|Variables'
count=0

for file in "$@"; do
	if grep -nHwE "$assumed" "$file.v"; then
		echo "$file.v: nothing may be taken for granted" >&2
		exit 1
	fi
	mapfile -t names < <(sed -n 's/^Print Assumptions \([A-Za-z_]*\)\.$/\1/p' "$file.v")
	mapfile -t answers <"$out/$file.answers"
	if ((${#names[@]} != ${#answers[@]})); then
		echo "$file.v: ${#names[@]} theorems, but Coq answered:" >&2
		cat "$out/$file.answers" >&2
		exit 1
	fi
	for i in "${!names[@]}"; do
		printf '%-16s%-40s%s\n' "$file.v" "${names[i]}" "${answers[i]}"
		[[ "${answers[i]}" == "$closed" ]] || exit 1
		count=$((count + 1))
	done
done
((count > 0))
echo "$count theorems, each closed under the global context: no axioms, nothing admitted."
