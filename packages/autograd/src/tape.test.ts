import type { Activation, Tensor } from '@tweedie/tensor'
import {
  conv2d,
  exp,
  matmul,
  memory,
  normal,
  ones,
  randomKey,
  resetPeak,
  scope,
  sigmoid,
  sum,
  tensor,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { checkpoint, customVjp, grad, hvp, jvp, traceTape, valueAndGrad, vjp } from './index.ts'

const key = randomKey(8)
const kib = 1024
/** A tensor of 4 KiB. */
const block = (name: string) => normal(key.fold(name), [32, 32], { device: 'reference' })

/** Bytes that the pullback of f at x holds beyond x and what was there. */
function heldBytes(f: (x: Tensor) => Tensor): number {
  return scope(() => {
    const x = block('x')
    const before = memory('reference').bytes
    const [y, pullback] = vjp(f, x)
    y.dispose()
    const bytes = memory('reference').bytes - before
    pullback.dispose()
    return bytes
  })
}

describe('what a tape holds', () => {
  it('is what the rules declare, once each', () => {
    expect(heldBytes((x) => x.neg().add(3).transpose().slice([0, 8]).sum(0))).toBe(0)
    expect(heldBytes((x) => exp(x).neg())).toBe(4 * kib)
    // tanh′ and exp′ both read the one result that stands between them.
    expect(heldBytes((x) => exp(exp(x)).neg())).toBe(8 * kib)
    expect(heldBytes((x) => exp(x).mul(exp(x)).neg())).toBe(8 * kib)
    expect(heldBytes((x) => x.square().neg())).toBe(0)
    const w = block('w')
    expect(heldBytes((x) => matmul(x, w))).toBe(0)
    expect(heldBytes((x) => matmul(w, x.neg()))).toBe(0)
    expect(
      heldBytes((x) =>
        conv2d(x.reshape([1, 1, 32, 32]), ones([1, 1, 3, 3], { device: 'reference' }), { padding: 1 }),
      ),
    ).toBe(36)
  })

  it('has neither bias nor residual of a contraction; with an activation its inputs, not the sum', () => {
    const fused = (activation: Activation) =>
      heldBytes((x) => {
        const image = x.reshape([1, 1, 32, 32])
        const [w, bias] = [ones([1, 1, 3, 3], { device: 'reference' }), ones([1], { device: 'reference' })]
        return conv2d(image, w, { padding: 1, bias, residual: image.neg(), activation })
      })
    expect(fused('none')).toBe(36)
    // Kernel, bias and residual, to compute the sum once more.
    expect(fused('silu')).toBe(36 + 4 + 4 * kib)
    const product = (activation: Activation) =>
      heldBytes((x) => matmul(x, x.neg(), { bias: x.sum(0), residual: x.exp(), activation }))
    expect(product('none')).toBe(4 * kib + 4 * kib) // the right factor, and exp′
    expect(product('silu')).toBe(8 * kib + 128)
  })

  it('has no part in gradients that nobody asked for', () => {
    // x is a constant to the gradient in w, so its own function leaves nothing on the tape.
    scope(() => {
      const [w, x] = [block('w'), block('x')]
      const tape = traceTape((v: Tensor) => matmul(exp(exp(x)), v), w)
      expect(tape.nodes.map(({ op }) => op)).toEqual(['matmul'])
      expect(tape.bytes).toBe(4 * kib)
    })
  })

  it('is freed as a pass goes by, in either direction', () => {
    const depth = 64
    const seen: number[] = []
    const probe = customVjp(
      (x: Tensor) => x.mul(1),
      (_, dy) => {
        seen.push(memory('reference').bytes)
        return [dy]
      },
    )
    const chain = (x: Tensor) => {
      let h = x
      for (let i = 0; i < depth; i++) h = sigmoid(i === depth / 2 ? probe(h) : h)
      return h.neg()
    }
    scope(() => {
      const [x, cotangent] = [block('x'), block('u')]
      const [y, pullback] = vjp(chain, x)
      y.dispose()
      resetPeak()
      const start = memory('reference').bytes
      const g = pullback(cotangent)[0]
      // A few temporaries of one rule and two gradients, however long the chain; and half of it gone halfway.
      expect(memory('reference').peakBytes - start).toBeLessThanOrEqual(5 * 4 * kib)
      expect((start - seen[0]!) / (4 * kib)).toBeGreaterThan(depth / 2 - 5)
      g.dispose()
      const before = memory('reference').bytes
      jvp(chain, [x], [cotangent])
      // What the pass holds halfway: half the tape, and what led to the value.
      expect((seen[1]! - before) / (4 * kib)).toBeLessThan(depth / 2 + 8)
    })
  })

  it('is one copy of each activation at the peak of grad', () => {
    const depth = 32
    const chain = (x: Tensor) => {
      let h = x
      for (let i = 0; i < depth; i++) h = sigmoid(h)
      return sum(h)
    }
    scope(() => {
      const x = block('x')
      resetPeak()
      const start = memory('reference').bytes
      grad(chain)(x)
      expect((memory('reference').peakBytes - start) / (4 * kib)).toBeLessThanOrEqual(depth + 6)
    })
  })
})

describe('memory', () => {
  it('is where it was after 10,000 gradients', () => {
    const f = (p: { w: Tensor; b: Tensor }) => sum(sigmoid(p.w.mul(p.b)))
    const p = { w: tensor([1, 2], { device: 'reference' }), b: tensor([3, 4], { device: 'reference' }) }
    const before = memory('reference')
    for (let i = 0; i < 10_000; i++) {
      const g = grad(f)(p)
      g.w.dispose()
      g.b.dispose()
    }
    expect(memory('reference')).toEqual({ ...before, peakBytes: expect.any(Number) })
    p.w.dispose()
    p.b.dispose()
  })

  it('is where it was after second orders, checkpoints and failures', () => {
    const x = tensor([1, 2], { device: 'reference' })
    const before = memory('reference')
    const f = (y: Tensor) => sum(checkpoint((z: Tensor) => exp(z).mul(y))(y))
    for (let i = 0; i < 50; i++) {
      scope(() => {
        hvp(f, x, x)
        grad((y: Tensor) => sum(grad(f)(y)))(x)
        expect(() => grad((y: Tensor) => exp(y).reshape([3]))(x)).toThrow()
        expect(() => valueAndGrad((y: Tensor) => exp(y))(x)).toThrow(/scalar/)
      })
    }
    expect(memory('reference')).toEqual({ ...before, peakBytes: expect.any(Number) })
  })
})

describe('traceTape', () => {
  const f = (p: { w: Tensor }, x: Tensor) => sum(sigmoid(matmul(x, p.w)).mul(2))
  const apart = { device: 'reference' } as const
  const [w, x] = [ones([3, 2], apart), ones([4, 3], apart)]

  it('lists calls, shapes and saved bytes', () => {
    const before = memory('reference').tensors
    const tape = scope(() => traceTape(f, { w }, x))
    expect(memory('reference').tensors).toBe(before)
    expect(tape.nodes.map(({ op }) => op)).toEqual(['matmul', 'sigmoid', 'affine', 'reduceSum'])
    expect(tape.values.map(({ name, from, shape }) => [name ?? from, shape])).toEqual([
      ['[0].w', [3, 2]],
      ['[1]', [4, 3]],
      ['call', [4, 2]],
      ['call', [4, 2]],
      ['call', [4, 2]],
      ['call', []],
    ])
    expect(tape.nodes[0]).toEqual({
      op: 'matmul',
      inputs: [1, 0],
      outputs: [2],
      saved: [0, 1],
      bytes: 24 + 48,
    })
    expect(tape.nodes[1]).toMatchObject({ inputs: [2], saved: [3], bytes: 32 })
    expect([tape.bytes, tape.results]).toEqual([24 + 48 + 32, [5]])
    expect(JSON.parse(JSON.stringify(tape)).nodes[3]).toEqual(tape.nodes[3])
  })

  it('knows nothing of who looks at a value on the way', () => {
    const looked: string[] = []
    const look = (y: Tensor): Tensor => {
      looked.push(String(y), JSON.stringify(y), String(y.toArray()))
      return y
    }
    // Not packed, so that to read it takes a copy.
    const across = tensor([[1, 2]], { ...apart }).transpose()
    const traced = scope(() => traceTape((y: Tensor) => look(look(y).square()), across))
    expect(traced.nodes.map(({ op }) => op)).toEqual(['mul'])
    expect(looked).toEqual([
      'Tensor [2, 1] float32 on reference:\n[[1.],\n [2.]]',
      '{"shape":[2,1],"dtype":"float32","data":[1,2]}',
      '1,2',
      'Tensor [2, 1] float32 on reference:\n[[1.],\n [4.]]',
      '{"shape":[2,1],"dtype":"float32","data":[1,4]}',
      '1,4',
    ])
  })

  it('draws itself', () => {
    const dot = traceTape((y: Tensor) => y.mul(w.transpose()).sum(), ones([2, 3], apart)).toDot()
    expect(dot).toBe(
      [
        'digraph tape {',
        '  node [shape=box]',
        '  v0 [shape=ellipse, label="[0]\\n[2, 3] float32"]',
        '  v1 [shape=ellipse, style=dashed, label="constant\\n[2, 3] float32"]',
        '  n0 [label="mul\\n[2, 3] float32\\nsaves 24 B"]',
        '  n1 [label="reduceSum\\n[] float32"]',
        '  v0 -> n0',
        '  v1 -> n0',
        '  n0 -> n1',
        '  r0 [shape=plaintext, label="result"]',
        '  n1 -> r0',
        '}',
        '',
      ].join('\n'),
    )
  })

  it('shows second orders and async functions', async () => {
    const second = traceTape(
      grad((y: Tensor) => sum(y.pow(3))),
      tensor([1, 2]),
    )
    expect(second.nodes.map(({ op }) => op)).toContain('powScalar')
    const waiting = await traceTape(
      async (y: Tensor) => {
        await Promise.resolve()
        return exp(y)
      },
      tensor([1]),
    )
    expect(waiting.nodes.map(({ op }) => op)).toEqual(['exp'])
  })
})
