#!/usr/bin/env bash
# What a few tests need outside Python: a browser and Chinese fonts (the report is looked at), a PostgreSQL server (a
# real one is read). As root on Debian the missing ones are installed; elsewhere this says which tests will be
# skipped. It never fails: the tests themselves say why they skip. TAEL_SYSTEM_PACKAGES=no leaves the system alone.
set -uo pipefail

have_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null 2>&1
have_chinese() { command -v fc-list && [ -n "$(fc-list :lang=zh 2>/dev/null)" ]; } >/dev/null 2>&1
have_postgres() { command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb'; } >/dev/null 2>&1

missing() {
  have_browser || echo chromium
  have_chinese || echo fonts-noto-cjk
  have_postgres || echo postgresql
}

packages="$(missing)"
packages="${packages//$'\n'/ }"
[ -z "$packages" ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 && [ "${TAEL_SYSTEM_PACKAGES:-yes}" != no ]; then
  printf 'tael: installing %s for the tests that need them\n' "$packages"
  log="$(mktemp)"
  apt() { DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qq -o DPkg::Lock::Timeout=60 "$@" >>"$log" 2>&1; }
  # A list of packages that cannot be fetched may still be good enough to install from.
  apt update || true
  apt install --yes --no-install-recommends $packages || tail -n 5 "$log"
  rm -f "$log"
  packages="$(missing)"
fi

for package in $packages; do
  case "$package" in
    chromium) echo "tael: no Chromium: the tests that look at the report in a browser will be skipped" ;;
    fonts-noto-cjk) echo "tael: no Chinese font: the Chinese report is tested, but its pictures will show boxes" ;;
    postgresql) echo "tael: no PostgreSQL: the tests that read from a real server will be skipped" ;;
  esac
done
exit 0
