import { OptionError } from '@tweedie/tensor'
import type { GpuBackend } from '@tweedie/tensor/gpu'
import { loadGpu } from '@tweedie/tensor/gpu'
import { ddpmFormat, fetchNetwork } from '@tweedie/unet'
import type { Failure } from './job.ts'
import type { Asked, Results, Row } from './measure.ts'
import { measure } from './measure.ts'

/**
 * Refuses a renderer on the processor that was not asked for.
 * @param notes - Those of the device.
 * @throws {OptionError}
 */
export function requireCard(notes: readonly string[], software: boolean): void {
  const renderer = notes.find((note) => note.startsWith('renderer: '))
  if (software || !notes.some((note) => note.startsWith('software renderer'))) return
  throw new OptionError(
    '--software',
    `was not given, and all there is here is a ${renderer}, on the processor`,
  )
}

/** Measures in the page that imports this. */
export async function inPage(
  { backend, software, ...asked }: Asked & { readonly backend?: GpuBackend; readonly software: boolean },
  told: (row: Row | Failure) => void,
): Promise<Results> {
  const device = await loadGpu(backend && { backend })
  requireCard(device.info().notes, software)
  const digits = (on: string) => fetchNetwork([ddpmFormat], '/packages/unet/priors/digits', { device: on })
  const [browser = 'a browser'] =
    /Chrom\w+\/[\d.]+|Firefox\/[\d.]+|Version\/[\d.]+/.exec(navigator.userAgent) ?? []
  return measure(device, digits, browser, asked, told)
}
