#!/usr/bin/env bash
# Installs the peers of the benchmarks into .venv and .peers, which git ignores: deno task bench:peers
# Postgres is Debian's: apt-get install postgresql
set -euo pipefail
cd "$(dirname "$0")/.."
npm install --prefix .peers @dbos-inc/dbos-sdk@5.3.0 openworkflow@0.10.1
python3 -m venv .venv
# This very torch is a build for CPUs; a plain `torch` brings gigabytes of CUDA.
.venv/bin/pip install torch==2.13.0 safetensors numpy
.venv/bin/pip install jax jaxlib orbax-checkpoint
.venv/bin/python bench/peers.py versions
