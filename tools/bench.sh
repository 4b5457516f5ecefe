#!/usr/bin/env bash
# Runs every benchmark in turn; one that fails does not hide the others. Usage: tools/bench.sh .venv/bin/python
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python="${1:?the Python to use}"

# featuretools wants older libraries than tael does: it gets an environment of its own.
peer=.venv-featuretools
if [ ! -f "$peer/.installed" ]; then
  printf 'tael: making %s for the opponent\n' "$peer"
  if "$python" -m venv "$peer" &&
    "$peer/bin/python" -m pip install --quiet "featuretools==1.31.0" "setuptools<81" "pandas<3" pyarrow; then
    touch "$peer/.installed"
  else
    printf 'tael: featuretools could not be installed: bench_relational.py runs without it\n' >&2
  fi
fi
if [ -f "$peer/.installed" ]; then export TAEL_FEATURETOOLS_PYTHON="$PWD/$peer/bin/python"; fi

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
