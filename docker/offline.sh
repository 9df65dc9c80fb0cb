#!/usr/bin/env bash
# Puts together what `docker build` needs where there is no network: the built tree with the packages that run. The images that
# docker/Dockerfile begins with must be in the engine already (docker load).
#
#   docker/offline.sh FOLDER && docker build -t forebay -f FOLDER/docker/Dockerfile FOLDER
set -euo pipefail

folder=${1:?Usage: docker/offline.sh FOLDER}
mkdir -p "$folder/node_modules"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."

if [ ! -e dist/cli/main.js ]; then
  echo "There is no dist/: npm ci, or npm run build, makes it." >&2
  exit 1
fi
cp -R bin dist config docker package.json LICENSE "$folder/"
# What is in it, package by package; it needs no network.
node docker/sbom.js > "$folder/dist/sbom.cdx.json"

# What package-lock.json does not mark as needed for development only.
packages=$(node -p '
  const { packages } = require("./package-lock.json");
  const names = Object.keys(packages).filter((path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !packages[path].dev);
  names.join("\n")')
for package in $packages; do
  if [ -e "$package/package.json" ]; then
    mkdir -p "$folder/$(dirname "$package")"
    cp -RL "$package" "$folder/$package"
  fi
done
