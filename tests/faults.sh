#!/usr/bin/env bash
# The long runs of the tests with faults; each prints its figures, and fails at the first wrong, short or mixed answer.
#   tests/faults.sh [chaos]       100 000 requests with clients that leave and an origin that resets and truncates (REQUESTS=…, SEED=…)
#   tests/faults.sh stampede      10 000 clients on one cold key, three replicas (CLIENTS=…)
#   tests/faults.sh bookkeeping   2 000 000 entries a round that are gone again (ENTRIES=…)
set -euo pipefail
cd "$(dirname "$0")/.."
run() { time dotnet test tests/EndToEnd -c Release --nologo -v q --filter "$1" --logger "console;verbosity=detailed"; }
case "${1:-chaos}" in
    chaos) export CACHEPROXY_CHAOS_REQUESTS="${REQUESTS:-100000}" CACHEPROXY_CHAOS_SEED="${SEED:-20261125}"; run "DisplayName~ChaosTests" ;;
    stampede) export CACHEPROXY_STAMPEDE_CLIENTS="${CLIENTS:-10000}"; ulimit -n "$(ulimit -Hn)"; run "DisplayName~StampedeTests" ;;
    bookkeeping) export CACHEPROXY_BOOKKEEPING_ENTRIES="${ENTRIES:-2000000}"; run "DisplayName~BookkeepingTests" ;;
    *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac
