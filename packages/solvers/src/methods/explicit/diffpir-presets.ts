import type { Preset } from '../preset.ts'

const units = '; lambda is a quarter of theirs, since their sigma_n is for [0, 1], half of ours'
const repository = 'github.com/yuanzhi-zhu/DiffPIR '

/** DiffPIR's settings for tasks on images of 256². */
export const diffpirPresets: readonly Preset[] = [
  {
    name: 'ffhq-deblur',
    operator: 'blur:size=61,std=3,boundary=circular',
    noise: 'gaussian:0.1',
    settings: { steps: 100, spacing: 'diffpir', lambda: 1.75, zeta: 0.3, data: 'proximal' },
    from: `${repository}main_ddpir_deblur.py as it runs: lambda_ 7, zeta 0.3, iter_num 100, 12.75/255${units}`,
  },
  {
    name: 'ffhq-deblur-config',
    operator: 'blur:size=61,std=3,boundary=circular',
    noise: 'gaussian:0.1',
    settings: { steps: 100, spacing: 'diffpir', lambda: 0.25, zeta: 0.1, data: 'proximal' },
    from: `${repository}configs/deblur.yaml: lambda_ 1, zeta 0.1, which the script then multiplies by 7 and 3${units}`,
  },
  {
    name: 'ffhq-sr4',
    operator: 'sr:factor=4,filter=bicubic',
    noise: 'gaussian:0.1',
    settings: { steps: 100, spacing: 'diffpir', lambda: 0.5, zeta: 0.25, data: 'proximal' },
    from: `${repository}main_ddpir_sisr.py: zeta 0.25, lambda_ from 2, the first of its sweep to 12, iter_num 100${units}`,
  },
  {
    name: 'ffhq-sr4-bicubic',
    operator: 'sr:factor=4,filter=bicubic',
    noise: 'gaussian:0.1',
    settings: {
      steps: 100,
      spacing: 'diffpir',
      lambda: 0.5,
      zeta: 0.25,
      data: 'back-projection',
      gamma: 0.01,
    },
    from: `${repository}main_ddpir_sisr.py, sr_mode cubic: gamma 1/100; else as ffhq-sr4${units}`,
  },
  {
    name: 'ffhq-gradient',
    operator: 'sr:factor=4,filter=bicubic',
    noise: 'gaussian:0.1',
    settings: { steps: 100, spacing: 'diffpir', lambda: 3.75, zeta: 0.25, data: 'gradient' },
    from: `${repository}main_ddpir_sisr.py, comment at the first order solver: zeta 0.25, lambda_ 15${units}`,
  },
  {
    name: 'imagenet-gradient',
    operator: 'sr:factor=4,filter=bicubic',
    noise: 'gaussian:0.1',
    settings: { steps: 100, spacing: 'diffpir', lambda: 8.75, zeta: 0.35, data: 'gradient' },
    from: `${repository}main_ddpir_sisr.py, comment at the first order solver: zeta 0.35, lambda_ 35${units}`,
  },
  {
    name: 'ffhq-inpaint-random',
    operator: 'inpaint:random=0.5',
    noise: 'none',
    settings: { steps: 20, spacing: 'diffpir', lambda: 0.25, zeta: 1, data: 'proximal' },
    from: `${repository}main_ddpir_inpainting.py: lambda_ 1, zeta 1, iter_num 20, mask_prob 0.5, sigma at least 0.001${units}`,
  },
  {
    name: 'ffhq-inpaint-box',
    operator: 'inpaint:box=128',
    noise: 'none',
    settings: { steps: 20, spacing: 'diffpir', lambda: 0.25, zeta: 1, data: 'proximal' },
    from: `${repository}main_ddpir_inpainting.py: lambda_ 1, zeta 1, iter_num 20, mask_len 128, sigma at least 0.001${units}`,
  },
]
