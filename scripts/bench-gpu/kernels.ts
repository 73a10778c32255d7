import { vjp } from '@tweedie/autograd'
import type { Shape, Tensor } from '@tweedie/tensor'
import { conv2d, groupNorm, matmul, scaledDotProductAttention, scope, silu, softmax } from '@tweedie/tensor'
import type { Job } from './job.ts'
import { givenInputs, placed } from './job.ts'

type Op = (...inputs: Tensor[]) => Tensor

/** An op over inputs, and its gradient in all of them along its own value. */
export function withVjp(op: Op, inputs: readonly Tensor[]): readonly Tensor[] {
  return scope(() => {
    const [y, pullback] = vjp(op, ...inputs)
    return [y, ...pullback(y)]
  })
}

function kernel(name: string, shapes: readonly Shape[], op: Op, few = false): readonly Job[] {
  const inputs = (device: string) => Object.values(givenInputs(name, shapes)).map((x) => placed(x, device))
  const given = async () => givenInputs(name, shapes)
  return [
    {
      ...{ name, few, given },
      prepare: async (device) => {
        const x = inputs(device)
        return { run: () => [scope(() => op(...x))] }
      },
    },
    {
      ...{ name: `${name} + VJP`, few, given },
      prepare: async (device) => {
        const x = inputs(device)
        return { run: () => withVjp(op, x) }
      },
    },
  ]
}

const conv = (channels: number, extent: number, few = false): readonly Job[] =>
  kernel(
    `conv 3×3 ${channels}→${channels} @${extent}²`,
    [
      [1, channels, extent, extent],
      [channels, channels, 3, 3],
    ],
    (x, w) => conv2d(x!, w!, { padding: 1 }),
    few,
  )

const product = (n: number, few = false): readonly Job[] =>
  kernel(
    `matmul ${n}`,
    [
      [n, n],
      [n, n],
    ],
    (a, b) => matmul(a!, b!),
    few,
  )

/** Ops alone. */
export const kernelJobs: readonly Job[] = [
  ...conv(64, 64, true),
  ...conv(128, 64),
  ...conv(128, 32),
  ...conv(256, 16),
  ...product(512, true),
  ...product(1024),
  ...product(2048),
  ...kernel(
    'groupNorm+SiLU 128 @64²',
    [[1, 128, 64, 64], [128], [128]],
    (x, w, b) => groupNorm(x!, w!, b!, { groups: 32, eps: 1e-5, silu: true }),
    true,
  ),
  ...kernel('softmax 1024²', [[1024, 1024]], (x) => softmax(x!), true),
  ...kernel('attention 4×64 256 tokens', new Array<Shape>(3).fill([4, 256, 64]), (q, k, v) =>
    scaledDotProductAttention(q!, k!, v!),
  ),
  ...kernel('chain silu(x) · y 1M', [[2 ** 20], [2 ** 20]], (x, y) => silu(x!).mul(y!), true),
]
