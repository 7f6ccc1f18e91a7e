"""`pinode control` and `pinode database`, with their defaults."""

import json
import os
import signal
import socket

from shelf import NODES


class Pidep:
    name = "pidep"

    def __init__(self, shelf, pinode):
        self.shelf, self.pinode = shelf, pinode

    def prepare(self):
        for node in range(1, NODES + 1):
            home = self.shelf.home(node)
            os.makedirs(f"{home}/run")
            os.makedirs(f"{home}/control")
            os.makedirs(f"{home}/pg")
            os.chmod(home, 0o711)
            os.system(f"chown postgres {home}/pg")
            self.write(f"{home}/cluster.key", "the secret of a cluster that lives for minutes\n")
            self.write(f"{home}/database.key", "members\n")
            self.write(f"{home}/bench.password", "bench\n")
            nodes = [(other, self.shelf.address(other)) for other in range(1, NODES + 1)]
            control = f"[cluster]\nname = bench\nnode = n{node}\nkey_file = {home}/cluster.key\nfolder = {home}/control\n"
            for number, address in nodes:
                control += f"[node n{number}]\nid = {number}\naddress = {address}:4100\nfounder = yes\n"
            self.write(f"{home}/control.conf", control)
            database = (
                f"[postgresql]\nnode = n{node}\nversion = 15\ndata = {home}/pg/data\nlog = {home}/pg/log\n"
                f"socket_folder = {home}/pg/socket\nfolder = {home}/database\n"
                f"control_socket = {home}/run/control-clients.sock\npassword_file = {home}/database.key\n"
                f"certificate = {self.shelf.folder}/cert.pem\ncertificate_key = {self.shelf.folder}/key.pem\n")
            for number, address in nodes:
                database += f"[node n{number}]\nid = {number}\naddress = {address}\n"
            database += (
                "[access]\nnetworks = 198.51.100.0/24\n[parameters]\nshared_buffers = 64MB\n"
                f"[role bench]\npassword_file = {home}/bench.password\n[database bench]\nowner = bench\n")
            self.write(f"{home}/database.conf", database)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def start(self, node):
        home = self.shelf.home(node)
        for role in ("control", "database"):
            self.shelf.start(
                node, [self.pinode, role, "-f", f"{home}/{role}.conf"], f"{home}/{role}.log",
                environment={"RUNTIME_DIRECTORY": f"{home}/run"})

    def data(self, node):
        return f"{self.shelf.home(node)}/pg/data"

    def ask(self, node, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(f"{self.shelf.home(node)}/run/database.sock")
            connection.sendall(command.encode() + b"\n")
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        return answer.decode()

    def is_whole(self):
        """One primary, all others stream and vote."""
        try:
            states = [json.loads(self.ask(node, "show json")) for node in range(1, NODES + 1)]
        except (OSError, ValueError):
            return False
        primaries = [s for s in states if s["role"] == "primary"]
        return (
            len(primaries) == 1 and len(primaries[0]["voters"]) == NODES
            and all(s["state"] in ("running", "streaming") for s in states))

    def switchover(self, node):
        self.ask(node, "switchover")

    def kill_agent(self, node):
        self.shelf.signal(self.shelf.find(node, "--agent"), signal.SIGKILL)

    def upgrade(self, node):
        keepers = [p for p in self.shelf.find(node, "database.conf") if p not in self.shelf.find(node, "--agent")]
        self.shelf.signal(keepers, signal.SIGHUP)

    def helpers(self, node):
        """What runs beside PostgreSQL."""
        return self.shelf.find(node, "control.conf") + self.shelf.find(node, "database.conf")
