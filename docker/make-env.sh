#!/bin/sh
# Writes .env from .env.example, with a secret of its own for every one that is empty there.
# An .env that exists is left alone.
set -eu
cd "$(dirname "$0")/.."

if [ -e .env ]; then
  echo ".env exists already and stays as it is; remove it first to make another" >&2
  exit 1
fi

random() { # 32 characters that need no quoting anywhere
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

umask 077
temporary=".env.$$"
trap 'rm -f "$temporary"' EXIT
while IFS= read -r line || [ -n "$line" ]; do
  case "$line" in
    *_PASSWORD= | *_KEY=) printf '%s%s\n' "$line" "$(random)" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < .env.example > "$temporary"
mv "$temporary" .env
echo "wrote .env; sign in to Kibana as analyst with its ANALYST_PASSWORD"
