import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { createWasmDevice, scope, storeFloat16, zeros } from '@tweedie/tensor'
import { admForward, admSpec } from '@tweedie/unet'
import { config553 } from '../../packages/bench/src/cases/networks.ts'
import { Heap } from '../../packages/tensor/src/wasm/runtime/heap.ts'
import { KernelCache } from '../../packages/tensor/src/wasm/runtime/module.ts'

// What the gradient of a large network asks of the heap, for packages/tensor/src/wasm/runtime/heap-trace.test.ts:
// node scripts/heap/trace.ts. The ADM network of 553 million parameters at 256×256 pixels, weights as float16, on one thread.
// Kernels ask for their memory and compute nothing, so that it takes seconds and no memory is touched but the weights'.

/** A request: a number of bytes; minus the number (from 1) of the request that is freed; or a place in `areas`. */
type Request = number | readonly [area: number]

const areas: (readonly [name: string, bytes: number])[] = []
let requests: Request[] = []
let place = new Map<number, number>()
let count = 0

/** Puts a function in the place of a method, which it is given with its object. */
function around(proto: object, name: string, by: (own: (...args: never[]) => unknown) => unknown): void {
  const own = (proto as Record<string, (...args: never[]) => unknown>)[name]
  if (own === undefined) throw new Error(`there is no ${name}`)
  Object.assign(proto, { [name]: by(own) })
}

let inside = false
around(
  Heap.prototype,
  'allocate',
  (own) =>
    function (this: Heap, ...[bytes, lasting]: [number, boolean?]) {
      const at = Reflect.apply(own, this, [bytes, lasting]) as number
      if (inside) return at
      requests.push(bytes)
      place.set(at, ++count)
      return at
    },
)
around(
  Heap.prototype,
  'free',
  (own) =>
    function (this: Heap, at: number, bytes: number) {
      if (!inside) requests.push(-(place.get(at) ?? 0))
      return Reflect.apply(own, this, [at, bytes])
    },
)
around(
  Heap.prototype,
  'scratch',
  (own) =>
    function (this: Heap, name: string, bytes: number) {
      inside = true
      const at = Reflect.apply(own, this, [name, bytes])
      inside = false
      let area = areas.findIndex(([n, b]) => n === name && b === bytes)
      if (area < 0) area = areas.push([name, bytes]) - 1
      // Since the last block that came or went, asking again changes nothing.
      for (let i = requests.length - 1; i >= 0; i--) {
        const before = requests[i]
        if (typeof before === 'number') break
        if (before?.[0] === area) return at
      }
      requests.push([area])
      return at
    },
)
const nothing = () => {}
around(KernelCache.prototype, 'get', () => () => nothing)
around(
  KernelCache.prototype,
  'all',
  () => (_key: string, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, nothing])),
)

const device = createWasmDevice({ threads: 1 })
const x = zeros([1, 3, 256, 256], { device })
const dy = zeros([1, 6, 256, 256], { device })
const params: Record<string, Tensor> = {}
for (const [name, shape] of Object.entries(admSpec(config553))) {
  const values = new Float32Array(shape.reduce((n, extent) => n * extent, 1))
  params[name] = shape.length > 1 ? storeFloat16(values, shape, { device }) : zeros(shape, { device })
}
const weights = [...requests]
const gradient = () =>
  scope(() => {
    const [, pullback] = vjp((at: Tensor) => admForward(params, config553, at, 500), x)
    pullback(dy)
  })
gradient()
;[requests, place, count] = [[], new Map(), 0]
gradient()
writeFileSync(
  join(import.meta.dirname, '../../packages/tensor/src/wasm/runtime/heap-trace.json'),
  `${JSON.stringify({ areas, weights, gradient: requests })}\n`,
)
console.log(`${weights.length} requests of weights, ${requests.length} of a gradient, ${areas.length} areas`)
