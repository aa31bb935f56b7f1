#!/bin/bash
# A real Slurm of two nodes on one machine, as root and without systemd. Each node has host name and processes of its own.
#   slurm-lab.sh start|stop DIR      then: export SLURM_CONF=DIR/slurm.conf
# Debian: apt-get install --no-install-recommends slurm-wlm slurm-client slurmctld slurmd munge
set -eu
do=$1 lab=$(realpath -m "$2") host=$(hostname -s)
if [ "$do" = stop ]; then
  # What lies in a node's namespaces ends with it.
  for part in node1 node2; do kill -KILL "$(cat "$lab/$part.pid")" || true; done
  for part in ctld munge; do if [ -s "$lab/$part.pid" ]; then kill "$(cat "$lab/$part.pid")" || true; fi; done
  exit
fi
mkdir -p "$lab"/{state,spool-node1,spool-node2,log} /run/munge
chown munge:munge /run/munge
chmod 755 /run/munge
cat > "$lab/slurm.conf" <<CONF
ClusterName=lab
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
SlurmctldPort=16817
StateSaveLocation=$lab/state
SlurmdSpoolDir=$lab/spool-%n
SlurmctldPidFile=$lab/ctld.pid
SlurmdPidFile=$lab/slurmd-%n.pid
SlurmctldLogFile=$lab/log/ctld.log
SlurmdLogFile=$lab/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SlurmdTimeout=15
MpiDefault=none
ReturnToService=2
KillWait=30
SchedulerParameters=sched_interval=2,requeue_delay=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
NodeName=node[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=4 CoresPerSocket=4 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=node[1-2] Default=YES MaxTime=60 State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=0
PartitionName=urgent Nodes=node[1-2] MaxTime=60 State=UP PriorityTier=10 PreemptMode=OFF
CONF
if ! munge -n > /dev/null 2>&1; then
  runuser -u munge -- /usr/sbin/munged
  for _ in $(seq 20); do sleep 0.2; munge -n > /dev/null 2>&1 && break; done
  cp /run/munge/munged.pid "$lab/munge.pid"
fi
export SLURM_CONF=$lab/slurm.conf
slurmctld -f "$SLURM_CONF"
for node in node1 node2; do
  # A PID namespace besides: a tuner on one machine does not see the processes of another.
  setsid unshare --uts --pid --fork --mount-proc --kill-child \
    sh -c "hostname $node; exec slurmd -D -N $node -f '$SLURM_CONF'" > "$lab/log/$node.out" 2>&1 < /dev/null &
  echo $! > "$lab/$node.pid"
done
for _ in $(seq 60); do sleep 0.5; [ "$(sinfo -h -p main -t idle -o %D)" = 2 ] && break; done
sinfo -N -p main -o "%N %T %c"
