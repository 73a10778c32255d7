import type { Optimizer } from '@tweedie/autograd'
import { valueAndGrad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError, scope, treeLeaves, treeMap } from '@tweedie/tensor'
import { choose } from '../linalg/per-sample.ts'
import { requirePositive } from '../schedules/levels.ts'

/**
 * One number for each sample to be made small: a tree of x [N, …] to [N]. `update` counts from 0, for objectives that draw anew
 * in each. Samples must not depend on each other.
 */
export type SampleObjective<T> = (x: T, update: number) => Tensor

/** Options of {@link descent}. */
export interface DescentOptions<Slot extends string = string> {
  /** One that treats every element apart, as `adam`, `adamW` and `sgd` do. */
  optimizer: Optimizer<Slot>
  /** Most updates. */
  steps: number
  /** A sample ends where its objective is at most this: one number, or one for each; without it none ends early. */
  target?: number | readonly number[]
}

/** What {@link descent} came to. */
export interface Descent<T> {
  readonly x: T
  /** Updates of each sample. */
  readonly iterations: readonly number[]
}

/**
 * A first-order optimiser on each sample of a batch. It treats every element apart, so that one update of the whole
 * batch is one of each sample: a batch of N equals N single runs. With `target` (a discrepancy to stop at) a sample
 * that has reached it stays where it is.
 *
 * @param x - Tensors [N, …] in a tree, where to start; they stay valid.
 * @throws {OptionError} for options out of range; {ShapeError} where there is not one objective, or one target, per
 * sample; with a target, {DeviceError} on a device the host cannot read at once.
 * @example
 * ```ts
 * import { adam } from '@tweedie/autograd'
 * import { descent } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const y = tensor([[1], [-2]])
 * const misfit = (x: Tensor) => x.sub(y).square().sum(1)
 * const optimizer = adam({ learningRate: 0.1 })
 * const { x } = descent(misfit, tensor([[0], [0]]), { optimizer, steps: 200, target: 1e-6 })
 * x.sub(y).abs().max().dataSync()[0]! < 2e-3 // => true
 * ```
 */
export function descent<T>(objective: SampleObjective<T>, x: T, options: DescentOptions): Descent<T> {
  const { steps, target, optimizer } = options
  requirePositive('steps', steps)
  const samples = samplesOf('descent', x)
  const targets = target === undefined ? undefined : targetsOf(target, samples)
  const given = new Set(treeLeaves(x))
  const iterations = new Array<number>(samples).fill(0)
  return scope(() => {
    let at = { params: x, state: optimizer.init(x) }
    for (let k = 0; k < steps; k++) {
      const next = scope(() => {
        const total = (params: T): [Tensor, Tensor] => {
          const values = oneEach('descent', objective(params, k), samples)
          return [values.sum(), values]
        }
        const [[, values], gradient] = valueAndGrad(total, { hasAux: true })(at.params)
        const now = targets === undefined ? undefined : values.dataSync()
        const active = iterations.map((_, i) => now === undefined || !(now[i]! <= targets![i]!))
        if (!active.includes(true)) return undefined
        active.forEach((moves, i) => {
          if (moves) iterations[i]!++
        })
        const { params, state } = optimizer.update(gradient, at.state, at.params)
        const before = treeLeaves(at.params)
        return { params: treeMap(params, (leaf, i) => choose(active, leaf, before[i]!)), state }
      })
      if (next === undefined) break
      for (const old of treeLeaves(at)) if (!given.has(old)) old.dispose()
      at = next
    }
    return { x: treeMap(at.params, (leaf) => (given.has(leaf) ? leaf.detach() : leaf)), iterations }
  })
}

function oneEach(op: string, values: Tensor, samples: number): Tensor {
  if (values.shape.length === 1 && values.shape[0] === samples) return values
  throw new ShapeError(op, `the objective must give one number per sample, [${samples}]`, [values.shape])
}

function samplesOf(op: string, tree: unknown): number {
  const leaves = treeLeaves(tree)
  const samples = leaves[0]?.shape[0]
  if (samples !== undefined && leaves.every(({ shape }) => shape[0] === samples)) return samples
  throw new ShapeError(
    op,
    'x needs tensors with one batch axis',
    leaves.map(({ shape }) => shape),
  )
}

function targetsOf(target: number | readonly number[], samples: number): readonly number[] {
  const targets = typeof target === 'number' ? new Array<number>(samples).fill(target) : target
  if (targets.length !== samples)
    throw new ShapeError('descent', `needs one target per sample, got ${targets.length} for ${samples}`)
  if (targets.some(Number.isNaN)) throw new OptionError('target', 'must be numbers, got NaN')
  return targets
}
