import { OptionError, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianNoise, noiseFromSpec, poissonNoise } from '../noise/index.ts'
import { matrixOperator, operatorFromSpec, operators } from '../operators/index.ts'
import { fillSettings } from '../options/index.ts'
import type { Operator } from '../types.ts'
import type { Cost } from './index.ts'
import {
  costClass,
  costOf,
  costWords,
  ddrm,
  dps,
  lackOf,
  methods,
  presetOf,
  presetsOf,
  redDiff,
  rulesOf,
} from './index.ts'
import { builtInPresets } from './presets.ts'

/** Some take seconds to build at this size: each once. */
const built = new Map<string, Operator | undefined>()
function operatorOf(spec: string): Operator | undefined {
  if (!built.has(spec))
    built.set(
      spec,
      [1, 3, 2].flatMap((channels) => {
        try {
          return [operatorFromSpec(spec, [channels, 256, 256])]
        } catch (error) {
          if (error instanceof OptionError) throw error
          return []
        }
      })[0],
    )
  return built.get(spec)
}

const all = [...methods].flatMap((method) => presetsOf(method).map((preset) => ({ method, preset })))

describe.each(all.map((one) => [`${one.method.info.name}/${one.preset.name}`, one] as const))(
  '%s',
  (_, { method, preset }) => {
    const { name, options } = method.info
    const presets = presetsOf(method)
    test('has a name of its own, settings that the method takes, and says where they come from', () => {
      expect(preset.name).toMatch(/^[a-z0-9.]+(-[a-z0-9.]+)*$/)
      expect(presets.filter((other) => other.name === preset.name)).toEqual([preset])
      expect(() => fillSettings(name, options, preset.settings)).not.toThrow()
      expect(preset.from.length).toBeGreaterThan(20)
      expect(presetOf(method, preset.name)).toBe(preset)
    })

    test('names an operator and a noise that the method takes, where it names them', () => {
      const noise = noiseFromSpec(preset.noise ?? 'gaussian:0.1')
      const operator =
        preset.operator === undefined ? matrixOperator(tensor([[1, 0]])) : operatorOf(preset.operator)
      expect(operator).toBeDefined()
      if (operator !== undefined) expect(lackOf(method.info, { operator, noise })).toBeUndefined()
      if (preset.operator !== undefined) expect(operators.parse(preset.operator)).toBeDefined()
    })
  },
)

test.each(methods.names)('%s says when it fails', (name) => {
  expect(methods.find(name).info.limits).toMatch(/^\p{L}.*\.$/u)
})

test('there are presets, and all are of a method', () => {
  expect(all.length).toBeGreaterThan(8)
  expect([...builtInPresets.keys()].filter((name) => !methods.names.includes(name))).toEqual([])
})

test('a method that was defined with presets has those alone', () => {
  const own = { name: 'own', settings: { steps: 10 }, from: 'here' }
  expect(presetsOf({ info: { name: 'dps', presets: [own] } })).toEqual([own])
  expect(presetsOf({ info: { name: 'mine', presets: [] } })).toEqual([])
})

test('a preset that is none: those there are', () => {
  expect(() => presetOf(redDiff, 'magic')).toThrow(
    new OptionError('preset', "red-diff has no preset 'magic'; it has imagenet-fast, imagenet, inversebench"),
  )
  expect(() => presetOf({ info: { name: 'mine', presets: [] } }, 'x')).toThrow('it has none')
})

test('the cost of a step in letters', () => {
  expect(costClass([])).toBe('S')
  expect(costClass(costOf(dps.info))).toBe('V')
  expect(costClass(costOf(ddrm.info))).toBe('S+D')
  expect(costClass(['vjp', 'svd', 'particles'])).toBe('V+D+K')
  const letters = Object.values(costWords).map(({ letter }) => letter)
  expect(new Set([...letters, 'S']).size).toBe(letters.length + 1)
  const every: readonly Cost[] = ['vjp', 'svd', 'prox', 'inner', 'particles']
  expect(costClass(every)).toBe('V+D+P+I+K')
})

test('what a problem lacks: the first need that is not there', () => {
  const linear = matrixOperator(tensor([[1, 0]]))
  const { svd, pinv, ...plain } = linear
  const noise = gaussianNoise(0.1)
  expect(lackOf(ddrm.info, { operator: linear, noise })).toBeUndefined()
  expect(lackOf(ddrm.info, { operator: plain, noise: poissonNoise() })).toMatchObject({
    need: 'svd',
    why: expect.stringMatching(/no svd/),
  })
  expect(lackOf(ddrm.info, { operator: linear, noise: poissonNoise() })).toMatchObject({ need: 'sigma' })
  expect(lackOf(dps.info, { operator: { ...plain, differentiable: false }, noise })).toMatchObject({
    need: 'operatorVjp',
  })
  const { problem } = { problem: { operator: linear, noise: poissonNoise(), y: zeros([1, 1]) } }
  expect(lackOf({ rules: rulesOf(['likelihood', 'sigma']) }, problem)).toMatchObject({ need: 'sigma' })
})
