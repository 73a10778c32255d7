"""What scikit-image makes of the noisy photographs that `npm run docs -- --photos-noisy DIR` writes: docs/photos/peers.json.

    python scripts/docs/photos_peers.py DIR

Total variation with the weight that is best for the photograph (which nobody knows who has no truth), wavelets by
BayesShrink and by VisuShrink with σ known, the better of the two, non-local means with σ known and the h that is best.
PSNR of the result within [0, 1], in dB.
"""
import hashlib
import json
import os
import sys

import numpy as np
import skimage
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, denoise_wavelet

here = os.path.dirname(os.path.abspath(__file__))
folder = sys.argv[1]


def psnr(x, truth):
    return float(-10 * np.log10(np.mean((np.clip(x, 0, 1) - truth) ** 2)))


def best(results):
    setting, value = max(results, key=lambda r: r[1])
    return {"psnr": round(value, 3), "setting": setting}


out = {"skimage": skimage.__version__, "photographs": {}}
for name in sorted({f.split("-")[0] for f in os.listdir(folder) if f.endswith("-truth.npy")}):
    truth = np.load(os.path.join(folder, f"{name}-truth.npy")).astype(np.float64)
    axis = None if truth.ndim == 2 else -1
    rows = {}
    for level in (15, 25, 50):
        path = os.path.join(folder, f"{name}-{level}.npy")
        noisy, sigma = np.load(path), level / 255
        tv = [(f"weight={w:g}", denoise_tv_chambolle(noisy, weight=w, channel_axis=axis, max_num_iter=300))
              for w in np.round(np.linspace(0.4, 1.8, 8) * sigma, 4)]
        wavelet = [(f"{method}", denoise_wavelet(
            noisy, sigma=sigma, method=method, mode="soft", rescale_sigma=True, channel_axis=axis,
            convert2ycbcr=axis is not None)) for method in ("BayesShrink", "VisuShrink")]
        nlm = [(f"h={h:g}σ", denoise_nl_means(
            noisy, h=h * sigma, sigma=sigma, fast_mode=True, patch_size=5, patch_distance=6, channel_axis=axis))
            for h in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)]
        rows[level] = {
            "sha256": hashlib.sha256(np.ascontiguousarray(noisy).tobytes()).hexdigest(),
            "noisy": round(psnr(noisy, truth), 3),
            "tv": best([(s, psnr(x, truth)) for s, x in tv]),
            "wavelet": best([(s, psnr(x, truth)) for s, x in wavelet]),
            "nlm": best([(s, psnr(x, truth)) for s, x in nlm]),
        }
        print(name, level, {k: v["psnr"] for k, v in rows[level].items() if isinstance(v, dict)}, flush=True)
    out["photographs"][name] = rows
with open(os.path.join(here, "../../docs/photos/peers.json"), "w") as file:
    json.dump(out, file, indent=2)
    file.write("\n")
