#!/usr/bin/env bash
# Installs the Python peers of the benchmarks into .venv, which git ignores: deno task bench:peers
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .venv
# This very torch is a build for CPUs; a plain `torch` brings gigabytes of CUDA.
.venv/bin/pip install torch==2.13.0 safetensors numpy
.venv/bin/pip install jax jaxlib orbax-checkpoint
.venv/bin/python bench/peers.py versions
