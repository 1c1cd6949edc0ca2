"""The words of the course, each where it is first explained, and what the Chinese source notes call it."""

from dataclasses import dataclass

from ..errors import did_you_mean


@dataclass(frozen=True, slots=True)
class Term:
    """A word, its Chinese, the number of the notebook that explains it, and a sentence."""

    word: str
    chinese: str
    notebook: str
    meaning: str


TERMS = tuple(Term(*line) for line in (
    ("ARP", "地址解析协议", "01", "the question \"who has this IP address?\" and its answer, a MAC address"),
    ("bridge", "网桥", "00", "a switch made of software: it passes frames between its ports by MAC address"),
    ("carrier", "载波", "03", "somebody is at the other end of the cable"),
    ("chain", "规则链", "01", "a list of rules, gone through from top to bottom"),
    ("ClusterIP", "集群地址", "06", "a Service's own address: in rules, on no interface"),
    ("CNI plugin", "容器网络接口插件", "05", "a program that makes the network of one pod when Kubernetes asks for it"),
    ("connection tracking", "连接跟踪", "01", "the kernel's list of who talks with whom, with the addresses on both sides"),
    ("container", "容器", "00", "a program with its own files, processes and mostly its own network"),
    ("endpoint", "端点", "06", "a pod's address and port behind a Service"),
    ("etcd", "", "04", "the database in which a cluster keeps what it knows"),
    ("FDB", "转发数据库", "02", "forwarding database: behind which port of a bridge, or on which node, a MAC address is"),
    ("flannel, flanneld", "", "04", "an overlay for pods; flanneld is its program on each node"),
    ("fragment", "分片", "03", "a piece of a packet that was too long for an interface"),
    ("frame", "帧", "01", "a packet with the MAC addresses of sender and receiver in front, as it travels on one wire"),
    ("gateway", "网关", "00", "the router that a packet for elsewhere is handed to"),
    ("hairpin", "发夹", "02", "a bridge port that may send a frame back out where it came in"),
    ("header, payload", "头部、载荷", "03", "what a packet says about itself, and what it carries"),
    ("ICMP", "互联网控制报文协议", "01", "the messages that the network itself sends: ping, and complaints"),
    ("image", "镜像", "01", "the file system that a container starts with"),
    ("interface", "接口、网卡", "00", "a place where packets leave or come in"),
    ("kernel", "内核", "00", "the core of Linux, which does all the networking"),
    ("kube-proxy", "", "06", "the program on each node that writes the rules of Services"),
    ("lease", "租约", "04", "the line in etcd that says which node has which subnet"),
    ("MAC address", "MAC 地址", "00", "an interface's own number; it counts between neighbours on one wire"),
    ("masquerading", "地址伪装", "01", "replacing the source address of a packet by the machine's own"),
    ("MTU", "最大传输单元", "03", "the longest IP packet that an interface takes"),
    ("namespace", "命名空间", "00", "one set of network tables with its interfaces"),
    ("NAT", "网络地址转换", "01", "rules that replace addresses or ports"),
    ("node", "节点", "00", "a machine that pods run on"),
    ("NodePort", "节点端口", "07", "a port of every node that leads to a Service"),
    ("overlay", "覆盖网络", "04", "a network on top of another one, which does not know of it"),
    ("packet filter", "包过滤", "01", "the chains of rules that let pass, drop or translate packets at five places on their way"),
    ("pod", "容器组", "00", "one or more programs that share a network of their own"),
    ("policy (of a chain)", "默认策略", "01", "what becomes of a packet that no rule has decided about"),
    ("port (of a bridge)", "端口", "00", "an interface that is plugged into a bridge"),
    ("port (UDP, TCP)", "端口号", "01", "the number that says which program on a machine"),
    ("prefix", "前缀", "00", "the part of an address that a line gives: the first 24 bits for /24"),
    ("published port", "发布的端口", "01", "a port of the machine that leads to one of a container"),
    ("route", "路由", "00", "a line that says: for those addresses, out of this interface"),
    ("router", "路由器", "00", "a machine that passes packets on, and lowers their TTL by one"),
    ("Service", "服务", "06", "one lasting address for whichever pods do some work at the moment"),
    ("TTL", "生存时间", "00", "time to live: the number in a packet that each router lowers; at zero the packet is dropped"),
    ("TUN", "隧道设备", "04", "an interface with a program behind it instead of a wire"),
    ("tuple", "元组", "06", "one direction of a connection: protocol, addresses, ports"),
    ("UDP", "用户数据报协议", "04", "the simplest way for programs to send each other data"),
    ("veth pair", "虚拟网卡对", "01", "a cable made of software: two interfaces, made and deleted together"),
    ("VTEP", "隧道端点", "05", "a node's end of a vxlan"),
    ("vxlan", "虚拟扩展局域网", "05", "a tunnel in which the kernel wraps frames into UDP"),
))  # fmt: skip


class Glossary(tuple):
    """Terms, as a table."""

    def __str__(self) -> str:
        return "\n".join(f"{one.word}{f' ({one.chinese})' if one.chinese else ''}, notebook {one.notebook}: {one.meaning}" for one in self)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        rows = "\n".join(f"| {one.word} | {one.chinese} | {one.notebook} | {one.meaning} |" for one in self)
        return f"| word | 中文 | explained in | meaning |\n|---|---|---|---|\n{rows}"


def glossary(word: str = "") -> Glossary | str:
    """All terms, or those that hold a word: `glossary("port")`. A sentence when there is none."""
    wanted = " ".join(str(word).split()).casefold()
    found = Glossary(one for one in TERMS if wanted in one.word.casefold() or wanted and wanted in one.chinese.casefold())
    return found or f"{word!r} is not in the glossary{did_you_mean(word, [one.word for one in TERMS])}"
