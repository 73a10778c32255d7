import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { OptionError } from '@tweedie/tensor'
import type { GpuBackend } from '@tweedie/tensor/gpu'
import { loadGpu } from '@tweedie/tensor/gpu'
import { loadShippedPrior } from '@tweedie/unet/node'
import type { Asked, Results, Row } from './measure.ts'
import { measure } from './measure.ts'

/** Where the package is put that gives Node WebGPU, which is too large to come with every install. */
const place = 'out/webgpu'
const entry = resolve(import.meta.dirname, '../..', place, 'node_modules/webgpu/index.js')

export const hasWebGpuPackage = (): boolean => existsSync(entry)

export const installWebGpu = `npm i --prefix ${place} webgpu`

/** Gives Node the `navigator.gpu` of that package. */
export async function provide(): Promise<void> {
  if (!hasWebGpuPackage()) throw new OptionError('--node', `wants the package webgpu: ${installWebGpu}`)
  const dawn = (await import(pathToFileURL(entry).href)) as {
    create(options: readonly string[]): object
    readonly globals: Readonly<Record<string, unknown>>
  }
  Object.assign(globalThis, dawn.globals)
  Object.defineProperty(navigator, 'gpu', { value: dawn.create([]), configurable: true })
}

/** Measures in this process. */
export async function inNode(
  { backend, ...asked }: Asked & { readonly backend: GpuBackend | undefined },
  told: (row: Row) => void,
): Promise<Results> {
  if (backend === undefined || backend === 'webgpu') await provide()
  const device = await loadGpu(backend && { backend })
  try {
    const digits = async (on: string) => loadShippedPrior('digits', { device: on })
    return await measure(device, digits, `Node ${process.versions.node}`, asked, told)
  } finally {
    await device.close()
  }
}
