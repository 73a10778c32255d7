import { ddrm, dps, gaussianNoise, sr } from '@tweedie/solvers'
import { full, randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { drawsOf, measure } from '../problem/problem.ts'
import { whitePrior } from '../white-prior.test.helper.ts'
import { InterruptedError } from './interrupted.ts'
import { runTask } from './run-task.ts'
import type { Task } from './task.ts'

const prior = whitePrior([1, 8, 8])
const operator = sr([1, 8, 8], { factor: 2 })
const noise = gaussianNoise(0.1)
const truth = full([1, 1, 8, 8], 0.5)
const y = measure(operator, noise, truth, randomKey(0))
const task: Task = {
  ...drawsOf(operator, noise, { y, truth }, 3),
  title: 'mine',
  spec: 'sr:2',
  samples: ['1', '2', '3'],
  draws: true,
  methods: [
    { method: dps, options: { steps: 6, scale: 1e30 } },
    { method: ddrm, options: { steps: 5, seed: 2 } },
  ],
}

test('a task runs its methods in turn: one that diverges leaves its error, the next goes on', async () => {
  const told: [number, string][] = []
  const { record, restored, pictures, measurement } = await runTask(task, prior, {
    onProgress: (done, label) => void told.push([done, label]),
  })
  expect(record).toMatchObject({ title: 'mine', operator: 'sr:2', sigma: 0.1, measured: 16 })
  expect(record.input.from).toBe('pseudo-inverse')
  const [failed, finished] = record.runs
  expect(finished?.residual?.chi2).toBeCloseTo(
    (16 * (finished?.scores.reduce((sum, { misfit = 0 }) => sum + misfit ** 2, 0) ?? 0)) / 3,
    6,
  )
  expect(failed).not.toHaveProperty('residual')
  expect(failed).toMatchObject({ method: 'dps', scores: [], error: expect.stringContaining('diverged') })
  expect(finished).toMatchObject({ method: 'ddrm', options: { steps: 5, seed: 2 }, nfe: 5, vjps: 0 })
  expect(finished?.scores).toHaveLength(3)
  expect(finished?.mean?.psnr).toBeGreaterThan(0)
  expect([...restored.keys()]).toEqual(['ddrm'])
  expect(restored.get('ddrm')?.shape).toEqual([3, 1, 8, 8])
  expect(pictures.panel.columns).toEqual(['truth', 'measured', 'dps', 'ddrm'])
  expect(pictures.panel.rows.map(({ label }) => label)).toEqual(['1', '2', '3', 'mean', 'std'])
  expect(pictures.strips.map(({ method }) => method)).toEqual(['ddrm'])
  expect(measurement).toHaveLength(3)
  expect(told[0]).toEqual([0, 'mine · dps'])
  expect(told).toContainEqual([0.5, 'mine · ddrm'])
  expect(told.at(-1)).toEqual([1, 'mine · ddrm'])
  const parts = told.map(([done]) => done)
  expect(parts).toEqual([...parts].sort((a, b) => a - b))
})

test('draws differ, of one measurement', async () => {
  const { restored } = await runTask({ ...task, methods: task.methods.slice(1) }, prior)
  const values = restored.get('ddrm')?.dataSync() ?? []
  expect(Array.from(values.slice(0, 64))).not.toEqual(Array.from(values.slice(64, 128)))
  const rows = task.problem.y.dataSync()
  expect(rows.slice(0, 16)).toEqual(rows.slice(32, 48))
})

test('a task is stopped by its signal', async () => {
  await expect(runTask(task, prior, { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError)
})
