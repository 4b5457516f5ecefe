#!/usr/bin/env bash
# Runs every benchmark in turn; one that fails does not hide the others. Usage: tools/bench.sh .venv/bin/python
# Narrowed by BENCH, as in: BENCH="relational speed" make bench
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python="${1:?the Python to use}"
environments=.venv-bench
only="${BENCH:-}"

# The opponents want older libraries than tael does: each gets an environment of its own. A change here makes it again.
opponent() {
  local name="$1" home="$environments/$1"
  shift
  if [ -f "$home/.installed" ] && [ "$(cat "$home/.installed")" = "$*" ]; then return; fi
  printf 'tael: making %s for an opponent\n' "$home"
  rm -rf "$home"
  if "$python" -m venv "$home" && "$home/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; then
    printf '%s' "$*" >"$home/.installed"
  else
    rm -rf "$home"
    printf 'tael: %s could not be installed: the benchmarks run without it\n' "$name" >&2
  fi
}
opponent featuretools "featuretools==1.31.0" "setuptools<81" "pandas<3" pyarrow
opponent getml "getml==1.5.1" psutil
opponent openfe "openfe==0.0.12" "pandas<3" matplotlib pyarrow
opponent autofeat "autofeat==2.1.3" "scikit-learn<1.6" "numpy<2" "pandas<3" "pyarrow<19"
opponent optbinning "optbinning==1.0.0"
opponent interpret "interpret-core==0.7.8"
opponent kunquant "KunQuant==0.1.12" psutil polars pyarrow
export TAEL_BENCH_ENVIRONMENTS="$PWD/$environments"

shopt -s nullglob
failed=()
for script in benchmarks/bench_*.py; do
  name="${script##*/bench_}"
  if [ -n "$only" ] && [[ " $only " != *" ${name%.py} "* ]]; then continue; fi
  printf '\n== %s\n' "$script"
  "$python" "$script" || failed+=("$script")
done
printf '\n'
"$python" benchmarks/results.py
if [ "${#failed[@]}" -gt 0 ]; then
  printf '\ntael: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
