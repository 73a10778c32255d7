import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPrior } from '@tweedie/runs/node'
import type { AnyMethod, Catalog } from '@tweedie/solvers'
import { catalog, methods } from '@tweedie/solvers'
import { beforeAll, expect, test } from 'vitest'
import type { Values } from '../../state/fields.ts'
import { readState } from '../../state/url.ts'
import { planted } from '../code/faults.ts'
import { fields as codeFields } from '../code/fields.ts'
import { faultsOf, loaded, sourceOf } from '../code/loaded.test.helper.ts'
import type { Ground } from '../digits/engine/problem.ts'

import { heldOutOf } from '../digits/engine/problem.ts'

import { fields as digitsFields } from '../digits/fields.ts'
import { problemIn } from '../digits/problem-in.ts'

import type { Frame } from '../plane/engine/frames.ts'
import { numbersOf } from '../plane/engine/numbers.ts'
import { runPlane } from '../plane/engine/run.ts'
import { lawIn, fields as planeFields, stripeIn } from '../plane/fields.ts'
import { momentsOf, normalOf, posterior } from '../plane/law.ts'
import { survivors } from '../plane/moments.ts'
import { misplaced } from '../plane/verdict.ts'
import { digitsCell } from './engine/cell.ts'
import type { Failure, Measure } from './failures.ts'
import { failures, hrefOfFailure, measures } from './failures.ts'

const never = new AbortController().signal
let ground: Ground
beforeAll(async () => {
  const heldOut = heldOutOf(readFileSync(join(import.meta.dirname, '../digits/held-out.idx')))
  ground = { prior: await loadPrior('digits'), heldOut }
})

type Numbers = Readonly<Partial<Record<Measure, number>>>
/** Runs that several failures show. */
const known = new Map<string, Promise<Numbers>>()
const once = (key: string, work: () => Promise<Numbers>) => {
  const found = known.get(key) ?? work()
  known.set(key, found)
  return found
}

async function onPlane(state: string, side: 'a' | 'b'): Promise<Numbers> {
  const { values, notes } = readState(planeFields, state)
  expect(notes).toEqual([])
  return planeNumbers(values, values[side])
}

/** The file of a method with its fault, or as it is, as the code room runs it. */
async function inCode(state: string, side: 'a' | 'b'): Promise<Numbers> {
  const { values, notes } = readState(codeFields, state)
  expect([notes, values.on]).toEqual([[], 'plane'])
  const { info } = methods.parse(values.method).entry
  const path = `methods/${info.family}/${info.name}.ts`
  const fault = (await faultsOf(path)).find(({ name }) => name === values.fault)
  const text = fault && planted(sourceOf(path), fault)
  if (text === undefined) throw new Error(`no fault '${values.fault}'`)
  const method = (await loaded(side === 'a' ? text : sourceOf(path), path))[info.name] as AnyMethod
  return planeNumbers(values, values.method, side, catalog('method', [method]))
}

async function planeNumbers(
  values: Pick<Values<typeof planeFields>, 'prior' | 'moved' | 'angle' | 'offset' | 'sigma' | 'n' | 'seed'>,
  method: string,
  which = '',
  catalogOf?: Catalog<AnyMethod>,
): Promise<Numbers> {
  const plane = { law: lawIn(values), stripe: stripeIn(values) }
  const request = { plane, method, count: values.n, seed: values.seed }
  return once(JSON.stringify([request, which]), async () => {
    const frames: Frame[] = []
    await runPlane(request, never, (frame) => void frames.push(frame), catalogOf)
    const last = frames.at(-1)
    if (last === undefined) throw new Error('no frames')
    const { x, alpha, sigma, population } = last
    const weights = population && { weights: population.weights }
    const numbers = await numbersOf({ plane, x, alpha, sigma, ...weights })
    const [a, b] = normalOf(plane.stripe)
    const along = Array.from({ length: values.n }, (_, i) => a * (x[2 * i] ?? 0) + b * (x[2 * i + 1] ?? 0))
    const mean = along.reduce((sum, v) => sum + v, 0) / along.length
    const variance = along.reduce((sum, v) => sum + (v - mean) ** 2, 0) / along.length
    const { xx, xy, yy } = momentsOf(posterior(plane.law, plane.stripe).law)
    return {
      across: variance / (a * a * xx + 2 * a * b * xy + b * b * yy),
      spread: numbers.spread,
      coverage: numbers.coverage,
      misplaced: misplaced(numbers),
      ...(population && { ancestors: survivors(frames, last) }),
    }
  })
}

async function onDigits(state: string, side: 'a' | 'b'): Promise<Numbers> {
  const { values, notes } = readState(digitsFields, state)
  expect(notes).toEqual([])
  const request = { problem: problemIn(values), method: values[side], count: values.n, seed: values.seed }
  return once(JSON.stringify(request), async () => (await digitsCell(request, ground, never)).scores)
}

const numberOf = async ({ room, state, measure }: Failure, side: 'a' | 'b'): Promise<number> => {
  const numbers = await { plane: onPlane, digits: onDigits, code: inCode }[room](state, side)
  return numbers[measure] ?? Number.NaN
}

/** As many digits as a text has. */
const like = (text: string, value: number) => value.toFixed(text.split('.')[1]?.length ?? 0)

test('there are enough, each with a name and a link of its own', () => {
  expect(failures.length).toBeGreaterThanOrEqual(12)
  expect(new Set(failures.map(({ name }) => name)).size).toBe(failures.length)
  expect(new Set(failures.map(hrefOfFailure)).size).toBe(failures.length)
  for (const { says } of failures) expect(says.match(/[.]( |$)/g)?.length).toBe(2) // two sentences
})

test.for(failures.map((failure) => [failure.name, failure] as const))(
  '%s: what is said of its link is so',
  async ([, failure]) => {
    const { target, log } = measures[failure.measure]
    const [shown, beside] = [await numberOf(failure, 'a'), await numberOf(failure, 'b')]
    expect([like(failure.value, shown), like(failure.beside.value, beside)]).toEqual([
      failure.value,
      failure.beside.value,
    ])
    const off = (value: number) =>
      log ? Math.abs(Math.log(Math.max(value, 1e-6) / target)) : Math.abs(value - target)
    // It fails by much, and what stands beside it is at least half again as near to what should be.
    expect(off(shown)).toBeGreaterThan(log ? Math.log(2) : 0.3)
    expect(off(shown)).toBeGreaterThan(1.5 * off(beside))
  },
)
