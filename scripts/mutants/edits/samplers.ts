import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const steps = of('samplers/steps.ts', 'samplers/steps', 'samplers/written-out')
const unconditional = of('samplers/unconditional.ts', 'samplers/written-out')
const sampleFrom = of('samplers/sample-from.ts', 'samplers/written-out', 'methods/randomness')
const ddimMap = of('samplers/ddim-map.ts', 'samplers/')
const reversible = of('samplers/reversible.ts', 'samplers/ddim-map')
const streams = of('run/streams.ts', 'methods/randomness', 'methods/methods')
const breath = of('run/breathe.ts', 'run/breathe')
const drive = of('run/drive.ts', 'run/finite', 'methods/methods')

const kernels = of('samplers/kernel.ts', 'samplers/')
const integrate = of('samplers/integrate.ts', 'samplers/orders', 'samplers/published')
const churn = of('samplers/churn.ts', 'samplers/published', 'samplers/orders')
const dpm = of('samplers/dpm-solver.ts', 'samplers/published')
const langevin = of('samplers/langevin.ts', 'samplers/orders')
const sampler = of('samplers/sampler.ts', 'samplers/written-out')
const samplerCatalog = of('samplers/catalog.ts', 'samplers/sample-from', 'samplers/conventions')

export const samplerEdits: readonly Edit[] = [
  steps(
    'ddim-eta-linear',
    'Math.sqrt((1 - eta) * (1 + eta))',
    'Math.sqrt(1 - eta)',
    '1 − η in place of 1 − η² in DDIM: right at 0 and 1 only',
  ),
  steps(
    'ddim-variance-at-s',
    '(eta * ratio * sigmaS) / sigmaT',
    'eta * ratio',
    "DDIM's kept noise over σ_s instead of σ_t",
  ),
  steps(
    'ddim-fresh-square',
    '(eta * sigmaS * Math.sqrt(variance)) / sigmaT',
    '(eta ** 2 * sigmaS * Math.sqrt(variance)) / sigmaT',
    "DDIM's fresh noise with η² instead of η",
  ),
  steps(
    'ddim-fresh-variance',
    '(eta * sigmaS * Math.sqrt(variance)) / sigmaT',
    '(eta * sigmaS * variance) / sigmaT',
    "DDIM's fresh noise with b instead of √b",
  ),
  steps(
    'ddim-kept-ratio',
    '(eta * ratio * sigmaS) / sigmaT',
    '(eta * sigmaS) / sigmaT',
    "DDIM's kept noise without α_t/α_s",
  ),
  steps(
    'ddpm-noise-variance',
    '? variance : small',
    '? variance : variance',
    'DDPM draws with variance β instead of β̃',
  ),
  steps(
    'ddpm-mean-weights',
    'ofX: (ratio * varianceS) / varianceT',
    'ofX: varianceS / varianceT',
    "x_t without √(1−β) in DDPM's mean",
  ),
  steps(
    'renoise-fresh',
    'sigma * Math.sqrt(1 - fresh ** 2), sigma * fresh)',
    'sigma * (1 - fresh), sigma * fresh)',
    "the kept noise of DDRM's step is 1 − η instead of √(1 − η²)",
  ),
  steps(
    'predicted-noise-alpha',
    '[-schedule.alpha(t) / schedule.sigma(t), x0hat]',
    '[-1 / schedule.sigma(t), x0hat]',
    'ε predicted from x_t − x̂₀ instead of x_t − α·x̂₀',
  ),
  sampleFrom(
    'sample-start-scale',
    'options.startScale ?? schedule.sigma(first.t)',
    'options.startScale ?? 1',
    'unconditional sampling starts at z instead of σ_T·z',
  ),
  unconditional(
    'sample-default-eta',
    'eta = 1, ...options',
    'eta = 0, ...options',
    'sampling is DDIM by default instead of DDPM',
  ),
  sampleFrom(
    'sample-default-steps',
    'steps = 100, spacing',
    'steps = 50, spacing',
    '50 steps by default instead of 100',
  ),
  sampleFrom(
    'sample-same-noise',
    'streams.normal(i, purpose, shape)',
    'streams.normal(0, purpose, shape)',
    'the same noise in every step of sampling',
  ),
  steps(
    'ddpm-large',
    "step.variance === 'large' && varianceS > 0",
    "step.variance === 'small' && varianceS > 0",
    'the two variances of DDPM change places',
    { tests: ['packages/solvers/src/samplers/published'] },
  ),
  kernels(
    'kernel-clean-draw',
    'weight > 0 && s !== schedule.clean',
    'weight > 0',
    'a draw on the way to the clean end',
  ),
  kernels(
    'noise-up-ratio',
    'combine([ratio, x], [Math.sqrt(variance), z])',
    'combine([1, x], [Math.sqrt(variance), z])',
    'time travel goes up without α_t/α_s',
  ),
  kernels(
    'noise-up-spread',
    '[Math.sqrt(variance), z])',
    '[variance, z])',
    'time travel adds b·z in place of √b·z',
  ),
  integrate(
    'drift-sde-twice',
    'const kappa = lambda * (rate',
    'const kappa = 2 * lambda * (rate',
    'drift and variance of the SDE twice too large: still the same marginals, another λ',
    { tests: ['packages/solvers/src/samplers/integrate'] },
  ),
  integrate(
    'drift-score-only',
    'byX: flow.byX + kappa,',
    'byX: flow.byX + 2 * kappa,',
    'the drift of the SDE twice too large',
  ),
  integrate(
    'drift-variance',
    'spread: 2 * kappa * sigma ** 2',
    'spread: kappa * sigma ** 2',
    'the variance of the SDE half of it',
  ),
  integrate(
    'drift-alpha',
    'byX0: slopes.alpha - alpha * rate,',
    'byX0: -alpha * rate,',
    'the velocity leaves out α′',
  ),
  integrate(
    'level-scale',
    'scale: 1 / schedule.alpha(t),',
    'scale: 1,',
    'EDM steps in x_t in place of x_t/α_t',
  ),
  integrate(
    'heun-first-spread',
    '(-step * (first.spread + second.spread)) / 2',
    '-step * first.spread',
    'Heun draws with the variance at the start of the step: order 1',
  ),
  integrate(
    'heun-no-correction',
    '[(step / 2) * second.byX0, x0ahead]',
    '[(step / 2) * second.byX0, x0hat]',
    'Heun looks once',
  ),
  integrate(
    'euler-spread-scale',
    'Math.sqrt(-step * drift.spread) / to.scale',
    'Math.sqrt(-step * drift.spread)',
    "Euler's noise is not put back into x_t",
  ),
  churn('churn-most', 'Math.SQRT2 - 1', 'Math.SQRT2', 'churn is limited to γ = √2'),
  churn('churn-per-step', 'churn / steps', 'churn', 'all the churn in every step'),
  churn(
    'churn-variance',
    '(raised - level) * (raised + level)',
    '(raised - level) * (raised - level)',
    'churn adds (t̂ − t)·z in place of √(t̂² − t²)·z',
  ),
  churn(
    'churn-signal',
    '[alpha / schedule.alpha(t), x],',
    '[1, x],',
    'churn on VP leaves the signal as it is',
    { tests: ['packages/solvers/src/samplers/orders'] },
  ),
  churn('churn-time', '{ ...at, t: up }', 'at', 'churn steps from the level before'),
  dpm(
    'dpm-extrapolation',
    'h / (2 * past)',
    'past / (2 * h)',
    'DPM-Solver++ weighs by h′/h in place of h/h′',
  ),
  dpm('dpm-last', '|| h === Infinity ? 0', '? 0', 'the last step of DPM-Solver++ extrapolates without end'),
  dpm('dpm-memory', 'memory: { x0: x0hat, h }', 'memory: { h }', 'DPM-Solver++ forgets: order 1'),
  dpm(
    'dpm-sde-spread',
    'sigma * Math.sqrt(1 - ratio ** 2)',
    'sigma * (1 - ratio)',
    'the noise of SDE-DPM-Solver++',
  ),
  langevin(
    'langevin-noise',
    'Math.sqrt(2 * rate)',
    'Math.sqrt(rate)',
    'Langevin draws √rate in place of √(2·rate)',
  ),
  langevin('langevin-score', '[rate * schedule.alpha(t), x0]', '[rate, x0]', 'the score without α'),
  langevin('corrector-length', '2 * snr ** 2)', 'snr ** 2)', 'corrections half as long'),
  langevin(
    'corrector-place',
    'langevinStep(moved, denoise(moved, s)',
    'langevinStep(moved, denoise(moved, t)',
    'corrections look at the time before the step',
  ),
  langevin(
    'anneal-scale',
    'moved.mul(schedule.alpha(s) / schedule.alpha(t))',
    'moved',
    'annealing leaves x_t in place of x_t/α_t',
  ),
  sampler(
    'kernel-look',
    'const x0hat = denoise(x, at.t)',
    'const x0hat = denoise(x, at.s)',
    'the kernel looks at the end of its step',
  ),
  sampleFrom(
    'travel-memory',
    'withMemory(up, sampler.init())',
    'withMemory(up, memory)',
    'a sampler remembers over a step up',
    {
      tests: ['packages/solvers/src/samplers/sample-from'],
    },
  ),
  sampleFrom('travel-steps', 'steps: down }', 'steps: times.length }', 'steps up count for churn', {
    tests: ['packages/solvers/src/samplers/sample-from'],
  }),
  samplerCatalog(
    'catalog-predictor',
    'euler: () => euler({ noise: 1 })',
    'euler: () => euler()',
    'pc predicts by the ODE',
  ),
  ddimMap(
    'ddim-map-start',
    'requireSamples(prior, z).mul(prior.schedule.sigma(times[0]!.t))',
    'requireSamples(prior, z)',
    'the DDIM map starts at z instead of σ_T·z',
  ),
  ddimMap(
    'ddim-map-steps',
    'const { steps = 10, spacing, strategy',
    'const { steps = 20, spacing, strategy',
    '20 DDIM steps by default instead of 10',
  ),
  reversible(
    'invert-gain',
    'const gain = 1 - (ratio * schedule.sigma(s)) / schedule.sigma(t)',
    'const gain = 1 - schedule.sigma(s) / schedule.sigma(t)',
    'the inverse of a DDIM step without α_t/α_s',
  ),
  reversible(
    'invert-iterations',
    'export const defaultIterations = 10',
    'export const defaultIterations = 2',
    'the inverse of a DDIM step iterates twice instead of ten times',
  ),
  streams(
    'stream-first-sample',
    'root.fold(firstSample + i)',
    'root.fold(i)',
    'the number of the first sample is ignored: batches repeat',
  ),
  streams(
    'stream-name',
    '.fold(step).fold(name)',
    '.fold(step)',
    'draws of a step for different purposes are the same',
  ),
  streams(
    'stream-step',
    '.fold(step).fold(name)',
    '.fold(name).fold(step)',
    'streams are folded in another order: every seeded result changes',
  ),
  streams('stream-seed', 'const root = randomKey(seed)', 'const root = randomKey(0)', 'the seed is ignored'),
  drive(
    'resume-off-by-one',
    'const first = plan.resume?.next ?? 0',
    'const first = (plan.resume?.next ?? 1) - 1',
    'a resumed run repeats the last step',
  ),
  drive(
    'drive-non-finite',
    'if (!numbers[key].every(Number.isFinite)) {',
    'if (numbers[key].every(Number.isNaN)) {',
    'a diverged run goes on',
  ),
  breath(
    'breathe-frame',
    'every === true ? frame : every',
    'every === true ? 0 : every',
    'true breathes after every step',
  ),
  breath(
    'breathe-never',
    'if (every === false) return',
    'if (every === 0) return',
    'false breathes, 0 never does',
  ),
  breath(
    'breathe-last',
    'return breathe().then(() => {\n      last = performance.now()\n    })',
    'return breathe()',
    'once 16 ms have passed it breathes after every step',
  ),
  breath(
    'breathe-promise',
    'if (setImmediate !== undefined) setImmediate(resolve)',
    'if (setImmediate !== undefined) resolve()',
    'a breath is a promise alone: timers wait',
  ),
  breath(
    'breathe-check',
    'if (!(least >= 0)) throw',
    'if (least < 0) throw',
    'NaN is taken for milliseconds',
  ),
  drive(
    'drive-breathe',
    'const breath = breather(control.breathe)',
    'const breath = breather()',
    '`breathe` is ignored',
    { tests: ['packages/solvers/src/run/breathe'] },
  ),
  drive(
    'drive-signal',
    'control.signal?.throwIfAborted()',
    'if (control.signal?.aborted === null) break',
    'a run cannot be stopped',
  ),
  drive('drive-number', 'i + 1} of', 'i} of', 'the step that diverged is named one too low'),
  steps(
    'ddim-x0',
    'schedule.alpha(s) - direction * schedule.alpha(t)',
    'schedule.alpha(s) - direction',
    'x̂₀ is weighted as if α_t were 1',
  ),
  steps('step-order', 'if (!(variance > 0))', 'if (variance > 9)', 'steps to more noise are taken'),
  drive(
    'drive-shown-step',
    'steps: times.length,',
    'steps: times.length - first,',
    'a resumed run says that there are fewer steps',
  ),
]
