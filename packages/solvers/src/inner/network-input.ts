import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { scope, treeLeaves } from '@tweedie/tensor'
import { residualAt } from '../run/residual.ts'
import { requirePositive } from '../schedules/levels.ts'
import type { Operator, Prior, Time } from '../types.ts'
import { adamSteps } from './stepwise.ts'

/** Options of {@link networkInput}. */
export interface NetworkInputOptions {
  /** K, most updates. */
  readonly steps: number
  readonly learningRate: number
  /** λ. */
  readonly lambda: number
  /** A sample ends where its ‖y − A(x̂₀)‖² is below this; none ends early where it is left out. */
  readonly target?: number | undefined
}

/** What {@link networkInput} came to. */
export interface NetworkInput {
  /** The input v, like x_t. */
  readonly v: Tensor
  /** E[x₀ | x_t = v]. */
  readonly x0hat: Tensor
  /** Updates of each sample. */
  readonly updates: readonly number[]
}

/**
 * An input v of the denoiser that agrees with the measurement, by Adam for each sample from x_t:
 *
 *     v ≈ argmin_v ‖y − A(x̂₀(v))‖² + λ·‖v − x_t‖²,     x̂₀(v) = E[x₀ | x_t = v]
 *
 * (backward consistency of SITCOM, arXiv 2410.04479), so that x̂₀ stays in the range of the denoiser. A sample whose misfit is
 * below `target` keeps its v. `steps` gradients through the denoiser, and one evaluation more for those that reach the end.
 *
 * @throws {OptionError} where `steps` is no positive integer.
 */
export function networkInput(
  prior: Prior,
  { operator, y }: { readonly operator: Operator; readonly y: Tensor },
  x: Tensor,
  t: Time,
  { steps, learningRate, lambda, target = -1 }: NetworkInputOptions,
): NetworkInput {
  requirePositive('steps', steps)
  const { init, at, update } = adamSteps({ learningRate })
  return scope(() => {
    let state = init(x)
    let agreed: Tensor | undefined
    const updates = new Array<number>(x.shape[0] ?? 0).fill(0)
    for (let k = 0; k < steps && agreed === undefined; k++) {
      const before = treeLeaves(state)
      const next = scope(() => {
        const v = at(state)
        const [x0hat, pullback] = vjp((at: Tensor) => prior.denoise(at, t), v)
        using _ = pullback // where it is not used, its tape goes too
        const { norm, r, back } = residualAt(operator, y, x0hat)
        const misfit = norm.square()
        const active = Array.from(misfit.dataSync(), (value) => !(value < target))
        if (!active.includes(true)) return { state, x0hat }
        const [toInput] = pullback(back(r))
        const pull = toInput.mul(-2)
        const gradient = lambda === 0 ? pull : pull.add(v.sub(x).mul(2 * lambda))
        active.forEach((moves, i) => {
          if (moves) updates[i] = (updates[i] ?? 0) + 1
        })
        return { state: update(state, { value: misfit, gradient }, active).state, x0hat: undefined }
      })
      const kept = treeLeaves(next.state)
      for (const old of before) if (old !== x && !kept.includes(old)) old.dispose()
      state = next.state
      agreed = next.x0hat
    }
    const v = at(state)
    return { v: v === x ? x.detach() : v, x0hat: agreed ?? prior.denoise(v, t), updates }
  })
}
