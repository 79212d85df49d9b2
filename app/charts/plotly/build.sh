#!/bin/sh
# Makes app/assets/plotly/plotly.js anew from entry.js. Needs npm; the site itself does not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$here/package.json" "$here/entry.js" "$scratch"
cd "$scratch"
npm install --no-audit --no-fund --ignore-scripts
node node_modules/esbuild/install.js
node_modules/.bin/esbuild entry.js --bundle --minify --format=iife --target=es2020 --legal-comments=none \
    --define:global=window --loader:.css=empty --outfile="$here/../../assets/plotly/plotly.js"
cp node_modules/plotly.js/LICENSE "$here/../../assets/plotly/plotly.LICENSE.txt"
