import { describe, expect, it } from 'vitest'
import type { Tensor } from './index.ts'
import { memory, OptionError, scope, tensor, treeLeaves, treeMap, unscoped, whenScopeEnds } from './index.ts'

const x = tensor([1, 2, 3])

/** A list in a list in a list …, around `inner`. */
function nested(depth: number, inner: unknown): unknown {
  let tree = inner
  for (let i = 0; i < depth; i++)
    tree = i % 3 === 0 ? [tree] : i % 3 === 1 ? { tree } : new Map([['tree', tree]])
  return tree
}

const cyclic: Record<string, (leaf: Tensor) => unknown> = {
  'a record in itself': (leaf) => {
    const tree: Record<string, unknown> = { leaf }
    tree.self = tree
    return tree
  },
  'an array in itself, twice': (leaf) => {
    const tree: unknown[] = [leaf]
    tree.push(tree, tree)
    return tree
  },
  'a map in itself, by way of a list': (leaf) => {
    const tree = new Map<string, unknown>([['leaf', leaf]])
    return tree.set('list', [tree])
  },
  'a tree of 20 000 levels': (leaf) => nested(20_000, leaf),
  'a tree of 1001 levels': (leaf) => nested(1001, leaf),
  'a record that throws when it is read': (leaf) =>
    Object.defineProperty({ leaf }, 'bad', {
      enumerable: true,
      get: () => {
        throw new OptionError('tree', 'unreadable')
      },
    }),
}

describe.each(Object.entries(cyclic))('a scope that returns %s', (_, make) => {
  it('frees everything, and says why', () => {
    const before = memory()
    expect(() => scope(() => make(x.mul(2).add(1)))).toThrow(OptionError)
    expect(() => scope(() => scope(() => make(x.mul(2))))).toThrow(OptionError)
    expect({ ...memory(), peakBytes: 0 }).toEqual({ ...before, peakBytes: 0 })
    // The scopes are closed: what is made now belongs to nobody's.
    const y = scope(() => x.mul(2))
    expect(Array.from(y.dataSync())).toEqual([2, 4, 6])
    y.dispose()
  })
})

describe('trees', () => {
  it('of 1000 levels, and those with a part in several places, are trees', () => {
    const before = memory().tensors
    const kept = scope(() => {
      const part = [x.mul(3)]
      return { deep: nested(997, part), once: part, again: part }
    })
    expect(memory().tensors).toBe(before + 1)
    expect(treeLeaves(kept)).toHaveLength(3)
    expect(treeLeaves(treeMap(kept, (leaf) => leaf))).toHaveLength(3)
    for (const leaf of treeLeaves(kept)) leaf.dispose()
    expect(memory().tensors).toBe(before)
  })

  it('are numbered alike by treeLeaves and treeMap', () => {
    const [a, b, c] = [tensor(1), tensor(2), tensor(3)]
    const tree = { last: [a, { b }], more: new Map([['c', c]]), none: 'text' }
    const seen: number[] = []
    treeMap(tree, (leaf, index) => {
      expect(leaf).toBe(treeLeaves(tree)[index])
      seen.push(index)
      return leaf
    })
    expect(seen).toEqual([0, 1, 2])
  })

  it('that contain themselves are errors of treeLeaves and treeMap too', () => {
    const tree: unknown[] = [x]
    tree.push({ tree })
    expect(() => treeLeaves(tree)).toThrow(/must not contain itself/)
    expect(() => treeMap(tree, (leaf) => leaf)).toThrow(/must not contain itself/)
    expect(() => treeLeaves(nested(1001, x))).toThrow(/at most 1000 levels/)
    expect(treeLeaves([x, [x], { a: x, b: new Map([[1, x]]) }])).toHaveLength(4)
  })
})

it('what a scope made and did not return is freed, beside what it returned', () => {
  const before = memory().tensors
  const made: Tensor[] = []
  const kept = scope(() => {
    for (let i = 0; i < 3; i++) made.push(tensor([i]))
    return made[1]!
  })
  expect(made.map((x) => x.isDisposed)).toEqual([true, false, true])
  expect(memory().tensors).toBe(before + 1)
  kept.dispose()
})

describe('whenScopeEnds', () => {
  it('tells once how the innermost scope ended, with the scope around open again', () => {
    const told: string[] = []
    const guest = (name: string) =>
      whenScopeEnds(
        () => told.push(`${name} failed`),
        () => told.push(`${name} closed`),
      )
    scope(() => {
      scope(() => void guest('inner'))
      expect(told).toEqual(['inner closed'])
      guest('outer')
      expect(() =>
        scope(() => {
          guest('lost')
          throw new RangeError('no')
        }),
      ).toThrow(RangeError)
      expect(told.at(-1)).toBe('lost failed')
    })
    expect(told).toEqual(['inner closed', 'lost failed', 'outer closed'])
    const moved: string[] = []
    scope(() => {
      scope(() => {
        whenScopeEnds(
          () => undefined,
          () =>
            whenScopeEnds(
              () => undefined,
              () => moved.push('outer'),
            ),
        )
      })
      expect(moved).toEqual([])
    })
    expect(moved).toEqual(['outer'])
  })

  it('tells where no scope is open', () => {
    const nobody = () =>
      whenScopeEnds(
        () => undefined,
        () => undefined,
      )
    expect(nobody()).toBe(false)
    scope(() => {
      expect(nobody()).toBe(true)
      expect(unscoped(nobody)).toBe(false)
    })
  })
})
