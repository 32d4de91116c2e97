#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Installs the Debian packages that some suites use. Where it may not install, it says what is
# missing and still ends well: the suites concerned are then listed as skipped by `make test`.
set -u

# program:package, or file:package. The C headers for Arm are only recommended by its compiler.
wanted=(socat:socat mosquitto:mosquitto chromium:chromium gcc:gcc
  arm-none-eabi-gcc:gcc-arm-none-eabi
  /usr/lib/arm-none-eabi/include/stdlib.h:libnewlib-arm-none-eabi
  qemu-system-arm:qemu-system-arm qemu-arm:qemu-user zsh:zsh fish:fish)

PATH="$PATH:/usr/sbin:/usr/local/sbin"
# Prints the packages of what is not here.
list_missing() {
  for pair in "${wanted[@]}"; do
    what="${pair%%:*}"
    command -v "$what" >/dev/null 2>&1 || [ -f "$what" ] || echo "${pair##*:}"
  done
}

mapfile -t missing < <(list_missing)
if [ "${#missing[@]}" -eq 0 ]; then
  echo "deps: all ${#wanted[@]} Debian packages are here"
  exit 0
fi

as_root=()
if ! command -v apt-get >/dev/null 2>&1; then
  echo "deps: no apt-get here; install by hand, or do without: ${missing[*]}"
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "deps: not allowed to install; ask an administrator for: ${missing[*]}"
    exit 0
  fi
fi

install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@" >/dev/null
}
if ! install "${missing[@]}" 2>/dev/null; then
  "${as_root[@]}" apt-get update -q >/dev/null || true
  # One by one, so that a large package that fails does not take the small ones with it.
  for package in "${missing[@]}"; do install "$package" || true; done
fi

mapfile -t still < <(list_missing)
if [ "${#still[@]}" -eq 0 ]; then
  echo "deps: installed ${missing[*]}"
else
  echo "deps: could not install: ${still[*]}"
fi
exit 0
