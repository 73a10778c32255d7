import type { Kind } from '../options/index.ts'
import { catalog, choice, integer, kind, number } from '../options/index.ts'
import type { Schedule } from '../types.ts'
import { flow } from './flow.ts'
import { edm, ve, veTimes } from './ve.ts'
import { vpCosine, vpLinear } from './vp.ts'
import { vpContinuous } from './vp-continuous.ts'

const T = integer('number of discrete steps', { default: 1000, min: 1 })
const sigmaMax = number('σ of the noisiest time, in units of the data', { default: 80, above: 0 })

/** The options that have a value. */
function given<O extends object>(options: O): { [K in keyof O]?: Exclude<O[K], undefined> }
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** The schedules known by name: `madeFrom(schedules, 've:sigmaMax=20')`. */
export const schedules = catalog<Kind<Schedule>>('schedule', [
  kind(
    {
      name: 'vp-linear',
      summary: 'variance preserving, β linear in the index (DDPM)',
      options: {
        T,
        betaMin: number('β of index 0', { above: 0, below: 1, otherwise: '0.1/T' }),
        betaMax: number('β of index T−1', { above: 0, below: 1, otherwise: '20/T' }),
      },
    },
    (options) => vpLinear(given(options)),
  ),
  kind(
    {
      name: 'vp-cosine',
      summary: 'variance preserving, ᾱ a squared cosine (Improved DDPM)',
      options: {
        T,
        s: number('offset that keeps the first β from vanishing', { default: 0.008, min: 0 }),
        maxBeta: number('upper limit of each β', { default: 0.999, above: 0, below: 1 }),
      },
    },
    vpCosine,
  ),
  kind(
    {
      name: 'vp-continuous',
      summary: 'variance preserving, β linear in t from 0 to 1 (score SDE)',
      options: {
        betaMin: number('β at t = 0', { default: 0.1, above: 0 }),
        betaMax: number('β at t = 1', { default: 20, above: 0 }),
      },
    },
    vpContinuous,
  ),
  kind(
    {
      name: 've',
      summary: 'variance exploding',
      options: { sigmaMax, time: choice('what t is: σ or σ²', veTimes) },
    },
    ve,
  ),
  kind({ name: 'edm', summary: 'variance exploding, σ = t (EDM)', options: { sigmaMax } }, edm),
  kind(
    {
      name: 'flow',
      summary: 'the straight path α = 1 − t, σ = t (flow matching)',
      options: { noisiest: number('the time to start at', { default: 1, above: 0, max: 1 }) },
    },
    flow,
  ),
])
