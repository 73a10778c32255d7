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
    'variance : (variance * varianceS) / varianceT',
    'variance : variance',
    'DDPM draws with variance β instead of β̃',
  ),
  steps(
    'ddpm-mean-weights',
    '[(ratio * varianceS) / varianceT, xt]',
    '[varianceS / varianceT, xt]',
    "x_t without √(1−β) in DDPM's mean",
  ),
  steps(
    'renoise-fresh',
    'sigma * Math.sqrt(1 - fresh ** 2), sigma * fresh)',
    'sigma * (1 - fresh), sigma * fresh)',
    "the kept noise of DDRM's step is 1 − η instead of √(1 − η²)",
  ),
  steps(
    'conditional-mean-alpha',
    'schedule.sigma(t) ** 2 / schedule.alpha(t), score',
    'schedule.sigma(t) ** 2, score',
    'conditional Tweedie without 1/α',
  ),
  steps(
    'conditional-mean-factor',
    '[schedule.sigma(t) ** 2 / schedule.alpha(t), score]',
    '[(2 * schedule.sigma(t) ** 2) / schedule.alpha(t), score]',
    'conditional Tweedie twice too far',
  ),
  steps(
    'predicted-noise-alpha',
    '[-schedule.alpha(t) / schedule.sigma(t), x0hat]',
    '[-1 / schedule.sigma(t), x0hat]',
    'ε predicted from x_t − x̂₀ instead of x_t − α·x̂₀',
  ),
  sampleFrom(
    'sample-start-scale',
    "streams.normal(0, 'start', shape).mul(schedule.sigma(first.t))",
    "streams.normal(0, 'start', shape)",
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
  ddimMap(
    'ddim-map-start',
    'run(z.mul(prior.schedule.sigma(times[0]!.t)))',
    'run(z)',
    'the DDIM map starts at z instead of σ_T·z',
  ),
  ddimMap(
    'ddim-map-steps',
    'const { steps = 10, spacing',
    'const { steps = 20, spacing',
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
