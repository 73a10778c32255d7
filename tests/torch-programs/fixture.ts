import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Shape } from '@tweedie/tensor'
import { sizeOf } from '@tweedie/tensor'
import type { OpName, OpParams } from './ops.ts'

/** One step: an op, the numbers of the values it takes (inputs first, then results in order), its parameters. */
export type Step = { [O in OpName]: readonly [op: O, args: readonly number[], params?: OpParams[O]] }[OpName]

/** A program as make.py stores it. */
export interface Program {
  readonly name: string
  /** What a trap is about. */
  readonly note?: string
  readonly kind: 'random' | 'trap'
  /** 2 where the gradients' gradients are stored too. */
  readonly order: 1 | 2
  /** Whether some gradient of a gradient in an input is not zero. */
  readonly curved: boolean
  readonly inputs: readonly Shape[]
  readonly ops: readonly Step[]
  readonly outputs: readonly (readonly [value: number, shape: Shape])[]
  /** All numbers as little-endian float64 in base64; {@link numbersOf} takes them apart. */
  readonly data: string
}

export interface Fixture {
  readonly torch: string
  readonly vocabulary: readonly string[]
  readonly programs: readonly Program[]
}

/** An array of PyTorch's: the expected one. */
export interface Expected {
  readonly shape: Shape
  readonly data: Float64Array
}

/** L₁ = Σ ⟨cotangent, output⟩ and L₂ = Σ ⟨direction, ∂L₁/∂input⟩ are the random projections. */
export interface Numbers {
  readonly inputs: readonly Expected[]
  readonly cotangents: readonly Expected[]
  readonly outputs: readonly Expected[]
  /** ∂L₁/∂input. */
  readonly first: readonly Expected[]
  readonly directions: readonly Expected[]
  /** ∂L₂/∂input, then ∂L₂/∂cotangent, which is the forward product J·direction. */
  readonly second: readonly Expected[]
}

export function readFixture(): Fixture {
  const path = join(import.meta.dirname, '../fixtures/torch-programs/programs.json.gz')
  return JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as Fixture
}

export function numbersOf(program: Program): Numbers {
  const bytes = Buffer.from(program.data, 'base64')
  let at = 0
  const take = (shapes: readonly Shape[]): Expected[] =>
    shapes.map((shape) => {
      const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => bytes.readDoubleLE(at + 8 * i))
      at += 8 * data.length
      return { shape, data }
    })
  const results = program.outputs.map(([, shape]) => shape)
  const numbers = {
    inputs: take(program.inputs),
    cotangents: take(results),
    outputs: take(results),
    first: take(program.inputs),
    directions: program.order === 2 ? take(program.inputs) : [],
    second: program.order === 2 ? take([...program.inputs, ...results]) : [],
  }
  if (at !== bytes.length) throw new Error(`${program.name}: ${bytes.length} bytes stored, ${at} expected`)
  return numbers
}

/** The program one op a line: `%3 = clamp(%1) {"min":0,"max":1}`. */
export function listing({ inputs, ops, outputs }: Program): string {
  return [
    ...inputs.map((shape, i) => `  %${i} = input [${shape.join(', ')}]`),
    ...ops.map(([op, args, params], i) => {
      const call = `${op}(${args.map((a) => `%${a}`).join(', ')})`
      return `  %${inputs.length + i} = ${call}${params === undefined ? '' : ` ${JSON.stringify(params)}`}`
    }),
    `  return ${outputs.map(([value, shape]) => `%${value} [${shape.join(', ')}]`).join(', ')}`,
  ].join('\n')
}
