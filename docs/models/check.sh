#!/usr/bin/env bash
# Checks the models with SPIN: each must hold as it is, and must break with each of its mistakes.
# Needs spin and gcc. `docs/models/check.sh [model]`; not part of ./test.sh: it takes some minutes and up to 6 GB.
# Prints for each search the states that it kept and its seconds; MODEL_SECONDS (600) bounds each, and one that did not end proves nothing.
set -euo pipefail
cd "$(dirname "$0")"
command -v spin >/dev/null || { echo "spin was not found: install Debian's spin" >&2; exit 2; }
command -v gcc >/dev/null || { echo "gcc was not found: install Debian's gcc" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
only="${1:-}"
failed=0

# check holds|breaks <model> [definitions]
check() {
    local expected=$1 model=$2 result states seconds
    shift 2
    [ -z "$only" ] || [ "$only" = "$model" ] || return 0
    (cd "$work" && rm -f ./pan* && spin -a "$@" "$OLDPWD/$model.pml" >/dev/null && gcc -w -O2 -DSAFETY -DCOLLAPSE -DMEMLIM=6000 -o pan pan.c)
    # An unfinished search is no proof: pan says so in words, or is ended before it could count its errors.
    (cd "$work" && timeout "${MODEL_SECONDS:-600}" ./pan -m5000000 -w25 -n >result 2>&1) || true
    if grep -q 'errors: [1-9]' "$work/result"; then result=breaks
    elif grep -q 'errors: 0' "$work/result" && ! grep -qiE 'out of memory|not completed|search depth too small' "$work/result"; then result=holds
    else result=unfinished; fi
    states=$(awk '/states, stored/ { printf "%d", $1 }' "$work/result")
    seconds=$(awk '/elapsed time/ { printf "%.1f", $4 }' "$work/result")
    printf '%-10s %-8s %9s %6s  %s%s\n' "$result" "$model" "${states:--}" "${seconds:--}" "$*" "$([ "$result" = "$expected" ] || echo "   <-- must be: $expected")"
    [ "$result" = "$expected" ] || failed=1
}

check holds lease
for mistake in FROM_REPLY NO_DRIFT FROM_CALL; do check breaks lease "-D$mistake"; done

check holds threads
for mistake in SNAPSHOT_FIRST REMEMBERS_LATER STAMPED_LATE; do check breaks threads "-D$mistake"; done

check holds batch
check breaks batch -DJOINS_THE_RUNNING_ONE

check holds purge -DONE_PURGE -DLOSS -DFOLLOWERS
check breaks purge -DONE_PURGE -DREGISTRY_FIRST
check breaks purge -DLOSS -DACKS_OF_ANY_EPOCH
for mistake in STAMPED_LATE JOINS_UNCHECKED EPOCH_IGNORED NO_CATCHING_UP NO_QUARANTINE; do check breaks purge -DLOSS -DFOLLOWERS "-D$mistake"; done

# Two purges, which without a bound is more than can be searched: on one replica with all else free, and on two with one heartbeat each
# and one fill.
check holds purge -DONE_REPLICA -DLOSS -DFOLLOWERS
for mistake in STAMPED_LATE EPOCH_IGNORED NO_CATCHING_UP NO_QUARANTINE; do check breaks purge -DONE_REPLICA -DLOSS -DFOLLOWERS "-D$mistake"; done
check holds purge -DBEATS=1 -DFILLS=1 -DLOSS
for mistake in STAMPED_LATE REGISTRY_FIRST NO_QUARANTINE; do check breaks purge -DBEATS=1 -DFILLS=1 -DLOSS "-D$mistake"; done

[ "$failed" -eq 0 ] && echo "all as expected"
exit "$failed"
