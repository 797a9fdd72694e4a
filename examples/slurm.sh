#!/bin/bash
# Runs a job under Slurm, in as many turns as it takes: Slurm says two minutes before the time is up that
# it ends, the job saves what it has, and goes back into the queue.
#
#   sbatch examples/slurm.sh examples/digits.ts
#
#SBATCH --job-name=tidemark
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append

job=${1:?"give the job file"}
shift

# The signal comes to this shell alone, which passes it on.
told=
trap 'told=told; kill -TERM "$child" 2>/dev/null' TERM
# shellcheck disable=SC2086 -- FLAGS holds several words
deno run ${FLAGS:---allow-read --allow-write} "$job" --grace 60s "$@" &
child=$!
# The signal may have come before there was anyone to pass it on to.
if [ -n "$told" ]; then kill -TERM "$child"; fi
wait "$child"
code=$?
# A signal ends `wait`, and not what it waits for.
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done

# 75: stopped, and to be gone on with; 142: a task that did not yield was ended when its grace was over.
# Behind the signal also 143, as Deno had not loaded the job yet.
case "$code$told" in
75 | 75told | 142 | 142told | 143told) scontrol requeue "$SLURM_JOB_ID" ;;
esac
exit "$code"
