import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, tensor, treeLeaves, zeros } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { blindLangevin } from '../../inner/index.ts'
import { gibbsWeights } from '../../linalg/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { blindBlur, unknownGain } from '../../operators/index.ts'
import { countCalls, gaussianMixturePrior } from '../../priors/index.ts'
import { respace, vpLinear } from '../../schedules/index.ts'
import type { Blind, Operator, Problem } from '../../types.ts'
import type { GibbsDdrmOptions } from '../index.ts'
import { ddrm, gibbsDdrm } from '../index.ts'
import type { Decomposition } from '../written-out.test.helper.ts'
import { evaluate, length, matrixOf, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  close,
  drawn,
  firstSample,
  list,
  y as measured,
  n,
  network,
  operatorOf,
  priorOn,
  schedules,
  seed,
  streams,
  U,
  V,
} from '../written-out-problem.test.helper.ts'

const float64 = { dtype: 'float64' } as const
const schedule = vpLinear()
const random = (s: number, ...extents: number[]) => normal(randomKey(s), extents, float64)
function blindOf({ blind }: Operator): Blind {
  if (blind === undefined) throw new Error('nothing is unknown')
  return blind
}
async function path(steps: AsyncGenerator<{ x: Tensor; residual: readonly number[] }, Tensor>) {
  const seen: (number | readonly number[])[] = []
  for await (const { x, residual } of steps) seen.push(list(x), residual)
  return seen
}

describe('at a known kernel', () => {
  const shape = [2, 3, 4]
  const means = [list(random(1, 24)), list(random(2, 24))]
  const prior = gaussianMixturePrior({ weights: [1, 2], means, covariances: 0.3, shape, schedule })
  const operator = blindBlur(shape, { size: 3 })
  const kernel = tensor([[0, 0.1, 0], [0.2, 0.4, 0.3], [0, 0, 0]], float64) // biome-ignore format: a kernel
  const y = random(3, 2, ...shape)

  it.each([
    { dtype: 'float64', eta: 1, etaB: 1, sigma: 0.3 },
    { dtype: 'float64', eta: 0, etaB: 0.6, sigma: 0.3 },
    { dtype: 'float64', eta: 1, etaB: 0.9, sigma: 0 },
    { dtype: 'float32', eta: 1, etaB: 1, sigma: 0.3 },
  ] as const)('is DDRM bit for bit: %j', async ({ dtype, eta, etaB, sigma }) => {
    const problem = { noise: gaussianNoise(sigma), y: y.cast(dtype) }
    const common = { steps: 12, seed: 3, rankTolerance: 0.05 }
    // The kernel is rounded to the type of y, as all that a run holds.
    const at = blindOf(operator).at(kernel.cast(dtype).reshape([1, 3, 3]))
    const theirs = await path(ddrm({ ...problem, operator: at }, prior, { ...common, eta, etaB }))
    // η_C = √(1 − η²), which is exact for these η.
    const etas = { etaA: 0, etaB, etaC: Math.sqrt(1 - eta ** 2), etaD: eta }
    const ours = await path(gibbsDdrm({ ...problem, operator }, prior, { ...common, ...etas, known: kernel }))
    expect(ours).toEqual(theirs)
  })

  it('looks at the prior once a step; else three times more in the last 70 % but one', async () => {
    const problem: Problem = { operator, noise: gaussianNoise(0.1), y }
    const calls = async (options: GibbsDdrmOptions) => {
      const counted = countCalls(prior)
      const moved: boolean[] = []
      let last = ''
      for await (const { parameter } of gibbsDdrm(problem, counted, {
        steps: 10,
        langevinSteps: 1,
        ...options,
      })) {
        const now = list(parameter).join()
        if (last !== '') moved.push(now !== last)
        last = now
      }
      return { total: counted.calls.total, moved }
    }
    expect((await calls({ known: kernel })).total).toBe(10)
    expect(gibbsDdrm.info.evaluations(10)).toBe(10 + 3 * 7)
    expect(gibbsDdrm.info.evaluations(100)).toBe(100 + 3 * 70)
    // Steps 2 … 8 of 0 … 9: indices 700 … 100 of 900 … 0, as in the repository (i ≤ 0.7·1000, not at i = 0).
    const seventy = await calls({})
    expect(seventy.total).toBe(31)
    expect(seventy.moved).toEqual([false, true, true, true, true, true, true, true, false])
    expect((await calls({ share: 1, repeats: 2 })).total).toBe(10 + 2 * 9)
    expect((await calls({ share: 0 })).total).toBe(10)
  })

  it('shows what can be a kernel, begins where it is told, and refuses what it cannot do', async () => {
    const problem: Problem = { operator, noise: gaussianNoise(0.1), y }
    const settings = { steps: 4, langevinSteps: 5, stepSize: 1e-3 }
    for await (const { parameter, state } of gibbsDdrm(problem, prior, settings)) {
      // The chain's own φ has the sum 1 as well, and may be negative.
      const raw = list(treeLeaves(state['phi'])[0]!.slice(0))
      expect(raw.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
      expect(Math.min(...list(parameter))).toBeGreaterThanOrEqual(0)
      for (const k of [0, 1]) expect(list(parameter.slice(k)).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
    }
    const { value } = await gibbsDdrm(problem, prior, { ...settings, share: 0, initial: kernel }).next()
    if (!('parameter' in value)) throw new Error('no step')
    list(value.parameter.slice(1)).forEach((v, i) => expect(v).toBeCloseTo(list(kernel)[i]!, 14))
    expect(() => gibbsDdrm({ ...problem, noise: gaussianNoise(0) }, prior)).toThrow('σ_y must be above 0')
    expect(() => gibbsDdrm({ ...problem, noise: gaussianNoise(0) }, prior, { known: kernel })).not.toThrow()
    expect(() => gibbsDdrm(problem, prior, { initial: zeros([3]) })).toThrow(OptionError)
  })

  it('its ξ and γ are those of the authors at their sizes, and scaled elsewhere', async () => {
    // m = 24 numbers, 9 entries: ξ = 1e-11·(σ_y/0.04)²·196608/24, γ = 1000·9/4096.
    const problem: Problem = { operator, noise: gaussianNoise(0.1), y }
    const settings = { steps: 4, langevinSteps: 3 }
    const xi = (1e-11 * (0.1 / 0.04) ** 2 * (3 * 256 * 256)) / 24
    const said = { ...settings, stepSize: xi, laplace: (1000 * 9) / (64 * 64) }
    const [silent, spoken] = [
      await path(gibbsDdrm(problem, prior, settings)),
      await path(gibbsDdrm(problem, prior, said)),
    ]
    silent.forEach((values, i) => {
      const other = spoken[i]!
      if (typeof values === 'number' || typeof other === 'number') return
      values.forEach((v, k) => expect(v).toBeCloseTo(other[k]!, 10))
    })
    expect(await path(gibbsDdrm(problem, prior, { ...said, laplace: 5 }))).not.toEqual(spoken)
  })
})

describe('gibbsWeights', () => {
  const etas = { etaA: 0.3, etaB: 0.9, etaC: 0.5, etaD: 0.8 }
  it('has three cases', () => {
    // s = 0: θ̄ + √(1−η_D²)·σ_s·ε̄ + η_D·σ_s·z with σ_t = 2, σ_s = 1.
    const unseen = gibbsWeights(0, 0.1, 2, 1, etas, 0.5)
    expect([unseen.theta, unseen.xbar, unseen.uty, unseen.z].map((v) => +v.toFixed(12))).toEqual([
      0.7, 0.3, 0, 0.8,
    ])
    // σ_s = 1 < σ_y/s = 4: η_A and η_C.
    const noisy = gibbsWeights(0.5, 2, 2, 1, etas, 0.5)
    expect(noisy.theta).toBeCloseTo(1 - 0.5 / 4 - 0.3 / 2, 12)
    expect(noisy.xbar).toBeCloseTo(0.15, 12)
    expect(noisy.uty).toBeCloseTo(0.25, 12)
    expect(noisy.z).toBeCloseTo(Math.sqrt(1 - 0.09 - 0.25 - 0.15), 12)
    // σ_s = 1 > σ_y/s = 0.2: η_B.
    const clear = gibbsWeights(0.5, 0.1, 2, 1, etas, 0.5)
    expect([clear.theta, clear.xbar].map((v) => +v.toFixed(12))).toEqual([0.1, 0])
    expect(clear.uty).toBeCloseTo(1.8, 12)
    expect(clear.z).toBeCloseTo(Math.sqrt(1 - (0.9 * 0.2) ** 2), 12)
    // σ_s = σ_y/s goes to the third case, as in DDRM.
    expect(gibbsWeights(0.5, 0.5, 2, 1, etas, 0.5).xbar).toBe(0)
    expect(gibbsWeights(0.5, 2, 2, 1, { ...etas, etaA: 0.9 }, 1).z).toBe(0) // cut, where the sum of squares exceeds 1
  })
})

describe('every step, written out in plain numbers for an unknown gain', () => {
  const of: Decomposition = { U, s: [2, 0.7, 0.3], V }
  const A = matrixOf(of)
  const sigmaY = 0.8
  it.each([
    { etaA: 0.3, etaB: 0.8, etaC: 0.6, etaD: 0.7, keepLast: false },
    { etaA: 0, etaB: 0.9, etaC: 0.8, etaD: 0.8, keepLast: true },
    { etaA: 0.5, etaB: 1, etaC: 0, etaD: 0, keepLast: false },
  ])('%j', async ({ keepLast, ...etas }) => {
    const [schedule, levels] = schedules['linear of 50']
    const prior = priorOn('linear of 50')
    const level = (t: number) => levels.sigma(t) / levels.alpha(t)
    const pairs = respace(schedule, 5, 'ddim')
    const options = {
      ...etas,
      keepLast,
      steps: 5,
      repeats: 2,
      langevinSteps: 3,
      stepSize: 0.02,
      laplace: 4,
      rankTolerance: 0,
      seed,
      firstSample,
    }
    const uty = [...times(transposed(U), measured), 0]
    const problem: Problem = {
      operator: unknownGain(operatorOf(of)),
      noise: gaussianNoise(sigmaY),
      y: tensor([measured], float64),
    }
    const values = (g: number) => [...of.s, 0].map((s) => Math.abs(g) * s)
    let g = 1
    const first = level(pairs[0]!.t)
    const start = drawn(0, 'start')
    let x = plus([
      levels.alpha(pairs[0]!.t),
      times(
        V,
        values(g).map((s, k) => {
          const known = s > 0 && first > sigmaY / s
          return known
            ? uty[k]! / s + Math.sqrt(first ** 2 - (sigmaY / s) ** 2) * start[k]!
            : first * start[k]!
        }),
      ),
    ])
    for await (const step of gibbsDdrm(problem, prior, options)) {
      const { t, s: to } = pairs[step.i]!
      const x0 = evaluate(network, x, t)
      const [theta, xbar] = [times(transposed(V), x0), plus([1 / levels.alpha(t), times(transposed(V), x)])]
      const [high, low] = [level(t), level(to)]
      const before = g
      const move = (gain: number, z: readonly number[]) => {
        const sign = Math.sign(gain)
        const s = values(gain)
        const after = s.map((v) => v > 0 && low < sigmaY / v)
        const a = theta.map((v, k) => (after[k] ? (xbar[k]! - v) / high : 0))
        const c = theta.map((v, k) => (after[k] ? (sign * uty[k]! - s[k]! * v) / sigmaY : 0))
        const ac = Math.abs(a.reduce((sum, v, k) => sum + v * c[k]!, 0))
        const rho = ac / (length(a) * length(c) || 1)
        const spread = Math.sqrt(
          Math.max(0, 1 - etas.etaA ** 2 - etas.etaC ** 2 - 2 * etas.etaA * etas.etaC * rho),
        )
        const next = s.map((v, k) => {
          if (v === 0)
            return (
              theta[k]! +
              (Math.sqrt(1 - etas.etaD ** 2) * low * (xbar[k]! - theta[k]!)) / high +
              etas.etaD * low * z[k]!
            )
          if (after[k]) return theta[k]! + low * (etas.etaA * a[k]! + etas.etaC * c[k]! + spread * z[k]!)
          return (
            (1 - etas.etaB) * theta[k]! +
            (etas.etaB * sign * uty[k]!) / v +
            Math.sqrt(low ** 2 - (etas.etaB * (sigmaY / v)) ** 2) * z[k]!
          )
        })
        return plus([levels.alpha(to), times(V, next)])
      }
      let next = move(g, drawn(step.i, 'step'))
      // 0.7·5 = 3.5: three steps look for g, the last of all does not.
      if (step.i >= 1 && step.i < 4) {
        for (const turn of [0, 1]) {
          const clean = times(A, evaluate(network, next, to))
          const keys = streams.keysOf(step.i, `phi ${turn}`)
          for (let k = 0; k < 3; k++) {
            const r = plus([1, measured], [-g, clean])
            const gradient = -clean.reduce((sum, v, j) => sum + v * r[j]!, 0) / sigmaY ** 2 + 4 * Math.sign(g)
            const z = list(
              normal(
                keys.map((key) => key.fold(k)),
                [1],
                float64,
              ),
            )[0]!
            g = g - 0.01 * gradient + Math.sqrt(0.02) * z
          }
          if (turn === 0 || !keepLast) next = move(g, drawn(step.i, `step ${turn}`))
        }
      }
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
      close(step.x.dataSync(), next, `x of step ${step.i}`)
      close(step.parameter.dataSync(), [Math.max(0, g)], `gain after step ${step.i}`)
      close(
        step.residual,
        [length(plus([1, measured], [-before, times(A, x0)]))],
        `residual of step ${step.i}`,
      )
      x = list(step.x)
    }
    expect(x.length).toBe(n)
  })
})

describe('Langevin on the unknown', () => {
  it('has the law of the gain given x, but for its own bias', () => {
    // y = g·c + σ·ε with c = A x: g ~ N(c·y/c², σ²/c²); with step h = ξ/2 the variance is that over 1 − h·c²/(2σ²).
    const N = 4000
    const c = [0.6, -0.8]
    const operator = unknownGain(operatorFrom([[0.6], [-0.8]]))
    const y = fromData(Array.from({ length: N }, () => [1.1, 0.2]).flat(), [N, 2], float64)
    const x = fromData(new Float64Array(N).fill(1), [N, 1])
    const keys = Array.from({ length: N }, (_, i) => randomKey(5).fold(i))
    const [sigma, xi] = [0.5, 0.1]
    const problem = { blind: blindOf(operator), y, sigmaY: sigma }
    const g = list(
      blindLangevin(problem, x, zeros([N, 1], float64).add(1), { steps: 60, xi, gamma: 0, keys }),
    )
    const mean = c[0]! * 1.1 + c[1]! * 0.2
    const variance = sigma ** 2 / (1 - xi / 2 / (2 * sigma ** 2))
    const average = g.reduce((a, b) => a + b, 0) / N
    const spread = g.reduce((a, b) => a + (b - average) ** 2, 0) / (N - 1)
    // 1 − h/σ² = 0.8: after 60 steps 0.8⁶⁰ ≈ 1.5e-6 is left of the start.
    expect(Math.abs(average - mean)).toBeLessThan(6 * Math.sqrt(variance / N) + 1e-5)
    expect(Math.abs(spread - variance)).toBeLessThan(6 * variance * Math.sqrt(2 / N) + 1e-5)
  })

  const keys = [3, 4].map(randomKey)

  it('takes ∂A/∂φ once where A is linear in φ, with the same bits as at each φ', () => {
    const blind = blindOf(blindBlur([2, 3, 4], { size: 3 }))
    const problem = { y: random(1, 2, 2, 3, 4), sigmaY: 0.3 }
    const chain = { steps: 5, xi: 0.01, gamma: 2, keys }
    const [x, phi] = [random(2, 2, 2, 3, 4), random(3, 2, 3, 3)]
    expect(blind.linear).toBe(true)
    const once = blindLangevin({ ...problem, blind }, x, phi, chain)
    const each = blindLangevin({ ...problem, blind: { ...blind, linear: false } }, x, phi, chain)
    expect(list(once)).toEqual(list(each))
  })

  it('is the same in plain numbers for an unknown that A is not linear in', () => {
    const blind = { ...blindOf(unknownGain(operatorFrom([[1], [1]]))), linear: false }
    const squared = { ...blind, apply: (x: Tensor, phi: Tensor) => x.mul(phi.square()) }
    const [y, x, sigma, xi, gamma] = [[1.3, -0.4], [0.8, 0.5], 0.5, 0.02, 3]
    const column = (values: number[]) => fromData(values, [2, 1], float64)
    const problem = { blind: squared, y: column(y), sigmaY: sigma }
    const got = blindLangevin(problem, column(x), column([0.9, -0.7]), { steps: 4, xi, gamma, keys })
    const expected = [0.9, -0.7].map((start, n) => {
      let phi = start
      for (let k = 0; k < 4; k++) {
        const [z] = list(normal(keys[n]!.fold(k), [1], float64))
        const slope = (-(y[n]! - x[n]! * phi ** 2) * 2 * x[n]! * phi) / sigma ** 2 + gamma * Math.sign(phi)
        phi += (-xi / 2) * slope + Math.sqrt(xi) * z!
      }
      return phi
    })
    list(got).forEach((v, n) => expect(v).toBeCloseTo(expected[n]!, 12))
  })
})

function operatorFrom(rows: number[][]): Operator {
  const matrix = tensor(rows, float64)
  return { name: 'matrix', inShape: [1], outShape: [2], forward: (x) => x.matmul(matrix.transpose()) }
}

describe('a kernel', () => {
  it('is found where the pictures are known', async () => {
    const big = [1, 12, 12]
    const pictures = [7, 8, 9].map((s) => list(random(s, 144)).map((v) => Math.tanh(v)))
    const prior = gaussianMixturePrior({
      weights: [1, 1, 1],
      means: pictures,
      covariances: 1e-4,
      shape: big,
      schedule,
    })
    const camera = blindBlur(big, { size: 3, kernel: 'motion', length: 3, angle: 0 })
    const sharp = fromData(pictures[1]!, [1, ...big], float64)
    const problem = { operator: camera, noise: gaussianNoise(0.1), y: camera.forward(sharp) }
    const upright = tensor([[0, 0.3, 0], [0, 0.4, 0], [0, 0.3, 0]], float64) // biome-ignore format: a kernel
    let kernel: Tensor | undefined
    // The data alone fix the kernel to σ_y over the root of 144·E[x²] ≈ 57: 0.013 an entry, and Langevin adds as much.
    const settings = {
      steps: 10,
      langevinSteps: 60,
      stepSize: 1e-5,
      laplace: 0,
      repeats: 1,
      initial: upright,
    }
    for await (const { i, parameter } of gibbsDdrm(problem, prior, settings))
      if (i === 9) kernel = parameter.alias()
    // The true one is a line along the middle row, the first one a line down the middle column.
    const line = list(kernel!).slice(3, 6)
    expect(line.reduce((a, b) => a + b, 0)).toBeGreaterThan(0.8)
  })
})
