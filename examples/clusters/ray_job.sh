#!/bin/sh
# A run as a Ray job: ray_job.sh python train.py
# `ray job stop` sends SIGTERM to all processes of the job, and the run saves; the same line goes on with it.
exec ray job submit --working-dir . -- \
  autolrs run --or-resume --run-dir "${RUN_DIR:?a directory that outlives the job}" -- "$@"
