import { vjp } from '@tweedie/autograd'
import { ddim, epsilonPrior, vpLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, mul, normal, randomKey, record, scope, sub, sum } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { predictor } from '../architectures/predictor.ts'
import { loadShippedPrior } from './shipped.ts'

// The shipped network, its gradient and a whole step of a sampler, recorded once and run on other inputs.

const predict = predictor(loadShippedPrior('digits'))
const picture = (name: number): Tensor => normal(randomKey(name), [1, 1, 28, 28])
const time = (t: number): Tensor => fromData([t], [1])

const prior = epsilonPrior({
  name: 'digits',
  shape: [1, 28, 28],
  schedule: vpLinear(),
  clip: [-1, 1],
  predictNoise: predict,
})
const at = { t: 500, s: 480, schedule: vpLinear() }

/** A guided step from t to s: the estimate of x₀, how far it is from y, its gradient in x_t, and DDIM's move. */
function guided(x: Tensor, y: Tensor, z: Tensor): Tensor[] {
  const [x0, back] = vjp((xt: Tensor) => prior.denoise(xt, at.t), x)
  const r = sub(x0, y)
  const [gradient] = back(mul(r, 2))
  return [
    sub(
      ddim(1)(x, x0, () => z, at),
      mul(gradient, 0.3),
    ),
    sum(mul(r, r)),
  ]
}

const functions: readonly [string, (...xs: Tensor[]) => Tensor[], (k: number) => Tensor[]][] = [
  ['forward', (x, t) => [predict(x!, t!)], (k) => [picture(k), time(100 * k)]],
  [
    'VJP',
    (x, t, dy) => {
      const [y, back] = vjp((z: Tensor) => predict(z, t!), x!)
      return [y, ...back(dy)]
    },
    (k) => [picture(k), time(100 * k), picture(k + 50)],
  ],
  ['a guided step', (x, y, z) => guided(x!, y!, z!), (k) => [picture(k), picture(k + 50), picture(k + 90)]],
]

test.each(functions)('%s has the bits of the function', async (_name, fn, inputs) => {
  const program = await record(fn, ...inputs(1))
  for (const k of [2, 3]) {
    const given = inputs(k)
    const expected = scope(() => fn(...given))
    const actual = await program.run(...given)
    expect(actual).toHaveLength(expected.length)
    actual.forEach((x, i) => expect(x.dataSync()).toEqual(expected[i]!.dataSync()))
    for (const x of [...given, ...expected, ...actual]) x.dispose()
  }
  await program.dispose()
})
