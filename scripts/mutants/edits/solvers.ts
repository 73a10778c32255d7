import type { Edit } from '../edit.ts'
import { blackBoxEdits } from './blackbox.ts'
import { blindEdits } from './blind.ts'
import { blurEdits } from './blurs.ts'
import { csgmEdits } from './csgm.ts'
import { decoupledEdits } from './decoupled.ts'
import { flowEdits } from './flow.ts'
import { flowsEdits } from './flows.ts'
import { fourierEdits } from './fourier.ts'
import { gradientEdits } from './gradient.ts'
import { guidanceEdits } from './guidance.ts'
import { innerEdits } from './inner.ts'
import { latentEdits } from './latent.ts'
import { lawEdits } from './laws.ts'
import { methodEdits } from './methods.ts'
import { midpointEdits } from './midpoint.ts'
import { noiseEdits } from './noise.ts'
import { editsOf, inside as insideOf } from './of.ts'
import { operatorEdits } from './operators.ts'
import { particleMethodEdits } from './particle-methods.ts'
import { particleEdits } from './particles.ts'
import { pixelEdits } from './pixels.ts'
import { projectionEdits } from './projection.ts'
import { samplerEdits } from './samplers.ts'
import { spectralEdits } from './spectral.ts'
import { splittingEdits } from './splitting.ts'
import { tomographyEdits } from './tomography.ts'
import { variationalEdits } from './variational.ts'
import { weightedEdits } from './weighted.ts'

const of = editsOf('packages/solvers/src')
const inside = (...folders: readonly string[]) => insideOf('packages/solvers/src', ...folders)
const respace = of('schedules/respace.ts')
const grids = of('schedules/grids.ts')
const vp = of('schedules/vp.ts')
const betas = of('schedules/beta-schedules.ts')
const ve = of('schedules/ve.ts')
const levels = of('schedules/levels.ts')
const levelGrids = of('schedules/level-grids.ts', 'schedules/paths')
const timeTravel = of('schedules/time-travel.ts', 'schedules/paths')
const vpContinuous = of('schedules/vp-continuous.ts', 'schedules/')
const flow = of('schedules/flow.ts', 'schedules/')

const schedules: readonly Edit[] = [
  grids(
    'grid-half-even',
    'rest > 0.5 || (rest === 0.5 && low % 2 !== 0)',
    'rest >= 0.5',
    'halves are rounded up',
    inside('schedules'),
  ),
  grids(
    'leading-round',
    'const stride = Math.floor(T / n)',
    'const stride = Math.round(T / n)',
    'the stride of leading is rounded',
    inside('schedules'),
  ),
  grids(
    'leading-refused',
    'if (stride === 1 && n < T) {',
    'if (n > T) {',
    'leading starts in the midst of the noise without a word',
    inside('schedules'),
  ),
  grids(
    'trailing-floor',
    'roundHalfEven(T + i * stride) - 1',
    'Math.floor(T + i * stride) - 1',
    'trailing rounds down',
    inside('schedules'),
  ),
  grids(
    'trailing-stride',
    'const stride = T - T / n - T',
    'const stride = -T / n',
    "trailing's stride is exact, not NumPy's",
    inside('schedules'),
  ),
  grids(
    'linspace-last',
    'i === n - 1 ? stop : i * step',
    'i * step + 0.4',
    'linspace is shifted',
    inside('schedules'),
  ),
  grids(
    'guided-product',
    'const t = roundHalfEven(at)',
    'const t = roundHalfEven(Math.round(at / stride) * stride)',
    "guided-diffusion's running sum is a product",
    inside('schedules'),
  ),
  grids(
    'ddim-ceil',
    'range(T, Math.floor(T / n))',
    'range(T, Math.ceil(T / n))',
    "DDIM's stride is rounded up",
    inside('schedules'),
  ),
  grids(
    'ddim-quadratic-range',
    'Math.sqrt(T * 0.8)',
    'Math.sqrt(T * 0.9)',
    "DDIM's quadratic grid reaches further",
    inside('schedules'),
  ),
  grids(
    'guided-ddim-exact',
    'if (given === n) return',
    'if (given <= n) return',
    'ddimN gives fewer steps without a word',
    inside('schedules'),
  ),
  respace(
    'quadratic-continuous',
    'quadratic: (i) => between(unit(i) ** 2)',
    'quadratic: (i) => between(unit(i) ** 3)',
    'quadratic of a continuous schedule is cubic',
    inside('schedules'),
  ),
  respace(
    'leading-continuous',
    'const leading = (i: number) => between(i / steps)',
    'const leading = (i: number) => between((i + 1) / steps)',
    'leading of a continuous schedule is trailing',
    inside('schedules'),
  ),
  respace(
    'trailing-continuous',
    '((noisiest - clean) * (i + 1)) / steps',
    '((noisiest - clean) * (i + 0.5)) / steps',
    'trailing of a continuous schedule stops short',
    inside('schedules'),
  ),
  respace(
    'quadratic-range',
    'Math.round(last * unit(i) ** 2)',
    'Math.floor(last * unit(i) ** 2)',
    'quadratic rounds down',
    inside('schedules'),
  ),
  levelGrids(
    'karras-exponent',
    '(from + (to - from) * u) ** rho',
    '(from + (to - from) * u) ** (rho - 1)',
    'karras raises to the sixth',
    inside('schedules'),
  ),
  levelGrids(
    'geometric-linear',
    'low * (high / low) ** u',
    'low + (high - low) * u',
    'log-snr is even in σ/α',
  ),
  timeTravel(
    'travel-place',
    '[n - 2 - i, i + 1 - jump]',
    '[n - 1 - i, i + 1 - jump]',
    'time travel goes up one index early',
  ),
  timeTravel('travel-repeats', 'let k = 1; k < repeats', 'let k = 0; k < repeats', 'one repeat too many'),
  vp(
    'vp-slope-knot',
    'Math.ceil(checked(t)) + 1)',
    'Math.floor(checked(t)) + 2)',
    'at a knot the slope is that of the noisier side',
  ),
  vp('vp-slope-half', '(slope / 2) * Math.exp', 'slope * Math.exp', 'α′ without the factor ½'),
  vp('vp-slope-sigma', '/ (2 * sigma)', '/ sigma', 'σ′ without the factor ½'),
  vpContinuous(
    'vp-continuous-inverse',
    'Math.log1p(level * level)',
    'Math.log1p(level)',
    'σ/α inverted as its square',
  ),
  ve(
    've-variance-slope',
    '0.5 / Math.sqrt(checked(t))',
    '1 / Math.sqrt(checked(t))',
    'σ′ of √t twice too large',
  ),
  flow('flow-inverse', 'level / (1 + level)', 'level / (1 - level)', 'flow inverts t/(1 + t)'),
  flow('flow-slope', 'alpha: -1, sigma: 1', 'alpha: 1, sigma: 1', 'the signal of flow grows with noise'),
  respace(
    'karras-collision',
    '(times[i - 1] ?? -1) + 1)',
    '(times[i - 1] ?? -1))',
    'times meet where rounding makes them',
    inside('schedules'),
  ),
  respace(
    'pair-end',
    'descending[i + 1] ?? schedule.clean',
    'descending[i + 1] ?? 0',
    'the last step ends at 0 instead of clean',
    inside('schedules'),
  ),
  vp(
    'vp-beta-scale',
    'betaMax = 20 / (options.T ?? 1000)',
    'betaMax = 0.02',
    'β is not scaled to T',
    inside('schedules'),
  ),
  vp(
    'vp-cosine-offset',
    's = 0.008',
    's = 0.08',
    "the cosine schedule's offset is ten times too large",
    inside('schedules'),
  ),
  vp(
    'vp-cosine-clamp',
    'maxBeta = 0.999',
    'maxBeta = 0.99',
    'the cosine schedule cuts β at 0.99',
    inside('schedules'),
  ),
  vp(
    'vp-sigma',
    'Math.sqrt(0 - Math.expm1(at(t)))',
    'Math.sqrt(1 - Math.exp(at(t) / 2))',
    'σ² is 1 − √ᾱ',
    inside('schedules'),
  ),
  vp(
    'vp-level-inverse',
    'const target = -Math.log1p(level * level)',
    'const target = -Math.log1p(level)',
    'the inverse of σ/α takes it unsquared',
    inside('schedules'),
  ),
  ve('ve-sigma-max', 'sigmaMax = 80', 'sigmaMax = 50', 'σ_max is 50 by default', inside('schedules')),
  betas(
    'beta-scaled-root',
    'spaced(Math.sqrt(betaMin), Math.sqrt(betaMax), T).map((root) => root ** 2)',
    'spaced(betaMin, betaMax, T)',
    'scaled_linear is linear',
    inside('schedules'),
  ),
  betas(
    'beta-spaced',
    '((last - first) * i) / (T - 1)',
    '((last - first) * i) / T',
    'the last β is not reached',
    inside('schedules'),
  ),
  betas(
    'beta-sigmoid',
    'spaced(-6, 6, T)',
    'spaced(-5, 5, T)',
    'the sigmoid is cut at ±5',
    inside('schedules'),
  ),
  betas(
    'beta-sigmoid-sign',
    '(1 + Math.exp(-u))',
    '(1 + Math.exp(u))',
    'the sigmoid falls',
    inside('schedules'),
  ),
  betas(
    'beta-cosine',
    'squaredcos_cap_v2: ({ T }) => vpCosine({ T, maxBeta })',
    'squaredcos_cap_v2: () => vpCosine({ maxBeta })',
    'T of the cosine schedule is 1000',
    inside('schedules'),
  ),
  betas('beta-one', 'T === 1 ? first : first +', 'first +', 'one β is NaN', inside('schedules')),
  grids('trailing-order', '- 1).reverse()', '- 1)', 'trailing runs from clean to noisy', inside('schedules')),
  grids(
    'guided-stride',
    'const stride = (T - 1) / (n - 1)',
    'const stride = T / n',
    "guided-diffusion's fractional stride",
    inside('schedules'),
  ),
  grids(
    'guided-ddim-stride',
    'const stride = Math.ceil(T / n)',
    'const stride = Math.floor(T / n)',
    'ddimN takes the largest stride below',
    inside('schedules'),
  ),
  grids(
    'ddim-quadratic-floor',
    'Math.floor(root * root)',
    'Math.round(root * root)',
    "DDIM's quadratic grid is rounded",
    inside('schedules'),
  ),
  grids(
    'range-end',
    'count(Math.ceil(end / step)',
    'count(Math.floor(end / step)',
    'the last index of a range is left out',
    inside('schedules'),
  ),
  levels('alpha-bar', 'return a / (a + s)', 'return a', 'ᾱ of VE is 1', inside('schedules')),
]

export const solversEdits: readonly Edit[] = [
  ...samplerEdits,
  ...methodEdits,
  ...midpointEdits,
  ...csgmEdits,
  ...spectralEdits,
  ...schedules,
  ...operatorEdits,
  ...fourierEdits,
  ...blindEdits,
  ...variationalEdits,
  ...blackBoxEdits,
  ...weightedEdits,
  ...tomographyEdits,
  ...blurEdits,
  ...pixelEdits,
  ...noiseEdits,
  ...latentEdits,
  ...lawEdits,
  ...particleEdits,
  ...particleMethodEdits,
  ...projectionEdits,
  ...innerEdits,
  ...gradientEdits,
  ...guidanceEdits,
  ...splittingEdits,
  ...flowEdits,
  ...decoupledEdits,
  ...flowsEdits,
]
