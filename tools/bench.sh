#!/usr/bin/env bash
# Runs every benchmark in turn; one that fails does not hide the others. Usage: tools/bench.sh .venv/bin/python
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python="${1:?the Python to use}"

shopt -s nullglob
failed=()
for script in benchmarks/bench_*.py; do
  printf '\n== %s\n' "$script"
  "$python" "$script" || failed+=("$script")
done
if [ "${#failed[@]}" -gt 0 ]; then
  printf '\ntael: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
