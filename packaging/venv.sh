#!/bin/sh
# Makes the virtual environment of tests and demo: packaging/venv.sh DIR REQUIREMENTS
#
# From PyPI, pinned. Where PyPI cannot be reached, a python3 that already has the emulator and the
# test tools serves: the environment then shows through to them. One that was made from the same
# requirements is kept, so that a file with a new time asks for no network.
set -eu
dir=$1
requirements=$2

usable() {
	"$1" -c 'import moto.server, boto3, pytest, yaml; assert moto.__version__.startswith("5.")' 2>/dev/null
}

if cmp -s "$requirements" "$dir/requirements.txt" && usable "$dir/bin/python"; then
	exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "venv: installing the emulator and the test tools into $dir"
rm -rf "$dir"
if python3 -m venv "$dir" >"$log" 2>&1 &&
	"$dir/bin/python" -m pip install --quiet --disable-pip-version-check \
		-r "$requirements" >>"$log" 2>&1; then
	cp "$requirements" "$dir/requirements.txt"
	exit 0
fi
if usable python3; then
	echo "venv: PyPI cannot be reached; using what python3 already has"
	rm -rf "$dir"
	python3 -m venv --without-pip --system-site-packages "$dir"
	# Seen from inside another environment, `system` means the one it was made from.
	python3 -c 'import os, moto; print(os.path.dirname(os.path.dirname(moto.__file__)))' \
		>"$("$dir/bin/python" -c 'import site; print(site.getsitepackages()[0])')/outside.pth"
	if usable "$dir/bin/python"; then
		cp "$requirements" "$dir/requirements.txt"
		exit 0
	fi
fi
cat "$log" >&2
echo "venv: $requirements could not be installed, and python3 has no moto 5 of its own" >&2
rm -rf "$dir"
exit 1
