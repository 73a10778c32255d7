import type { Preset } from '../preset.ts'

/** The authors' settings. */
export const efficientScorePriorPresets: readonly Preset[] = [
  {
    name: 'repository',
    settings: {
      steps: 1000,
      updates: 20,
      samples: 64,
      learningRate: 1e-5,
      warmUp: 0.25,
      blocks: 32,
      annealRate: 0.002,
      annealPivot: 12000,
    },
    from:
      'github.com/berthyf96/score_prior, configs/dpi_config.py (n_iters 20000, batch_size 64, learning_rate 1e-5, warmup 5000, ' +
      'n_flow 32, dsm_nt 1), with the annealing of the data (rate 0.002, pivot 12000) that train_dpi.py applies whatever ' +
      'anneal_data says.',
  },
]
