import type { Preset } from '../preset.ts'

const from = (file: string, what: string) =>
  `github.com/Evan1578/BIPSDA configs/${file}: ${what}; 200 levels from 10 to 0.01, timestep poly-7`

/** The benchmark of ten numbers that the method was published with. */
export const rtoTuPresets: readonly Preset[] = [
  { name: 'bipsda-rto-tu', settings: { steps: 200 }, from: from('inpainting.py', 'RTO, TU') },
  {
    name: 'bipsda-rto-tc',
    settings: { steps: 200, estimate: 'covariance' },
    from: from('inpainting.py', 'RTO; experiment_runner.py: TC is cov_type exact'),
  },
  {
    name: 'bipsda-rto-ode',
    settings: { steps: 200, estimate: 'ode', odeSteps: 5, odeMin: 0.01 },
    from: from('inpainting.py', 'RTO, ODE of 5 steps to 0.01'),
  },
  {
    name: 'bipsda-lang-tu',
    settings: { steps: 200, draw: 'langevin', innerSteps: 100, learningRate: 5e-5 },
    from: from('inpainting.py', 'Lang, 100 steps, lr 5e-5, lr_min_ratio 1'),
  },
  {
    name: 'bipsda-lang-tu-x-ray',
    settings: { steps: 200, draw: 'langevin', innerSteps: 1000, learningRate: 5e-5 },
    from: from('xray_tomography.py', 'Lang, 1000 steps, lr 5e-5, lr_min_ratio 1'),
  },
]

/** The same for MAP-TU. */
export const mapTuPresets: readonly Preset[] = [
  { name: 'bipsda-map-tu', settings: { steps: 200 }, from: from('inpainting.py', 'MAP, TU, lambda 1') },
  {
    name: 'bipsda-map-ode',
    settings: { steps: 200, estimate: 'ode', odeSteps: 5, odeMin: 0.01 },
    from: from('inpainting.py', 'MAP, ODE of 5 steps to 0.01'),
  },
]
