#!/usr/bin/env bash
# Installs what the tests need beside npm's packages: a Docker engine, docker-compose, a static busybox to make images of, Chromium for
# the page, a C compiler for the benchmark's floor, openssl for
# certificates. Debian only. Changes nothing where all of it is there.
set -euo pipefail

packages=(docker.io docker-compose busybox-static chromium gcc libc6-dev openssl)
# A client alone, or a busybox of another make, is not enough: these are what the tests call.
programs=(dockerd docker-proxy containerd runc docker docker-compose busybox chromium gcc openssl)

export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
  done
}

missing_programs() {
  local program
  for program in "${programs[@]}"; do
    command -v "$program" >/dev/null || printf '%s ' "$program"
  done
}

if ! command -v apt-get >/dev/null; then
  echo "setup:test knows Debian's apt-get only. Install by hand: ${packages[*]}" >&2
  exit 1
fi

wanted=$(missing_packages)
if [ -n "$wanted" ]; then
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Installing ${wanted}needs root: run setup:test as root." >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "Installing ${wanted}..."
  apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update
  # shellcheck disable=SC2086 # a list of names
  "${apt[@]}" install -y --no-install-recommends $wanted
fi

absent=$(missing_programs)
if [ -n "$absent" ]; then
  echo "Still missing after the installation: ${absent}" >&2
  exit 1
fi
echo "The tests have what they need: ${packages[*]}."
