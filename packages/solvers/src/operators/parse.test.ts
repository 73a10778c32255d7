import { OptionError, ShapeError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { OperatorEntry } from './index.ts'
import { operatorFromSpec, operators, parseOperator } from './index.ts'

const shape = [3, 28, 28]

test.each([
  ['denoise', 'identity', 2352],
  ['inpaint', 'boxInpainting', 3 * 588],
  ['inpaint:box=14', 'boxInpainting', 3 * 588],
  ['inpaint:box=28x7', 'boxInpainting', 3 * 588],
  ['inpaint:box=2,at=0x26', 'boxInpainting', 3 * 780],
  ['inpaint:random=0.7', 'randomInpainting', 3 * 235],
  ['inpaint:random=.5,seed=9', 'randomInpainting', 3 * 392],
  ['sr', 'averagePooling', 147],
  ['sr:2', 'averagePooling', 588],
  ['sr:factor=7', 'averagePooling', 48],
  ['blur', 'gaussianBlur', 2352],
  ['blur:size=9,std=1.5', 'gaussianBlur', 2352],
  ['blur: std=3e-1 , boundary=zero', 'gaussianBlur', 2352],
  ['grey', 'colourToGrey', 784],
  ['grey:weights=luma', 'colourToGrey', 784],
])('%s', (spec, name, observed) => {
  const operator = operatorFromSpec(spec, shape)
  expect([operator.name, operator.observed]).toEqual([name, observed])
})

test('options arrive as numbers, pairs and words', () => {
  expect(parseOperator('inpaint:box=14x10,at=0x3')).toEqual({
    name: 'inpaint',
    options: { box: [14, 10], at: [0, 3] },
  })
  expect(parseOperator('sr:4')).toEqual({ name: 'sr', options: { factor: 4 } })
  expect(parseOperator('blur:boundary=zero')).toEqual({ name: 'blur', options: { boundary: 'zero' } })
})

test.each([
  ['inpait:box=3', "no operator 'inpait'; there are denoise, inpaint, sr, blur, grey"],
  ['', "no operator ''"],
  ['constructor', "no operator 'constructor'"],
  ['blur:sigma=2', "'blur' has no option 'sigma'; it has size, std, boundary"],
  ['blur:toString=2', "no option 'toString'"],
  ['denoise:x=1', "'denoise' has no option 'x'; it has none"],
  ['blur:9', "'9' in 'blur:9' is no key=value; for example blur:size=9,std=1.5"],
  ['sr:', 'is no key=value; for example sr:4'],
  ['blur:size=', 'is no key=value'],
  ['blur:size=9,size=7', 'gives size twice'],
  ['sr:2,factor=2', 'gives factor twice'],
  ['blur:size=8', "'blur' takes size = an odd number from 1, got 8"],
  ['blur:std=wide', "'blur' takes std = above 0, got 'wide'"],
  ['blur:std=0x10', "got '0x10'"],
  ['blur:boundary=wrap', 'boundary = circular | zero | reflect, got wrap'],
  ['sr:2.5', 'factor = a whole number from 1, got 2.5'],
  ['inpaint:random=1.5', 'random = 0 to 1, below 1, got 1.5'],
  ['inpaint:at=3', "at = 0x0 to where the box still fits, got '3'"],
  ['inpaint:box=-3', 'got -3'],
])('%s is refused with what would fit', (spec, message) => {
  expect(() => parseOperator(spec)).toThrow(OptionError)
  expect(() => parseOperator(spec)).toThrow(message)
})

describe('what depends on the image', () => {
  test.each([
    ['inpaint:box=29', OptionError, 'does not fit into 28×28'],
    ['inpaint:box=14,random=0.5', OptionError, 'give box (and at) or random'],
    ['inpaint:box=14,seed=1', OptionError, 'seed with random only'],
    ['sr:3', OptionError, '3 does not divide 28×28; 1, 2, 4, 7, 14, 28 fit'],
  ])('%s', (spec, kind, message) => {
    expect(() => operatorFromSpec(spec, shape)).toThrow(kind)
    expect(() => operatorFromSpec(spec, shape)).toThrow(message)
  })

  test('shapes', () => {
    expect(() => operatorFromSpec('grey', [1, 28, 28])).toThrow(ShapeError)
    expect(() => operatorFromSpec('denoise', [28, 28])).toThrow(ShapeError)
  })
})

test('the table is fit to print: every entry works as it says', () => {
  for (const [name, entry] of Object.entries(operators) as [string, OperatorEntry][]) {
    expect(entry.summary).not.toBe('')
    expect(parseOperator(entry.example).name).toBe(name)
    expect(operatorFromSpec(entry.example, shape).inShape).toEqual(shape)
    expect(entry.make(shape).inShape).toEqual(shape)
    if (entry.positional !== undefined) expect(Object.keys(entry.options)).toContain(entry.positional)
    for (const option of Object.values(entry.options)) {
      expect(option.summary).not.toBe('')
      expect(option.range).not.toBe('')
    }
  }
  expect(() => operators.sr.make(shape, { factor: [2, 2] })).toThrow('got 2x2')
})
