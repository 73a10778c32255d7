import type { Preset } from '../preset.ts'

const from = 'github.com/berthyf96/score_prior, '

/** The authors' settings. */
export const scorePriorPresets: readonly Preset[] = [
  {
    name: 'celeba-denoising',
    operator: 'denoise',
    noise: 'gaussian:0.4',
    settings: {
      steps: 1000,
      updates: 10,
      samples: 32,
      learningRate: 2e-4,
      warmUp: 0.5,
      blocks: 32,
      annealRate: 0.002,
      annealPivot: 12000,
    },
    from:
      `${from}README.md: the example of a run on 32×32 pictures (n_iters 10000, batch_size 32, learning_rate 2e-4, noise_scale ` +
      '0.2 in [0, 1]), and configs/dpi_config.py (warmup 5000, n_flow 32). train_dpi.py anneals the data whatever anneal_data ' +
      'says: at the end of these 10000 updates its weight is 0.02, not 1.',
  },
]
