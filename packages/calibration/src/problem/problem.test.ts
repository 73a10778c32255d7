import { dps, gaussianNoise, gaussianPrior, inpaint, vpCosine } from '@tweedie/solvers'
import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { HostArray } from './array.ts'
import { parseDescription } from './json.ts'
import { problemOfDescription } from './problem.ts'

const mixture = {
  weights: [1, 3],
  means: [
    [-1, 0],
    [1, 1],
  ],
  covariances: 0.5,
}
const plain = { prior: { mixture }, operator: { matrix: [[1, 0.5]] }, noise: { gaussian: 0.3 }, y: [0.4] }

const files: Readonly<Record<string, HostArray>> = {
  'means.npy': { shape: [2, 2], values: Float32Array.of(-1, 0, 1, 1) },
  'covariances.npy': { shape: [2, 2, 2], values: [1, 0.5, 0.5, 1, 2, 0, 0, 2] },
  'nan.npy': { shape: [2, 2], values: [0, 1, Number.NaN, 3] },
}
const read = async (file: string, place: string): Promise<HostArray> => {
  const found = files[file]
  if (found === undefined) throw new OptionError(place, `there is no file '${file}'`)
  return found
}
const posed = (description: unknown) => problemOfDescription(description, read)

/** Covariances of the prior of a mixture with these, as plain rows. */
async function covariances(given: object) {
  const { prior } = await posed({ ...plain, prior: { mixture: { ...mixture, ...given } } })
  const { law } = prior as ReturnType<typeof gaussianPrior>
  return law.components.map(({ covariance }) => covariance.to2DArray())
}

describe('what a description may say', () => {
  test('defaults: float64, vp-linear, [d]; weights of any sum', async () => {
    const { prior, problem } = await posed(plain)
    expect([prior.shape, prior.schedule.name, problem.y.dtype]).toEqual([[2], 'vp-linear', 'float64'])
    expect([problem.operator.outShape, problem.y.shape, problem.noise.sigma]).toEqual([[1], [1, 1], 0.3])
    const { law } = prior as ReturnType<typeof gaussianPrior>
    expect(law.components.map(({ weight }) => weight)).toEqual([0.25, 0.75])
    const large = await posed({ ...plain, prior: { mixture: { ...mixture, weights: [1e308, 1.5e308] } } })
    const of = large.prior as ReturnType<typeof gaussianPrior>
    expect(of.law.components.map(({ weight }) => weight)).toEqual([
      expect.closeTo(0.4, 12),
      expect.closeTo(0.6, 12),
    ])
  })

  test('covariances: a number, a variance each, one matrix, a matrix each, variances each', async () => {
    const eye = (v: number) => [
      [v, 0],
      [0, v],
    ]
    const full = [
      [1, 0.5],
      [0.5, 2],
    ]
    expect(await covariances({ covariances: 2 })).toEqual([eye(2), eye(2)])
    expect(await covariances({ covariances: [2, 3] })).toEqual([eye(2), eye(3)])
    expect(await covariances({ covariances: full })).toEqual([full, full])
    expect(await covariances({ covariances: [full, eye(3)] })).toEqual([full, eye(3)])
    expect(await covariances({ covariances: 'covariances.npy' })).toEqual([
      [
        [1, 0.5],
        [0.5, 1],
      ],
      eye(2),
    ])
    const variances = [
      [1, 2],
      [3, 4],
    ]
    expect(await covariances({ covariances: undefined, variances })).toEqual([
      [
        [1, 0],
        [0, 2],
      ],
      [
        [3, 0],
        [0, 4],
      ],
    ])
  })

  test('a Gaussian, with variances and with a matrix; of one coordinate', async () => {
    const gaussian = { mean: [1, 2], covariance: [0.5, 4] }
    const { prior } = await posed({ ...plain, prior: { gaussian } })
    expect(prior).toMatchObject({ name: 'gaussian', shape: [2] })
    const { law } = prior as ReturnType<typeof gaussianPrior>
    expect(law.covariance().diag()).toEqual([0.5, 4])
    const line = { prior: { gaussian: { mean: [1], covariance: 2 } }, operator: 'identity', noise: 1, y: 3 }
    const one = await posed(line)
    expect(one.prior.shape).toEqual([1])
    expect(one.problem.y.dataSync()).toEqual(Float64Array.of(3))
    const points = { mixture: { weights: [1, 1], means: [-1, 1], covariances: [[[0.1]], [[0.2]]] } }
    expect((await posed({ ...line, prior: points })).prior.shape).toEqual([1])
  })

  test('schedules, operators and noises of the catalogs', async () => {
    const ve = await posed({ ...plain, schedule: 've:sigmaMax=20' })
    expect(ve.prior.schedule.noisiest).toBe(20)
    const [mean, covariance] = [new Array(16).fill(0), 1]
    const square = { prior: { gaussian: { mean, covariance } }, shape: [1, 4, 4], noise: 'none' }
    const y = new Array(12).fill(1)
    for (const operator of ['inpaint:box=2', { inpaint: { box: 2 } }, { inpaint: { box: '2' } }]) {
      const { prior, problem } = await posed({ ...square, operator, y: [y] })
      expect([prior.shape, problem.operator.name, problem.operator.outShape]).toEqual([
        [1, 4, 4],
        'inpaint',
        [1, 12],
      ])
    }
    const sr = await posed({
      ...square,
      operator: { sr: 2 },
      y: [
        [1, 2],
        [3, 4],
      ],
      noise: { poisson: { peak: 30 } },
    })
    expect([sr.problem.y.shape, sr.problem.noise.name]).toEqual([[1, 1, 2, 2], 'poisson'])
    expect(
      (await posed({ ...plain, operator: 'identity', y: [[0, 1]], noise: 'laplace:0.1' })).problem.y.shape,
    ).toEqual([1, 2])
  })

  test('values of a module stand for themselves', async () => {
    const prior = gaussianPrior({ mean: [0, 0, 0, 0], covariance: 1, shape: [1, 2, 2], schedule: vpCosine() })
    const operator = inpaint([1, 2, 2], { box: 1 })
    const noise = gaussianNoise(0.1)
    const y = tensor([1, 2, 3], { dtype: 'float32' })
    const own = await posed({ prior, operator, noise, y })
    expect(own.prior).toBe(prior)
    expect(own.problem.operator).toBe(operator)
    expect([own.problem.y.shape, own.problem.y.dtype]).toEqual([[1, 1, 3], 'float32'])
    expect(() => dps.run(own.problem, own.prior)).not.toThrow()
    await expect(posed({ prior, operator, noise, y, schedule: 've' })).rejects.toThrow('has one of its own')
    const rows = await posed({ prior, operator: { matrix: [1, 0, 0, 1] }, noise: 0.1, y: Float64Array.of(2) })
    expect([rows.problem.operator.inShape, rows.problem.y.dtype]).toEqual([[1, 2, 2], 'float64'])
  })
})

const withMixture = (given: object) => ({ ...plain, prior: { mixture: { ...mixture, ...given } } })
const { y: _, ...silent } = plain
const wrong: readonly (readonly [why: string, description: unknown, message: string])[] = [
  ['no object', [1], 'the problem: must be an object with prior, operator, noise, y, got a list of 1'],
  ['null', null, 'got null'],
  ['a key is missing', silent, 'y: is missing; the problem needs prior, operator, noise, y'],
  ['a key is unknown', { ...plain, nois: 1 }, 'nois: is no key of the problem; it has prior, operator, noise, y, schedule, shape'],
  ['a prior of no kind', { ...plain, prior: { laplace: 1 } }, 'prior.laplace: is no kind of prior'],
  ['two priors', { ...plain, prior: { mixture, gaussian: {} } }, 'prior: must be { "mixture"'],
  ['weights are missing', withMixture({ weights: undefined }), 'prior.mixture.weights: is missing'],
  ['a key of the mixture is unknown', withMixture({ wieghts: 1 }), 'prior.mixture.wieghts: is no key of prior.mixture'],
  ['a weight is negative', withMixture({ weights: [1, -1] }), 'prior.mixture.weights: must not be negative, but weight 1 is -1'],
  ['all weights are 0', withMixture({ weights: [0, 0] }), 'weights: must not all be 0'],
  ['weights of another number', withMixture({ weights: [1, 1, 1] }), 'must be 2 numbers, one for each mean, got [3]'],
  ['ragged means', withMixture({ means: [[1, 2], [3]] }), 'lists of one length: 2 elements are wanted at [1], got a list of 1'],
  ['an empty list', withMixture({ means: [] }), 'prior.mixture.means: has an empty list'],
  ['a word among numbers', withMixture({ means: [[1, 2], [3, '4']] }), "means: must be a number at [1, 1], got '4'"],
  ['null among numbers', { ...plain, y: [null] }, 'y: must be a number at [0], got null'],
  ['1e999', { ...plain, y: JSON.parse('[1e999]') }, 'y: must be finite, but [0] is Infinity'],
  ['NaN in a file', withMixture({ means: 'nan.npy' }), 'means: must be finite, but [1, 0] is NaN'],
  ['no such file', withMixture({ means: 'none.npy' }), "prior.mixture.means: there is no file 'none.npy'"],
  ['covariances of another shape', withMixture({ covariances: [1, 2, 3] }), 'must be a number, [2], [2, 2] or [2, 2, 2] for 2 means of 2 coordinates, got [3]'],
  ['a negative variance', withMixture({ covariances: -1 }), 'prior.mixture.covariances: variance 0 is -1'],
  ['no symmetry', withMixture({ covariances: [[1, 0.5], [0.4, 1]] }), 'covariances: must be symmetric'],
  ['an indefinite matrix', withMixture({ covariances: [[[1, 0], [0, 1]], [[1, 2], [2, 1]]] }), 'prior.mixture.covariances[1]: has the negative eigenvalue -'],
  ['covariances twice', withMixture({ variances: [[1, 1], [1, 1]] }), 'and variances as well'],
  ['no covariances', withMixture({ covariances: undefined }), 'covariances: is missing'],
  ['too many dimensions', { ...plain, prior: { gaussian: { mean: new Array(9000).fill(0), covariance: 1 } } }, '9000×9000 are 81000000 numbers'],
  ['five axes', { ...plain, y: [[[[[1]]]]] }, 'y: has more than 4 axes'],
  ['a matrix of other columns', { ...plain, operator: { matrix: [[1, 2, 3]] } }, 'operator.matrix: must be [m, 2] for 2 unknowns, got [1, 3]'],
  ['no operator', { ...plain, operator: 'fourier' }, "operator: 'fourier' is none: { \"matrix\": … }, \"identity\", or one of denoise"],
  ['an option of the operator', { ...plain, shape: [1, 1, 2], operator: 'inpaint:bocks=2' }, 'bocks: is no option of inpaint'],
  ['a negative σ_y', { ...plain, noise: { gaussian: -1 } }, 'sigma: must be a number of at least 0, got -1'],
  ['no noise', { ...plain, noise: 'cauchy' }, "no noise 'cauchy'"],
  ['two noises', { ...plain, noise: { gaussian: 1, poisson: 1 } }, 'noise: must be σ_y'],
  ['no schedule', { ...plain, schedule: 'vp' }, "no schedule 'vp'"],
  ['a schedule of numbers', { ...plain, schedule: 1000 }, 'schedule: must be a text such as vp-linear:T=500'],
  ['a shape of other elements', { ...plain, shape: [1, 3] }, 'shape: exactPrior: the law has 2 dimensions'],
  ['a shape of no integers', { ...plain, shape: [1, 0.5] }, 'shape: must be a list of integers of at least 1'],
  ['y of other elements', { ...plain, y: [1, 2] }, "y: must be [1], what 'matrix' yields; got [2]"],
  ['__proto__', JSON.parse('{ "__proto__": { "prior": 1 } }'), '__proto__: is no key of the problem'],
] // biome-ignore format: a table

test.each(wrong)('%s: refused', async (_, description, message) => {
  const refused = expect(posed(description)).rejects
  await refused.toThrow(OptionError)
  await expect(posed(description)).rejects.toThrow(message)
})

describe('JSON', () => {
  const parsed = (text: string) => () => parseDescription(text, 'P.json')
  test('is read as JSON.parse reads it', () => {
    const text = '\uFEFF{ "a": [1, { "b": "}{\\",:" }], "c": { "b": null } }'
    expect(parseDescription(text, 'P.json')).toEqual({ a: [1, { b: '}{",:' }], c: { b: null } })
  })
  test.each([
    ['{ "y": 1, "y": 2 }', "P.json: has the key 'y' twice in one object"],
    ['{ "a": [{ "y": 1, "\\u0079": 2 }] }', "has the key 'y' twice"],
    ['{ "y": 1,', 'P.json: is no JSON'],
    ['', 'is no JSON'],
    ['{ "y": NaN }', 'is no JSON'],
    [`${'['.repeat(17)}${']'.repeat(17)}`, 'nests deeper than 16 levels'],
    ['['.repeat(1e5), 'is no JSON'],
  ])('is refused, case %#', (text, message) => {
    expect(parsed(text)).toThrow(OptionError)
    expect(parsed(text)).toThrow(message)
  })
})
