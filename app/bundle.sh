#!/bin/sh
# Makes a file that browsers load, anew from the entry.js and package.json of a folder. Needs npm; the site does not.
#     sh app/bundle.sh app/pages/query/editor app/assets/editor/codemirror.js
#     sh app/bundle.sh app/charts/plotly app/assets/plotly/plotly.js
#     sh app/bundle.sh app/components/aggrid app/assets/aggrid/aggrid.js
set -eu
made=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$1/package.json" "$1/entry.js" "$scratch"
cd "$scratch"
npm install --no-audit --no-fund --ignore-scripts
node node_modules/esbuild/install.js
node_modules/.bin/esbuild entry.js --bundle --minify --format=iife --target=es2020 --legal-comments=none \
    --define:global=window --loader:.css=empty --outfile="$made"
