import type { Preset } from '../preset.ts'

const from =
  'annegnx/PnP-Flow: scripts/script_test.sh (celeba, lr_pnp 1.0, num_samples 5, steps_pnp 100, alpha'
const task = (exponent: number) => ({ steps: 100, scale: 1, draws: 5, exponent })

/** The authors' settings for CelebA at 128×128, tuned on validation images. */
export const pnpFlowPresets: readonly Preset[] = [
  {
    name: 'celeba-denoising',
    operator: 'denoise',
    noise: 'gaussian:0.2',
    settings: task(0.8),
    from: `${from} 0.8), main.py (σ 0.2)`,
  },
  {
    name: 'celeba-deblur',
    operator: 'blur:size=61,std=1,boundary=circular',
    noise: 'gaussian:0.05',
    settings: task(0.01),
    from: `${from} 0.01), main.py (σ 0.05, a Gaussian of 1.0 and 61 taps by FFT)`,
  },
  {
    name: 'celeba-sr2',
    noise: 'gaussian:0.05',
    settings: task(0.3),
    from: `${from} 0.3), main.py (every second pixel of each axis, σ 0.05)`,
  },
  {
    name: 'celeba-box',
    operator: 'inpaint:box=40',
    noise: 'gaussian:0.05',
    settings: task(0.5),
    from: `${from} 0.5), main.py (half_size_mask 20, σ 0.05)`,
  },
  {
    name: 'celeba-random',
    operator: 'inpaint:random=0.7',
    noise: 'gaussian:0.01',
    settings: task(0.01),
    from: `${from} 0.01), main.py (p 0.7, σ 0.01)`,
  },
]
