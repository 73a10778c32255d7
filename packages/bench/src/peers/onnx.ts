import type { BenchCase } from '../cases/case.ts'
import type { PeerFactory, Prepared } from '../engine.ts'
import { missingPackage } from './missing.ts'
import type { OnnxGraph, OnnxNode } from './onnx-model.ts'
import { onnxModel } from './onnx-model.ts'

/**
 * onnxruntime-web (MIT) on its wasm backend, on models written in memory. Its number of threads is one for the whole
 * process: run with `--threads 1` to see a single one. It has no gradients, but the input gradient of a convolution
 * is an operator of its own, ConvTranspose.
 */
export const onnxWeb: PeerFactory = async (threads) => {
  let ort: typeof import('onnxruntime-web')
  try {
    ort = await import('onnxruntime-web')
  } catch (error) {
    return missingPackage('onnxruntime-web', error)
  }
  ort.env.wasm.numThreads = threads
  ort.env.logLevel = 'error'
  return {
    name: 'ort-web',
    detail: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}, wasm, ${threads} thread${threads > 1 ? 's' : ''}`,
    threads,
    prepare: async (benchCase, inputs) => {
      const graph = graphOf(benchCase)
      if (typeof graph === 'string') return { missing: graph }
      const session = await ort.InferenceSession.create(onnxModel(graph), {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'all',
      })
      const feeds = Object.fromEntries(
        Object.entries(inputs)
          .filter(([name]) => name in graph.inputs)
          .map(([name, { data, shape }]) => [name, new ort.Tensor('float32', data, shape)]),
      )
      const run = () => session.run(feeds)
      const prepared: Prepared = {
        outputs: async () => [((await run())[graph.output]!.data as Float32Array).slice()],
        work: { kind: 'called', run },
        free: () => void session.release(),
      }
      return prepared
    },
    close: async () => undefined,
  }
}

/** The case as a graph, or why there is none. */
function graphOf({ op, wrt, inputs }: BenchCase): OnnxGraph | string {
  const used = (...names: string[]) => Object.fromEntries(names.map((name) => [name, inputs[name]!]))
  const single = (n: Omit<OnnxNode, 'output'>): OnnxGraph => ({
    nodes: [{ ...n, output: 'out' }],
    inputs: used(...n.inputs),
    output: 'out',
  })
  if (op.kind === 'dft') return 'no transform is written for it'
  if (op.kind === 'network' || op.kind === 'operator') return `no ${op.kind} is built on it here`
  if (op.kind === 'conv2d' && wrt[0] === 'x') {
    const [dy, x] = [inputs['dy']!, inputs['x']!]
    const kernel = inputs['w']![2]!
    const rest = x[2]! - ((dy[2]! - 1) * op.stride + kernel - 2 * op.padding)
    return single({
      op: 'ConvTranspose',
      inputs: ['dy', 'w'],
      attributes: {
        strides: [op.stride, op.stride],
        pads: [op.padding, op.padding, op.padding, op.padding],
        output_padding: [rest, rest],
      },
    })
  }
  if (wrt.length > 0) return 'it has no gradients'
  switch (op.kind) {
    case 'matmul':
      return single({ op: 'MatMul', inputs: ['a', 'b'] })
    case 'softmax':
      return single({ op: 'Softmax', inputs: ['x'], attributes: { axis: -1 } })
    case 'conv2d':
      return single({
        op: 'Conv',
        inputs: ['x', 'w'],
        attributes: {
          strides: [op.stride, op.stride],
          pads: [op.padding, op.padding, op.padding, op.padding],
        },
      })
    case 'attention':
      return {
        nodes: [
          { op: 'Transpose', inputs: ['k'], output: 'kt', attributes: { perm: [0, 2, 1] } },
          { op: 'Mul', inputs: ['q', 'scale'], output: 'scaled' },
          { op: 'MatMul', inputs: ['scaled', 'kt'], output: 'scores' },
          { op: 'Softmax', inputs: ['scores'], output: 'weights', attributes: { axis: -1 } },
          { op: 'MatMul', inputs: ['weights', 'v'], output: 'out' },
        ],
        inputs: used('q', 'k', 'v'),
        output: 'out',
        constants: { scale: { shape: [], values: Float32Array.of(inputs['q']![2]! ** -0.5) } },
      }
    case 'groupNormSilu': {
      const x = inputs['x']!
      const groups = BigInt(op.groups)
      const ones = new Float32Array(op.groups).fill(1)
      const vector = (name: string, ...values: bigint[]) => ({
        [name]: { shape: [values.length], values: BigInt64Array.from(values) },
      })
      return {
        nodes: [
          { op: 'Reshape', inputs: ['x', 'grouped'], output: 'g' },
          {
            op: 'InstanceNormalization',
            inputs: ['g', 'ones', 'zeros'],
            output: 'n',
            attributes: { epsilon: { float: op.eps } },
          },
          { op: 'Reshape', inputs: ['n', 'full'], output: 'normal' },
          { op: 'Reshape', inputs: ['weight', 'channels'], output: 'w' },
          { op: 'Reshape', inputs: ['bias', 'channels'], output: 'b' },
          { op: 'Mul', inputs: ['normal', 'w'], output: 'weighted' },
          { op: 'Add', inputs: ['weighted', 'b'], output: 'y' },
          { op: 'Sigmoid', inputs: ['y'], output: 's' },
          { op: 'Mul', inputs: ['y', 's'], output: 'out' },
        ],
        inputs: used('x', 'weight', 'bias'),
        output: 'out',
        constants: {
          ones: { shape: [op.groups], values: ones },
          zeros: { shape: [op.groups], values: new Float32Array(op.groups) },
          ...vector('grouped', 0n, groups, -1n),
          ...vector('full', ...x.map(BigInt)),
          ...vector('channels', 1n, -1n, 1n, 1n),
        },
      }
    }
    case 'chain': {
      const nodes: Record<typeof op.name, readonly OnnxNode[]> = {
        'x + y': [{ op: 'Add', inputs: ['x', 'y'], output: 'out' }],
        'x·y + x': [
          { op: 'Mul', inputs: ['x', 'y'], output: 'p' },
          { op: 'Add', inputs: ['p', 'x'], output: 'out' },
        ],
        'silu(x) · y': [
          { op: 'Sigmoid', inputs: ['x'], output: 's' },
          { op: 'Mul', inputs: ['x', 's'], output: 'silu' },
          { op: 'Mul', inputs: ['silu', 'y'], output: 'out' },
        ],
        'exp(−x²)': [
          { op: 'Mul', inputs: ['x', 'x'], output: 'square' },
          { op: 'Neg', inputs: ['square'], output: 'n' },
          { op: 'Exp', inputs: ['n'], output: 'out' },
        ],
      }
      return {
        nodes: nodes[op.name],
        inputs: op.name === 'exp(−x²)' ? used('x') : used('x', 'y'),
        output: 'out',
      }
    }
  }
}
