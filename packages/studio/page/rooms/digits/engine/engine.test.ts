import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { problemFromSpec, toTensor } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import { methods, run } from '@tweedie/solvers'
import { memory } from '@tweedie/tensor'
import { readImage } from '@tweedie/unet'
import { heldOutDigits } from '@tweedie/unet/node'
import { beforeAll, expect, test } from 'vitest'
import { digitCount, fields, painted } from '../fields.ts'
import { greyOfLevel, hiddenBox, levelOfGrey, maskText, pictureText, size } from '../pixels.ts'
import { noiseEntries, operatorEntries, suggestedMethod } from './entries.ts'
import type { Frame } from './frames.ts'
import type { DigitsProblem, Ground } from './problem.ts'
import { greysOf, heldOutOf, operatorOf, pose } from './problem.ts'
import { runDigits } from './run.ts'

const problem: DigitsProblem = {
  digit: 5,
  drawn: '',
  operator: painted,
  mask: fields.mask.default,
  noise: fields.noise.default,
}
const never = new AbortController().signal
let ground: Ground
beforeAll(async () => {
  const heldOut = heldOutOf(readFileSync(join(import.meta.dirname, '../held-out.idx')))
  ground = { prior: await loadPrior('digits'), heldOut }
})

test('the digits are the first two of each class that no shipped prior has seen', () => {
  const { images, labels } = heldOutDigits()
  expect(ground.heldOut.length).toBe(digitCount)
  for (const [k, digit] of ground.heldOut.entries()) {
    const image = labels.indexOf(k >> 1) + (k & 1)
    const wanted = new Float32Array(size)
    readImage(images, image, wanted, 0)
    expect(Float32Array.from(digit, (grey) => grey / 127.5 - 1)).toEqual(wanted)
  }
})

test('frames show every step, and end in what the same words give in Node, bit for bit', async () => {
  const frames: Frame[] = []
  const asked = { problem, method: 'dps:steps=4,scale=1.2', count: 2, seed: 7 }
  await runDigits({ ...asked, method: 'dps:steps=1' }, ground, never, () => {}) // what is kept is there now
  const before = memory().tensors
  const summary = await runDigits(asked, ground, never, (frame) => void frames.push(frame))
  expect(memory().tensors).toBeLessThanOrEqual(before)
  expect(frames.map(({ index, steps }) => [index, steps])).toEqual([1, 2, 3, 4].map((i) => [i, 4]))
  const data = Float32Array.from(ground.heldOut[5] ?? [], (grey) => grey / 255)
  using truth = toTensor([{ channels: 1, height: 28, width: 28, data }])
  const spec = { operator: 'inpaint:box=14', noise: '0.05', shape: ground.prior.shape }
  const posed = problemFromSpec(spec, { truth }, { seed: 7, count: 2 })
  const { entry, settings } = methods.parse(asked.method)
  const guesses: number[][] = []
  using x = await run(entry.run(posed.problem, ground.prior, { ...settings, seed: 7 }), {
    onStep: ({ x0hat }) => void guesses.push(Array.from(x0hat.dataSync(), Number)),
  })
  const last = frames.at(-1)
  expect(last?.x).toEqual({ shape: [2, 1, 28, 28], data: Float32Array.from(x.dataSync(), Number) })
  expect(frames.map(({ x0hat }) => Array.from(x0hat.data))).toEqual(guesses)
  posed.problem.y.dispose()
  posed.truth?.dispose()
  expect(summary).toMatchObject({ nfe: 4, vjps: 4, noiseResidual: 0.05 * Math.sqrt(588) })
  for (const frame of frames) {
    // What is shown of A x̂₀ is x̂₀ where it is seen and mid-grey where it is hidden; the residual is against y.
    using y = pose(problem, 7, ground.heldOut).y
    const measured = Array.from(y.dataSync(), Number)
    const hidden = hiddenBox(14)
    for (const n of [0, 1]) {
      const guess = frame.x0hat.data.subarray(n * size, (n + 1) * size)
      const shown = frame.predicted.data.subarray(n * size, (n + 1) * size)
      expect(Array.from(shown)).toEqual(Array.from(guess, (v, i) => (hidden[i] ? 0 : v)))
      const seen = Array.from(guess).filter((_, i) => !hidden[i])
      expect(Math.hypot(...seen.map((v, i) => v - (measured[i] ?? 0)))).toBeCloseTo(frame.residual[n] ?? 0, 4)
      const truthAt = (i: number) => 2 * (data[i] ?? 0) - 1
      const error = guess.reduce((sum, v, i) => sum + (v - truthAt(i)) ** 2, 0) / size
      expect(10 * Math.log10(4 / error)).toBeCloseTo(frame.psnr[n] ?? 0, 3)
    }
    expect(frame.guidance?.shape).toEqual([2, 1, 28, 28])
  }
})

test('a drawn picture is measured in place of a digit, a painted mask hides what it says', () => {
  const levels = Uint8Array.from({ length: size }, (_, i) => levelOfGrey(i % 256))
  const drawn = pictureText(levels)
  expect(greysOf({ digit: 3, drawn }, ground.heldOut)).toEqual(levels.map(greyOfLevel))
  const hidden = Uint8Array.from({ length: size }, (_, i) => Number(i % 3 === 0))
  const operator = operatorOf({ operator: painted, mask: maskText(hidden) })
  expect(operator.observed).toBe(size - hidden.filter((v) => v === 1).length)
})

test('a run that does not fit says so before any work; a stopped one ends between two steps', async () => {
  const steps: number[] = []
  const see = ({ index }: Frame) => void steps.push(index)
  const asked = { problem, method: 'ddrm:steps=5', count: 1, seed: 0 }
  const hdr = { ...asked, problem: { ...problem, operator: 'hdr:gain=2' } }
  await expect(runDigits(hdr, ground, never, see)).rejects.toThrow(/ddrm/)
  await expect(runDigits({ ...asked, method: 'dps:colour=3' }, ground, never, see)).rejects.toThrow(/colour/)
  expect(steps).toEqual([])
  await runDigits({ ...asked, method: 'ddrm:steps=1' }, ground, never, () => {})
  const before = memory().tensors
  const control = new AbortController()
  const stopping = runDigits(asked, ground, control.signal, ({ index }) => {
    see({ index } as Frame)
    if (index === 2) control.abort()
  })
  await expect(stopping).rejects.toMatchObject({ name: 'InterruptedError' })
  expect(steps).toEqual([1, 2])
  expect(memory().tensors).toBeLessThanOrEqual(before) // what is left to the collector may have gone
})

test('every operator, noise and method that is offered works as it is offered; the others say why not', () => {
  const operators = operatorEntries()
  expect(operators.filter(({ unfit }) => unfit === undefined).length).toBeGreaterThan(12)
  for (const { suggested, unfit } of operators)
    if (unfit === undefined) expect(operatorOf({ operator: suggested, mask: '' }).observed).toBeGreaterThan(0)
    else expect(unfit.length).toBeGreaterThan(10)
  for (const { suggested } of noiseEntries())
    disposed(pose({ ...problem, noise: suggested }, 0, ground.heldOut))
  for (const method of methods) {
    const { entry, settings } = methods.parse(suggestedMethod(method))
    expect(entry).toBe(method)
    const steps = settings['steps'] ?? method.info.options['steps']?.default
    if (typeof steps === 'number') expect(steps).toBeLessThanOrEqual(400)
  }
})

function disposed({ y, truth }: ReturnType<typeof pose>): void {
  y.dispose()
  truth.dispose()
}
