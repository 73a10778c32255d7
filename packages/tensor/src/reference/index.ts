import type { Device, DeviceInfo, KernelCall } from '../device.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { bytesPerElement, dtypes, hostArrays, requireDType } from '../dtype.ts'
import { TweedieError } from '../errors.ts'
import { hostArray, requireHostRoom } from '../host-memory.ts'
import type { PrimitiveName } from '../primitives.ts'
import { primitiveNames } from '../primitives.ts'
import { sizeOf } from '../shape.ts'
import { attentionKernels } from './attention.ts'
import { contractKernels } from './contract.ts'
import { elementwiseKernels } from './elementwise.ts'
import { epilogueKernels } from './epilogue.ts'
import { groupNormKernels } from './group-norm.ts'
import type { ReferenceKernel } from './host.ts'
import { hostViewOf } from './host.ts'
import { moveKernels } from './move.ts'
import { reduceKernels } from './reduce.ts'
import { softmaxKernels } from './softmax.ts'

export type { HostOut, HostView, ReferenceKernel } from './host.ts'

type ViewPrimitive = 'reshape' | 'transpose' | 'slice' | 'broadcastTo'

/** Views run in the dispatcher; a device never sees them. */
const notAKernel = (): never => {
  throw new TweedieError('a view primitive reached a device')
}

/** A plain implementation of every primitive, for every element type: the oracle of the fast ones. */
export const referenceKernels: { readonly [P in PrimitiveName]: ReferenceKernel<P> } = {
  ...elementwiseKernels,
  ...reduceKernels,
  ...contractKernels,
  ...moveKernels,
  ...groupNormKernels,
  ...softmaxKernels,
  ...attentionKernels,
  ...epilogueKernels,
  ...({ reshape: notAKernel, transpose: notAKernel, slice: notAKernel, broadcastTo: notAKernel } satisfies {
    [P in ViewPrimitive]: ReferenceKernel<P>
  }),
}

/** Plain loops over typed arrays on the JavaScript heap, in any element type; a tensor has less than 2 GiB. */
export class ReferenceDevice implements Device {
  readonly name = 'reference'
  readonly storesHalf = true

  info(): DeviceInfo {
    return {
      name: this.name,
      backend: 'typescript',
      threads: 1,
      simd: false,
      dtypes,
      kernels: primitiveNames,
      notes: [],
      reservedBytes: 0,
    }
  }

  allocate(dtype: DType, length: number): TypedArray {
    requireDType('allocate', dtype)
    return hostArray<TypedArray>(this.name, hostArrays[dtype], length)
  }

  free(): void {}

  write(buffer: unknown, _dtype: DType, data: TypedArray): void {
    ;(buffer as TypedArray).set(data)
  }

  async read(buffer: unknown): Promise<TypedArray> {
    return (buffer as TypedArray).slice()
  }

  hostView(buffer: unknown): TypedArray {
    return buffer as TypedArray
  }

  run<P extends PrimitiveName>(call: KernelCall<P>): TypedArray {
    // Loops pack what does not lie in row-major order.
    for (const { dtype, shape } of call.inputs)
      requireHostRoom(this.name, sizeOf(shape) * bytesPerElement(dtype))
    const data = this.allocate(call.dtype, sizeOf(call.shape))
    const inputs = call.inputs.map(hostViewOf)
    referenceKernels[call.primitive](inputs, call.params, { data, dtype: call.dtype, shape: call.shape })
    return data
  }
}
