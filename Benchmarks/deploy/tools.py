"""Each tool's way to do the job: a command, and how its answer shows that it did what was asked."""

import os
import re
import subprocess
import time

from lab import FOLDER

# The job's sixteen files, and four of Debian's that they stand beside.
HASHED = """/opt/pinode/current/pinode /etc/apache2/ports.conf /etc/apache2/sites-available/000-default.conf
/etc/apache2/conf-available/bench.conf /etc/haproxy/haproxy.cfg /etc/pinode/proxy.cfg
/etc/systemd/system/pinode-proxy.service /etc/motd /etc/issue.net /etc/logrotate.d/bench /etc/bench/node.conf
/etc/bench/backup.conf /etc/bench/alerts.conf /var/www/html/index.html /var/www/html/status.html
/etc/sysctl.d/zz-pidep.conf /etc/apache2/apache2.conf /etc/apache2/envvars /etc/hosts /etc/ssh/sshd_config""".split()


class Failed(SystemExit):
    """Ends the benchmark: figures of deploys that did something else are worth nothing."""


def timed(command, env=None):
    """Seconds, exit code, output, and the most memory (KiB) that the process had."""
    began = time.monotonic()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    ) as process:
        output = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - began, process.returncode, output, usage.ru_maxrss


class Floor:
    """ssh alone: one a node, all at once, each with a new connection, which hash the job's files."""

    title = "ssh, hashing 20 files"

    def noop(self, lab):
        began = time.monotonic()
        for process in lab.on_all("sha256sum " + " ".join(HASHED)):
            if process.wait() != 0:
                raise Failed("the floor: a file of the job is not on a node")
        return time.monotonic() - began


class Tool:
    """What all have in common: the three cases, and the demand that they were what they should be."""

    def first(self, lab):
        seconds, code, output, _ = timed(*self.command(lab, 0))
        self.demand(code == 0, "first deploy", output)
        return seconds

    def noop(self, lab, revision=0):
        seconds, code, output, _ = timed(*self.command(lab, revision))
        self.demand(code == 0 and self.changed_nothing(output, lab), "nothing to do", output)
        return seconds

    def change(self, lab, revision):
        seconds, code, output, _ = timed(*self.command(lab, revision))
        self.demand(code == 0 and not self.changed_nothing(output, lab), "one change", output)
        return seconds

    def demand(self, isMet, what, output):
        if not isMet:
            raise Failed(f"{self.title}, {what}: it did something else:\n{output[-4000:]}")


class Pidep(Tool):
    def __init__(self, pidep, batch="1"):
        self.pidep, self.batch = pidep, batch
        self.title = "pidep" if batch == "1" else f"pidep --batch {batch}"

    def command(self, lab, revision):
        lab.set_revision(revision)
        # The peers look at nothing after a change; pidep's checks stay, its wait of a second does not.
        return ([self.pidep, "deploy", lab.inventory, "--yes", "--stay-healthy", "0", "--batch", self.batch],)

    def changed_nothing(self, output, lab):
        return "Nothing to do." in output


class Ansible(Tool):
    title = "Ansible"

    def __init__(self, runtime, work):
        self.runtime, self.work, self.labs = runtime, work, 0

    def first(self, lab):
        # Its master connections last for a minute; those of a lab that is gone would be waited for.
        self.labs += 1
        return super().first(lab)

    def environment(self):
        return dict(
            os.environ, ANSIBLE_CONFIG=f"{FOLDER}/peers/ansible.cfg", ANSIBLE_NOCOLOR="1",
            ANSIBLE_SSH_CONTROL_PATH_DIR=f"{self.work}/masters-{self.labs}")

    def command(self, lab, revision):
        arguments = [
            "/usr/bin/ansible-playbook", "-i", lab.inventory, "--private-key", lab.key,
            "--ssh-common-args", f"-F none -o UserKnownHostsFile={lab.state}/known_hosts",
            "-e", f"runtime={self.runtime}", "-e", f"revision={revision}", f"{FOLDER}/peers/playbook.yml",
        ]
        return arguments, self.environment()

    def changed_nothing(self, output, lab):
        return len(re.findall(r" changed=0 .* failed=0 ", output)) == len(lab.addresses)


class Mitogen(Ansible):
    title = "Ansible with Mitogen"

    def __init__(self, runtime, work, peers):
        super().__init__(runtime, work)
        python = next(name for name in os.listdir(f"{peers}/lib") if name.startswith("python3"))
        self.packages = f"{peers}/lib/{python}/site-packages"

    def environment(self):
        return dict(
            super().environment(), PYTHONPATH=f"{self.work}/mitogen", ANSIBLE_STRATEGY="mitogen_linear",
            ANSIBLE_STRATEGY_PLUGINS=f"{self.work}/mitogen/ansible_mitogen/plugins/strategy")

    def command(self, lab, revision):
        # Only Mitogen of the peers' packages: Debian's Ansible keeps its own Jinja.
        os.makedirs(f"{self.work}/mitogen", exist_ok=True)
        for name in ("mitogen", "ansible_mitogen"):
            if not os.path.exists(f"{self.work}/mitogen/{name}"):
                os.symlink(f"{self.packages}/{name}", f"{self.work}/mitogen/{name}")
        return super().command(lab, revision)


class Pyinfra(Tool):
    title = "pyinfra"

    def __init__(self, runtime, work, peers):
        self.runtime, self.work, self.program = runtime, work, f"{peers}/bin/pyinfra"

    def command(self, lab, revision):
        hosts = [
            (address, {
                "address": address, "ssh_user": "root", "ssh_key": lab.key, "runtime": self.runtime,
                "ssh_known_hosts_file": f"{lab.state}/known_hosts", "ssh_strict_host_key_checking": "yes",
            })
            for address in lab.addresses
        ]
        with open(f"{self.work}/pyinfra_inventory.py", "w", encoding="utf-8") as file:
            file.write(f"web = {hosts!r}\n")
        return ([
            self.program, "-y", "--data", f"revision={revision}", f"{self.work}/pyinfra_inventory.py",
            f"{FOLDER}/peers/pyinfra_deploy.py",
        ],)

    def changed_nothing(self, output, lab):
        # Operations, and of them: done, failed, without change.
        total = re.search(r"Grand total\s+(\d+)\s+(\d+|-)\s+(\d+|-)\s+(\d+|-)", output)
        return total is not None and total[1] == total[4]
