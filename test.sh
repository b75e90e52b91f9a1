#!/usr/bin/env bash
# Builds everything with warnings as errors, checks the formatting, runs every test project.
# Last line: "N passed, N failed" (", N skipped" may follow). Exit code 0 only when nothing failed.
# Needs the .NET 10 SDK. What else the tests use is installed with apt-get where that exists; elsewhere
# the tests that need a missing program are skipped, and counted as skipped.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1
export PATH="$PATH:/usr/sbin:/sbin"
readonly results=TestResults
# A project that hangs must not hang the build server: far above what the slowest one takes.
readonly limit_seconds="${TEST_LIMIT_SECONDS:-900}"

passed=0 failed=0 skipped=0

step() { printf '\n== %s\n' "$*"; }

finish() {
    local line="$passed passed, $failed failed"
    [ "$skipped" -gt 0 ] && line="$line, $skipped skipped"
    printf '\n%s\n' "$line"
    [ "$failed" -eq 0 ]
    exit
}

# A gate that is not a test project (build, formatting) counts as one failed test, so that the closing line tells it.
gate() {
    local name=$1
    shift
    step "$name"
    if ! "$@"; then
        echo "failed: $name"
        failed=$((failed + 1))
        return 1
    fi
}

# Pairs of the program that is looked for and Debian's package that has it.
install_programs() {
    local missing=() pair
    for pair in redis-server:redis-server node:nodejs npm:npm promtool:prometheus python3:python3 curl:curl openssl:openssl faketime:faketime; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair##*:}")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        echo "nothing to install: everything that the tests use is there"
        return
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing, and no apt-get here: ${missing[*]} (the tests that need them are skipped)"
        return
    fi
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "missing, and neither root nor sudo: ${missing[*]} (the tests that need them are skipped)"
            return
        fi
        sudo=(sudo)
    fi
    echo "installing with apt-get: ${missing[*]}"
    # policy-rc.d-less images start what they install; RUNLEVEL=1 keeps Debian's scripts from it.
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get update -q -o=Dpkg::Use-Pty=0 >/dev/null
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -q --no-install-recommends -o=Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null ||
        echo "apt-get failed: the tests that need what is missing are skipped"
}

# The attribute of the counters in a result file; empty when there is none.
counter() { sed -n "s/.*<Counters [^>]*\b$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1; }

run_project() {
    local project=$1 name code=0 trx total executed ok bad
    name=$(basename "$project" .csproj)
    step "$name"
    trx="$results/$name.trx"
    timeout --kill-after=30 "$limit_seconds" \
        dotnet test "$project" -c Release --no-build -v q --nologo --results-directory "$results" --logger "trx;LogFileName=$name.trx" || code=$?
    if [ ! -s "$trx" ]; then
        if [ "$code" -eq 0 ]; then
            echo "$name has no tests"
        else
            echo "failed: $name ended with code $code and no results"
            failed=$((failed + 1))
        fi
        return
    fi
    total=$(counter "$trx" total) executed=$(counter "$trx" executed) ok=$(counter "$trx" passed) bad=$(counter "$trx" failed)
    passed=$((passed + ${ok:-0}))
    failed=$((failed + ${bad:-0}))
    skipped=$((skipped + ${total:-0} - ${executed:-0}))
    # A crash or a time-out after some results: those that never ran must not look like success.
    if [ "$code" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then
        echo "failed: $name ended with code $code although no test failed"
        failed=$((failed + 1))
    fi
}

if ! command -v dotnet >/dev/null 2>&1; then
    echo "dotnet was not found on PATH: install the .NET 10 SDK (https://dotnet.microsoft.com/download)" >&2
    failed=1
    finish
fi

step "programs"
install_programs
rm -rf "$results"
mkdir -p "$results"

gate "restore" dotnet restore Playground.sln -v q --nologo || finish
gate "build, warnings as errors" dotnet build Playground.sln -c Release --no-restore -v q --nologo -warnaserror || finish
gate "formatting" dotnet format Playground.sln --verify-no-changes --no-restore -v q

for project in tests/*/*.csproj; do
    grep -q '<IsTestProject>true' "$project" && run_project "$project"
done
finish
