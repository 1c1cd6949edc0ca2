"""What names, labels, addresses and port numbers may look like, and what the API server says of others (apimachinery: pkg/util/validation).

Each rule is a function of a value: the list of what is wrong with it.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_QUALIFIED})?"
_ENV = "[-._a-zA-Z][-._a-zA-Z0-9]*"


def _wrong(text: str, pattern: str, rule: str, examples: str, most: int) -> list[str]:
    says = [f"must be no more than {most} bytes"] if len(text.encode()) > most else []
    if not re.fullmatch(pattern, text, re.ASCII):
        says.append(f"{rule} (e.g. {examples}, regex used for validation is '{pattern}')")
    return says


def dns_label(text: str) -> list[str]:
    rule = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
            "alphanumeric character")  # fmt: skip
    return _wrong(text, _LABEL, rule, "'my-name',  or '123-abc'", 63)


def dns_1035(text: str) -> list[str]:
    rule = ("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end "
            "with an alphanumeric character")  # fmt: skip
    return _wrong(text, _1035, rule, "'my-name',  or 'abc-123'", 63)


def dns_subdomain(text: str) -> list[str]:
    rule = ("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
            "an alphanumeric character")  # fmt: skip
    return _wrong(text, _SUBDOMAIN, rule, "'example.com'", 253)


def label_value(text: str) -> list[str]:
    rule = ("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
            "an alphanumeric character")  # fmt: skip
    return _wrong(text, _VALUE, rule, "'MyValue',  or 'my_value',  or '12345'", 63)


def qualified_name(text: str) -> list[str]:
    """A label's key: a name, with a DNS subdomain and a slash before it or not."""
    prefix, slash, name = text.rpartition("/")
    rule = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    if "/" in prefix:
        example = "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '" + _QUALIFIED + "')"
        return [f"a qualified name {rule} {example} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    says = ["prefix part must be non-empty"] if slash and not prefix else []
    says += [f"prefix part {one}" for one in (dns_subdomain(prefix) if prefix else ())]
    if not name:
        says.append("name part must be non-empty")
    examples = "'MyName',  or 'my.name',  or '123-abc'"
    return says + [f"name part {one}" for one in _wrong(name, _QUALIFIED, rule, examples, 63)]


def env_name(text: str) -> list[str]:
    rule = ("a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with "
            "a digit")  # fmt: skip
    return (
        []
        if re.fullmatch(_ENV, text, re.ASCII)
        else [f"{rule} (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '{_ENV}')"]
    )  # noqa: E501


def port_number(number: int) -> list[str]:
    return [] if 1 <= number <= 65535 else ["must be between 1 and 65535, inclusive"]


def port_name(text: str) -> list[str]:
    wrong = {
        "must be no more than 15 bytes": len(text) > 15,
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)": not re.fullmatch("[-a-z0-9]+", text, re.ASCII),
        "must contain at least one letter (a-z)": not re.search("[a-z]", text),
        "must not contain consecutive hyphens": "--" in text,
        "must not begin or end with a hyphen": text[:1] == "-" or text[-1:] == "-",
    }
    return [says for says, so in wrong.items() if so]


def port(value: int | str) -> list[str]:
    """intstr.IntOrString."""
    return port_number(value) if isinstance(value, int) else port_name(value)


def address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def ip(text: str) -> list[str]:
    return [] if address(text) else ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]


def ordinary_ip(text: str) -> list[str]:
    """An address that can stand for a machine elsewhere (ValidateNonSpecialIP)."""
    found = address(text)
    if found is None:
        return ip(text)
    wrong = {
        "may not be unspecified (0.0.0.0 or ::)": found.is_unspecified,
        "may not be in the loopback range (127.0.0.0/8, ::1/128)": found.is_loopback,
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)": found.is_link_local,
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)": found.is_multicast
        and str(found).startswith(("224.0.0.", "ff02")),
    }  # fmt: skip
    return [says for says, so in wrong.items() if so]
