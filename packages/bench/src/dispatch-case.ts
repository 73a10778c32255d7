import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { ones, scope } from '@tweedie/tensor'

/** Where a call is made: on its own and freed, in a scope, recorded on a tape, recorded and differentiated. */
export type DispatchSetting = 'plain' | 'scope' | 'tape' | 'tape and back'

/** The cost of a call that computes next to nothing: x + y of shape [1]. */
export interface DispatchTime {
  readonly setting: DispatchSetting
  /** Microseconds per call, the median of all batches. */
  readonly medianUs: number
  /** Microseconds per call in the quickest batch. */
  readonly leastUs: number
}

/** x + y + y + …, each sum of the last. */
function sums(x: Tensor, y: Tensor, calls: number): Tensor {
  let sum = x
  for (let i = 0; i < calls; i++) sum = sum.add(y)
  return sum
}

/** Each setting makes so many calls and frees all it made. */
const settings: Readonly<Record<DispatchSetting, (x: Tensor, y: Tensor, calls: number) => void>> = {
  plain: (x, y, calls) => {
    for (let i = 0; i < calls; i++) x.add(y).dispose()
  },
  scope: (x, y, calls) => {
    scope(() => {
      sums(x, y, calls)
    })
  },
  tape: (x, y, calls) => {
    const [value, pullback] = vjp((start: Tensor) => sums(start, y, calls), x)
    pullback.dispose()
    value.dispose()
  },
  'tape and back': (x, y, calls) => {
    const [value, pullback] = vjp((start: Tensor) => sums(start, y, calls), x)
    for (const gradient of pullback(value)) gradient.dispose()
    value.dispose()
  },
}

/**
 * Times the way of a call through this project, `add` of two float32 tensors of one element each: dispatch, shape rule,
 * memory, the kernel's start and the tensor of the result. Settings take turns, so that all see the same machine.
 *
 * @param device - Name of the device.
 * @param batches - Measurements of each setting, after one batch to warm up.
 * @param calls - Calls of a batch.
 */
export function timeDispatch(device: string, batches = 40, calls = 500): DispatchTime[] {
  return scope(() => {
    const [x, y] = [ones([1], { device }), ones([1], { device })]
    const runs = Object.entries(settings) as [DispatchSetting, (typeof settings)[DispatchSetting]][]
    const times = new Map(runs.map(([setting]) => [setting, [] as number[]]))
    for (let batch = -1; batch < batches; batch++) {
      for (const [setting, run] of runs) {
        const start = performance.now()
        run(x, y, calls)
        if (batch >= 0) times.get(setting)!.push((1e3 * (performance.now() - start)) / calls)
      }
    }
    return [...times].map(([setting, all]) => {
      const sorted = all.toSorted((a, b) => a - b)
      return { setting, medianUs: sorted[Math.floor(sorted.length / 2)]!, leastUs: sorted[0]! }
    })
  })
}
