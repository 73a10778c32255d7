import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const calibration = editsOf('packages/calibration/src')
const runs = editsOf('packages/runs/src')
const cli = editsOf('packages/cli/src')

const prior = calibration('problem/prior.ts', 'problem/problem')
const array = calibration('problem/array.ts', 'problem/problem')
const json = calibration('problem/json.ts', 'problem/problem')
const fields = calibration('problem/fields.ts', 'problem/problem')
const problem = calibration('problem/problem.ts', 'problem/problem')
const measurement = calibration('problem/measurement.ts', 'problem/problem')
const exact = calibration('problem/exact.ts', 'problem/exact')
const draw = calibration('problem/draw.ts', 'problem/exact')
const summary = calibration('problem/summary.ts', 'problem/summary')
const verdict = calibration('check/verdict.ts', 'check')
const halving = calibration('tune/halving.ts', 'tune/tune')
const space = calibration('tune/space.ts', 'tune/tune')
const search = calibration('tune/tune.ts', 'tune/search')
const images = calibration('images/table.ts', 'images')
const imageResults = calibration('images/results.ts', 'images')
const chi = runs('scores/chi-squared.ts', 'scores/chi-squared')
const posterior = cli('commands/posterior/posterior.ts', 'commands/posterior')
const drawer = cli('commands/posterior/drawer.ts', 'commands/posterior')
const problemFile = cli('commands/posterior/problem-file.ts', 'commands/posterior')
const samples = cli('files/samples.ts', 'commands/posterior')
const bench = cli('commands/bench/images.ts', 'commands/bench/images')

/** Problems of one's own, the check of a method, tuning, restorations in tables and without a truth. */
export const calibrationAskEdits: readonly Edit[] = [
  prior(
    'cal-ask-prior-each',
    'matrixOf(rowOf(given, k), d)',
    'matrixOf(rowOf(given, 0), d)',
    'all components have the covariance of the first',
  ),
  prior(
    'cal-ask-prior-weights',
    'return weights.map((weight) => weight / most)',
    'return weights',
    'weights whose sum overflows make a prior of none',
  ),
  prior('cal-ask-prior-negative', 'weight < 0)', 'weight < -1)', 'small negative weights are taken'),
  prior(
    'cal-ask-prior-variances',
    'Matrix.diag(Array.from(rowOf(given, k)))',
    'Matrix.diag(Array.from(rowOf(given, k), Math.sqrt))',
    'variances are read as if they were their squares',
  ),
  prior(
    'cal-ask-prior-room',
    'K * d * d > mostNumbers',
    'K * d > mostNumbers',
    'huge covariances are made before a word is said',
  ),
  array(
    'cal-ask-array-finite',
    '!Number.isFinite(values[i])',
    'Number.isNaN(values[i])',
    'infinite numbers are taken',
  ),
  array(
    'cal-ask-array-place',
    'rest = Math.floor(rest / extent)',
    'rest -= rest % extent',
    'messages name another place of an array',
  ),
  json(
    'cal-ask-json-twice',
    'if (keys.has(key))',
    'if (keys.has(last))',
    'of a key given twice the first is dropped',
  ),
  json('cal-ask-json-depth', '> deepest', '> 1e9', 'a description may nest for ever'),
  fields(
    'cal-ask-fields-unknown',
    '!known.includes(key)',
    'key === undefined',
    'keys that are misspelt are passed over',
  ),
  problem(
    'cal-ask-problem-y',
    'const fits = [outShape, [m]]',
    'const fits = [outShape, [m], extents]',
    'a measurement of any shape is taken',
  ),
  problem(
    'cal-ask-problem-dtype',
    "value.dtype === 'float32' ? 'float32' : 'float64'",
    "value.dtype === 'float32' ? 'float64' : 'float32'",
    'problems are solved in the other precision',
  ),
  problem(
    'cal-ask-problem-schedule',
    'if (value === undefined) return vpLinear()',
    "if (value === undefined) return madeFrom(schedules, 'vp-cosine')",
    'another schedule where none is said',
  ),
  measurement(
    'cal-ask-measurement-vector',
    'given.shape.length === 1 ? [1, ...given.shape] : given.shape',
    'given.shape',
    'a row alone is no matrix',
  ),
  measurement(
    'cal-ask-measurement-positional',
    'return make({ [info.positional]: of })',
    'return make()',
    'the level in { "gaussian": 0.3 } is passed over',
  ),
  exact(
    'cal-ask-exact-range',
    'if (off > 1e-9 * size)',
    'if (off > 2 * size)',
    'a measurement that no x has gets a posterior all the same',
  ),
  exact(
    'cal-ask-exact-scaled',
    'y: coordinates.map((c, k) => c / (s[seen[k] ?? 0] ?? 1))',
    'y: coordinates',
    'without noise the measurement is not divided by the singular values',
  ),
  exact(
    'cal-ask-exact-nonlinear',
    'if (!isLinear(operator)) return',
    'if (false) return',
    'an operator that is not linear is linearised',
  ),
  exact(
    'cal-ask-exact-finite',
    'if (!finite)',
    'if (finite === undefined)',
    'a posterior of NaN is drawn from',
  ),
  draw(
    'cal-ask-draw-first',
    'firstSample: first,',
    'firstSample: 0,',
    'each batch draws the samples of the first',
  ),
  draw('cal-ask-draw-place', 'first * dimension)', '0)', 'each batch is written over the first', { nth: 0 }),
  draw(
    'cal-ask-draw-exact-keys',
    'root.fold(first + i)',
    'root.fold(i)',
    'each batch of exact draws is the first',
  ),
  summary(
    'cal-ask-summary-std',
    'Math.max(1, count - 1)',
    'Math.max(1, count)',
    'the deviation is that of a population',
  ),
  summary(
    'cal-ask-summary-welford',
    'off * (x - (mean[j] ?? 0))',
    'off * off',
    'the deviation is too large by Welford half done',
  ),
  summary(
    'cal-ask-summary-share',
    'share: (counts[k] ?? 0) / points.count',
    'share: (counts[k] ?? 0) / counts.length',
    'shares of modes are of the number of modes',
  ),
  verdict(
    'cal-ask-verdict-side',
    'value > 0 ? p / 2 : 1 - p / 2',
    'p / 2',
    'closer than exact draws counts as wrong',
  ),
  verdict(
    'cal-ask-verdict-level',
    'level / (found.length * tests)',
    'level',
    'many problems at once raise many false alarms',
  ),
  verdict(
    'cal-ask-verdict-refused',
    'broken.length === 0 && refused.length === 0',
    'broken.length === 0',
    'a method without samples of some cases passes',
  ),
  verdict(
    'cal-ask-verdict-narrow',
    'spread.low > 1',
    'spread.high < 1',
    'too narrow and too wide change places',
    { nth: 0 },
  ),
  verdict(
    'cal-ask-verdict-pairs',
    'find(({ seed }) => seed === cell.seed)',
    'find(({ seed }) => seed !== cell.seed)',
    'floors of other cases stand beside the distances',
    {
      equivalent: 'the pairs are of other cases, the means and what is told of them nearly the same',
    },
  ),
  halving('cal-ask-halving-keep', 'each *= keep', 'each += keep', 'rungs have too few cases'),
  halving('cal-ask-halving-best', 'a.rank - b.rank', 'b.rank - a.rank', 'the worst go on'),
  halving(
    'cal-ask-halving-ties',
    'below + (equal + 1) / 2',
    'below + 1',
    'equal candidates get the better rank',
  ),
  space(
    'cal-ask-space-log',
    'low * (high / low) ** u',
    'low + (high - low) * u',
    'wide ranges are searched on no log scale',
  ),
  space(
    'cal-ask-space-given',
    'if (Object.hasOwn(fixed, name)) return []',
    'if (false) return []',
    'what was given is tuned',
  ),
  space(
    'cal-ask-space-integers',
    "!ofRuns.includes(name) && specs[name]?.control.kind !== 'integer'",
    '!ofRuns.includes(name)',
    'counts that cost time are tuned unasked',
  ),
  search(
    'cal-ask-search-seeds',
    'range(validationSeed, rung.seeds)',
    'range(0, rung.seeds)',
    'the search sees the cases of the test',
  ),
  search(
    'cal-ask-search-first',
    'i === 0 ? before',
    'i < 0 ? before',
    'the settings before are not among the candidates',
  ),
  search(
    'cal-ask-search-diverged',
    '    : Infinity\n}',
    '    : -1e9\n}',
    'settings that diverge now and then win',
  ),
  search(
    'cal-ask-search-pair',
    'const pair = [winner.candidate, before]',
    'const pair = [before, winner.candidate]',
    'tuned and before change places',
  ),
  search('cal-ask-search-known', 'earlier && has', 'false && has', 'a search that was stopped begins anew'),
  images(
    'cal-ask-images-order',
    "(b.row.scores['psnr']?.value ?? -Infinity) -",
    "(a.row.scores['psnr']?.value ?? -Infinity) -",
    'rows are in no order',
  ),
  images(
    'cal-ask-images-pairs',
    'cells.flatMap(({ seed, scores })',
    'cells.flatMap(({ vjps: seed, scores })',
    'pictures of all seeds are one',
  ),
  images(
    'cal-ask-images-sign',
    "pictureDifference(group, best.group, 'psnr')",
    "pictureDifference(best.group, group, 'psnr')",
    'the best is behind',
  ),
  imageResults(
    'cal-ask-images-infinite',
    'given ?? Infinity',
    'given ?? 0',
    'a perfect restoration comes back as the worst',
  ),
  imageResults(
    'cal-ask-images-key',
    'words, seed, pictures])',
    'seed, pictures])',
    'a run goes on with cells of other settings',
  ),
  chi('cal-ask-chi-cube', '** 3', '** 2', 'the range of χ² is that of another law'),
  chi('cal-ask-chi-square', 'measured * misfit ** 2', 'measured * misfit', 'χ² is no square'),
  chi(
    'cal-ask-chi-side',
    "chi2 < low ? 'too small'",
    "chi2 < measured ? 'too small'",
    'half of all noise is too small',
  ),
  posterior(
    'cal-ask-posterior-early',
    'await checkFile(path, isOurSamples)\n',
    '',
    'a file in the way is found when all is done',
    { equivalent: 'writeOneFile refuses it as well; hours may be lost, no result changes' },
  ),
  posterior(
    'cal-ask-posterior-many',
    'samples * dimension > mostNumbers',
    'samples > mostNumbers',
    'more samples are asked for than memory has',
  ),
  drawer(
    'cal-ask-drawer-seed',
    "'seed', 'firstSample', 'resume'",
    "'firstSample', 'resume'",
    'a seed may be said twice',
  ),
  drawer(
    'cal-ask-drawer-small',
    '!Object.hasOwn(given, key)',
    'true',
    'settings that were given are told as changed',
  ),
  problemFile(
    'cal-ask-problem-folder',
    'resolve(folder, file)',
    'resolve(io.cwd, file)',
    'arrays are looked for elsewhere',
  ),
  samples(
    'cal-ask-samples-mark',
    'bytes[end - 2] === mark',
    'bytes[end - 2] !== mark',
    'files of others are replaced',
  ),
  bench(
    'cal-ask-bench-journal',
    'if (there === undefined) await journal?.add(cell)',
    'if (file === undefined) await journal?.add(cell)',
    'an interrupted run begins anew',
  ),
  runs('report/panel.ts', 'run/run-task')(
    'cal-ask-panel-std',
    '[...rows, meanRow, spreadRow]',
    '[...rows, meanRow]',
    'the sheet has no picture of the deviation',
  ),
  cli('resolve.ts', 'commands/tune')(
    'cal-ask-preset-method',
    'if (method !== name) throw',
    'if (method === undefined) throw',
    'a preset of another method is taken',
  ),
]
