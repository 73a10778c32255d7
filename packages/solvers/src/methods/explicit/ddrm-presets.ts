import type { Preset } from '../preset.ts'

const from = (task: string) =>
  `github.com/bahjat-kawar/ddrm, README.md: --timesteps 20 --eta 0.85 --etaB 1 ${task}. Their σ_0 is for the range [0, 1]: σ_y = 2·σ_0 here.`

const settings = { steps: 20, eta: 0.85, etaB: 1 }

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
]
