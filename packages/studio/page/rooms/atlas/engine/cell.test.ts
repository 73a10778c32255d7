import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performRun } from '@tweedie/calibration'
import { loadPrior } from '@tweedie/runs/node'
import { memory } from '@tweedie/tensor'
import { beforeAll, expect, test } from 'vitest'
import { readState } from '../../../state/url.ts'
import { heldOutOf } from '../../digits/engine/assets.ts'
import type { Ground } from '../../digits/engine/problem.ts'
import { runFileOf as digitsFile } from '../../digits/reproduce.ts'
import { runPlane } from '../../plane/engine/run.ts'
import { runFileOf as planeFile } from '../../plane/reproduce.ts'
import { cellsOf } from '../cells.ts'
import { fields } from '../fields.ts'
import { digitsCell, planeCell } from './cell.ts'

const never = new AbortController().signal
let ground: Ground
beforeAll(async () => {
  const heldOut = heldOutOf(readFileSync(join(import.meta.dirname, '../../digits/held-out.idx')))
  ground = { prior: await loadPrior('digits'), heldOut }
})
const first = (query: string) => cellsOf(readState(fields, query).values)[0]?.run
const priorOf = async () => ground.prior

test('a cell of digits has the scores of its samples, and its file gives the same bits', async () => {
  const run = first('digit=14&seed=3&n=2&x=steps~3&y=scale~1.2')
  if (run?.on !== 'digits') throw new Error('no cell')
  await digitsCell(run.request, ground, never) // what is kept is there now
  const before = memory().tensors
  const { x, scores, nfe, vjps, greys = new Uint8Array() } = await digitsCell(run.request, ground, never)
  expect(memory().tensors).toBe(before)
  expect([x.length, nfe, vjps]).toEqual([2 * 784, 3, 3])
  const truth = Array.from(ground.heldOut[14] ?? [], (grey) => grey / 127.5 - 1)
  const db = [0, 1].map((n) => {
    const error = truth.reduce((sum, v, i) => sum + (v - (x[n * 784 + i] ?? 0)) ** 2, 0) / 784
    return 10 * Math.log10(4 / error)
  })
  expect(scores.psnr).toBeCloseTo(((db[0] ?? 0) + (db[1] ?? 0)) / 2, 3)
  // Two samples: mean of both distances to the truth, less half of the distance between them.
  const crps = truth.reduce((sum, v, i) => {
    const [a = 0, b = 0] = [x[i], x[784 + i]]
    return sum + (Math.abs(a - v) + Math.abs(b - v) - Math.abs(a - b)) / 2
  }, 0)
  expect(scores.crps).toBeCloseTo(crps / 784, 5)
  expect(scores.misfit).toBeGreaterThan(0)
  const done = await performRun(digitsFile(run.request, greys, {}), { priorOf })
  expect(done.values).toEqual(x)
})

test('one sample has no CRPS, and noise without σ no misfit', async () => {
  const run = first('n=1&noise=poisson:peak=30&method=dps&x=steps~1&y=scale~1')
  if (run?.on !== 'digits') throw new Error('no cell')
  expect(Object.keys((await digitsCell(run.request, ground, never)).scores)).toEqual(['psnr'])
})

test.for([
  ['samples', 'on=plane&prior=ring&particles=100&seed=2&x=steps~6&y=scale~0.1'],
  ['small settings', 'on=plane&method=diffpir&particles=100&x=steps~4&y=zeta~0.5'],
  ['a population', 'on=plane&method=afdps&particles=100&x=steps~6&y=c~0.5'],
] as const)(
  'a cell on the plane, %s, has its numbers, and its file gives the same bits',
  async ([, query]) => {
    const run = first(query)
    if (run?.on !== 'plane') throw new Error('no cell')
    const { x, weights, scores } = await planeCell(run.request, never)
    expect(x.length).toBe(200)
    expect(Object.keys(scores)).toEqual(['sw', 'floor', 'spread', 'coverage'])
    const done = await performRun(planeFile(run.request, { population: weights !== undefined }), { priorOf })
    expect(done.values).toEqual(x)
    expect(done.weights && Float32Array.from(done.weights)).toEqual(weights)
  },
)

test('the file of a branch on the plane gives the same bits', async () => {
  const run = first('on=plane&method=tmpd&particles=100&x=steps~8&y=eta~1')
  if (run?.on !== 'plane') throw new Error('no cell')
  const states: { index: number; x: Float32Array }[] = []
  const trunk = { ...run.request, method: 'dps:steps=8', seed: 5 }
  await runPlane(trunk, never, (frame) => void states.push(frame))
  const { x = new Float32Array() } = states.find(({ index }) => index === 3) ?? {}
  const branch = { ...run.request, from: { index: 3, of: trunk.method, seed: trunk.seed, x } }
  let last = new Float32Array()
  await runPlane(branch, never, (frame) => {
    last = frame.x
  })
  const done = await performRun(planeFile(branch, { population: false }), { priorOf })
  expect(done.values).toEqual(last)
})
