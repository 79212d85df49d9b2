#!/bin/sh
# Makes app/assets/editor/codemirror.js anew from entry.js. Needs npm; the site itself does not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$here/package.json" "$here/entry.js" "$scratch"
cd "$scratch"
npm install --no-audit --no-fund
node node_modules/esbuild/install.js
node_modules/.bin/esbuild entry.js --bundle --minify --format=iife --target=es2020 --legal-comments=none \
    --outfile="$here/../../../assets/editor/codemirror.js"
