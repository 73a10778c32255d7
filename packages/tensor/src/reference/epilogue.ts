import type { Epilogue, PrimitiveName } from '../primitives.ts'
import { contractKernels } from './contract.ts'
import { silu } from './elementwise.ts'
import type { HostOut, HostView, ReferenceKernel } from './host.ts'
import { packed } from './host.ts'

/** A contraction and what follows it, all in double precision until it is stored. */
function follow(
  contract: (out: HostOut) => void,
  rest: readonly HostView[],
  { bias, residual, activation }: Epilogue<string>,
  out: HostOut,
  biasIndex: (at: number) => number,
): void {
  const sums = new Float64Array(out.data.length)
  contract({ data: sums, dtype: 'float64', shape: out.shape })
  const shifts = bias === 'none' ? undefined : packed(rest[0]!)
  const skip = residual ? packed(rest.at(-1)!) : undefined
  sums.forEach((sum, at) => {
    const z = sum + (shifts === undefined ? 0 : shifts[biasIndex(at)]!) + (skip === undefined ? 0 : skip[at]!)
    out.data[at] = activation === 'silu' ? silu(z) : z
  })
}

/** Contractions followed by bias, residual and activation. */
export const epilogueKernels = {
  fusedConv2d: ([x, w, ...rest], params, out) => {
    const [, channels, height, width] = out.shape as [number, number, number, number]
    const channelOf = (at: number) => Math.floor(at / (height * width)) % channels
    follow((sums) => contractKernels.conv2d([x!, w!], params, sums), rest, params, out, channelOf)
  },
  fusedMatmul: ([a, b, ...rest], params, out) => {
    const [rows, columns] = out.shape.slice(-2) as [number, number]
    const index = (at: number) => (params.bias === 'row' ? Math.floor(at / columns) % rows : at % columns)
    follow((sums) => contractKernels.matmul([a!, b!], {}, sums), rest, params, out, index)
  },
} satisfies {
  [P in PrimitiveName]?: ReferenceKernel<P>
}
