import type { Preset } from '../preset.ts'

const from = (file: string, more = '') =>
  `github.com/DPS2022/diffusion-posterior-sampling, configs/${file}_config.yaml (scale) and diffusion_config.yaml (1000 steps, clip_denoised). Their scale is ζ of the gradient of the norm, as ours; σ_y in [−1, 1], as ours. The variance of the steps is learned (learned_range).${more}`

const like = (scale: number): Preset['settings'] => ({
  steps: 1000,
  scale,
  scaleSteps: 1000,
  clip: [-1, 1],
  variance: 'learned-range',
})
const noise = 'gaussian:0.05'

/** The authors' configurations for FFHQ at 256×256. */
export const dpsPresets: readonly Preset[] = [
  {
    name: 'ffhq-sr4',
    operator: 'sr:4,filter=bicubic',
    noise,
    settings: like(0.3),
    from: from('super_resolution'),
  },
  {
    name: 'ffhq-inpaint',
    operator: 'inpaint:random=0.5',
    noise,
    settings: like(0.5),
    from: from('inpainting', ' Their share of hidden pixels is drawn between 0.3 and 0.7.'),
  },
  {
    name: 'ffhq-gaussian-blur',
    operator: 'blur:size=61,std=3,boundary=reflect',
    noise,
    settings: like(0.3),
    from: from('gaussian_deblur'),
  },
  {
    name: 'ffhq-motion-blur',
    operator: 'motion-blur:size=61,intensity=0.5,boundary=reflect',
    noise,
    settings: like(0.3),
    from: from('motion_deblur'),
  },
  {
    name: 'ffhq-nonlinear-blur',
    noise,
    settings: like(0.3),
    from: from('nonlinear_deblur', ' Their operator is a network (bkse), which is not here.'),
  },
  {
    name: 'ffhq-phase-retrieval',
    operator: 'phase-retrieval:2',
    noise,
    settings: like(1),
    from: from('phase_retrieval'),
  },
]
