import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const laws = (file: string) => of(`noise/${file}`, 'noise/noise')
const draws = (file: string) => of(`noise/${file}`, 'noise/poisson-draw')
const gaussian = of('noise/gaussian.ts', 'noise')
const counts = laws('counts.ts')
const poisson = laws('poisson.ts')
const poissonGauss = laws('poisson-gauss.ts')
const laplace = laws('laplace.ts')
const speckle = laws('speckle.ts')
const quantisation = laws('quantisation.ts')
const tail = laws('normal-tail.ts')
const poissonDraw = draws('poisson-draw.ts')
const stream = draws('draws.ts')
const logGamma = draws('log-gamma.ts')
const metric = of('metrics/define.ts', 'metrics')
const residual = of('metrics/residual.ts', 'metrics')

/** Laws of noise and metrics, beside those of laws.ts. */
export const noiseEdits: readonly Edit[] = [
  gaussian('noise-clean', '...(sigma > 0 &&', '...(sigma >= 0 &&', 'a noise of σ_y = 0 has a likelihood'),
  gaussian(
    'noise-score',
    'y.sub(clean).mul(1 / sigma ** 2)',
    'y.sub(clean).mul(1 / sigma)',
    "the Gaussian's score over σ",
  ),
  poissonDraw('poisson-small', 'rate < 10 ?', 'rate < 1 ?', 'rejection for rates that it is not made for'),
  poissonDraw('poisson-mass', 'mass *= rate / k', 'mass *= rate / (k + 1)', 'the masses of inversion'),
  poissonDraw(
    'poisson-bound',
    '- logGamma(k + 1)) return k',
    '- logGamma(k + 2)) return k',
    'rejection by (k + 1)!',
  ),
  poissonDraw(
    'poisson-quick',
    '0.9277 - 3.6224',
    '1.1277 - 3.6224',
    'the first test of rejection keeps too many',
  ),
  poissonDraw('poisson-centre', '+ rate + 0.43)', '+ rate + 1.43)', 'proposals are one count too high'),
  stream('uniforms-blocks', 'key.fold(block++)', 'key.fold(0)', 'uniform numbers come again'),
  stream('gamma-third', 'shape - 1 / 3', 'shape - 1 / 2', 'the shape of gamma numbers'),
  logGamma(
    'log-gamma-shift',
    'const shift = 8',
    'const shift = 3',
    "Stirling's series where it is not exact",
  ),
  counts(
    'poisson-units',
    '      .mul(peak / 2)\n      .add(background)',
    '      .mul(peak)\n      .add(background)',
    'twice the counts',
  ),
  counts(
    'poisson-background',
    '- background)) / peak - 1',
    ')) / peak - 1',
    'the background is not subtracted',
  ),
  counts(
    'poisson-dark',
    'logicalAnd(known, logicalOr(lit, lessEqual(k, rounding)))',
    'known',
    'counts without light are possible',
  ),
  poisson('poisson-score', '.div(rate).sub(1).mul(slope)', '.div(rate).mul(slope)', 'the score without −1'),
  poissonGauss(
    'poisson-gauss-reach',
    'Math.ceil(8 * s) + 2',
    'Math.ceil(2 * s)',
    'too few counts are summed',
  ),
  poissonGauss(
    'poisson-gauss-centre',
    'return floor(t.exp())',
    'return floor(measured)',
    'the counts are summed about the measured one',
  ),
  poissonGauss(
    'poisson-gauss-widest',
    'const widest = 64',
    'const widest = 6400',
    'any number of counts is summed',
  ),
  laplace('laplace-constant', 'Math.log(2 * scale)', 'Math.log(scale)', "Laplace's constant without 2"),
  laplace('laplace-tail', '* -Math.log(next())', '* (1 - next())', 'uniform numbers for exponential ones'),
  speckle('speckle-power', '.mul(looks - 1)', '.mul(looks)', 'one look too many in the power of v'),
  speckle(
    'speckle-mean',
    '* gammaDraw(looks, next)) / looks',
    '* gammaDraw(looks, next)) / (looks + 1)',
    'speckle darkens',
  ),
  speckle('speckle-dark', 'return where(lit, slope, 0)', 'return slope', 'a score in the dark'),
  quantisation('quantisation-half', 'step / (2 * sigma)', 'step / sigma', 'cells of twice the width'),
  quantisation('quantisation-open', 'where(open, 0, beyond)', 'beyond', 'the outermost cells have an end'),
  quantisation('quantisation-round', 'floor(place.add(0.5))', 'floor(place)', 'rounding down'),
  tail('tail-levels', 'const levels = 24', 'const levels = 3', 'the continued fraction is cut off early'),
  tail(
    'tail-interval',
    '.sub(first))\n      .mul(-1)',
    '.sub(first))\n      .mul(-0.5)',
    'half an interval far out',
  ),
  metric('metric-sigma', '?? 0) > 0', '?? 0) >= 0', 'a misfit without a noise level'),
  metric('metric-pinv', '&& operator.pinv !== undefined', '', 'any linear operator has a pseudo-inverse'),
  metric('metric-image', 'shape.length === 4 &&', 'shape.length >= 2 &&', 'vectors are images'),
  residual('metric-residual-root', '.sub(problem.y)).sqrt()', '.sub(problem.y))', 'the residual squared'),
  residual(
    'unseen-clip',
    'x.clamp(-1, 1).sub(truth)',
    'x.sub(truth)',
    'the error beyond the data range counts',
  ),
  residual(
    'unseen-part',
    'error.sub(operator.pinv(operator.forward(error)))',
    'operator.pinv(operator.forward(error))',
    'the seen part for the unseen',
  ),
]
