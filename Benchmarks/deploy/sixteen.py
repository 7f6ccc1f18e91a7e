"""Sixteen nodes with nothing to do, beside sixteen parallel ssh; and what memory pidep takes for them."""

import statistics

from tools import Failed, Floor, Pidep, timed


def measure(lab, pidep, rounds):
    tool, floor = Pidep(pidep, batch="50%"), Floor()
    lab.up()
    seconds, code, output, memory = timed(*tool.command(lab, 0))
    if code != 0:
        raise Failed(f"first deploy of sixteen nodes:\n{output[-4000:]}")
    results = {"first": seconds, "first_memory_kib": memory, "floor": [], "pidep": [], "memory_kib": []}
    for _ in range(rounds):
        results["floor"].append(floor.noop(lab))
        seconds, code, output, memory = timed(*tool.command(lab, 0))
        tool.demand(code == 0 and tool.changed_nothing(output, lab), "nothing to do", output)
        results["pidep"].append(seconds)
        results["memory_kib"].append(memory)
    lab.down()
    return results


def report(results):
    ours, ssh = statistics.median(results["pidep"]), statistics.median(results["floor"])
    memory = max(results["memory_kib"] + [results["first_memory_kib"]]) / 1024
    print(f"\nsixteen nodes: first deploy {results['first']:.1f} s; nothing to do {ours:.2f} s, ssh {ssh:.2f} s")
    print(f"noop    {ours / ssh:5.2f} times the floor (wanted 1.5 at most): {'met' if ours <= 1.5 * ssh else 'MISSED'}")
    print(f"memory  pidep {memory:.0f} MiB at most (wanted below 200): {'met' if memory < 200 else 'MISSED'}")
