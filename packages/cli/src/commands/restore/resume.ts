import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { InputRecord } from '@tweedie/runs'
import type { Unfinished } from '@tweedie/runs/node'
import { readUnfinished } from '@tweedie/runs/node'
import type { Prior, ShownOperator } from '@tweedie/solvers'
import { pictureShape } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import { classifierFor } from '../../classifier.ts'
import { absolute } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { resolveNoise, resolveOperator } from '../../resolve.ts'
import type { RestoreOptions } from './perform.ts'
import { chooseMethod, perform, picturePrior } from './perform.ts'
import { sizedAgain } from './sizing.ts'

/** Goes on with a run that was interrupted with `--resumable`; all options are those it was started with. */
export async function resume(
  io: Io,
  folder: string,
  { json, device, backend }: Pick<RestoreOptions, 'json' | 'device' | 'backend'>,
): Promise<void> {
  const saved = await readUnfinished(absolute(io.cwd, folder), folder)
  const { image, argv, inputs, partial } = saved
  const options: RestoreOptions = { ...saved.options, device, backend, out: folder, resumable: true, json }
  const assignment = await chooseMethod(io, options)
  const noise = await resolveNoise(options.noise, '--resume')
  const classify = await classifierFor(io, options.classifier)
  const plain = sizedAgain(
    await picturePrior(io, options.laid?.prior ?? options.prior, options.weights),
    options,
  )
  const prior = classify?.(plain) ?? plain
  const { operator } = await resolveOperator(io, options.operator, pictureShape(prior), '--resume')
  requireShapes(saved, operator, prior, folder)
  const notes = [...saved.measured.notes, ...(await changedInputs(io, inputs))]
  const measured = { ...saved.measured, notes }
  await perform(io, {
    ...{ image, options, argv, assignment, prior, operator, noise, inputs, measured },
    resume: partial,
  })
}

/** @throws {FileFormatError} where a saved run is not one of the operator and the prior as they are now. */
function requireShapes(
  { measured }: Unfinished,
  operator: ShownOperator,
  prior: Prior,
  folder: string,
): void {
  const pairs = [
    ['y', measured.y.shape, operator.outShape],
    ['truth', measured.truth?.shape, pictureShape(prior)],
  ] as const
  for (const [name, shape, wanted] of pairs) {
    if (shape === undefined || shape.join() === [1, ...wanted].join()) continue
    throw new FileFormatError(
      join(folder, 'state.safetensors'),
      `'${name}' is [${shape.join(', ')}], with this prior and operator [${[1, ...wanted].join(', ')}]`,
    )
  }
}

/** A word on files that have changed since a run read them: it goes on with what it has. */
async function changedInputs(io: Io, inputs: readonly InputRecord[]): Promise<string[]> {
  const words = inputs.map(async ({ file, bytes, sha256 }) => {
    const path = absolute(io.cwd, file)
    const now = await stat(path).catch(() => undefined)
    if (now?.isFile() !== true) return []
    const same =
      now.size === bytes &&
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex') === sha256
    return same ? [] : [`${file} has changed since the run read it; the run went on with what it had read`]
  })
  return (await Promise.all(words)).flat()
}
