#!/usr/bin/env bash
# Measures the budgets of the design and keeps the tables in bench/RESULTS.md. `bench/run.sh --help` lists the parts.
# Linux only (taskset, /proc). Run it on a machine that has nothing else to do.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export PATH="$PATH:/usr/sbin:/sbin"
missing=()
for pair in wrk:wrk nginx:nginx-light varnishd:varnish redis-server:redis-server taskset:util-linux clang:clang; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair##*:}")
done
[ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "install these first: ${missing[*]}" >&2
        exit 1
    fi
    echo "installing with apt-get: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -q >/dev/null
    apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
fi
dotnet build -c Release -v q --nologo bench/Bench
exec dotnet bench/Bench/bin/Release/net10.0/Bench.dll "$@"
