"""Repeats `pidep loadtest --fault` and reports median, 95th percentile and longest outage of each kind of fault.

Called by Benchmarks/failover/run, which sees to it that the lab is up.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import time

FAULTS = ["kill active", "power active", "cut active"]
RATE, SECONDS = 50, 12  # the fault comes after 4 s; 8 s are left to see the end of an outage
SETTLE = 120  # seconds that a mended cluster may take until all is well again
REST = 6  # seconds: a router that came back takes the address, if it does, within three adverts and a bit


def fail(sentence):
    print(f"benchmark: {sentence}", file=sys.stderr)
    sys.exit(1)


def settled(options):
    """Waits until the service answers on all nodes again, so that each run begins with a whole cluster."""
    end = time.monotonic() + SETTLE
    while True:
        smoke = subprocess.run([options.pidep, "smoke", options.inventory], capture_output=True, text=True, timeout=60)
        if smoke.returncode == 0:
            time.sleep(REST)
            return
        if time.monotonic() > end:
            fail(f"the cluster is not whole again {SETTLE} s after the fault was undone:\n{smoke.stdout}{smoke.stderr}")
        time.sleep(1)


def one(options, fault):
    command = [options.pidep, "loadtest", options.inventory, "--rate", str(RATE), "--duration", f"{SECONDS}s",
               "--fault", fault, "--json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 180)
    results = [event for event in map(json.loads, run.stdout.splitlines()) if event["event"] == "result"]
    if run.returncode not in (0, 4) or not results:
        fail(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout[-1500:]}{run.stderr[-1500:]}")
    result = results[0]
    outages = result["probes"]["outages"]
    if any(outage["ended_ms"] is None for outage in outages):
        fail(f"service did not come back within {SECONDS * 2 // 3} s after {fault}:\n{result['message']}")
    longest = max(outages, key=lambda o: o["length_ms"], default={"length_ms": 0, "at_least_ms": 0, "at_most_ms": 0})
    return {
        "fault": fault, "node": result["fault"]["node"], "outage_ms": longest["length_ms"],
        "at_least_ms": longest["at_least_ms"], "at_most_ms": longest["at_most_ms"], "outages": len(outages),
        "failed_requests": result["requests"]["failed"], "valid": result["valid"],
        "address_moved_ms": [h["since_ms"] - result["fault"]["began_ms"] for h in result["holders"][1:]],
    }


def summary(values):
    ordered = sorted(values)
    return {"runs": len(ordered), "median": statistics.median(ordered),
            "p95": ordered[math.ceil(0.95 * len(ordered)) - 1], "max": ordered[-1]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pidep", required=True)
    parser.add_argument("--inventory", required=True)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json")
    options = parser.parse_args()
    if options.runs < 1:
        fail("--runs must be at least 1")
    runs = []
    for number in range(options.runs):
        settled(options)
        run = one(options, FAULTS[number % len(FAULTS)])
        runs.append(run)
        print(f"{number + 1:3}  {run['fault']:13} {run['node']:10} {run['outage_ms']:8.0f} ms "
              f"(between {run['at_least_ms']:.0f} and {run['at_most_ms']:.0f}), {run['failed_requests']} requests failed"
              + ("" if run["valid"] else "; the load could not keep its schedule"), flush=True)
    result = {"all": summary([run["outage_ms"] for run in runs])}
    for fault in FAULTS:
        values = [run["outage_ms"] for run in runs if run["fault"] == fault]
        if values:
            result[fault] = summary(values)
    print(f"\n{'outage, ms':14} {'runs':>5} {'median':>8} {'p95':>8} {'max':>8}")
    for name, row in result.items():
        print(f"{name:14} {row['runs']:5} {row['median']:8.0f} {row['p95']:8.0f} {row['max']:8.0f}")
    if options.json:
        with open(options.json, "w") as f:
            json.dump({"summary": result, "runs": runs}, f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
