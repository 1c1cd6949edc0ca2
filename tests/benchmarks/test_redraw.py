"""How long a change takes to be redrawn in the kernel, beside the usual way, in one real IPython kernel."""

import json

from jupyter_client.manager import start_new_kernel

from tests.benchmarks.usual_way import ADDRESSES, OURS, USUAL, compared

#: Not nbclient: it stalls on Output widgets now and then (jupyter/nbclient issue 312).
MEASURE = f"""
import json, statistics, time

def took(control, address):
    start = time.perf_counter()
    control.value = address
    return (time.perf_counter() - start) * 1000

controls = {{"ours": explorer.fields["to"].control, "usual": usual}}
times = {{name: [] for name in controls}}
for address in {ADDRESSES} * 5:
    for name, control in controls.items():
        times[name].append(took(control, address))
print(json.dumps({{name: statistics.median(taken) for name, taken in times.items()}}))
"""


def test_a_change_is_redrawn_in_the_kernel(measure):
    said = []
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        for code in (OURS, USUAL, MEASURE):
            reply = client.execute_interactive(code, timeout=240, output_hook=lambda message: said.append(message["content"]))
            assert reply["content"]["status"] == "ok", reply["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    times = json.loads(next(c["text"] for c in reversed(said) if c.get("name") == "stdout"))
    measure(compared("a change redrawn in the kernel", times["ours"], times["usual"], goal=50))
