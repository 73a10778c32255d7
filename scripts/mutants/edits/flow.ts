import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const time = of('schedules/flow-time.ts', 'priors/flow-view')
const view = of('samplers/flow-velocity.ts', 'priors/flow-view')
const moved = of('priors/with-schedule.ts', 'priors/network', 'priors/flow-view')
const says = of('priors/parameterisation.ts', 'priors/network', 'priors/flow-view')
const ode = of('methods/explicit/ot-ode.ts', 'methods/explicit/ot-ode')
const pnp = of('methods/explicit/pnp-flow.ts', 'methods/explicit/pnp-flow')
const dps = of('methods/explicit/flow-dps.ts', 'methods/explicit/flow-dps')
const chef = of('methods/explicit/flow-chef.ts', 'methods/explicit/flow-chef')
const descent = of('guidance/data-descent.ts', 'methods/explicit/flow-dps', 'methods/explicit/flow-chef')
const dFlow = of('methods/csgm/d-flow.ts', 'methods/csgm/d-flow')
const generator = of('inner/flow-generator.ts', 'methods/csgm/d-flow')
const first = of('linalg/first-estimate.ts', 'methods/explicit/ot-ode', 'methods/csgm/d-flow')
const tableau = of('inner/runge-kutta.ts', 'inner/runge-kutta')
const schedule = editsOf('packages/runs/src')('priors/schedule.ts', 'priors/schedule')

const path: readonly Edit[] = [
  time(
    'flow-time-vp',
    'return sigma / (schedule.alpha(t) + sigma)',
    'return sigma / Math.hypot(schedule.alpha(t), sigma)',
    'τ of a variance-preserving path, not of a straight one',
  ),
  time('flow-time-inverse', 'tau / (1 - tau)', 'tau / (1 + tau)', 'the level of τ is not its inverse'),
  time(
    'flow-grid-least',
    'Math.min(first, Math.max(last, leastFlowTime(schedule)))',
    'last',
    'the prior is asked below its index 0',
  ),
  time(
    'flow-grid-from',
    '(tau * from) / first',
    'tau * from',
    'part of a grid begins below where it should, unless the whole begins at 1',
  ),
  time('flow-shift', '(1 + (shift - 1) * tau)', '(1 + shift * tau)', 'the shift moves the noisiest time'),
  view('flow-velocity-sign', '.div(tau)', '.div(-tau)', 'the velocity from data to noise'),
  view('flow-velocity-time', 'const tau = 1 - t', 'const tau = t', 't for 1 − t'),
  view(
    'flow-velocity-scale',
    'x.mul(flowScale(schedule, own))',
    'x',
    'the prior sees the point of the path, not x_t',
  ),
  moved(
    'flow-pure-noise',
    'level === Infinity',
    'level === -1',
    'where nothing is left of x₀ the factor is 0/0',
  ),
  says(
    'flow-velocity-label',
    "predicts === 'velocity' ? alpha / (alpha + sigma) : t",
    "predicts === 'velocity' ? sigma / (alpha + sigma) : t",
    'a network of the velocity is told the time from data to noise',
  ),
  says(
    'flow-velocity-target',
    'target: { x0: 1, noise: -1 }',
    'target: { x0: -1, noise: 1 }',
    'a network of the velocity is to say its negative',
  ),
  schedule(
    'flow-schedule-noise',
    'flow({ noisiest: 0.999 })',
    'flow()',
    'a network of a flow begins at an infinite level',
  ),
]

const methods: readonly Edit[] = [
  ode('ot-ode-gamma', '(tau - next) * tau * weight', '(tau - next) * tau', 'γ_t is left out'),
  ode('ot-ode-ratio', '/ (1 - tau)),', '/ tau),', '(1 − t)/t upside down, but for τ²'),
  ode(
    'ot-ode-scale-t',
    'flowScale(schedule, look.t) * flowScale(schedule, s)',
    'flowScale(schedule, s) * flowScale(schedule, s)',
    'the gradient is not taken from x_t to the path',
  ),
  ode('ot-ode-next', '(tau - next) *', 'tau *', 'each step is as long as all that are left'),
  ode('ot-ode-start', 'schedule.alpha(start)', '1', 'Aᵀy is not scaled to the start'),
  ode('ot-ode-from', '1 - startTime)', 'startTime)', 'it starts at τ = t₀'),
  ode('ot-ode-root', 'Math.sqrt((1 - tau) /', '((1 - tau) /', 'γ_t without its root'),
  ode(
    'ot-ode-variance',
    'pseudoInverseLikelihood(problem, options)',
    'pseudoInverseLikelihood(problem)',
    's² is 1',
  ),
  pnp(
    'pnp-flow-level',
    'flowTime(schedule, t) ** exponent',
    '(1 - flowTime(schedule, t)) ** exponent',
    'γ_t = c·t^a',
  ),
  pnp('pnp-flow-mean', 'sum.div(draws)', 'sum.div(draws + 1)', 'a sum of K over K + 1'),
  pnp(
    'pnp-flow-one-noise',
    'draw(i, `noise',
    'draw(0, `noise',
    'the draws of D_t are those of the first step',
  ),
  pnp('pnp-flow-sign', 'const z = x.add(', 'const z = x.sub(', 'up the data term'),
  pnp(
    'pnp-flow-absolute',
    "loss === 'absolute' ? sign(r) : r",
    "loss === 'absolute' ? r : sign(r)",
    'the data terms are exchanged',
  ),
  pnp(
    'pnp-flow-unscaled',
    'combine([alpha, z], [sigma,',
    'combine([1, z], [sigma,',
    'z is not scaled to x_t',
  ),
  dps(
    'flow-dps-blend',
    'x0hat.mul(1 - tau).add(x.mul(tau))',
    'x0hat.mul(tau).add(x.mul(1 - tau))',
    'the correction grows as τ falls',
  ),
  dps(
    'flow-dps-fresh',
    'Math.sqrt(1 - flowTime(at.schedule, at.s))',
    '1 - flowTime(at.schedule, at.s)',
    'the noise has not the variance 1',
  ),
  dps(
    'flow-dps-fresh-time',
    'flowTime(at.schedule, at.s)',
    'flowTime(at.schedule, at.t)',
    'the fresh noise is that of τ_t',
  ),
  dps('flow-dps-noise', 'keepsNoise: true,', 'keepsNoise: false,', 'x̂₁ is worked out again from x̃₀'),
  dps(
    'flow-dps-inner',
    'for (let k = 1; k < innerSteps; k++)',
    'for (let k = 0; k < innerSteps; k++)',
    'K + 1 steps down ℓ',
  ),
  dps(
    'flow-dps-shift',
    'top * shiftedFlow(tau / top, shift)',
    'top * shiftedFlow(tau / top, 1)',
    'the times are not shifted',
  ),
  dps(
    'flow-dps-start',
    'top * shiftedFlow(tau / top, shift)',
    'shiftedFlow(tau, shift)',
    'times beyond the noisiest, all taken for it',
  ),
  chef(
    'flow-chef-unscaled',
    'run.options.scale * flowScale(schedule, s)',
    'run.options.scale',
    'the shift is in the units of the path',
  ),
  chef('flow-chef-last', 's === schedule.clean ? 0 :', 's === -7 ? 0 :', 'the last step is guided'),
  chef('flow-chef-level', 'flowScale(schedule, s)', 'flowScale(schedule, s) ** 2', 'the unit of x_s twice'),
  chef('flow-chef-noise', 'ddim(0)', 'ddim(1)', 'an ancestral step'),
  chef('flow-chef-sign', 'downhill.mul(length)', 'downhill.mul(-length)', 'uphill'),
  descent('data-descent-mean', '2 / sampleSize(r)', '1 / sampleSize(r)', 'half of the mean of squares'),
  descent('data-descent-norm', 'unitOf(r, norm)', 'r', 'half of the squared norm for the norm'),
  descent('data-descent-batch', 'unitOf(r, norm)', 'unitOf(r, norm.sum())', 'the norm of the batch'),
  descent('data-descent-into', 'into(y), x)', 'y, x)', 'y is compared with Aᵀ(A x)'),
  descent(
    'data-descent-residual',
    "residual: compare === 'measurement' ? norm : residualNorm(operator, y, x)",
    'residual: norm',
    'the residual is that of another space',
  ),
]

const source: readonly Edit[] = [
  dFlow(
    'd-flow-chi-sign',
    'squares.mul(0.5).sub(',
    'squares.mul(-0.5).add(',
    'log p in the place of −log p, but for its gradient',
  ),
  dFlow(
    'd-flow-chi-gradient',
    'z.sub(z.div(norm.square()).mul(free))',
    'z.sub(z.div(norm).mul(free))',
    'the gradient of log‖z‖ is of length 1',
  ),
  dFlow('d-flow-degrees', 'sampleSize(z) - 1', 'sampleSize(z)', 'n degrees more by one'),
  dFlow(
    'd-flow-half',
    'gaussian: (z: Tensor) => ({ value: sumPerSample(z.square()).mul(0.5), gradient: z })',
    'gaussian: (z: Tensor) => ({ value: sumPerSample(z.square()), gradient: z.mul(2) })',
    '‖z‖² for ½‖z‖²',
  ),
  dFlow(
    'd-flow-lambda',
    'gradient: point.gradient.add(gradient.mul(lambda))',
    'gradient: point.gradient.add(gradient)',
    'λ is not in the gradient',
  ),
  dFlow('d-flow-blend', 'Math.sqrt(1 - blend)', '(1 - blend)', 'the start has less than variance 1'),
  dFlow('d-flow-blend-root', 'mul(Math.sqrt(blend))', 'mul(blend)', 'of R⁻¹(Aᵀy) its part of variance'),
  dFlow(
    'd-flow-calls',
    'options.blend > 0 ? 2 * options.samplerSteps : 0',
    '0',
    'the way back is not counted',
  ),
  generator('flow-generator-start', 'latent.mul(top)', 'latent', 'z is not scaled to the noisiest time'),
  generator(
    'flow-generator-end',
    'midpoints(prior, 1 - top, 1, samplerSteps)',
    'midpoints(prior, 0, 1, samplerSteps)',
    'a schedule that ends before pure noise is taken beyond it',
  ),
  generator('flow-generator-back', '.div(top)', '', 'R⁻¹ is not scaled to latents'),
  generator(
    'flow-generator-least',
    'Math.min(time, latest)',
    'Math.min(time, 1)',
    'the prior is asked below its index 0',
  ),
  generator('flow-generator-from', 'x.mul(1 - least)', 'x', 'the way back starts with the whole of x₀'),
  generator(
    'flow-generator-slots',
    "slots === undefined ? 'tape' : { slots }",
    "'tape'",
    'slots are not heard of',
  ),
  first(
    'first-adjoint',
    "firstEstimate(problem, 'adjoint', 0) ??",
    "firstEstimate(problem, 'ridge', 0) ??",
    'the ridge estimate for Aᵀy',
  ),
  tableau(
    'rk-midpoint',
    'stages: [[], [1 / 2]], weights: [0, 1]',
    'stages: [[], [1]], weights: [0, 1]',
    'the slope after a whole step, at half of it',
  ),
]

export const flowEdits: readonly Edit[] = [...path, ...methods, ...source]
