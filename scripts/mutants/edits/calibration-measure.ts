import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/calibration/src')
const cell = of('measure/cell.ts', 'measure/run')
const run = of('measure/run.ts')
const results = of('measure/results.ts')
const journal = of('measure/journal.ts', 'measure/results')
const table = of('measure/table.ts')
const markdown = of('measure/markdown.ts', 'measure/table')
const compare = of('measure/compare.ts', 'measure/table')
const method = of('rows/method.ts', 'rows/rows')
const ofMethod = of('rows/of-method.ts', 'rows/rows')
const references = of('rows/references.ts', 'rows/rows')
const count = of('rows/count-operator.ts', 'rows/rows')
const small = of('rows/small-settings.ts', 'rows/rows')
const gmm = of('suites/gmm.ts')
const root = of('suites/root-schedule.ts', 'suites/gmm')
const products = editsOf('packages/solvers/src')('priors/exact/by-products.ts')

/** Faults of what measures methods against known posteriors, of rows, and of the suite gmm. */
export const calibrationMeasureEdits: readonly Edit[] = [
  cell(
    'calibration-cell-most',
    'Math.min(options.samples, row.most ?? Infinity)',
    'options.samples',
    'a row is asked for more samples than it says',
  ),
  cell(
    'calibration-cell-limit',
    'done < 1 && took() > limit',
    'done < 1 && took() > 1000 * limit',
    'the limit is in other units than seconds',
  ),
  cell(
    'calibration-cell-leak',
    '[Symbol.dispose]: () => posed.problem.y.dispose()',
    '[Symbol.dispose]: () => undefined',
    'y of a case is never freed',
  ),
  run(
    'calibration-run-pose',
    'held?.caseOf !== caseOf',
    'held !== undefined || held === undefined',
    'every row poses its case anew',
  ),
  run(
    'calibration-run-known',
    'tasks.map((task) => known?.(task))',
    'tasks.map((): Cell | undefined => undefined)',
    'known cells are measured again',
  ),
  run(
    'calibration-run-stopped',
    'if (isStopped(cell)) stopped.set(rowOf(task), cell)',
    '',
    'a row that was stopped is tried on every case',
  ),
  run(
    'calibration-run-signal',
    'if (signal?.aborted === true) throw new InterruptedError()',
    '',
    'a run goes on although it was told to end',
  ),
  results(
    'calibration-results-words',
    'JSON.stringify([suite, version, problem, words, seed, samples])',
    'JSON.stringify([suite, version, problem, seed, samples])',
    'cells of other settings are taken over',
  ),
  results(
    'calibration-results-metrics',
    'has.length === asked.length && asked.every',
    'asked.some',
    'cells without a metric are taken over',
  ),
  results(
    'calibration-results-digits',
    'given.toPrecision(digits)',
    'given.toFixed(digits)',
    'small numbers are rounded away',
  ),
  results(
    'calibration-results-seconds',
    'cells.reduce((sum, { took }) => sum + took, 0)',
    'cells.reduce((sum, { took }) => Math.max(sum, took), 0)',
    'the time of a run is that of its longest cell',
  ),
  journal(
    'calibration-journal-mend',
    'await rename(draft, path)',
    '',
    'a broken line stays, and the next cell is added to it',
  ),
  table(
    'calibration-table-median',
    'sorted.length % 2 ? middle : middle - 1',
    'middle',
    'the median of an even number of cases is the upper one',
  ),
  table(
    'calibration-table-target',
    'Math.abs(value - (target ?? 0))',
    'value - (target ?? 0)',
    'below a target counts as best',
  ),
  table(
    'calibration-table-higher',
    "better === 'lower' ? value : -value",
    "better === 'lower' ? value : value",
    'more is ranked as worse',
  ),
  table(
    'calibration-table-alike',
    'words === first ? row :',
    "words !== '' ? row :",
    'rows of one method cannot be told apart',
  ),
  markdown(
    'calibration-markdown-half',
    'short(high - value)',
    'short(high - low)',
    'the whole interval stands for half of it',
  ),
  compare(
    'calibration-compare-paired',
    'metric.over === meanOver ? paired(x, y) : apart(first, second)',
    'apart(first, second)',
    'means are not paired by seed',
  ),
  compare(
    'calibration-compare-sign',
    'now.map((v, i) => v - (before[i] ?? 0))',
    'now.map((v, i) => (before[i] ?? 0) - v)',
    'a change has the wrong sign',
  ),
  compare(
    'calibration-compare-seed',
    '[[cell.seed, found] as const]',
    '[[0, found] as const]',
    'cases are not told apart by their seed',
  ),
  method(
    'calibration-method-seed',
    '{ ...settings, seed }',
    '{ ...settings, seed: 0 }',
    'every case draws with the same numbers',
  ),
  method(
    'calibration-method-particles',
    'Math.max(draw.samples, own)',
    'draw.samples',
    'the number of particles that was set is not heeded',
  ),
  method(
    'calibration-method-uniform',
    'systematicResampling(key, weights, draw.samples)',
    'systematicResampling(key, weights.map(() => 1), draw.samples)',
    'particles are taken whatever their weights',
  ),
  ofMethod(
    'calibration-rows-order',
    '...suite.settings(name), ...problem.settings?.(name)',
    '...problem.settings?.(name), ...suite.settings(name)',
    'the suite is over its problem',
  ),
  references(
    'calibration-references-keys',
    "drawKeys(seed, 'row', samples)",
    "drawKeys(seed, 'exact draws', samples)",
    'exact draws are compared with themselves',
  ),
  references(
    'calibration-references-conditional',
    'conditional ?? prior',
    'prior',
    'the exact score is that of the prior',
  ),
  count(
    'calibration-count-back',
    'activeInterpreters().length > 0 ? 2 : 1',
    '1',
    'ways back are not counted',
  ),
  small(
    'calibration-small-dps',
    'dps: { settings: { scale: 0.1 } }',
    'dps: { settings: { scale: 0.3 } }',
    'a setting is not the one that was tested',
  ),
  gmm('calibration-gmm-weights', 'map((z) => z * z)', 'map((z) => Math.abs(z))', 'weights are |z|, not z²'),
  gmm(
    'calibration-gmm-sigma',
    'share * Math.max(...s)',
    'share * 2 * Math.max(...s)',
    'the noise is up to twice the greatest singular value',
  ),
  gmm(
    'calibration-gmm-means',
    '-8 * ((k % 5) - 2)',
    '-8 * ((k % 5) - 1)',
    'the grid of means is not centred',
  ),
  gmm(
    'calibration-gmm-eta',
    '(takesEta(name) && { eta })',
    '(takesEta(name) && {})',
    'methods keep their own η',
  ),
  gmm('calibration-gmm-betas', '((1e-4 - 0.02) * i) / 998', '((1e-4 - 0.02) * i) / 500', 'β ends too low'),
  root('calibration-root-sigma', '(2 - fall * t)', '(1 - fall * t)', 'σ² is not 1 − α²'),
  root(
    'calibration-root-slope',
    '(fall * alpha(t)) / sigma(t)',
    '(fall * alpha(t)) * sigma(t)',
    'dσ/dt is wrong',
  ),
  products(
    'products-constant',
    '(alpha / 2) * pulled',
    'alpha * pulled',
    'the responsibilities have twice the quadratic term',
  ),
  products(
    'products-other',
    'gain(lambda) - gain(most)',
    'gain(lambda)',
    'directions of their own variance are counted twice',
  ),
  products(
    'products-means',
    'sigma ** 2 / d(lambda)',
    '1 / d(lambda)',
    'the pull to the means has the wrong scale',
  ),
  products(
    'products-middle',
    '.add(between).add(origin(x))',
    '.add(between)',
    'the middle of the means is left out',
  ),
]
