"""Makes src/fixtures/numpy-print.json: arrays, and how NumPy prints them (2.4.6, default options, separator ', ').

    python3 -m venv /tmp/np && /tmp/np/bin/pip install numpy==2.4.6
    /tmp/np/bin/python packages/tensor/scripts/numpy-print.py
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(8)
cases = []


def pattern(shape):
    """Values that the test makes again by itself, exact in both types."""
    return ((np.arange(np.prod(shape)) * 7919) % 4001 / 64 - 20).reshape(shape)


def add(a, note):
    data = None if a.size > 999 else [str(x) if not np.isfinite(x) else x for x in a.ravel().tolist()]
    text = np.array2string(a, separator=", ").replace("True", "true").replace("False", "false")
    cases.append({"note": note, "dtype": str(a.dtype), "shape": list(a.shape), "data": data, "text": text})


for dtype in (np.float32, np.float64):
    for shape in ((1,), (7,), (2, 3), (40,), (2, 2, 3), (1, 1, 1, 1), (3, 1), (1, 3)):
        add(rng.standard_normal(shape).astype(dtype), "normal")
    for power in (-6, -4, -3, -1, 0, 2, 3, 5, 7, 8, 12, 30):
        add((rng.standard_normal((2, 3)) * 10.0**power).astype(dtype), f"times 1e{power}")
        add((np.array([1, -2, 5]) * 10.0**power).astype(dtype), f"whole times 1e{power}")
    for values in ([0, 1, 2, 3], [0.5, 1, 100], [0, 0], [-0.0, 1], [1, 1000], [1, 1001], [0.1, 0.2, 0.3], [1 / 3, 1], [2 / 3, 123.456]):
        add(np.array(values, dtype), "plain")
    for values in ([np.nan], [np.nan, 1], [np.inf, -np.inf, 0.25], [-np.inf], [np.nan, 1e-9, 1], [np.inf, 12345.678], [np.nan, -1e30]):
        add(np.array(values, dtype), "not finite")
    for values in ([99999999, 1e5], [1e8, 1e6], [1e-4, 1e-2], [9.9e-5, 1e-2], [0.00012345678912, 0.1], [1.123456789, 0.987654321], [0.1 + 0.2, 3], [1 / 512, 3 / 512], [2.5, 3e-9, -0.5], [1 / 1024, 1e4], [2097152.25, 2097153.75]):
        add(np.array(values, dtype), "at the borders")
    add(pattern(1001).astype(dtype), "abridged")
    add(pattern((8, 130)).astype(dtype), "abridged matrix")
    add(pattern((8, 7, 18)).astype(dtype), "abridged cube")
    add(pattern((6, 4, 60)).astype(dtype), "abridged along its last axis only")
    add(np.array([1e-300, 1e300, 5e-324], np.float64) if dtype == np.float64 else np.array([1e-40, 1e38], dtype), "extremes")
add(pattern(1000).astype(np.int32), "just not abridged")
add(rng.integers(-500, 500, (3, 30)).astype(np.int32), "integers")
add(np.array([-(2**31), 2**31 - 1, 0], np.int32), "the largest integers")
add(pattern((30, 40)).astype(np.int32), "abridged integers")
add(rng.integers(0, 2, (4, 5)).astype(bool), "truth values")
add(np.array([-0.0, 1e-9, 1e9]), "minus zero in powers of ten")

path = pathlib.Path(__file__).parents[1] / "src" / "fixtures" / "numpy-print.json"
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
print(len(cases), "cases,", path.stat().st_size, "bytes, NumPy", np.__version__)
