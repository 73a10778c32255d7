// What the ways to products with derivatives cost: calls of primitives, convolutions, peak memory, time.
// Run: node packages/autograd/scripts/derivative-costs.ts   (the numbers of docs/adr/0007-forward-mode.md)

import { checkpoint, grad, hvp, jvp, vjp } from '@tweedie/autograd'
import type { Interpreter, Tensor } from '@tweedie/tensor'
import {
  conv2d,
  dispatchAt,
  groupNorm,
  memory,
  normal,
  pushInterpreter,
  randomKey,
  removeInterpreter,
  resetPeak,
  scope,
  sum,
  zerosLike,
} from '@tweedie/tensor'

const key = randomKey(1)
const draw = (name: string, shape: number[]) => normal(key.fold(name), shape).mul(0.2)
const [depth, channels, extent] = [6, 32, 32]
const weights = Array.from({ length: depth }, (_, i) => draw(`w${i}`, [channels, channels, 3, 3]))
const directions = Array.from({ length: depth }, (_, i) => draw(`dw${i}`, [channels, channels, 3, 3]))
const [gamma, beta] = [draw('gamma', [channels]), draw('beta', [channels])]
const [x, v] = [draw('x', [1, channels, extent, extent]), draw('v', [1, channels, extent, extent])]

const block = (h: Tensor, w: Tensor) =>
  h.add(conv2d(groupNorm(h, gamma, beta, { groups: 8, silu: true }), w, { padding: 1 }))
const net = (h: Tensor, ws: readonly Tensor[] = weights) => ws.reduce(block, h)
const checkpointed = (h: Tensor) =>
  weights.reduce((z, w) => checkpoint((inner: Tensor) => block(inner, w))(z), h)
const loss = (h: Tensor) => sum(net(h).square())

/** J·v by transposing the transpose: the pullback is linear in its cotangent. */
function doubleVjp<Args extends readonly unknown[]>(f: (...args: Args) => Tensor, args: Args, along: Args) {
  const [y, pullback] = vjp(f, ...args)
  return [y, vjp((u: Tensor) => pullback(u), zerosLike(y))[1](along)[0]]
}

const ways: Readonly<Record<string, () => unknown>> = {
  'f alone': () => net(x),
  'vjp in x': () => vjp((h: Tensor) => net(h), x)[1](v),
  'jvp in x': () => jvp((h: Tensor) => net(h), [x], [v]),
  'jvp in x, each block checkpointed': () => jvp(checkpointed, [x], [v]),
  'double vjp in x': () => doubleVjp((h: Tensor) => net(h), [x], [v]),
  'jvp in x and weights': () => jvp(net, [x, weights], [v, directions]),
  'double vjp in x and weights': () =>
    doubleVjp((h: Tensor, w: readonly Tensor[]) => net(h, w), [x, weights], [v, directions]),
  'grad of a loss': () => grad(loss)(x),
  'hvp (reverse over reverse)': () => hvp(loss, x, v),
  'forward over reverse': () => jvp(grad(loss), [x], [v]),
  'reverse over forward': () => grad((h: Tensor) => sum(jvp(loss, [h], [v])[1]))(x),
}

console.log('| way | calls | convolutions | peak, in activations | ms |\n|---|--:|--:|--:|--:|')
for (const [name, run] of Object.entries(ways)) {
  const counts = { calls: 0, convolutions: 0 }
  const counter: Interpreter = {
    run: (primitive, inputs, params, level) => {
      counts.calls++
      if (primitive === 'conv2d') counts.convolutions++
      return dispatchAt(level, primitive, inputs, params)
    },
  }
  const once = () => void scope(() => [run()].length)
  pushInterpreter(counter)
  once()
  removeInterpreter(counter)
  resetPeak()
  const before = memory().bytes
  once()
  const peak = (memory().peakBytes - before) / (channels * extent * extent * 4)
  let best = Number.POSITIVE_INFINITY
  for (let k = 0; k < 12; k++) {
    const start = performance.now()
    once()
    best = Math.min(best, performance.now() - start)
  }
  console.log(
    `| ${name} | ${counts.calls} | ${counts.convolutions} | ${peak.toFixed(1)} | ${best.toFixed(1)} |`,
  )
}
