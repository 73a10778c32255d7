import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

test('an open gate lets through; a held one a step at a time, or whoever leaves', async () => {
  const gate = createGate()
  const stay = new AbortController()
  await gate.pass(stay.signal)
  gate.hold()
  expect(gate.held()).toBe(true)
  const passed: number[] = []
  const walk = async () => {
    for (let i = 0; i < 4; i++) {
      await gate.pass(stay.signal)
      passed.push(i)
    }
  }
  const walking = walk()
  const rest = () => new Promise((done) => setTimeout(done))
  await rest()
  expect(passed).toEqual([])
  gate.step()
  await rest()
  expect(passed).toEqual([0])
  const leaving = new AbortController()
  const left = gate.pass(leaving.signal)
  leaving.abort()
  await left
  await gate.pass(leaving.signal)
  gate.release()
  await walking
  expect(passed).toEqual([0, 1, 2, 3])
})
