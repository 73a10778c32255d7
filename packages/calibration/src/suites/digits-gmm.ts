import type { Prior } from '@tweedie/solvers'
import {
  denseMatrix,
  exactPrior,
  gaussianNoise,
  isLinear,
  operatorFromSpec,
  vpLinear,
} from '@tweedie/solvers'
import { fromData, normal, OptionError, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { digitSettings } from '../digits/settings.ts'
import type { DigitsSource } from '../digits/source.ts'
import { shape } from '../digits/source.ts'
import { pointAt } from '../points.ts'
import { keeper } from '../posteriors/keeper.ts'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Case, PosedProblem, Suite } from '../types.ts'
import { fewSteps } from './few-steps.ts'

/** What a problem is made of. */
interface Kind {
  readonly name: string
  /** A text of an operator, and σ_y. */
  readonly operator: string
  readonly sigma: number
  /** Where the truth is from. */
  readonly truth: 'the mixture' | 'a digit'
  /** What methods are given. */
  readonly prior: 'the mixture' | 'the network'
}

/** The operators by short names. */
const operators: Readonly<Record<string, string>> = {
  denoise: 'denoise',
  box: 'inpaint:box=14',
  random: 'inpaint:random=0.7,seed=1',
  rows: 'inpaint:lines=rows,keep=4',
  sr4: 'sr:4',
  blur: 'blur:size=9,std=1.5',
  uniform: 'uniform-blur:size=9',
  motion: 'motion-blur:size=9,seed=1',
  kernel: 'kernel-blur',
  mri: 'mri:acceleration=4,seed=1',
  multicoil: 'multicoil-mri:acceleration=4',
  gaussian: 'cs-gaussian:ratio=0.25',
  hadamard: 'cs-walsh-hadamard:ratio=0.25',
  block: 'cs-block:ratio=0.25',
  ct: 'tomography:angles=12',
}

const kinds: readonly Kind[] = Object.entries(operators).flatMap(([name, operator]): Kind[] => [
  { name, operator, sigma: 0.05, truth: 'the mixture', prior: 'the mixture' },
  { name: `${name},0.2`, operator, sigma: 0.2, truth: 'the mixture', prior: 'the mixture' },
  { name: `${name},digit`, operator, sigma: 0.05, truth: 'a digit', prior: 'the mixture' },
  { name: `${name},digit,network`, operator, sigma: 0.05, truth: 'a digit', prior: 'the network' },
])

/** Those at the lower noise level where the truth is of the prior that methods are given, or the prior is the network. */
const own = kinds
  .filter(({ sigma, truth, prior }) => sigma < 0.1 && (truth === prior || prior === 'the network'))
  .map(({ name }) => name)

/** Goes through the held-out digits, which lie by label, in strides. */
const placeOf = (seed: number, count: number): number => (seed * 3571) % count

/** What is worked out once of an operator and a noise level: A, and the posteriors that it makes. */
function measurementOf(source: DigitsSource, text: string, sigma: number) {
  const operator = operatorFromSpec(text, [...shape])
  if (!isLinear(operator)) throw new OptionError('operator', `'${text}' is not linear`)
  using dense = denseMatrix(operator)
  const [rows = 0, columns = 0] = dense.shape
  const A = Matrix.from1DArray(rows, columns, Array.from(dense.dataSync(), Number))
  return { operator, A, noise: gaussianNoise(sigma), given: source.law().measured(A, sigma) }
}

/**
 * Handwritten digits with a prior whose posterior is known: a mixture of factor analysers, full covariances in 784 dimensions,
 * under the linear operators of the registry that take a grey picture. Four kinds of problems an operator:
 *
 * - truths that the mixture drew, at two noise levels: a method that is right is calibrated;
 * - a held-out digit with the mixture as prior: a method's error is its own, as the exact posterior of that prior is there;
 * - the same y with the trained network as prior (`…,network`): the posterior beside it is still the mixture's, so that distances
 *   to it are no method's error; `gap-db` is below 0 and `crps` below that of the row `exact` where the network knows more of
 *   digits than the mixture.
 *
 * @param source - The law, the pictures and the network; `shippedDigits` of `@tweedie/calibration/node`.
 */
export function digitsGmm(source: DigitsSource): Suite {
  const measurements = keeper<ReturnType<typeof measurementOf>>(3)
  const schedule = vpLinear()
  let mixture: Prior | undefined
  const priors = {
    'the mixture': () => (mixture ??= exactPrior(source.law(), { schedule, shape, name: 'digits-gmm' })),
    'the network': source.network,
  }
  const pose = (kind: Kind, seed: number): Case => {
    const { operator: text, sigma, truth: from } = kind
    const { operator, A, noise, given } = measurements(`${text},${sigma}`, () =>
      measurementOf(source, text, sigma),
    )
    const key = randomKey(seed).fold('digits-gmm').fold(`${text},${sigma}`).fold(from)
    const truth = from === 'the mixture' ? drawn(source, key.fold('truth')) : picture(source, seed)
    const y = measured(A, truth, sigma, key.fold('noise'))
    const found = given(y)
    return {
      prior: priors[kind.prior](),
      problem: { operator, noise, y: fromData(y, [1, ...operator.outShape], { dtype: 'float32' }) },
      truth,
      posterior: mixturePosterior(found),
      matrix: A,
      ...(kind.prior === 'the mixture' && { conditional: exactPrior(found.law, { schedule, shape }) }),
    }
  }
  return {
    name: 'digits-gmm',
    title: 'Digits under a mixture of factor analysers',
    source:
      'packages/calibration/priors/digits-gmm: fitted to the images that the network was trained on; truths are its draws, or held-out digits',
    problems: kinds.map(
      (kind): PosedProblem => ({
        name: kind.name,
        title: `${kind.operator}, σ_y = ${kind.sigma}; truth from ${kind.truth}, prior ${kind.prior}`,
        pose: (seed) => pose(kind, seed),
      }),
    ),
    full: { problems: own, seeds: 2, samples: 16, limit: 4 },
    quick: {
      problems: ['box', 'sr4,digit,network'],
      seeds: 2,
      samples: 16,
      rows: ['exact', 'exact-score', 'dps', 'ddrm', 'pigdm', 'diffpir'],
      limit: 15,
    },
    metrics: [
      'crps',
      'gap-db',
      'mean-error-relative',
      'variance-ratio',
      'whitened',
      'hpd90',
      'energy-score',
      'sw',
      'sbc',
      'marginal90',
    ],
    settings: (method) => ({ ...fewSteps(method, 100), ...digitSettings[method] }),
    published: [],
  }
}

function drawn(source: DigitsSource, key: ReturnType<typeof randomKey>): Float64Array {
  using x = source.law().sample([key], { dtype: 'float64', device: 'reference' })
  return Float64Array.from(x.dataSync(), Number)
}

function picture(source: DigitsSource, seed: number): Float64Array {
  const pictures = source.pictures()
  return Float64Array.from(pointAt(pictures, placeOf(seed, pictures.count)))
}

function measured(
  A: Matrix,
  truth: Float64Array,
  sigma: number,
  key: ReturnType<typeof randomKey>,
): Float64Array {
  using z = normal(key, [A.rows], { dtype: 'float64', device: 'reference' })
  const noise = z.dataSync()
  return Float64Array.from({ length: A.rows }, (_, r) => {
    let sum = sigma * Number(noise[r])
    for (let j = 0; j < truth.length; j++) sum += A.get(r, j) * (truth[j] ?? 0)
    // As single precision has it, so that the posterior is of the very y that methods get.
    return Math.fround(sum)
  })
}
