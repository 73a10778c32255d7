import type { Preset } from '../preset.ts'

/** The authors' configurations; both are the same but for the network. */
export const gibbsPresets: readonly Preset[] = [
  {
    name: 'ffhq-motion',
    operator: 'blind-blur:size=65,kernel=motion,length=33',
    noise: 'gaussian:0.04',
    settings: {
      steps: 100,
      etaA: 0,
      etaB: 0.9,
      etaC: 0.8,
      etaD: 0.8,
      share: 0.7,
      repeats: 3,
      langevinSteps: 500,
      stepSize: 1e-11,
      laplace: 1000,
    },
    from:
      'repository sony/gibbsddrm: ffhq_256_deblur.yml (kernels 64×64, ours have an odd size; lr_Hupdate 1e-11 and ' +
      'reg_H_gamma 1000 as they are, for 3×256×256 numbers). sigma_0 0.02 is in [0, 1], 0.04 in [−1, 1]',
  },
]
