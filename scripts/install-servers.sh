#!/usr/bin/env bash
# Debian packages that `npm run test:servers` runs against; with `bench`, also those that `npm run bench` compares with. Needs root.
set -euo pipefail
packages=(
  python3-dkim python3-nacl # dkimpy, with Ed25519
  libmail-dkim-perl         # Mail::DKIM
  bind9 bind9-dnsutils bind9-utils # a primary server, dig, named-checkzone
  postfix openssl           # a receiver with STARTTLS, and its certificate
  mutt bsd-mailx s-nail     # clients that send by sendmail
  groff-base                # sets the manual page
  awscli python3-boto3      # clients of the SES API
  bash zsh fish             # shells that complete commands
  util-linux tmux           # terminals: script, and the first ten minutes
  libgnutls-dane0 libdb5.3 libnsl2 libidn12 libpcre2-8-0 # for Exim, below
  chromium                  # looks at the web view
  swaks msmtp python3-django libphp-phpmailer php-cli libsasl2-modules # clients of the SMTP door; Postfix is one with libsasl2-modules
)
[ "${1:-}" != bench ] || packages+=(opendkim time)
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"
# Debian has either Postfix or Exim: Exim is unpacked, not installed.
exim=/opt/mailctl-exim
if [ ! -x "$exim/usr/sbin/exim4" ]; then
  folder=$(mktemp -d)
  (cd "$folder" && apt-get download -q exim4-daemon-light)
  mkdir -p "$exim"
  dpkg -x "$folder"/exim4-daemon-light_*.deb "$exim"
  rm -rf "$folder"
fi
