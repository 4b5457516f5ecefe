#!/usr/bin/env bash
# Makes .venv where there is none and installs one group of dependencies into it: run, test, bench or docs.
# uv does it where uv is installed (TAEL_INSTALLER=pip says otherwise), else the standard library's venv and pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

group="${1:?usage: tools/environment.sh run|test|bench|docs}"
venv=.venv
log="$venv/install.log"

say() { printf 'tael: %s\n' "$*"; }
stop() { printf 'tael: %s\n' "$@" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate"; then
      printf '%s' "$candidate"
      return
    fi
  done
  local found
  found="$("${PYTHON:-python3}" --version 2>&1)" || found="nothing that runs"
  stop "Python 3.11 or later is needed; ${PYTHON:-python3} is: $found." \
    "Install one (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12 ..."
}

make_venv() {
  local python
  python="$(find_python)"
  if [ "$python" != "${PYTHON:-python3}" ]; then say "${PYTHON:-python3} is not Python 3.11 or later: using $python"; fi
  say "making $venv with $("$python" --version)"
  rm -rf "$venv"
  if [ "$installer" = uv ]; then
    uv venv --quiet --python "$(command -v "$python")" "$venv"
    return
  fi
  "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
    stop "this Python has no venv module." "Install it (Debian: apt-get install python3-venv), then try again."
  "$python" -m venv "$venv"
}

# Prints nothing while all goes well: the whole story is in the log, its end is shown when something fails.
quietly() {
  "$@" >>"$log" 2>&1 || {
    tail -n 25 "$log" >&2
    return 1
  }
}

install() {
  if [ "$installer" = uv ]; then
    quietly uv pip install --python "$venv/bin/python" --constraint constraints.txt "$@"
  else
    quietly "$venv/bin/python" -m pip install --disable-pip-version-check --constraint constraints.txt "$@"
  fi
}

installer="${TAEL_INSTALLER:-}"
if [ -z "$installer" ]; then
  if command -v uv >/dev/null 2>&1; then installer=uv; else installer=pip; fi
fi

# An environment whose interpreter has gone (upgraded, moved folder) or is too old is made again.
if ! new_enough "$venv/bin/python"; then make_venv; fi
# What uv made has no pip in it, and later runs may find no uv on the path.
if [ "$installer" = pip ] && ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then make_venv; fi
if [ "$installer" = pip ] && ! "$venv/bin/python" -m pip install --help | grep -q -e '--group'; then
  quietly "$venv/bin/python" -m pip install --disable-pip-version-check --upgrade 'pip>=25.1' ||
    stop "pip could not be brought to 25.1 or later, which dependency groups need (see $log)."
fi

case "$group" in
  run) wanted=(--editable .) ;;
  test) wanted=(--editable '.[pandas,duckdb,postgres]' --group test --group lint) ;;
  bench) wanted=(--group bench) ;;
  docs) wanted=(--editable . --group docs) ;;
  *) stop "no such group: $group (run, test, bench or docs)." ;;
esac

say "installing what '$group' needs with $installer (a minute or two the first time)"
if ! install "${wanted[@]}"; then
  stop "the installation failed; its end is above, all of it in $log." \
    "Behind a proxy or a mirror, set up pip or uv as usual; TAEL_INSTALLER=pip prefers pip over uv."
fi
touch "$venv/.installed-$group"
if [ "$group" = test ]; then touch "$venv/.installed-run"; fi
