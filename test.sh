#!/bin/bash
# Sets up, builds, and runs every test that can run here.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/eng/build.sh" Test "$@"
