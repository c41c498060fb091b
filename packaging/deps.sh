#!/bin/sh
# Installs what a part of the work needs and is not there: packaging/deps.sh build|test|check ...
#
# Each line of the list says how to tell that a thing is there (never by the package's name: other
# ways to have it are as good) and which Debian package brings it. Where nothing is missing nothing is
# run and nothing is asked, so it works without a network and without root.
set -eu

rows() {
	case $1 in
	build) cat <<-EOF ;;
		cmd gcc                gcc
		cmd pkg-config         pkg-config
		cmd ar                 binutils
		cmd python3            python3
		file /usr/include/stdio.h libc6-dev
		lib libuv              libuv1-dev
		lib libcurl            libcurl4-openssl-dev
		lib libcrypto          libssl-dev
		lib jansson            libjansson-dev
		lib libpq              libpq-dev
		lib libsystemd         libsystemd-dev
		lib expat              libexpat1-dev
		lib yaml-0.1           libyaml-dev
		lib libmicrohttpd      libmicrohttpd-dev
		server postgres        postgresql
		file /etc/ssl/certs/ca-certificates.crt ca-certificates
		file /usr/share/zoneinfo/UTC tzdata
		EOF
	test) cat <<-EOF ;;
		lib cmocka             libcmocka-dev
		module venv            python3-venv
		module ensurepip       python3-venv
		tool pgbouncer         pgbouncer
		cmd zsh                zsh
		cmd fish               fish
		EOF
	check) cat <<-EOF ;;
		cmd clang              clang
		cmd clang-tidy         clang-tidy
		cmd clang-format       clang-format
		cmd cppcheck           cppcheck
		cmd groff              groff-base
		compiler-rt -          libclang-rt-dev
		EOF
	debug) cat <<-EOF ;;
		cmd valgrind           valgrind
		EOF
	*)
		echo "deps: no such group: $1" >&2
		exit 1
		;;
	esac
}

# In no PATH of a user on Debian.
has_tool() {
	command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}

# The server's programs stand in no PATH on Debian.
has_postgres() {
	command -v initdb >/dev/null 2>&1 && return 0
	for dir in /usr/lib/postgresql/*/bin; do
		[ -x "$dir/initdb" ] && return 0
	done
	return 1
}

has_compiler_rt() {
	found=$(clang -print-file-name=libclang_rt.asan-x86_64.a 2>/dev/null || true)
	for file in "$found" /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a; do
		case $file in /*) [ -e "$file" ] && return 0 ;; esac
	done
	return 1
}

is_there() {
	case $1 in
	cmd) command -v "$2" >/dev/null 2>&1 ;;
	lib) pkg-config --exists "$2" 2>/dev/null ;;
	file) [ -e "$2" ] ;;
	module) python3 -c "import $2" 2>/dev/null ;;
	server) has_postgres ;;
	tool) has_tool "$2" ;;
	compiler-rt) has_compiler_rt ;;
	esac
}

missing() {
	for group in "$@"; do
		rows "$group" | while read -r how what package; do
			is_there "$how" "$what" || echo "$package"
		done
	done | sort -u
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "deps: root or sudo is needed to install: $packages" >&2
		exit 1
	fi
}

packages=$(missing "$@" | tr '\n' ' ')
[ -n "$packages" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "deps: missing, and this is no Debian; please install what these packages hold: $packages" >&2
	exit 1
fi

echo "deps: installing with apt-get: $packages"
log=$(mktemp)
# Debian's Postgres package would set up and start a server of its own; we only want the programs.
drop_in=/etc/postgresql-common/createcluster.d/holdfast-build.conf
trap 'rm -f "$log"; [ ! -e "$drop_in" ] || as_root rm -f "$drop_in"' EXIT
case " $packages " in
*" postgresql "*)
	as_root mkdir -p "${drop_in%/*}"
	echo 'create_main_cluster = false' | as_root tee "$drop_in" >/dev/null
	;;
esac
apt() {
	# RUNLEVEL: Debian's scripts start no service (of pgbouncer) then.
	as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}
# shellcheck disable=SC2086
if ! { apt update && apt install --no-install-recommends $packages; } >"$log" 2>&1; then
	tail -n 30 "$log" >&2
	echo "deps: apt-get failed; its last lines are above" >&2
	exit 1
fi
still=$(missing "$@" | tr '\n' ' ')
if [ -n "$still" ]; then
	echo "deps: installed, but still not usable: $still" >&2
	exit 1
fi
