"""Runs HAProxy and pinode alternately under the same load and compares what a request costs them.

Called by Benchmarks/proxy/run. Starts and ends only its own processes.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

# name, connections, bytes of the body, a new connection for each request
WORK = [
    ("keep-alive, 64 connections, 200 B", 64, 200, False),
    ("keep-alive, 64 connections, 10 KB", 64, 10240, False),
    ("keep-alive, 1 connection, 200 B", 1, 200, False),
    ("keep-alive, 1 connection, 10 KB", 1, 10240, False),
    ("new connection each, 64 at once, 200 B", 64, 200, True),
    ("new connection each, 1 at once, 200 B", 1, 200, True),
]
TICK = os.sysconf("SC_CLK_TCK")
LONGEST = 180  # seconds for everything; a run that takes longer is ended
HERE = os.path.dirname(os.path.abspath(__file__))
children = []


def fail(sentence):
    print(f"benchmark: {sentence}", file=sys.stderr)
    sys.exit(1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(cpu, command):
    """The command on one processor, where there is more than one."""
    return ["taskset", "-c", str(cpu)] + command if os.cpu_count() > 1 else command


def start(command, cpu, **environment):
    process = subprocess.Popen(
        pinned(cpu, command), env=os.environ | environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    children.append(process)
    return process


def wait_for(port, process, name):
    for _ in range(100):
        if process.poll() is not None:
            fail(f"{name} ended with {process.returncode}: {process.stderr.read().decode(errors='replace')[-800:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    fail(f"{name} does not listen on 127.0.0.1:{port} after 5 s")


def load(port, work, seconds):
    """wrk's load on the last processor; the requests that were answered, and how many a second."""
    _, connections, size, new = work
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/{size}"]
    if new:
        command[1:1] = ["-H", "Connection: close"]
    output = subprocess.run(
        pinned(os.cpu_count() - 1, command), capture_output=True, text=True, timeout=seconds + 20).stdout
    for bad in ("Non-2xx", "Socket errors"):
        if bad in output:
            fail(f"not all requests were answered ({work[0]}): {re.search(bad + '.*', output).group(0)}")
    requests = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if not requests or int(requests.group(1)) == 0:
        fail(f"wrk made no requests ({work[0]}): {output[-400:]}")
    return int(requests.group(1)), float(rate.group(1))


def cpu(pid):
    """User and system seconds of a process, its ended children included (proc_pid_stat(5), fields 14 to 17)."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    user, system, child_user, child_system = (int(x) / TICK for x in fields[11:15])
    return user + child_user, system + child_system


def measure(proxy, work, seconds):
    user0, system0 = cpu(proxy["pid"])
    requests, rate = load(proxy["port"], work, seconds)
    user1, system1 = cpu(proxy["pid"])
    user, system = user1 - user0, system1 - system0
    return {"requests": requests, "rate": rate, "us": (user + system) / requests * 1e6, "user_us": user / requests * 1e6}


def system_calls(proxy, work, seconds):
    """System calls a request, by name, under strace (which slows the proxy, so it batches at its best)."""
    trace = subprocess.Popen(
        pinned(0, ["strace", "-c", "-f", "-p", str(proxy["pid"])]), stderr=subprocess.PIPE, text=True)
    children.append(trace)
    time.sleep(0.3)
    requests, _ = load(proxy["port"], work, seconds)
    trace.send_signal(signal.SIGINT)
    output = trace.communicate(timeout=20)[1]
    children.remove(trace)
    calls = {}
    for line in output.splitlines():
        row = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        if row and row.group(2) != "total":
            calls[row.group(2)] = int(row.group(1)) / requests
    return {"total": sum(calls.values()), "by_name": dict(sorted(calls.items(), key=lambda c: -c[1]))}


def memory(pid):
    """The largest resident set so far, in KiB (VmHWM)."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "all": values}


def table(result):
    print(f"{'CPU time of the proxy, µs a request':40} {'HAProxy':>22} {'pinode':>22} {'pinode/HAProxy':>22}")
    cell = lambda s, d: f"{s['median']:.{d}f} ({s['min']:.{d}f}-{s['max']:.{d}f})"
    for work in result["work"]:
        print(f"{work['name']:40} {cell(work['haproxy']['us'], 1):>22} {cell(work['pinode']['us'], 1):>22}"
              f" {cell(work['ratio'], 2):>22}")
    print(f"\n{'of that in user space':40} {'HAProxy':>22} {'pinode':>22}")
    for work in result["work"]:
        print(f"{work['name']:40} {cell(work['haproxy']['user_us'], 1):>22} {cell(work['pinode']['user_us'], 1):>22}")
    print(f"\n{'requests a second, closed loop':40} {'HAProxy':>22} {'pinode':>22}")
    for work in result["work"]:
        print(f"{work['name']:40} {work['haproxy']['rate']['median']:>22.0f} {work['pinode']['rate']['median']:>22.0f}")
    print(f"\n{'system calls a request (strace)':40} {'HAProxy':>22} {'pinode':>22}")
    for work in result["work"]:
        print(f"{work['name']:40} {work['haproxy']['calls']['total']:>22.2f} {work['pinode']['calls']['total']:>22.2f}")
    print(f"\n{'largest resident set, MiB':40} {result['rss_kib']['haproxy'] / 1024:>22.1f}"
          f" {result['rss_kib']['pinode'] / 1024:>22.1f}")
    print(f"\n{result['versions']['haproxy']}; {result['versions']['pinode']}; {result['rounds']} rounds of "
          f"{result['seconds']} s each way, {result['processors']} processors; medians (smallest-largest)")


def version(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.splitlines()[0].strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pinode", required=True)
    parser.add_argument("--origin", required=True)
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rounds, seconds = (1, 1) if options.quick else (4, 2)
    signal.signal(signal.SIGALRM, lambda *_: fail(f"not done after {LONGEST} s"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.alarm(LONGEST)

    last = os.cpu_count() - 1
    origin_port = free_port()
    wait_for(origin_port, start([options.origin, str(origin_port)], last), "the origin")
    haproxy = "/usr/sbin/haproxy"
    config = os.path.join(HERE, "proxy.cfg")
    proxies = {}
    for name, command in (("haproxy", [haproxy, "-db", "-f", config]), ("pinode", [options.pinode, "proxy", "-f", config])):
        port = free_port()
        process = start(command, 0, BENCH_PORT=str(port), ORIGIN_PORT=str(origin_port))
        wait_for(port, process, name)
        proxies[name] = {"pid": process.pid, "port": port}

    result = {
        "versions": {"haproxy": version([haproxy, "-v"]), "pinode": version([options.pinode, "--version"])},
        "processors": os.cpu_count(), "rounds": rounds, "seconds": seconds, "work": [],
    }
    for work in WORK:
        print(f"{work[0]} …", file=sys.stderr, flush=True)
        samples = {"haproxy": [], "pinode": []}
        for number in range(rounds):
            order = ["haproxy", "pinode"] if number % 2 == 0 else ["pinode", "haproxy"]
            for name in order:
                samples[name].append(measure(proxies[name], work, seconds))
        entry = {"name": work[0], "connections": work[1], "body_bytes": work[2], "new_connections": work[3]}
        for name, rows in samples.items():
            entry[name] = {key: summary([row[key] for row in rows]) for key in ("us", "user_us", "rate", "requests")}
            entry[name]["calls"] = system_calls(proxies[name], work, 1)
        entry["ratio"] = summary([p["us"] / h["us"] for h, p in zip(samples["haproxy"], samples["pinode"])])
        result["work"].append(entry)
    result["rss_kib"] = {name: memory(proxy["pid"]) for name, proxy in proxies.items()}
    table(result)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(result, f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
        for child in children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
