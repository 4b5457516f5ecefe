#!/usr/bin/env bash
# Compiles the kernels once into Numba's cache on disk, so that the test processes started next load them instead of
# each compiling its own. Usage: tools/warm.sh .venv/bin/python
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec "${1:?the Python to use}" -c '
import tael.kernels as kernels

warm = getattr(kernels, "warm", None)
if warm is None:
    print("tael: no kernels to compile ahead")
else:
    print("tael: compiling kernels (only the first time)")
    warm()
'
