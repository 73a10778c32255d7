import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const levy = editsOf('packages/calibration/src/levy')
const em = editsOf('packages/calibration/src/em')
const digits = editsOf('packages/calibration/src/digits')
const suites = editsOf('packages/calibration/src/suites')
const exact = editsOf('packages/solvers/src/priors/exact')
const draws = levy('draws.ts', 'gibbs')
const increments = levy('increments.ts', 'gibbs')
const walk = levy('walk.ts', 'gibbs')
const measured = levy('measured.ts', 'gibbs')
const prior = levy('gibbs-prior.ts')
const posterior = levy('posterior.ts', 'gibbs-prior')
const noise = levy('noise.ts', 'gibbs-prior')
const operators = levy('operators.ts', 'gibbs-prior')
const fit = em('factor-em.ts')
const expectations = em('expectations.ts', 'factor-em')
const file = digits('law-file.ts')
const suite = suites('digits-gmm.ts')
const mixture = exact('factor-mixture.ts')
const factored = exact('factored.ts', 'factor-mixture')
const given = exact('factor-posterior.ts', 'factor-mixture')
const denoiser = exact('factor-denoiser.ts', 'factor-mixture')

/** Faults of Lévy signals, of mixtures of factor analysers and of the digits. */
export const calibrationLevyEdits: readonly Edit[] = [
  draws('levy-gig-scale', '(b ** 2 / 2)', '(b / 2)', 'the variance of a Laplace increment has b for b²'),
  draws('levy-gig-root', '(4 * y * m)', '(2 * y * m)', 'the root of Michael, Schucany and Haas is another'),
  draws(
    'levy-gig-choice',
    '< larger ? larger : m ** 2 / larger',
    '< m ? larger : m ** 2 / larger',
    'the roots change places',
  ),
  draws('levy-gamma-shape', 'shape - 1 / 3', 'shape - 1 / 2', 'gamma has another shape'),
  increments(
    'levy-student-shape',
    '(nu + 1) / 2, stream',
    'nu / 2, stream',
    'the precision given t has the shape of the prior',
  ),
  increments(
    'levy-student-rate',
    '(nu + u ** 2) / 2 / gamma',
    '(nu + u ** 2) / gamma',
    'the precision given t has half its rate',
  ),
  increments(
    'levy-jump-variance',
    '2 * b ** 2 * exponential(stream)',
    'b ** 2 * exponential(stream)',
    'jumps are drawn of half the variance',
  ),
  increments(
    'levy-laplace-variance',
    'Math.sqrt(2 * exponential(stream))',
    'Math.sqrt(exponential(stream))',
    'Laplace increments are 1/√2 of their size',
  ),
  increments('levy-student-score', '(-(nu + 1) * u)', '(-nu * u)', 'the score of t is another'),
  walk(
    'levy-walk-odds',
    'Math.log(probability / (1 - probability)) +',
    'Math.log(probability) +',
    'the odds of a jump are its probability',
  ),
  walk('levy-walk-evidence', '2 * e * mean - l', 'e * mean - l', 'the evidence of a jump misses a factor 2'),
  walk(
    'levy-walk-message',
    'const shrunk = 1 / (1 + w(i) * l)',
    'const shrunk = 1 / (1 + w(i) + l)',
    'messages pass an increment wrongly',
  ),
  walk(
    'levy-walk-next',
    'i === d - 1 ? Infinity : w(i + 1)',
    'i === d - 1 ? Infinity : w(i)',
    'the way back has the variance of the increment before',
  ),
  walk(
    'levy-walk-left',
    'own === Infinity ? variance : gain * own',
    'own === Infinity ? variance : gain * variance',
    'the way back has another spread',
  ),
  measured(
    'levy-flip-taken-out',
    '1 - variance * (G',
    '1 + variance * (G',
    'an increment is taken out with the wrong sign',
  ),
  measured(
    'levy-flip-half',
    '- Math.log(1 + variance * own)) / 2',
    '- Math.log(1 + variance * own))',
    'the odds of a jump miss a half',
  ),
  measured('levy-flip-update', 'by / (1 + by', 'by / (1 - by', 'the update of rank one has the wrong sign'),
  measured(
    'levy-amplitude-scale',
    '(scale[a] ?? 0) * (q[a] ?? 0)',
    '(q[a] ?? 0)',
    'increments are not scaled back',
  ),
  measured(
    'levy-running-sum',
    'row.reduceRight<number[]>',
    'row.reduce<number[]>',
    'H is the sum of the columns up to j',
  ),
  prior('levy-prior-jacobian', 'alpha / sigma ** 2', 'alpha / sigma', 'the Jacobian has σ for σ²'),
  prior('levy-prior-units', 'value / alpha)', 'value)', 'x_t is not divided by α'),
  prior('levy-prior-same-key', 'keyOf(atTime, own)', 'atTime', 'all rows have the same numbers'),
  prior('levy-prior-time', 'keyOf(atTime, own)', 'keyOf(key, own)', 'all times have the same numbers'),
  prior(
    'levy-covariance',
    'const ci = (c[i] ?? 0) / count',
    'const ci = (c[i] ?? 0) / (count + 1)',
    'the covariance is divided by another count',
  ),
  posterior('levy-posterior-misfit', '(2 * sigma ** 2)', 'sigma ** 2', 'the misfit counts twice'),
  posterior(
    'levy-posterior-slope',
    '(slope[j + 1] ?? 0) +',
    '(slope[j - 1] ?? 0) +',
    'the score takes the increment before',
  ),
  noise('levy-decibel', '10 ** 2.5', '10 ** 2.4', 'the noise is 1 dB more'),
  noise('levy-median', 'powers[count / 2 - 1] ?? 0', 'powers[count / 4] ?? 0', 'the level is no median'),
  operators('levy-fourier-double', '(edge(f) ? 1 : 2)', '1', 'frequencies with a conjugate count once'),
  operators('levy-taps', '(j - 6) ** 2) / 8', '(j - 6) ** 2) / 4', 'the blur is narrower'),
  fit('em-ridge', 'Matrix.eye(n, n, ridge)', 'Matrix.eye(n, n, 2 * ridge)', 'the ridge is twice its size'),
  fit('em-left', 'div(2 * count)', 'div(count)', 'Ψ is twice its size'),
  fit(
    'em-objective',
    '(ridge * tracePrecision) / 2',
    'ridge * tracePrecision',
    'the objective counts the ridge twice',
  ),
  fit('em-centre', 'm + (centre[j] ?? 0)', 'm', 'means stay about the middle'),
  expectations(
    'em-inner',
    '.mmul(R).add(Matrix.eye(q, q)))',
    '.mmul(R).add(Matrix.eye(q, q, 2)))',
    'M has 2 I',
  ),
  expectations(
    'em-determinant',
    '(log + mean.dot(pulled)) / 2',
    'mean.dot(pulled) / 2',
    'responsibilities miss a determinant',
  ),
  expectations(
    'em-second-moment',
    'Matrix.mul(part.inner, counts[k] ?? 0).add(',
    'Matrix.mul(part.inner, 0).add(',
    'E[zzᵀ] misses the spread of z',
  ),
  expectations('em-shared', 'total - shared / 2', 'total', 'the likelihood misses what components share'),
  file(
    'law-file-triangle',
    '(i * (i + 1)) / 2\n',
    '(i * (i - 1)) / 2 + 1\n',
    'rows of the triangle start elsewhere',
  ),
  file('law-file-shorter', 'k <= j; k++', 'k < j; k++', 'Ψ misses the diagonal of L'),
  suite(
    'digits-gmm-sigma',
    'let sum = sigma * Number(noise[r])',
    'let sum = 2 * sigma * Number(noise[r])',
    'y has twice the noise',
  ),
  suite('digits-gmm-key', '.fold(from)', '.fold(kind.prior)', 'both priors get other noise'),
  suite(
    'digits-gmm-picture',
    '(seed * 3571) % count',
    '(seed * 3571 + 1) % count',
    'the picture of a seed is the next one',
  ),
  factored(
    'factor-determinant',
    'Math.log(value), logDeterminant)',
    'Math.log(value), 0)',
    'the determinant misses M',
  ),
  mixture('factor-score-sign', '- (back[i] ?? 0))', '+ (back[i] ?? 0))', 'Woodbury adds'),
  mixture(
    'factor-noised',
    'alpha ** 2 * value + sigma ** 2',
    'alpha ** 2 * value + sigma',
    'noised has σ for σ²',
  ),
  mixture(
    'factor-draw',
    'this.background.values.map(Math.sqrt)',
    'this.background.values',
    'draws have variances for deviations',
  ),
  given('factor-posterior-inner', '.sub(across.transpose().mmul(moved))', '', 'z is as if all were measured'),
  given(
    'factor-posterior-evidence',
    '2 * A.rows * Math.log(sigma)',
    'A.rows * Math.log(sigma)',
    'the evidence misses σ',
  ),
  given(
    'factor-posterior-step',
    'const step = along.map((value, i) => value +',
    'const step = along.map((_, i) =>',
    'the mean misses the factors',
  ),
  given(
    'factor-posterior-values',
    'precision.get(i, i) + 1 / value',
    'precision.get(i, i) + value',
    'the precision has variances',
  ),
  denoiser('factor-denoiser-share', 'sigma ** 2 / value', 'sigma / value', 'the means have σ for σ²'),
  denoiser('factor-denoiser-half', '.mul(0.5))', ')', 'responsibilities miss a half'),
  denoiser(
    'factor-denoiser-gain',
    'alpha * (background.values[i] ?? 0)',
    'background.values[i] ?? 0',
    'x_t counts without α',
  ),
]
