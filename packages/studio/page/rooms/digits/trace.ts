import type { NpyInput } from '@tweedie/unet'
import { writeNpz } from '@tweedie/unet'
import type { Frame, Pictures } from './engine/frames.ts'
import type { Measurement } from './engine.ts'

/** Pictures of all frames, [T, N, C, H, W]. */
function stacked(frames: readonly Frame[], of: (frame: Frame) => Pictures): NpyInput {
  const all = frames.map(of)
  const [first] = all
  const each = first?.data.length ?? 0
  const values = new Float32Array(all.length * each)
  all.forEach(({ data }, i) => values.set(data, i * each))
  return { shape: [all.length, ...(first?.shape ?? [])], values }
}

const numbers = (frames: readonly Frame[], of: (frame: Frame) => readonly number[]): NpyInput => ({
  shape: [frames.length, frames[0] === undefined ? 0 : of(frames[0]).length],
  values: Float64Array.from(frames.flatMap((frame) => [...of(frame)])),
})

/** Of frames that all have it. */
const guidanceOf = (frames: readonly Frame[]): Readonly<Record<string, NpyInput>> =>
  frames.every(({ guidance }) => guidance !== undefined)
    ? { guidance: stacked(frames, ({ guidance, x }) => guidance ?? x) }
    : {}

/** The whole trace of a run as a `.npz`: what each step has shown, the measurement and the truth. */
export const traceOf = (
  frames: readonly Frame[],
  { y, truth }: Pick<Measurement, 'y' | 'truth'>,
): Uint8Array =>
  writeNpz({
    step: { shape: [frames.length], values: Int32Array.from(frames, ({ index }) => index) },
    t: { shape: [frames.length], values: Float64Array.from(frames, ({ t }) => t) },
    x: stacked(frames, ({ x }) => x),
    x0hat: stacked(frames, ({ x0hat }) => x0hat),
    predicted: stacked(frames, ({ predicted }) => predicted),
    ...guidanceOf(frames),
    residual: numbers(frames, ({ residual }) => residual),
    psnr: numbers(frames, ({ psnr }) => psnr),
    y: { shape: y.shape, values: y.data },
    truth: { shape: truth.shape, values: truth.data },
  })
