import type { GpuBackend } from '@tweedie/tensor/gpu'
import { loadGpu } from '@tweedie/tensor/gpu'
import { ddpmFormat, fetchNetwork } from '@tweedie/unet'
import type { Failure } from './job.ts'
import type { Asked, Results, Row } from './measure.ts'
import { measure } from './measure.ts'

/** Measures in the page that imports this. */
export async function inPage(
  { backend, ...asked }: Asked & { readonly backend?: GpuBackend },
  told: (row: Row | Failure) => void,
): Promise<Results> {
  const device = await loadGpu(backend && { backend })
  const digits = (on: string) => fetchNetwork([ddpmFormat], '/packages/unet/priors/digits', { device: on })
  const [browser = 'a browser'] =
    /Chrom\w+\/[\d.]+|Firefox\/[\d.]+|Version\/[\d.]+/.exec(navigator.userAgent) ?? []
  return measure(device, digits, browser, asked, told)
}
