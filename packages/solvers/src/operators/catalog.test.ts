import { OptionError, ShapeError, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { operatorFromSpec, operators } from './index.ts'

const shape = [3, 28, 28]

test.each([
  ['denoise', 'denoise', 2352],
  ['inpaint', 'inpaint', 3 * 588],
  ['inpaint:box=14', 'inpaint', 3 * 588],
  ['inpaint:box=28x7', 'inpaint', 3 * 588],
  ['inpaint:box=2,at=0x26', 'inpaint', 3 * 780],
  ['inpaint:random=0.7', 'inpaint', 3 * 235],
  ['inpaint:random=.5,seed=9', 'inpaint', 3 * 392],
  ['inpaint:box=12,margin=3,seed=2', 'inpaint', 3 * 640],
  ['inpaint:lines=rows,keep=4', 'inpaint', 3 * 7 * 28],
  ['inpaint:lines=columns,hide=3', 'inpaint', 3 * 18 * 28],
  ['inpaint:lines=rows,random=0.25,seed=5', 'inpaint', 3 * 21 * 28],
  ['sr', 'sr', 147],
  ['sr:2', 'sr', 588],
  ['sr:factor=7', 'sr', 48],
  ['blur', 'blur', 2352],
  ['blur:size=9,std=1.5', 'blur', 2352],
  ['blur: std=3e-1 , boundary=zero', 'blur', 2352],
  ['blur:size=9,boundary=valid', 'blur', 1200],
  ['uniform-blur:5', 'uniform-blur', 2352],
  ['motion-blur:size=9,intensity=1,seed=3', 'motion-blur', 2352],
  ['kernel-blur:boundary=reflect', 'kernel-blur', 2352],
  ['nonlinear-blur:exposure=2', 'nonlinear-blur', 2352],
  ['grey', 'grey', 784],
  ['blind-blur', 'blind-blur', 2352],
  ['blind-blur:size=7,kernel=motion,angle=30', 'blind-blur', 2352],
  ['grey:weights=luma', 'grey', 784],
  ['mri:4', 'mri', 3 * 2 * 28 * 7],
  ['multicoil-mri', 'multicoil-mri', 3 * 8 * 2 * 28 * 7],
  ['multicoil-mri:coils=4,acceleration=2', 'multicoil-mri', 3 * 4 * 2 * 28 * 14],
  ['blind-mri', 'blind-mri', 3 * 8 * 2 * 28 * 7],
  ['blind-mri:coils=4,acceleration=2', 'blind-mri', 3 * 4 * 2 * 28 * 14],
  ['phase-retrieval', 'phase-retrieval', 3 * 42 * 42],
  ['phase-retrieval:4', 'phase-retrieval', 3 * 56 * 56],
  ['coded-diffraction', 'coded-diffraction', 2352],
  ['coded-diffraction:4,law=octanary', 'coded-diffraction', 4 * 2352],
  ['mri:acceleration=2,pattern=random,centre=0.1,decay=2', 'mri', 3 * 2 * 28 * 14],
  ['demosaic', 'demosaic', 784],
  ['hdr', 'hdr', 2352],
  ['hdr:3.5', 'hdr', 2352],
  ['quantise:bits=4', 'quantise', 2352],
  ['cs-gaussian:0.1', 'cs-gaussian', 235],
  ['cs-walsh-hadamard', 'cs-walsh-hadamard', 3 * 196],
  ['cs-walsh-hadamard:ratio=0.5,order=sequency', 'cs-walsh-hadamard', 3 * 392],
  ['cs-block:ratio=0.1,block=4', 'cs-block', 3 * 49 * 2],
  ['cs-block', 'cs-block', 3 * 196],
  ['demosaic:GBRG', 'demosaic', 784],
])('%s', (spec, name, observed) => {
  const operator = operatorFromSpec(spec, shape)
  expect([operator.name, operator.observed]).toEqual([name, observed])
})

test('options arrive as numbers, pairs and words', () => {
  const settings = (spec: string) => operators.parse(spec).settings
  expect(settings('inpaint:box=14x10,at=0x3')).toEqual({ box: [14, 10], at: [0, 3] })
  expect(settings('sr:4')).toEqual({ factor: 4 })
  expect(settings('blur:boundary=zero,rcond=1e-5')).toEqual({ boundary: 'zero', rcond: 1e-5 })
})

test.each([
  ['inpait:box=3', `no operator 'inpait'; there are ${operators.names.join(', ')}`],
  ['', "no operator ''"],
  ['constructor', "no operator 'constructor'"],
  ['blur:sigma=2', 'sigma: is no option of blur; it has size, std, stdX, boundary, rcond'],
  ['blur:toString=2', 'toString: is no option of blur'],
  ['denoise:x=1', 'x: is no option of denoise; it has none'],
  ['blur:9', "'9' in 'blur:9' is no key=value; for example blur:size=9,std=1.5"],
  ['sr:', 'is no key=value; for example sr:4'],
  ['blur:size=', 'is no key=value'],
  ['blur:size=9,size=7', 'gives size twice'],
  ['sr:2,factor=2', 'gives factor twice'],
  ['blur:size=8', "size: must be an odd integer of at least 1, got '8'"],
  ['blur:std=wide', "std: must be a number above 0, got 'wide'"],
  ['blur:std=0x10', "got '0x10'"],
  ['blur:boundary=wrap', "boundary: must be circular | zero | reflect | symmetric | valid, got 'wrap'"],
  ['kernel-blur:kernel=psf.npy', 'kernel: is read from a file on a command line only'],
  ['motion-blur:intensity=1.5', "intensity: must be a number from 0 to 1, got '1.5'"],
  ['hdr:0', "gain: must be a number of at least 1, got '0'"],
  ['quantise:0', "bits: must be an integer from 1 to 16, got '0'"],
  ['jpeg:101', "quality: must be an integer from 1 to 100, got '101'"],
  ['jpeg:subsampling=4:2:2', "must be 4:2:0 | 4:2:0-corner | 4:4:4, got '4:2:2'"],
  ['sr:2.5', "factor: must be an integer of at least 1, got '2.5'"],
  ['inpaint:random=1.5', "random: must be a number of at least 0 and below 1, got '1.5'"],
  ['inpaint:at=3', "at: must be two integers of at least 0, such as 14x10, got '3'"],
  ['inpaint:box=-3', "got '-3'"],
])('%s is refused with what would fit', (spec, message) => {
  expect(() => operatorFromSpec(spec, shape)).toThrow(OptionError)
  expect(() => operatorFromSpec(spec, shape)).toThrow(message)
})

describe('what depends on the image', () => {
  test.each([
    ['inpaint:box=29', OptionError, 'does not fit into 28×28'],
    ['inpaint:box=14,random=0.5', OptionError, 'give box (and at or margin), random, keep, hide or mask'],
    ['inpaint:lines=rows,keep=2,hide=2', OptionError, 'not two of them'],
    ['inpaint:box=14,seed=1', OptionError, 'seed: goes with random or margin only'],
    ['inpaint:seed=1', OptionError, 'seed: goes with random or margin only'],
    ['inpaint:at=1x1,margin=2', OptionError, 'margin: draws where the box lies: not with at'],
    ['inpaint:box=14,margin=8', OptionError, 'margin: twice 8 and a box of 14 exceed 28 rows; 0 … 7 fit'],
    ['inpaint:box=30,margin=8', OptionError, 'the box itself does not fit'],
    ['inpaint:keep=2', OptionError, 'lines: must be rows or columns with keep or hide'],
    ['inpaint:lines=rows', OptionError, 'lines: rows go with random, keep or hide'],
    ['inpaint:lines=rows,box=3', OptionError, 'lines: rows go with random, keep or hide'],
    ['inpaint:lines=rows,random=0.99', OptionError, 'hides all 28 rows'],
    ['inpaint:mask=hole.png', OptionError, 'mask: is read from a file on a command line only'],
    ['blur:size=29,boundary=valid', OptionError, 'the kernel’s side of 29 exceeds the image’s of 28'],
    ['motion-blur:boundary=valid', OptionError, 'the kernel’s side of 61 exceeds the image’s of 28'],
    ['kernel-blur:boundary=zero,rcond=0.1', OptionError, 'rcond: goes with boundary=circular only'],
    [
      'mri:8,centre=0.5',
      OptionError,
      'centre: 0.5 is 14 columns; at most 4 of 28 columns fit acceleration 8',
    ],
    ['mri:pattern=radial,centre=0.1', OptionError, 'centre: goes with random and equispaced'],
    ['mri:pattern=radial,decay=1', OptionError, 'decay: goes with random only'],
    ['cs-block:block=5', OptionError, '5 does not divide 28×28; 1, 2, 4, 7, 14, 28 fit'],
    [
      'cs-block:block=1',
      OptionError,
      'ratio: 0.25 of 1 pixels of a block is none; 0.5 and more measures one',
    ],
    ['cs-walsh-hadamard:0.0001', OptionError, '0.0001 of 784 coefficients is none'],
    ['jpeg', ShapeError, 'jpeg: sides must be multiples of 16; 16×16 and 32×32 fit'],
    ['jpeg:subsampling=4:4:4', ShapeError, 'jpeg: sides must be multiples of 8; 24×24 and 32×32 fit'],
    ['sr:3', OptionError, '3 does not divide 28×28; 1, 2, 4, 7, 14, 28 fit'],
  ])('%s', (spec, kind, message) => {
    expect(() => operatorFromSpec(spec, shape)).toThrow(kind)
    expect(() => operatorFromSpec(spec, shape)).toThrow(message)
  })

  test('shapes', () => {
    expect(() => operatorFromSpec('grey', [1, 28, 28])).toThrow(ShapeError)
    expect(() => operatorFromSpec('mri:image=complex', [3, 28, 28])).toThrow('re and im in turn')
    expect(() => operatorFromSpec('demosaic', [1, 28, 28])).toThrow('needs 3 channels')
    for (const spec of [
      'inpaint',
      'sr',
      'blur',
      'uniform-blur',
      'motion-blur',
      'kernel-blur',
      'nonlinear-blur',
      'grey',
      'demosaic',
      'mri',
    ])
      expect(() => operatorFromSpec(spec, [28, 28])).toThrow(ShapeError)
  })
})

test('the table is fit to print: every entry works as it says', () => {
  for (const kind of operators) {
    const { name, summary, example, options } = kind.info
    expect(summary).not.toBe('')
    expect(operators.parse(example).entry.info.name).toBe(name)
    // Sides of 32: of whole blocks, whatever an operator takes.
    const whole = [3, 32, 32]
    expect(operatorFromSpec(example, whole).inShape).toEqual(whole)
    const operator = kind(whole)
    expect(operator.inShape).toEqual(whole)
    // Images, of whatever size.
    const shown = operator.display(zeros([2, ...operator.outShape]))
    expect([shown.shape.length, shown.shape[0]]).toEqual([4, 2])
    for (const option of Object.values(options)) {
      expect(option.doc).not.toBe('')
      expect(option.range).not.toBe('')
    }
  }
  expect(() => operators.find('sr').make(shape, { factor: [2, 2] })).toThrow('got 2x2')
})
