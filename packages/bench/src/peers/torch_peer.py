"""PyTorch as an engine of the bench: reads one request per line (JSON), answers one line each.

hello {threads}: versions. prepare {case, arrays, file, network?}: sets a case up. outputs {file}: runs once, writes
float32 results one after the other. sample {samples, calls, clock}: milliseconds per call by this process's clock, or (cpu) of all
its threads on the processor.
memory: the most bytes that the process held for the case (Linux; else null). free: drops the case.
"""

import array
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

from torch_networks import NETWORKS


def read(path, arrays):
    with open(path, "rb") as file:
        flat = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    return {
        name: flat[a["offset"] : a["offset"] + math.prod(a["shape"])].reshape(a["shape"]).clone()
        for name, a in arrays.items()
    }


def kernel(op):
    kind = op["kind"]
    if kind == "matmul":
        return lambda a, b: a @ b
    if kind == "conv2d":
        return lambda x, w: F.conv2d(x, w, stride=op["stride"], padding=int(op["padding"]))
    if kind == "groupNormSilu":
        return lambda x, weight, bias: F.silu(F.group_norm(x, op["groups"], weight, bias, op["eps"]))
    if kind == "softmax":
        return lambda x: torch.softmax(x, -1)
    if kind == "attention":
        return lambda q, k, v: F.scaled_dot_product_attention(q[None], k[None], v[None])[0]
    if kind == "dft":
        def dft(x):
            spectrum = torch.fft.fft2(torch.complex(x[0], x[1]), norm="ortho")
            return torch.stack([spectrum.real, spectrum.imag])
        return dft
    return {
        "x + y": lambda x, y: x + y,
        "x·y + x": lambda x, y: x * y + x,
        "silu(x) · y": lambda x, y: F.silu(x) * y,
        "exp(−x²)": lambda x, y: torch.exp(-(x * x)),
    }[op["name"]]


def network_run(op, x, network, params):
    config, settings = network["config"], network["settings"]
    forward = NETWORKS[config["architecture"]]
    t = torch.tensor(network["times"])
    if op["task"] == "forward":
        def run():
            with torch.no_grad():
                return [forward(config, params, x["x"], t)]
    elif op["task"] == "forward + VJP":
        image = x["x"].requires_grad_()

        def run():
            y = forward(config, params, image, t)
            return [y.detach(), torch.autograd.grad(y, image, x["dy"])[0]]
    else:
        leaves = [p.requires_grad_() for p in params.values()]
        average = [p.detach().clone() for p in leaves]
        adam = torch.optim.Adam(
            leaves, lr=settings["learningRate"], betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"]
        )

        def run():
            adam.zero_grad(set_to_none=True)
            loss = F.mse_loss(forward(config, params, x["x"], t), x["noise"])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(leaves, settings["clipNorm"])
            adam.step()
            with torch.no_grad():
                torch._foreach_lerp_(average, leaves, 1 - settings["emaDecay"])
            return [loss.detach()] + [p.grad for p in leaves]
    return run


def prepare(request):
    case = request["case"]
    op, wrt = case["op"], case["wrt"]
    x = read(request["file"], request["arrays"])
    if op["kind"] == "network":
        network = request["network"]
        params = {name: x.pop("params/" + name) for name in network["params"]}
        return network_run(op, x, network, params)
    f = kernel(op)
    names = [name for name in case["inputs"] if name != "dy"]
    if not wrt:
        def run():
            with torch.no_grad():
                return [f(*(x[name] for name in names))]
        return run
    leaves = [x[name].requires_grad_() for name in wrt]
    y = f(*(x[name] for name in names))
    return lambda: torch.autograd.grad(y, leaves, x["dy"], retain_graph=True)


def resident(field):
    """VmRSS, what the process holds, or VmHWM, the most it did, in bytes; None where there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))
    except OSError:
        return None


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")
    except OSError:
        pass


def sample(run, samples, calls, clock):
    now = time.process_time if clock == "cpu" else time.perf_counter
    out = []
    for _ in range(samples):
        start = now()
        for _ in range(calls):
            run()
        out.append(1e3 * (now() - start) / calls)
    return out


def answer(request, state):
    do = request["do"]
    if do == "hello":
        torch.set_num_threads(request["threads"])
        return {
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "capability": torch.backends.cpu.get_cpu_capability(),
            "mkldnn": torch.backends.mkldnn.is_available(),
        }
    if do == "prepare":
        state["before"] = resident("VmRSS")
        state["run"] = prepare(request)
        forget_peak()
    elif do == "outputs":
        with open(request["file"], "wb") as file:
            sizes = []
            for result in state["run"]():
                values = array.array("f", result.detach().contiguous().flatten().tolist())
                sizes.append(len(values))
                values.tofile(file)
        return {"sizes": sizes}
    elif do == "sample":
        return {"ms": sample(state["run"], request["samples"], request["calls"], request["clock"])}
    elif do == "memory":
        most = resident("VmHWM")
        return {"bytes": None if most is None else most - state["before"]}
    elif do == "free":
        state.clear()
    return {}


def main():
    state = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), state)
        except Exception as error:  # the caller reports it with the case's name
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
