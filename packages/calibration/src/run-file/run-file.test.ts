import { drawsOf, measure, measurementKey, toTensor } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import { diffpir, methods, noiseFromSpec, operatorFromSpec, run } from '@tweedie/solvers'
import { memory, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { problemOfDescription } from '../problem/problem.ts'
import { parseRunFile } from './parse.ts'
import { performRun } from './perform.ts'
import type { PictureRun, PointsRun } from './run-file.ts'
import { bytesOfHex, formatRunFile, hexOf, pictureBytes } from './run-file.ts'

const problem = {
  prior: {
    mixture: {
      weights: [1, 2],
      means: [
        [-1, 0],
        [1, 0.5],
      ],
      covariances: 0.1,
    },
  },
  operator: { matrix: [[0.8, 0.6]] },
  noise: { gaussian: 0.3 },
  y: [0.1],
  dtype: 'float32',
}
const base = { tool: 'tweedie', format: 1, command: 'run', samples: 6, seed: 3 } as const
const points: PointsRun = {
  ...base,
  kind: 'points',
  method: 'dps:steps=5,scale=0.1',
  problem,
  population: false,
}
const picture: PictureRun = {
  ...{ ...base, samples: 2, kind: 'picture', method: 'ddnm:steps=2', prior: 'digits' },
  picture: { height: 28, width: 28, greys: hexOf(Uint8Array.from({ length: 784 }, (_, i) => i % 256)) },
  ...{
    operator: 'inpaint:mask=mask.png',
    mask: '1'.repeat(400) + '0'.repeat(384),
    noise: 'gaussian:sigma=0.05',
  },
}
const priorOf = (name: string) => loadPrior(name)

test('what is written is read, with all digits', () => {
  const y = 0.1 + 0.2
  const exact = {
    ...points,
    problem: { ...problem, y: [y] },
    sha256: 'ab'.repeat(32),
    page: 'https://a.b/#plane',
  }
  expect(parseRunFile(formatRunFile(exact), 'run.json')).toEqual(exact)
  expect(parseRunFile(formatRunFile(picture), 'run.json')).toEqual(picture)
  const branch = { ...points, from: { step: 2, method: 'tmpd:steps=5', seed: 1 } }
  expect(parseRunFile(formatRunFile(branch), 'run.json')).toEqual(branch)
  expect(bytesOfHex(hexOf([0, 9, 255, 16]))).toEqual(Uint8Array.of(0, 9, 255, 16))
})

test('what is none says why, by its field', () => {
  const refused = (file: object | string) => {
    const text = typeof file === 'string' ? file : JSON.stringify(file)
    try {
      parseRunFile(text, 'run.json')
    } catch (error) {
      return String(error)
    }
    return ''
  }
  expect(refused('[')).toMatch(/^OptionError: run.json: is no JSON/)
  expect(refused('[]')).toMatch(/is no run of tweedie/)
  expect(refused({ ...points, command: 'restore' })).toMatch(/record of a finished `tweedie restore`/)
  expect(refused({ ...points, format: 2 })).toMatch(/format: /)
  expect(refused({ ...points, samples: 0 })).toMatch(/samples: /)
  expect(refused({ ...points, fog: 1 })).toMatch(/fog/)
  expect(refused({ ...points, sha256: 'abc' })).toMatch(/sha256: must be 64 digits/)
  expect(refused({ ...picture, mask: '10' })).toMatch(/mask: is of 2 pixels, not 28×28/)
  expect(refused({ ...picture, picture: { ...picture.picture, height: 27 } })).toMatch(
    /greys: is of 784 pixels/,
  )
  const { greys, ...size } = picture.picture
  expect(refused({ ...picture, picture: size })).toMatch(/picture: must have greys or colours/)
  expect(refused({ ...picture, picture: { ...size, greys, colours: greys } })).toMatch(/and not both/)
  expect(refused({ ...picture, picture: { ...size, colours: greys?.slice(6) } })).toMatch(
    /colours: is of 260\.333\d* pixels, not 28×28/,
  )
  expect(refused({ ...points, population: true, from: { step: 1, method: 'dps', seed: 0 } })).toMatch(
    /from: /,
  )
})

test('a run on points is that of the method itself; a branch of a run by the same method and seed is that run', async () => {
  const own = await problemOfDescription(problem)
  expect(own.problem.y.dtype).toBe('float32')
  const { entry, settings } = methods.parse(points.method)
  using y = own.problem.y.broadcastTo([6, 1]).mul(1)
  using x = await run(entry.run({ ...own.problem, y }, own.prior, { ...settings, seed: 3 }))
  own.problem.y.dispose()
  const done = await performRun(points, { priorOf })
  expect(done).toMatchObject({ shape: [6, 2], nfe: 5, vjps: 5 })
  expect(Array.from(done.values)).toEqual(Array.from(x.dataSync()))
  const from = { step: 3, method: points.method, seed: 3 }
  const branch = await performRun({ ...points, from }, { priorOf })
  expect(branch.values).toEqual(done.values)
  expect(branch.nfe).toBe(2) // the trunk is not counted
  // The times are those of the trunk, whatever the method's own.
  expect((await performRun({ ...points, method: 'tmpd', from }, { priorOf })).nfe).toBe(2)
  const other = await performRun({ ...points, from, seed: 4 }, { priorOf })
  expect(other.values).not.toEqual(done.values)
  await expect(performRun({ ...points, from: { ...from, step: 9 } }, { priorOf })).rejects.toThrow(
    /fewer than 9/,
  )
})

test('what a run leaves to the collector, the constants of its problem, does not grow with its steps', async () => {
  const left = async (steps: number, more: Partial<PointsRun> = {}) => {
    const before = memory().tensors
    await performRun({ ...points, method: `dps:steps=${steps}`, ...more }, { priorOf })
    return memory().tensors - before
  }
  // A tensor a step would be sixty, and the collector only takes away.
  const most = 40
  expect(await left(60)).toBeLessThan(most)
  const from = { step: 59, method: 'tmpd:steps=60', seed: 1 }
  expect(await left(60, { from })).toBeLessThan(most)
  expect(await left(60, { population: true, samples: 9, method: 'afdps:steps=60' })).toBeLessThan(most)
})

test('of a population all particles are the samples, with their weights', async () => {
  const population = { ...points, method: 'afdps:steps=6', population: true, samples: 9 }
  const { shape, weights } = await performRun(population, { priorOf })
  expect(shape).toEqual([9, 2])
  expect(weights?.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
  await expect(performRun({ ...points, population: true }, { priorOf })).rejects.toThrow(
    /no weighted particles/,
  )
})

test('a picture is measured by what its mask lets through; what does not fit says so', async () => {
  const prior = await loadPrior('digits')
  const priorOf = async () => prior
  const one = await performRun(picture, { priorOf })
  expect(one.shape).toEqual([2, 1, 28, 28])
  // What is hidden makes no difference; what is seen does.
  const edited = (at: number) => {
    const greys = bytesOfHex(picture.picture.greys ?? '')
    greys[at] = 255 - (greys[at] ?? 0)
    return { ...picture, picture: { ...picture.picture, greys: hexOf(greys) } }
  }
  expect((await performRun(edited(783), { priorOf })).values).toEqual(one.values)
  expect((await performRun(edited(0), { priorOf })).values).not.toEqual(one.values)
  await expect(
    performRun({ ...picture, noise: 'poisson:peak=30', method: 'ddrm' }, { priorOf }),
  ).rejects.toThrow(/ddrm/)
})

test('a picture in colour is all of red, then green, then blue, at its own size', async () => {
  const shape = [3, 16, 24] as const
  const levels = Uint8Array.from({ length: 3 * 16 * 24 }, (_, i) => (i * 7) % 256)
  const file: PictureRun = {
    ...{ ...base, samples: 2, kind: 'picture', method: 'diffpir:steps=2', prior: 'photos@16x24' },
    ...{ picture: pictureBytes(shape, levels), operator: 'sr:factor=2', noise: 'gaussian:sigma=0.05' },
  }
  expect(parseRunFile(formatRunFile(file), 'run.json')).toEqual(file)
  const prior = await loadPrior('photos@16x24')
  const operator = operatorFromSpec(file.operator, shape)
  const noise = noiseFromSpec(file.noise)
  const data = Float32Array.from(levels, (level) => level / 255)
  using truth = toTensor([{ channels: 3, height: 16, width: 24, data }])
  using y = measure(operator, noise, truth, measurementKey(file.seed))
  const { problem } = drawsOf(operator, noise, { y, truth: undefined }, 2)
  using x = await run(diffpir(problem, prior, { steps: 2, seed: file.seed }))
  const done = await performRun(file, { priorOf })
  expect(done.shape).toEqual([2, 3, 16, 24])
  expect(Array.from(done.values)).toEqual(Array.from(x.dataSync()))
})

test('a description says the dtype of y', async () => {
  const dtypeOf = async (given: object) => {
    using y = (await problemOfDescription({ ...problem, ...given })).problem.y
    return y.dtype
  }
  expect(await dtypeOf({})).toBe('float32')
  expect(await dtypeOf({ dtype: undefined })).toBe('float64')
  expect(await dtypeOf({ dtype: 'float64', y: tensor([0.5]) })).toBe('float64')
  await expect(dtypeOf({ dtype: 'int32' })).rejects.toThrow(/dtype: must be float32 or float64, got 'int32'/)
})
