#!/bin/sh
# Redis-compatible server, models backend and proxy on this machine. `./run.sh --help` lists the options.
# On Windows: dotnet run --project src/Launcher -c Release
set -eu
cd "$(dirname "$0")"
if ! command -v dotnet >/dev/null 2>&1; then
    echo "dotnet was not found on PATH: install the .NET 10 SDK (https://dotnet.microsoft.com/download)" >&2
    exit 1
fi
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
[ -e src/Launcher/bin/Release/net10.0/Launcher.dll ] || echo "launcher     building (the first time restores its packages)"
exec dotnet run --project src/Launcher -c Release -- "$@"
