import type { Preset } from '../preset.ts'

const from = 'github.com/NVlabs/RED-diff, '

/** The authors' settings. */
export const redDiffPresets: readonly Preset[] = [
  {
    name: 'imagenet-fast',
    noise: 'none',
    settings: { steps: 100, learningRate: 0.5, lambda: 0.25, spacing: 'ddim' },
    from: `${from}README.md: the example of a run (inpainting, num_steps 100, lr 0.5, lambda 0.25, sigma_y 0).`,
  },
  {
    name: 'imagenet',
    noise: 'none',
    settings: { steps: 50, learningRate: 0.1, lambda: 0.25, spacing: 'ddim' },
    from: `${from}_configs/algo/reddiff.yaml (lr 0.1, grad_term_weight 0.25, linear, sigma_x0 0) and _configs/exp/default.yaml (50 steps).`,
  },
  {
    name: 'inversebench',
    settings: {
      steps: 1000,
      learningRate: 0.02,
      lambda: 0.25,
      dataWeight: 2,
      weighting: 'const',
      reduction: 'sum',
      init: 'zeros',
    },
    from: 'github.com/devzhk/InverseBench, algo/reddiff.py (sums, a constant λ, μ₀ = 0) and configs/algorithm/reddiff.yaml for images (base_lr 2e-2, base_lambda 0.25, observation_weight 1, num_steps 1000). Its data term is ‖y − A(μ)‖² without ½: v = 2.',
  },
]
