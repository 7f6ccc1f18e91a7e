"""Accidents, one after another, while clients write: how long nobody can write, and what was lost.

Called by Benchmarks/database/run, which sees to programs, packages and a network namespace.
"""

import argparse
import json
import os
import signal
import statistics
import time

from patroni_peer import SETTINGS, Patroni
from pidep_peer import Pidep
from shelf import NODES, Shelf, sh
from writer import Writer

SETTLE = 240  # seconds that a cluster may take to be whole again


def say(text):
    print(text, flush=True)


def wait(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"benchmark: {what} did not come to be within {seconds} s")
        time.sleep(0.2)


class Measurement:
    def __init__(self, peer, shelf):
        self.peer, self.shelf = peer, shelf

    def up(self):
        self.shelf.build()
        self.peer.prepare()
        for node in range(1, NODES + 1):
            self.peer.start(node)
        wait(self.peer.is_whole, SETTLE, f"{self.peer.name}'s cluster")
        self.wait_for_database()
        primary = self.primary()
        connection = Writer.connect(self.shelf.address(primary))
        connection.autocommit = True
        connection.cursor().execute("CREATE TABLE IF NOT EXISTS written(n bigint, at timestamptz DEFAULT now())")
        connection.close()
        self.writer = Writer([self.shelf.address(n) for n in range(1, NODES + 1)])
        self.writer.start()

    def wait_for_database(self):
        if self.peer.name == "Patroni":
            primary = self.primary()
            connection = Writer.connect(self.shelf.address(primary), dbname="postgres")
            connection.autocommit = True
            connection.cursor().execute("CREATE DATABASE bench")
            connection.close()

    def primary(self):
        for _ in range(200):
            for node in range(1, NODES + 1):
                done = sh(
                    f"curl -s -m 1 -o /dev/null -w '%{{http_code}}' "
                    f"http://{self.shelf.address(node)}:8008/primary", check=False)
                if done.stdout == "200":
                    return node
            time.sleep(0.1)
        raise SystemExit("benchmark: there is no primary")

    def one(self, event):
        wait(self.peer.is_whole, SETTLE, "the whole cluster")
        wait(lambda: self.writer.recent(1) > 50, 30, "a stream of writes")
        time.sleep(2)
        node = self.primary()
        start = time.monotonic()
        undo = EVENTS[event](self, node)
        limit = 20 if self.peer.name == "pidep" else 3 * SETTINGS["ttl"]
        time.sleep(0.5)
        while self.writer.recent(0.3) == 0 and time.monotonic() < start + limit:
            time.sleep(0.05)
        time.sleep(1.5)
        end = time.monotonic()
        gap = self.writer.gap(start, end)
        if undo:
            undo()
        return gap

    def audit(self):
        wait(self.peer.is_whole, SETTLE, "the whole cluster")
        self.writer.running = False
        time.sleep(1.5)
        lost = {n: len(self.writer.missing(self.shelf.address(n))) for n in range(1, NODES + 1)}
        return len(self.writer.acknowledged), lost


def kill_postmaster(m, node):
    os.kill(m.shelf.postmaster(node, m.peer.data(node)), signal.SIGKILL)


def kill_node(m, node):
    m.shelf.kill(node)
    return lambda: m.peer.start(node)


def freeze_node(m, node):
    m.shelf.freeze(node)
    return lambda: m.shelf.thaw(node)


def cut_node(m, node):
    m.shelf.cut(node)
    return lambda: m.shelf.mend(node)


EVENTS = {
    "postmaster killed": kill_postmaster, "agent killed": lambda m, n: m.peer.kill_agent(n),
    "node killed": kill_node, "node frozen": freeze_node, "node cut off": cut_node,
    "switchover": lambda m, n: m.peer.switchover(n), "agent upgraded": lambda m, n: m.peer.upgrade(n),
}


def idle(m):
    """Memory, processor time and bytes written of what runs beside PostgreSQL, on each node, over a minute without clients."""
    m.writer.running = False
    time.sleep(10)
    ticks = os.sysconf("SC_CLK_TCK")

    def read(pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        with open(f"/proc/{pid}/io", encoding="utf-8") as file:
            written = int(next(line for line in file if line.startswith("write_bytes")).split()[1])
        return (int(fields[11]) + int(fields[12])) / ticks, written

    nodes = []
    pids = {node: m.peer.helpers(node) for node in range(1, NODES + 1)}
    before = {pid: read(pid) for node in pids for pid in pids[node]}
    time.sleep(60)
    for node, own in pids.items():
        rss = pss = 0
        for pid in own:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
                for line in file:
                    rss += int(line.split()[1]) if line.startswith("Rss:") else 0
                    pss += int(line.split()[1]) if line.startswith("Pss:") else 0
        after = {pid: read(pid) for pid in own}
        nodes.append({
            "rss_kib": rss, "pss_kib": pss,
            "cpu_percent": round(sum(after[p][0] - before[p][0] for p in own) / 60 * 100, 2),
            "written_bytes": sum(after[p][1] - before[p][1] for p in own)})
    return nodes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pinode", required=True)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--peer-runs", type=int, default=5)
    parser.add_argument("--events", default="")
    parser.add_argument("--peers", default="pidep,Patroni")
    parser.add_argument("--json")
    options = parser.parse_args()
    events = options.events.split(",") if options.events else list(EVENTS)
    results = []
    for name in options.peers.split(","):
        shelf = Shelf("/tmp/pidep-bench-database")
        peer = Pidep(shelf, options.pinode) if name == "pidep" else Patroni(shelf)
        runs = options.runs if name == "pidep" else options.peer_runs
        m = Measurement(peer, shelf)
        try:
            m.up()
            for event in events:
                if event == "agent upgraded" and name != "pidep":
                    continue
                gaps = []
                for _ in range(runs):
                    gaps.append(round(m.one(event), 3))
                ordered = sorted(gaps)
                say(f"{name:8} {event:18} median {statistics.median(ordered):7.2f} s  max {ordered[-1]:7.2f} s  {gaps}")
                results.append({"peer": name, "event": event, "seconds": gaps})
            count, lost = m.audit()
            say(f"{name:8} {count} rows acknowledged, missing on each node: {lost}")
            quiet = idle(m)
            for node, figures in enumerate(quiet, 1):
                say(f"{name:8} idle node {node}: {figures}")
            results.append({"peer": name, "acknowledged": count, "missing": lost, "idle": quiet})
        finally:
            shelf.destroy()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
