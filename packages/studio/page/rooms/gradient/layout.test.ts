import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Band, Box, Edge } from './layout.ts'
import { layersOf, layoutOf, metrics } from './layout.ts'

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

test('a call is one layer below the last that it needs', () => {
  const edges: Edge[] = [
    { from: 'outside', to: 'a' },
    { from: 'a', to: 'b' },
    { from: 'a', to: 'c' },
    { from: 'b', to: 'd' },
    { from: 'c', to: 'd' },
    { from: 'a', to: 'e' },
    { from: 'd', to: 'e' },
  ]
  expect(layersOf(['a', 'b', 'c', 'd', 'e'], edges)).toEqual([['a'], ['b', 'c'], ['d'], ['e']])
})

/** Bands in lanes, some of them opened, with edges from earlier things to later ones. */
const graphs: fc.Arbitrary<{ readonly bands: readonly Band[]; readonly edges: readonly Edge[] }> = fc
  .array(fc.record({ lane: fc.integer({ min: 0, max: 3 }), ops: fc.integer({ min: 0, max: 5 }) }), {
    minLength: 2,
    maxLength: 8,
  })
  .chain((drawn) => {
    const bands = drawn.map(
      ({ lane, ops }, i): Band => ({
        ...{ id: `b${i}`, lane },
        ...(ops > 0 && { ops: Array.from({ length: ops }, (_, k) => `b${i}op${k}`) }),
      }),
    )
    const ids = bands.flatMap(({ id, ops }) => ops ?? [id])
    const edge = fc
      .tuple(fc.integer({ min: 0, max: ids.length - 2 }), fc.integer({ min: 1, max: ids.length - 1 }))
      .map(([i, step]): Edge => {
        const to = Math.min(ids.length - 1, i + step)
        return { from: ids[i] ?? '', to: ids[to] ?? '' }
      })
    return fc.array(edge, { maxLength: 12 }).map((edges) => ({ bands, edges }))
  })

test('nothing overlaps; what is opened is framed; values flow down', () => {
  fc.assert(
    fc.property(graphs, ({ bands, edges }) => {
      const { boxes, frames, width, height, routes } = layoutOf(bands, edges)
      const all = [...boxes.values()]
      expect(boxes.size).toBe(bands.reduce((sum, { ops }) => sum + (ops?.length ?? 1), 0))
      all.forEach((a, i) => {
        for (const b of all.slice(i + 1)) expect(overlap(a, b)).toBe(false)
        expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true)
      })
      for (const { id, ops, lane } of bands) {
        const frame = frames.get(id)
        expect(frame === undefined).toBe(ops === undefined)
        for (const [one, box] of boxes) {
          const within = ops?.includes(one) === true
          if (frame !== undefined) expect(overlap(frame, box)).toBe(within)
          if (within && frame !== undefined)
            expect(box.x + box.width <= frame.x + frame.width && box.y >= frame.y + 30).toBe(true)
        }
        if (ops === undefined) expect(boxes.get(id)?.x).toBe(metrics.margin + lane * metrics.lane)
      }
      expect(routes.length).toBe(edges.length)
      for (const { from, to } of edges) {
        const [a, b] = [boxes.get(from), boxes.get(to)]
        expect((b?.y ?? 0) > (a?.y ?? 0)).toBe(true)
      }
    }),
  )
})

test('a long edge goes by on the left of all that it passes, none on another', () => {
  fc.assert(
    fc.property(graphs, ({ bands, edges }) => {
      const { boxes, routes } = layoutOf(bands, edges)
      const gone: { readonly x: number; readonly top: number; readonly bottom: number }[] = []
      for (const { from, to, path, long } of routes) {
        if (!long) continue
        const [a, b] = [boxes.get(from), boxes.get(to)]
        if (a === undefined || b === undefined) throw new Error('no box')
        // The first H is the way out to the gutter.
        const x = Number(/H(-?[\d.]+)/.exec(path)?.[1])
        const [top, bottom] = [a.y + a.height / 2, b.y + b.height / 2]
        for (const box of boxes.values()) {
          if (box.y < bottom && box.y + box.height > top) expect(x).toBeLessThan(box.x)
        }
        for (const other of gone)
          if (other.top < bottom && top < other.bottom)
            expect(Math.abs(other.x - x)).toBeGreaterThanOrEqual(metrics.track)
        gone.push({ x, top, bottom })
      }
    }),
  )
})

test('the short way of two neighbours is straight on; a skip leaves and comes home on the left', () => {
  const bands = ['a', 'b', 'c'].map((id, lane) => ({ id, lane }))
  const { routes, boxes } = layoutOf(bands, [
    { from: 'a', to: 'b' },
    { from: 'a', to: 'c' },
  ])
  const [short, long] = routes
  expect([short?.long, long?.long]).toEqual([false, true])
  const [a, c] = [boxes.get('a'), boxes.get('c')]
  const gutter = metrics.margin - metrics.away
  expect(long?.path).toBe(`M${a?.x} ${metrics.block.height / 2}H${gutter}V${(c?.y ?? 0) + 20}H${c?.x}`)
})
