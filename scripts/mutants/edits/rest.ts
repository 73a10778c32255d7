import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const compose = of('operators/compose.ts', 'operators/define', 'operators/spectral')
const ddpg = of('methods/explicit/ddpg.ts', 'methods/explicit/ddpg')
const verdict = editsOf('packages/runs/src')('report/verdict.ts', 'report/report')

const composeEdits: readonly Edit[] = [
  compose(
    'compose-spectrum-before',
    'vt(b.forward(x))',
    'vt(b.adjoint(x))',
    'Qᵀ for Q, right for a reflection only',
  ),
  compose(
    'compose-spectrum-after',
    'ut(a.adjoint(y))',
    'ut(a.forward(y))',
    'Q for Qᵀ, right for a reflection only',
  ),
  compose('compose-spectrum-lost', '...(spectrum && { spectrum }),', '', 'no decomposition of a composition'),
  compose(
    'compose-spectrum-rows',
    'if (sizeOf(q.inShape) !== sizeOf(q.outShape)) return false',
    'if (sizeOf(q.inShape) > sizeOf(q.outShape)) return false',
    'orthonormal columns are enough',
  ),
  compose(
    'compose-spectrum-nearly',
    "holds('float32', 1e-4) && holds('float64', 1e-11)",
    "holds('float32', 1e-4)",
    'nearly orthogonal is enough',
  ),
]

const verdictEdits: readonly Edit[] = [
  verdict('verdict-left', 'gain > -3', 'gain > -30', 'a restoration that is lost is told to follow y more'),
  verdict('verdict-magnified', 'gain > -1\n', 'gain < -1\n', 'noise is magnified where it is not'),
  verdict('verdict-noise-kept', 'if (gain > -0.5)', 'if (gain < -0.5)', 'what lost much is called the input'),
  verdict('verdict-seen', 'percent(1 - unseen)', 'percent(unseen)', 'the part that was not measured'),
]

const idpgEdits: readonly Edit[] = [
  ddpg(
    'idpg-noised',
    'const next = idpg ? clean : noised()',
    'const next = noised()',
    'IDPG with the noise of DDPG',
  ),
  ddpg('idpg-unscaled', 'idpg ? clean', 'idpg ? moved', 'x_s is not scaled by α_s'),
  ddpg('idpg-alpha', 'moved.mul(schedule.alpha(s))', 'moved.mul(schedule.alpha(t))', 'α of the step before'),
]

const common = of('methods/common-options.ts', 'methods/defaults', 'methods/methods')

const optionEdits: readonly Edit[] = [
  common(
    'ddim-eta-default',
    '{ default: value, min: 0, max: 1 })\n\n/** `eta` of a step',
    '{ default: 1, min: 0, max: 1 })\n\n/** `eta` of a step',
    'each is ancestral by default',
  ),
]

const calibration = editsOf('packages/calibration/src')
const pairs = calibration('measure/pairs.ts', 'measure/pairs')
const markdown = calibration('measure/markdown.ts', 'measure/table')
const numbers = calibration('numbers.ts', 'measure/table')
const sheet = editsOf('packages/runs/src')('pictures/sheet.ts', 'pictures/sheet')
const truth = editsOf('packages/cli/src')('commands/bench/images-truth.ts', 'commands/bench/images-truth')

const tableEdits: readonly Edit[] = [
  pairs(
    'rest-pairs-order',
    'both.map(([, other]) => other)',
    'both.map(([value]) => value)',
    'a row less itself',
  ),
  pairs(
    'rest-pairs-seed',
    'others.get(seed)',
    'others.get(0)',
    'all cases beside the first of the other row',
  ),
  pairs('rest-pairs-problem', 'one.problem === problem && ', '', 'rows of another problem'),
  pairs('rest-pairs-metric', 'cell.metrics[metric] ?? []', "cell.metrics['second'] ?? []", 'another metric'),
  markdown('rest-interval-none', 'high - low <= 1e-12 * Math.abs(value)', 'high - low < 0', '± 0 again'),
  markdown(
    'rest-interval-all',
    'high - low <= 1e-12 * Math.abs(value)',
    'high - low <= Math.abs(value)',
    'no interval of a rate of 1',
  ),
  numbers('rest-chance', 'p < 1e-3', 'p <= 1e-3', 'what is 0.001 is below it'),
  markdown(
    'rest-chance-kept',
    "unit === 'p' && found",
    "unit === 'P' && found",
    'a p-value with an interval',
  ),
]

const pictureEdits: readonly Edit[] = [
  sheet('rest-sheet-side', 'label - 4 * gap', 'label - 3 * gap', 'pictures are a gap wider'),
  sheet(
    'rest-sheet-factor',
    'Math.floor(side / n)',
    'Math.round(side / n)',
    'a smaller picture is taken for a larger one',
  ),
  sheet('rest-sheet-row', 'row * (side + gap)', 'row * side', 'rows without gaps'),
  truth(
    'rest-truth-key',
    'cutOut(picture, key.fold(i)',
    'cutOut(picture, key',
    'the same place of each photograph',
  ),
  truth(
    'rest-truth-seed',
    "randomKey(seed).fold('photographs')",
    "randomKey(0).fold('photographs')",
    'the same pictures for every seed',
  ),
  truth('rest-truth-row', '(k % h)) * width', 'k) * width', 'rows of one channel after another'),
  truth(
    'rest-truth-auto',
    "photos: 'photographs'",
    "photos: 'prior'",
    'photographs are not the truth of their prior',
  ),
  truth('rest-truth-xray', "xray: 'prior'", "xray: 'digits'", 'digits are the truth of the prior of X-rays'),
]

export const restEdits: readonly Edit[] = [
  ...idpgEdits,
  ...optionEdits,
  ...composeEdits,
  ...verdictEdits,
  ...tableEdits,
  ...pictureEdits,
]
