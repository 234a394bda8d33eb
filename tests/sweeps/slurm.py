"""A real Slurm of two nodes of one processor each on this machine, for as long as a test needs it.

Needs the programs of Slurm and munge and the rights of root; `missing()` says what is not there. No system service is
touched: everything but munge's own folders lies in a folder of the test.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
MUNGE_FOLDERS = ("/run/munge", "/var/log/munge", "/var/lib/munge")
LIMIT = 60.0  # s until a cluster is up

CONFIGURATION = """
ClusterName=carsim
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=8000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=8000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why there can be no Slurm here; empty where there can."""
    absent = [program for program in PROGRAMS if shutil.which(program, path=_path()) is None]
    if absent:
        return f"no Slurm here ({', '.join(absent)} missing)"
    return "" if os.geteuid() == 0 else "Slurm needs the rights of root here"


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """A running cluster; what must be in the environment to use it."""
    for name in ("state", "spool.n1", "spool.n2"):
        (folder / name).mkdir(parents=True)
    ports = [_free_port() for _ in range(3)]
    text = CONFIGURATION.format(host=socket.gethostname().split(".")[0], folder=folder, ports=ports)
    (folder / "slurm.conf").write_text(text, encoding="utf-8")
    env = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": _path()}
    with _munge(env):
        servers = [
            subprocess.Popen([name, "-D", *more], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for name, *more in (("slurmctld",), ("slurmd", "-N", "n1"), ("slurmd", "-N", "n2"))
        ]
        try:
            _await(lambda: _says(["sinfo", "--noheader", "--format=%T %D"], env).strip() == "idle 2", "two idle nodes")
            yield {"SLURM_CONF": env["SLURM_CONF"], "PATH": env["PATH"]}
        finally:
            _says(["scancel", "--user=root"], env)
            _await(lambda: not _says(["squeue", "--noheader"], env).strip(), "the end of all jobs")
            for server in reversed(servers):
                _end(server)


@contextmanager
def _munge(env: dict[str, str]) -> Iterator[None]:
    """Munge, which signs the messages of Slurm; one that runs already is used."""
    if _answers(env):
        yield
        return
    user = pwd.getpwnam("munge")
    for name in MUNGE_FOLDERS:
        Path(name).mkdir(mode=0o755, parents=True, exist_ok=True)
        os.chown(name, user.pw_uid, user.pw_gid)
    daemon = subprocess.Popen(
        ["munged", "--foreground"],
        env=env,
        user="munge",
        group="munge",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(lambda: _answers(env), "munge")
        yield
    finally:
        _end(daemon)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask a server to end, and end it where it does not."""
    server.terminate()
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(timeout=10)


def _answers(env: dict[str, str]) -> bool:
    return subprocess.run(["munge", "-n"], env=env, check=False, capture_output=True, timeout=60).returncode == 0


def _says(command: list[str], env: dict[str, str]) -> str:
    return subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=60).stdout


def _await(there: object, what: str) -> None:
    """Look until something is there; no fixed time is waited for."""
    assert callable(there)
    end = time.monotonic() + LIMIT
    while not there():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come up in {LIMIT:.0f} s")
        time.sleep(0.2)


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
