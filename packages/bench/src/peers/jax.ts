import { readFileSync } from 'node:fs'
import type { numpy } from '@jax-js/jax'
import type { BenchCase, KernelOp } from '../cases/case.ts'
import type { PeerFactory, Prepared } from '../engine.ts'
import { missingPackage } from './missing.ts'

type Jax = typeof import('@jax-js/jax')
type Arrays = numpy.Array[]

/**
 * jax-js (MIT) on its wasm backend, one thread as always in Node. Its `jit` fuses elementwise work and is used for
 * all but products and convolutions, which it makes slower (convolutions by ten times).
 */
export const jaxJs: PeerFactory = async () => {
  let jax: Jax
  try {
    jax = await withoutWorker(() => import('@jax-js/jax'))
  } catch (error) {
    return missingPackage('@jax-js/jax', error)
  }
  await withoutWorker(() => jax.init('wasm'))
  jax.defaultDevice('wasm')
  const manifest = new URL('../package.json', import.meta.resolve('@jax-js/jax'))
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  return {
    name: 'jax-js',
    detail: `jax-js ${version}, wasm, 1 thread`,
    threads: 1,
    prepare: async (benchCase, inputs) => {
      const { op } = benchCase
      if (op.kind === 'network' || op.kind === 'operator')
        return { missing: `no ${op.kind} is built on it here` }
      const arrays = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, shape }]) => [
          name,
          jax.numpy.array(data.slice(), { shape: [...shape] }),
        ]),
      )
      const { run, free } = await withoutWorker(async () => {
        const ready = runOf(jax, benchCase, op, arrays)
        for (const result of ready.run()) {
          await result.blockUntilReady()
          result.dispose()
        }
        return ready
      })
      const prepared: Prepared = {
        outputs: () =>
          withoutWorker(async () => {
            const read: Float32Array[] = []
            for (const result of run()) read.push(((await result.data()) as Float32Array).slice())
            return read
          }),
        work: {
          kind: 'called',
          run: async () => {
            for (const result of run()) {
              await result.blockUntilReady()
              result.dispose()
            }
          },
        },
        free: () => {
          free()
          for (const array of Object.values(arrays)) array.dispose()
        },
      }
      return prepared
    },
    close: async () => undefined,
  }
}

/**
 * Runs without a global `Worker`. Other peers leave Node's behind, and jax-js, which takes it for the browser's,
 * would compile kernels for a shared memory that it does not have.
 */
async function withoutWorker<T>(fn: () => Promise<T>): Promise<T> {
  const found = Object.getOwnPropertyDescriptor(globalThis, 'Worker')
  Reflect.deleteProperty(globalThis, 'Worker')
  try {
    return await fn()
  } finally {
    if (found !== undefined) Object.defineProperty(globalThis, 'Worker', found)
  }
}

/** Functions of jax-js consume their arguments; `.ref` keeps one for another use. */
function kernel(jax: Jax, op: KernelOp): (...xs: Arrays) => numpy.Array {
  const { numpy: np, nn, lax } = jax
  switch (op.kind) {
    case 'matmul':
      return (a, b) => np.matmul(a!, b!)
    case 'conv2d': {
      const sides: [number, number] = [op.padding, op.padding]
      return (x, w) => lax.convGeneralDilated(x!, w!, [op.stride, op.stride], [sides, sides])
    }
    case 'softmax':
      return (x) => nn.softmax(x!, -1)
    case 'attention':
      return (q, k, v) => {
        const scores = np.matmul(q!.mul(q!.shape.at(-1)! ** -0.5), k!.transpose([0, 2, 1]))
        return np.matmul(nn.softmax(scores, -1), v!)
      }
    case 'dft':
      return (x) => {
        const [, height = 1, width = 1] = x!.shape
        const scaled = x!.mul((height * width) ** -0.5)
        const [real, imag] = [scaled.ref.slice(0), scaled.slice(1)]
        const spectrum = np.fft.fft2({ real, imag })
        return np.stack([spectrum.real, spectrum.imag])
      }
    case 'groupNormSilu':
      return (x, weight, bias) => {
        const shape = [...x!.shape]
        const grouped = x!.reshape([shape[0]!, op.groups, -1])
        const centred = grouped.ref.sub(grouped.mean(2, { keepdims: true }))
        const variance = centred.ref.mul(centred.ref).mean(2, { keepdims: true })
        const normal = centred.div(np.sqrt(variance.add(op.eps))).reshape(shape)
        return nn.silu(normal.mul(weight!.reshape([1, -1, 1, 1])).add(bias!.reshape([1, -1, 1, 1])))
      }
    case 'chain':
      return {
        'x + y': (x: numpy.Array, y: numpy.Array) => x.add(y),
        'x·y + x': (x: numpy.Array, y: numpy.Array) => x.ref.mul(y).add(x),
        'silu(x) · y': (x: numpy.Array, y: numpy.Array) => nn.silu(x).mul(y),
        'exp(−x²)': (x: numpy.Array, y: numpy.Array) => {
          y.dispose()
          return np.exp(x.ref.mul(x).neg())
        },
      }[op.name] as (...xs: Arrays) => numpy.Array
  }
}

function runOf(
  jax: Jax,
  { wrt, inputs }: BenchCase,
  op: KernelOp,
  arrays: Readonly<Record<string, numpy.Array>>,
): { run: () => Arrays; free: () => void } {
  const f = kernel(jax, op)
  const names = Object.keys(inputs).filter((name) => name !== 'dy')
  if (wrt.length === 0) {
    const fuses = ['groupNormSilu', 'softmax', 'chain'].includes(op.kind)
    const called = fuses ? (jax.jit(f) as unknown as typeof f) : f
    return { run: () => [called(...names.map((name) => arrays[name]!.ref))], free: () => undefined }
  }
  const chosen = (...xs: Arrays) =>
    f(...names.map((name) => (wrt.includes(name) ? xs[wrt.indexOf(name)]! : arrays[name]!.ref)))
  const [value, pullback] = jax.vjp(
    chosen,
    wrt.map((name) => arrays[name]!.ref),
  )
  value.dispose()
  return {
    run: () => pullback(arrays['dy']!.ref) as unknown as Arrays,
    free: () => pullback.dispose(),
  }
}
