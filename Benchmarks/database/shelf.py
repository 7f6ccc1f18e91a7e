"""Three nodes in network namespaces on one bridge: where both systems run, one after the other, on the same disk.

The bridge is in this process's own namespace, which Benchmarks/database/run has made for it.
"""

import os
import shutil
import signal
import subprocess
import time

NODES = 3
NETWORK = "198.51.100"
PROGRAMS = "/usr/lib/postgresql/15/bin"


def sh(command, check=True, **options):
    return subprocess.run(command, shell=True, check=check, text=True, capture_output=True, **options)


class Shelf:
    def __init__(self, folder):
        self.folder = folder
        self.processes = []

    def namespace(self, node):
        return f"pdbn{node}"

    def address(self, node):
        return f"{NETWORK}.{node}"

    def home(self, node):
        return f"{self.folder}/n{node}"

    def build(self):
        self.destroy()
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o711)
        sh("ip link add br0 type bridge; ip link set br0 up; ip link set lo up")
        sh(f"ip addr add {NETWORK}.100/24 dev br0")
        for node in range(1, NODES + 1):
            name, cable = self.namespace(node), f"pdbv{node}"
            sh(f"ip netns add {name}; ip -n {name} link set lo up")
            sh(f"ip link add {cable} type veth peer name eth0 netns {name}")
            sh(f"ip link set {cable} master br0 up")
            sh(f"ip -n {name} addr add {self.address(node)}/24 dev eth0; ip -n {name} link set eth0 up")
        key, certificate = f"{self.folder}/key.pem", f"{self.folder}/cert.pem"
        sh(f"openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=bench -keyout {key} -out {certificate}")
        sh(f"chown postgres {key}; chmod 600 {key}; chmod 644 {certificate}")

    def destroy(self):
        for node in range(1, NODES + 1):
            self.kill(node)
            sh(f"ip netns del {self.namespace(node)}", check=False)
        sh("ip link del br0", check=False)
        for process in self.processes:
            process.wait()
        self.processes = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, node, command, log, user=None, environment=None):
        """Runs in the node's namespace, as long as it likes."""
        prefix = ["ip", "netns", "exec", self.namespace(node)]
        if user:
            prefix += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        with open(log, "ab") as output:
            process = subprocess.Popen(
                prefix + command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
                cwd="/", env={**os.environ, **(environment or {})})
        self.processes.append(process)
        return process

    def inside(self, node, command, check=True):
        return sh(f"ip netns exec {self.namespace(node)} {command}", check=check)

    def pids(self, node):
        done = sh(f"ip netns pids {self.namespace(node)}", check=False)
        return [int(pid) for pid in done.stdout.split()]

    def signal(self, pids, number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self, node):
        """As if its power were cut, but for the disk's cache."""
        for _ in range(20):
            pids = self.pids(node)
            if not pids:
                return
            self.signal(pids, signal.SIGKILL)
            time.sleep(0.02)

    def freeze(self, node):
        self.signal(self.pids(node), signal.SIGSTOP)

    def thaw(self, node):
        self.signal(self.pids(node), signal.SIGCONT)

    def cut(self, node):
        sh(f"ip link set pdbv{node} down")

    def mend(self, node):
        sh(f"ip link set pdbv{node} up")

    def find(self, node, text):
        """Processes of a node whose command line has a text."""
        found = []
        for pid in self.pids(node):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if text in file.read().replace(b"\0", b" ").decode():
                        found.append(pid)
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def postmaster(self, node, data):
        with open(f"{data}/postmaster.pid", encoding="utf-8") as file:
            return int(file.readline())
