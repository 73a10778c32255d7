import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const gpu = editsOf('packages/tensor/src/gpu')
const backends = gpu('backends.ts', 'backends')
const attempts = gpu('attempts.ts', 'attempts')
const work = gpu('work.ts', 'work')
const limits = gpu('limits.ts', 'limits')
const probe = gpu('probe.ts', 'probe')
const node = gpu('node-webgpu.ts', 'node-webgpu')
const index = gpu('index.ts', 'lost')

/** Around the kernels of the gpu device: which backend, what it can do, in which order, and what is left when it is gone. */
export const gpuDeviceEdits: readonly Edit[] = [
  backends(
    'gpu-backend-software',
    'else if (!found.isSoftware) {',
    'else if (found !== undefined) {',
    'a program on the processor is taken before a graphics processor',
  ),
  backends(
    'gpu-backend-processor',
    "const automatic = ['webgpu', 'webgl2', 'headlessgl']",
    "const automatic = ['webgpu', 'webgl2', 'headlessgl', 'webasm']",
    'the processor is taken without being named',
  ),
  backends(
    'gpu-backend-bug',
    'if (error instanceof DeviceError) return error.message',
    'if (error instanceof Error) return error.message',
    'a bug passes for a backend that is not fit',
  ),
  attempts(
    'gpu-attempt-twins',
    "attempt < this.#attempt && state !== 'held'",
    "attempt <= this.#attempt && state !== 'held'",
    'equal calls of one attempt share a buffer that was freed',
  ),
  attempts(
    'gpu-attempt-kept',
    "this.#broken === undefined ? 'gone' : 'idle'",
    "this.#broken === undefined ? 'idle' : 'idle'",
    'what the work has freed is kept',
  ),
  attempts(
    'gpu-attempt-caught',
    'if (this.#broken !== undefined) throw this.#broken',
    'if (this.#broken === undefined) return',
    'work that catches the error of a read goes on without its values',
  ),
  work(
    'gpu-work-order',
    'this.#tail = done.catch(() => {})',
    'void done.catch(() => {})',
    'a piece begins before the one before it is done',
  ),
  work(
    'gpu-work-stuck',
    'this.#tail = done.catch(() => {})',
    'this.#tail = done',
    'after a failure nothing is done any more',
  ),
  limits(
    'gpu-limit-floats',
    'Math.min(Math.floor(bytes / 4), maxIndex)',
    'Math.min(bytes, maxIndex)',
    'a buffer is said to hold four times what it may',
  ),
  limits(
    'gpu-limit-trouble',
    "errors.splice(0).join('; ')",
    "errors.slice(0).join('; ')",
    'an error of the driver spoils all that comes after',
  ),
  limits('gpu-limit-software', 'swiftshader|llvmpipe|', 'swiftshader|', 'a program passes for a card'),
  probe(
    'gpu-probe-mantissa',
    'if (values[i] !== samples[i])',
    'if (Math.abs(values[i]! - samples[i]!) > 1e-6 * Math.abs(samples[i]!))',
    'a device of less than full precision is fit',
  ),
  probe(
    'gpu-probe-remainders',
    'remainder !== remaindersOf(i)',
    'remainder - remaindersOf(i) > 1',
    'indices may be off by one',
  ),
  node(
    'gpu-node-names',
    'if (!(name in globalThis))',
    'if (name !== undefined)',
    'names that are there are replaced',
  ),
  index(
    'gpu-closed-again',
    'former?.isGone === false',
    'former !== undefined',
    'a device that is gone is handed out again',
  ),
]
