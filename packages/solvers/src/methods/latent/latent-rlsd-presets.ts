import type { Settings } from '../../options/index.ts'
import type { Preset } from '../preset.ts'

/** Numbers of a script of the authors': of 999 steps, without repulsion, but for what it says itself. */
const of = (rho: number, lambda: number, pictureRate: number, latentRate: number, more: Settings = {}) => ({
  ...{ steps: 999, particles: 4, rho, lambda, pictureRate, latentRate, gamma: 0 },
  ...more,
})
const names = 'num_steps, n_particles, rho_reg, w_t, lr_x, lr_z, gamma'
const from = (script: string): string =>
  `nzilberstein/Repulsive-score-distillation-RSD-: constrained_sampling/${script} (${names}), for faces of 512×512 and Stable Diffusion 1.5`

/** Those of the scripts of the authors' that give all of their numbers. */
export const latentRlsdPresets: readonly Preset[] = [
  {
    name: 'ffhq-random',
    operator: 'inpaint:random=0.8',
    noise: 'gaussian:0.001',
    settings: of(0.075, 0.01, 0.4, 0.8),
    from: from('solve_inverse_stable_single.sh at 2f2537b'),
  },
  {
    name: 'ffhq-half-face',
    operator: 'inpaint:box=150x100,at=75x125',
    noise: 'gaussian:0.001',
    settings: of(0.07, 0.15, 0.4, 0.8),
    from: `${from('runs/half_face.sh at c6d697b')}. The box is that of 256×256; of 512×512 it has twice the sides`,
  },
  {
    name: 'ffhq-sr8',
    operator: 'sr:8',
    noise: 'gaussian:0.001',
    settings: of(0.05, 0.01, 0.4, 0.6, { particles: 2 }),
    from: from('runs/sr.sh at c6d697b'),
  },
  {
    name: 'ffhq-free-form',
    settings: of(0.1, 0.15, 0.4, 1, { steps: 200, particles: 1 }),
    from: `${from('runs/inp_free_mask.sh at 7facd3c')}; its comments have 6 particles at 300 steps`,
  },
  {
    name: 'ffhq-hdr',
    operator: 'hdr:2',
    noise: 'gaussian:0.001',
    settings: of(0.2, 0.008, 0.1, 0.2, { particles: 1 }),
    from: from('runs/hdr.sh at 7facd3c'),
  },
  {
    name: 'ffhq-phase',
    operator: 'phase-retrieval:2',
    noise: 'gaussian:0.001',
    settings: of(0.07, 0.02, 0.6, 0.6, { particles: 6 }),
    from: `${from('runs/phase_retrieval.sh at c6d697b')}. Its gamma is 30, but with dino_flag False, as it is run, no particle repels another`,
  },
]
