import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/calibration/src')
const target = of('posteriors/target.ts', 'posteriors/target.test.ts')
const ridge = of('posteriors/ridge.ts', 'suites/bipsda.test.ts')
const laplace = of('posteriors/laplace.ts', 'posteriors/laplace.test.ts')
const chain = of('posteriors/chain.ts', 'posteriors/chain.test.ts')
const converged = of('posteriors/convergence.ts', 'posteriors/convergence.test.ts')
const wells = of('posteriors/double-well.ts', 'posteriors/double-well.test.ts')
const jumps = of('posteriors/ridge-posterior.ts', 'suites/bipsda.test.ts')
const posing = of('suites/pose.ts', 'suites/suites.test.ts')
const bipsda = of('suites/bipsda.ts', 'suites/bipsda.test.ts')
const ksd = of('suites/ksd.ts', 'suites/ksd.test.ts')
const states = of('suites/double-well.ts', 'suites/tilt.test.ts')
const w2 = of('metrics/gaussian-w2.ts', 'metrics/gaussian-w2.test.ts')
const columns = of('metrics/columns.ts', 'metrics/columns.test.ts')
const rmse = of('metrics/rmse.ts', 'metrics/columns.test.ts')

/** Faults of posteriors by chains, and of the suites that are posed of them. */
export const calibrationSuiteEdits: readonly Edit[] = [
  target(
    'chain-mixture-half',
    'quadratic(precision, mean, x, pull) / 2',
    'quadratic(precision, mean, x, pull)',
    'the exponent of a Gaussian is twice too large',
  ),
  target(
    'chain-mixture-log',
    'sum + Math.log(l), 0) - (d / 2)',
    'sum + Math.log(l) / 2, 0) - (d / 2)',
    'the determinant of a covariance is taken for its square',
  ),
  target(
    'chain-mixture-curvature',
    'const hessian = rank(g)',
    'const hessian = rank(g).mul(0)',
    'the curvature of a mixture lacks what lies between its modes',
  ),
  target(
    'chain-mixture-root',
    'for (let j = 0; j <= i; j++)',
    'for (let j = i; j <= i; j++)',
    'draws have no correlations',
  ),
  ridge(
    'ridge-score-sign',
    'out[j] = (out[j] ?? 0) + f *',
    'out[j] = (out[j] ?? 0) - f *',
    'the score moves away from y',
  ),
  ridge(
    'ridge-last',
    'for (let i = 0; i < m; i++) total += log(i, u(x, i))',
    'for (let i = 1; i < m; i++) total += log(i, u(x, i))',
    'a measurement is left out of the density',
  ),
  laplace(
    'laplace-mass',
    'return log - L.diag()',
    'return log + L.diag()',
    'modes are weighed by the inverse of their width',
  ),
  laplace(
    'laplace-twice',
    'apart(peak, found) < 1e-3',
    'apart(peak, found) < -1',
    'a maximum counts as often as it was found',
  ),
  laplace(
    'laplace-uncurved',
    'if (cholesky.isPositiveDefinite()) return cholesky',
    'return cholesky',
    'Newton steps go down where the density bends upwards',
  ),
  chain(
    'chain-all-moves',
    'const probability = Number.isNaN(rise) ? 0 : Math.min(1, Math.exp(rise))',
    'const probability = 1',
    'every Hamiltonian move is taken',
  ),
  chain(
    'chain-kinetic-half',
    'sum + p ** 2, 0) / 2 - log',
    'sum + p ** 2, 0) - log',
    'the kinetic energy is doubled',
  ),
  chain(
    'chain-half-leap',
    'leap === leaps ? size / 2 : size',
    'size',
    'the last half step of the momentum is a whole one',
  ),
  chain(
    'chain-jump-back',
    '- to.logDensity(next) + to.logDensity(x)',
    '+ to.logDensity(next) - to.logDensity(x)',
    'jumps are weighed by q where they are to be by 1/q',
  ),
  chain(
    'chain-jump-symmetric',
    '- to.logDensity(next) + to.logDensity(x)',
    '',
    'jumps are taken for symmetric ones',
  ),
  chain(
    'chain-score-stale',
    '[x, log] = [next, there]\n      score = target.score(x)',
    '[x, log] = [next, there]',
    'after a jump the first half step is of where the chain was',
  ),
  chain(
    'chain-unjudged',
    'rounds < 3 && !good()',
    'rounds < 3 && good()',
    'chains stop where they have not converged',
  ),
  chain(
    'chain-one-state',
    'randomIntegers(key, count, 1)',
    'randomIntegers(key, 1, 1)',
    'each draw is the first state',
  ),
  chain(
    'chain-importance-mean',
    'top + Math.log(sum / draws)',
    'top + Math.log(sum)',
    'the evidence is that of all draws together',
  ),
  converged(
    'converged-unsplit',
    '[chain.subarray(0, half), chain.subarray(half, 2 * half)]',
    '[chain, chain]',
    'chains that drift agree',
  ),
  converged(
    'converged-twice',
    'Math.max(2 * sum - 1,',
    'Math.max(2 * sum + 1,',
    'independent draws count for a third',
  ),
  converged(
    'converged-spread',
    'chain.map((v) => (v - centre) ** 2)',
    'chain.map((v) => v - centre)',
    'chains of different spread agree',
  ),
  wells(
    'well-quartic',
    '(d - middle) ** 4 + quadratic',
    '(d - middle) ** 4 - quadratic',
    'there is one well',
  ),
  wells(
    'well-slope',
    '4 * quartic * (d - middle) ** 3',
    '3 * quartic * (d - middle) ** 3',
    'a force that is none of E',
  ),
  wells('well-temperature', '-energy / temperature', '-energy', 'the density is that of temperature 1'),
  wells('well-force-temperature', 'f / temperature -', 'f -', 'the score is that of temperature 1'),
  wells('well-pull', '(pull / 2) * x.reduce', 'pull * x.reduce', 'the reward is doubled in the density'),
  wells(
    'well-mirror',
    'turned[2 * to] = c * px - s * py',
    'turned[2 * to] = c * px + s * py',
    'a turn that shears',
  ),
  jumps('ridge-no-defence', 'const defence = 0.1', 'const defence = 2', 'weights of jumps are below 0'),
  posing(
    'posed-noise',
    'clean + sigma * (noise[i] ?? 0)',
    'clean + (noise[i] ?? 0)',
    'the noise of y has the standard deviation 1, whatever is said',
  ),
  posing(
    'posed-matrix',
    'problem: { operator: operatorOf(A), noise',
    'problem: { operator: operatorOf(Matrix.mul(A, 2)), noise',
    'methods are given twice the operator',
  ),
  bipsda('bipsda-count', 'Math.round((y[i] ?? 0) + 1)', 'Math.round(y[i] ?? 0)', 'counts are one short'),
  bipsda(
    'bipsda-absorber',
    'new Float64Array(d).fill(shift)',
    'new Float64Array(d)',
    'counts are not moved to where x absorbs',
  ),
  bipsda(
    'bipsda-square',
    'slope: (i, u) => (2 * u * off(i, u))',
    'slope: (i, u) => (u * off(i, u))',
    'half the force of a magnitude',
  ),
  bipsda(
    'bipsda-factorial',
    '(z - 0.5) * Math.log(z)',
    '(z + 0.5) * Math.log(z)',
    'a factor in the factorials',
  ),
  bipsda(
    'bipsda-turned',
    'covariances: { each: [1, widths, symmetric] }',
    'covariances: { each: [1, widths, widths] }',
    'the third mode is not turned',
  ),
  bipsda(
    'bipsda-levels',
    'schedule: ve({ sigmaMax: 10 })',
    'schedule: ve({ sigmaMax: 20 })',
    'the levels begin at 20',
  ),
  ksd(
    'ksd-median',
    'const middle = (s.length - 1) / 2',
    'const middle = s.length - 1',
    'c is of the largest',
  ),
  ksd('ksd-mode', '(i < 2 ? 2 : 1)', '(i < 2 ? 1 : 1)', 'the second mode is as narrow as the first'),
  states(
    'states-unweighed',
    '1 / (1 + reward(x) / Z)',
    '1',
    'states of the tilted law count in full in the prior',
  ),
  states('states-observed', 'doubleWell(4).distances', 'doubleWell(4).places', 'places are observed'),
  states(
    'states-tau',
    "doubleWell(4, lambda, temperature), 'tilted'",
    "doubleWell(4, 2 * lambda, temperature), 'tilted'",
    'chains are of another reward',
  ),
  w2('w2-cross', '- 2 * cross.trace()', '- cross.trace()', 'the covariances are farther apart'),
  w2('w2-root', 'root.mmul(B).mmul(root)', 'A.mmul(B)', 'the root of a product that is not symmetric'),
  w2('w2-count', '.div(count - 1)', '.div(count)', 'the covariance of samples is over N'),
  columns('z-std-root', 'value: Math.sqrt(value)', 'value', 'z² in place of z'),
  columns('z-std-spread', '** 2 / variance', '** 2 / Math.sqrt(variance)', 'z² over a standard deviation'),
  columns('sample-std-count', '(count - 1) }', 'count }', 'the variance of samples is over N'),
  rmse('rmse-truth', 'truth[i % dimension]', 'truth[0]', 'all coordinates are set against the first'),
]
