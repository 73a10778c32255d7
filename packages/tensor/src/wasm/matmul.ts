import type { KernelCall } from '../device.ts'
import { sizeOf } from '../shape.ts'
import { fillBytes } from './bulk.ts'
import type { WasmContext } from './kernel.ts'
import { addressOf } from './kernel.ts'
import type { Product } from './product.ts'
import { asRow, cutProduct, multiply, tilesOf, timeOf, workBytes } from './product.ts'
import type { Call } from './tasks.ts'
import { cut } from './tasks.ts'

/** Does products that all have the same sizes: several per part, or each in several parts. */
function multiplyAll(products: readonly Product[], context: WasmContext): void {
  const { heap, threads, tiles } = context
  const [first] = products
  const count = products.length
  const { m, n, k } = first!
  tiles.expect(count * m * n * k)
  const { tile } = tiles
  const parts = threads.parts(count * timeOf(first!), count * tilesOf(first!, tile))
  if (parts === 1) {
    const work = heap.scratch('gemm', workBytes(first!, tile))
    for (const product of products) multiply(product, work, context, (run, ...args) => run(...args))
    return
  }
  const pieces =
    count >= parts
      ? cut(count, parts).map(({ from, to }) => products.slice(from, to))
      : products.flatMap((product) =>
          cutProduct(product, tile, Math.ceil(parts / count)).map((piece) => [piece]),
        )
  const each = Math.ceil(Math.max(...pieces.map(([piece]) => workBytes(piece!, tile))) / 64) * 64
  const work = heap.scratch('gemm', each * pieces.length)
  const tasks = pieces.map((own, i) => {
    const task: Call[] = []
    for (const product of own) {
      multiply(product, work + i * each, context, (run, ...args) => task.push({ run, args }))
    }
    return task
  })
  threads.run(tasks)
}

/** Matrix products of float32, batched, inputs with any strides. */
export function matmul(call: KernelCall<'matmul'>, out: number, context: WasmContext): boolean {
  const [x, y] = call.inputs as [KernelCall['inputs'][number], KernelCall['inputs'][number]]
  if (x.dtype !== 'float32') return false
  const rank = x.shape.length
  const [m, k, n] = [x.shape[rank - 2]!, x.shape[rank - 1]!, y.shape[rank - 1]!]
  const size = sizeOf(call.shape)
  if (k === 0) {
    fillBytes(context.kernels)(out, 0, 4 * size)
    return true
  }
  const a = { at: addressOf(x), row: 4 * x.strides[rank - 2]!, column: 4 * x.strides[rank - 1]! }
  const b = { at: addressOf(y), row: 4 * y.strides[rank - 2]!, column: 4 * y.strides[rank - 1]! }
  const batch = size / (m * n)
  const product: Product = { m, n, k, a, b, c: out, cRow: 4 * n }
  if (batch === 1) {
    multiplyAll([asRow(product)], context)
    return true
  }
  if (rank === 3 && y.strides[0] === 0 && 4 * x.strides[0]! === m * a.row) {
    // One right factor for the whole batch, and the left factors stacked: a single tall product.
    multiplyAll([asRow({ ...product, m: batch * m })], context)
    return true
  }
  const index = new Array<number>(rank - 2).fill(0)
  const products: Product[] = []
  for (let s = 0; s < batch; s++) {
    let [ax, by] = [0, 0]
    for (let axis = 0; axis < rank - 2; axis++) {
      ax += index[axis]! * x.strides[axis]!
      by += index[axis]! * y.strides[axis]!
    }
    const factors = { a: { ...a, at: a.at + 4 * ax }, b: { ...b, at: b.at + 4 * by } }
    products.push(asRow({ ...product, ...factors, c: out + 4 * s * m * n }))
    for (let axis = rank - 3; axis >= 0 && ++index[axis]! === x.shape[axis]; axis--) index[axis] = 0
  }
  multiplyAll(products, context)
  return true
}
