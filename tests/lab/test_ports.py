"""A bridge takes 1,023 ports; the kernel refuses one more with EXFULL (observed on 6.18)."""

import labkit


def test_a_bridge_takes_1023_ports_and_a_port_that_left_makes_room():
    lab = labkit.Lab()
    lab.sh("ip link add br0 type bridge")
    for number in range(1, 1024):
        assert lab.sh(f"ip link add p{number} master br0 type veth peer name q{number}").returncode == 0
    for line in ("ip link set q1 master br0", "ip link add late master br0 type veth peer name later"):
        refused = lab.sh(line)
        assert (refused.returncode, refused.stderr) == (2, "RTNETLINK answers: Exchange full\n")
    assert lab.sh("ip link show late").stderr == 'Device "late" does not exist.\n'
    assert lab.sh("ip link set p7 nomaster; ip link set q1 master br0").returncode == 0
    assert lab["host"].find("q1").port.number == 7
