import type { Preset } from '../preset.ts'

const code = 'LituRout/PSLD: stable-diffusion'
const defaults = 'scripts/inverse.py: ddim_steps 1000, ddim_eta 0'
const ldm = { steps: 1000, omega: 0.1, gamma: 0.1, eta: 0 }

/** Those of the authors' scripts, of which those named ldm are for a latent diffusion model of faces. */
export const psldPresets: readonly Preset[] = [
  {
    name: 'ldm-ffhq-sr4',
    operator: 'sr:4',
    noise: 'gaussian:0.05',
    settings: { ...ldm, omega: 0.9 },
    from: `${code}/run/inverse_sr_ldm.sh: gamma 1e-1, omega 9e-1; ${defaults}. Theirs is bicubic`,
  },
  {
    name: 'ldm-ffhq-random',
    operator: 'inpaint:random=0.5',
    noise: 'gaussian:0.05',
    settings: ldm,
    from: `${code}/run/inverse_rip_ldm.sh: gamma 1e-1, omega 1e-1; ${defaults}. Theirs hides 30 to 70 % of the pixels`,
  },
  {
    name: 'ldm-ffhq-box',
    operator: 'inpaint:box=128',
    noise: 'gaussian:0.05',
    settings: ldm,
    from: `${code}/run/inverse_bip_ldm.sh: gamma 1e-1, omega 1e-1; ${defaults}`,
  },
  {
    name: 'ldm-ffhq-blur',
    operator: 'blur:size=61,std=3',
    noise: 'gaussian:0.05',
    settings: ldm,
    from: `${code}/run/inverse_gb_ldm.sh: gamma 1e-1, omega 1e-1; ${defaults}. Their transpose of the blur is the identity`,
  },
  {
    name: 'sd-box',
    operator: 'inpaint:box=128',
    noise: 'gaussian:0.05',
    settings: { ...ldm, gamma: 0.01 },
    from: `${code}/run/inverse_bip.sh: gamma 1e-2, omega 1e-1; ${defaults}. Theirs is a box of 256 in pictures of 512²`,
  },
  {
    name: 'sd-200',
    noise: 'gaussian:0.05',
    settings: { steps: 200, omega: 1, gamma: 0.5, eta: 0 },
    from: 'TReg-inverse/TReg: solver/latent_diffusion.py, LDPSSolver: omega 1, gamma 0.5, eta 0; configs/solver/psld.yaml: 200 steps',
  },
]
