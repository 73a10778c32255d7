import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PointsRun } from '@tweedie/calibration'
import { formatRunFile, performRun } from '@tweedie/calibration'
import { parseNpy, parseNpz } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { ran, temporaryFolder } from '../../testing.test.helper.ts'

const points: PointsRun = {
  ...{ tool: 'tweedie', format: 1, command: 'run', kind: 'points' },
  ...{ method: 'tmpd:steps=4', samples: 5, seed: 2, population: false },
  problem: {
    prior: { gaussian: { mean: [0, 1], covariance: 1 } },
    operator: { matrix: [[1, 0]] },
    ...{ noise: 0.2, y: [0.5], dtype: 'float32' },
  },
}
const priorOf = () => Promise.reject(new Error('none is asked for'))
const sha = (values: Float32Array) => createHash('sha256').update(values).digest('hex')

test('a run is made again, and is told to be the same', async () => {
  using folder = temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  const { values } = await performRun(points, { priorOf })
  writeFileSync(at('run.json'), formatRunFile({ ...points, sha256: sha(values) }))
  const { code, out } = await ran(folder.path, ['run', 'run.json'])
  expect(code).toBe(0)
  expect(out).toMatch(
    /^Wrote 5 samples \[5, 2\] by tmpd:steps=4 to samples\.npy \(.* s, 4 NFE, 4 gradients\)\n/,
  )
  expect(out).toContain(`The same samples as in the page, bit for bit: SHA-256 ${sha(values)}`)
  const file = parseNpy(readFileSync(at('samples.npy')), 'samples.npy')
  expect([file.shape, Float32Array.from(file.values())]).toEqual([[5, 2], values])

  // Without a digest there is nothing to be the same as; what is there is not replaced unasked.
  writeFileSync(at('bare.json'), formatRunFile(points))
  expect(await ran(folder.path, ['run', 'bare.json'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/samples\.npy is there already; --force replaces it/),
  })
  const bare = await ran(folder.path, ['run', 'bare.json', '--force', '--json'])
  expect(JSON.parse(bare.out)).toMatchObject({ sha256: sha(values), shape: [5, 2], nfe: 4 })
  expect(JSON.parse(bare.out)).not.toHaveProperty('same')
})

test('samples that are others fail, and are written all the same', async () => {
  using folder = temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  writeFileSync(at('run.json'), formatRunFile({ ...points, sha256: 'ab'.repeat(32) }))
  const { code, err } = await ran(folder.path, ['run', 'run.json'])
  expect([code, err]).toEqual([1, expect.stringMatching(/samples are not those that run\.json tells of/)])
  expect(existsSync(at('samples.npy'))).toBe(true)
})

test('a population is written with its weights', async () => {
  using folder = temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  const file = { ...points, method: 'afdps:steps=4', population: true, samples: 8 }
  writeFileSync(at('run.json'), formatRunFile(file))
  expect(await ran(folder.path, ['run', 'run.json', '--out', 's.npz'])).toMatchObject({ code: 0 })
  const read = parseNpz(readFileSync(at('s.npz')), 's.npz')
  expect(read.entries.map(({ name, shape }) => [name, shape])).toEqual([
    ['samples', [8, 2]],
    ['weights', [8]],
  ])
  expect(Array.from(read.values('weights')).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
})

test('what is wrong is said before any work', async () => {
  using folder = temporaryFolder()
  const refused = async (file: object, ...more: readonly string[]) => {
    writeFileSync(join(folder.path, 'run.json'), JSON.stringify(file))
    const { code, err } = await ran(folder.path, ['run', 'run.json', ...more])
    expect([code, existsSync(join(folder.path, 'samples.npy'))]).toEqual([2, false])
    return err
  }
  expect(await refused(points, '--out', 's.txt')).toMatch(/--out: 's\.txt' should end in \.npy or \.npz/)
  expect(await refused({ ...points, command: 'restore' })).toMatch(
    /run\.json: is the record of a finished `tweedie restore`/,
  )
  expect(await refused({ ...points, method: 'tmpd:colour=3' })).toMatch(
    /run\.json.*colour.*is no option of tmpd/,
  )
  expect(
    await refused({
      ...points,
      method: 'smc-diff',
      problem: { ...(points.problem as object), operator: { matrix: [[2, 0]] } },
    }),
  ).toMatch(/smc-diff/)
  const picture = { ...points, kind: 'picture', problem: undefined, population: undefined }
  const square = {
    prior: 'fog',
    picture: { height: 1, width: 1, greys: '00' },
    operator: 'denoise',
    noise: '0.1',
  }
  expect(await refused({ ...picture, ...square })).toMatch(/fog/)
  expect((await ran(folder.path, ['run', 'none.json'])).err).toMatch(/none\.json: no such file/)
})
