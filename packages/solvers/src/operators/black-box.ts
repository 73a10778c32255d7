import type { Shape } from '@tweedie/tensor'
import { fromData, NonFiniteError, ShapeError, sizeOf } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import type { Filled, Specs } from '../options/index.ts'
import type { OperatorInfo, OperatorKind } from './define.ts'
import { defineOperator } from './define.ts'
import type { Parts, ShownOperator } from './parts.ts'

/** What a black box is for samples of a shape. */
export interface BlackBox extends Pick<Parts, 'inShape' | 'outShape' | 'pinv' | 'display'> {
  /** What is measured of one sample: its numbers in row-major order to those of `outShape`. The same for the same numbers. */
  measure(x: Float64Array): ArrayLike<number>
}

/** What {@link defineBlackBox} makes an operator of. */
export interface BlackBoxDefinition<S extends Specs> extends OperatorInfo<S> {
  /** May throw an OptionError for what depends on the shape. */
  build(shape: Shape, options: Filled<S>): BlackBox
}

/**
 * Defines an operator that can be run and nothing else: a simulator, a program, an instrument. It sees one sample at a time, as
 * plain numbers, and has neither gradient nor adjoint. Methods that ask for none of these can use it: those made for it, `enkg`,
 * `scg`, `dpg` and `dps-gsg`, and those that only weigh by a likelihood, such as `fk-steering`. All others refuse it before any
 * work and say what they lack.
 *
 * @throws {ShapeError} from `forward`, where `measure` returns another number of values; {NonFiniteError} where one is NaN or infinite.
 * @example
 * ```ts
 * import { defineBlackBox, dps, lackOf, gaussianNoise, scg } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const counter = defineBlackBox({
 *   name: 'counter',
 *   summary: 'how many values are above zero',
 *   example: 'counter',
 *   options: {},
 *   build: (shape) => ({ inShape: shape, outShape: [1], measure: (x) => [x.filter((v) => v > 0).length] }),
 * })
 * const operator = counter([3])
 * operator.forward(tensor([[1, -1, 2]])).dataSync() // => [2]
 * lackOf(scg.info, { operator, noise: gaussianNoise(0.1) }) // => undefined
 * lackOf(dps.info, { operator, noise: gaussianNoise(0.1) })?.why // => "needs gradients through the operator; those of 'counter' say nothing"
 * ```
 */
export function defineBlackBox<S extends Specs>({
  build,
  ...info
}: BlackBoxDefinition<S>): OperatorKind<ShownOperator, S> {
  return defineOperator<S, Parts>({
    ...info,
    build: (shape, options) => {
      const { measure, ...shapes } = build(shape, options)
      const [inputs, outputs] = [sizeOf(shapes.inShape), sizeOf(shapes.outShape)]
      return {
        ...shapes,
        differentiable: false,
        forward: (x) => {
          const N = batchOf(x)
          const [all, measured] = [Float64Array.from(x.dataSync()), new Float64Array(N * outputs)]
          for (let n = 0; n < N; n++) {
            const one = measure(all.slice(n * inputs, (n + 1) * inputs))
            checkMeasured(info.name, one, outputs)
            measured.set(one, n * outputs)
          }
          return fromData(measured, [N, ...shapes.outShape], { dtype: x.dtype, device: x.device })
        },
      }
    },
  })
}

function checkMeasured(name: string, one: ArrayLike<number>, count: number): void {
  if (one.length !== count)
    throw new ShapeError(name, `measure must return ${count} numbers, got ${one.length}`)
  const bad = Array.from(one).findIndex((v) => !Number.isFinite(v))
  if (bad >= 0) throw new NonFiniteError(`${name}: measure returned ${one[bad]} as number ${bad}`)
}
