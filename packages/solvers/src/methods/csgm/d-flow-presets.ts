import type { Preset } from '../preset.ts'

const from =
  'annegnx/PnP-Flow: scripts/script_test.sh (celeba, lmbda 0.001, alpha 0.1; LBFGS_iter 20, of at most 25 evaluations each'
const task = (calls: number) => ({ steps: 25 * calls, lambda: 0.001, blend: 0.1, samplerSteps: 5 })

/** Settings of D-Flow as a baseline of PnP-Flow, for CelebA at 128×128; its penalty has the other sign there. */
export const dFlowPresets: readonly Preset[] = [
  {
    name: 'celeba-denoising',
    operator: 'denoise',
    noise: 'gaussian:0.2',
    settings: task(3),
    from: `${from}, max_iter 3), main.py (σ 0.2)`,
  },
  {
    name: 'celeba-deblur',
    operator: 'blur:size=61,std=1,boundary=circular',
    noise: 'gaussian:0.05',
    settings: task(7),
    from: `${from}, max_iter 7), main.py (σ 0.05, a Gaussian of 1.0 and 61 taps by FFT)`,
  },
  {
    name: 'celeba-sr2',
    noise: 'gaussian:0.05',
    settings: task(10),
    from: `${from}, max_iter 10), main.py (every second pixel of each axis, σ 0.05)`,
  },
  {
    name: 'celeba-box',
    operator: 'inpaint:box=40',
    noise: 'gaussian:0.05',
    settings: task(9),
    from: `${from}, max_iter 9), main.py (half_size_mask 20, σ 0.05)`,
  },
  {
    name: 'celeba-random',
    operator: 'inpaint:random=0.7',
    noise: 'gaussian:0.01',
    settings: task(20),
    from: `${from}, max_iter 20), main.py (p 0.7, σ 0.01)`,
  },
]
