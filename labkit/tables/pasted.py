"""What comes along when a table is copied from a screen, a chat or a web page, and is no part of it.

Colours, invisible characters, prompts and the command behind them, fences, and what kubectl and ssh say first are
taken away; the lines keep their numbers. What is no route table at all is called by its name.
"""

import re

from ..errors import BadInput

#: Escape sequences of a terminal, and characters without a width.
_INVISIBLE = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|"
    r"[\x00-\x08\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
#: Half of a character: Python strings may have it, what is printed may not.
_HALF = re.compile(r"[\ud800-\udfff]")
_BLANK = re.compile(r"[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NEWLINE = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")

_TOOLS = r"(?:\S*/)?(?:ip|route|netstat|sudo|doas|kubectl|oc|docker|podman|nerdctl|crictl|nsenter|ssh|busybox|cat|watch|minikube|vagrant)"
#: A prompt (whatever ends in one of these signs: no route has one) with or without a command, or a command alone.
_PROMPT = re.compile(rf".*?[#$%>❯➜»λ](?:\s*|\s+\S+\s+)(?:\^C|{_TOOLS}(?:\s.*)?)?$|{_TOOLS}\s")
_WRITES = re.compile(r"\b(?:ip|route)\b.*\s(?:add|append|prepend|replace|change|del|delete|flush)\b")
_NOISE = re.compile(
    r"#|```|~~~|\(END\)|lines \d+-\d+|-+ ?more ?-+|Default(?:ed|ing) container|Unable to use a TTY|Warning: |If you don't see a command|"
    r"kubectl exec .* is DEPRECATED|command terminated|Last login: |Connection to \S+ closed|logout$|\^C$|-+$|=+$", re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"[\[(<]?(?:\.{2,}|…+)[\])>]?$|[\[(<-]*\s*(?:snip|skipped|omitted|truncated|output omitted)\b.*$", re.IGNORECASE)
#: How a line of `ip route` starts; nothing else is looked at as a prompt or a word of greeting.
_ROUTE = re.compile(r"\d[\d./]*\s|default\s|nexthop\s|[0-9a-f]*:[0-9a-f:.]*(?:/\d+)?\s")


def plain(text: str) -> str:
    """The text without colours and invisible characters, its blanks spaces, its lines ended by a newline; BadInput for no text."""
    if not isinstance(text, str):
        raise BadInput(f"this is read from text, such as what `ip route` prints, not from {type(text).__name__}")
    text = _HALF.sub("\ufffd", text)
    return _NEWLINE.sub("\n", _BLANK.sub(" ", _INVISIBLE.sub("", text)))


def cleaned(text: str) -> str:
    """The lines of a pasted table; what stands beside it is an empty line."""
    lines = plain(text).split("\n")
    if all(line.startswith(">") for line in lines if line.strip()):  # quoted, as in mail
        lines = [line.removeprefix(">") for line in lines]
    return "\n".join("" if _is_noise(number, line.strip()) else line for number, line in enumerate(lines, 1))


def _is_noise(number: int, line: str) -> bool:
    """Whether a line is none of the table's."""
    if not line or _ROUTE.match(line):
        return False
    if _ELLIPSIS.match(line):
        raise BadInput(f"line {number}: {line!r} says that lines were left out here; paste the whole table, a lookup needs every line")
    prompt = _PROMPT.match(line)
    if prompt and _WRITES.search(line):
        raise BadInput(f"line {number}: {line!r} changes a table and is no line of one; paste what `ip route` prints afterwards")
    return bool(prompt or _NOISE.match(line))


#: What else gets pasted, and what it is.
_FORMATS = (
    (r"\d+:\s+from |\d+:\s+not from ", "`ip rule`"),
    (r"\d+: [^\s:]+: <", "`ip addr` or `ip link`"),
    (r"(?:link/\w+|inet6?) \S+ ", "`ip addr` or `ip link`"),
    (r"\S+\s+(?:UP|DOWN|UNKNOWN|LOWERLAYERDOWN)\b", "`ip -br addr` or `ip -br link`"),
    (r".*\blladdr [0-9a-f]{2}:|.* (?:REACHABLE|STALE|DELAY|PROBE|FAILED|INCOMPLETE|NOARP)\s*$", "`ip neigh`"),
    (r"cache\b|.* uid \d+\s*$", "`ip route get` (one lookup)"),
    (r"Deleted ", "`ip monitor`"),
    (r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2} dev ", "`bridge fdb`"),
    (r"\S+: flags=\d+<|\S+\s+Link encap:", "`ifconfig`"),
    (r"Address +HWtype|.*\[ether\] on ", "`arp`"),
    (r"Iface\s+Destination\s+Gateway\s+Flags\s+RefCnt", "the file /proc/net/route"),
    (r"Active Internet|Proto\s+Recv-Q|Netid\s+State|State\s+Recv-Q", "a list of sockets (`ss` or `netstat`)"),
    (r"Chain \S+ \(|:[A-Z][\w-]* (?:ACCEPT|DROP|-) \[|-A \S+ |\*(?:filter|nat|mangle|raw|security)$", "`iptables`"),
    (r"table (?:ip|ip6|inet|bridge|arp|netdev) \S+ \{", "`nft list ruleset`"),
    (r"Codes: |Gateway of last resort|[A-Z][>*=% ]+\d[\d./]+ (?:\[|is directly)|[A-Z]>?\*", "`show ip route` of FRR, Quagga or Cisco"),
    (r"BIRD \d|Table \w+:|\S+\s+unicast \[", "`show route` of BIRD"),
    (r"Routing tables$|Internet6?:$|Destination\s+Gateway\s+Flags\s+.*(?:Netif|Expire)", "`netstat -rn` of macOS or a BSD"),
    (r"IPv4 Route Table|Interface List$|Network Destination\s+Netmask|ifIndex\s+DestinationPrefix|Active Routes:", "Windows"),
    (r"traceroute to |PING |tracepath ", "a probe's answer"),
    (r"RTNETLINK answers|Error: |Usage: |Cannot |Object |Command |Dump term|\S+: \S+: (?:command )?not found", "a tool that failed"),
    (r"(?:NAME|NAMESPACE)\s+\S+|CONTAINER ID|NETWORK ID", "a list of `kubectl` or `docker`"),
    (r"apiVersion:|kind:|network:$|- ", "YAML"),
)


def other_format(text: str) -> str | None:
    """What a text is that is no route table: a sentence with the first line that shows it, or None."""
    for number, line in enumerate(text.split("\n"), 1):
        what = next((what for pattern, what in _FORMATS if re.match(pattern, line.strip())), None)
        if what:
            return f"line {number}: {line.strip()[:60]!r} is of {what}, not of a Linux route table; paste what `ip route` prints"
    return None
