#!/usr/bin/env bash
# Point-in-time recovery from a shell: a client of the API. Options and exit codes: scripts/perform_pitr.sh --help
set -euo pipefail
exec node "$(dirname -- "${BASH_SOURCE[0]}")/lib/perform-pitr.mjs" "$@"
