import type { Preset } from '../preset.ts'

type Row = readonly [
  data: string,
  task: string,
  sigma: number,
  gamma: number,
  zeta: number,
  etaTilde: number,
  step: 'constant' | 'decaying',
]

/** A line of the authors' evaluation script each; σ_y as they quote it, for [0, 1]. */
const rows: readonly Row[] = [
  ['celeba', 'sr4-bicubic', 0, 8, 0.7, 0.7, 'constant'],
  ['celeba', 'deblur-gauss', 0, 8, 1, 0.7, 'constant'],
  ['celeba', 'sr4-bicubic', 0.01, 300, 1, 1, 'constant'],
  ['celeba', 'deblur-gauss', 0.01, 11, 0.6, 1, 'constant'],
  ['celeba', 'deblur-motion', 0.01, 50, 0.5, 6, 'constant'],
  ['celeba', 'sr4-bicubic', 0.05, 10, 0.8, 0.3, 'decaying'],
  ['celeba', 'deblur-gauss', 0.05, 8, 0.5, 0.7, 'decaying'],
  ['celeba', 'deblur-motion', 0.05, 5, 0.6, 0.6, 'decaying'],
  ['celeba', 'deblur-gauss', 0.1, 5, 0.6, 0.7, 'decaying'],
  ['celeba', 'deblur-motion', 0.1, 5, 0.6, 0.6, 'decaying'],
  ['imagenet', 'sr4-bicubic', 0, 8, 0.7, 0.7, 'constant'],
  ['imagenet', 'deblur-gauss', 0, 8, 1, 0.7, 'constant'],
  ['imagenet', 'sr4-bicubic', 0.05, 6, 1, 0.3, 'decaying'],
  ['imagenet', 'deblur-gauss', 0.05, 10, 0.4, 0.7, 'decaying'],
  ['imagenet', 'deblur-motion', 0.05, 6, 0.6, 0.7, 'decaying'],
  ['imagenet', 'deblur-motion', 0.1, 3, 0.6, 0.4, 'decaying'],
]

/** The same for IDPG, which has no ζ. */
const idpgRows: readonly (readonly [
  data: string,
  task: string,
  sigma: number,
  gamma: number,
  etaTilde: number,
])[] = [
  ['celeba', 'sr4-bicubic', 0, 8, 0.7],
  ['celeba', 'deblur-gauss', 0, 8, 0.7],
  ['celeba', 'sr4-bicubic', 0.01, 300, 0],
  ['celeba', 'deblur-gauss', 0.01, 100, 7],
  ['celeba', 'deblur-motion', 0.01, 90, 7],
  ['celeba', 'sr4-bicubic', 0.05, 16, 0.2],
  ['celeba', 'deblur-gauss', 0.05, 8, 0.6],
  ['celeba', 'deblur-motion', 0.05, 12, 0.9],
  ['celeba', 'deblur-gauss', 0.1, 6, 0.6],
  ['celeba', 'deblur-motion', 0.1, 14, 1],
  ['imagenet', 'sr4-bicubic', 0, 8, 0.7],
  ['imagenet', 'deblur-gauss', 0, 8, 0.7],
  ['imagenet', 'sr4-bicubic', 0.05, 30, 0.2],
  ['imagenet', 'deblur-gauss', 0.05, 11, 0.6],
  ['imagenet', 'deblur-motion', 0.05, 14, 0.8],
  ['imagenet', 'deblur-motion', 0.1, 11, 0.6],
]

/** Its Gaussian has 5 taps of standard deviation 10, in a circle. */
const operators: Readonly<Record<string, string>> = {
  'sr4-bicubic': 'sr:factor=4,filter=bicubic',
  'deblur-gauss': 'blur:size=5,std=10,boundary=circular',
  'deblur-motion': 'motion-blur:size=61,intensity=0.5',
}

/** What the lines have in common. */
const line = (data: string, task: string, sigma: number, script: string) => ({
  name: `${data}-${task}-${sigma}`,
  ...(operators[task] === undefined ? {} : { operator: operators[task] }),
  noise: sigma === 0 ? 'none' : `gaussian:${2 * sigma}`,
  from:
    `github.com/tirer-lab/DDPG ${script} (step_size_mode 0 is constant, 1 decaying) and main.py; T_sampling ` +
    '100 in configs; sigma_y for [0, 1], which guided_diffusion/diffusion.py doubles before it is used',
})

/** DDPG's and IDPG's settings for tasks on images of 256². */
export const ddpgPresets: readonly Preset[] = [
  ...rows.map(([data, task, sigma, gamma, zeta, etaTilde, step]) => ({
    ...line(data, task, sigma, 'evaluation_DDPG.sh'),
    settings: { steps: 100, spacing: 'ddim', gamma, zeta, etaTilde, lsScale: 1, step },
  })),
  ...idpgRows.map(([data, task, sigma, gamma, etaTilde]) => {
    const shared = line(data, task, sigma, 'evaluation_IDPG.sh (inject_noise 0)')
    const settings = {
      steps: 100,
      spacing: 'ddim',
      gamma,
      etaTilde,
      lsScale: 1,
      step: 'constant',
      idpg: true,
    }
    return { ...shared, name: `idpg-${shared.name}`, settings }
  }),
]
