import type { Tensor } from '@tweedie/tensor'
import { fromData, matmul, memory, scope, tensor } from '@tweedie/tensor'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { checkpoint, customVjp, traceTape, vjp, watchVjp } from './index.ts'

const reference = { device: 'reference', dtype: 'float64' } as const
const numbers = (x: Tensor): number[] => Array.from(x.dataSync(), Number)

afterEach(() => void vi.restoreAllMocks())

describe('what a watched tape tells', () => {
  const w = tensor([[1, 2, 3]], reference)
  /** exp keeps its result; mul w's handle; the inner constant is f's own; square keeps its input; sqrt its result. */
  const f = (x: Tensor): Tensor =>
    x
      .exp()
      .mul(w)
      .mul(fromData(Float64Array.of(2, 2, 2), [1, 3], reference))
      .square()
      .sum()
      .sqrt()

  it('is its calls with their shapes, their leaves, and what each keeps, counted by hand', () => {
    const { tape } = watchVjp(f, [tensor([[0.1, 0.2, 0.3]], reference)])
    const shape = (v: number) => tape.values[v]?.shape.join('×')
    expect(
      tape.nodes.map(({ op, inputs, outputs, own, bytes }) => [
        op,
        inputs.map(shape).join(' '),
        outputs.map(shape).join(' '),
        own,
        bytes,
      ]),
    ).toEqual([
      ['exp', '1×3', '1×3', 24, 24],
      ['mul', '1×3 1×3', '1×3', 0, 24], // w, which lives anyway
      ['mul', '1×3 1×3', '1×3', 24, 24], // a constant that f made, and nobody else has
      ['mul', '1×3 1×3', '1×3', 24, 24], // the square
      ['reduceSum', '1×3', '', 0, 0],
      ['sqrt', '', '', 8, 8],
    ])
    expect([tape.own, tape.bytes]).toEqual([80, 104])
    expect(tape.values.filter(({ from }) => from !== 'call').map(({ from, name }) => name ?? from)).toEqual([
      '[0]',
      'constant',
      'constant',
    ])
    expect(tape.values.every(({ dtype }) => dtype === 'float64')).toBe(true)
  })

  it('adds up to what the tape holds', () => {
    const net = (x: Tensor): Tensor =>
      matmul(x.sqrt(), w.reshape([3, 1]))
        .exp()
        .mul(x)
        .add(w)
        .square()
    for (const g of [f, net, checkpoint(f), (x: Tensor) => x.neg()])
      scope(() => {
        const x = tensor([[0.1, 0.2, 0.3]], reference)
        const before = memory('reference').bytes
        const [y, pullback] = vjp(g, x)
        y.dispose()
        const held = memory('reference').bytes - before
        pullback.dispose()
        const { tape } = watchVjp(g, [x])
        expect(tape.own).toBe(held)
        const { nodes, bytes } = traceTape(g, x)
        expect(tape.bytes).toBe(bytes)
        expect(tape.nodes).toEqual(nodes.map((node) => expect.objectContaining(node)))
      })
  })

  it('has the value and the gradients of vjp, bit for bit, and leaves nothing behind', () => {
    using x = tensor([[0.1, 0.2, 0.3]], reference)
    using u = tensor(0.7, reference)
    const before = memory().tensors
    scope(() => {
      const [y, pullback] = vjp(f, x)
      const wanted = pullback(u)[0]
      const got = watchVjp(f, [x], { cotangent: u, onValue: () => {}, onCotangent: () => {} })
      expect(numbers(got.value)).toEqual(numbers(y))
      expect(numbers(got.gradients[0])).toEqual(numbers(wanted))
    })
    expect(memory().tensors).toBe(before)
  })

  it('shows values, and cotangents once they are summed up', () => {
    const seen: Record<string, number[][]> = { value: [], cotangent: [] }
    const { tape } = watchVjp((x: Tensor) => x.neg().exp().add(x.mul(3)), [tensor([0, 1], reference)], {
      cotangent: tensor([1, 10], reference),
      onValue: (v, x) => void ((seen['value'] ??= [])[v] = numbers(x)),
      onCotangent: (v, x) => void ((seen['cotangent'] ??= [])[v] = numbers(x)),
    })
    const e = Math.exp(-1)
    const [x, neg, exp, three, sum] = [0, 1, 2, 3, 4]
    expect(tape.nodes.map(({ outputs }) => outputs)).toEqual([[neg], [exp], [three], [sum]])
    expect(seen['value']?.[exp]).toEqual([1, e])
    expect(seen['value']?.[three]).toEqual([0, 3])
    expect(seen['cotangent']?.[sum]).toEqual([1, 10])
    expect(seen['cotangent']?.[neg]).toEqual([1, 10 * e])
    expect(seen['cotangent']?.[x]).toEqual([2, 30 - 10 * e]) // of both ways to x
  })

  it('times each call, those with ways of their own by all that runs inside', () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now++)
    const three = customVjp(
      (x: Tensor) => x.exp().exp(), // and the name that it gets in the end: three calls
      (_, dy) => [dy.mul(2)],
    )
    const { tape } = watchVjp((x: Tensor) => three(x.detach().exp().add(x)).neg(), [tensor([1], reference)])
    expect(tape.nodes.map(({ op, forward }) => [op, forward])).toEqual([
      ['add', 1],
      ['reshape', 1], // the name that its argument gets
      ['customVjp', 3],
      ['neg', 1],
    ])
    // Each begins as the one before it ends; what runs in between is watched no more than by these two looks.
    expect(tape.nodes.map(({ backward }) => backward)).toEqual([1, 1, 1, 1])
  })

  it('says of each call what it was told to', () => {
    const { tape } = watchVjp((x: Tensor) => x.exp().mul(w).neg(), [tensor([[1, 1, 1]], reference)], {
      label: (inputs) => (inputs.some(({ id }) => id === w.id) ? 'w' : undefined),
    })
    expect(tape.nodes.map(({ label }) => label)).toEqual([undefined, 'w', undefined])
  })

  it('refuses what has no gradient, and keeps nothing', () => {
    using x = tensor([1, 2], reference)
    const before = memory().tensors
    expect(() => watchVjp((async (y: Tensor) => y) as never, [x])).toThrow(/synchronous/)
    expect(() => watchVjp((y: Tensor) => y.cast('int32'), [x])).toThrow(/no gradient/)
    expect(() => watchVjp((y: Tensor) => y.exp(), [x], { cotangent: w })).toThrow(/cotangent/)
    const fail = () => {
      throw new Error('seen')
    }
    expect(() => watchVjp((y: Tensor) => y.exp(), [x], { onValue: fail })).toThrow('seen')
    const late = (value: number) => value === 0 && fail()
    expect(() => watchVjp((y: Tensor) => y.exp(), [x], { onCotangent: late })).toThrow('seen')
    expect(memory().tensors).toBe(before)
  })
})
