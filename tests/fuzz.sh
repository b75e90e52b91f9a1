#!/usr/bin/env bash
# Fuzzes the readers of what strangers write, with afl-fuzz where there is one (Debian: afl++), else with random inputs without coverage.
#   tests/fuzz.sh                    every target, FUZZ_SECONDS each (300)
#   tests/fuzz.sh entries globs      these
# What was found stays in tests/Fuzz/bin/findings and is given first to the next run. Exit code 1 when something broke. Not part of test.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
readonly seconds="${FUZZ_SECONDS:-300}" version=2.3.0
readonly build=tests/Fuzz/bin/fuzz tools=tests/Fuzz/bin/tools findings=tests/Fuzz/bin/findings

dotnet build tests/Fuzz -c Release -v q --nologo
rm -rf "$build"
cp -r tests/Fuzz/bin/Release/net10.0 "$build"
# As it was built; only afl-fuzz can run the instrumented copy.
fuzz() { dotnet tests/Fuzz/bin/Release/net10.0/Fuzz.dll "$@"; }
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(fuzz)

broken=0
if ! command -v afl-fuzz >/dev/null 2>&1; then
    echo "no afl-fuzz here (apt-get install afl++): random inputs, without coverage"
    for target in "${targets[@]}"; do fuzz "$target" random "$seconds" || broken=1; done
    exit $broken
fi

[ -x "$tools/sharpfuzz" ] || dotnet tool install SharpFuzz.CommandLine --version "$version" --tool-path "$tools" >/dev/null
for target in "${targets[@]}"; do fuzz "$target" seeds "$findings/$target/seeds"; done
for assembly in CacheProxy.Engine.dll CacheProxy.dll; do "$tools/sharpfuzz" "$build/$assembly"; done

# What afl-fuzz wants of a machine is nothing that a run here needs; its instrumentation is in the assemblies.
export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_FORKSRV_INIT_TMOUT=60000
for target in "${targets[@]}"; do
    work="$findings/$target"
    from="$work/seeds"
    # A queue that is there goes on where it ended.
    [ -d "$work/out/default/queue" ] && from=-
    afl-fuzz -i "$from" -o "$work/out" -t 5000 -m none -V "$seconds" -- dotnet "$build/Fuzz.dll" "$target" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
    stat() { sed -n "s/^$1 *: //p" "$work/out/default/fuzzer_stats"; }
    printf '%s: %s inputs, %s of them kept, %s broke something, %s hung\n' "$target" "$(stat execs_done)" "$(stat corpus_count)" "$(stat saved_crashes)" "$(stat saved_hangs)"
    for input in "$work"/out/default/crashes/id* "$work"/out/default/hangs/id*; do
        [ -e "$input" ] || continue
        # What was mended since stays, and is no finding any more.
        if ! said=$(timeout 20 dotnet tests/Fuzz/bin/Release/net10.0/Fuzz.dll "$target" replay "$input" 2>&1); then
            broken=1
            head -n 6 <<<"$said"
        fi
    done
done
exit $broken
