import type { Preset } from '../preset.ts'

const from = (task: string) =>
  `github.com/bahjat-kawar/ddrm, README.md: --timesteps 20 --eta 0.85 --etaB 1 ${task}. Their σ_0 is for the range [0, 1]: σ_y = 2·σ_0 here.`

const settings = { steps: 20, eta: 0.85, etaB: 1 }

/** Tasks that the README lists beside its example lines, whose numbers are the same for all: name, operator, theirs. */
const listed: readonly (readonly [string, string, string])[] = [
  ['imagenet-deblur-gauss', 'blur:size=5,std=10,boundary=zero', 'deblur_gauss'],
  ['imagenet-inpaint', 'inpaint:random=0.5', 'inp'],
  ['imagenet-colour', 'grey', 'color'],
  ['imagenet-cs2', 'cs-walsh-hadamard:0.5', 'cs2'],
  ['imagenet-cs4', 'cs-walsh-hadamard:0.25', 'cs4'],
]

/** The authors' command lines. */
export const ddrmPresets: readonly Preset[] = [
  {
    name: 'imagenet-sr4',
    operator: 'sr:4',
    noise: 'gaussian:0.1',
    settings,
    from: from('--deg sr4 --sigma_0 0.05'),
  },
  {
    name: 'celeba-sr4',
    operator: 'sr:4',
    noise: 'gaussian:0.1',
    settings,
    from: from('--deg sr4 --sigma_0 0.05, config celeba_hq.yml'),
  },
  {
    name: 'imagenet-uniform-blur',
    operator: 'uniform-blur:size=9,boundary=zero',
    noise: 'none',
    settings: { ...settings, rankTolerance: 0.03 },
    from: `${from('--deg deblur_uni --sigma_0 0.0')} There the singular values of the blur along one axis count as 0 below 0.03 (functions/svd_replacement.py); here those of the whole, below 0.03 of the largest.`,
  },
  ...listed.map(([name, operator, task]) => ({
    name,
    operator,
    noise: 'gaussian:0.1',
    settings: task.startsWith('deblur') ? { ...settings, rankTolerance: 0.03 } : settings,
    from: `${from(`--deg ${task} --sigma_0 0.05`)} The list of tasks there has this one; the example lines, for others, have the numbers.`,
  })),
]
