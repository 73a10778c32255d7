import type { Shape } from '@tweedie/tensor'
import { normal, randomKey, sizeOf, uniform } from '@tweedie/tensor'
import fc from 'fast-check'
import type { Control, OptionSpec, Settings, Specs } from '../options/index.ts'
import { blur, kernelBlur, sr, uniformBlur } from './index.ts'

// Shapes and options of operators, drawn: from what the options say of themselves, or written down where that seldom fits.

const side = fc.integer({ min: 1, max: 6 })
const kernelSide = fc.oneof({ weight: 3, arbitrary: side }, { weight: 1, arbitrary: fc.constant(41) })
const ratio = fc.double({ min: 0.1, max: 1, noNaN: true })
export const image = fc.tuple(fc.integer({ min: 1, max: 3 }), side, side)

/** Images, real or complex, and masks of frequencies for them. */
const measuredFrequencies = fc
  .record({
    image: fc.constantFrom('real', 'complex'),
    images: fc.integer({ min: 1, max: 2 }),
    sides: fc.tuple(side, side),
    pattern: fc.constantFrom('random', 'equispaced', 'radial'),
    acceleration: fc.double({ min: 1, max: 3, noNaN: true }),
    seed: fc.nat(1e6),
  })
  .map(({ image, images, sides, ...mask }) => ({
    shape: [image === 'complex' ? 2 * images : images, ...sides],
    options: { image, ...mask, ...(mask.pattern === 'random' && { decay: mask.seed % 3 }) },
  }))

/** The same with some coils. */
const coiled = fc
  .tuple(measuredFrequencies, fc.integer({ min: 1, max: 4 }))
  .map(([{ shape, options }, coils]) => ({ shape, options: { ...options, coils } }))

/** A matrix of N(0, 1), in float64. */
export const randomMatrix = (rows: number, columns: number, seed: number) =>
  normal(randomKey(seed), [rows, columns], { dtype: 'float64' })

/** Shapes and options that hit where drawing at random would seldom fit. */
export const written: Readonly<Record<string, fc.Arbitrary<{ shape: Shape; options: Settings }>>> = {
  inpaint: fc.oneof(
    // A box somewhere in an image that is larger than it.
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), side, side, side, side, fc.boolean())
      .chain(([c, h, w, dh, dw, centred]) =>
        fc.tuple(fc.integer({ min: 0, max: dh }), fc.integer({ min: 0, max: dw })).map(([top, left]) => ({
          shape: [c, h + dh, w + dw],
          options: { box: [h, w], ...(centred ? {} : { at: [top, left] }) },
        })),
      ),
    // A box anywhere within a margin.
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), side, side, side, fc.nat(2), fc.nat(9))
      .map(([c, h, w, more, margin, seed]) => ({
        shape: [c, h + 2 * margin + more, w + 2 * margin],
        options: { box: [h, w], margin, seed },
      })),
    fc.record({
      shape: image,
      options: fc.oneof(
        fc.record({ lines: fc.constantFrom('rows', 'columns'), keep: fc.integer({ min: 2, max: 4 }) }),
        fc.record({ lines: fc.constantFrom('rows', 'columns'), hide: fc.integer({ min: 2, max: 4 }) }),
        fc.record({
          lines: fc.constantFrom('rows', 'columns'),
          random: fc.double({ min: 0, max: 0.49, noNaN: true }),
          seed: fc.nat(),
        }),
      ),
    }),
    fc.record({
      shape: image,
      options: fc.record({ random: fc.double({ min: 0, max: 0.49, noNaN: true }), seed: fc.nat() }),
    }),
    fc.tuple(image, fc.boolean(), fc.nat(1e6)).map(([shape, shared, seed]) => {
      const count = shared ? shape[1] * shape[2] : sizeOf(shape)
      const mask = Array.from(uniform(randomKey(seed), [count]).dataSync(), (u) => u < 0.5)
      mask[seed % count] = true
      return { shape, options: { mask } }
    }),
  ),
  demosaic: fc.record({
    shape: fc.tuple(fc.constant(3), side, side),
    options: fc.record({ pattern: fc.constantFrom('RGGB', 'BGGR', 'GRBG', 'GBRG') }),
  }),
  'cs-gaussian': fc.record({ shape: image, options: fc.record({ ratio, seed: fc.nat(99) }) }),
  'cs-walsh-hadamard': fc.record({
    shape: image,
    options: fc.record({ ratio, seed: fc.nat(99), order: fc.constantFrom('random', 'sequency') }),
  }),
  'cs-block': fc
    .tuple(...[2, 3, 3, 3].map((max) => fc.integer({ min: 1, max })), ratio, fc.nat(99))
    .map(([c = 1, h = 1, w = 1, block = 1, part, seed]) => ({
      shape: [c, h * block, w * block],
      options: { block, ratio: part, seed },
    })),
  jpeg: fc
    .tuple(fc.constantFrom(1, 3), fc.constantFrom(1, 2), fc.constantFrom(1, 2), fc.constantFrom(8, 16))
    .chain(([c, h, w, block]) =>
      fc.record({
        shape: fc.constant([c, h * block, w * block]),
        options: fc.record({
          quality: fc.integer({ min: 1, max: 100 }),
          subsampling: fc.constantFrom(...(block === 8 ? ['4:4:4'] : ['4:2:0', '4:2:0-corner', '4:4:4'])),
        }),
      }),
    ),
  sr: fc
    .tuple(
      fc.tuple(...[3, 3, 3, 4].map((max) => fc.integer({ min: 1, max }))),
      drawnBy(sr.info.options.filter.control),
      fc.option(fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 })),
    )
    .map(([[c = 1, h = 1, w = 1, factor = 1], filter, taps]) => ({
      shape: [c, h * factor, w * factor],
      options: { factor, ...(taps === null ? { filter } : { taps }) },
    })),
  // Columns and spokes, real and complex images, at accelerations that every middle allows.
  mri: measuredFrequencies,
  'multicoil-mri': coiled,
  'blind-mri': coiled,
  'inverse-scattering': fc.record({
    shape: image,
    options: fc.record({
      transmitters: fc.integer({ min: 1, max: 3 }),
      receivers: fc.integer({ min: 1, max: 5 }),
      wavelength: fc.double({ min: 2, max: 9, noNaN: true }),
      radius: fc.double({ min: 0.2, max: 2, noNaN: true }),
    }),
  }),
  tomography: fc.record({
    shape: image,
    options: fc.record({
      angles: fc.integer({ min: 1, max: 5 }),
      range: fc.double({ min: 20, max: 360, noNaN: true }),
      start: fc.double({ min: -180, max: 180, noNaN: true }),
      // Too few detectors see a part of the image.
      detectors: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
    }),
  }),
  'blind-blur': fc.record({
    shape: image,
    options: fc.record({
      size: fc.constantFrom(1, 3, 5),
      kernel: fc.constantFrom('gaussian', 'motion'),
      std: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
      length: fc.double({ min: 1, max: 5, noNaN: true }),
      angle: fc.double({ min: -180, max: 180, noNaN: true }),
    }),
  }),
  blur: fc.record({
    shape: image,
    options: fc.record({
      size: fc.integer({ min: 0, max: 4 }).map((k) => 2 * k + 1),
      std: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
      stdX: fc.option(fc.double({ min: 0.3, max: 1.2, noNaN: true }), { nil: undefined }),
      boundary: drawnBy(blur.info.options.boundary.control),
    }),
  }),
  'uniform-blur': fc.record({
    shape: image,
    options: fc.record({
      size: fc.integer({ min: 1, max: 6 }),
      boundary: drawnBy(uniformBlur.info.options.boundary.control),
    }),
  }),
  // Kernels of any sides, larger than the image, large enough for transforms, and with negative taps among them. Those are
  // left out whose taps nearly cancel: on an image of one pixel A is their sum, and no scale for how it was rounded.
  'kernel-blur': fc
    .tuple(image, kernelSide, kernelSide, fc.nat(1e6), drawnBy(kernelBlur.info.options.boundary.control))
    .map(([shape, rows, columns, seed, boundary]) => ({
      shape,
      options: { kernel: randomMatrix(rows, columns, seed), sum: 'kept', boundary },
    }))
    .filter(({ options: { kernel } }) => {
      const taps = Array.from(kernel.dataSync())
      return Math.abs(taps.reduce((sum, tap) => sum + tap, 0)) >= Math.hypot(...taps) / 2
    }),
  'motion-blur': fc.record({
    shape: image,
    options: fc.record({
      size: fc.integer({ min: 1, max: 6 }),
      intensity: fc.constantFrom(0, 0.5, 1),
      seed: fc.nat(1e6),
      boundary: drawnBy(kernelBlur.info.options.boundary.control),
    }),
  }),
}

/** Values of an option from its control; undefined, for its default, where it says nothing that can be drawn. */
function drawnBy(control: Control): fc.Arbitrary<unknown> {
  if (control.kind === 'choice') return fc.constantFrom(...control.choices)
  if (control.kind === 'flag') return fc.boolean()
  if (control.kind !== 'integer' && control.kind !== 'number') return fc.constant(undefined)
  const { min = -2, max = min + 4 } = control
  return control.kind === 'integer'
    ? fc.integer({ min, max: Math.min(max, min + 4) })
    : fc.double({ min, max: Math.min(max, min + 4), noNaN: true })
}

/** Values of all options, each of those that it accepts. */
export const anyOptions = (specs: Specs): fc.Arbitrary<Settings> =>
  fc.record(
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]: [string, OptionSpec<unknown>]) => [
        name,
        drawnBy(spec.control).map((value) => (spec.accepts(value) ? value : undefined)),
      ]),
    ),
  )
