import { choice, integer, number } from '../options/index.ts'
import { particleOptions } from './particle-options.ts'

/** The options of a weighted diffusion, with a method's own defaults for its particles, the part c of the guidance and γ. */
export const weightedOptions = (particles: number, c: number, gamma = 1) => ({
  ...particleOptions(particles, 'systematic', 0.5),
  c: number(
    'c, what the drift has of the guidance: 0 nothing, 0.5 half, so that no Laplacian is needed, 1 all',
    {
      default: c,
      min: 0,
      max: 1,
    },
  ),
  anneal: choice(
    'how β rises to 1: level by ς against σ_y, linear in the steps, auto: level where there is a σ_y',
    ['auto', 'level', 'linear'],
  ),
  gamma: number('γ of level, β = σ_y²/(σ_y² + γ²·gain·ς²); 0 for β = 1', { default: gamma, min: 0 }),
  guidance: choice(
    'the guidance at the begin of a step or at its end; auto: at its end where that has a closed form',
    ['auto', 'explicit', 'implicit'],
  ),
  weigh: choice('weights by the potential of continuous time, or by the ratio of what steps draw of', [
    'potential',
    'path',
  ]),
  trace: choice(
    'Laplacians: in closed form where there is one, else by probes (auto); by probes; exact, by all n directions',
    ['auto', 'exact', 'hutchinson'],
  ),
  probes: integer('probes of a Laplacian for each particle', { default: 1, min: 1 }),
})
