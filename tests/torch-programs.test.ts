import { memory, primitiveNames, pushInterpreter, removeInterpreter } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { Mode } from './torch-programs/compare.ts'
import { Counter, disagreement } from './torch-programs/compare.ts'
import type { Program } from './torch-programs/fixture.ts'
import { readFixture } from './torch-programs/fixture.ts'
import { ops } from './torch-programs/ops.ts'

// Programs and PyTorch's results for them: tests/fixtures/torch-programs/README.md.
const { programs, vocabulary, torch } = readFixture()
const random = programs.filter(({ kind }) => kind === 'random')
const blockSize = 50
const blocks = Array.from({ length: Math.ceil(programs.length / blockSize) }, (_, i) => i * blockSize)

const modes: Record<string, Mode> = {
  'on the reference device': { device: 'reference' },
  'on wasm': { device: 'wasm' },
  'on wasm, checkpointed': { device: 'wasm', recompute: true },
}

describe(`programs differentiated as by PyTorch ${torch}, in float64`, () => {
  test('there are enough of them, and they are what they claim to be', () => {
    expect(random.length).toBeGreaterThanOrEqual(300)
    expect(new Set(programs.map(({ name }) => name)).size).toBe(programs.length)
    for (const { ops, name } of random) {
      expect(ops.length, name).toBeGreaterThanOrEqual(5)
      expect(ops.length, name).toBeLessThanOrEqual(30)
    }
    const second = random.filter(({ order, curved }) => order === 2 && curved)
    expect(second.length, 'whose second order does not vanish').toBeGreaterThanOrEqual(random.length / 2)
  })

  test('their vocabulary is the one interpreted here, and all of it is used', () => {
    expect([...vocabulary].sort()).toEqual(Object.keys(ops).sort())
    const used = new Set(programs.flatMap((program) => program.ops.map(([op]) => op)))
    expect([...used].sort()).toEqual([...vocabulary].sort())
  })

  test('every primitive is reached by some program or its gradients', () => {
    const counter = new Counter()
    pushInterpreter(counter)
    try {
      for (const program of programs) {
        disagreement(program, { device: 'reference' })
        if (counter.calls.size === primitiveNames.length) break
      }
    } finally {
      removeInterpreter(counter)
    }
    expect(primitiveNames.filter((name) => !counter.calls.has(name))).toEqual([])
  })

  test('a wrong number, a missing value and an unknown op are noticed and named', () => {
    const mode: Mode = { device: 'reference' }
    const program = random.find(({ order, outputs }) => order === 2 && !outputs[0]![1].includes(0))!
    expect(disagreement(program, mode)).toBeUndefined()
    const bytes = Buffer.from(program.data, 'base64')
    const last = bytes.length - 8
    bytes.writeDoubleLE(bytes.readDoubleLE(last) + 1e-6, last)
    const off = disagreement({ ...program, data: bytes.toString('base64') }, mode)
    expect(off).toContain(program.name)
    expect(off).toMatch(/forward product .* element \d+ is .*, PyTorch has .*relative error/)
    expect(off).toContain('%0 = input')
    const short = { ...program, data: bytes.subarray(0, last).toString('base64') }
    expect(disagreement(short, mode)).toMatch(/outside|range|stored/)
    const unknown = { ...program, ops: [['cosh', [0]]] } as unknown as Program
    expect(disagreement(unknown, mode)).toContain("no op 'cosh'")
  })

  describe.each(Object.keys(modes))('%s', (label) => {
    test.each(blocks)('programs from %i on agree in value, order 1 and order 2', (start) => {
      const { peakBytes: _, ...before } = memory()
      const failures = programs
        .slice(start, start + blockSize)
        .flatMap((program) => disagreement(program, modes[label]!) ?? [])
      if (failures.length > 0) throw new Error(`${failures.length} disagree:\n\n${failures.join('\n\n')}`)
      const { peakBytes: __, ...after } = memory()
      expect(after, 'memory() is back where it was').toEqual(before)
    })
  })
})
