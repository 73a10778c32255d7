import { dps, gaussianNoise, gaussianPrior, matrixOperator, methods, run } from '@tweedie/solvers'
import { tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { CodeError, compile, scriptFrom, scriptOf } from './compile.ts'
import { faultIn, planted } from './faults.ts'
import { faultsOf, loaded, sourceOf } from './loaded.test.helper.ts'
import { MissingError, moduleIn, resolved } from './modules.ts'
import { isPacked, packed, unpacked } from './packed.ts'

const path = 'methods/explicit/dps.ts'
const source = sourceOf(path)

const prior = gaussianPrior({
  mean: [0, 0],
  covariance: [
    [1, 0.9],
    [0.9, 1],
  ],
})
const draw = async (method: typeof dps, scale: number): Promise<unknown[]> => {
  using y = tensor([[1]])
  const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y }
  using x = await run(method(problem, prior, { steps: 8, scale, seed: 4 }))
  return [...x.dataSync()]
}

/** Where and why a text does not compile. */
function refusal(text: string): { line: number; column: number; message: string } {
  try {
    compile(text, path)
  } catch (error) {
    if (error instanceof CodeError) return { line: error.line, column: error.column, message: error.message }
    throw error
  }
  throw new Error('it compiles')
}

test('the file of DPS, compiled, is DPS, and ζ doubled in its text is ζ doubled', async () => {
  const own = (await loaded(source, path))['dps'] as typeof dps
  expect(own).not.toBe(dps)
  expect(await draw(own, 0.1)).toEqual(await draw(dps, 0.1))
  const twice = (await loaded(source.replace('.mul(zeta)', '.mul(2 * zeta)'), path))['dps'] as typeof dps
  expect(await draw(twice, 0.1)).toEqual(await draw(dps, 0.2))
  expect(await draw(twice, 0.1)).not.toEqual(await draw(dps, 0.1))
})

test('every method compiles, each line where it was, and exports itself', () => {
  for (const { info } of methods) {
    const file = `methods/${info.family}/${info.name}.ts`
    const text = sourceOf(file)
    const { body, exports } = compile(text, file)
    expect([file, body.split('\n').length]).toEqual([file, text.split('\n').length])
    expect(exports).toContain(info.name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()))
  }
})

test('what does not compile is named at its line, whoever finds it', () => {
  expect(refusal('const a = 1\nconst b = (2 +\nconst c = 3')).toMatchObject({ line: 3, column: 1 })
  expect(refusal('const a: number = 1\nconst b = "x')).toMatchObject({ line: 2, column: 11 })
  // Sucrase lets these pass.
  expect(refusal('const a: number = 1\n\nconst a = 2')).toMatchObject({
    line: 3,
    column: 7,
    message: "Identifier 'a' has already been declared",
  })
  expect(refusal('\nimport { a } from "left-pad"\nexport const b = a')).toMatchObject({
    line: 2,
    message: expect.stringContaining("no module 'left-pad'"),
  })
  expect(refusal('\n\nexport { dps } from "./dps.ts"').line).toBe(3)
  // To the page it is data: of an error only its words would cross.
  expect(scriptFrom('const a = 1\nconst a = 2', path)).toEqual({
    ...{ message: "Identifier 'a' has already been declared", line: 2, column: 7 },
  })
  expect(scriptFrom(source, path)).toEqual({ script: scriptOf(compile(source, path)) })
})

test('imports become modules of the page, by every form, and nothing else does', async () => {
  expect(resolved(path, '../../guidance/scale.ts')).toBe('solvers/guidance/scale.ts')
  expect(resolved(path, './dps-presets.ts')).toBe('solvers/methods/explicit/dps-presets.ts')
  expect(resolved(path, '@tweedie/tensor')).toBe('@tweedie/tensor')
  for (const strange of ['../../../../x.ts', 'https://example.org/x.js', 'node:fs', '@tweedie/cli', '/x.js'])
    expect([strange, resolved(path, strange)]).toEqual([strange, undefined])
  const served = await loaded(
    `import * as all from '@tweedie/tensor'
import {
  tensor as make,
} from '@tweedie/tensor'
import type { Tensor } from '@tweedie/tensor'
export function two(): Tensor { return make([2]) }
export const [same, line] = [all.tensor === make, new Error().stack]`,
    path,
  )
  expect(Object.keys(served)).toEqual(['two'])
  const names = await loaded(
    `import * as all from '@tweedie/tensor'\nimport { tensor as make } from '@tweedie/tensor'
const same = all.tensor === make\nexport { same }`,
    path,
  )
  expect(names).toEqual({ same: true })
  await expect(loaded(`import { ddim } from '../../samplers/kernel.ts'\nddim(1)\n`, path)).resolves.toEqual(
    {},
  )
  await expect(
    loaded(`\nimport { ddum } from '../../samplers/kernel.ts'\nddum()\n`, path),
  ).rejects.toMatchObject({
    line: 2,
    message: "'solvers/samplers/kernel.ts' exports no 'ddum'",
  })
  expect(() => moduleIn({}, 'toString', 1, [])).toThrow(MissingError)
})

test('a text survives the address; what is no such text is no error', async () => {
  for (const text of [source, 'ζ → ½ 𝔼', ' ']) {
    const short = await packed(text)
    expect(isPacked(short)).toBe(true)
    expect(await unpacked(short)).toBe(text)
  }
  const short = await packed(source)
  expect(short.length).toBeLessThan(source.length * 0.75)
  for (const broken of [
    '',
    'a b',
    short.slice(0, -40),
    `${short.slice(0, 50)}AAAA${short.slice(50)}`,
    'AAAA',
  ])
    expect(await unpacked(broken)).toBeUndefined()
  // A text that unfolds to more than a page should hold.
  expect(await unpacked(await packed('a'.repeat(150_000)))).toHaveLength(150_000)
  await expect(packed('a'.repeat(4_000_000)).then(unpacked)).resolves.toBeUndefined()
})

test('the faults that the project plants in method files are planted in texts, and known again', async () => {
  const faults = await faultsOf(path)
  expect(faults.length).toBeGreaterThanOrEqual(5)
  for (const fault of faults) {
    const text = planted(source, fault)
    expect([fault.name, text === undefined || text === source]).toEqual([fault.name, false])
    expect(faultIn(source, text ?? '', faults)).toBe(fault)
  }
  const [first] = faults
  if (first === undefined) throw new Error('no fault')
  expect(planted(source.replace(first.find, ''), first)).toBeUndefined()
  expect(planted(source + source, first)).toBeUndefined()
  expect(faultIn(source, source, faults)).toBeUndefined()
})
