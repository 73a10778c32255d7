import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import type { NodeWebGpu } from './web-gpu.ts'

// The package webgpu 0.2, which gpu.js brings. Two things of it do not fit: it takes functions of abseil from Node 24, which has
// others of the same names, unless it is bound to its own; and its devices have no events.

type Listener = (event: { readonly error: { readonly message: string } }) => void

interface OldDevice {
  pushErrorScope(filter: string): void
  popErrorScope(): Promise<{ readonly message: string } | null>
}

interface OldGlobals {
  readonly GPUDevice: { readonly prototype: object }
  readonly GPUAdapter: { readonly prototype: { requestDevice(...how: unknown[]): Promise<OldDevice> } }
  readonly GPUQueue: { readonly prototype: { submit(...buffers: unknown[]): void } }
}

const filters = ['validation', 'out-of-memory', 'internal']

/** Tells listeners of `uncapturederror` what scopes have caught between one submission and the next. */
export function withEvents({ GPUDevice, GPUAdapter, GPUQueue }: OldGlobals): void {
  const listeners = new Set<Listener>()
  let device: OldDevice | undefined
  const open = () => {
    for (const filter of filters) device?.pushErrorScope(filter)
  }
  const close = () => {
    for (const _ of filters)
      void device?.popErrorScope().then((error) => {
        if (error !== null) for (const listener of listeners) listener({ error })
      })
  }
  const { requestDevice } = GPUAdapter.prototype
  GPUAdapter.prototype.requestDevice = async function (...how) {
    device = await requestDevice.apply(this, how)
    open()
    return device
  }
  const { submit } = GPUQueue.prototype
  GPUQueue.prototype.submit = function (...buffers) {
    submit.apply(this, buffers)
    close()
    open()
  }
  Object.defineProperties(GPUDevice.prototype, {
    addEventListener: { value: (_type: string, listener: Listener) => void listeners.add(listener) },
    onuncapturederror: { set: (listener: Listener) => void listeners.add(listener) },
  })
}

/** Where gpu.js finds the package; undefined where it does not. */
export function oldDawnFolder(): string | undefined {
  const tensor = createRequire(join(import.meta.dirname, '../../packages/tensor/package.json'))
  try {
    return dirname(createRequire(tensor.resolve('gpu.js')).resolve('webgpu'))
  } catch {
    return undefined
  }
}

/** @throws {Error} where the system lacks what it is linked with, naming it. */
export function loadOldDawn(folder: string): NodeWebGpu {
  const module = { exports: {} as NodeWebGpu }
  const { RTLD_NOW, RTLD_DEEPBIND = 0 } = constants.dlopen as Readonly<Record<string, number>>
  const file = join(folder, 'dist', `${process.platform}-${process.arch}.dawn.node`)
  process.dlopen(module, file, RTLD_NOW! | RTLD_DEEPBIND)
  withEvents(module.exports.globals as unknown as OldGlobals)
  return module.exports
}
