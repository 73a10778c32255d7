import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { OptionError } from '@tweedie/tensor'
import type { GpuBackend } from '@tweedie/tensor/gpu'
import { loadGpu } from '@tweedie/tensor/gpu'
import { loadShippedPrior } from '@tweedie/unet/node'
import type { Failure } from './job.ts'
import type { Asked, Results, Row } from './measure.ts'
import { measure } from './measure.ts'
import { loadOldDawn, oldDawnFolder } from './old-dawn.ts'
import type { Adapter, NodeWebGpu } from './web-gpu.ts'

/** Where the package is put in its newest version, which is too large to come with every install. */
const place = 'out/webgpu'
const newest = resolve(import.meta.dirname, '../..', place, 'node_modules/webgpu')

const packageFolder = (): string | undefined => (existsSync(newest) ? newest : oldDawnFolder())

export const hasWebGpuPackage = (): boolean => packageFolder() !== undefined

export const installWebGpu = `npm i --prefix ${place} webgpu`

/** What Dawn is asked to stand on, so that it is known. */
const standsOn: Readonly<Record<string, readonly [option: string, name: string]>> = {
  linux: ['backend=vulkan', 'Vulkan'],
  darwin: ['backend=metal', 'Metal'],
  win32: ['backend=d3d12', 'Direct3D 12'],
}

/** Which adapter it is, in a sentence. */
export function adapterSentence({ info, isFallbackAdapter }: Adapter, backend: string, dawn: string): string {
  const { vendor, architecture, device, description } = info
  const name = [description, device, vendor, 'an unnamed adapter'].find((text) => text !== '')
  const kind = [vendor, architecture].filter((text) => text !== '' && text !== name).join(' ')
  const software =
    (info.isFallbackAdapter ?? isFallbackAdapter ?? false) ||
    /software|llvmpipe|swiftshader/i.test(`${name} ${kind}`)
  const what = software ? 'a software renderer' : 'a graphics processor'
  return `${name}${kind === '' ? '' : ` (${kind})`}, ${what}, by ${backend} through ${dawn}`
}

/**
 * Gives Node the `navigator.gpu` of the package.
 * @returns Which adapter it has, in a sentence.
 * @throws {OptionError} where there is no package, or no adapter.
 */
export async function provide(): Promise<string> {
  const folder = packageFolder()
  if (folder === undefined) throw new OptionError('--node', `wants the package webgpu: ${installWebGpu}`)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const dawn = version.startsWith('0.2.')
    ? loadOldDawn(folder)
    : ((await import(pathToFileURL(join(folder, 'index.js')).href)) as NodeWebGpu)
  const [option, backend] = standsOn[process.platform] ?? ['', 'what Dawn chose']
  const gpu = dawn.create(option === '' ? [] : [option])
  Object.assign(globalThis, dawn.globals)
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true })
  const adapter = await gpu.requestAdapter()
  if (adapter === null) {
    const drivers =
      process.platform === 'linux' ? ' (VK_DRIVER_FILES names its file, where it is not found)' : ''
    throw new OptionError('--node', `there is no adapter by ${backend}: no driver${drivers}`)
  }
  return adapterSentence(adapter, backend, `webgpu ${version}`)
}

/** Measures in this process. */
export async function inNode(
  { backend, ...asked }: Asked & { readonly backend: GpuBackend | undefined },
  told: (row: Row | Failure) => void,
): Promise<Results> {
  const adapter = backend === undefined || backend === 'webgpu' ? await provide() : undefined
  if (adapter !== undefined) console.error(`Adapter: ${adapter}.`)
  const device = await loadGpu(backend && { backend })
  try {
    const digits = async (on: string) => loadShippedPrior('digits', { device: on })
    const results = await measure(device, digits, `Node ${process.versions.node}`, asked, told)
    return adapter === undefined ? results : { ...results, adapter }
  } finally {
    await device.close()
  }
}
