"""Who gets which subnet, and who hears of it (flannel subnet_test.go)."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from labkit import Lab
from labkit.errors import BadInput
from labkit.planes.etcd.store import Store
from labkit.planes.flannel import Config, Registry, exactly
from labkit.planes.flannel.registry import Added, ConfigNotFound, OutOfSubnets, Removed
from labkit.trace.probe import pass_time

ME, OTHER = IPv4Address("1.2.3.4"), IPv4Address("1.1.1.1")


def registry(config: str, *, held: tuple[str, ...] = (), by: str = "1.1.1.1") -> Registry:
    """A registry with that config, in which one node holds some subnets."""
    found = Registry(Store(Lab(), 1))
    found.store.put(f"{found.prefix}/config", config)
    for subnet in held:
        found.reserve(subnet, by)
    return found


def upstreams() -> Registry:
    """The registry of flannel's own tests."""
    held = [f"10.3.{number}.0/24" for number in (1, 2, 4, 5, 31)]
    return registry('{"Network":"10.3.0.0/16","SubnetMin":"10.3.1.0","SubnetMax":"10.3.25.0"}', held=tuple(held))


def third_octets(subnets) -> list[int]:
    return [int(str(subnet).split(".")[2]) for subnet in subnets]


def test_a_new_node_gets_one_of_the_free_subnets():
    leases = upstreams()
    assert third_octets(leases.free()) == [3, *range(6, 26)]
    assert leases.acquire(ME).subnet in [IPv4Network(f"10.3.{n}.0/24") for n in (3, *range(6, 26))]


def test_a_node_that_asks_again_gets_the_same_subnet():
    leases = upstreams()
    assert leases.acquire(ME).subnet == leases.acquire(ME, choose=lambda free: free[-1]).subnet


def test_a_node_gets_back_the_subnet_it_had_before():
    assert upstreams().acquire(ME, previous=IPv4Network("10.3.6.0/24")).subnet == IPv4Network("10.3.6.0/24")


@pytest.mark.parametrize("previous", ["10.4.1.0/24", "10.3.2.0/24", "10.3.30.0/24", "10.3.8.0/25"])
def test_a_subnet_from_before_that_is_taken_or_does_not_fit_is_not_given(previous):
    assert upstreams().acquire(ME, previous=IPv4Network(previous)).subnet == IPv4Network("10.3.3.0/24")


def test_a_new_network_means_a_new_subnet():
    leases = upstreams()
    old = leases.acquire(ME)
    leases.store.put(f"{leases.prefix}/config", '{"Network":"10.4.0.0/16"}')
    seen = []
    new = leases.acquire(ME, choose=lambda free: seen.extend(free) or free[-1])
    assert old.subnet not in [lease.subnet for lease in leases.leases()]
    assert third_octets(seen) == list(range(1, 101)) and new.subnet == IPv4Network("10.4.100.0/24")


def test_a_node_is_known_by_its_public_address_first_match():
    assert upstreams().acquire(OTHER).subnet == IPv4Network("10.3.1.0/24")


def test_an_empty_registry_has_a_hundred_candidates_and_not_the_zeroth():
    assert third_octets(registry('{"NetWork":"10.20.0.0/16"}').free()) == list(range(1, 101))


def test_the_candidates_of_the_notes_skip_the_four_that_are_taken():
    taken = (37, 53, 92, 100)
    leases = registry('{"NetWork":"10.20.0.0/16"}', held=tuple(f"10.20.{n}.0/24" for n in taken))
    assert third_octets(leases.free()) == [n for n in range(1, 105) if n not in taken]


def test_a_lease_of_another_length_is_overlapped_too():
    assert third_octets(registry('{"Network":"10.3.0.0/16"}', held=("10.3.0.0/22",)).free())[0] == 4


def test_when_all_are_taken_it_says_so():
    leases = registry('{"Network":"10.3.0.0/22"}', held=("10.3.1.0/24", "10.3.2.0/24", "10.3.3.0/24"))
    with pytest.raises(OutOfSubnets, match="out of subnets"):
        leases.acquire(ME)


def test_the_chooser_cannot_take_what_is_not_free():
    with pytest.raises(BadInput, match="10.3.1.0/24 is not one of"):
        upstreams().acquire(ME, choose=exactly("10.3.1.0/24"))
    with pytest.raises(BadInput, match="10.9.0.0/24 is not one of"):
        upstreams().acquire(ME, choose=lambda free: IPv4Network("10.9.0.0/24"))


@pytest.mark.parametrize("typed", ["zz", "", "10.20.37.0/33", "10.20.37.1/24", "²"])
def test_a_choice_that_is_no_subnet_is_refused_with_a_sentence(typed):
    with pytest.raises(BadInput, match="is not a subnet such as 10.20.37.0/24"):
        exactly(typed)


def test_without_a_config_it_says_which_key_is_missing():
    with pytest.raises(ConfigNotFound, match="/coreos.com/network/config"):
        Registry(Store(Lab(), 1)).acquire(ME)


def test_a_lease_is_a_key_and_a_value_and_ends_when_deleted():
    leases = registry('{"Network":"10.1.0.0/16"}')
    heard = []
    leases.watch(leases.reserve("10.1.9.0/24", "1.1.1.1"), heard.append)
    lease = leases.acquire(ME, choose=exactly("10.1.5.0/24"))
    entry = leases.store.get("/coreos.com/network/subnets/10.1.5.0-24")
    assert entry.value == '{"PublicIP":"1.2.3.4","PublicIPv6":null}'
    leases.release(lease)
    assert heard == [Added(lease), Removed(lease.subnet)]


def test_a_node_hears_of_others_and_never_of_itself():
    leases = upstreams()
    heard, before = [], len(leases.leases())
    leases.watch(leases.acquire(ME), heard.append)
    assert len(heard) == before
    leases.acquire(ME)
    assert len(heard) == before
    leases.reserve("10.3.30.0/24", "1.1.1.2")
    assert third_octets(event.lease.subnet for event in heard[before:]) == [30]


def test_a_lease_that_is_not_renewed_expires_and_is_heard_of():
    leases = upstreams()
    heard = []
    leases.watch(leases.acquire(ME), heard.append)
    heard.clear()
    leases.store.put(f"{leases.prefix}/subnets/10.3.31.0-24", '{"PublicIP":"1.1.1.1"}', ttl=3)
    pass_time(leases.store.lab, 2.9)
    assert [type(event) for event in heard] == [Added]
    pass_time(leases.store.lab, 0.2)
    assert heard[1:] == [Removed(IPv4Network("10.3.31.0/24"))]


def test_a_renewed_lease_is_good_for_a_day_more():
    leases = registry('{"Network":"10.1.0.0/16"}')
    lease = leases.acquire(ME)
    pass_time(leases.store.lab, 82800)
    renewed = leases.renew(lease)
    assert renewed.expires == 82800 + 86400
    assert (renewed.subnet, renewed.public_ip, renewed.backend, renewed.data) == (
        lease.subnet, lease.public_ip, lease.backend, lease.data)
    pass_time(leases.store.lab, 86000)
    assert [found.subnet for found in leases.leases()] == [lease.subnet]
    pass_time(leases.store.lab, 401)
    assert leases.leases() == []


def test_a_reservation_never_expires():
    leases = registry('{"Network":"10.1.0.0/16"}', held=("10.1.7.0/24",))
    pass_time(leases.store.lab, 200_000)
    assert third_octets(lease.subnet for lease in leases.leases()) == [7]


def test_a_node_with_a_reservation_gets_that_and_it_stays_one():
    leases = registry('{"Network":"10.1.0.0/16"}', held=("10.1.7.0/24",))
    lease = leases.acquire(OTHER)
    assert (str(lease.subnet), lease.expires) == ("10.1.7.0/24", None)
    assert leases.renew(lease).expires is None


def test_the_subnets_of_a_range_are_counted_from_its_first():
    subnets = Config.parse('{"Network":"10.3.0.0/16","SubnetMin":"10.3.5.0","SubnetMax":"10.3.8.0","SubnetLen":28}').ipv4
    assert (str(subnets.subnet(0)), str(subnets.subnet(48))) == ("10.3.5.0/28", "10.3.8.0/28")
    assert subnets.holds(IPv4Network("10.3.8.0/28")) and not subnets.holds(IPv4Network("10.3.8.16/28"))
