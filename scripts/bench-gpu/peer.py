"""PyTorch, eager, on what bench:gpu measures: the rows of jobs.ts by their names, in float32, once without and once
with TF32. A run is waited for before the next one starts; no graphs, nothing compiled. Needs torch and safetensors.

    python3 scripts/bench-gpu/peer.py --out out/bench-gpu-peer.json

--given FILE (safetensors) holds inputs and our results as peer.ts writes them: results are compared before anything is timed.
"""

import argparse
import datetime
import json
import math
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packages/bench/src/peers"))
sys.dont_write_bytecode = True

TOLERANCE = 1e-3
DPS_TOLERANCE = 1e-2
FEWEST_RUNS = 3

ADM = {
    "architecture": "adm",
    "inChannels": 3,
    "outChannels": 3,
    "modelChannels": 64,
    "channelMult": [1, 2, 2],
    "numResBlocks": 2,
    "attentionResolutions": [2, 4],
    "numHeads": 1,
    "numHeadChannels": 64,
    "numHeadsUpsample": None,
    "useScaleShiftNorm": True,
    "useNewAttentionOrder": False,
    "convResample": True,
    "resblockUpdown": False,
    "numClasses": None,
    "timeScale": 1,
}
"""As in networks.ts."""


class Inputs:
    """Inputs by name: those that were given, else standard normal numbers."""

    def __init__(self, torch, device, given):
        self.torch, self.device = torch, device
        self.given = {name: x.to(device) for name, x in given.items()}
        self.timing = False

    def input(self, name, shape):
        """What a run finds."""
        if name in self.given:
            return self.given[name].reshape(shape)
        return self.torch.randn(shape, device=self.device)

    def draw(self, name, shape):
        """What a run draws itself: as given until it is timed."""
        return self.torch.randn(shape, device=self.device) if self.timing else self.input(name, shape)

    def params(self, prefix, shapes):
        """As given, else of the sizes that fresh ones have."""
        fan_in = lambda shape: math.prod(shape[1:]) if len(shape) > 1 else 400
        return {k: self.input(f"{prefix}/{k}", s) * (1 if self.given else fan_in(s) ** -0.5) for k, s in shapes.items()}


def with_vjp(torch, f, inputs):
    """f(inputs), and its gradient in all of them along its own value."""

    def run():
        leaves = [x.detach().requires_grad_() for x in inputs]
        y = f(*leaves)
        return [y.detach(), *torch.autograd.grad(y, leaves, y.detach())]

    return run


def forward(torch, f, inputs):
    def run():
        with torch.no_grad():
            return [f(*inputs)]

    return run


def kernels(torch):
    """Name, shapes, function."""
    F = torch.nn.functional

    def conv(channels, extent):
        shapes = [(1, channels, extent, extent), (channels, channels, 3, 3)]
        return f"conv 3×3 {channels}→{channels} @{extent}²", shapes, lambda x, w: F.conv2d(x, w, padding=1)

    def matmul(n):
        return f"matmul {n}", [(n, n)] * 2, lambda a, b: a @ b

    def norm(x, w, b):
        return F.silu(F.group_norm(x, 32, w, b, 1e-5))

    return [
        conv(64, 64),
        conv(128, 64),
        conv(128, 32),
        conv(256, 16),
        matmul(512),
        matmul(1024),
        matmul(2048),
        ("groupNorm+SiLU 128 @64²", [(1, 128, 64, 64), (128,), (128,)], norm),
        ("softmax 1024²", [(1024, 1024)], lambda x: torch.softmax(x, -1)),
        (
            "attention 4×64 256 tokens",
            [(4, 256, 64)] * 3,
            lambda q, k, v: F.scaled_dot_product_attention(q[None], k[None], v[None])[0],
        ),
        ("chain silu(x) · y 1M", [(2**20,)] * 2, lambda x, y: F.silu(x) * y),
    ]


def adm_shapes(config):
    """Names and shapes of the state dict of guided-diffusion's UNetModel, of configurations like ADM."""
    width, shapes = config["modelChannels"], {}
    embedding, blocks = 4 * width, config["numResBlocks"]

    def affine(name, *weight):
        shapes[name + ".weight"], shapes[name + ".bias"] = weight, weight[:1]

    def residual(name, inner, outer):
        affine(name + ".in_layers.0", inner)
        affine(name + ".in_layers.2", outer, inner, 3, 3)
        affine(name + ".emb_layers.1", 2 * outer, embedding)
        affine(name + ".out_layers.0", outer)
        affine(name + ".out_layers.3", outer, outer, 3, 3)
        if inner != outer:
            affine(name + ".skip_connection", outer, inner, 1, 1)

    def attend(name, channels):
        affine(name + ".norm", channels)
        affine(name + ".qkv", 3 * channels, channels, 1)
        affine(name + ".proj_out", channels, channels, 1)

    affine("time_embed.0", embedding, width)
    affine("time_embed.2", embedding, embedding)
    affine("input_blocks.0.0", width, config["inChannels"], 3, 3)
    levels = [(m * width, 2**i in config["attentionResolutions"]) for i, m in enumerate(config["channelMult"])]
    now, kept, number = width, [width], 1
    for level, (channels, attends) in enumerate(levels):
        for _ in range(blocks):
            residual(f"input_blocks.{number}.0", now, channels)
            if attends:
                attend(f"input_blocks.{number}.1", channels)
            now, number = channels, number + 1
            kept.append(now)
        if level + 1 < len(levels):
            affine(f"input_blocks.{number}.0.op", now, now, 3, 3)
            number += 1
            kept.append(now)
    residual("middle_block.0", now, now)
    attend("middle_block.1", now)
    residual("middle_block.2", now, now)
    number = 0
    for level, (channels, attends) in reversed(list(enumerate(levels))):
        for i in range(blocks + 1):
            residual(f"output_blocks.{number}.0", now + kept.pop(), channels)
            now = channels
            if attends:
                attend(f"output_blocks.{number}.1", channels)
            if level > 0 and i == blocks:
                affine(f"output_blocks.{number}.{1 + attends}.conv", channels, channels, 3, 3)
            number += 1
    affine("out.0", now)
    affine("out.2", config["outChannels"], now, 3, 3)
    return shapes


def predictors(torch, inputs):
    """ε(x, t) of both networks by name, each made when it is asked for."""
    from torch_networks import NETWORKS

    def predictor(config, params):
        network = NETWORKS[config["architecture"]]
        return lambda x, t: network(config, params, x, torch.full((1,), t, dtype=torch.float32, device=x.device))

    def digits():
        from safetensors.torch import load_file

        folder = ROOT / "packages/unet/priors/digits"
        config = json.loads((folder / "record.json").read_text())["config"]["model"]
        params = {k: v.to(inputs.device, torch.float32) for k, v in load_file(folder / "model.safetensors").items()}
        return predictor(config, params)

    return {"digits": digits, "adm": lambda: predictor(ADM, inputs.params("adm", adm_shapes(ADM)))}


def guided_grid(T, n):
    """n of T times as guided-diffusion spaces them, the noisiest first, and −1."""
    times, at = [], 0.0
    for _ in range(n):
        times.append(round(at))
        at += (T - 1) / (n - 1)
    return times[::-1] + [-1]


def dps(torch, predict, inputs, name, samples, steps):
    """DPS (arXiv 2209.14687, Algorithm 1): 28×28 less a box of 10×10, ζ = 3, x̂₀ clipped to [−1, 1], ancestral steps."""
    log_alpha_bar = torch.log1p(-torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)).cumsum(0).tolist()
    levels = lambda t: (1.0, 0.0) if t < 0 else (math.exp(log_alpha_bar[t] / 2), math.sqrt(-math.expm1(log_alpha_bar[t])))
    hidden = torch.zeros(28, 28, dtype=torch.bool)
    hidden[9:19, 9:19] = True
    kept = (~hidden).flatten().nonzero().flatten().to(inputs.device)
    shape, zeta = (samples, 1, 28, 28), 3
    y = inputs.input(f"{name} y", (samples, len(kept)))
    times = guided_grid(1000, steps)

    def run():
        x = inputs.draw(f"{name} x_T", shape)
        for i, (t, s) in enumerate(zip(times, times[1:])):
            (alpha, sigma), (alpha_s, sigma_s) = levels(t), levels(s)
            x = x.detach().requires_grad_()
            x0 = ((x - sigma * predict(x, t)) / alpha).clamp(-1, 1)
            distance = (y - x0.flatten(1)[:, kept]).norm(dim=1).sum()
            (slope,) = torch.autograd.grad(distance, x)
            x, x0 = x.detach(), x0.detach()
            ratio = alpha / alpha_s
            fresh = sigma**2 - (ratio * sigma_s) ** 2
            x = (alpha_s * fresh / sigma**2) * x0 + (ratio * sigma_s**2 / sigma**2) * x - zeta * slope
            if s >= 0:
                x = x + (sigma_s * math.sqrt(fresh) / sigma) * inputs.draw(f"{name} z {i}", shape)
        return [x]

    return run


NETWORKS_MEASURED = [
    ("digits prior @28²", "digits", (1, 1, 28, 28)),
    ("digits prior ×32 @28²", "digits", (32, 1, 28, 28)),
    ("ADM U-Net 64·(1,2,2) @32²", "adm", (1, 3, 32, 32)),
]
DPS_MEASURED = [("DPS on a digit, {} steps", 1), ("DPS on a digit ×16, {} steps", 16)]
DPS_STEPS = [10, 2]


def jobs(torch, inputs):
    """Name and what makes the run, in the order of jobs.ts."""
    out = []

    def both(name, drawn, shapes, make):
        xs = lambda: [inputs.input(f"{drawn} {i}", shape) for i, shape in enumerate(shapes)]
        suffixes = (name, f"{name} + VJP")
        out.append((suffixes[0], lambda: forward(torch, make(), xs())))
        out.append((suffixes[1], lambda: with_vjp(torch, make(), xs())))

    for name, shapes, f in kernels(torch):
        both(name, name, shapes, lambda f=f: f)
    made = predictors(torch, inputs)
    for name, network, shape in NETWORKS_MEASURED:

        def make(network=network):
            predict = made[network]()
            return lambda x: predict(x, 500)

        both(f"{name} forward", name, [shape], make)
    for steps in DPS_STEPS:
        for pattern, samples in DPS_MEASURED:
            settings = (pattern.format(steps), samples, steps)
            out.append((settings[0], lambda settings=settings: dps(torch, made["digits"](), inputs, *settings)))
    return out


def difference(got, want):
    """Greatest difference over the greatest magnitude."""
    largest = max(float(w.abs().max()) for w in want)
    if len(got) != len(want):
        return math.inf
    off = max(float((g.flatten() - w.flatten()).abs().max()) for g, w in zip(got, want))
    return math.inf if math.isnan(off) else off / (largest or 1)


def summary(ms):
    """Of milliseconds: the median, the 5th and the 95th percentile, how many."""
    ordered = sorted(ms)
    at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    return {"median": statistics.median(ordered), "low": at(0.05), "high": at(0.95), "runs": len(ordered)}


def timed(run, wait, seconds):
    ms = []
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds or (len(ms) < FEWEST_RUNS and spent < 10 * seconds):
        start = time.perf_counter()
        run()
        wait()
        ms.append(1e3 * (time.perf_counter() - start))
    return summary(ms)


def measure(job, inputs, torch, seconds, told):
    name, make = job
    cuda = inputs.device.type == "cuda"
    wait = torch.cuda.synchronize if cuda else lambda: None

    def allow_tf32(allowed):
        torch.backends.cuda.matmul.allow_tf32 = allowed
        torch.backends.cudnn.allow_tf32 = allowed

    allow_tf32(False)
    inputs.timing = False
    run = make()
    wait()
    start = time.perf_counter()
    results = run()
    wait()
    row = {"name": name, "firstMs": 1e3 * (time.perf_counter() - start)}
    want = [inputs.given[key] for i in range(len(results)) if (key := f"{name} → {i}") in inputs.given]
    if want:
        row["error"] = difference(results, want)
        if not row["error"] <= (DPS_TOLERANCE if name.startswith("DPS") else TOLERANCE):
            raise ValueError(f"differs from what was given by {row['error']:.1e}, relative")
    inputs.timing = True
    for field, allowed in [("ms", False), ("tf32Ms", True)] if cuda else [("ms", False)]:
        allow_tf32(allowed)
        timed(run, wait, seconds / 4)
        row[field] = timed(run, wait, seconds)
    told(row)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--filter", default="", help="only what has this in its name")
    parser.add_argument("--list", action="store_true", help="tells the names, and measures nothing")
    parser.add_argument("--only", type=json.loads, help="only these names, a list in JSON")
    parser.add_argument("--threads", type=int, help="of the processor, for --device cpu")
    parser.add_argument("--given", help="inputs and results, as safetensors")
    parser.add_argument("--out", default="out/bench-gpu-peer.json")
    asked = parser.parse_args()
    import torch

    if asked.list:
        return print(*(name for name, _ in jobs(torch, Inputs(torch, "cpu", {}))), sep="\n")
    if asked.threads:
        torch.set_num_threads(asked.threads)
    given = {}
    if asked.given:
        from safetensors.torch import load_file

        given = load_file(asked.given)
    torch.manual_seed(1)
    device = torch.device(asked.device)
    inputs = Inputs(torch, device, given)
    wanted = lambda name: asked.filter in name and (asked.only is None or name in asked.only)
    chosen = [job for job in jobs(torch, inputs) if wanted(job[0])]
    told = lambda row: print(f"{row['name']}: {row['ms']['median']:.3g} ms", file=sys.stderr, flush=True)
    rows, failed = [], []
    for job in chosen:
        try:
            rows.append(measure(job, inputs, torch, asked.seconds, told))
        except Exception as error:  # the others are measured all the same
            failed.append({"name": job[0], "why": f"{type(error).__name__}: {error}"})
            print(f"{job[0]}: {failed[-1]['why']}", file=sys.stderr, flush=True)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    results = {
        "format": "tweedie bench gpu peer 1",
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "host": f"PyTorch {torch.__version__}, eager",
        "device": where,
        "rows": rows,
        "failed": failed,
    }
    out = pathlib.Path(asked.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(f"Wrote {out}")


main()
