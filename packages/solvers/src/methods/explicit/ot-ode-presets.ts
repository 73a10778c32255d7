import type { Preset } from '../preset.ts'

const from = 'annegnx/PnP-Flow: scripts/script_test.sh (celeba, steps_ode 100'

/** Settings of OT-ODE as a baseline of PnP-Flow, for CelebA at 128×128, tuned on validation images. */
export const otOdePresets: readonly Preset[] = [
  {
    name: 'celeba-denoising',
    operator: 'denoise',
    noise: 'gaussian:0.2',
    settings: { steps: 70, startTime: 0.3, gamma: 'root' },
    from: `${from}, start_time 0.3, gamma_t), main.py (σ 0.2)`,
  },
  {
    name: 'celeba-deblur',
    operator: 'blur:size=61,std=1,boundary=circular',
    noise: 'gaussian:0.05',
    settings: { steps: 60, startTime: 0.4, gamma: 'root' },
    from: `${from}, start_time 0.4, gamma_t), main.py (σ 0.05, a Gaussian of 1.0 and 61 taps by FFT)`,
  },
  {
    name: 'celeba-sr2',
    noise: 'gaussian:0.05',
    settings: { steps: 90, startTime: 0.1, gamma: 'constant' },
    from: `${from}, start_time 0.1, constant), main.py (every second pixel of each axis, σ 0.05)`,
  },
  {
    name: 'celeba-box',
    operator: 'inpaint:box=40',
    noise: 'gaussian:0.05',
    settings: { steps: 90, startTime: 0.1, gamma: 'root' },
    from: `${from}, start_time 0.1, gamma_t), main.py (half_size_mask 20, σ 0.05)`,
  },
  {
    name: 'celeba-random',
    operator: 'inpaint:random=0.7',
    noise: 'gaussian:0.01',
    settings: { steps: 90, startTime: 0.1, gamma: 'constant' },
    from: `${from}, start_time 0.1, constant), main.py (p 0.7, σ 0.01)`,
  },
]
