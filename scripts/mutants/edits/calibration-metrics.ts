import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/calibration/src/metrics')
const statistics = of('statistics.ts')
const directions = of('directions.ts', 'sliced')
const sliced = of('sliced.ts')
const observable = of('observable.ts')
const moments = of('moments.ts', 'mean-variance')
const meanVariance = of('mean-variance.ts')
const cmd = of('cmd.ts', 'mean-variance')
const pairs = of('pairs.ts', 'energy')
const energy = of('energy.ts')
const ksd = of('ksd.ts')
const spread = of('spread.ts')
const occupancy = of('occupancy.ts')
const ranks = of('ranks.ts', 'coverage')
const coverage = of('coverage.ts')
const sbc = of('sbc.ts')
const crps = of('crps.ts', 'scores')
const gap = of('gap.ts', 'scores')
const evidence = of('evidence.ts', 'scores')
const power = of('power.ts')
const trials = of('trials.ts')
const define = of('define.ts', 'scores', 'coverage', 'occupancy')

/** Faults of the metrics of posterior samples. */
export const calibrationMetricEdits: readonly Edit[] = [
  statistics(
    'calibration-chi2-half',
    'degrees / 2, Math',
    'degrees, Math',
    'χ² has twice its degrees of freedom',
  ),
  statistics('calibration-chi2-x', 'Math.max(0, x) / 2', 'Math.max(0, x)', 'χ² is doubled'),
  statistics('calibration-t-tails', 'degrees / 2, 0.5)', 'degrees / 2, 1)', "the tails are not Student's"),
  statistics(
    'calibration-wilson-centre',
    'rate + square / (2 * count)',
    'rate',
    "Wilson's interval is about the rate",
  ),
  statistics(
    'calibration-wilson-width',
    'square / (4 * count ** 2)',
    'square / (4 * count)',
    'an interval is too wide',
  ),
  statistics(
    'calibration-pairs-half',
    'studentQuantile(0.975,',
    'studentQuantile(0.95,',
    'a 95 % interval is one of 90 %',
  ),
  statistics(
    'calibration-pairs-error',
    'Math.sqrt(variance / count)',
    'Math.sqrt(variance)',
    'the error of a mean is a deviation',
  ),
  statistics(
    'calibration-flips-rounding',
    'seen - 1e-12 * size',
    'seen',
    'rounding hides patterns as far from 0',
  ),
  statistics('calibration-flips-one-sided', 'Math.abs(sum) >=', 'sum >=', 'p is one-sided'),
  statistics('calibration-pairs-many', 'count <= flipped', 'count < flipped', '16 pairs go by another test'),
  directions(
    'calibration-directions-length',
    'direction[j]! /= length',
    'direction[j]! /= length ** 2',
    'directions are not unit vectors',
  ),
  directions(
    'calibration-projected-third',
    'values[at + 2 * n]! * factor',
    'values[at + n]! * factor',
    'of four points the third is projected as the second',
  ),
  directions(
    'calibration-projected-rest',
    'at = i * n; j < n; j++, at++) sum +=',
    'at = 0; j < n; j++, at++) sum +=',
    'points left over are projected as the first',
  ),
  directions(
    'calibration-coordinate',
    'values[i * dimension + j]',
    'values[i + count * j]',
    'coordinates are taken by columns',
  ),
  directions(
    'calibration-same-space',
    'a.dimension !== b.dimension || ',
    '',
    'points of two spaces are compared',
  ),
  directions('calibration-no-points', ' || a.count === 0 || b.count === 0', '', 'no points are compared'),
  observable('observed-order', 'return found.sort()', 'return found', 'numbers are compared in no order'),
  observable(
    'observed-count',
    'at += numbers.length',
    'at += 1',
    'what is observed of a sample is overwritten',
  ),
  sliced(
    'calibration-sw-mean',
    'sum + d, 0) / all.length',
    'sum + d, 0) / samples.count',
    'the mean is not over directions',
  ),
  sliced(
    'calibration-sw-absolute',
    'Math.abs(a[i]! - b[i]!)',
    '(a[i]! - b[i]!)',
    'distances of two signs cancel',
  ),
  sliced(
    'calibration-sw-uneven',
    '(to - from) * Math.abs',
    '(1 / n) * Math.abs',
    'unequal numbers of points are weighted wrongly',
  ),
  sliced(
    'calibration-sw-ends',
    '(j + 1) / m)',
    '(j + 1) / n)',
    'ranks of the draws end where those of the samples do',
  ),
  sliced(
    'calibration-sw-kept',
    'if (kept?.draws === draws)',
    'if (kept)',
    'distances to other draws are taken for these',
  ),
  sliced(
    'calibration-max-sw',
    'Math.max(a, b), 0)',
    'Math.min(a, b), Infinity)',
    'the least direction is taken for the greatest',
  ),
  moments('calibration-variance-n', 'sum / (count - 1)', 'sum / count', 'variances are over N'),
  moments('calibration-mean-n', 'sum / count)\n}', 'sum / (count - 1))\n}', 'means are over N − 1'),
  moments(
    'calibration-distance',
    '(a[j]! - b[j]!) ** 2',
    'Math.abs(a[j]! - b[j]!)',
    'a distance is that of ℓ₁',
  ),
  moments(
    'calibration-total',
    'v.reduce((sum, value) => sum + value, 0)',
    'v.reduce((sum, value) => sum + value * value, 0)',
    'the total variance is of squares',
  ),
  meanVariance(
    'calibration-mean-squared',
    'Math.sqrt(squaredDistance(a, b))',
    'squaredDistance(a, b)',
    'a distance is squared',
  ),
  meanVariance(
    'calibration-mean-relative',
    'mean) / Math.sqrt(total(variances))',
    'mean) / total(variances)',
    'a distance is over a variance',
  ),
  meanVariance(
    'calibration-variance-relative',
    ', variances) / norm(variances)',
    ', variances) / total(variances)',
    'relative to another norm',
  ),
  meanVariance(
    'calibration-mean-of',
    'distance(meanOf(samples), momentsOf(posed.posterior).mean)',
    'distance(meanOf(samples), posed.truth)',
    'the error is to the truth',
  ),
  cmd('calibration-cmd-scale', '4 * Math.sqrt', '2 * Math.sqrt', 'the scale is two deviations'),
  cmd('calibration-cmd-power', 'scale ** (k + 1)', 'scale ** k', 'a moment is divided by another power'),
  cmd('calibration-cmd-order', 'const order = 5', 'const order = 4', 'four moments'),
  cmd('calibration-cmd-central', 'values[at++]! - mean[j]!', 'values[at++]!', 'moments are not central'),
  cmd('calibration-cmd-first', '[mean, ...central]', '[...central]', 'the mean is left out'),
  pairs('calibration-within-twice', '(2 * sum) /', 'sum /', 'pairs count half'),
  pairs(
    'calibration-within-diagonal',
    'count * (count - 1))',
    'count * count)',
    'pairs of a point with itself count',
  ),
  pairs(
    'calibration-between',
    'sum / (x.count * y.count)',
    'sum / (x.count * x.count)',
    'pairs are miscounted',
  ),
  pairs(
    'calibration-thinned-first',
    'Math.floor((k * count) / limit)',
    'k',
    'the first points stand for all',
  ),
  pairs('calibration-thinned-limit', 'pairedPoints = 2000', 'pairedPoints = 1000', 'fewer points than said'),
  energy('calibration-energy-two', '2 * between -', 'between -', 'distances between sets count once'),
  energy(
    'calibration-energy-within',
    '- meanDistance(samples) - meanDistance(draws)',
    '- 2 * meanDistance(draws)',
    "the samples' own distances are left out",
  ),
  energy(
    'calibration-mmd-kernels',
    'k4 + k2 + k1 + half + half * half',
    'k4 + k2 + k1 + half',
    'four kernels',
  ),
  ksd('calibration-ksd-pull', '- pull * slope', '+ pull * slope', "the kernel's gradient has the other sign"),
  ksd(
    'calibration-ksd-trace',
    '(3 * squared * slope) / q',
    '(squared * slope) / q',
    'the second derivative lacks a factor 3',
  ),
  ksd('calibration-ksd-d', 'Math.sqrt(sum / d) / count', 'Math.sqrt(sum) / count', 'the sum is not over d'),
  ksd('calibration-ksd-diagonal', 'i === j ? u : 2 * u', '2 * u', 'a point with itself counts twice'),
  ksd('calibration-ksd-scale', 'c * c + squared', 'c + squared', 'c is not squared'),
  ksd('calibration-ksd-given', 'ksdScale = 1 }', 'ksdScale = 2 }', 'another kernel where a case names none'),
  spread(
    'calibration-spread-n',
    'samples.count - 1) / place.variance',
    'samples.count) / place.variance',
    'variances are over N',
  ),
  spread('calibration-whitened-rank', '/ place.rank', '/ samples.dimension', 'a mean over all directions'),
  spread(
    'calibration-whitened-factor',
    'rest -= L.get(j, k) * z[k]!',
    'rest -= L.get(k, j) * z[k]!',
    'correlations are not whitened',
  ),
  spread(
    'calibration-spread-sides',
    'measured ? [rows.projector, rest] : [rest, rows.projector]',
    'measured ? [rest, rows.projector] : [rows.projector, rest]',
    'in and out change places',
  ),
  spread('calibration-spread-rank', 's > least', 's >= 0', 'rows that repeat count as directions'),
  spread('calibration-spread-centred', '.subRowVector(Array.from(mean))', '', 'the mean is not taken off'),
  spread(
    'calibration-spread-projected',
    'rows : rows.mmul(projector)',
    'rows : rows',
    'samples are not projected',
  ),
  occupancy(
    'calibration-occupancy-ratio',
    'ratio * a - b / ratio',
    'a - b',
    'sets of two sizes are compared by counts',
  ),
  occupancy(
    'calibration-occupancy-degrees',
    '[statistic, cells.length - 1]',
    '[statistic, cells.length]',
    'one degree of freedom too many',
  ),
  occupancy(
    'calibration-occupancy-pool',
    'last[0] + last[1] >= 10',
    'last[0] + last[1] >= 0',
    'small modes are kept apart',
  ),
  occupancy(
    'calibration-occupancy-order',
    'c + d - (a + b)',
    'a + b - (c + d)',
    'large modes are put together',
  ),
  occupancy(
    'calibration-occupancy-sum',
    'chiSquareTail(sum(0), degrees)',
    'chiSquareTail(sum(0) / cases.length, degrees)',
    'statistics are averaged',
  ),
  occupancy(
    'calibration-occupancy-one',
    'modes.weights.length < 2',
    'modes.weights.length < 1',
    'one mode is tested against itself',
  ),
  occupancy(
    'calibration-tv-half',
    '/ judged.draws.count) / 2',
    '/ judged.draws.count)',
    'total variation is twice itself',
  ),
  ranks('calibration-rank-equal', 'below + Math.floor(equal / 2)', 'below', 'equal numbers count as above'),
  ranks('calibration-rank-cut', 'p * (count + 1) - rank', 'p * count - rank', 'coverage is off by one rank'),
  ranks(
    'calibration-density-kept',
    'if (kept?.posterior === posterior)',
    'if (kept?.posterior !== undefined && kept.posterior !== posterior)',
    'densities are not kept',
  ),
  coverage(
    'calibration-hpd-level',
    'within(rank, count, 1 - part)',
    'within(rank, count, part)',
    'the region holds a tenth',
  ),
  coverage(
    'calibration-hpd-side',
    '1 - within(rank, count, 1 - part)',
    '1 - within(count - rank, count, 1 - part)',
    'the region of least density',
  ),
  coverage(
    'calibration-hpd-weights',
    'Math.exp(value - top)',
    'Math.exp((value - top) / 2)',
    'the script weighted otherwise',
  ),
  coverage(
    'calibration-hpd-mass',
    'while (mass < goal &&',
    'while (mass < level &&',
    'weights are not normalised',
  ),
  coverage(
    'calibration-marginal-tail',
    'within(rank, count, (1 - part) / 2)',
    'within(rank, count, 1 - part)',
    'the interval leaves out too much at its lower end',
  ),
  coverage(
    'calibration-marginal-upper',
    'within(count - rank, count,',
    'within(rank, count,',
    'both ends are the lower one',
  ),
  coverage('calibration-rate-cases', 'cases.length)\n', 'cases.length ** 2)\n', 'an interval is too narrow'),
  sbc('calibration-sbc-polynomials', '(4 * k * k - 1)', '(4 * k * k + 1)', 'polynomials are not orthonormal'),
  sbc('calibration-sbc-discrete', '(1 - (k * k) / (n * n))', '1', 'ranks are taken for a continuum'),
  sbc('calibration-sbc-order', 'Math.min(4, count)', 'Math.min(1, count)', 'only shifts are seen'),
  sbc(
    'calibration-sbc-n',
    'sum + s * s, 0) / ranks.length',
    'sum + s * s, 0) / count',
    'the statistic is over another number',
  ),
  sbc(
    'calibration-sbc-bonferroni',
    'each.length * Math.min(...each)',
    'Math.min(...each)',
    'the least of many p-values stands as it is',
  ),
  sbc(
    'calibration-sbc-greatest',
    'each.length * Math.min(...each)',
    'each.length * Math.max(...each)',
    'the greatest p-value decides',
  ),
  sbc(
    'calibration-sbc-spread',
    '(count * (count + 2)) / 12',
    '(count * count) / 12',
    'the spread of ranks is taken for that of a continuum',
  ),
  sbc(
    'calibration-sbc-coordinates',
    'Math.floor((k * d) / some)',
    '0',
    'one coordinate is ranked over and over',
  ),
  crps('calibration-crps-fair', 'n * (n - 1))', 'n * n)', 'the score depends on N'),
  crps('calibration-crps-apart', '2 * i - n + 1', '2 * i - n', 'ranks are off by one'),
  crps(
    'calibration-crps-sorted',
    'coordinate(samples, j).sort()',
    'coordinate(samples, j)',
    'samples are not sorted',
  ),
  crps('calibration-energy-score-half', 'Math.sqrt) / 2', 'Math.sqrt)', 'the spread counts twice'),
  crps('calibration-energy-score-truth', '/ points.count', '/ (points.count - 1)', 'a mean is over N − 1'),
  gap('calibration-gap-decibel', '10 * Math.log10', '20 * Math.log10', 'decibels are those of an amplitude'),
  gap(
    'calibration-gap-posterior',
    'momentsOf(posterior).mean, truth',
    'momentsOf(posterior).mean, meanOf(samples)',
    'the reference is another distance',
  ),
  gap(
    'calibration-gap-pooled',
    'sum(0) / sum(1)',
    'sum(0) / sum(1) / cases.length',
    'a ratio of sums is over the cases',
  ),
  gap(
    'calibration-gap-interval',
    'Math.sqrt(n * variance)) / sum(1)',
    'Math.sqrt(variance)) / sum(1)',
    'the interval is too narrow',
  ),
  gap('calibration-gap-residual', 'ours - ratio * exact', 'ours - exact', 'residuals are not of the ratio'),
  evidence(
    'calibration-evidence-exp',
    'offs.map(Math.expm1)',
    'offs.map((v) => Math.exp(v) - 1)',
    'small differences lose their digits',
  ),
  evidence(
    'calibration-evidence-sign',
    'estimate - (posterior.logEvidence ?? Number.NaN)',
    '(posterior.logEvidence ?? Number.NaN) - estimate',
    'Z/Ẑ for Ẑ/Z',
  ),
  evidence('calibration-evidence-absolute', 'offs.map(Math.abs)', 'offs', 'errors of two signs cancel'),
  define(
    'calibration-over-error',
    '1.96 * Math.sqrt(variance / values.length)',
    '1.96 * Math.sqrt(variance)',
    'an interval of cases, not of their mean',
  ),
  define(
    'calibration-over-n',
    '/ (values.length - 1)\n',
    '/ values.length\n',
    'the variance of cases is over their number',
  ),
  define(
    'calibration-over-infinite',
    ' || !Number.isFinite(value)',
    '',
    'an infinite mean has an interval of NaN',
  ),
  define('calibration-lacks-more', 'lacks?.(posed)', 'undefined', 'what else is missing is not said'),
  sliced(
    'calibration-sw-sorted',
    'projected(points, pointAt(directions, i)).sort()',
    'projected(points, pointAt(directions, i))',
    'points stay in their order',
  ),
  sliced(
    'calibration-sw-latest',
    'latest?.draws !== draws',
    'latest === undefined',
    'the first draws stand for all',
  ),
  energy(
    'calibration-mmd-width',
    'const k = kernels(meanDistance(draws))',
    'const k = kernels(meanDistance(samples))',
    'the bandwidth is that of the samples',
  ),
  energy('calibration-mmd-widest', '/ (4 * b)', '/ (2 * b)', 'kernels are half as wide'),
  energy(
    'calibration-mmd-two',
    '2 * meanBetween(x, thinned(draws), k)',
    'meanBetween(x, thinned(draws), k)',
    'the middle term counts once',
  ),
  power(
    'calibration-power-threshold',
    'Math.ceil(0.95 * worst.length) - 1',
    'worst.length - 1',
    'the level is 0',
  ),
  power(
    'calibration-power-better',
    "better === 'lower' ? value : -value",
    'value',
    'small p-values are no fault',
  ),
  power(
    'calibration-power-target',
    'Math.abs(value - (target ?? usual))',
    'value - (target ?? usual)',
    'values below the target are no fault',
  ),
  power('calibration-power-usual', 'target ?? usual', 'target ?? 0', 'where no target is named it is 0'),
  power(
    'calibration-power-paired',
    'paired ? value - metric',
    'paired ? value + 0 * metric',
    'nothing is taken off scores',
  ),
  power(
    'calibration-power-left-out',
    'if (!Number.isFinite(usual)) return []',
    '',
    'metrics without numbers stand in the table',
  ),
  power(
    'calibration-power-lacks',
    'metrics.filter((metric) => metric.lacks(posed) === undefined)',
    'metrics',
    'metrics that do not fit stand in the table',
  ),
  power(
    'calibration-power-cases',
    'r * cases + k).fold',
    'r * cases).fold',
    'all cases have the same draws',
    {
      tests: [
        'packages/calibration/src/metrics/power.test.ts',
        'packages/calibration/src/metrics/laws.test.ts',
      ],
    },
  ),
  trials('calibration-trial-wider', '1 + size', '1 + size / 2', 'samples are wider by 2.5 %'),
  trials('calibration-trial-narrower', '1 - size, none', '1 + size, none', 'narrower samples are wider'),
  trials('calibration-trial-shift', 'size * Math.sqrt(v)', 'size * v', 'a shift is in units of a variance'),
  trials(
    'calibration-trial-weight',
    'k === order[0] ? w + size',
    'k === order[0] ? w',
    'weight is taken and not given',
  ),
  trials(
    'calibration-trial-factor',
    'factor[j * d + k]',
    'factor[k * d + j]',
    'draws are correlated otherwise',
  ),
  trials('calibration-trial-noise', 'value + sigma * (noise[i] ?? 0)', 'value', 'measurements have no noise'),
  trials(
    'calibration-trial-component',
    '(left -= w) < 0',
    '(left -= w) < 0.5',
    'components have other weights',
  ),
]
