import { jacobian } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  concat,
  equal,
  less,
  memory,
  NonFiniteError,
  normal,
  randomKey,
  randomUnits,
  ShapeError,
  tensor,
  where,
  zeros,
} from '@tweedie/tensor'
import { determinant, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { noiseStreams } from '../run/index.ts'
import { energies } from './hmc.ts'
import type { Chains, PhasePoint } from './index.ts'
import { hmc, leapfrog, mala, potentialOf } from './index.ts'

const float64 = { dtype: 'float64' } as const
const values = (x: Tensor) => Array.from(x.dataSync())
const keysOf = (count: number, firstSample = 0) =>
  noiseStreams({ seed: 9, firstSample, count }).keysOf(0, 'hmc')

// A double well with a slope, so that nothing is symmetric; its U and U' on the host as well.
const U = (x: number) => (x * x - 1) ** 2 / 2 + 0.3 * x
const slope = (x: number) => 2 * x * (x * x - 1) + 0.3
const well = potentialOf((x) => x.square().sub(1).square().div(2).add(x.mul(0.3)).sum(1))

/** N(0, Σ) in two dimensions by its precision. */
const [c11, c12, c22] = [1.5, 0.6, 0.5]
const det = c11 * c22 - c12 ** 2
const precision = tensor(
  [
    [c22 / det, -c12 / det],
    [-c12 / det, c11 / det],
  ],
  float64,
)
const gaussian = potentialOf((x) => x.matmul(precision).mul(x).sum(1).div(2))
const draws = (N: number, seed: number) => {
  const root = tensor(
    [
      [Math.sqrt(c11), 0],
      [c12 / Math.sqrt(c11), Math.sqrt(c22 - c12 ** 2 / c11)],
    ],
    float64,
  )
  return normal(randomKey(seed), [N, 2], float64).matmul(root.transpose())
}
const expectLaw = (x: Tensor) => {
  const [rows, N] = [x.toArray() as number[][], x.shape[0]!]
  const mean = (f: (row: number[]) => number) => rows.reduce((total, row) => total + f(row), 0) / N
  const cases: [number, number, number][] = [
    [mean(([a]) => a!), 0, c11],
    [mean(([, b]) => b!), 0, c22],
    [mean(([a]) => a! * a!), c11, 2 * c11 ** 2],
    [mean(([a, b]) => a! * b!), c12, c11 * c22 + c12 ** 2],
    [mean(([, b]) => b! * b!), c22, 2 * c22 ** 2],
  ]
  for (const [got, expected, variance] of cases)
    expect(Math.abs(got - expected)).toBeLessThan(6 * Math.sqrt(variance / N))
}

describe('acceptance, by the key of each sample', () => {
  const N = 300
  const x = normal(randomKey(2), [N, 1], float64).mul(1.3)
  const keys = keysOf(N)
  const expectMoves = (chains: Chains, proposal: (x: number, z: number) => { at: number; log: number }) => {
    let some = 0
    values(x).forEach((from, i) => {
      const z = normal(keys[i]!.fold(0).fold('momentum'), [1], float64).dataSync()[0]!
      const { at, log } = proposal(from, z)
      const moved = Math.log(randomUnits(keys[i]!.fold(0).fold('accept'), 1)[0]!) < log
      expect(chains.acceptance[i]).toBeCloseTo(Math.min(1, Math.exp(log)), 10)
      expect(chains.accepted[i]).toBe(moved ? 1 : 0)
      expect(values(chains.x)[i]).toBeCloseTo(moved ? at : from, 10)
      expect(chains.value[i]).toBeCloseTo(U(moved ? at : from), 10)
      if (moved) some++
    })
    // Both happen.
    expect(some).toBeGreaterThan(N / 10)
    expect(some).toBeLessThan((9 * N) / 10)
  }

  test('MALA: the ratio of densities p(x′)q(x | x′)/(p(x)q(x′ | x))', () => {
    const gamma = 0.15
    const logQ = (to: number, from: number) => -((to - from + gamma * slope(from)) ** 2) / (4 * gamma)
    expectMoves(mala(well, x, { steps: 1, step: gamma, keys }), (from, z) => {
      const at = from - gamma * slope(from) + Math.sqrt(2 * gamma) * z
      return { at, log: U(from) - U(at) + logQ(from, at) - logQ(at, from) }
    })
  })

  test('HMC: e^{H − H′} at the end of the trajectory', () => {
    const epsilon = 0.45
    expectMoves(hmc(well, x, { steps: 1, step: epsilon, leaps: 3, keys }), (from, z) => {
      let [at, p] = [from, z]
      for (let leap = 0; leap < 3; leap++) {
        p -= (epsilon / 2) * slope(at)
        at += epsilon * p
        p -= (epsilon / 2) * slope(at)
      }
      return { at, log: U(from) + z ** 2 / 2 - U(at) - p ** 2 / 2 }
    })
  })

  test('its mean over N(0, 1) is 2(1 − (2/π)·atan √λ), λ ≥ 1 an eigenvalue of MᵀM', () => {
    // M takes (x, p) to the end of the trajectory; ΔH = ((λ − 1)a² + (1/λ − 1)b²)/2 for a, b ~ N(0, 1), and
    // E[min(1, e^−ΔH)] = 2·P(ΔH < 0).
    const N = 4000
    const unit = potentialOf((x) => x.square().sum(1).div(2))
    const start = normal(randomKey(5), [N, 1], float64)
    for (const [epsilon, leaps] of [
      [1.6, 1],
      [1.7, 2],
      [1.5, 3],
    ] as const) {
      const kick = new Matrix([
        [1, 0],
        [-epsilon / 2, 1],
      ])
      const one = kick
        .mmul(
          new Matrix([
            [1, epsilon],
            [0, 1],
          ]),
        )
        .mmul(kick)
      let M = Matrix.eye(2, 2)
      for (let leap = 0; leap < leaps; leap++) M = one.mmul(M)
      const half = M.transpose().mmul(M).trace() / 2
      const lambda = half + Math.sqrt(half ** 2 - 1)
      const expected = 2 * (1 - (2 / Math.PI) * Math.atan(Math.sqrt(lambda)))
      const run =
        leaps === 1
          ? mala(unit, start, { steps: 1, step: epsilon ** 2 / 2, keys: keysOf(N) })
          : hmc(unit, start, { steps: 1, step: epsilon, leaps, keys: keysOf(N) })
      for (const measured of [run.acceptance, run.accepted]) {
        const mean = measured.reduce((a, b) => a + b, 0) / N
        expect(Math.abs(mean - expected)).toBeLessThan((6 * 0.5) / Math.sqrt(N))
      }
      expect(expected).toBeGreaterThan(0.3)
      expect(expected).toBeLessThan(0.95)
    }
  })
})

describe('the law', () => {
  test.each([
    [
      'MALA',
      (x: Tensor, steps: number) => mala(gaussian, x, { steps, step: 0.2, keys: keysOf(x.shape[0]!) }),
    ],
    [
      'HMC',
      (x: Tensor, steps: number) =>
        hmc(gaussian, x, { steps, step: 0.7, leaps: 2, keys: keysOf(x.shape[0]!) }),
    ],
  ] as const)('%s keeps N(0, Σ) at a step at which the proposals alone would not, and finds it', (_, run) => {
    const kept = run(draws(2500, 3), 6)
    expectLaw(kept.x)
    const rate = kept.acceptance.reduce((a, b) => a + b, 0) / 2500
    expect(rate).toBeGreaterThan(0.3)
    expect(rate).toBeLessThan(0.95)
    expectLaw(run(tensor([[2, 1]], float64).broadcastTo([600, 2]), 70).x)
  })
})

describe('leapfrog', () => {
  const phase = (x: Tensor, momentum: Tensor): PhasePoint => ({ x, momentum, ...well(x) })
  const x = normal(randomKey(21), [4, 3], float64)
  const momentum = normal(randomKey(22), [4, 3], float64)

  test('back to where it began, once the momentum is turned round', () => {
    const there = leapfrog(well, phase(x, momentum), [0.1, 0.2, 0.05, 0.15], 7)
    const back = leapfrog(well, { ...there, momentum: there.momentum.neg() }, [0.1, 0.2, 0.05, 0.15], 7)
    values(back.x.sub(x)).forEach((d) => expect(Math.abs(d)).toBeLessThan(1e-11))
    values(back.momentum.add(momentum)).forEach((d) => expect(Math.abs(d)).toBeLessThan(1e-11))
    expect(Math.abs(values(there.x.sub(x))[0]!)).toBeGreaterThan(1e-2)
    expect(values(there.value)).toEqual(values(well(there.x).value))
  })

  test('keeps volume', () => {
    const flow = (state: Tensor) => {
      const to = leapfrog(well, phase(state.slice([0, 1]), state.slice([1, 2])), 0.3, 4)
      return concat([to.x, to.momentum])
    }
    const at = concat([x.slice([0, 1]), momentum.slice([0, 1])])
    const J = jacobian(flow)(at).reshape([6, 6])
    expect(determinant(Matrix.from1DArray(6, 6, values(J)))).toBeCloseTo(1, 10)
  })

  test('errs in H by O(ε²) over a fixed time', () => {
    const before = energies(phase(x, momentum))
    const errors = [8, 16, 32, 64].map((leaps) => {
      const after = energies(leapfrog(well, phase(x, momentum), 0.8 / leaps, leaps))
      return Math.hypot(...after.map((H, i) => H - before[i]!))
    })
    errors.slice(1).forEach((error, i) => {
      const order = Math.log2(errors[i]! / error)
      if (i > 0) expect(Math.abs(order - 2)).toBeLessThan(0.1)
    })
  })
})

describe('chains', () => {
  test('a batch equals its samples alone, with step sizes of their own', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = normal(randomKey(4), [4, 2, 2], { dtype })
      const sizes = [0.3, 0.05, 1.1, 0.6]
      const potential = potentialOf((at) => at.square().square().sum([1, 2]).div(4))
      const run = (at: Tensor, step: readonly number[], first: number) => [
        hmc(potential, at, { steps: 5, step, leaps: 3, keys: keysOf(step.length, first) }),
        mala(potential, at, { steps: 5, step, keys: keysOf(step.length, first) }),
      ]
      const whole = run(x, sizes, 0)
      const singles = sizes.map((size, i) => run(x.slice([i, i + 1]), [size], i))
      whole.forEach((chains, which) => {
        expect(chains.x.dtype).toBe(dtype)
        expect(singles.flatMap((s) => values(s[which]!.x))).toEqual(values(chains.x))
        for (const of of ['value', 'accepted', 'acceptance'] as const)
          expect(singles.map((s) => s[which]![of][0])).toEqual(chains[of])
      })
      expect(whole[0]!.accepted.some((n) => n < 5)).toBe(true)
    }
  })

  test('no step leads out of the support, or into NaN', () => {
    const box = potentialOf((x) => where(less(x.abs(), 1), x.mul(0), Infinity).sum(1))
    const { x, accepted } = hmc(box, zeros([200, 1]), { steps: 20, step: 0.5, leaps: 1, keys: keysOf(200) })
    expect(values(x).every((v) => Math.abs(v) < 1)).toBe(true)
    const total = accepted.reduce((a, b) => a + b, 0)
    expect(total).toBeGreaterThan(200 * 8)
    expect(total).toBeLessThan(200 * 19)
    // log x is NaN below 0; a huge step leads there, or nowhere.
    const log = potentialOf((x) => x.log().square().sum(1))
    const far = mala(log, tensor([[1.5], [2]], float64), { steps: 10, step: [50, 0.01], keys: keysOf(2) })
    expect(values(far.x).every((v) => v > 0)).toBe(true)
    expect(far.acceptance.every((p) => p >= 0 && p <= 1)).toBe(true)
  })

  test('errors', () => {
    const run = (options: Partial<Parameters<typeof hmc>[2]>) =>
      hmc(well, zeros([2, 1]), { steps: 1, step: 0.1, leaps: 1, keys: keysOf(2), ...options })
    for (const leaps of [0, 1.5]) expect(() => run({ leaps })).toThrow(/leaps/)
    expect(() => run({ steps: 0 })).toThrow(/steps/)
    expect(() => run({ step: [0.1, -1] })).toThrow(/step: must be positive/)
    expect(() => run({ keys: keysOf(3) })).toThrow(/got 3 for 2/)
    expect(() => mala(well, zeros([2, 1]), { steps: 1, step: -0.1, keys: keysOf(2) })).toThrow(/got -0.1/)
    const at = tensor([[0], [Number.NaN]], float64)
    expect(() => hmc(well, at, { steps: 1, step: 1, leaps: 1, keys: keysOf(2) })).toThrow(NonFiniteError)
    expect(() => hmc(well, at, { steps: 1, step: 1, leaps: 1, keys: keysOf(2) })).toThrow(/sample 1/)
    expect(() => potentialOf((x) => x.square())(zeros([2, 1]))).toThrow(ShapeError)
    expect(() => potentialOf((x) => x.sum())(zeros([2, 1]))).toThrow(/one value per sample/)
  })

  test('leaves one tensor behind, also where nothing was accepted', () => {
    const x = normal(randomKey(1), [3, 1], float64)
    const stuck = potentialOf((at) => where(equal(at, x), at.mul(0), Infinity).sum(1))
    for (const potential of [well, stuck]) {
      const before = memory().tensors
      const chains = hmc(potential, x, { steps: 4, step: 0.3, leaps: 2, keys: keysOf(3) })
      expect(memory().tensors - before).toBe(1)
      if (potential === stuck) expect([values(chains.x), chains.accepted]).toEqual([values(x), [0, 0, 0]])
      chains.x.dispose()
      expect(x.isDisposed).toBe(false)
    }
  })
})
