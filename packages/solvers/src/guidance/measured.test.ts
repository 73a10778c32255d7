import { tensor, zeros } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { matrixOperator } from '../operators/index.ts'
import { ve, vpLinear } from '../schedules/index.ts'
import { measuredIn } from './index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: { dataSync(): ArrayLike<number> }) => Array.from(x.dataSync())

describe('what was measured, in the place of what A sees', () => {
  // A = [2, 0, 0; 0, 1, 1]: A⁺ = [½, 0; 0, ½; 0, ½].
  const operator = matrixOperator(tensor([[2, 0, 0], [0, 1, 1]], float64)) // biome-ignore format: rows
  const y = tensor([[6, 4]], float64)
  const measured = { operator, y, back: operator.pinv }
  const x = tensor([[1, 5, 2]], float64)
  const z = () => tensor([[0.5, 1, -0.2]], float64)
  const never = () => {
    throw new Error('asked for noise')
  }

  it('at the clean end A x = y, the rest as it was, and no noise is asked for', () => {
    // A x = [2, 7], so that x moves by A⁺[4, −3] = [2, −1.5, −1.5].
    for (const schedule of [ve(), vpLinear()]) {
      const clean = { schedule, s: schedule.clean }
      list(measuredIn(measured, x, clean, never)).forEach((v, i) =>
        expect(v).toBeCloseTo([3, 3.5, 0.5][i]!, 13),
      )
      const half = list(measuredIn(measured, x, clean, never, 0.5))
      half.forEach((v, i) => expect(v).toBeCloseTo([2, 4.25, 1.25][i]!, 13))
    }
  })

  it('elsewhere y is scaled by α and noised by σ·A z', () => {
    const schedule = vpLinear()
    const [alpha, sigma] = [schedule.alpha(300), schedule.sigma(300)]
    const by = [6 * alpha + sigma * 1 - 2, 4 * alpha + sigma * 0.8 - 7]
    const expected = [1 + by[0]! / 2, 5 + by[1]! / 2, 2 + by[1]! / 2]
    const moved = measuredIn(measured, x, { schedule, s: 300 }, z)
    list(moved).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 12))
    const left = list(operator.forward(moved).sub(y.mul(alpha)).sub(operator.forward(z()).mul(sigma)))
    expect(Math.max(...left.map(Math.abs))).toBeLessThan(1e-12)
  })

  it('does nothing where λ = 0', () => {
    expect(list(measuredIn(measured, x, { schedule: ve(), s: 3 }, () => zeros([1, 3], float64), 0))).toEqual([
      1, 5, 2,
    ])
  })
})
