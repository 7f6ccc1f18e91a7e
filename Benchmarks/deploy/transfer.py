"""How fast 64 MiB get to a node, beside scp; and what memory `pinode apply` takes for them."""

import json
import os
import statistics
import subprocess
import threading
import time

from tools import Failed

FILES, SIZE = 4, 16 << 20


def write_recipe(lab):
    """Random bytes: neither side can compress them or has them already."""
    folder = f"{lab.recipes}/bulk"
    os.makedirs(f"{folder}/files", exist_ok=True)
    lines = ["summary: Bytes that take time to send", "files:", "  - {to: /srv/bulk, directory: true}"]
    for number in range(FILES):
        with open(f"{folder}/files/{number}", "wb") as file:
            file.write(os.urandom(SIZE))
        lines.append(f"  - {{to: /srv/bulk/{number}, file: '{number}'}}")
    with open(f"{folder}/recipe.yaml", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


class Apply(threading.Thread):
    """Watches for `pinode apply` on the node (lab nodes' processes are seen from here): when it began, which is when
    all was sent and unpacked, and the most memory that it had."""

    def __init__(self):
        super().__init__(daemon=True)
        self.kib, self.began, self.isOver = 0, None, False
        self.old = set(os.listdir("/proc"))

    def run(self):
        while not self.isOver:
            for name in os.listdir("/proc"):
                if name.isdigit() and name not in self.old:
                    self.look(name)
            time.sleep(0.01)

    def look(self, process):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            if words[1:2] != [b"apply"] or b"/blobs/" not in words[0]:
                return
            self.began = self.began or time.monotonic()
            with open(f"/proc/{process}/status", encoding="utf-8") as file:
                peak = next((int(line.split()[1]) for line in file if line.startswith("VmHWM:")), 0)
            self.kib = max(self.kib, peak)
        except OSError:
            pass


def send(lab, pidep):
    """Bytes a second from pidep's `sending` until apply begins, and the KiB that apply had at most."""
    command = [pidep, "deploy", lab.inventory, "--yes", "--stay-healthy", "0", "--json"]
    began = size = None
    apply = Apply()
    apply.start()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event.get("event") == "started" and "bytes" in event:
                began, size = time.monotonic(), event["bytes"]
    apply.isOver = True
    apply.join()
    if process.returncode != 0 or began is None or apply.began is None:
        raise Failed(f"deploying {FILES * SIZE >> 20} MiB: exit code {process.returncode}")
    return size / (apply.began - began), apply.kib


def scp(lab, file):
    began = time.monotonic()
    done = subprocess.run(
        ["scp", "-q", *lab.ssh_options, file, f"root@{lab.addresses[0]}:/srv/copy"], check=False)
    if done.returncode != 0:
        raise Failed("scp failed")
    return time.monotonic() - began


def measure(lab, pidep, work, rounds):
    results = {"pidep": [], "scp": [], "apply_kib": []}
    large, small = f"{work}/large", f"{work}/small"
    with open(large, "wb") as file:
        file.write(os.urandom(FILES * SIZE))
    with open(small, "wb") as file:
        file.write(b"x")
    lab.up()
    for _ in range(rounds):
        write_recipe(lab)
        rate, kib = send(lab, pidep)
        results["pidep"].append(rate)
        results["apply_kib"].append(kib)
        # A copy of one byte is the login, which pidep had behind it.
        results["scp"].append(FILES * SIZE / (scp(lab, large) - scp(lab, small)))
    lab.down()
    return results


def report(results):
    ours, theirs = statistics.median(results["pidep"]), statistics.median(results["scp"])
    memory = max(results["apply_kib"]) / 1024
    print(f"\nupload of {FILES * SIZE >> 20} MiB: pidep {ours / 2**20:.0f} MiB/s, scp {theirs / 2**20:.0f} MiB/s")
    print(f"upload  {ours / theirs:5.2f} of scp (wanted 0.8 at least): {'met' if ours >= 0.8 * theirs else 'MISSED'}")
    print(f"memory  pinode apply {memory:.1f} MiB at most (wanted below 8): {'met' if memory < 8 else 'MISSED'}")
