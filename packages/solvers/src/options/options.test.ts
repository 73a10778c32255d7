import { OptionError } from '@tweedie/tensor'
import { expect, expectTypeOf, test } from 'vitest'
import type { Filled, Given } from './index.ts'
import {
  array,
  catalog,
  choice,
  fill,
  flag,
  formatSpec,
  formatValue,
  integer,
  interval,
  number,
  object,
  pair,
  readSettings,
  sides,
  splitSpec,
  text,
} from './index.ts'

const isSet = (value: unknown): value is Set<number> => value instanceof Set
const specs = {
  scale: number('a length', { min: 0, otherwise: '300/steps' }),
  eta: number('η', { default: 1, min: 0, max: 1 }),
  std: number('spread', { default: 1.5, above: 0 }),
  part: number('a part', { default: 0.5, min: 0, below: 1 }),
  free: number('any', { default: -1 }),
  taps: integer('taps', { default: 9, min: 1, odd: true }),
  seed: integer('which', { default: 0, min: 0 }),
  rule: choice('how', ['norm', 'score', 'none'], 'score'),
  still: flag('no noise'),
  at: pair('a place', { otherwise: 'centred' }),
  box: sides('a box', { otherwise: 'half' }),
  clip: interval('range', 'none'),
  file: text('kernel', 'a file'),
  set: object('things', 'a Set', isSet),
  grid: array('numbers', 'a Set of numbers, or a file', isSet),
}

test('types are inferred: what may be given, what is there when filled', () => {
  expectTypeOf<Given<typeof specs>['rule']>().toEqualTypeOf<'norm' | 'score' | 'none' | undefined>()
  expectTypeOf<Filled<typeof specs>['eta']>().toEqualTypeOf<number>()
  expectTypeOf<Filled<typeof specs>['scale']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Filled<typeof specs>['set']>().toEqualTypeOf<Set<number> | undefined>()
  expectTypeOf<Filled<typeof specs>['box']>().toEqualTypeOf<number | readonly [number, number] | undefined>()
  // @ts-expect-error no such word
  expect(() => fill('mine', specs, { rule: 'cubic' })).toThrow('norm | score | none')
  // @ts-expect-error no such option
  expect(() => fill('mine', specs, { zeta: 1 })).toThrow('is no option of mine')
})

test('defaults are filled in, undefined counts as left out', () => {
  const filled = fill('mine', specs, { eta: undefined, taps: 3 })
  expect(filled).toEqual({
    eta: 1,
    std: 1.5,
    part: 0.5,
    free: -1,
    taps: 3,
    seed: 0,
    rule: 'score',
    still: false,
  })
})

test.each([
  ['eta', 0, 1, 0.5],
  ['std', 1e-300, 1e300],
  ['part', 0, 0.999],
  ['free', -1e9, 0],
  ['taps', 1, 9],
  ['seed', 0, 2 ** 53 - 1],
  ['rule', 'norm', 'none'],
  ['still', true, false],
  ['at', [0, 3], [14, 10]],
  ['box', 14, [14, 10]],
  ['clip', [-1, 1], [0, 0.5]],
  ['file', 'k.npy'],
  ['set', new Set([1])],
] as const)('%s takes %j …', (name, ...values) => {
  for (const value of values) expect(fill('mine', specs, { [name]: value })).toMatchObject({ [name]: value })
})

test.each([
  ['eta', 'a number from 0 to 1', [-1e-9, 1.1, NaN, Infinity, '1', true]],
  ['scale', 'a number of at least 0', [-1, Infinity]],
  ['std', 'a number above 0', [0, -1]],
  ['part', 'a number of at least 0 and below 1', [1, -0.1]],
  ['free', 'a number', [NaN, -Infinity]],
  ['taps', 'an odd integer of at least 1', [8, 2.5, -1]],
  ['seed', 'an integer of at least 0', [0.5, 2 ** 53]],
  ['rule', 'norm | score | none', ['Norm', 0]],
  ['still', 'true | false', [1, 'true']],
  ['at', 'two integers of at least 0, such as 14x10', [3, [1], [1, 2, 3], [-1, 2], [0.5, 1]]],
  ['box', 'an integer of at least 1, or two such as 14x10', [0, [0, 3], 2.5]],
  ['clip', '[low, high] with low < high, as text low..high', [[1, 1], [1, -1], [0, Infinity], 3]],
  ['file', 'a file', ['', 3]],
  ['set', 'a Set', [[1]]],
] as const)('%s must be %s', (name, range, values) => {
  expect(specs[name].range).toBe(range)
  for (const value of values) {
    const wrong = () => fill('mine', specs as typeof specs, { [name]: value })
    expect(wrong).toThrow(OptionError)
    expect(wrong).toThrow(`${name}: must be ${range}, got ${formatValue(value)}`)
  }
})

test('texts are read as their values', () => {
  const texts = {
    eta: '.5', std: '3e-1', taps: '7', rule: 'norm', still: 'true', at: '0x3', box: '14', clip: '-1..0.5', file: 'k.npy',
  } // biome-ignore format: a table
  const values = {
    eta: 0.5, std: 0.3, taps: 7, rule: 'norm', still: true, at: [0, 3], box: 14, clip: [-1, 0.5], file: 'k.npy',
  } // biome-ignore format: a table
  expect(readSettings('mine', specs, texts)).toEqual(values)
  expect(readSettings('mine', specs, values), 'as saved').toEqual(values)
  expect(readSettings('mine', specs, { box: '14x10' })).toEqual({ box: [14, 10] })
})

test.each([
  ['eta', '0x1', "must be a number from 0 to 1, got '0x1'"],
  ['eta', '', "got ''"],
  ['eta', '1.5', "got '1.5'"],
  ['taps', '2.5', "got '2.5'"],
  ['at', '3', "got '3'"],
  ['at', '1x2x3', "got '1x2x3'"],
  ['clip', '1..2..3', "got '1..2..3'"],
  ['clip', '1', "got '1'"],
  ['still', 'toString', "got 'toString'"],
  ['set', '1', 'cannot be given as text'],
  ['grid', 'g.npy', 'is read from a file on a command line only'],
  ['zeta', '1', 'is no option of mine; it has scale, eta'],
  ['toString', '1', 'is no option of mine'],
])('%s=%s is refused', (name, value, message) => {
  expect(() => readSettings('mine', specs, { [name]: value })).toThrow(OptionError)
  expect(() => readSettings('mine', specs, { [name]: value })).toThrow(message)
})

test('name:key=value is taken apart and put together', () => {
  expect(splitSpec('operator', 'blur: std=3e-1 , boundary=zero')).toEqual({
    name: 'blur',
    settings: { std: '3e-1', boundary: 'zero' },
  })
  const settings = { box: [14, 10], at: [0, 3], clip: [-1, 0.5], eta: 0.85 }
  const written = formatSpec('mine', { ...settings, seed: undefined })
  expect(written).toBe('mine:box=14x10,at=0x3,clip=-1..0.5,eta=0.85')
  expect(readSettings('mine', specs, splitSpec('method', written).settings)).toEqual(settings)
  expect(formatSpec('denoise', {})).toBe('denoise')
})

test('a catalog is a list that finds by name', () => {
  const entry = (name: string) => ({
    info: { name, options: specs, positional: 'taps', example: `${name}:9` },
  })
  const kinds = catalog('operator', [entry('blur'), entry('sr')])
  expect(kinds.names).toEqual(['blur', 'sr'])
  expect([...kinds].map(({ info }) => info.name)).toEqual(['blur', 'sr'])
  expect(kinds.parse('sr:3')).toMatchObject({ entry: { info: { name: 'sr' } }, settings: { taps: 3 } })
  expect(kinds.parse(' blur ').settings).toEqual({})
  expect(kinds.with(entry('mine')).find('mine').info.name).toBe('mine')
  expect(() => kinds.with(entry('sr'))).toThrow("there are two operators named 'sr'")
  for (const [spec, message] of [
    ['bluur', "operator: no operator 'bluur'; there are blur, sr"],
    ['constructor', "no operator 'constructor'"],
    ['', "no operator ''"],
    ['sr:', "operator: '' in 'sr:' is no key=value; for example sr:9"],
    ['sr:taps=', 'is no key=value'],
    ['sr:=3', 'is no key=value'],
    ['sr:3,taps=5', 'gives taps twice'],
    ['sr:zeta=1', 'zeta: is no option of sr; it has'],
    ['sr:8', "taps: must be an odd integer of at least 1, got '8'"],
  ] as const) {
    expect(() => kinds.parse(spec)).toThrow(OptionError)
    expect(() => kinds.parse(spec)).toThrow(message)
  }
})
