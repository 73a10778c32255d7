import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { reverseTimes } from '../../inner/reverse-ode.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import { enkg } from '../index.ts'
import { ddimFrom, evaluate, length, plus, times } from '../written-out.test.helper.ts'
import { A, close, firstSample, list, n, names, network, priorOn, problemOf, schedules, seed, streams, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line

const J = 4
const steps = 10

describe.each(names)('EnKG on %s', (name) => {
  it.each([
    { scale: 0.8, before: 0.1, after: 0.25, odeSteps: 3 },
    { scale: 0.5, leastScale: 0.4, updates: 2, before: 0.3, after: 0, odeSteps: 2 },
  ])('%j', async (options) => {
    const { scale, leastScale = 0.001, updates = 1, before, after, odeSteps } = options
    const [schedule, levels] = schedules[name]
    const path = respace(schedule, steps, 'karras')
    const nothing = new Array<number>(n).fill(0)
    const z = list(streams.normal(0, 'start', [J, n]))
    let all = Array.from({ length: J }, (_, j) => plus([levels.sigma(path[0]!.t), z.slice(j * n, (j + 1) * n)]))
    let moved = 0
    for await (const step of enkg(problemOf(0.5), priorOn(name), { ...options, particles: J, steps, seed, firstSample })) {
      const { i } = step
      const { t, s } = path[i]!
      const begun = all
      const w = scale * (((1 - leastScale) * (steps - i)) / steps + leastScale)
      const here = i > before * steps && i < steps - Math.floor(after * steps)
      for (let update = 0; here && update < updates; update++) {
        const grid = reverseTimes(schedule, t, Math.min(1 + Math.floor((steps - i) / 4), odeSteps))
        const ys = all.map((x) => {
          const x0 = grid.reduce<readonly number[]>(
            (v, u, k) => ddimFrom(schedule, [u, grid[k + 1] ?? schedule.clean], 0, v, evaluate(network, v, u), nothing), x)
          return times(A, x0)
        })
        const yMean = plus(...ys.map((v) => [1 / J, v] as const))
        const xMean = plus(...all.map((v) => [1 / J, v] as const))
        const C = ys.map((a) => ys.map((b) => a.reduce((sum, v, k) => sum + ((v - y[k]!) * (b[k]! - yMean[k]!)) / J, 0)))
        const size = Math.sqrt(C.flat().reduce((sum, v) => sum + v * v, 0))
        const from = all
        all = from.map((x, a) =>
          plus([1, x], ...from.map((v, b) => [(-w / size) * C[a]![b]!, plus([1, v], [-1, xMean])] as const)),
        )
        moved++
      }
      const x0s = all.map((x) => evaluate(network, x, t))
      close(list(step.x0hat), x0s[0]!, `x̂₀ of step ${i}`)
      close(list(step.guidance), plus([1, all[0]!], [-1, begun[0]!]), `guidance of step ${i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0s[0]!)]))], `residual of step ${i}`)
      const centre = plus(...x0s.map((v) => [1 / J, v] as const))
      const spread = x0s.reduce((sum, v) => sum + length(plus([1, v], [-1, centre])) ** 2, 0)
      close(step.spread, [Math.sqrt(spread / n / (J - 1))], `spread of step ${i}`)
      all = all.map((x, j) => ddimFrom(levels, [t, s], 0, x, x0s[j]!, nothing))
      close(list(step.particles), all.flat(), `particles of step ${i}`)
      close(list(step.x), all[0]!, `x of step ${i}`)
      all = Array.from({ length: J }, (_, j) => list(step.particles).slice(j * n, (j + 1) * n))
    }
    expect(moved).toBe(updates * 6)
  })
}) // biome-ignore format: formulas

describe('on a Gaussian', () => {
  const prior = gaussianPrior({ mean: [0.2, -0.1], covariance: [[1, 0.6], [0.6, 0.8]] }) // biome-ignore format: a matrix
  const operator = matrixOperator(tensor([[1, 0.5]], { dtype: 'float64' }))
  const problem = {
    operator,
    noise: gaussianNoise(0.1),
    y: tensor([[1.5], [-1]], { dtype: 'float64' }),
  }
  const options = { steps: 40, particles: 24, seed: 4 }

  it('goes to the data, and its particles come to agree about them', async () => {
    const last = async (scale: number) => {
      let shown = { residual: [] as readonly number[], spread: [] as readonly number[] }
      const measured: number[] = []
      await run(enkg(problem, prior, { ...options, scale, leastScale: 1 }), {
        onStep: ({ residual, spread, particles }) => {
          shown = { residual, spread }
          measured.splice(0, measured.length, ...list(operator.forward(particles)))
        },
      })
      const off = [0, 1].map((row) => {
        const own = measured.slice(row * 24, (row + 1) * 24).map((v) => v - [1.5, -1][row]!)
        return Math.sqrt(own.reduce((sum, v) => sum + v * v, 0) / 24)
      })
      return { ...shown, off }
    }
    const [free, guided] = [await last(0), await last(1)]
    if (process.env['SHOW']) console.log('enkg', free, guided)
    for (const row of [0, 1]) expect(guided.off[row]).toBeLessThan(free.off[row]! / 3) // 0.18 and 0.15 of it
  })

  it('the start of one particle is that of any: x is the first of the ensemble', async () => {
    const last: number[][] = []
    const x = await run(enkg(problem, prior, options), {
      onStep: ({ particles }) => void last.push(list(particles)),
    })
    const flat = last.at(-1)!
    expect(list(x)).toEqual([...flat.slice(0, 2), ...flat.slice(48, 50)])
  })

  it('with a scale of 0 it is the flow; a single particle is refused', async () => {
    const still = list(await run(enkg(problem, prior, { ...options, scale: 0 })))
    const never = list(await run(enkg(problem, prior, { ...options, before: 1 })))
    still.forEach((v, i) => expect(v).toBeCloseTo(never[i]!, 9))
    expect(() => enkg(problem, prior, { particles: 1 })).toThrow(OptionError)
  })
})
