import { vjp } from '@tweedie/autograd'
import { dft2 } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import {
  conv2d,
  exp,
  fromData,
  getDevice,
  groupNorm,
  matmul,
  memory,
  resetPeak,
  scaledDotProductAttention,
  scope,
  silu,
  softmax,
  treeLeaves,
} from '@tweedie/tensor'
import type { BenchCase, HostArray, KernelOp } from './cases/case.ts'
import type { Engine, Prepared } from './engine.ts'
import { networkRun } from './ours-networks.ts'
import { operatorRun } from './ours-operators.ts'

/** The op of a case over its inputs, in the order of the case. */
function kernel(op: KernelOp, shapes: Readonly<Record<string, Shape>>): (...inputs: Tensor[]) => Tensor {
  switch (op.kind) {
    case 'matmul':
      return (a, b) => matmul(a!, b!)
    case 'conv2d':
      return (x, w) => conv2d(x!, w!, op)
    case 'groupNormSilu':
      return (x, weight, bias) => groupNorm(x!, weight!, bias!, { ...op, silu: true })
    case 'softmax':
      return (x) => softmax(x!)
    case 'attention':
      return (q, k, v) => scaledDotProductAttention(q!, k!, v!)
    case 'dft': {
      const [, height = 1, width = 1] = shapes['x'] ?? []
      const { forward } = dft2(height, width)
      return (x) => forward(x!)
    }
    case 'chain':
      return {
        'x + y': (x: Tensor, y: Tensor) => x.add(y),
        'x·y + x': (x: Tensor, y: Tensor) => x.mul(y).add(x),
        'silu(x) · y': (x: Tensor, y: Tensor) => silu(x).mul(y),
        'exp(−x²)': (x: Tensor) => exp(x.mul(x).neg()),
      }[op.name] as (...inputs: Tensor[]) => Tensor
  }
}

/** A function that runs the case once, and what to free in the end. */
function kernelRun(
  { wrt, inputs: shapes }: BenchCase,
  op: KernelOp,
  arrays: Readonly<Record<string, Tensor>>,
): { run: () => Tensor[]; free: () => void } {
  const names = Object.keys(shapes).filter((name) => name !== 'dy')
  const f = kernel(op, shapes)
  if (wrt.length === 0) {
    const all = names.map((name) => arrays[name]!)
    return { run: () => [f(...all)], free: () => undefined }
  }
  const [value, pullback] = vjp(
    (chosen: Record<string, Tensor>) => f(...names.map((name) => chosen[name] ?? arrays[name]!)),
    Object.fromEntries(wrt.map((name) => [name, arrays[name]!])),
  )
  value.dispose()
  return {
    run: () => {
      const [grads] = pullback(arrays['dy']!, { retain: true })
      return wrt.map((name) => grads[name]!)
    },
    free: () => pullback.dispose(),
  }
}

/** One of our own devices as an engine. */
export function ourDevice(name: string): Engine {
  const device = getDevice(name)
  const { backend, threads, simd } = device.info()
  return {
    name,
    detail: `${backend}, ${threads} thread${threads > 1 ? 's' : ''}${simd ? ', SIMD' : ''}`,
    threads,
    prepare: async (benchCase, inputs) => prepare(benchCase, inputs, name),
    close: async () => undefined,
  }
}

function runOf(benchCase: BenchCase, arrays: Readonly<Record<string, Tensor>>, device: string) {
  const { op } = benchCase
  if (op.kind === 'network') return networkRun(benchCase, op, arrays, device)
  if (op.kind === 'operator') return operatorRun(op, arrays)
  return kernelRun(benchCase, op, arrays)
}

function prepare(
  benchCase: BenchCase,
  inputs: Readonly<Record<string, HostArray>>,
  device: string,
): Prepared {
  const before = memory(device).bytes
  const arrays = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, fromData(data, shape, { device })]),
  )
  const { run, free } = runOf(benchCase, arrays, device)
  // What drawing the parameters took is not the case's.
  resetPeak()
  const inBackground = getDevice(device).hostView === undefined
  const once = () => scope(() => run())
  const drop = (results: readonly Tensor[]) => {
    for (const result of results) result.dispose()
  }
  return {
    outputs: async () => {
      const results = once()
      const read = await Promise.all(results.map(async (result) => (await result.data()) as Float32Array))
      drop(results)
      return read
    },
    work: {
      kind: 'called',
      run: inBackground
        ? () => {
            const results = once()
            return Promise.all(results.map((result) => result.data())).then(() => drop(results))
          }
        : () => drop(once()),
    },
    peakBytes: async () => {
      const { scratch = {}, packedWeights = 0 } = getDevice(device).info().memory ?? {}
      const areas = Object.values(scratch).reduce((sum, bytes) => sum + bytes, 0)
      return memory(device).peakBytes - before + areas + packedWeights
    },
    free: () => {
      free()
      for (const tensor of treeLeaves(arrays)) tensor.dispose()
    },
  }
}
