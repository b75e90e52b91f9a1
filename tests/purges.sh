#!/usr/bin/env bash
# The long runs of what CI runs briefly. Each prints its figures, and fails at the first stale read.
#   tests/purges.sh [million]   1 000 000 purges on three processes (PURGES=… for another number); a quarter of an hour on two cores
#   tests/purges.sh faults      each fault for 2 minutes
#   tests/purges.sh events      10 000 changes while backend, proxies and Redis are killed, each 24 times at least: half of
#                               them took 18 minutes where much else ran (CHANGES_SECONDS=… ends it before)
#   tests/purges.sh simulation  1 000 000 schedules; SIMULATION_SEED=… replays one
set -euo pipefail
cd "$(dirname "$0")/.."
run() { dotnet test "$1" -c Release --nologo -v q --filter "$2" --logger "console;verbosity=detailed"; }
case "${1:-million}" in
    million) export PURGES="${PURGES:-1000000}" PURGE_SECONDS="${PURGE_SECONDS:-86400}"; run tests/EndToEnd "DisplayName~RacingReaders" ;;
    faults) export PURGE_FAULT_SECONDS="${PURGE_FAULT_SECONDS:-120}"; run tests/EndToEnd "DisplayName~AreRefusedOrTrue" ;;
    events) export CHANGES="${CHANGES:-10000}" KILLS="${KILLS:-24}" CHANGES_SECONDS="${CHANGES_SECONDS:-86400}"; run tests/EndToEnd "DisplayName~LostEventTests" ;;
    simulation) export SIMULATION_SCHEDULES="${SIMULATION_SCHEDULES:-1000000}"; run tests/CacheProxy.Engine.Tests "DisplayName~AnySchedule" ;;
    *) sed -n '2,7p' "$0" >&2; exit 2 ;;
esac
