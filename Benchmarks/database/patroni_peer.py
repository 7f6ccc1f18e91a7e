"""Debian's Patroni over Debian's etcd, with Patroni's recommended settings and synchronous mode, which is what
compares with acknowledged writes that are never lost."""

import json
import os
import signal

from shelf import NODES, PROGRAMS, sh

# Patroni's defaults: https://patroni.readthedocs.io/en/latest/dynamic_configuration.html
SETTINGS = {"ttl": 30, "loop_wait": 10, "retry_timeout": 10}


class Patroni:
    name = "Patroni"

    def __init__(self, shelf):
        self.shelf = shelf

    def prepare(self):
        for node in range(1, NODES + 1):
            home = self.shelf.home(node)
            for folder in ("etcd", "pg", "pg/socket"):
                os.makedirs(f"{home}/{folder}")
            os.system(f"chown -R postgres {home}")
            os.chmod(home, 0o711)
            own = self.shelf.address(node)
            hosts = ", ".join(f'"{self.shelf.address(n)}:2379"' for n in range(1, NODES + 1))
            with open(f"{home}/patroni.yml", "w", encoding="utf-8") as file:
                file.write(f"""
scope: bench
name: n{node}
restapi: {{listen: "{own}:8008", connect_address: "{own}:8008"}}
etcd3: {{hosts: [{hosts}]}}
bootstrap:
  dcs:
    ttl: {SETTINGS["ttl"]}
    loop_wait: {SETTINGS["loop_wait"]}
    retry_timeout: {SETTINGS["retry_timeout"]}
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters: {{wal_log_hints: "on", max_connections: 100, shared_buffers: 64MB}}
  initdb: [{{encoding: UTF8}}, data-checksums]
  pg_hba:
  - local all all trust
  - host replication replicator 198.51.100.0/24 scram-sha-256
  - host all all 198.51.100.0/24 scram-sha-256
  users:
    bench: {{password: bench, options: [superuser]}}
postgresql:
  listen: "{own}:5432"
  connect_address: "{own}:5432"
  data_dir: {home}/pg/data
  bin_dir: {PROGRAMS}
  pgpass: {home}/pg/pgpass
  authentication:
    replication: {{username: replicator, password: rep}}
    superuser: {{username: postgres, password: super}}
    rewind: {{username: rewind, password: rew}}
  parameters: {{unix_socket_directories: {home}/pg/socket}}
""")

    def start(self, node):
        home, own = self.shelf.home(node), self.shelf.address(node)
        members = ",".join(f"n{n}=http://{self.shelf.address(n)}:2380" for n in range(1, NODES + 1))
        is_new = not os.path.exists(f"{home}/etcd/member")
        self.shelf.start(
            node, [
                "etcd", "--name", f"n{node}", "--data-dir", f"{home}/etcd", "--listen-peer-urls", f"http://{own}:2380",
                "--listen-client-urls", f"http://{own}:2379", "--advertise-client-urls", f"http://{own}:2379",
                "--initial-advertise-peer-urls", f"http://{own}:2380", "--initial-cluster", members,
                "--initial-cluster-state", "new" if is_new else "existing"], f"{home}/etcd.log", user="postgres")
        self.shelf.start(node, ["patroni", f"{home}/patroni.yml"], f"{home}/patroni.log", user="postgres")

    def data(self, node):
        return f"{self.shelf.home(node)}/pg/data"

    def cluster(self):
        for node in range(1, NODES + 1):
            done = sh(
                f"curl -s -m 2 http://{self.shelf.address(node)}:8008/cluster",
                check=False)
            try:
                return json.loads(done.stdout)["members"]
            except (ValueError, KeyError):
                continue
        return []

    def is_whole(self):
        members = self.cluster()
        return (
            len(members) == NODES and sum(m["role"] == "leader" for m in members) == 1
            and all(m["state"] in ("running", "streaming") for m in members)
            and len({m.get("timeline") for m in members}) == 1
            and any(m["role"] == "sync_standby" for m in members))

    def switchover(self, node):
        body = json.dumps({"leader": f"n{node}"})
        sh(
            f"curl -s -m 60 -X POST -d '{body}' "
            f"http://{self.shelf.address(node)}:8008/switchover", check=False)

    def kill_agent(self, node):
        """Its service manager starts it anew, as Debian's unit (Restart=no there; here, to its advantage, at once)."""
        self.shelf.signal(self.shelf.find(node, "patroni.yml"), signal.SIGKILL)
        self.shelf.start(
            node, ["patroni", f"{self.shelf.home(node)}/patroni.yml"], f"{self.shelf.home(node)}/patroni.log",
            user="postgres")

    def helpers(self, node):
        return self.shelf.find(node, "patroni.yml") + self.shelf.find(node, "etcd --name")
