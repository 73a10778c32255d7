import type { KernelCall, View } from '../../device.ts'
import type { GroupNormParams, PrimitiveName } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { Index } from './index-math.ts'
import {
  add,
  address,
  constant,
  coordinates,
  divide,
  loop,
  modulo,
  Once,
  render,
  scale,
} from './index-math.ts'
import type { Planner, Program, Stage } from './program.ts'
import { accumulate, element, elementOfThread, literal, mergeAxes, threadOf, unrolled } from './program.ts'

/*
 * Group normalisation in three kinds of kernel: what each part of a group has (its mean, and its squares about it), what
 * the group has of its parts, and what is done to each element. Where a group has few parts, the second is written into
 * the third. No thread walks over a whole group, and no sum of squares is taken about anything but a mean.
 */

/** Parts of a group that one thread puts together on its way; more have a kernel of their own. */
const fewParts = 32
/** Elements of a part, at most, where that leaves few parts; and the least for which a thread is worth its while. */
const [longPart, shortPart] = [256, 32]
/** Pixels of a channel up to which one thread sums them all, so that no kernel need add what it is given. */
const onePart = 1024

/** The largest divisor of a count up to `most`. */
function divisor(count: number, most: number): number {
  for (let parts = Math.floor(most); parts > 1; parts--) if (count % parts === 0) return parts
  return 1
}

/** Equal parts of a group: some channels whole, or pixels of one. A thread sums over each, so they are not long. */
function partsOf(channels: number, pixels: number): { readonly channels: number; readonly pixels: number } {
  const count = channels * pixels
  const few = count <= fewParts * longPart
  const most = few ? Math.min(fewParts, Math.ceil(count / shortPart)) : Math.sqrt(count)
  if (channels > most) return { channels: channels / divisor(channels, most), pixels }
  return { channels: 1, pixels: pixels / divisor(pixels, most / channels) }
}

type Source = Stage['inputs'][number]

/** The geometry of a call: x [N, C, …] in groups, and where the elements of a group lie. */
interface Geometry {
  readonly x: View
  readonly params: GroupNormParams
  readonly groups: number
  readonly perGroup: number
  readonly spatial: readonly number[]
  readonly count: number
  readonly parts: number
  /** Channels and pixels of a part. */
  readonly part: ReturnType<typeof partsOf>
}

function geometryOf(x: View, params: GroupNormParams): Geometry {
  const [n, channels, ...spatial] = x.shape as readonly [number, number, ...number[]]
  const perGroup = channels / params.groups
  const count = perGroup * sizeOf(spatial)
  const part = partsOf(perGroup, sizeOf(spatial))
  const parts = count / (part.channels * part.pixels)
  return { x, params, groups: n * params.groups, perGroup, spatial, count, parts, part }
}

/** The call with neighbouring axes of pixels as one, where x and dy walk them as one. */
function flattened<P extends GroupNorms>(call: KernelCall<P>): KernelCall<P> {
  const images = call.inputs.map((view) => view.shape.length > 1)
  const of = call.inputs.filter((_, i) => images[i])
  const merged = mergeAxes(
    of[0]!.shape.slice(2),
    of.map(({ strides }) => strides.slice(2)),
  )
  const inputs = call.inputs.map((view, i) => {
    if (!images[i]) return view
    const strides = [...view.strides.slice(0, 2), ...merged.strides[of.indexOf(view)]!]
    return { ...view, shape: [...view.shape.slice(0, 2), ...merged.shape], strides }
  })
  return { ...call, inputs }
}

type GroupNorms = 'groupNorm' | Gradient

/** Where an element of a group is, [n, c, …], by its channel within the group and its pixel. */
const placeOf = (
  { params, perGroup, spatial }: Geometry,
  group: Index,
  channel: Index,
  pixel: Index,
): Index[] => [
  divide(group, params.groups),
  add(scale(modulo(group, params.groups), perGroup), channel),
  ...coordinates(pixel, spatial),
]

/** The group of an element [n, c, …]. */
const groupOf = ({ params, perGroup }: Geometry, [n, c]: readonly Index[]): Index =>
  add(scale(n!, params.groups), divide(c!, perGroup))

/** Stages that are written one after the other, each naming those before. */
class Writing {
  readonly stages: Stage[] = []

  push(body: readonly string[], length: number, inputs: readonly Source[]): Source {
    this.stages.push({ body: body.join('\n'), length, inputs })
    return { stage: this.stages.length - 1 }
  }
}

/** Means and squares about them of all parts, [2][groups][parts], or means and 1/√(variance + ε), [2][groups]. */
interface Statistics {
  readonly source: Source
  readonly whole: boolean
}

/** `mean` and `rate` of a group, as source; the statistics are input number `input`. */
function readStatistics(g: Geometry, { whole }: Statistics, input: number, group: Index): string[] {
  if (whole) {
    const [mean, rate] = [group, add(group, constant(g.groups))].map((at) => element(input, at))
    return [`const mean = ${mean};`, `const rate = ${rate};`]
  }
  return pooled(g, input, group)
}

/** `mean` and `rate` of a group out of its parts. */
function pooled({ params, groups, count, parts }: Geometry, input: number, group: Index): string[] {
  const size = count / parts
  const at = (which: 0 | 1, part: Index) =>
    element(input, add(constant(which * groups * parts), scale(group, parts), part))
  return [
    'let mean = 0;',
    unrolled('i', parts, (i) => `mean = mean + ${at(0, i)};`),
    ...(parts > 1 ? [`mean = mean / ${parts};`] : []),
    'let squares = 0;',
    unrolled('i', parts, (i) =>
      [
        `const apart = ${at(0, i)} - mean;`,
        `squares = squares + (${at(1, i)} + ${size} * apart * apart);`,
      ].join('\n'),
    ),
    `const rate = 1 / Math.sqrt(squares / ${count} + ${literal('groupNorm', params.eps)});`,
  ]
}

/** The threads [2][groups][parts]: whether the second of two numbers is wanted, the group, and what is summed over. */
function partThreads({ groups, count, parts, perGroup, spatial, part: of }: Geometry) {
  const length = 2 * groups * parts
  const pieces = [perGroup / of.channels, sizeOf(spatial) / of.pixels]
  const [which, group, ...part] = coordinates(threadOf(length), [2, groups, ...pieces]) as [
    Index,
    Index,
    Index,
    Index,
  ]
  const once = new Once()
  const [channel, pixel] = [
    once.of('channel', scale(part[0], of.channels)),
    once.of('pixel', scale(part[1], of.pixels)),
  ]
  /** Adds what `step` says of each element of the part. */
  const sum = (step: (into: string, channel: Index, pixel: Index) => string): string => {
    const across = (c: Index) =>
      accumulate(of.pixels, ['total'], ([into], k) => step(into!, add(channel, c), add(pixel, k)))
    const along = (k: Index) =>
      accumulate(of.channels, ['total'], ([into], c) => step(into!, add(channel, c), add(pixel, k)))
    return of.pixels >= of.channels ? loop('c', of.channels, across) : loop('p', of.pixels, along)
  }
  return { length, second: `${render(which)} > 0`, group, once, sum, size: count / parts }
}

/** Writes what is needed to know every group's mean and spread; by group where that is asked for. */
function statistics(writing: Writing, g: Geometry, whole = g.parts > fewParts): Statistics {
  const { length, second, group, once, sum, size } = partThreads(g)
  const start = once.of('start', address(g.x, placeOf(g, group, constant(0), constant(0))))
  const inside = { strides: g.x.strides.slice(1), offset: 0 }
  const value = (channel: Index, pixel: Index) =>
    element(0, add(start, address(inside, [channel, ...coordinates(pixel, g.spatial)])))
  const partials = writing.push(
    [
      ...once.lines,
      'let total = 0;',
      sum((into, ...at) => `${into} = ${into} + ${value(...at)};`),
      `let r = total / ${size};`,
      `if (${second}) {`,
      'const centre = r;',
      'total = 0;',
      sum((into, ...at) => [`const d = ${value(...at)} - centre;`, `${into} = ${into} + d * d;`].join('\n')),
      'r = total;',
      '}',
      'return r;',
    ],
    length,
    [0],
  )
  if (!whole) return { source: partials, whole }
  const [which, of] = coordinates(threadOf(2 * g.groups), [2, g.groups]) as [Index, Index]
  const source = writing.push(
    [...pooled(g, 0, of), 'let r = mean;', `if (${render(which)} > 0) { r = rate; }`, 'return r;'],
    2 * g.groups,
    [partials],
  )
  return { source, whole }
}

/**
 * Inputs of kernels that look at x, the weight, the bias and dy, after `before` others; of x and dy, where a thread is
 * named, at the element that has its number.
 */
function readers(call: KernelCall, before: number, thread?: Index) {
  const at = (input: number, where: readonly Index[]) =>
    thread !== undefined && where.length > 1
      ? elementOfThread(before + input, call.inputs[input]!, call.inputs[input]!.shape, thread)
      : element(before + input, address(call.inputs[input]!, where))
  return {
    inputs: call.inputs.map((_, i) => i),
    x: (where: readonly Index[]) => at(0, where),
    weight: ([, c]: readonly Index[]) => at(1, [c!]),
    bias: ([, c]: readonly Index[]) => at(2, [c!]),
    dy: (where: readonly Index[]) => at(3, where),
  }
}

const groupNorm: Planner<'groupNorm'> = (given) => {
  const call = flattened(given)
  const writing = new Writing()
  const g = geometryOf(call.inputs[0]!, call.params)
  const stats = statistics(writing, g)
  const length = sizeOf(call.shape)
  const at = coordinates(threadOf(length), call.shape)
  const { inputs, x, weight, bias } = readers(call, 1, threadOf(length))
  writing.push(
    [
      ...readStatistics(g, stats, 0, groupOf(g, at)),
      `const z = (${x(at)} - mean) * rate * ${weight(at)} + ${bias(at)};`,
      call.params.silu ? 'return siluOf(z);' : 'return z;',
    ],
    length,
    [stats.source, ...inputs],
  )
  return writing.stages
}

/** `n`, the normalised element, and `dz`, the gradient before the activation, of the element at a place. */
function elementOf(
  call: KernelCall<Gradient>,
  before: number,
  at: readonly Index[],
  thread?: Index,
): string[] {
  const { x, weight, bias, dy } = readers(call, before, thread)
  const slope = call.params.silu ? ` * siluSlopeOf(n * ${weight(at)} + ${bias(at)})` : ''
  return [`const n = (${x(at)} - mean) * rate;`, `const dz = ${dy(at)}${slope};`]
}

type Gradient = 'groupNormGradInput' | 'groupNormGradAffine' | 'groupNormGrad'

/** Of each of `length` results the sum of its `count` numbers, which lie side by side. */
function added(writing: Writing, source: Source, length: number, count: number): Source {
  if (count === 1) return source
  const first = scale(threadOf(length), count)
  const sum = accumulate(count, ['total'], ([into], k) => `${into} = ${into} + ${element(0, add(first, k))};`)
  return writing.push(['let total = 0;', sum, 'return total;'], length, [source])
}

/** The gradient in x: with h = dz·weight, rate·(h − mean(h) − n·mean(h·n)). */
function gradInput(writing: Writing, call: KernelCall<Gradient>, g: Geometry, stats: Statistics): Source {
  const { length, second, group, once, sum } = partThreads(g)
  const { inputs, weight } = readers(call, 1)
  const of = once.of('of', group)
  const sums = writing.push(
    [
      ...readStatistics(g, stats, 0, group),
      ...once.lines,
      'let total = 0;',
      sum((into, ...inside) => {
        const at = placeOf(g, of, ...inside)
        return [
          ...elementOf(call, 1, at),
          `let h = dz * ${weight(at)};`,
          `if (${second}) { h = h * n; }`,
          `${into} = ${into} + h;`,
        ].join('\n')
      }),
      `return total / ${g.count};`,
    ],
    length,
    [stats.source, ...inputs],
  )
  // As with the statistics, few parts are put together by each thread on its way.
  const left = g.parts > fewParts ? 1 : g.parts
  const means = left < g.parts ? added(writing, sums, 2 * g.groups, g.parts) : sums
  const shape = g.x.shape
  const out = sizeOf(shape)
  const at = coordinates(threadOf(out), shape)
  const parts = (which: 0 | 1, i: Index) =>
    element(1, add(constant(which * g.groups * left), scale(groupOf(g, at), left), i))
  const own = readers(call, 2)
  return writing.push(
    [
      ...readStatistics(g, stats, 0, groupOf(g, at)),
      'let along = 0;',
      'let across = 0;',
      unrolled('j', left, (j) =>
        [`along = along + ${parts(0, j)};`, `across = across + ${parts(1, j)};`].join('\n'),
      ),
      ...elementOf(call, 2, at, threadOf(out)),
      `return rate * (dz * ${own.weight(at)} - along - n * across);`,
    ],
    out,
    [stats.source, means, ...own.inputs],
  )
}

/** Per channel Σ dz·n, then per channel Σ dz: [2][C]. */
function gradAffine(writing: Writing, call: KernelCall<Gradient>, g: Geometry, stats: Statistics): Source {
  const [samples, channels] = g.x.shape as readonly [number, number]
  const pixels = sizeOf(g.spatial)
  const parts = pixels > onePart ? pixels / partsOf(1, pixels).pixels : 1
  const length = 2 * channels * samples * parts
  const once = new Once()
  const thread = coordinates(threadOf(length), [2, channels, samples, parts]) as [Index, Index, Index, Index]
  const [which, c, n] = [thread[0], once.of('channel', thread[1]), once.of('sample', thread[2])]
  const first = once.of('first', scale(thread[3], pixels / parts))
  // One thread sums over pixels of a channel of a sample, another over the parts and the samples.
  const perSample = writing.push(
    [
      ...readStatistics(g, stats, 0, groupOf(g, [thread[2], thread[1]])),
      ...once.lines,
      'let total = 0;',
      accumulate(pixels / parts, ['total'], ([into], k) =>
        [
          ...elementOf(call, 1, [n, c, ...coordinates(add(first, k), g.spatial)]),
          'let h = dz * n;',
          `if (${render(which)} > 0) { h = dz; }`,
          `${into} = ${into} + h;`,
        ].join('\n'),
      ),
      'return total;',
    ],
    length,
    [stats.source, ...readers(call, 1).inputs],
  )
  return added(writing, perSample, 2 * channels, samples * parts)
}

const gradient =
  (...parts: readonly (typeof gradInput)[]) =>
  (given: KernelCall<Gradient>): Program => {
    const call = flattened(given)
    const writing = new Writing()
    const g = geometryOf(call.inputs[0]!, call.params)
    const stats = statistics(writing, g)
    const found = parts.map((part) => part(writing, call, g, stats))
    if (found.length === 2) join(writing, found as [Source, Source], sizeOf(g.x.shape), sizeOf(call.shape))
    return writing.stages
  }

/** One array after another. */
function join(writing: Writing, sources: readonly [Source, Source], first: number, length: number): void {
  const thread = threadOf(length)
  writing.push(
    [
      'let r = 0;',
      `if (${render(thread)} < ${first}) { r = ${element(0, thread)}; }`,
      `if (${render(thread)} >= ${first}) { r = ${element(1, add(thread, constant(-first)))}; }`,
      'return r;',
    ],
    length,
    sources,
  )
}

/** Group normalisation with optional SiLU, and its gradients in x, in weight and bias, and in all at once. */
export const normalisePlanners = {
  groupNorm,
  groupNormGradInput: gradient(gradInput),
  groupNormGradAffine: gradient(gradAffine),
  groupNormGrad: gradient(gradInput, gradAffine),
} satisfies { [P in PrimitiveName]?: Planner<P> }
