import type { KernelCall, View } from '../../device.ts'
import { sizeOf } from '../../shape.ts'
import { fillBytes } from '../move/bulk.ts'
import { forOuter } from '../move/nest.ts'
import type { WasmContext, WasmKernels } from '../runtime/kernel.ts'
import { addressOf, onFloat32, runParts } from '../runtime/kernel.ts'
import { atOnce, deal, taskOf } from '../runtime/tasks.ts'
import type { Epilogue } from './epilogue.ts'
import { finishAll, finishOf, noFinish, withEpilogue } from './epilogue.ts'
import type { Product } from './product.ts'
import { asRow, cutProduct, gemmKernels, multiply, tilesOf, timeOf, workBytes } from './product.ts'

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
    for (const product of products) multiply(product, work, context, atOnce)
    return
  }
  const pieces =
    count >= parts
      ? deal(products, parts)
      : products.flatMap((product) =>
          cutProduct(product, tile, Math.ceil(parts / count)).map((piece) => [piece]),
        )
  const bytes = Math.max(...pieces.map(([piece]) => workBytes(piece!, tile)))
  runParts(context, 'gemm', bytes, pieces, (own, work) =>
    taskOf((launch) => {
      for (const product of own) multiply(product, work, context, launch)
    }),
  )
}

type MatmulCall = KernelCall<'matmul'> | KernelCall<'fusedMatmul'>

/** The products of a call; a bias lies along the axis `axis` of each. */
function products(
  call: MatmulCall,
  out: number,
  context: WasmContext,
  epilogue?: Epilogue,
  axis?: 'row' | 'column',
): void {
  const [x, y] = call.inputs as readonly [View, View]
  const rank = x.shape.length
  const m = x.shape[rank - 2]!
  const k = x.shape[rank - 1]!
  const n = y.shape[rank - 1]!
  const size = sizeOf(call.shape)
  const batch = size / (m * n)
  const finish = epilogue === undefined ? noFinish : finishOf(epilogue, out, axis)
  if (k === 0) {
    fillBytes(context.kernels)(out, 0, 4 * size)
    if (epilogue !== undefined)
      finishAll(gemmKernels(context, context.tiles.tile).finish, out, [batch, m, n], finish, context)
    return
  }
  const a = { at: addressOf(x), row: 4 * x.strides[rank - 2]!, column: 4 * x.strides[rank - 1]! }
  const b = { at: addressOf(y), row: 4 * y.strides[rank - 2]!, column: 4 * y.strides[rank - 1]! }
  const product: Product = { m, n, k, a, b, c: out, cRow: 4 * n, finish }
  if (batch === 1) {
    multiplyAll([asRow(product)], context)
    return
  }
  if (rank === 3 && y.strides[0] === 0 && 4 * x.strides[0]! === m * a.row && finish[0] === 0) {
    // One right factor for the whole batch, and the left factors stacked: a single tall product.
    multiplyAll([asRow({ ...product, m: batch * m })], context)
    return
  }
  const all: Product[] = []
  const nest = { extents: x.shape, strides: [x.strides, y.strides] }
  forOuter(nest, rank - 2, ([ax, by]) => {
    const factors = { a: { ...a, at: a.at + 4 * ax! }, b: { ...b, at: b.at + 4 * by! } }
    all.push(asRow({ ...product, ...factors, c: out + 4 * all.length * m * n }))
  })
  multiplyAll(all, context)
}

/** Matrix products of float32, batched, inputs with any strides; with an epilogue or without. */
export const matmulKernels = {
  matmul: onFloat32<'matmul'>((call, out, context) => products(call, out, context)),
  fusedMatmul: onFloat32<'fusedMatmul'>((call, out, context) => {
    const { bias } = call.params
    withEpilogue(call.inputs, call.params, context, (epilogue) =>
      products(call, out, context, epilogue, bias === 'row' ? 'row' : 'column'),
    )
  }),
} satisfies WasmKernels
