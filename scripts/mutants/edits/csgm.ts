import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const ofAutograd = editsOf('packages/autograd/src')
const csgm = of('methods/csgm/csgm.ts', 'methods/csgm/csgm', 'methods/defaults')
const dmplug = of('methods/csgm/dmplug.ts', 'methods/csgm/dmplug', 'methods/defaults')
const blind = of('methods/csgm/blind-dmplug.ts', 'methods/csgm/blind-dmplug', 'methods/defaults')
const blindGradient = of('inner/blind-objective.ts', 'methods/csgm/blind-dmplug', 'methods/csgm/blind-shred')
const blindShred = of('methods/csgm/blind-shred.ts', 'methods/csgm/blind-shred', 'methods/defaults')
const unknownNet = of('inner/unknown-net.ts', 'inner/unknown-net', 'methods/csgm/blind-shred')
const shred = of('methods/csgm/shred.ts', 'methods/csgm/shred', 'methods/defaults')
const latent = of('inner/latent-descent.ts', 'methods/csgm/csgm', 'methods/csgm/dmplug')
const stepwise = of('inner/stepwise.ts', 'methods/csgm/shred', 'methods/csgm/dmplug')
const latentOptions = of('methods/latent-options.ts', 'methods/csgm/dmplug')
const stop = of('inner/early-stop.ts', 'inner/early-stop', 'methods/csgm/dmplug')
const steps = of('inner/lbfgs-steps.ts', 'inner/lbfgs-steps')
const generator = of('inner/generator.ts', 'inner/generator')
const map = of('samplers/ddim-map.ts', 'samplers/ddim-map')
const budget = ofAutograd('revolve-schedule.ts', 'revolve')

const methods: readonly Edit[] = [
  csgm('csgm-lambda', '(noise.sigma ?? 0) ** 2', '2 * (noise.sigma ?? 0) ** 2', 'λ is 2σ_y²'),
  csgm(
    'csgm-restart-draw',
    "z((j * times.length) / restarts, 'start')",
    "z(0, 'start')",
    'every start is the first',
  ),
  csgm(
    'csgm-per-start',
    'perStart: times.length / restarts',
    'perStart: times.length',
    'there is but one start',
  ),
  csgm('csgm-optimizer', "optimizer === 'adam'", "optimizer !== 'adam'", 'the optimisers change places'),
  csgm('csgm-mean', 'weight: 1,', 'weight: 1 / y.size,', 'the misfit is a mean over the batch'),
  dmplug('dmplug-batch', 'weight: 1 / sampleSize(y)', 'weight: 1 / y.size', 'the mean is over the batch'),
  latentOptions('stop-measured', 'measured: sampleSize(y)', 'measured: y.size', 'm counts the batch'),
  latentOptions(
    'stop-rule',
    "if (stop === 'variance')",
    "if (stop !== 'none')",
    'the discrepancy rule is not asked',
  ),
  dmplug('dmplug-grid', 'grid: iterations,\n', '', 'no more iterations than the schedule has steps'),
  dmplug(
    'dmplug-steps',
    "generatorSpecs(3, 'leading')",
    "generatorSpecs(4, 'leading')",
    'four DDIM steps by default, not three',
  ),
  blindShred(
    'blind-shred-rates',
    'learningRate: kernelRate',
    'learningRate',
    'the network moves at the rate of z',
  ),
  blindShred('blind-shred-sphere', 'Math.sqrt(sampleSize(moved))', 'sampleSize(moved)', 'a radius of n'),
  blindShred(
    'blind-shred-free',
    'adamSteps({ learningRate, project })',
    'adamSteps({ learningRate })',
    'z leaves the sphere',
  ),
  blindShred(
    'blind-shred-path',
    'detach\n      ? generatorPast',
    '!detach\n      ? generatorPast',
    'the two gradients change places',
  ),
  blindShred('blind-shred-input', '.mul(0.1)', '.mul(1)', 'an input on [0, 1]'),
  unknownNet('unknown-net-relu', 'hidden), 0, 6)', 'hidden), 0, Infinity)', 'no bound at 6'),
  unknownNet(
    'unknown-net-start',
    'j < first ? inputs : hidden',
    'j < first ? hidden : inputs',
    'the bounds of the layers change places',
  ),
  unknownNet('unknown-net-sided', '.mul(2)\n        .sub(1)', '', 'weights that are none of them negative'),
  blind('blind-dmplug-rates', 'learningRate: kernelRate', 'learningRate', 'φ moves at the rate of z'),
  blind(
    'blind-dmplug-held',
    'askRule(rule, state.stop, found, held, norm',
    'askRule(rule, state.stop, found, found, norm',
    'a sample that ended is shown on its way',
  ),
  blind(
    'blind-dmplug-best',
    'beginRule(rule, x, parameter, norm)',
    'beginRule(rule, x)',
    'φ is not kept with x',
  ),
  blindGradient(
    'blind-dmplug-simplex',
    'blind.normalise(exp(of))',
    'exp(of)',
    'the kernel does not sum to 1',
  ),
  blindGradient('blind-dmplug-sign', '-2 / sampleSize(y)', '2 / sampleSize(y)', 'the misfit is climbed'),
  blindGradient(
    'blind-dmplug-batch',
    '-2 / sampleSize(y)',
    '-2e-7 / y.size',
    'gradients that drown in ε of Adam',
  ),
  blindGradient(
    'blind-dmplug-logits',
    'backPhi(forPhi)[0]',
    'forPhi',
    'the gradient of φ is taken for that of ℓ',
  ),
  shred('shred-radius', 'Math.sqrt(sampleSize(moved))', 'sampleSize(moved)', 'the sphere has the radius n'),
  shred(
    'shred-batch-norm',
    'Math.sqrt(sampleSize(moved))',
    'Math.sqrt(moved.size)',
    'the radius is that of the batch',
  ),
  shred(
    'shred-detach',
    'const generate = detach\n',
    'const generate = !detach\n',
    'the gradients change places',
  ),
  shred('shred-no-sphere', 'unitOf(moved).mul', 'moved.mul', 'z is stretched, not projected'),
  shred('shred-default', 'default: true', 'default: false', 'the default gradient is that of the text'),
]

const inner: readonly Edit[] = [
  latent('latent-sign', 'mul(-2 * weight)', 'mul(2 * weight)', 'the objective is climbed'),
  latent('latent-half', 'mul(-2 * weight)', 'mul(-weight)', 'the gradient of the misfit without its 2'),
  latent('latent-lambda-half', 'z.mul(2 * lambda)', 'z.mul(lambda)', 'the gradient of λ‖z‖² without its 2'),
  latent('latent-value', 'sumPerSample(z.square()).mul(lambda)', 'sumPerSample(z.square())', 'f without λ', {
    tests: ['packages/solvers/src/methods/csgm/csgm'],
  }),
  latent('latent-keep', 'value < (before[j] ?? 0))', 'value > (before[j] ?? 0))', 'the worst start is kept'),
  latent('latent-last', 'if (last) x = kept.x', 'if (false) x = kept.x', 'the last start is returned'),
  latent('latent-boundary', '(i + 1) % perStart', 'i % perStart', 'a start is judged by its first picture'),
  latent(
    'latent-frozen',
    'choose(active, choose(ends, of, estimates[k] ?? of), held[k] ?? of)',
    'choose(ends, of, estimates[k] ?? of)',
    'a sample that ended gets other pictures',
  ),
  latent('latent-ended', 'ended: !after.includes(0)', 'ended: after.includes(1)', 'one end ends the run'),
  latent('latent-restart', 'optimizer.init(begin(i / perStart))', 'state.latent', 'no start but the first'),
  stepwise(
    'stepwise-project',
    'choose(active, project(params), x)',
    'choose(active, params, x)',
    'no projection',
  ),
  stepwise(
    'stepwise-active',
    'taken: active',
    'taken: active.map(() => true)',
    'a sample at its end moves on',
  ),
  stop('stop-tau', 'tau ** 2 * measured', 'tau * measured', 'τ in place of τ²'),
  stop('stop-sigma', 'measured * sigma ** 2', 'measured * sigma', 'σ_y in place of σ_y²'),
  stop('stop-norm', 'r ** 2 <= bound', 'r <= bound', 'a norm against a square'),
  stop('stop-window', '[1, null]), row]', '[0, -1]), row]', 'the window forgets the newest'),
  stop('stop-patience', 'count >= patience', 'count > patience', 'one iteration too patient'),
  stop('stop-best', 'best: lower }', 'best: ends }', 'the iterate of the least is lost'),
  latent('stop-last', 'end || last', 'end', 'a run that ends by itself returns its last iterate'),
  stop('stop-full', 'if (filled < width)', 'if (filled < width - 1)', 'a window with zeros in it counts'),
]

const lbfgs: readonly Edit[] = [
  steps(
    'lbfgs-steps-sign',
    'let q = gradient.neg()',
    'let q = gradient.mul(1)',
    'the directions lead uphill',
  ),
  steps(
    'lbfgs-steps-beta',
    '(alphas[j]?.[i] ?? 0) - b',
    '(alphas[j]?.[i] ?? 0) + b',
    'α + β in the second loop',
  ),
  steps('lbfgs-steps-gamma', '1 / (rho * (squares[i] ?? 1))', 'rho * (squares[i] ?? 1)', 'H₀ is 1/γ'),
  steps(
    'lbfgs-steps-order',
    'j = m - most; j < m; j++',
    'j = m - 1; j >= m - most; j--',
    'the second loop goes as the first',
  ),
  steps('lbfgs-steps-used', '(j >= m - (pairs[i] ?? 0) ? v : 0)', 'v', 'pairs that were forgotten count'),
  steps('lbfgs-steps-first', 'pairs > 0 ? 1 : Math.min(1, 1 / size)', '1', 'the first trial is a whole step'),
  steps(
    'lbfgs-steps-size',
    'Math.min(historySize, row.pairs + 1)',
    'row.pairs + 1',
    'more pairs than remembered',
    {
      tests: ['packages/solvers/src/inner/lbfgs-steps'],
    },
  ),
  steps(
    'lbfgs-steps-phase',
    'alpha, trials: [], phase: ends ? 3 : 1',
    'alpha, trials: [], phase: 1',
    'no sample ends',
  ),
  steps('lbfgs-steps-replay', 'k < trials.length', 'k < 3', 'a search is taken up after its first trial'),
  steps('lbfgs-steps-active', 'active[i]\n', 'true\n', 'a sample that is held moves'),
]

const samplers: readonly Edit[] = [
  generator('generator-scale', '/ schedule.sigma(first)', '', 'x_T = σ_T·z for VP'),
  generator(
    'generator-free',
    'slope.mul(schedule.alpha(s) / schedule.alpha(t))',
    'slope.mul(schedule.alpha(t) / schedule.alpha(s))',
    'the slope is α_T',
  ),
  generator(
    'generator-cut',
    'slope.mul(schedule.sigma(s) / schedule.sigma(t))',
    'slope.mul(0)',
    'where x̂₀ is clipped ε is held too',
  ),
  generator('generator-clip', 'where(less(x0, clip[1]), free, cut)', 'free', 'only the lower end is seen to'),
  generator(
    'generator-evaluations',
    'revolveRecomputations(samplerSteps, slots)',
    '0',
    'repeated steps are not counted',
  ),
  generator(
    'generator-both',
    'slots !== undefined && memory !== undefined',
    'false',
    'memory wins over slots in silence',
    {
      tests: ['packages/solvers/src/methods/csgm/csgm'],
    },
  ),
  map(
    'budget-probe-last',
    'times.slice(0, 1)',
    'times.slice(-1)',
    'the step that is measured keeps less than others',
  ),
  map(
    'budget-state',
    'like.size * bytesPerElement(like.dtype)',
    'like.size',
    'a state is counted as bytes of one',
  ),
]

/** Faults of what finds a schedule within a budget of memory. */
export const budgetEdits: readonly Edit[] = [
  budget(
    'budget-states',
    'steps - 1) + 3) * state',
    'steps - 1) + 2) * state',
    'one state in hand is forgotten',
  ),
  budget(
    'budget-floor',
    '1 + Math.floor((bytes - least)',
    '2 + Math.floor((bytes - least)',
    'one slot too many',
  ),
  budget(
    'budget-tape',
    'Math.max(1, chain.steps) * chain.step',
    'chain.step',
    'the full tape is taken for that of a step',
  ),
  budget('budget-too-small', 'if (!(bytes >= least))', 'if (bytes < 0)', 'too small a budget is taken'),
]

/** Faults of the methods that look for the latent of a sampler and of what they stand on. */
export const csgmEdits: readonly Edit[] = [...methods, ...inner, ...lbfgs, ...samplers]
