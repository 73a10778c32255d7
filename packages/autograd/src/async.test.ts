import type { Tensor } from '@tweedie/tensor'
import { exp, memory, ones, scope, sum, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import {
  checkpoint,
  customVjp,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  stopGradient,
  valueAndGrad,
  vjp,
} from './index.ts'

/** A device that no other test of this file uses, so that garbage collected meanwhile does not count. */
const apart = { device: 'reference' } as const
const alive = () => memory('reference').tensors
const list = (x: Tensor) => Array.from(x.dataSync())

/** A promise that settles when told. */
function gate(): { opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

describe('asynchronous functions', () => {
  it('have values and gradients, by promise', async () => {
    const f = async (p: { a: Tensor }, x: Tensor) => {
      const scale = ones([2])
      const h = p.a.mul(x)
      await pause()
      const data = await h.data()
      await pause()
      return sum(h.square().mul(scale)).mul(data.length)
    }
    const args = [{ a: tensor([1, 2]) }, tensor([3, 4])] as const
    const [value, g] = await valueAndGrad(f)(...args)
    expect([list(value), list(g.a)]).toEqual([[146], [36, 128]])
    expect(list(await grad(f, { argnums: 1 })(...args))).toEqual([12, 64])
    const [y, pullback] = await vjp(f, ...args)
    expect(y.shape).toEqual([])
    expect(list(pullback(tensor(2))[0].a)).toEqual([72, 256])
    const [, tangent] = await jvp(f, [...args], [{ a: tensor([1, 0]) }, undefined])
    expect(list(tangent)).toEqual([36])
  })

  it('go through every transform', async () => {
    const f = async (x: Tensor) => {
      await pause()
      return sum(x.pow(3))
    }
    const x = tensor([1, 2])
    expect(list(await hvp(f, x, tensor([1, 1])))).toEqual([6, 12])
    expect(list(await hessian(f)(x))).toEqual([6, 0, 0, 12])
    expect(list(await jacobian(async (y: Tensor) => y.square())(x))).toEqual([2, 0, 0, 4])
    const line = await linearize(f, [x])
    expect(list(line.pullback(tensor(1))[0])).toEqual([3, 12])
    line.dispose()
    const nested = grad(async (y: Tensor) => sum(await grad(f)(y)))
    expect(list(await nested(x))).toEqual([6, 12])
    const [, aux] = await grad(async (y: Tensor) => [sum(y), 'seen'] as const, { hasAux: true })(x)
    expect(aux).toBe('seen')
  })

  it('may stop gradients, checkpoint and use rules of their own between their awaits', async () => {
    const cube = customVjp(
      (h: Tensor) => h.pow(3),
      ({ inputs: [h] }, dy) => [dy.mul(h).mul(h).mul(3)],
    )
    const f = async (x: Tensor) => {
      const y = checkpoint((h: Tensor) => exp(h).mul(x))(x)
      await pause()
      return sum(cube(x).add(stopGradient(y)))
    }
    const before = alive()
    const x = tensor([1, 2], apart)
    const g = await grad(f)(x)
    expect(list(g)).toEqual([3, 12])
    g.dispose()
    x.dispose()
    expect(alive()).toBe(before)
  })
})

describe('interleaved traces', () => {
  it('do not mix, whichever ends first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const [gates, shared] = [[gate(), gate()], tensor([10, 10])]
      const trace = (k: number) => async (x: Tensor) => {
        let h = x.mul(shared)
        await gates[k]!.opened
        for (let i = 0; i <= k; i++) {
          h = h.mul(x)
          await pause()
          // A synchronous gradient in between, of its own.
          h = h.add(grad((y: Tensor) => sum(y.square()))(x).mul(x))
        }
        return sum(h)
      }
      const x = tensor([1, 2])
      const running = [grad(trace(0))(x), jvp(trace(1), [x], [tensor([1, 0])])] as const
      for (const k of order) {
        gates[k]!.open()
        await pause()
      }
      // 0: Σ 10x² + 2x²; 1: Σ (10x² + 2x²)·x + 2x².
      expect(list(await running[0])).toEqual([24, 48])
      const [value, tangent] = await running[1]
      expect([list(value), list(tangent)]).toEqual([[12 + 2 + 96 + 8], [36 + 4]])
    }
  })

  it('of one function at one tensor have gradients of their own', async () => {
    const gates = [gate(), gate(), gate()]
    let next = 0
    const f = async (x: Tensor) => {
      const k = next++
      await gates[k]!.opened
      return sum(x.pow(k + 1))
    }
    const x = tensor([2])
    const all = [grad(f)(x), grad(f)(x), grad(f)(x)]
    gates[2]!.open()
    await all[2]
    gates[0]!.open()
    gates[1]!.open()
    expect((await Promise.all(all)).map(list)).toEqual([[1], [4], [12]])
  })

  it('leave alone what others made in between, and free what they made themselves', async () => {
    const before = alive()
    const [x, stop] = [tensor([1, 2], apart), gate()]
    const running = grad(async (y: Tensor) => {
      const h = exp(y).mul(y)
      await stop.opened
      return sum(h.mul(y))
    })(x)
    const kept = scope(() => exp(x).mul(2))
    const own = grad((y: Tensor) => sum(y.mul(kept)))(x)
    stop.open()
    const g = await running
    expect(list(own)).toEqual(list(kept))
    expect(g.isDisposed).toBe(false)
    for (const t of [kept, own, g, x]) t.dispose()
    expect(alive()).toBe(before)
  })

  it('free everything when a function fails after an await', async () => {
    const before = alive()
    const x = tensor([1], apart)
    const failing = grad(async (y: Tensor) => {
      const h = y.mul(2)
      await pause()
      h.reshape([5])
      return sum(h)
    })
    await expect(failing(x)).rejects.toThrow(/do not fill/)
    await expect(grad(async (y: Tensor) => exp(y).shape as unknown as Tensor)(x)).rejects.toThrow(
      /returned no tensor/,
    )
    expect(alive()).toBe(before + 1)
    const g = grad((y: Tensor) => sum(y.square()))(x)
    expect(list(g)).toEqual([2])
    g.dispose()
    x.dispose()
    expect(alive()).toBe(before)
  })
})

describe('limits', () => {
  it('a promise from a function that is not declared async is an error that says so', () => {
    const f = async (x: Tensor) => sum(x)
    expect(() => grad((x: Tensor) => f(x))(tensor([1]))).toThrow(
      /declared async.*write grad\(async \(x\) => …\)/,
    )
    expect(() => checkpoint(f)).toThrow(/checkpoint: the function must be synchronous/)
  })

  it('a trace begun in a scope outlives it', async () => {
    const x = tensor([1, 2])
    let running: Promise<Tensor> | undefined
    scope(() => {
      running = grad(async (y: Tensor) => {
        const c = ones([2])
        const h = y.mul(y)
        await pause()
        return sum(h.mul(c))
      })(x)
    })
    expect(list(await running!)).toEqual([2, 4])
  })
})
