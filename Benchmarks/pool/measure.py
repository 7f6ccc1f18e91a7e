"""PgBouncer and pinode pool side by side. README.md says what and how; `run` starts it."""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAMS = "/usr/lib/postgresql/15/bin"
TICK = os.sysconf("SC_CLK_TCK")
SERVER, BOUNCER, OURS = 25432, 26432, 26433
PASSWORD = "bench"


def account(arguments):
    """PostgreSQL and PgBouncer refuse to run as root."""
    return ["runuser", "-u", "postgres", "--"] + arguments if os.geteuid() == 0 else arguments


def call(arguments, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=600, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_for(port):
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


class Database:
    """A PostgreSQL of the run's own; commits are not flushed, since the poolers are what is measured."""

    def __init__(self, folder):
        self.folder = folder / "data"
        call(account([f"{PROGRAMS}/initdb", "-D", str(self.folder), "-U", "postgres", "-A", "scram-sha-256",
                      "--pwfile", str(folder / "password")]))
        with open(self.folder / "postgresql.conf", "a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {SERVER}\nunix_socket_directories = '{folder}'\n"
                       "fsync = off\nsynchronous_commit = off\nmax_connections = 260\nshared_buffers = 256MB\n")
        call(account([f"{PROGRAMS}/pg_ctl", "-D", str(self.folder), "-w", "-l", str(folder / "server.log"), "start"]))
        pgbench(SERVER, ["-i", "-q", "-s", "10"])

    def stop(self):
        call(account([f"{PROGRAMS}/pg_ctl", "-D", str(self.folder), "-w", "-m", "immediate", "stop"]))

    def secret(self):
        text = call(["psql", "-h", "127.0.0.1", "-p", str(SERVER), "-U", "postgres", "-Atc",
                     "select rolpassword from pg_authid where rolname = 'postgres'", "postgres"],
                    env={**os.environ, "PGPASSWORD": PASSWORD})
        return text.strip()


def pgbench(port, arguments, tls=False):
    mode = "require" if tls else "disable"
    done = subprocess.run(
        [f"{PROGRAMS}/pgbench", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-n"] + arguments + ["postgres"],
        capture_output=True, text=True, timeout=300, env={**os.environ, "PGPASSWORD": PASSWORD, "PGSSLMODE": mode})
    text = done.stdout + done.stderr
    if done.returncode != 0 or "aborted" in text:
        return None, text.strip().splitlines()[-1] if text.strip() else "no answer"
    count = re.search(r"transactions actually processed: (\d+)", text)
    return (int(count.group(1)) if count else 0), ""


class Pooler:
    def __init__(self, name, port, arguments, log, environment=None):
        self.name, self.port = name, port
        self.process = subprocess.Popen(arguments, stdout=log, stderr=log, env={**os.environ, **(environment or {})})
        wait_for(port)

    def numbers(self):
        """The process and its children."""
        found, queue = [], [self.process.pid]
        while queue:
            number = queue.pop()
            found.append(number)
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{number}/task"):
                    queue += [int(word) for word in
                              pathlib.Path(f"/proc/{number}/task/{task}/children").read_text().split()]
        return found

    def seconds(self):
        total = 0.0
        for number in self.numbers():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
                total += (int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])) / TICK
        return total

    def kilobytes(self):
        total = 0
        for number in self.numbers():
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{number}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
        return total

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def configuration(folder, port, kind, name):
    """The same file for both but for the port."""
    path = folder / f"{name}.ini"
    path.write_text(f"""[databases]
postgres = host=127.0.0.1 port={SERVER}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = {kind}
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 20
max_client_conn = 3000
log_connections = 0
log_disconnections = 0
;pinode workers = 1
""")
    os.chmod(path, 0o644)
    return str(path)


WORKS = [
    ("select, simple, 32 clients", "trust", ["-S", "-c", "32"]),
    ("select, simple, 200 clients", "trust", ["-S", "-c", "200"]),
    ("select, extended, 32 clients", "trust", ["-S", "-M", "extended", "-c", "32"]),
    ("select, prepared, 32 clients", "trust", ["-S", "-M", "prepared", "-c", "32"]),
    ("TPC-B-like, 32 clients", "trust", ["-c", "32"]),
    ("new connection each, trust", "trust", ["-S", "-C", "-c", "8"]),
    ("new connection each, SCRAM", "scram-sha-256", ["-S", "-C", "-c", "8"]),
]


def measure(pooler, arguments, seconds):
    pgbench(pooler.port, arguments + ["-T", "1"])
    before = pooler.seconds()
    count, problem = pgbench(pooler.port, arguments + ["-T", str(seconds)])
    spent = pooler.seconds() - before
    return (spent / count * 1e6, count / seconds, "") if count else (None, None, problem)


def idle_clients(port, count):
    """Clients that have logged in and ask nothing."""
    import struct
    sockets = []
    for _ in range(count):
        link = socket.create_connection(("127.0.0.1", port), 5)
        body = b"user\0postgres\0database\0postgres\0\0"
        link.sendall(struct.pack("!II", len(body) + 8, 196608) + body)
        data = b""
        while b"Z\0\0\0\5" not in data:
            part = link.recv(4096)
            if not part:
                sys.exit("an idle client was not let in")
            data += part
        sockets.append(link)
    return sockets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pinode", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    rounds, seconds = (1, 2) if options.quick else (5, 4)

    folder = pathlib.Path(tempfile.mkdtemp(prefix="pool-bench-"))
    os.chmod(folder, 0o755)
    (folder / "password").write_text(PASSWORD)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    results = {"rounds": rounds, "seconds": seconds, "works": [], "memory": {}}
    database = Database(folder)
    log = open(folder / "log", "w")
    running = []
    try:
        (folder / "users.txt").write_text(f'"postgres" "{PASSWORD}"\n')
        os.chmod(folder / "users.txt", 0o644)
        driver = {"PINODE_IO_DRIVER": os.environ.get("PINODE_IO_DRIVER", "automatic")}

        def start(kind):
            theirs = Pooler("PgBouncer", BOUNCER, account(
                ["pgbouncer", "-q", configuration(folder, BOUNCER, kind, "bouncer")]), log)
            ours = Pooler("pinode", OURS, account(
                [options.pinode, "pool", "-f", configuration(folder, OURS, kind, "ours")]), log, driver)
            running.extend([theirs, ours])
            return theirs, ours

        kind, pair = None, None
        for name, wanted, arguments in WORKS:
            if wanted != kind:
                for pooler in running:
                    pooler.stop()
                running.clear()
                kind, pair = wanted, start(wanted)
                if not results["memory"]:
                    results["memory"]["start KB"] = {p.name: p.kilobytes() for p in pair}
            figures = {p.name: [] for p in pair}
            rates = {p.name: [] for p in pair}
            problem = {}
            for turn in range(rounds):
                for pooler in pair if turn % 2 == 0 else reversed(pair):
                    cost, rate, why = measure(pooler, arguments, seconds)
                    if cost is None:
                        problem[pooler.name] = why
                    else:
                        figures[pooler.name].append(cost)
                        rates[pooler.name].append(rate)
            ratios = [b / a for a, b in zip(figures["PgBouncer"], figures["pinode"])]
            row = {"work": name, "us": figures, "rate": rates, "ratios": ratios, "failed": problem}
            results["works"].append(row)
            print(describe(row), flush=True)

        for pooler in running:
            pooler.stop()
        running.clear()
        pair = start("trust")
        for pooler in pair:
            pgbench(pooler.port, ["-S", "-c", "20", "-t", "20"])
            before = pooler.kilobytes()
            clients = idle_clients(pooler.port, 1000)
            grown = pooler.kilobytes() - before
            for client in clients:
                client.close()
            results["memory"].setdefault("KB per 1,000 idle clients", {})[pooler.name] = grown
        for what, values in results["memory"].items():
            print(f"{what:34} PgBouncer {values['PgBouncer']:>8}   pinode {values['pinode']:>8}"
                  f"   ratio {values['pinode'] / max(1, values['PgBouncer']):.2f}")
    finally:
        for pooler in running:
            pooler.stop()
        database.stop()
        log.close()
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(results, indent=1))
        shutil.rmtree(folder, ignore_errors=True)


def describe(row):
    if not row["ratios"]:
        return f"{row['work']:32} failed: {row['failed']}"
    us = {name: statistics.median(values) for name, values in row["us"].items()}
    rate = {name: statistics.median(values) for name, values in row["rate"].items()}
    return (f"{row['work']:32} PgBouncer {us['PgBouncer']:7.1f} us {rate['PgBouncer']:7.0f}/s"
            f"   pinode {us['pinode']:7.1f} us {rate['pinode']:7.0f}/s   ratio {statistics.median(row['ratios']):.2f}"
            f" ({min(row['ratios']):.2f} to {max(row['ratios']):.2f})")


if __name__ == "__main__":
    main()
