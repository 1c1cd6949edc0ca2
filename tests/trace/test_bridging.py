"""What a bridge learns, and what it does with what somebody else wrote into its table."""

from labkit.scenarios import same_node

LIE = "bridge fdb replace 02:00:00:00:00:04 dev veth1 master static"  # pod2's MAC address, at pod1's port


def entries(lab):
    return [line.split()[2] + (" static" if "static" in line else "")
            for line in lab.sh("bridge fdb show br docker0 | grep 'master docker0'").stdout.splitlines()
            if line.startswith("02:00:00:00:00:04")]


def test_a_static_entry_moves_with_the_next_frame_of_its_address_and_stays_static():
    lab = same_node()
    lab.trace("pod1", "10.20.92.11")
    assert lab.sh(LIE).returncode == 0 and entries(lab) == ["veth1 static"]
    assert lab.trace("pod1", "10.20.92.11").verdict.kind == "dropped", "it would have to go back out of the port it came from"
    assert lab.trace("pod2", "10.20.92.3").answered, "pod2's own frame tells the bridge where pod2 is"
    assert entries(lab) == ["veth2 static"] and lab.trace("pod1", "10.20.92.11").answered


def test_a_permanent_entry_does_not_move():
    lab = same_node()
    lab.trace("pod1", "10.20.92.11")
    lab.sh(LIE.replace("static", "permanent"))
    lab.trace("pod2", "10.20.92.3")
    assert entries(lab) == ["veth1"]
