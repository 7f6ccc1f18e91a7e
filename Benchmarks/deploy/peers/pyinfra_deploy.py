"""What recipes/web-node does, for pyinfra: the same files from the same templates, the same services."""

import os

from pyinfra import host
from pyinfra.operations import apt, files, server, systemd

recipe = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "recipes", "web-node")
values = {"address": host.data.address, "greeting": "A shelf of small computers", "revision": host.data.revision}


def template(name, path):
    return files.template(src=f"{recipe}/templates/{name}", dest=path, mode="644", **values)


apt.packages(packages=["apache2", "haproxy"], present=True)
for folder in ("/etc/pinode", "/etc/bench", "/opt/pinode/current"):
    files.directory(path=folder, mode="755")
runtime = files.put(src=host.data.runtime, dest="/opt/pinode/current/pinode", mode="755")
ports = template("ports.conf", "/etc/apache2/ports.conf")
site = template("site.conf", "/etc/apache2/sites-available/000-default.conf")
apache = template("apache.conf", "/etc/apache2/conf-available/bench.conf")
link = files.link(path="/etc/apache2/conf-enabled/bench.conf", target="../conf-available/bench.conf")
haproxy = template("haproxy.cfg", "/etc/haproxy/haproxy.cfg")
proxy = template("proxy.cfg", "/etc/pinode/proxy.cfg")
unit = template("pinode-proxy.service", "/etc/systemd/system/pinode-proxy.service")
template("motd", "/etc/motd")
template("issue.net", "/etc/issue.net")
template("logrotate", "/etc/logrotate.d/bench")
template("node.conf", "/etc/bench/node.conf")
template("backup.conf", "/etc/bench/backup.conf")
template("alerts.conf", "/etc/bench/alerts.conf")
files.put(src=f"{recipe}/files/index.html", dest="/var/www/html/index.html", mode="644")
files.put(src=f"{recipe}/files/status.html", dest="/var/www/html/status.html", mode="644")
server.sysctl(key="net.ipv4.tcp_keepalive_time", value=120, persist=True, persist_file="/etc/sysctl.d/zz-pidep.conf")
systemd.daemon_reload(_if=unit.did_change)
for service in ("apache2", "haproxy", "pinode-proxy"):
    systemd.service(service=service, enabled=True, running=True)
systemd.service(service="apache2", restarted=True, _if=ports.did_change)
systemd.service(
    service="apache2", reloaded=True,
    _if=lambda: not ports.did_change() and (site.did_change() or apache.did_change() or link.did_change()))
systemd.service(service="haproxy", reloaded=True, _if=haproxy.did_change)
systemd.service(service="pinode-proxy", restarted=True, _if=unit.did_change)
systemd.service(
    service="pinode-proxy", reloaded=True,
    _if=lambda: not unit.did_change() and (proxy.did_change() or runtime.did_change()))
