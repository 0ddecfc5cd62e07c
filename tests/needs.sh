#!/bin/sh
# Installs what the tests and the bench need (Debian, as root) and starts no service.
# Elsewhere it says what is missing; tests that cannot run then say so, loudly.
set -eu

compilers="gcc gcc-$(gcc -dumpversion 2>/dev/null || echo 12)-multilib libc6-dev-i386 clang musl-tools libc6-dev libc6-dbg binutils dwz xz-utils"
neighbours="gdb elfutils lsof strace tmux procps util-linux iproute2 btrfs-progs systemd"
cyrus="cyrus-imapd cyrus-admin cyrus-common sasl2-bin libsasl2-modules"
sources="make patch perl libjansson-dev libsasl2-dev libicu-dev zlib1g-dev" # to build Cyrus from source
arm64="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
daemons="nginx-light redis-server rsyslog logrotate systemd-journal-remote memcached lighttpd mosquitto postgresql-15 dbus"

missing=
for p in $compilers $sources $arm64 $neighbours $cyrus $daemons; do
    state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null || true)
    case $state in ii*) ;; *) missing="$missing $p" ;; esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests: not root on Debian, so these are not installed:$missing" >&2
    exit 0
fi

# Debian asks this script before a package starts its service: 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing
