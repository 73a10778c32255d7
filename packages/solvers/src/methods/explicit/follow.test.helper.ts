// Methods once more in plain numbers: one sample, every step of a run followed by its formula.
import type { Tensor } from '@tweedie/tensor'
import { tensor } from '@tweedie/tensor'
import { expect } from 'vitest'
import type { PathStep } from '../../schedules/index.ts'
import type { GuidedStep } from '../../types.ts'
import type { Levels, Rows, Vector } from '../written-out.test.helper.ts'
import { evaluate, length, matrixOf, plus, times } from '../written-out.test.helper.ts'
import { close, decomposition, drawn, float64, list, network, y } from '../written-out-problem.test.helper.ts'

/** The problem of the written-out tests for any operator of three numbers. */
export const measured = <O>(operator: O) => ({ operator, y: tensor([[...y]], float64) })

/** What an update is worked out from: x_t, x̂₀, the step, and a draw of it. */
export interface At {
  readonly x: Vector
  readonly x0: Vector
  readonly t: number
  readonly s: number
  readonly i: number
}

/** Runs a method and compares every step with `update`; a step that begins with a way up is noised up first. */
export async function follow(
  steps: AsyncGenerator<GuidedStep, Tensor>,
  {
    path,
    levels: { alpha, sigma },
    start = plus([sigma(path[0]!.t), drawn(0, 'start')]),
    matrix = matrixOf(decomposition),
    update,
  }: {
    readonly path: readonly PathStep[]
    readonly levels: Levels
    readonly start?: Vector
    readonly matrix?: Rows
    readonly update: (at: At) => Vector
  },
): Promise<void> {
  let x = [...start]
  let seen = 0
  for await (const step of steps) {
    const { t, s, from } = path[step.i]!
    if (from !== undefined) {
      const ratio = alpha(t) / alpha(from)
      const fresh = Math.sqrt(sigma(t) ** 2 - (ratio * sigma(from)) ** 2)
      x = plus([ratio, x], [fresh, drawn(step.i, 'up')])
    }
    const x0 = evaluate(network, x, t)
    x = [...update({ x, x0, t, s, i: step.i })]
    close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
    close(step.residual, [length(plus([1, y], [-1, times(matrix, x0)]))], `residual of step ${step.i}`)
    close(list(step.x), x, `x of step ${step.i}`)
    seen++
  }
  expect(seen).toBe(path.length)
}
