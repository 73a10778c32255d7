import type { PictureRun } from '@tweedie/calibration'
import { hexOf, pictureBytes } from '@tweedie/calibration'
import { splitSpec } from '@tweedie/solvers'
import { shapeOf } from './engine/problem.ts'
import type { RunRequest } from './engine/run.ts'
import { painted } from './fields.ts'
import { hiddenOf, side } from './pixels.ts'
import type { Sheet } from './sheet.ts'

/** The mask that was painted as a picture: what is light is observed. */
export const maskSheet = (mask: string): Sheet => ({
  width: side,
  height: side,
  channels: 1,
  data: (hiddenOf(mask) ?? new Uint8Array(side * side)).map((hidden) => (hidden ? 0 : 255)),
})

/** The picture of a problem as it is saved. */
export const pictureName = ({ photo }: Pick<RunRequest['problem'], 'photo'>): string =>
  photo === undefined ? 'digit.png' : 'photo.png'

/**
 * The command that draws the same samples in Node, bit for bit, of `digit.png` and `mask.png`, or of `photo.png`.
 * @param prior - As the command line has it, where it is not that of the digits.
 */
export function commandOf({ problem, method, count, seed }: RunRequest, prior?: string): string {
  const { name, settings } = splitSpec('method', method)
  const sets = Object.entries(settings).map(([key, value]) => `--set ${key}=${value}`)
  const parts = [`--operator ${problem.operator}`, `--noise ${problem.noise}`, `--method ${name}`, ...sets]
  const what = [
    `npx tweedie restore ${pictureName(problem)}`,
    ...(prior === undefined ? [] : [`--prior ${prior}`]),
  ]
  return [...what, ...parts, `--samples ${count}`, `--seed ${seed}`].join(' ')
}

/** A character a pixel, 1 for what is seen. */
const seenOf = (mask: string): string =>
  Array.from(hiddenOf(mask) ?? new Uint8Array(side * side), (pixel) => 1 - pixel).join('')

/** A TypeScript program that makes the same run, with the picture in it. */
export function programOf({ problem, method, count, seed }: RunRequest, greys: Uint8Array): string {
  const isPainted = problem.operator === painted
  const operator = isPainted
    ? `inpaint(prior.shape, { mask: Array.from('${seenOf(problem.mask)}', Number) })`
    : `operatorFromSpec(${JSON.stringify(problem.operator)}, prior.shape)`
  return `import { drawsOf, measure, measurementKey, toTensor } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import { ${isPainted ? 'inpaint, methods, noiseFromSpec' : 'methods, noiseFromSpec, operatorFromSpec'}, run } from '@tweedie/solvers'

const greys = Buffer.from('${hexOf(greys)}', 'hex')
const data = Float32Array.from(greys, (grey) => grey / 255)
const truth = toTensor([{ channels: 1, height: ${side}, width: ${side}, data }])
const prior = await loadPrior('digits')
const operator = ${operator}
const noise = noiseFromSpec(${JSON.stringify(problem.noise)})
const y = measure(operator, noise, truth, measurementKey(${seed}))
const { problem } = drawsOf(operator, noise, { y, truth }, ${count})
const { entry, settings } = methods.parse(${JSON.stringify(method)})
const samples = await run(entry.run(problem, prior, { ...settings, seed: ${seed} }), {
  onStep: ({ i, residual }) => console.log(i, residual),
})
console.log(samples)
`
}

/**
 * The whole run as the file that `tweedie run` takes, with the picture in it.
 * @param levels - Of the picture, a byte a pixel, channel by channel.
 * @param prior - Of a photograph, as the command line has it.
 */
export function runFileOf(
  { problem, method, count, seed }: RunRequest,
  levels: Uint8Array,
  more: Pick<PictureRun, 'page' | 'sha256'>,
  prior?: string,
): PictureRun {
  const shape = shapeOf(problem)
  const [, height, width] = shape
  return {
    ...{ tool: 'tweedie', format: 1, command: 'run', kind: 'picture' },
    ...{ ...more, method, samples: count, seed },
    prior: prior === undefined ? 'digits' : `${prior}@${height}x${width}`,
    picture: pictureBytes(shape, levels),
    operator: problem.operator,
    ...(problem.operator === painted && { mask: seenOf(problem.mask) }),
    noise: problem.noise,
  }
}
