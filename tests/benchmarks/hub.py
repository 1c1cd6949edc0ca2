"""What a room of learners asks of one machine: `python -m tests.benchmarks.hub 10 40` runs so many kernels at once.

Each runs a whole chapter, the first and the one with the largest lab by turns, as if everybody pressed "run all" in one moment, which is
more than a room does. Memory is PSS (proc(5), smaps_rollup): what several processes share is divided among them. A learner has a
kernel and a server; the server is measured alone.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
CHAPTERS = "00-start-here.ipynb", "04-cross-node-flannel.ipynb"
TICK = os.sysconf("SC_CLK_TCK")


def megabytes(process: int) -> float:
    """Its share of the memory."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def cpu_seconds(process: int) -> float:
    """What it has used, its ended children included."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK


async def chapter(name: str, seconds: list[float]) -> NotebookClient:
    """One learner's kernel after a chapter, still running."""
    client = NotebookClient(nbformat.read(NOTEBOOKS / name, as_version=4), timeout=600, store_widget_state=False)
    start = time.monotonic()
    await client.async_execute(cleanup_kc=False, stderr=subprocess.DEVNULL)
    seconds.append(time.monotonic() - start)
    return client


async def kernels(count: int) -> str:
    """So many at once: how long, how much."""
    seconds: list[float] = []
    start = time.monotonic()
    clients = await asyncio.gather(*(chapter(CHAPTERS[number % len(CHAPTERS)], seconds) for number in range(count)))
    took = time.monotonic() - start
    try:
        processes = [client.km.provisioner.pid for client in clients]
        memory, cpu = list(map(megabytes, processes)), list(map(cpu_seconds, processes))
    finally:
        for client in clients:
            await client._async_cleanup_kernel()
    return (f"{count} kernels: all done after {took:.0f} s (each {min(seconds):.1f} to {max(seconds):.1f}); {sum(memory):.0f} MB together, "
            f"{statistics.mean(memory):.0f} each, at most {max(memory):.0f}; CPU {statistics.mean(cpu):.1f} s each")


def server() -> str:
    """The server that a hub starts for a learner, with nothing open."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        words = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", "--IdentityProvider.token=t", f"--ServerApp.root_dir={home}"]
        process = subprocess.Popen([sys.executable, "-m", "jupyterlab", *words], env=os.environ | {"HOME": home}, stderr=subprocess.DEVNULL)
        try:
            for _ in range(300):
                time.sleep(0.2)
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/lab?token=t", timeout=10).close()
                    break
                except OSError:
                    assert process.poll() is None, "the server has ended"
            return f"a server: {megabytes(process.pid):.0f} MB, CPU {cpu_seconds(process.pid):.1f} s to start"
        finally:
            process.terminate()
            process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.hub", description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", type=int, default=[10], help="how many at once (default 10)")
    print(server())
    for count in parser.parse_args().kernels:
        load = os.getloadavg()[0]
        print(f"{asyncio.run(kernels(count))} (load average before: {load:.1f}, {os.cpu_count()} cores)", flush=True)


if __name__ == "__main__":
    main()
