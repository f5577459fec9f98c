#!/usr/bin/env bash
# Debian packages that `npm run test:servers` runs against. Needs root.
set -euo pipefail
packages=(
  python3-dkim python3-nacl # dkimpy, with Ed25519
  libmail-dkim-perl         # Mail::DKIM
  bind9 bind9-dnsutils bind9-utils # a primary server, dig, named-checkzone
  postfix openssl           # a receiver with STARTTLS, and its certificate
)
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"
