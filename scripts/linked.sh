#!/usr/bin/env bash
# What a binary needs of the machine it runs on: ends with 1 where that is more than the C library, or a newer one than is stated.
#   scripts/linked.sh BINARY [OLDEST]       OLDEST: the oldest glibc it has to run with
set -euo pipefail
binary=$1 oldest=${2:-2.35}
others=$(readelf -dW "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc|libm)\.so\.6$|^ld-linux' || true)
if [ -n "$others" ]; then
  echo "error: $binary needs more than the C library: $(echo $others)"
  exit 1
fi
# `LC_ALL=C` and -V: 2.4 is older than 2.34.
newest=$(readelf -VW "$binary" | grep -o 'Name: GLIBC_[0-9.]*' | sed 's/.*_//' | LC_ALL=C sort -uV | tail -1)
[ -n "$newest" ] || { echo "error: $binary names no version of glibc"; exit 1; }
if [ "$(printf '%s\n' "$newest" "$oldest" | LC_ALL=C sort -V | tail -1)" != "$oldest" ]; then
  echo "error: $binary needs glibc $newest, and has to run with $oldest. Build it on an older system. What it asks for:"
  # One line a symbol: name@version.
  readelf --dyn-syms -W "$binary" | awk -v w="@GLIBC_$newest" 'index($8, w) { print "  " $8 }'
  exit 1
fi
echo "needs glibc $newest or later, and nothing else"
