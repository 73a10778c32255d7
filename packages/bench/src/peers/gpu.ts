import { createRequire } from 'node:module'
import type { PeerFactory, Prepared } from '../engine.ts'
import { missingPackage } from './missing.ts'

/** What this file uses of gpu.js, whose own types have no `webasm` mode. */
interface Gpu {
  createKernel(source: string, options: object): { (...args: unknown[]): unknown; destroy(): void }
  destroy(): Promise<void>
}

/**
 * gpu.js (MIT) in its `webasm` mode, one thread: products and convolutions in the plain form its documentation shows,
 * with bounds written into the source (a loop bounded by an argument would stop at 1000).
 */
export const gpuJs: PeerFactory = async () => {
  let gpu: Gpu
  let input: (values: Float32Array, size: readonly number[]) => unknown
  let version: string
  try {
    const require = createRequire(import.meta.url)
    const library = require('gpu.js') as { GPU: new (options: object) => Gpu; input: typeof input }
    gpu = new library.GPU({ mode: 'webasm' })
    input = library.input
    version = (require('gpu.js/package.json') as { version: string }).version
  } catch (error) {
    return missingPackage('gpu.js', error)
  }
  return {
    name: 'gpu.js',
    detail: `gpu.js ${version}, webasm, 1 thread, plain kernels`,
    threads: 1,
    prepare: async ({ op, wrt, inputs: shapes }, inputs) => {
      if (op.kind !== 'matmul' && op.kind !== 'conv2d')
        return { missing: 'only products and convolutions are written for it' }
      if (wrt.length > 0) return { missing: 'it has no gradients' }
      const [source, output, args] =
        op.kind === 'matmul'
          ? matmul(shapes, inputs)
          : convolution(shapes, inputs, op.stride, op.padding, input)
      const kernel = gpu.createKernel(source, { output, loopMaxIterations: 1e6 })
      const run = () => kernel(...args)
      const prepared: Prepared = {
        outputs: async () => [flatten(run())],
        work: { kind: 'called', run },
        free: () => kernel.destroy(),
      }
      return prepared
    },
    close: () => gpu.destroy(),
  }

  function matmul(shapes: Shapes, inputs: Inputs): Plan {
    const [[m, k], [, n]] = [shapes['a']!, shapes['b']!] as [[number, number], [number, number]]
    const source = `function (a, b) {
      let sum = 0;
      for (let i = 0; i < ${k}; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
      return sum;
    }`
    return [source, [n, m], [input(inputs['a']!.data, [k, m]), input(inputs['b']!.data, [n, k])]]
  }
}

type Shapes = Readonly<Record<string, readonly number[]>>
type Inputs = Readonly<Record<string, { readonly data: Float32Array }>>
type Plan = readonly [source: string, output: readonly number[], args: readonly unknown[]]

/** One output channel of all images per z; the input comes with its zeros around, so that no tap needs a branch. */
function convolution(
  shapes: Shapes,
  inputs: Inputs,
  stride: number,
  padding: number,
  input: (values: Float32Array, size: readonly number[]) => unknown,
): Plan {
  const [n, cin, h, w] = shapes['x'] as [number, number, number, number]
  const [cout, , k] = shapes['w'] as [number, number, number]
  const [hp, wp] = [h + 2 * padding, w + 2 * padding]
  const padded = new Float32Array(n * cin * hp * wp)
  for (let row = 0; row < n * cin * h; row++) {
    const to = (Math.floor(row / h) * hp + (row % h) + padding) * wp + padding
    padded.set(inputs['x']!.data.subarray(row * w, (row + 1) * w), to)
  }
  const [ho, wo] = [hp, wp].map((extent) => Math.floor((extent - k) / stride) + 1) as [number, number]
  const source = `function (x, w) {
    let sum = 0;
    const image = Math.floor(this.thread.z / ${cout});
    const channel = this.thread.z - image * ${cout};
    for (let c = 0; c < ${cin}; c++) {
      for (let i = 0; i < ${k}; i++) {
        for (let j = 0; j < ${k}; j++) {
          sum += x[image * ${cin} + c][this.thread.y * ${stride} + i][this.thread.x * ${stride} + j] * w[channel * ${cin} + c][i][j];
        }
      }
    }
    return sum;
  }`
  const args = [input(padded, [wp, hp, n * cin]), input(inputs['w']!.data, [k, k, cout * cin])]
  return [source, [wo, ho, n * cout], args]
}

/** Rows and planes of gpu.js as one array. */
function flatten(result: unknown): Float32Array {
  if (result instanceof Float32Array) return result
  const parts = (result as unknown[]).map(flatten)
  const flat = new Float32Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    flat.set(part, at)
    at += part.length
  }
  return flat
}
