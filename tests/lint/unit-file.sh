#!/bin/sh
# The systemd unit as systemd reads it: verify says nothing, the exposure is at most 2.0.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v systemd-analyze >/dev/null 2>&1; then
	echo "unit-file: no systemd here, not checked"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sed "s|@SBINDIR@|/bin|; s|/bin/holdfastd|/bin/true|" packaging/holdfastd.service >"$dir/holdfastd.service"

complaints=$(systemd-analyze verify --man=no "$dir/holdfastd.service" 2>&1 | grep -F holdfastd || true)
if [ -n "$complaints" ]; then
	printf 'unit-file: systemd-analyze verify complains:\n%s\n' "$complaints" >&2
	exit 1
fi
sum=$(systemd-analyze security --offline=true --no-pager --threshold=20 "$dir/holdfastd.service" 2>&1) || {
	printf '%s\n' "$sum" | grep '✗' >&2
	printf '%s\n' "$sum" | tail -n 1 >&2
	exit 1
}
printf 'unit-file: %s\n' "$(printf '%s\n' "$sum" | tail -n 1)"
