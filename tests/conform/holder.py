"""The process inside the throw-away namespaces: reads one JSON line per command, runs the real tool, answers one JSON line.

Started by kernel_shell.py under `unshare`, so it is process 1 of its own pid namespace and root of its own user
namespace; when it ends, the kernel deletes every network it made. After each command it also takes chance and haste
out of the kernel: new namespaces get the sysctls of SYSCTLS, new Ethernet devices get counted MAC addresses (the
kernel's are random), and pending carrier events and namespace deletions are waited for, so that the next command sees
a network at rest. Stand-alone on purpose: it is run by path and imports nothing of this project.
"""
import array
import ctypes
import fcntl
import json
import os
import shlex
import socket
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
SIOCGIFHWADDR, SIOCSIFHWADDR, SIOCETHTOOL = 0x8927, 0x8924, 0x8946
ETHTOOL_GDRVINFO = 0x3
NLM_F_REQUEST, RTM_GETLINK = 1, 18
ARPHRD_ETHER = 1
NETNS = "/run/netns"
MS_BIND = 4096
PAUSE = 0.15        # after a line that waited: three waits of a second are then surely longer than three ARP tries

# What a new namespace has when the machine changed nothing, then four departures: no IPv6, no ICMP rate limit, no
# multicast reports by bridges (sent at a random time), and neighbour entries that do not age while a script runs.
SYSCTLS = {
    "net/ipv4/ip_forward": 0,
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/default/rp_filter": 0,
    "net/ipv4/conf/lo/rp_filter": 0,
    "net/ipv4/conf/all/send_redirects": 1,
    "net/ipv4/conf/default/send_redirects": 1,
    "net/ipv4/conf/all/accept_local": 0,
    "net/ipv4/conf/default/accept_local": 0,
    "net/ipv4/conf/all/arp_ignore": 0,
    "net/ipv4/conf/default/arp_ignore": 0,
    "net/ipv4/conf/all/arp_announce": 0,
    "net/ipv4/conf/default/arp_announce": 0,
    "net/ipv4/conf/all/promote_secondaries": 0,
    "net/ipv4/conf/default/promote_secondaries": 0,
    "net/ipv4/conf/all/ignore_routes_with_linkdown": 0,
    "net/ipv4/conf/default/ignore_routes_with_linkdown": 0,
    "net/ipv4/ip_default_ttl": 64,
    "net/ipv4/ip_no_pmtu_disc": 0,
    "net/ipv4/icmp_echo_ignore_all": 0,
    "net/ipv4/icmp_echo_ignore_broadcasts": 1,
    "net/ipv4/icmp_errors_use_inbound_ifaddr": 0,
    "net/bridge/bridge-nf-call-iptables": 1,
    "net/ipv6/conf/all/disable_ipv6": 1,
    "net/ipv6/conf/default/disable_ipv6": 1,
    "net/ipv4/icmp_ratemask": 0,          # not icmp_ratelimit 0: that empties the bucket of ip_error() (inet_peer_xrlim_allow)
    "net/ipv4/icmp_msgs_per_sec": 100000,
    "net/ipv4/icmp_msgs_burst": 100000,
    "net/ipv4/igmp_link_local_mcast_reports": 0,
}
AGELESS = {"base_reachable_time_ms": 3600000, "delay_first_probe_time": 3600, "gc_stale_time": 3600}

libc = ctypes.CDLL(None, use_errno=True)


def call(result: int, what: str) -> None:
    """Raise when a C library call failed."""
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(kind: str, where: str) -> None:
    """Mount a fresh filesystem of a kind, so that nothing of the machine's own shows or changes."""
    call(libc.mount(b"none", where.encode(), kind.encode(), 0, None), f"mount {kind} on {where}")


def resolve_nothing() -> None:
    """Have names looked up at a server that is not there: "Temporary failure" at once, whatever the machine's own is.

    An IPv6 one, which is out of reach, so that no packet is sent and counted.
    """
    with open("/run/resolv.conf", "w") as file:
        file.write("nameserver ::1\noptions timeout:1 attempts:1\n")
    libc.mount(b"/run/resolv.conf", b"/etc/resolv.conf", b"none", MS_BIND, None)


def write_sysctls(values: dict[str, int], folder: str = "/proc/sys") -> None:
    """Set sysctls of the namespace this process is in; skip those this kernel has not."""
    for name, value in values.items():
        try:
            with open(f"{folder}/{name}", "w") as file:
                file.write(f"{value}\n")
        except OSError:
            pass


class Interfaces:
    """The interfaces of the namespace this process is in."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self) -> "Interfaces":
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    @staticmethod
    def settle() -> None:
        """Have pending carrier events handled now: the kernel does so before it answers about one link (rtnl_getlink)."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
            for index, _ in socket.if_nameindex():
                netlink.send(struct.pack("=IHHII BxHiII", 32, RTM_GETLINK, NLM_F_REQUEST, 0, 0, 0, 0, index, 0, 0))
                netlink.recv(65536)

    def mac(self, name: str) -> bytes:
        """The MAC address, or b"" for a device that has none."""
        answer = fcntl.ioctl(self.socket, SIOCGIFHWADDR, struct.pack("16s24x", name.encode()))
        family, mac = struct.unpack("16xH6s16x", answer)
        return mac if family == ARPHRD_ETHER else b""

    def is_bridge(self, name: str) -> bool:
        """A bridge takes its MAC from its ports and must not be given one."""
        answer = array.array("B", struct.pack("I192x", ETHTOOL_GDRVINFO))
        fcntl.ioctl(self.socket, SIOCETHTOOL, struct.pack("16sP16x", name.encode(), answer.buffer_info()[0]))
        return answer.tobytes()[4:36].startswith(b"bridge\0")

    def set_mac(self, name: str, mac: bytes) -> None:
        """Give an interface a MAC address."""
        fcntl.ioctl(self.socket, SIOCSIFHWADDR, struct.pack("16sH6s16x", name.encode(), ARPHRD_ETHER, mac))


class Holder:
    """The namespaces of one script."""

    def __init__(self) -> None:
        mount("tmpfs", "/run")
        mount("sysfs", "/sys")
        os.mkdir(NETNS)
        resolve_nothing()
        self.own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.known: set[int] = set()
        self.macs = 0
        self.written: set[str] = set()
        call(libc.unshare(CLONE_NEWNET), "unshare")
        self.hidden = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.leave()
        write_sysctls(SYSCTLS)

    def enter(self, name: str) -> None:
        """Go into a named namespace."""
        handle = os.open(f"{NETNS}/{name}", os.O_RDONLY)
        try:
            call(libc.setns(handle, CLONE_NEWNET), f"setns {name}")
        finally:
            os.close(handle)

    def leave(self) -> None:
        """Go back to the holder's own namespace, "host"."""
        call(libc.setns(self.own, CLONE_NEWNET), "setns host")

    def run(self, line: str, on: str, timeout: float) -> dict[str, object]:
        """Run a line in a namespace and bring the network to rest; `<<'EOF'` and what follows is the program's standard input."""
        line, _, here = line.partition(" <<'EOF'\n")
        words, start = shlex.split(line), time.monotonic()
        if on != "host" and on not in self.names():
            return {"absent": f"no namespace {on}"}
        doomed = self.doomed(words)
        for name in doomed:
            self.plant(name)
        try:
            if on != "host":
                self.enter(on)
            # Only `ip tuntap` reads /sys, which shows the namespace it was mounted in; `ip netns exec` mounts it anew.
            inside = ["ip", "netns", "exec", on] if on != "host" and "tun" in line else []
            answer = self.execute(inside + words, timeout, here.removesuffix("EOF").encode())
        finally:
            self.leave()
        if set(doomed) - set(self.names()):
            self.wait_gone()
        if words[0] in ("ip", "ifconfig", "bridge"):
            self.settle(line)
        if time.monotonic() - start > 0.9:
            time.sleep(PAUSE)
        return answer

    def execute(self, words: list[str], timeout: float, given: bytes) -> dict[str, object]:
        """Run a program to its end; 124 when it takes too long, as timeout(1) says."""
        environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C", "COLUMNS": "80"}
        if "nc" in words and any(word.startswith("-l") for word in words):
            return self.listen(words, environment)
        try:
            done = subprocess.run(words, input=given, capture_output=True, timeout=timeout, env=environment)
        except subprocess.TimeoutExpired:
            return {"rc": 124, "out": "", "err": "timed out\n"}
        except FileNotFoundError:
            return {"rc": 127, "out": "", "err": f"{words[0]}: command not found\n"}
        return {"rc": done.returncode, "out": done.stdout.decode(errors="replace"), "err": done.stderr.decode(errors="replace")}

    def listen(self, words: list[str], environment: dict[str, str]) -> dict[str, object]:
        """Leave a listener running, as the lab's `nc -l` does; it ends with the holder."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        listener = subprocess.Popen(words, env=environment, **pipes)
        try:
            out, err = listener.communicate(timeout=0.3)
        except subprocess.TimeoutExpired:
            return {"rc": 0, "out": "", "err": ""}
        return {"rc": listener.returncode, "out": out.decode(), "err": err.decode()}

    # -- bringing the network to rest

    def settle(self, line: str) -> None:
        """Carrier events handled, new namespaces set up, new devices given counted MAC addresses."""
        for name in self.names():
            self.enter(name) if name else None
            inode = os.stat("/proc/self/ns/net").st_ino
            if inode not in self.known and name:
                write_sysctls(SYSCTLS)
            self.known.add(inode)
            with Interfaces() as interfaces:
                self.count_macs(interfaces, line)
            for _, device in socket.if_nameindex():
                write_sysctls(AGELESS, f"/proc/sys/net/ipv4/neigh/{device}")
            self.leave()
        for _ in range(3):              # an event may cause another: veth, its peer, the peer's bridge
            for name in self.names():
                self.enter(name) if name else None
                with Interfaces() as interfaces:
                    interfaces.settle()
                self.leave()

    def names(self) -> list[str]:
        """"" for the host, then the namespaces in order of their names; a name without a namespace behind it is left out."""
        return ["", *sorted(name for name in os.listdir(NETNS) if os.path.ismount(f"{NETNS}/{name}"))]

    def count_macs(self, interfaces: Interfaces, line: str) -> None:
        """Replace the random MAC of a device this line made; one written in the line stays."""
        for _, name in socket.if_nameindex():
            mac = interfaces.mac(name)
            fresh = mac and mac[:2] != b"\x02\x00" and mac.hex(":") not in self.given(line)
            if fresh and not interfaces.is_bridge(name):
                self.macs += 1
                interfaces.set_mac(name, b"\x02\x00" + struct.pack(">I", self.macs))

    def given(self, line: str) -> set[str]:
        """Every MAC address written in any line so far."""
        self.written.update(word.lower() for word in line.split() if word.count(":") == 5)
        return self.written

    # -- deleting a namespace is done by a kernel worker after `ip netns del` has ended

    def doomed(self, words: list[str]) -> list[str]:
        """The namespaces a line deletes, wherever it is run."""
        while words[:3] == ["ip", "netns", "exec"] and len(words) > 4:
            if words[3] not in self.names():
                return []
            words = words[4:]
        if words[:2] == ["ip", "-n"]:
            words = [words[0], *words[3:]]
        if words[:3] in (["ip", "-all", "netns"], ["ip", "-a", "netns"]):
            return self.names()[1:]
        deletes = len(words) > 3 and words[0] == "ip" and words[1].startswith("net") and words[2].startswith("d")
        return [name for name in words[3:4] if deletes and name in self.names()]

    def plant(self, name: str) -> None:
        """Put one end of a veth pair into a namespace about to go; its other end goes with all else in it."""
        call(libc.setns(self.hidden, CLONE_NEWNET), "setns hidden")
        subprocess.run(["ip", "link", "add", "type", "veth", "peer", "name", "sign", "netns", name], check=True)
        self.leave()

    def wait_gone(self) -> None:
        """Wait for the planted pairs to vanish, at most ten seconds: one worker deletes for the whole machine."""
        call(libc.setns(self.hidden, CLONE_NEWNET), "setns hidden")
        end = time.monotonic() + 10
        while len(socket.if_nameindex()) > 1 and time.monotonic() < end:
            time.sleep(0.002)
        self.leave()


def main() -> None:
    """Answer lines until the other side goes away; process 1 only waits, so that `netns 1` means the host."""
    if os.fork():
        os.wait()
        return
    holder = Holder()
    print(json.dumps("ready"), flush=True)
    for request in sys.stdin:
        print(json.dumps(holder.run(**json.loads(request))), flush=True)


if __name__ == "__main__":
    main()
