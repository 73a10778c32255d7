import type * as tfjs from '@tensorflow/tfjs-core'
import type { Engine, PeerFactory, Prepared } from '../engine.ts'
import { missingPackage } from './missing.ts'

/** tfjs-backend-wasm (Apache-2.0), single-threaded as it always is in Node; images are NHWC, as its users have them. */
export const tfjsWasm: PeerFactory = async () => {
  let tf: typeof tfjs
  let version: string
  try {
    tf = await import('@tensorflow/tfjs-core')
    version = (await import('@tensorflow/tfjs-backend-wasm')).version_wasm
  } catch (error) {
    return missingPackage('@tensorflow/tfjs-backend-wasm', error)
  }
  await tf.setBackend('wasm')
  await tf.ready()
  const prepare: Engine['prepare'] = async ({ op, wrt, inputs: shapes }, inputs) => {
    const run = kernel(tf, op, wrt, shapes)
    if (typeof run === 'string') return { missing: run }
    const images = op.kind === 'conv2d'
    const arrays: Record<string, tfjs.Tensor> = {}
    for (const [name, { shape, data }] of Object.entries(inputs)) {
      const given = tf.tensor(data, [...shape])
      // To [N, H, W, C], and weights to [kh, kw, Cin, Cout].
      arrays[name] = images ? tf.transpose(given, name === 'w' ? [2, 3, 1, 0] : [0, 2, 3, 1]) : given
      if (images) given.dispose()
    }
    const prepared: Prepared = {
      outputs: async () => {
        const result = tf.tidy(() => (images ? tf.transpose(run(arrays), [0, 3, 1, 2]) : run(arrays)))
        const data = result.dataSync<'float32'>().slice()
        result.dispose()
        return [data]
      },
      work: { kind: 'called', run: () => tf.tidy(() => run(arrays)).dispose() },
      free: () => tf.dispose(arrays),
    }
    return prepared
  }
  return {
    name: 'tfjs-wasm',
    detail: `tfjs-backend-wasm ${version}, 1 thread, NHWC`,
    threads: 1,
    prepare,
    close: async () => undefined,
  }
}

type Run = (x: Record<string, tfjs.Tensor>) => tfjs.Tensor

/** The case in tfjs, or why there is none. */
function kernel(
  tf: typeof tfjs,
  op: Parameters<Engine['prepare']>[0]['op'],
  wrt: readonly string[],
  shapes: Readonly<Record<string, readonly number[]>>,
): Run | string {
  const image = (x: tfjs.Tensor | undefined) => x as tfjs.Tensor4D
  if (op.kind === 'conv2d') {
    if (wrt.includes('w')) return 'its wasm backend has no Conv2DBackpropFilter'
    if (wrt.length === 0) return ({ x, w }) => tf.conv2d(image(x), image(w), op.stride, op.padding)
    const [n, c, h, width] = shapes['x'] as [number, number, number, number]
    return ({ dy, w }) => tf.conv2dTranspose(image(dy), image(w), [n, h, width, c], op.stride, op.padding)
  }
  if (op.kind === 'dft') return 'its wasm backend has no FFT'
  if (op.kind === 'network' || op.kind === 'operator') return `no ${op.kind} is built on it here`
  if (wrt.length > 0) return 'its gradients run only together with the forward pass'
  switch (op.kind) {
    case 'matmul':
      return ({ a, b }) => tf.matMul(a!, b!)
    case 'softmax':
      return ({ x }) => tf.softmax(x!)
    case 'attention':
      return ({ q, k, v }) =>
        tf.matMul(tf.softmax(tf.matMul(tf.mul(q!, q!.shape.at(-1)! ** -0.5), k!, false, true)), v!)
    case 'groupNormSilu':
      return ({ x, weight, bias }) => {
        const [n, c] = x!.shape as [number, number]
        const grouped = tf.reshape(x!, [n, op.groups, -1])
        const { mean, variance } = tf.moments(grouped, 2, true)
        const normal = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, op.eps)))
        const perChannel = (v: tfjs.Tensor) => tf.reshape(v, [1, c, 1, 1])
        const y = tf.add(tf.mul(tf.reshape(normal, x!.shape), perChannel(weight!)), perChannel(bias!))
        return tf.mul(y, tf.sigmoid(y))
      }
    case 'chain':
      return {
        'x + y': ({ x, y }: Record<string, tfjs.Tensor>) => tf.add(x!, y!),
        'x·y + x': ({ x, y }: Record<string, tfjs.Tensor>) => tf.add(tf.mul(x!, y!), x!),
        'silu(x) · y': ({ x, y }: Record<string, tfjs.Tensor>) => tf.mul(tf.mul(x!, tf.sigmoid(x!)), y!),
        'exp(−x²)': ({ x }: Record<string, tfjs.Tensor>) => tf.exp(tf.neg(tf.mul(x!, x!))),
      }[op.name]
  }
}
