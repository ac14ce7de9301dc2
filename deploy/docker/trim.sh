#!/bin/sh
# Makes an installed environment small and quick to start: without debug symbols, sources of compiled modules and what
# only an interactive shell would use; with each module compiled once, so that a read-only container need not.
set -eu
environment=$1
find "$environment" -name '*.so' -exec strip --strip-debug {} +
find "$environment" \( -name '*.c' -o -name '*.h' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' \) -delete
rm -rf "$environment"/include "$environment"/bin/[Aa]ctivate*
python3 -m compileall -q --invalidation-mode unchecked-hash "$environment"/lib
