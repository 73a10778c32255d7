import type { Preset } from '../preset.ts'

const repository = 'github.com/zihuiwu/PnP-DM-public '
const grid = '; its grid of 100 levels has 30 below 0.3, 21 below 0.1 and 11 below 0.02'
const linear = { steps: 100, rho0: 10, decay: 0.9, rhoMin: 0.3, priorSteps: 30, burnIn: 0.4 } as const
const from = `${repository}commands.sh: rho 10, rho_decay_rate 0.9, rho_min 0.3, edm_sde; pnp_edm.yaml: num_iters 100, num_burn_in_iters 40${grid}`

/** PnP-DM's settings for tasks on images of 256² in [−1, 1]. */
export const pnpDmPresets: readonly Preset[] = [
  {
    name: 'ffhq-deblur',
    operator: 'blur:size=61,std=3,boundary=circular',
    noise: 'gaussian:0.05',
    settings: linear,
    from,
  },
  {
    name: 'ffhq-motion-deblur',
    operator: 'motion-blur:size=61,intensity=0.5,boundary=circular',
    noise: 'gaussian:0.05',
    settings: linear,
    from,
  },
  { name: 'ffhq-sr4', operator: 'sr:4', noise: 'gaussian:0.05', settings: linear, from },
  {
    name: 'ffhq-deblur-ode',
    operator: 'blur:size=61,std=3,boundary=circular',
    noise: 'gaussian:0.05',
    settings: { ...linear, sampler: 'ode' },
    from: `${from}; pnp_edm.py: mode edm is the probability flow`,
  },
  {
    name: 'ffhq-phase-retrieval',
    operator: 'phase-retrieval:4',
    noise: 'gaussian:0.01',
    settings: {
      ...linear,
      rhoMin: 0.1,
      priorSteps: 21,
      data: 'langevin',
      langevinStep: 1e-4,
      langevinSteps: 100,
    },
    from: `${repository}commands.sh: rho 10, rho_decay_rate 0.9, rho_min 0.1, edm_sde, best of 4; phase_retrieval.py: gamma 1e-4, num_iters 100${grid}`,
  },
  {
    name: 'ffhq-coded-diffraction',
    noise: 'gaussian:0.05',
    settings: {
      ...linear,
      rhoMin: 0.1,
      priorSteps: 21,
      sampler: 'ode',
      data: 'langevin',
      langevinStep: 1e-3,
      langevinSteps: 100,
    },
    from: `${repository}commands.sh: rho_min 0.1, mode edm, the probability flow; coded_diffraction_patterns.py: gamma 1e-3, num_iters 100${grid}`,
  },
  {
    name: 'black-hole',
    settings: {
      steps: 200,
      rho0: 10,
      decay: 0.93,
      rhoMin: 0.02,
      priorSteps: 11,
      burnIn: 0.2,
      data: 'langevin',
      langevinStep: 1e-5,
      langevinSteps: 200,
    },
    from: `${repository}commands.sh: rho 10, rho_decay_rate 0.93, rho_min 0.02, num_iters 200; blackhole_imaging.yaml: gamma 1e-5, num_iters 200${grid}`,
  },
]
