import { expect, test } from 'vitest'
import type { Frame } from './engine/frames.ts'
import { nearestParticle, survivors, wayOf } from './moments.ts'

const frame = (index: number, x: readonly number[], ancestors?: readonly number[]): Frame => ({
  ...{ index, steps: 4, t: 0, alpha: 1, sigma: 0, x: Float32Array.from(x) },
  ...(ancestors && {
    population: {
      weights: new Float32Array(ancestors.length),
      ancestors: Int32Array.from(ancestors),
      ess: 1,
      logEvidence: 0,
    },
  }),
})

test('the nearest particle is picked', () => {
  expect(nearestParticle(frame(0, [0, 0, 1, 1, -1, 2]), [0.9, 1.2])).toBe(1)
})

test('a way goes through ancestors, and those without children have died out', () => {
  // Three particles: 0 comes from 2, 1 and 2 from 0; then all from 1.
  const frames = [
    frame(0, [0, 0, 10, 0, 20, 0], [0, 1, 2]),
    frame(1, [1, 0, 11, 0, 21, 0], [2, 0, 0]),
    frame(2, [2, 0, 12, 0, 22, 0], [1, 1, 1]),
  ]
  const last = frames[2]
  if (last === undefined) throw new Error('no frame')
  expect(wayOf(frames, last, 0)).toEqual([
    [0, 0],
    [11, 0],
    [2, 0],
  ])
  expect(survivors(frames, last)).toBe(1)
  expect(survivors(frames, frames[1] ?? last)).toBe(2)
  // Without resampling a particle is its own ancestor.
  const plain = [0, 1].map((index) => frame(index, [index, 0, index, 5]))
  expect(wayOf(plain, plain[1] ?? last, 1)).toEqual([
    [0, 5],
    [1, 5],
  ])
})
