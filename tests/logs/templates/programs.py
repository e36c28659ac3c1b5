"""Labelled lines: what programs say, with a label for each kind, made from the formats in their sources.

The label of a line is the message as it stands in the program, its values in braces: what a miner has to find again.
"""

from random import Random

# Program and version whose sources have these messages; how often each comes beside the others; the message.
MESSAGES: dict[str, tuple[tuple[int, str], ...]] = {
    "OpenSSH 9.2": (
        (300, "Failed password for invalid user {user} from {ip} port {port} ssh2"),
        (120, "Failed password for {user} from {ip} port {port} ssh2"),
        (60, "Accepted publickey for {user} from {ip} port {port} ssh2: ED25519 SHA256:{base64}"),
        (110, "Invalid user {user} from {ip} port {port}"),
        (90, "Connection closed by authenticating user {user} {ip} port {port} [preauth]"),
        (60, "Connection closed by invalid user {user} {ip} port {port} [preauth]"),
        (40, "Received disconnect from {ip} port {port}:11: Bye Bye [preauth]"),
        (20, "Received disconnect from {ip} port {port}:11: disconnected by user"),
        (10, "error: kex_exchange_identification: Connection closed by remote host"),
        (10, "error: kex_exchange_identification: read: Connection reset by peer"),
        (30, "pam_unix(sshd:session): session opened for user {user}(uid={int}) by (uid=0)"),
        (30, "pam_unix(sshd:session): session closed for user {user}"),
        (
            60,
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={host} user={user}",
        ),
        (5, "fatal: Timeout before authentication for {ip} port {port}"),
    ),
    "Linux 6.1": (
        (80, "{device}: renamed from {device}"),
        (60, "{device}: Link is up at {int} Mbps, full duplex, flow control on"),
        (50, "{device}: Link is down"),
        (
            40,
            "blk_update_request: I/O error, dev {disk}, sector {int} op 0x0:(READ) flags 0x{hex} phys_seg {int} prio class 0",
        ),
        (30, "Buffer I/O error on dev {disk}, logical block {int}, async page read"),
        (30, "EXT4-fs ({disk}): mounted filesystem with ordered data mode. Quota mode: none."),
        (20, "EXT4-fs ({disk}): unmounting filesystem."),
        (20, "EXT4-fs error (device {disk}): ext4_lookup:{int}: inode #{int}: comm {program}: iget: checksum invalid"),
        (30, "Out of memory: Killed process {int} ({program}) total-vm:{int}kB, anon-rss:{int}kB, file-rss:{int}kB"),
        (20, "oom_reaper: reaped process {int} ({program}), now anon-rss:{int}kB, file-rss:{int}kB, shmem-rss:{int}kB"),
        (40, "{program}[{int}]: segfault at {hex} ip {hex16} sp {hex16} error {int} in libc.so.6[{hex16}+{hex}]"),
        (20, "TCP: request_sock_TCP: Possible SYN flooding on port {port}. Sending cookies."),
        (20, "nf_conntrack: nf_conntrack: table full, dropping packet"),
        (20, 'audit: type=1400 audit({float}:{int}): apparmor="DENIED" operation="open" pid={int} comm="{program}"'),
        (10, "INFO: task {program}:{int} blocked for more than {int} seconds."),
    ),
    "systemd 252": (
        (60, "Started {unit} - {words}."),
        (50, "Stopped {unit} - {words}."),
        (40, "{unit}: Main process exited, code=exited, status={int}/FAILURE"),
        (40, "{unit}: Failed with result 'exit-code'."),
        (20, "{unit}: Failed with result 'timeout'."),
        (40, "{unit}: Scheduled restart job, restart counter is at {int}."),
        (30, "{unit}: Consumed {float}s CPU time."),
        (20, "{unit}: Deactivated successfully."),
        (20, "{unit}: Start request repeated too quickly."),
        (10, "Reached target network-online.target - Network is Online."),
        (10, "Reached target multi-user.target - Multi-User System."),
    ),
    "nginx 1.22": (
        (
            90,
            '*{int} connect() failed (111: Connection refused) while connecting to upstream, client: {ip}, server: {host}, request: "{request}", upstream: "http://{ip}:{port}{path}", host: "{host}"',
        ),
        (
            60,
            '*{int} upstream timed out (110: Connection timed out) while reading response header from upstream, client: {ip}, server: {host}, request: "{request}", upstream: "http://{ip}:{port}{path}", host: "{host}"',
        ),
        (
            60,
            '*{int} open() "{path}" failed (2: No such file or directory), client: {ip}, server: {host}, request: "{request}", host: "{host}"',
        ),
        (
            30,
            '*{int} open() "{path}" failed (13: Permission denied), client: {ip}, server: {host}, request: "{request}", host: "{host}"',
        ),
        (20, "signal process started"),
        (10, "{int} worker_connections are not enough"),
        (10, "accept4() failed (24: Too many open files)"),
    ),
    "PostgreSQL 15": (
        (60, 'ERROR:  relation "{table}" does not exist at character {int}'),
        (60, 'ERROR:  column "{table}" does not exist at character {int}'),
        (50, 'ERROR:  duplicate key value violates unique constraint "{table}"'),
        (50, "ERROR:  deadlock detected"),
        (40, 'FATAL:  password authentication failed for user "{user}"'),
        (30, "FATAL:  sorry, too many clients already"),
        (
            40,
            "LOG:  checkpoint complete: wrote {int} buffers ({float}%); {int} WAL file(s) added, {int} removed, {int} recycled; write={float} s, sync={float} s, total={float} s; sync files={int}, longest={float} s, average={float} s; distance={int} kB, estimate={int} kB",
        ),
        (40, "LOG:  duration: {float} ms"),
        (20, "LOG:  connection authorized: user={user} database={table}"),
        (20, "LOG:  database system is ready to accept connections"),
    ),
    "Hadoop 3.3 DataNode": (
        (120, "Receiving BP-{int}-{ip}-{int}:blk_{int}_{int} src: /{ip}:{port} dest: /{ip}:{port}"),
        (90, "PacketResponder: BP-{int}-{ip}-{int}:blk_{int}_{int}, type=LAST_IN_PIPELINE terminating"),
        (60, "Scheduling blk_{int}_{int} replica FinalizedReplica, blk_{int}_{int}, FINALIZED for deletion"),
        (50, "Deleted BP-{int}-{ip}-{int} blk_{int}_{int} URI file:{path}"),
        (
            20,
            "Slow BlockReceiver write packet to mirror took {int}ms (threshold={int}ms), downstream DNs=[{ip}:{port}, {ip}:{port}]",
        ),
        (20, "IOException in offerService"),
        (
            15,
            "Block pool BP-{int}-{ip}-{int} (Datanode Uuid {uuid}) service to {host}:{port} beginning handshake with NN",
        ),
        (
            15,
            "Retrying connect to server: {host}/{ip}:{port}. Already tried {int} time(s); retry policy is RetryUpToMaximumCountWithFixedSleep(maxRetries=10, sleepTime=1000 MILLISECONDS)",
        ),
        (30, "attempt_{int}_{int}_m_{int}_{int} TaskAttempt Transitioned from NEW to UNASSIGNED"),
        (30, "attempt_{int}_{int}_m_{int}_{int} TaskAttempt Transitioned from UNASSIGNED to ASSIGNED"),
        (30, "attempt_{int}_{int}_m_{int}_{int} TaskAttempt Transitioned from ASSIGNED to RUNNING"),
    ),
    "Spring Boot 3": (
        (
            80,
            "org.springframework.dao.DataAccessResourceFailureException: Unable to acquire JDBC Connection; nested exception is org.hibernate.exception.JDBCConnectionException",
        ),
        (50, "HikariPool-{int} - Connection is not available, request timed out after {int}ms."),
        (40, "Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception"),
        (60, "Completed {int} INTERNAL_SERVER_ERROR"),
        (30, "Completed {int} BAD_REQUEST"),
        (
            30,
            "Resolved [org.springframework.web.HttpRequestMethodNotSupportedException: Request method 'POST' is not supported]",
        ),
        (20, "[Consumer clientId=consumer-{table}-{int}, groupId={table}] Node {int} disconnected."),
        (
            20,
            "[Consumer clientId=consumer-{table}-{int}, groupId={table}] Connection to node {int} ({host}/{ip}:{port}) could not be established. Broker may not be available.",
        ),
        (10, "Tomcat started on port(s): {port} (http) with context path ''"),
        (10, "Started ShopApplication in {float} seconds (process running for {float})"),
    ),
    "Kubernetes 1.28 kubelet": (
        (
            80,
            '"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"{table}\\" with CrashLoopBackOff" pod="{pod}" podUID="{uuid}"',
        ),
        (
            40,
            '"Probe failed" probeType="Readiness" pod="{pod}" podUID="{uuid}" containerName="{table}" probeResult="failure"',
        ),
        (40, '"SyncLoop UPDATE" source="api" pods=["{pod}"]'),
        (20, '"Eviction manager: attempting to reclaim" resourceName="memory"'),
        (20, '"Eviction manager: attempting to reclaim" resourceName="ephemeral-storage"'),
        (20, '"RemoveContainer" containerID="{hex64}"'),
    ),
    "Windows servicing (CBS)": (
        (90, "Session: {int}_{int} initialized by client WindowsUpdateAgent."),
        (40, "Session: {int}_{int} initialized by client SPP."),
        (
            60,
            "Read out cached package applicability for package: {package}, ApplicableState: {int}, CurrentState:{int}",
        ),
        (40, "Failed to internally open package. [HRESULT = 0x{hex8} - CBS_E_INVALID_PACKAGE]"),
        (
            30,
            "{hex8}@2026/11/21:20:30:31.{int} WcpInitialize (wcp.dll version 0.0.0.6) called (stack @0x{hex} @0x{hex} @0x{hex}{more})",
        ),
        (
            20,
            "Loading offline registry hive: SYSTEM, into registry key '{{{uuid}}}/Windows/system32/config/SYSTEM' from path '\\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy{int}\\Windows\\system32\\config\\SYSTEM'.",
        ),
        (10, "Starting TrustedInstaller initialization."),
        (10, "Ending TrustedInstaller initialization."),
    ),
    "Android 14": (
        (90, 'acquire lock={int}, flags=0x{hex}, tag="{tag}", name={app}, ws={work}, uid={int}, pid={int}'),
        (90, 'release:lock={int}, flg=0x{hex}, tag="{tag}", name={app}, ws={work}, uid={int}, pid={int}'),
        (40, "START u0 {{flg=0x{hex} cmp={app}/.ui.{activity}}} from uid {int} on display {int}"),
        (30, "Process {app} (pid {int}) has died: cch CRE"),
        (30, "updateClipping isOverlap:true, getTopPadding={float}, Translation={float}"),
        (30, "updateClipping isOverlap:false, getTopPadding={float}, Translation={float}"),
        (20, "getTasks: caller {int} does not hold REAL_GET_TASKS; limiting output"),
        (
            20,
            "Skipping AppWindowToken{{{hex8} token=Token{{{hex8} ActivityRecord{{{hex8} u0 {app}/.ui.{activity} t{int}}}}}}} -- going to hide",
        ),
    ),
    "macOS 14": (
        (60, "ARPT: {float}: AirPort_Brcm43xx::syncPowerState: WWEN[enabled]"),
        (30, "ARPT: {float}: AirPort_Brcm43xx::syncPowerState: WWEN[disabled]"),
        (60, "mDNS_RegisterInterface: Frequent transitions for interface en0 ({ip6})"),
        (40, "mDNS_DeregisterInterface: Frequent transitions for interface en0 ({ip6})"),
        (60, "Thermal pressure state: {int} Memory pressure state: {int}"),
        (
            30,
            "{bundle}: scheduler_evaluate_activity told me to run this job; however, but the start time isn't for {int} seconds.  Ignoring.",
        ),
        (20, "PM response took {int} ms ({int}, powerd)"),
        (20, "hibernate image path: {path}"),
    ),
    "a tunnelling proxy": (
        (150, "{host}:{port} close, {size} sent, {size} received, lifetime {lasted}"),
        (90, "{host}:{port} open through proxy {host}:{port} HTTPS"),
        (40, "{host}:{port} open through proxy {host}:{port} SOCKS5"),
        (
            20,
            "{host}:{port} error : Could not connect through proxy {host}:{port} - Proxy closed the connection unexpectedly.",
        ),
        (20, "{host}:{port} error : Could not connect to proxy {host}:{port} - Could not resolve {host} error {int}"),
        (10, "{host}:{port} error : A connection request was canceled before the completion."),
    ),
    "OpenStack Nova 27": (
        (60, "[instance: {uuid}] VM Started (Lifecycle Event)"),
        (60, "[instance: {uuid}] VM Stopped (Lifecycle Event)"),
        (40, "[instance: {uuid}] VM Paused (Lifecycle Event)"),
        (40, "[instance: {uuid}] Took {float} seconds to build instance."),
        (40, "[instance: {uuid}] Took {float} seconds to spawn the instance on the hypervisor."),
        (40, "[instance: {uuid}] Attempting claim: memory {int} MB, disk {int} GB, vcpus {int} CPU"),
        (30, "[instance: {uuid}] Instance destroyed successfully."),
        (30, "[instance: {uuid}] Terminating instance"),
        (90, '{ip} "GET {path} HTTP/1.1" status: {int} len: {int} time: {float}'),
        (30, '{ip} "POST {path} HTTP/1.1" status: {int} len: {int} time: {float}'),
        (20, "image {uuid} at ({path}): checking"),
        (20, "Active base files: {path}"),
    ),
}

_USERS = (
    "root",
    "admin",
    "postgres",
    "deploy",
    "git",
    "oracle",
    "jenkins",
    "test",
    "ubnt",
    "nagios",
    "john.doe",
    "user",
)
_PROGRAMS = (
    "java",
    "python3",
    "nginx",
    "postgres",
    "mysqld",
    "node",
    "kworker/u4:2",
    "php-fpm8.2",
    "chrome",
    "make",
    "gcc",
    "tar",
)
_HOSTS = (
    "db-1.prod.example.com",
    "web12.example.org",
    "cache.eu-west-1.internal.example.net",
    "mail.example.co.uk",
    "adsl-70-242.dsl.example.net",
)
_UNITS = (
    "nginx.service",
    "shop@3.service",
    "session-12.scope",
    "apt-daily.timer",
    "var-lib-data.mount",
    "docker.service",
    "cron.service",
)
_TABLES = (
    "orders",
    "customers",
    "invoice_lines",
    "sessions",
    "shop",
    "payments",
    "carts",
    "stock_levels",
    "audit",
    "prices",
    "events",
    "mails",
)
_APPS = ("com.android.systemui", "com.example.mail", "com.example.chat", "org.example.reader", "com.example.music")


def _hex(random: Random, digits: int) -> str:
    return "".join(random.choice("0123456789abcdef") for _ in range(digits))


def _ip(random: Random) -> str:
    return ".".join(str(random.randrange(1, 255)) for _ in range(4))


def _int(random: Random) -> str:
    return str(int(10 ** random.uniform(0, 6)))


def _size(random: Random) -> str:
    count = int(10 ** random.uniform(0, 5))
    return f"{count} bytes ({count / 1024:.2f} KB)" if count >= 1024 else f"{count} bytes"


VALUES = {
    "user": lambda r: r.choice(_USERS),
    "program": lambda r: r.choice(_PROGRAMS),
    "host": lambda r: r.choice((*_HOSTS, _ip(r))),
    "unit": lambda r: r.choice(_UNITS),
    "table": lambda r: r.choice(_TABLES),
    "app": lambda r: r.choice(_APPS),
    "activity": lambda r: r.choice(("LauncherUI", "MainActivity", "SettingsActivity")),
    "ip": _ip,
    "ip6": lambda r: f"fe80::{_hex(r, 4)}:{_hex(r, 3)}:{_hex(r, 4)}:{_hex(r, 4)}",
    "port": lambda r: str(r.randrange(1024, 65535)),
    "int": _int,
    "float": lambda r: f"{10 ** r.uniform(-1, 3):.3f}",
    "hex": lambda r: _hex(r, r.randrange(3, 9)),
    "hex8": lambda r: _hex(r, 8),
    "hex16": lambda r: "0000" + _hex(r, 12),
    "hex64": lambda r: _hex(r, 64),
    "uuid": lambda r: "-".join(_hex(r, digits) for digits in (8, 4, 4, 4, 12)),
    "base64": lambda r: "".join(r.choice("ABCDEFGHabcdefgh0123456789+/") for _ in range(43)),
    "disk": lambda r: r.choice(("sda1", "nvme0n1p2", "dm-0", "vdb")),
    "device": lambda r: r.choice(("eth0", "ens3", "enp0s31f6", "veth1a2b3c4")),
    "words": lambda r: r.choice(("A high performance web server", "The shop", "Daily apt download activities")),
    "path": lambda r: f"/{r.choice(('var/lib', 'srv/www', 'data', 'opt/shop'))}/{_hex(r, 6)}/{r.choice(_TABLES)}.dat",
    "request": lambda r: f"GET /{r.choice(_TABLES)}/{_int(r)}?page={_int(r)} HTTP/1.1",
    "pod": lambda r: f"{r.choice(('shop', 'kube-system'))}/{r.choice(_TABLES)}-{_hex(r, 9)}-{_hex(r, 5)}",
    "package": lambda r: (
        f"Package_for_KB{r.randrange(2000000, 3000000)}~31bf3856ad364e35~amd64~~6.1.1.{r.randrange(9)}"
    ),
    "more": lambda r: "".join(f" @0x{_hex(r, 8)}" for _ in range(r.randrange(3))),
    "tag": lambda r: r.choice(("View Lock", "*launch*", "RILJ_ACK_WL", "*alarm*", "AudioMix")),
    "work": lambda r: r.choice(("null", "null", f"WorkSource{{{_int(r)}}}")),
    "bundle": lambda r: f"com.example.{r.choice(('mail.sync', 'Browsing.Update', 'CacheDelete.daily', 'heartbeat'))}",
    "size": _size,
    "lasted": lambda r: r.choice(("<1 sec", "00:07", "02:19", "1:02:03")),
}


class _Fresh(dict[str, object]):
    """A new value each time a name is asked for, even twice in one message."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __getitem__(self, name: str) -> str:
        return VALUES[name](self._random)


def labelled(program: str, count: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """So many lines of the program in some order, with the label of each: labels, lines."""
    random = Random(seed)
    weights, messages = zip(*MESSAGES[program], strict=True)
    labels = random.choices(messages, weights, k=count)
    return labels, [label.format_map(_Fresh(random)) for label in labels]


def accuracy(labels: list[str], found: list[str]) -> tuple[float, float]:
    """Grouping accuracy by lines (GA, Zhu et al., ICSE-SEIP 2019) and by groups (FGA, Jiang et al., ISSTA 2024).

    A group is right if it has the lines of one label, all of them and no others.
    """
    expected: dict[str, set[int]] = {}
    groups: dict[str, set[int]] = {}
    for number, (label, group) in enumerate(zip(labels, found, strict=True)):
        expected.setdefault(label, set()).add(number)
        groups.setdefault(group, set()).add(number)
    right = [lines for lines in expected.values() if groups[found[min(lines)]] == lines]
    precision, recall = len(right) / len(groups), len(right) / len(expected)
    score = 2 * precision * recall / (precision + recall) if right else 0.0
    return sum(map(len, right)) / len(labels), score
