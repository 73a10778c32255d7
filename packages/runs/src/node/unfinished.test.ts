import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, tensor } from '@tweedie/tensor'
import { afterAll, expect, test } from 'vitest'
import type { Unfinished } from './unfinished.ts'
import { readUnfinished, refuseFinished, writeUnfinished } from './unfinished.ts'

const root = mkdtempSync(join(tmpdir(), 'tweedie-unfinished-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const run: Unfinished = {
  image: 'a.png',
  argv: ['restore', 'a.png'],
  options: {
    method: 'red-diff', operator: 'sr:2', noise: 0.1, prior: 'white', samples: 2, seed: 5, device: 'wasm',
    set: { lr: '0.5' },
  }, // biome-ignore format: a table
  measured: { y: tensor([[1, 2]]), truth: undefined, notes: ['grey'] },
  inputs: [{ file: 'a.png', bytes: 3, sha256: 'abc' }],
  partial: {
    next: 4,
    state: {
      x: tensor([[0.25, -3]]),
      adam: { m: [tensor([1]), tensor([2])], count: 3 },
      logWeights: tensor([[0, -Infinity], [1 / 3, -1e4]], { dtype: 'float64' }), // biome-ignore format: a matrix
      shared: {},
    },
    trace: [{ i: 3, t: 7, residual: [0.5] }],
    nfe: 4,
    vjps: 0,
    seconds: 1.5,
  },
}
const write = () => writeUnfinished(async (name, content) => writeFileSync(join(root, name), content), run)

test('what was written comes back: the words, the numbers, the tree of tensors', async () => {
  await write()
  const read = await readUnfinished(root, 'mine')
  expect(read.options).toEqual(run.options)
  expect(read).toMatchObject({ image: 'a.png', argv: run.argv, inputs: run.inputs })
  const { state, ...rest } = read.partial
  const { state: _, ...former } = run.partial
  expect(rest).toEqual(former)
  expect(Array.from(state.x.dataSync())).toEqual([0.25, -3])
  expect(state['adam']).toMatchObject({ count: 3, m: [{ shape: [1] }, { shape: [1] }] })
  const logWeights = state['logWeights'] as Tensor
  expect(logWeights.dtype).toBe('float64')
  expect(logWeights.toArray()).toEqual([[0, -Infinity], [1 / 3, -1e4]]) // biome-ignore format: a matrix
  expect(state['shared']).toEqual({})
  expect(read.measured.truth).toBeUndefined()
  expect(Array.from(read.measured.y.dataSync())).toEqual([1, 2])
  await expect(refuseFinished(root, 'mine')).resolves.toBeUndefined()
})

test.each([
  ['a setting', 'run.json', (text: string) => text.replace('"seed":5', '"seed":6')],
  ['the trace', 'run.json', (text: string) => text.replace('0.5', '0.25')],
  ['the state', 'state.safetensors', (text: string) => text.replace(/.$/s, '\x01')],
] as const)('%s that was changed is refused', async (_, file, change) => {
  await write()
  const path = join(root, file)
  const text = readFileSync(path, 'latin1')
  expect(change(text)).not.toBe(text)
  writeFileSync(path, change(text), 'latin1')
  await expect(readUnfinished(root, 'mine')).rejects.toThrow(/is not as the interrupted run left it/)
})

test('a finished run is neither continued nor replaced', async () => {
  writeFileSync(join(root, 'run.json'), '{"tool":"tweedie","command":"restore"}')
  await expect(readUnfinished(root, 'mine')).rejects.toThrow(/the run in mine is finished/)
  await expect(refuseFinished(root, 'mine')).rejects.toThrow(OptionError)
  rmSync(join(root, 'run.json'))
  await expect(readUnfinished(root, 'mine')).rejects.toThrow(/mine holds no run of tweedie restore/)
})
