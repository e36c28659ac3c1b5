"""Units known by their names."""

from __future__ import annotations

import re

# What has no business in a container, and fails there on healthy hosts: devices, kernel settings, consoles.
IN_CONTAINERS = re.compile(
    r"^(dev-|sys-|proc-|run-rpc_pipefs|systemd-(udev|modules-load|sysctl|remount-fs|binfmt|logind|networkd-wait|tmpfiles|"
    r"journald-audit|resolved|random-seed|hwdb|firstboot|vconsole)|kmod|auditd|(console-|serial-)?getty|ldconfig|e2scrub)"
)
# They fail on hosts that serve perfectly well.
HOUSEKEEPING = re.compile(
    r"^(fwupd|motd-news|apt-|man-db|phpsessionclean|e2scrub|logrotate|update-notifier|ua-|apport|sysstat|plocate|updatedb|"
    r"(systemd-networkd|NetworkManager)-wait-online|dnf-makecache|unbound-anchor|snapd\.)"
)
BACKUP = re.compile(r"(?<!dpkg-db-)backup|borg|restic|rsnapshot|duplicity|barman|pgbackrest|wal-g|snapper|[-_]dump")
