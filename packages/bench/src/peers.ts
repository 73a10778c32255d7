import { DeviceError } from '@tweedie/tensor'
import type { KernelCase, Prepared } from './cases.ts'
import { outExtent, samePadding } from './cases.ts'

/** Another library that runs the same cases in the same process. */
export interface Peer {
  readonly name: string
  readonly version: string
  /** The case ready to run, or why it cannot. */
  prepare(kernelCase: KernelCase): Prepared | { readonly missing: string }
}

/**
 * tfjs-backend-wasm, single-threaded as it always is in Node (NHWC, as its users have it).
 * @throws {DeviceError} where the package is not installed: it is a development dependency of the bench.
 */
export async function tfjsWasm(): Promise<Peer> {
  const [tf, wasm] = await Promise.all([
    import('@tensorflow/tfjs-core'),
    import('@tensorflow/tfjs-backend-wasm'),
  ]).catch((error: Error) => {
    throw new DeviceError(`the peer tfjs-backend-wasm is not installed (${error.message.split('\n')[0]})`)
  })
  await tf.setBackend('wasm')
  await tf.ready()
  const free =
    (...tensors: { dispose(): void }[]) =>
    () =>
      tensors.forEach((t) => t.dispose())
  return {
    name: 'tfjs-wasm',
    version: wasm.version_wasm,
    prepare: ({ work }) => {
      if (work.kind === 'matmul') {
        const [a, b] = [tf.randomNormal([work.m, work.k]), tf.randomNormal([work.k, work.n])]
        return { run: () => tf.matMul(a, b).dispose(), free: free(a, b) }
      }
      if (work.kind === 'conv weight gradient')
        return { missing: 'its wasm backend has no Conv2DBackpropFilter' }
      const { batch, inChannels, outChannels, extent, kernel, stride } = work
      const out = outExtent(work)
      const x = tf.randomNormal<import('@tensorflow/tfjs-core').Rank.R4>([batch, extent, extent, inChannels])
      const dy = tf.randomNormal<import('@tensorflow/tfjs-core').Rank.R4>([batch, out, out, outChannels])
      const w = tf.randomNormal<import('@tensorflow/tfjs-core').Rank.R4>([
        kernel,
        kernel,
        inChannels,
        outChannels,
      ])
      const run =
        work.kind === 'conv forward'
          ? () => tf.conv2d(x, w, stride, samePadding(work)).dispose()
          : () =>
              tf
                .conv2dTranspose(dy, w, [batch, extent, extent, inChannels], stride, samePadding(work))
                .dispose()
      return { run, free: free(x, dy, w) }
    },
  }
}
