import type { Preset } from '../preset.ts'

const repository = 'github.com/zhangbingliang2019/DAPS configs/'
const grids = 'edm_daps.yaml: 200 levels from 100 to 0.1, 5 steps of the flow'
const halved = 'tau 0.01 in a gradient of ‖·‖²/τ² is 0.01/√2 here, where it is that of ‖·‖²/(2τ²)'

/** The tasks: name, file, operator of ours, and of each chain the steps, rate, part left of it, and momentum. */
type Chain = readonly [innerSteps: number, learningRate: number, decay: number, momentum?: number]
const tasks: readonly (readonly [string, string, string | undefined, Chain, Chain])[] = [
  ['sr4', 'down_sampling', 'sr:4,filter=bicubic', [100, 1e-4, 0.01], [12, 1.04e-4, 0.012, 0.9]],
  [
    'deblur',
    'gaussian_blur',
    'blur:size=61,std=3,boundary=reflect',
    [100, 1e-4, 0.01],
    [82, 4.04e-5, 0.011, 0.1],
  ],
  [
    'motion-deblur',
    'motion_blur',
    'motion-blur:size=61,intensity=0.5,boundary=reflect',
    [100, 5e-5, 0.01],
    [96, 3.69e-5, 0.01, 0.11],
  ],
  ['inpaint-box', 'inpainting', 'inpaint:box=128', [100, 5e-5, 0.01], [84, 1.15e-5, 0.014, 0.003]],
  ['inpaint-random', 'inpainting_rand', 'inpaint:random=0.7', [100, 1e-4, 0.01], [11, 3.56e-5, 0.015, 0.8]],
  ['phase-retrieval', 'phase_retrieval', 'phase-retrieval:2', [100, 5e-5, 0.01], [62, 9.75e-6, 0.019, 0.73]],
  ['nonlinear-deblur', 'nonlinear_blur', undefined, [200, 1e-5, 0.01], [85, 1.2e-5, 0.012, 0.46]],
  ['hdr', 'hdr', 'hdr:2', [100, 2e-5, 0.01], [100, 2.18e-5, 0.013, 0.23]],
]

/** DAPS's settings for tasks on images of 256² in [−1, 1]: by Langevin, and by its Hamiltonian chain. */
export const dapsPresets: readonly Preset[] = tasks.flatMap(([name, file, operator, ...chains]) =>
  chains.map(([innerSteps, learningRate, decay, momentum]) => ({
    name: `ffhq-${name}${momentum === undefined ? '' : '-hmc'}`,
    ...(operator !== undefined && { operator }),
    noise: 'gaussian:0.05',
    settings: {
      steps: 200,
      sigmaMax: 100,
      sigmaMin: 0.1,
      odeSteps: 5,
      innerSteps,
      learningRate,
      decay,
      tau: 0.01 / Math.SQRT2,
      ...(momentum !== undefined && { draw: 'hmc', momentum }),
    },
    from: `${repository}task/${file}.yaml, ${momentum === undefined ? 'pixel' : 'pixel_hmc'}, and ${grids}; ${halved}`,
  })),
)
