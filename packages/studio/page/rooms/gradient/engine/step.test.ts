import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TapeRecord } from '@tweedie/autograd'
import { vjp } from '@tweedie/autograd'
import { priorOf, shapeAt } from '@tweedie/runs'
import { methods, run } from '@tweedie/solvers'
import { fromData, memory, type Tensor } from '@tweedie/tensor'
import { loadShippedPrior } from '@tweedie/unet/node'
import { beforeAll, expect, test } from 'vitest'
import type { Shown as DpsStep } from '../../digits/engine/frames.ts'
import type { DigitsProblem } from '../../digits/engine/problem.ts'
import { heldOutOf, pose } from '../../digits/engine/problem.ts'
import { blocksOf } from './blocks.ts'
import { operatorsFor } from './operators.ts'
import { small } from './small.test.helper.ts'
import { methodAt } from './state.ts'
import type { Seen, StepTape } from './step.ts'
import { fastest, watchStep } from './step.ts'

const network = loadShippedPrior('digits')
const ground = {
  prior: priorOf('digits', shapeAt(network.config, undefined), network, network.trainedOn),
  heldOut: heldOutOf(readFileSync(join(import.meta.dirname, '../../digits/held-out.idx'))),
  params: network.params,
}
const problem: DigitsProblem = {
  ...{ digit: 5, drawn: '', mask: '', operator: 'inpaint:box=14', noise: 'gaussian:sigma=0.05' },
}
const asked = { problem, seed: 2, steps: 4, i: 2 }
const never = new AbortController().signal

let step: StepTape
let seen: Seen
let left: number
beforeAll(async () => {
  await watchStep({ ...asked, i: 0 }, ground, never) // what is kept is there now
  const before = memory().tensors
  ;({ step, seen } = await watchStep(asked, ground, never))
  left = memory().tensors - before
})

test('the tape is of the step that DPS makes: its state, its guess, its residual, its guidance', async () => {
  expect(left).toBe(0)
  const { operator, noise, y, truth } = pose(problem, 2, ground.heldOut)
  const { entry, settings } = methods.parse(methodAt(4))
  const states: Float32Array[] = []
  const steps: { x0hat: Float32Array; residual: number; guidance: Float32Array; t: number }[] = []
  const numbers = (x: Tensor) => Float32Array.from(x.dataSync(), Number)
  using x = await run<DpsStep>(entry.run({ operator, noise, y }, ground.prior, { ...settings, seed: 2 }), {
    onStep: ({ x, x0hat, residual, guidance, t }) => {
      states.push(numbers(x))
      if (guidance === undefined) throw new Error('no guidance')
      steps.push({ x0hat: numbers(x0hat), residual: residual[0] ?? 0, guidance: numbers(guidance), t })
    },
  })
  const dps = steps[2]
  expect(x.shape).toEqual([1, 1, 28, 28])
  expect(step.t).toBe(dps?.t)
  expect(seen.get(step.x)?.value).toEqual(states[1])
  expect(seen.get(step.x0hat)?.value).toEqual(dps?.x0hat)
  expect(Math.abs(step.residual / (dps?.residual ?? 0) - 1)).toBeLessThan(1e-5)
  // ζ at four steps is 1.2·100/4.
  const gradient = seen.get(step.x)?.cotangent ?? new Float32Array()
  const most = Math.max(...(dps?.guidance ?? []).map(Math.abs))
  const apart = Math.max(...gradient.map((v, k) => Math.abs(-30 * v - (dps?.guidance[k] ?? 0)))) / most
  expect(apart).toBeLessThan(1e-4)
  expect(step.apart).toBeCloseTo(apart, 9)
  // Where nothing is measured nothing comes back from A: all that the gradient has there is the network's.
  const back = seen.get(step.x0hat)?.cotangent ?? new Float32Array()
  expect([back[14 * 28 + 14], gradient[14 * 28 + 14]]).toEqual([0, expect.not.closeTo(0, 6)])
  for (const one of [y, truth]) one.dispose()
})

test('the bytes of the records are what the tape holds', () => {
  const { operator, y, truth } = pose(problem, 2, ground.heldOut)
  using x = fromData(seen.get(step.x)?.value ?? new Float32Array(), [1, 1, 28, 28])
  const before = memory().bytes
  const [norm, pullback] = vjp(
    (xt: Tensor) =>
      y
        .sub(operator.forward(ground.prior.denoise(xt, step.t)))
        .square()
        .sum()
        .sqrt(),
    x,
  )
  // The norm is kept by the tape as well: the root’s rule reads it.
  expect(step.tape.own).toBe(memory().bytes - before)
  norm.dispose()
  pullback.dispose()
  const own = step.tape.nodes.reduce((sum, node) => sum + node.own, 0)
  expect(own).toBe(step.tape.own)
  // A group norm keeps its input, 24 × 28 × 28 float32; a convolution its weights alone, which live anyway.
  expect(step.tape.nodes.slice(0, 3).map((node) => [node.op, node.own])).toEqual([
    ['fusedConv2d', 0],
    ['groupNorm', 4 * 24 * 784],
    ['fusedConv2d', 0],
  ])
  for (const one of [y, truth]) one.dispose()
})

test('the blocks are those of the network, in its order, with every call in one of them', () => {
  expect(step.blocks.flatMap(({ nodes }) => nodes)).toEqual(step.tape.nodes.map((_, k) => k))
  expect(step.blocks.map(({ id }) => id).join(' ')).toBe(
    'in d0r0 d0d0 d1r0 d1d0 d2r0 d2a0 mr0 ma0 mr1 u0r0 u0a0 u0r1 u0a1 u0u0 u1r0 u1r1 u1u0 u2r0 u2r1 out x0 A norm',
  )
  const ops = (id: string) =>
    step.blocks.find((block) => block.id === id)?.nodes.map((k) => step.tape.nodes[k]?.op)
  expect(ops('d0r0')).toEqual(['groupNorm', 'fusedConv2d', 'groupNorm', 'fusedConv2d'])
  expect(ops('u0r0')).toEqual(['concat', 'groupNorm', 'fusedConv2d', 'groupNorm', 'conv2d', 'fusedConv2d'])
  expect(ops('u0u0')).toEqual(['reshape', 'broadcastTo', 'reshape', 'fusedConv2d'])
  expect(ops('d2a0')?.at(-1)).toBe('reshape')
  expect(step.blocks.find(({ id }) => id === 'u1r1')?.title).toBe('up 2: residual 2')
})

test('a network of other names is grouped by its layers', () => {
  const node = (label: string) => ({ op: 'conv2d', label }) as TapeRecord
  const nodes = ['prior', 'prior:net.0.weight', 'prior', 'prior:net.1.bias', 'prior', 'operator', 'norm']
  expect(blocksOf({ nodes: nodes.map(node) })).toEqual([
    { id: 'net-0', title: 'net-0', nodes: [0, 1, 2] },
    { id: 'net-1', title: 'net-1', nodes: [3] },
    { id: 'x0', title: expect.any(String), nodes: [4] },
    { id: 'A', title: 'operator A', nodes: [5] },
    { id: 'norm', title: expect.any(String), nodes: [6] },
  ])
})

test('of several looks the least time of each call counts', () => {
  const { tape } = step
  const timed = (forward: number, backward: number) => ({
    ...tape,
    nodes: tape.nodes.map((node) => ({ ...node, forward, backward })),
  })
  const found = fastest([timed(2, 5), timed(3, 1), timed(4, 6)])
  expect(found.nodes.every(({ forward, backward }) => forward === 2 && backward === 1)).toBe(true)
})

test('what does not fit says so before any work; a stopped run ends between two steps', async () => {
  const parts: number[] = []
  const see = (part: number) => void parts.push(part)
  const wrong = { ...asked, problem: { ...problem, operator: 'inpaint:colour=3' } }
  await expect(watchStep(wrong, ground, never, see)).rejects.toThrow(/colour/)
  expect(parts).toEqual([])
  const before = memory().tensors
  const control = new AbortController()
  const stopping = watchStep(asked, ground, control.signal, (part) => {
    see(part)
    control.abort()
  })
  await expect(stopping).rejects.toMatchObject({ name: 'InterruptedError' })
  expect(parts).toEqual([1 / 3])
  expect(memory().tensors).toBe(before)
})

test('every operator of the list has its tape, or says why not', async () => {
  const operators = operatorsFor(small.prior)
  const refused = operators.filter(({ unfit }) => unfit !== undefined)
  expect(refused.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['quantise', 'blind-blur', 'blind-mri']),
  )
  expect(operators.length - refused.length).toBeGreaterThan(12)
  for (const { suggested, unfit } of operators) {
    if (unfit !== undefined) continue
    const own = { problem: { ...problem, digit: 0, operator: suggested }, seed: 1 }
    const { step: found } = await watchStep({ ...own, steps: 2, i: 0 }, { ...small, params: {} }, never)
    expect(found.blocks.map(({ id }) => id)).toEqual(expect.arrayContaining(['x0', 'norm']))
    expect(found.clean.shape).toEqual(found.y.shape)
    expect(found.apart).toBeLessThan(1e-3)
  }
})
