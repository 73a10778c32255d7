// What fusing attention and softmax saves, docs/adr/0010: node packages/autograd/scripts/attention-costs.ts
// TWEEDIE_THREADS=1 does it on one thread. Medians in milliseconds, fused and composed taking turns.
import type { Tensor } from '@tweedie/tensor'
import {
  channelAttention,
  getDevice,
  matmul,
  matrixTranspose,
  normal,
  randomKey,
  scope,
  softmax,
  softmaxComposed,
} from '@tweedie/tensor'
import { vjp } from '../src/index.ts'

const samples = 15
const draw = (name: string, shape: readonly number[]) => normal(randomKey(1).fold(name), shape)

/** Median times of functions that take turns. */
function medians(runs: Readonly<Record<string, () => unknown>>): string {
  const entries = Object.entries(runs).map(([name, run]) => ({ name, run, times: [] as number[] }))
  for (let i = -2; i < samples; i++) {
    for (const { run, times } of entries) {
      const began = performance.now()
      scope(() => void run())
      if (i >= 0) times.push(performance.now() - began)
    }
  }
  return entries
    .map(({ name, times }) => `${name} ${times.sort((a, b) => a - b)[samples >> 1]!.toFixed(2)}`)
    .join(', ')
}

console.log(`${getDevice('wasm').info().threads} threads, ms`)
for (const tokens of [256, 1024]) {
  const [q, k, v, dy] = ['q', 'k', 'v', 'dy'].map((name) => draw(name, [1, 4, 64, tokens])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ]
  const fused = (a: Tensor, b: Tensor, c: Tensor) => channelAttention(a, b, c)
  const composed = (a: Tensor, b: Tensor, c: Tensor) => {
    const weights = softmaxComposed(matmul(matrixTranspose(a), b).mul(1 / 8))
    return matmul(c, matrixTranspose(weights))
  }
  console.log(
    `attention 4×64, ${tokens} tokens: ${medians({
      fused: () => fused(q, k, v),
      composed: () => composed(q, k, v),
      'with gradients: fused': () => vjp(fused, q, k, v)[1](dy),
      'with gradients: composed': () => vjp(composed, q, k, v)[1](dy),
    })}`,
  )
}
const x = draw('x', [1024, 1024])
console.log(`softmax 1024²: ${medians({ fused: () => softmax(x), composed: () => softmaxComposed(x) })}`)
process.exit(0)
