#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, in deploy/secrets (not in the repository). Existing files stay.
set -eu
cd "$(dirname "$0")"
command -v openssl >/dev/null 2>&1 || { echo "openssl was not found on PATH: install it, it makes the keys" >&2; exit 1; }
umask 077
mkdir -p secrets
make() {
    [ -s "secrets/$1" ] && { echo "kept    deploy/secrets/$1"; return; }
    printf '%s' "$2" > "secrets/$1"
    # Containers run as another user and see each file by itself; on this machine the folder keeps strangers out.
    chmod 444 "secrets/$1"
    echo "made    deploy/secrets/$1"
}
make webhook_secret "whsec_$(openssl rand -base64 32)"
make operator_key "$(openssl rand -base64 32)"
make owner_key "$(openssl rand -base64 32)"
