import type { Known } from './entry.test.helper.ts'

const code = 'devzhk/enkg-pytorch'

/** For operators that can only be run. */
export const blackBoxes: Readonly<Record<string, Known>> = {
  enkg: {
    defaults: {
      steps: [80, `${code}: configs/algorithm/enkg.yaml`],
      spacing: ['karras', 'the same: rho 7'],
      particles: [1024, 'the same, black holes'],
      updates: [1, 'the same, black holes'],
      scale: [3.5, 'the same, black holes'],
      leastScale: [0.001, 'the same: lr_min_ratio'],
      before: [0.1, 'the same: threshold_start'],
      after: [0.1, 'the same: threshold_end'],
      odeSteps: [20, `${code}: algo/enkg.py`],
      clip: [undefined, 'ours'],
    },
    draws: { start: ['start'], step: [], options: { particles: 3 } },
    small: { particles: 6, odeSteps: 3 },
    exact: { particles: 32 },
    lighter: { particles: 4 },
    other: { odeSteps: 2 },
  },
  scg: {
    defaults: {
      steps: [1000, `${code}: configs/algorithm/scg.yaml`],
      spacing: ['guided', 'ours: at 1000 steps all of them'],
      candidates: [512, 'the same file'],
      from: [0.25, 'the same: threshold'],
      eta: [1, 'the same: the step of the SDE'],
      clip: [undefined, 'ours'],
    },
    draws: { start: ['start'], step: ['step'], options: { candidates: 3 } },
    small: { candidates: 4 },
    exact: { steps: 200, candidates: 16 },
    lighter: { candidates: 4 },
  },
  dpg: {
    defaults: {
      steps: [1000, `${code}: configs/algorithm/dpg.yaml`],
      spacing: ['guided', 'ours: at 1000 steps all of them'],
      samples: [5000, 'the same file: num_mc_samples'],
      scale: [200, 'the same: guidance_scale'],
      momentum: [0.1, `${code}: algo/dpg.py, beta`],
      leastRadius: [0, 'the same: rmin'],
      adds: ['score', 'the same: score + xt_grad·scale'],
      eta: [1, 'the same: sde'],
      clip: [undefined, 'ours'],
    },
    draws: { start: ['start'], step: ['step', 'points'], options: { samples: 4 } },
    small: { samples: 8, scale: 2 },
    exact: { steps: 200, samples: 64, scale: 2 },
    lighter: { samples: 8, scale: 2 },
  },
  'dps-gsg': {
    defaults: {
      steps: [1000, `${code}: configs/algorithm/dps_gsg.yaml`],
      spacing: ['guided', 'ours: at 1000 steps all of them'],
      queries: [1024, 'the same: num_queries'],
      scheme: ['central', 'the same: is_central'],
      mu: [0.01, 'the same'],
      scale: [0.01, 'the same: guidance_scale'],
      scaleSteps: [undefined, 'ours'],
      eta: [1, 'the same: sde'],
      clip: [undefined, 'ours'],
    },
    draws: { start: ['start'], step: ['step', 'directions'], options: { queries: 8 } },
    small: { queries: 12, scale: 0.1 },
    exact: { queries: 32, scale: 0.1 },
    lighter: { queries: 8, scale: 0.3 },
  },
}
