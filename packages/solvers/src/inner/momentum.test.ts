import { normal, randomKey, type Tensor, tensor } from '@tweedie/tensor'
import { inverse, Matrix, solve } from 'ml-matrix'
import { expect, test, vi } from 'vitest'
import { affineStep, slope } from '../methods/affine-step.test.helper.ts'
import type { Checkpoint, Step } from '../types.ts'
import { langevin, momentumChain } from './index.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { listening } = await import('../methods/affine-step.test.helper.ts')
  return listening(await original<typeof import('@tweedie/tensor')>())
})

const float64 = { dtype: 'float64' } as const
const keys = [randomKey(3), randomKey(4)]
const gradient = (x: Tensor) => x.square().mul(x) // of exp(−x⁴/4)
const drawn = (key: (typeof keys)[number]) => normal([key], [1], float64).dataSync()[0]!

test('the steps, written out', () => {
  const start = tensor([[0.4], [-1]], float64)
  const x = momentumChain(gradient, start, { steps: 3, step: 0.04, momentum: 0.7, keys })
  keys.forEach((key, i) => {
    let [at, v] = [[0.4, -1][i]!, drawn(key.fold('momentum'))]
    for (let k = 0; k < 3; k++) {
      v = 0.7 * v - 0.2 * at ** 3 + Math.sqrt(0.6) * drawn(key.fold(k))
      at += 0.2 * v
    }
    expect(x.dataSync()[i]).toBeCloseTo(at, 12)
  })
  expect(start.isDisposed).toBe(false)
})

test('without memory of momentum it is Langevin', () => {
  const start = tensor([[0.4], [-1]], float64)
  const chain = { steps: 5, step: 0.04, keys }
  const [ours, theirs] = [
    momentumChain(gradient, start, { ...chain, momentum: 0 }),
    langevin(gradient, start, chain),
  ]
  ours.dataSync().forEach((v, i) => expect(v).toBeCloseTo(theirs.dataSync()[i]!, 12))
})

test('on N(0, 1/λ) it settles at the law of the pair, off by O(η)', async () => {
  const [lambda, momentum] = [2, 0.5]
  const steps = 120
  const sizes = [0.2, 0.1, 0.05]
  const off: number[] = []
  for (const step of sizes) {
    const run = async function* (count: number, { state }: Checkpoint): AsyncGenerator<Step, Tensor> {
      const names = Array.from({ length: count }, (_, i) => randomKey(i))
      const x = momentumChain((v) => v.mul(lambda), state.x, { steps, step, momentum, keys: names })
      yield { i: 0, steps: 1, t: 0, x, x0hat: x, state: { x } }
      return x
    }
    const { F, Q } = await affineStep(run, 0, 1)
    // (v, x) ← M(v, x) + N·z with v' = mv − √η·λx + c·z, x' = x + √η·v'.
    const [h, c] = [Math.sqrt(step), Math.sqrt(2 * (1 - momentum))]
    const M = new Matrix([[momentum, -h * lambda], [h * momentum, 1 - step * lambda]]) // biome-ignore format: a matrix
    const N = new Matrix([[c], [h * c]])
    const vec = solve(
      Matrix.sub(Matrix.eye(4), M.kroneckerProduct(M)),
      Matrix.columnVector(N.mmul(N.transpose()).to1DArray()),
    )
    const known = vec.get(3, 0)
    expect(Math.abs(F.get(0, 0))).toBeLessThan(1e-3)
    expect(Q.get(0, 0) / known).toBeCloseTo(1, 5)
    off.push(Math.abs(known - 1 / lambda))
  }
  expect(Math.abs(slope(off, sizes) - 1)).toBeLessThan(0.15)
  expect(inverse(new Matrix([[lambda]])).get(0, 0)).toBe(0.5)
})

test('errors', () => {
  const x = tensor([[0.4], [-1]], float64)
  const chain = { steps: 2, step: 0.1, momentum: 0.5, keys }
  expect(() => momentumChain(gradient, x, { ...chain, steps: 0 })).toThrow(/steps/)
  expect(() => momentumChain(gradient, x, { ...chain, step: 0 })).toThrow(/step/)
  expect(() => momentumChain(gradient, x, { ...chain, keys: [keys[0]!] })).toThrow(/one key per sample/)
})
