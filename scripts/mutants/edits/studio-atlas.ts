import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const room = editsOf('packages/studio/page/rooms/atlas')
const calibration = editsOf('packages/calibration/src')

const order = room('order.ts', 'order')
const axis = room('axis.ts', 'axis')
const cells = room('cells.ts', 'cells')
const scores = room('scores.ts', 'scores')
const lines = room('lines.ts', 'lines')
const cell = room('engine/cell.ts', 'engine/cell')
const watch = room('engine/calibration.ts', 'engine/calibration')
const failures = room('failures.ts', 'failures')
const perform = calibration('run-file/perform.ts', 'run-file/run-file')
const parse = calibration('run-file/parse.ts', 'run-file/run-file')
const coverage = calibration('metrics/coverage.ts', 'metrics/coverage')

/** The Studio's atlas, and runs as files. */
export const studioAtlasEdits: readonly Edit[] = [
  order(
    'studio-atlas-twice',
    'j % (2 * stride) === 0',
    'j % stride === 0',
    'places beside those of a coarser stride are left out',
  ),
  order(
    'studio-atlas-stand-in',
    'j: j - (j % stride) }',
    'j: j - (j % (stride / 2)) }',
    'a place that is not known yet stands for others',
  ),
  axis(
    'studio-atlas-axis-same',
    'one !== undefined && one !== first',
    'one !== undefined',
    'both axes may be one option',
  ),
  axis(
    'studio-atlas-axis-range',
    'Math.min(max, Math.max(min, value))',
    'Math.min(max, value)',
    'values below the range are suggested',
  ),
  cells(
    'studio-atlas-transposed',
    "x.values[i] ?? ''",
    "x.values[j] ?? ''",
    'a cell has the value of another column',
  ),
  cells(
    'studio-atlas-link-particles',
    'n: values.particles })',
    'n: values.n })',
    'the link of a cell opens another number of particles',
  ),
  cells(
    'studio-atlas-link-seed',
    "b: 'none', n, seed })",
    "b: 'none', n, seed: 0 })",
    'the link of a cell opens another seed',
  ),
  scores(
    'studio-atlas-grade',
    "return better === 'higher' ? part : 1 - part",
    'return part',
    'the worst cell has the colour of the best',
  ),
  scores(
    'studio-atlas-target',
    'Math.max(v, 1e-4) / target)',
    'Math.max(v, 1e-4) / 1)',
    'the target of coverage is 1',
  ),
  lines(
    'studio-atlas-bins',
    'Math.floor((rank * bins)',
    'Math.round((rank * bins)',
    'the first bin has half as many ranks as the others',
  ),
  cell(
    'studio-atlas-truth',
    'const posed = pose(problem, seed, ground.heldOut)',
    'const posed = pose({ ...problem, digit: 0 }, seed, ground.heldOut)',
    'samples are compared with another digit',
  ),
  watch(
    'studio-atlas-case-noise',
    'clean + plane.stripe.sigma * noise',
    'clean + plane.stripe.sigma ** 2 * noise',
    'the noise of a case has the deviation σ²',
  ),
  watch('studio-atlas-case-key', '.fold(k)', '.fold(0)', 'all cases are the same'),
  watch(
    'studio-atlas-ranks',
    'second: 2, density: -1',
    'second: 3, density: -1',
    'the ranks of a projection are drawn for those of y',
  ),
  watch(
    'studio-atlas-again',
    'if (latest?.key !== key) latest',
    'latest',
    'a watch that goes on begins anew',
  ),
  watch(
    'studio-atlas-coverage',
    'covered([...first, ...second], inCentral)',
    'covered([...first, ...second], inHighest)',
    'coverage of intervals counts one end only',
  ),
  failures(
    'studio-atlas-failure-state',
    'a=dps:steps=10&b=dps:steps=100',
    'a=dps:steps=100&b=dps:steps=100',
    'the link of a failure does not fail',
  ),
  failures(
    'studio-atlas-failure-value',
    "value: '3.57'",
    "value: '3.75'",
    'a failure is told by another number',
  ),
  perform(
    'run-file-branch-step',
    'if (i + 1 === step)',
    'if (i === step)',
    'a branch goes on from the state one step later',
  ),
  perform(
    'run-file-branch-steps',
    '{ ...settings, ...times, seed, resume',
    '{ ...settings, seed, resume',
    'a branch does not take over the times of its trunk',
  ),
  perform(
    'run-file-mask',
    'mask: Array.from(file.mask, Number)',
    'mask: Array.from(file.mask, (pixel) => 1 - Number(pixel))',
    'what is hidden is measured, and the rest is not',
  ),
  perform(
    'run-file-measurement-seed',
    'measurementKey(file.seed)',
    'measurementKey(0)',
    'every seed has the same noise in its measurement',
    { tests: ['packages/studio/page/rooms/atlas/engine/cell.test.ts'] },
  ),
  perform(
    'run-file-population',
    'performed(method, posed, prior, { ...settings, particles: samples, seed }, at, true)',
    'performed(method, posed, prior, { ...settings, particles: samples, seed }, at)',
    'of a population one particle is left',
  ),
  parse('run-file-format', 'format: v.literal(1)', 'format: v.number()', 'a file of another format is read'),
  parse(
    'run-file-colours',
    'colours.length / 6',
    'colours.length / 2',
    'a picture of a third of its colours is one',
  ),
  parse('run-file-pixels', 'greys.length / 2', 'greys.length >> 2', 'a picture of half of its pixels is one'),
  coverage(
    'coverage-central',
    'within(count - rank, count, (1 - part) / 2)',
    'within(count - rank, count, 1 - part)',
    'intervals leave out too much at their upper end',
  ),
]
