import { join } from 'node:path'
import type { Picture, Score, ShownRow, TaskResult, Thumb } from '@tweedie/runs'
import { meanAndSpread, reduced, toPictures } from '@tweedie/runs'
import type { Tensor } from '@tweedie/tensor'
import type { Input } from '../../../files/inputs.ts'
import { writeOneFile } from '../../../files/write.ts'
import { dataUri, encodePicture, isOurPng } from '../../../images/png.ts'
import type { Io } from '../../../io.ts'
import { requireFit } from '../../../resolve.ts'
import type { Job, RestoreOptions } from '../perform.ts'
import { solve, taskOf } from '../perform.ts'
import type { Means } from '../restore.ts'
import { jobOf } from '../restore.ts'
import type { Target } from './targets.ts'

/** Pixels of the larger side of a picture in the report. */
const thumbSide = 160

/** A picture of a folder, read, with what is to be done. */
export interface Piece {
  readonly target: Target
  readonly input: Input
  readonly means: Means
  readonly asked: RestoreOptions
  readonly argv: readonly string[]
  /** The output folder. */
  readonly path: string
}

/**
 * Restores one picture of a folder and writes its PNGs, each whole or not at all.
 * @param onProgress - Told the part that is done, 0 … 1.
 */
export async function restoreOne(
  io: Io,
  { target, input, means, asked, argv, path }: Piece,
  onProgress: (part: number) => void,
): Promise<ShownRow> {
  const job = await jobOf(io, input, asked, argv, means)
  const tensors: Tensor[] = [
    job.measured.y,
    ...(job.measured.truth === undefined ? [] : [job.measured.truth]),
  ]
  try {
    const { operator, noise, measured, prior, assignment } = job
    await requireFit(assignment.method, { operator, noise, y: measured.y }, prior, '--method')
    const task = taskOf(job)
    tensors.push(task.problem.y, ...(task.truth === undefined ? [] : [task.truth]))
    const result = await solve(task, job, { signal: io.signal, onProgress })
    tensors.push(...result.restored.values())
    const [x] = result.restored.values()
    const pictures = x === undefined ? [] : await toPictures(x)
    await writePictures(path, target.outputs, pictures, job)
    const truth = measured.truth === undefined ? [] : await toPictures(measured.truth)
    return rowOf(target, job, result, [
      ['truth', truth[0]],
      ['measured', result.measurement?.[0]],
      ['restored', pictures[0]],
    ])
  } finally {
    for (const tensor of tensors) tensor.dispose()
  }
}

/** Writes the samples, and where there are several their mean and deviation, under the names that were planned. */
async function writePictures(
  path: string,
  outputs: readonly string[],
  pictures: readonly Picture[],
  { options: { depth = 8 } }: Job,
): Promise<void> {
  const moments = pictures.length === 1 ? undefined : meanAndSpread(pictures)
  const all = moments === undefined ? pictures : [...pictures, moments.mean, moments.spread]
  for (const [i, picture] of all.entries()) {
    const output = outputs[i]
    if (output !== undefined)
      await writeOneFile(join(path, output), encodePicture(picture, { depth }), isOurPng)
  }
}

/** The mean of each score over the samples. */
function meanScores(scores: readonly Score[]): Score {
  const names = [...new Set(scores.flatMap((score) => Object.keys(score)))]
  return Object.fromEntries(
    names.map((name) => {
      const values = scores.flatMap((score) => score[name] ?? [])
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length]
    }),
  )
}

function rowOf(
  { file, outputs }: Target,
  { inputs, measured, prior }: Job,
  { record }: TaskResult,
  pictures: readonly (readonly [title: string, picture: Picture | undefined])[],
): ShownRow {
  const [run] = record.runs
  const thumbs = pictures.flatMap(([title, picture]): Thumb[] =>
    picture === undefined ? [] : [{ title, src: dataUri(encodePicture(reduced(picture, thumbSide))) }],
  )
  const input = record.input.scores.length === 0 ? {} : { input: meanScores(record.input.scores) }
  return {
    file,
    inputs,
    outputs,
    notes: measured.notes,
    thumbs,
    ...(run !== undefined && {
      result: {
        shape: prior.autoencoder?.shape ?? prior.shape,
        ...input,
        scores: meanScores(run.scores),
        ...(run.residual && { residual: run.residual }),
        nfe: run.nfe,
        vjps: run.vjps,
        seconds: run.seconds,
      },
    }),
  }
}
