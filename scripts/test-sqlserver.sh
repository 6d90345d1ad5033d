#!/usr/bin/env bash
# The journeys of a SQL Server, on a real one. Each makes a database of its own there, and drops it. Journeys that need what only the
# stand-in can do stay on it; at the end they are named.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${PLIMSOLL_TEST_SQLSERVER_URL:-}" ]; then
  echo "error: PLIMSOLL_TEST_SQLSERVER_URL is not set: it names a SQL Server on which databases may be made and dropped, such as" >&2
  echo "  export PLIMSOLL_TEST_SQLSERVER_URL='sqlserver://sa:PASSWORD@127.0.0.1:1433?encrypt=true&trustServerCertificate=true'" >&2
  echo "CONTRIBUTING.md has a container that can be such a server" >&2
  exit 2
fi
exec ./scripts/test.sh "${@:-sqlserver}"
