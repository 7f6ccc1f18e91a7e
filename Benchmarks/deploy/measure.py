"""Measures and reports; `run` calls it. README.md says what the figures mean."""

import argparse
import json
import os
import statistics
import subprocess
import sys

import sixteen
import transfer
from lab import Lab
from tools import Ansible, Failed, Floor, Mitogen, Pidep, Pyinfra

# Parts of documentation's 203.0.113.0/24 (RFC 5737): four nodes in the first, sixteen in the second.
SMALL, LARGE = "203.0.113.128/26", "203.0.113.192/26"
PARTS = ["peers", "sixteen", "upload"]
# The targets: (case, against whom, at most this ratio of pidep's time to theirs).
TARGETS = [
    ("noop", "floor", 1.5), ("noop", "ansible", 1 / 30), ("noop", "pyinfra", 1 / 6), ("noop", "mitogen", 1 / 8),
    ("change", "floor", 2.5), ("first", "ansible", 1 / 10), ("first", "pyinfra", 1 / 4),
]


def spread(values):
    """`0.61 s (0.58 to 0.70)`."""
    return f"{statistics.median(values):6.2f} s ({min(values):.2f} to {max(values):.2f})"


def measure_peers(lab, tools, rounds, repetitions):
    """{tool: {case: [seconds]}}; the floor is taken before each of pidep's figures and paired with it."""
    floor = Floor()
    results = {name: {"first": [], "noop": [], "change": []} for name in tools}
    results["floor"] = {"noop": []}
    names = list(tools)
    for number in range(rounds):
        order = names[number % len(names):] + names[:number % len(names)]
        for name in order:
            tool, times = tools[name], results[name]
            print(f"round {number + 1} of {rounds}: {tool.title}", file=sys.stderr)
            lab.up()
            times["first"].append(tool.first(lab))
            demand_service(lab)
            times["noop"].append(tool.noop(lab))
            for repetition in range(repetitions[name]):
                if name == "pidep":
                    results["floor"]["noop"].append(floor.noop(lab))
                revision = repetition + 1
                times["change"].append(tool.change(lab, revision))
                demand_revision(lab, revision)
                times["noop"].append(tool.noop(lab, revision))
            so_far = ", ".join(f"{case} {spread(values).strip()}" for case, values in times.items())
            print(f"  so far: {so_far}", file=sys.stderr)
    lab.down()
    return results


def demand_service(lab):
    """All three services answer on every node, whoever deployed them."""
    question = "for port in 80 8080 8081; do curl -fsS -m 5 http://{}:$port/ | grep -q shelf || exit 1; done"
    for address in lab.addresses:
        command = ["ssh", *lab.ssh_options, f"root@{address}", question.format(address)]
        if subprocess.run(command, check=False).returncode != 0:
            raise Failed(f"{address}: a service of the job does not answer")


def demand_revision(lab, revision):
    for process in lab.on_all(f"grep -q 'revision {revision}[.]' /etc/apache2/conf-available/bench.conf"):
        if process.wait() != 0:
            raise Failed(f"the change to revision {revision} is not on a node")


def report_peers(results, tools):
    print("\nfour nodes          first deploy              nothing to do             one template changed")
    for name, title in [("floor", Floor.title)] + [(name, tool.title) for name, tool in tools.items()]:
        cells = [spread(values) if values else "" for values in
                 (results[name].get(case, []) for case in ("first", "noop", "change"))]
        print(f"{title:21} {cells[0]:25} {cells[1]:25} {cells[2]}")
    print()
    for case, rival, limit in TARGETS:
        if rival not in results or "pidep" not in results:
            continue
        base = results[rival]["noop" if rival == "floor" else case]
        ratio = statistics.median(results["pidep"][case]) / statistics.median(base)
        verdict = "met" if ratio <= limit else "MISSED"
        if limit < 1:
            print(f"{case:7} {1 / ratio:5.1f} times faster than {rival:8} (wanted {1 / limit:.0f}): {verdict}")
        else:
            print(f"{case:7} {ratio:5.2f} times the {rival} (wanted {limit} at most): {verdict}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("pidep", "peers", "work", "runtime"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="parts (peers, sixteen, upload) and tools, separated by commas")
    parser.add_argument("--json")
    options = parser.parse_args()
    tools = {
        "pidep": Pidep(options.pidep), "half": Pidep(options.pidep, batch="50%"),
        "ansible": Ansible(options.runtime, options.work),
        "mitogen": Mitogen(options.runtime, options.work, options.peers),
        "pyinfra": Pyinfra(options.runtime, options.work, options.peers),
    }
    only = [word for word in options.only.split(",") if word]
    unknown = [word for word in only if word not in PARTS and word not in tools]
    if unknown:
        parser.error(f"--only: not {unknown[0]}, but {', '.join(PARTS + list(tools))}")
    parts = [part for part in PARTS if not only or part in only]
    if any(word in tools for word in only):
        tools = {name: tool for name, tool in tools.items() if name in only}
        parts = parts or ["peers"]
    # Seconds are dear where a run takes twenty of them.
    repetitions = {"pidep": 5, "half": 3, "ansible": 1, "mitogen": 2, "pyinfra": 2}
    rounds = 1 if options.quick else 3
    small = Lab(options.pidep, options.work, "benchfour", SMALL, 129, 4)
    large = Lab(options.pidep, options.work, "benchmany", LARGE, 193, 16, disk="96M")
    bulk = Lab(options.pidep, options.work, "benchbulk", SMALL, 129, 1, recipe="bulk", disk="512M")
    results = {"load": os.getloadavg()}
    try:
        if "peers" in parts:
            results["peers"] = measure_peers(small, tools, rounds, repetitions)
            report_peers(results["peers"], tools)
        if "sixteen" in parts:
            results["sixteen"] = sixteen.measure(large, options.pidep, 2 if options.quick else 5)
            sixteen.report(results["sixteen"])
        if "upload" in parts:
            results["upload"] = transfer.measure(bulk, options.pidep, options.work, 2 if options.quick else 5)
            transfer.report(results["upload"])
    finally:
        for lab in (small, large, bulk):
            lab.down()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)


main()
