import type { Edit } from '../edit.ts'
import { editsOf, inside } from './of.ts'

const of = editsOf('packages/runs/src')

const drive = of('run/drive.ts', 'run/drive')
const method = of('run/run-method.ts', 'run/run-method')
const task = of('run/run-task.ts', 'run/run-task')
const problem = of('problem/problem.ts', 'problem')
const network = of('priors/network.ts')
const trained = of('priors/trained.ts')
const schedule = of('priors/schedule.ts', 'priors')
const unfinished = of('node/unfinished.ts', 'node/unfinished')
const scores = of('scores/scores.ts', 'scores')
const spread = of('scores/spread.ts', 'scores')
const summary = of('report/summary.ts', 'report')
const page = of('report/page.ts', 'report')
const format = of('record/format.ts', 'report')
const picture = of('pictures/picture.ts')

/** Tests of the command that load networks and read pictures. */
const byPriors = inside('packages/cli/src', 'priors', 'refused-priors', 'guided-priors')
const byPictures = inside('packages/cli/src', 'commands/convert', 'commands/restore/measured')

/** Runs: priors, problems, loops, scores, records and reports. */
export const runEdits: readonly Edit[] = [
  method(
    'run-peak-before',
    'memory().peakBytes - before',
    'memory().peakBytes',
    'bytes alive before a run count as its own',
  ),
  method(
    'run-peak-earlier',
    '  resetPeak()\n  const { bytes',
    '  const { bytes',
    'a peak of before the run counts as its own',
  ),
  method(
    'run-peak-last',
    'Math.max(peakBytes, memory().peakBytes - before)',
    'memory().peakBytes - before',
    'the bytes of the last step, not the most',
  ),
  drive('drive-breath', '      await breathe()\n', '', 'timers and signals wait for the end of a run'),
  drive(
    'drive-first',
    'onStep: async (step) => {\n',
    'onStep: async (step) => {\n      if (signal?.aborted === true) throw new InterruptedError()\n',
    'a run that is to be stopped shows no step',
  ),
  drive('drive-kept', 'await watch.onInterrupt?.(step)', '', 'what a stopped run had come to is lost'),
  drive(
    'drive-awaited',
    'await watch.onStep?.(step)',
    'watch.onStep?.(step)',
    'who watches is not waited for',
  ),
  drive('drive-finite', 'Number.isFinite(value)', '!Number.isNaN(value)', 'infinite results are handed out'),
  drive('drive-freed', '  x.dispose()\n  throw', '  throw', 'a result that is not finite stays in memory'),
  method('method-next', 'next: i + 1', 'next: i', 'a step is made twice when a run goes on'),
  method(
    'method-resume',
    'next: resume.next, state',
    'next: 0, state',
    'a run that goes on begins at its first step',
  ),
  method(
    'method-calls',
    'former.nfe + prior.calls.total',
    'prior.calls.total',
    'calls before a stop are lost',
  ),
  method('method-trace', '[...former.trace]', '[]', 'the trace before a stop is lost'),
  method('method-strip', '(stripLength - 1)', 'stripLength', 'a strip lacks the last step'),
  method('method-done', 'onStep?.((i + 1) / steps)', 'onStep?.(i / steps)', 'a run never tells its end'),
  task('task-progress', '(m + done) / methods.length', 'done / methods.length', 'progress begins anew'),
  task(
    'task-diverged',
    'if (!(error instanceof NonFiniteError)) throw error',
    'throw error',
    'one method that diverges ends the task',
  ),
  task('task-input', "from: 'pseudo-inverse'", "from: 'adjoint'", 'the input is called by another name'),
  task('task-measured', 'sizeOf(operator.outShape)', 'sizeOf(operator.inShape)', 'm is counted in pixels'),
  problem('measure-fold', '=> key.fold(n)', '=> key', 'all samples have the same noise'),
  problem('measure-clean', 'operator.forward(truth)', 'truth', 'the truth itself is measured'),
  problem(
    'measurement-key',
    "randomKey(seed).fold('measurement')",
    'randomKey(seed)',
    'the noise of a measurement is that of the method',
  ),
  problem(
    'problem-count',
    'truth: given.truth }, count)',
    'truth: given.truth }, 1)',
    'one draw, however many are wanted',
  ),
  trained('network-clip', 'clip: [-clip, clip]', 'clip: [0, clip]', 'x̂₀ is limited to 0 … clip', byPriors),
  trained(
    'network-prediction',
    'shape, schedule, predicts, ...',
    'shape, schedule, ...',
    'what the network predicts is ignored',
    byPriors,
  ),
  network(
    'network-variance',
    'learnedVariance !== learnsVariance(config)',
    'learnedVariance === learnsVariance(config)',
    'outputs without a variance are taken for learned ones',
    byPriors,
  ),
  network(
    'network-pixels',
    'channelsAtOnce(config) * height * width * 4',
    'channelsAtOnce(config) * height * 4',
    'networks that do not fit are run',
    byPriors,
  ),
  network('network-side', 'side % factor !== 0', 'side % factor === 1', 'odd sides are halved', byPriors),
  schedule(
    'schedule-ends',
    '{ T, betaMin, betaMax }',
    '{ T, betaMin, betaMax: 0.02 }',
    'the last β is ignored',
  ),
  schedule(
    'schedule-steps',
    'vpLinear({ T: trained.timesteps })',
    'vpLinear()',
    'the number of steps is ignored',
  ),
  unfinished(
    'unfinished-state',
    'sha256(bytes) !== fingerprints.state',
    'bytes.length === 0',
    'a changed state is continued',
  ),
  unfinished(
    'unfinished-record',
    '!isUntouched(json, fingerprints.record)',
    'isUntouched(json, "")',
    'a changed record is continued',
  ),
  unfinished(
    'unfinished-finished',
    'if (!text.includes(\'"unfinished"\'))',
    'if (text.includes(\'"unfinished"\'))',
    'a finished run is replaced by an interrupted one',
  ),
  scores('scores-sample', 'values[n]', 'values[0]', 'all samples have the scores of the first'),
  scores('scores-nan', 'Number.isNaN(value)', 'Number.isFinite(value)', 'finite scores are left out'),
  scores('scores-mean', 'x.mean(0, true)', 'x.slice([0, 1])', 'the first sample is taken for the mean'),
  spread(
    'spread-deviation',
    'squares / pictures.length - mean[i]! ** 2',
    'squares / pictures.length - mean[i]!',
    'the spread is not a deviation',
  ),
  summary('summary-gain', 'gain <= 0', 'gain < -2', 'a loss is not said'),
  page('page-vjp', 'vjps === 0', 'vjps > 0', 'gradients are counted where there are none'),
  page('page-escape', 'escapeHtml(note)', 'note', 'notes are markup'),
  page('page-unit', '(sigma || 1) *', '', 'residuals are not in units of the noise'),
  format('format-mean', '/ values.length', '', 'a mean is a sum'),
  format('format-seed', '!Number.isInteger(value)', 'value !== 0', 'seeds are rounded'),
  picture(
    'picture-range',
    '2 * picture.data[i]! - 1',
    '2 * picture.data[i]!',
    'black is 0 instead of −1',
    byPictures,
  ),
  picture(
    'picture-clip',
    'Math.min(1, Math.max(0, (values[n * size + i]! + 1) / 2))',
    'Math.min(1, Math.abs((values[n * size + i]! + 1) / 2))',
    'what is below −1 is folded up',
    byPictures,
  ),
  picture(
    'picture-luma',
    '0.299 * data[i]! + 0.587 * data[size + i]! + 0.114',
    '0.299 * data[i]! + 0.114 * data[size + i]! + 0.587',
    'the weights of green and blue change places',
    byPictures,
  ),
]
