import type { Filled, Kind } from '../options/index.ts'
import { catalog, choice, integer, kind, number } from '../options/index.ts'
import { churned } from './churn.ts'
import { dpmForms, dpmSolver } from './dpm-solver.ts'
import { euler, heun, variables } from './integrate.ts'
import type { Kernel } from './kernel.ts'
import { ddim, ddpm, renoise } from './kernel.ts'
import { annealedLangevin, predictorCorrector } from './langevin.ts'
import type { Sampler } from './sampler.ts'
import { byKernel } from './sampler.ts'
import { ddpmVariances } from './steps.ts'

const fraction = (doc: string, standard: number) => number(doc, { default: standard, min: 0, max: 1 })

const integrator = {
  variable: choice("what it steps in: σ/α, or the schedule's own time", variables),
  noise: number('λ: 0 the ODE, 1 the reverse SDE', { default: 0, min: 0 }),
}
const churns = {
  churn: number('S_churn: noise added before steps, over the whole run', { default: 0, min: 0 }),
  churnMin: number('least σ/α that is churned', { default: 0, min: 0 }),
  churnMax: number('largest σ/α that is churned', { min: 0, otherwise: 'any' }),
  churnNoise: number('standard deviation of that noise', { default: 1, min: 0 }),
}

function withChurn(
  sampler: Sampler,
  { churn, churnMin, churnMax = Infinity, churnNoise }: Filled<typeof churns>,
) {
  return churn === 0 ? sampler : churned(sampler, { churn, churnMin, churnMax, churnNoise })
}

const predictors: Readonly<Record<'ddpm' | 'ddim' | 'euler', () => Kernel>> = {
  ddpm: () => ddpm(),
  ddim: () => ddim(0),
  euler: () => euler({ noise: 1 }),
}

/** The samplers known by name: `madeFrom(samplers, 'heun:churn=40')`. */
export const samplers = catalog<Kind<Sampler>>('sampler', [
  kind(
    {
      name: 'ddpm',
      summary: 'ancestral sampling',
      options: { variance: choice('small: β̃, large: β', ddpmVariances) },
    },
    ({ variance }) => byKernel('ddpm', ddpm(variance)),
  ),
  kind(
    {
      name: 'ddim',
      summary: 'DDIM: deterministic, or partly ancestral',
      options: { eta: fraction('η: 0 deterministic, 1 ancestral', 0) },
      example: 'ddim:0.5',
      positional: 'eta',
    },
    ({ eta }) => byKernel('ddim', ddim(eta)),
  ),
  kind(
    {
      name: 'renoise',
      summary: 'x̂₀ noised again, partly with the same noise (the step of DDRM, DDNM, DiffPIR)',
      options: { fresh: fraction('part of the noise that is drawn anew', 1) },
      example: 'renoise:0.85',
      positional: 'fresh',
    },
    ({ fresh }) => byKernel('renoise', renoise(fresh)),
  ),
  kind(
    {
      name: 'euler',
      summary: "Euler's method for the ODE or the SDE",
      options: { ...integrator, ...churns },
      example: 'euler:noise=1',
    },
    ({ variable, noise, ...rest }) => withChurn(byKernel('euler', euler({ variable, noise })), rest),
  ),
  kind(
    {
      name: 'heun',
      summary: "Heun's method for the ODE or the SDE, two looks a step (EDM)",
      options: { ...integrator, ...churns },
      example: 'heun:churn=40,churnMax=50',
    },
    ({ variable, noise, ...rest }) => withChurn(heun({ variable, noise }), rest),
  ),
  kind(
    {
      name: 'dpm++2m',
      summary: 'DPM-Solver++(2M): order 2 at one look a step',
      options: { form: choice('the ODE or the SDE', dpmForms) },
      example: 'dpm++2m:form=sde',
    },
    dpmSolver,
  ),
  kind(
    {
      name: 'pc',
      summary: 'predictor–corrector: Langevin steps after each step',
      options: {
        predictor: choice('the step that is corrected', ['ddpm', 'ddim', 'euler']),
        corrections: integer('Langevin steps after each', { default: 1, min: 1 }),
        snr: number('their signal-to-noise ratio', { default: 0.16, above: 0, below: Math.SQRT1_2 }),
      },
      example: 'pc:predictor=euler,snr=0.16',
    },
    ({ predictor, ...rest }) => predictorCorrector(predictors[predictor](), rest),
  ),
  kind(
    {
      name: 'langevin',
      summary: 'annealed Langevin dynamics',
      options: {
        inner: integer('Langevin steps at each level', { default: 100, min: 1 }),
        rate: number('their length in units of σ²', { default: 0.1, above: 0, below: 1 }),
      },
      example: 'langevin:inner=5,rate=0.1',
    },
    annealedLangevin,
  ),
])
