"""A lab of the benchmark's own: inventory, life, and what ssh needs to get in."""

import os
import shutil
import subprocess
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(FOLDER))


class Lab:
    """Bare nodes that have the job's packages. Its recipes are a copy, so that a part may add to them."""

    def __init__(self, pidep, work, name, network, first, nodes, recipe="web-node", disk="256M"):
        self.pidep, self.name, self.network, self.recipe, self.disk = pidep, name, network, recipe, disk
        base, last = network.split("/")[0].rsplit(".", 1)
        self.addresses = [f"{base}.{first + index}" for index in range(nodes)]
        self.recipes = f"{work}/recipes"
        if not os.path.exists(self.recipes):
            shutil.copytree(f"{FOLDER}/recipes", self.recipes)
        os.makedirs(f"{work}/inventory", exist_ok=True)
        self.inventory = f"{work}/inventory/{name}.ini"
        self.state = f"{PROJECT}/.pidep/lab/{name}"
        self.set_revision(0)

    def set_revision(self, revision):
        lines = ["[web]"]
        lines += [f"{self.name}{i} ansible_host={a}" for i, a in enumerate(self.addresses, 1)]
        lines += ["[web:vars]", f"recipes = {self.recipe}"]
        if self.recipe == "web-node":
            lines += [f"revision = {revision}"]
        lines += ["[all:vars]", "lab = true", f"lab_network = {self.network}", f"lab_disk = {self.disk}"]
        lines += ["ansible_user = root"]
        with open(self.inventory, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def up(self):
        """Up, and at rest: what a booting node still does is nobody's deploy."""
        self.down()
        self.run([self.pidep, "lab", "up", "--prefilled", "--inventory", self.inventory])
        for process in self.on_all("systemctl is-system-running --wait || true"):
            process.wait()
        time.sleep(1)

    def down(self):
        self.run([self.pidep, "lab", "down", "--inventory", self.inventory])

    @staticmethod
    def run(command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")

    @property
    def key(self):
        return f"{self.state}/id_ed25519"

    @property
    def ssh_options(self):
        """No file of the user's: everybody logs in with the lab's key alone and checks the lab's host keys."""
        return [
            "-F", "none", "-i", self.key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={self.state}/known_hosts", "-o", "StrictHostKeyChecking=yes",
        ]

    def on_all(self, command, **options):
        """One `ssh` a node, new connections, all at once."""
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
        return [
            subprocess.Popen(["ssh", *self.ssh_options, f"root@{address}", command], **options)
            for address in self.addresses
        ]
