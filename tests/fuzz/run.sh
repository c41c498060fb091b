#!/bin/sh
# Runs one fuzz target for a time: tests/fuzz/run.sh PROGRAM SECONDS
#
# Grows a corpus in build-fuzz/corpus from the committed one and fails on the first crash, leak,
# time-out (5 s) or allocation of more than 512 MB.
set -eu
program=$1
seconds=$2
target=${program##*/fuzz_}
seed=tests/fuzz/corpus/$target
corpus=build-fuzz/corpus/$target
found=build-fuzz/found/$target-
mkdir -p "$corpus" build-fuzz/found
[ -d "$seed" ] || seed=
dict=tests/fuzz/$target.dict
[ -e "$dict" ] && dict=-dict=$dict || dict=

echo "== fuzz $target for $seconds s"
log=build-fuzz/$target.log
# shellcheck disable=SC2086
if ! "$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=4096 -malloc_limit_mb=512 -print_final_stats=1 \
	-artifact_prefix="$found" $dict "$corpus" $seed >"$log" 2>&1; then
	tail -n 60 "$log"
	echo "fuzz $target: FOUND SOMETHING; the input is build-fuzz/found/$target-*"
	exit 1
fi
grep -E '^stat::(number_of_executed_units|average_exec_per_sec|new_units_added|peak_rss_mb)' "$log"
