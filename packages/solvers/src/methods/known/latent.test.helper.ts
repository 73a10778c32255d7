import type { Known } from './entry.test.helper.ts'

/** Methods on latents. */
export const latent: Readonly<Record<string, Known>> = {
  'latent-dps': {
    defaults: {
      steps: [1000, "PSLD's repository: scripts/inverse.py, ddim_steps"],
      spacing: ['ddim', "PSLD's repository: the uniform grid of latent diffusion"],
      scale: [undefined, "1 at 1000 steps: PSLD's repository, scripts/inverse.py, omega"],
      scaleSteps: [undefined, 'ours'],
      eta: [0, "PSLD's repository: scripts/inverse.py, ddim_eta"],
    },
    draws: { start: ['start'], step: ['step'], options: { eta: 1, scale: 0.01 } },
    small: { scale: 0.1, eta: 0.5 },
  },
}
