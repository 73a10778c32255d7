import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Performed } from '@tweedie/calibration'
import { parseRunFile, performRun } from '@tweedie/calibration'
import { describeDevice } from '@tweedie/runs'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { writeNpy, writeNpz } from '@tweedie/unet'
import type { DeviceOptions } from '../../device.ts'
import { OtherSamplesError } from '../../errors.ts'
import { readBytes } from '../../files/bytes.ts'
import { checkNewFile, writeNewFile } from '../../files/new-file.ts'
import { absolute } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { naming, resolveOpenPrior } from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'

/** The options of `tweedie run`, defaults filled in. */
export interface RunOptions extends DeviceOptions {
  readonly out: string
  readonly force?: boolean
  readonly json?: boolean
}

/** Bytes of the largest run that is read; those of the Studio have some kilobytes. */
const largest = 16 * 2 ** 20

async function textOf(io: Io, file: string): Promise<string> {
  const bytes = await readBytes(absolute(io.cwd, file), { most: () => largest, signal: io.signal })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FileFormatError(file, 'is no text in UTF-8')
  }
}

/** The samples as a file, by its ending. */
function encoded({ shape, values, weights }: Performed, out: string): Uint8Array {
  if (extname(out).toLowerCase() === '.npy') return writeNpy({ shape, values })
  return writeNpz({
    samples: { shape, values },
    ...(weights && { weights: { shape: [weights.length], values: weights } }),
  })
}

/**
 * Makes the run of a file and writes its samples.
 * @throws {OtherSamplesError} where they are not those that the file tells of; they are written all the same.
 */
export async function run(io: Io, file: string, { out, force = false, json }: RunOptions): Promise<void> {
  if (!['.npy', '.npz'].includes(extname(out).toLowerCase()))
    throw new OptionError('--out', `'${out}' should end in .npy or .npz`)
  const [source, target] = [absolute(io.cwd, file), absolute(io.cwd, out)]
  const place = { source, replace: force }
  const asked = parseRunFile(await textOf(io, file), file)
  await checkNewFile(target, place, '--out')
  const done = await withProgress(io, { quiet: json === true }, (onProgress) =>
    naming(file, '', () =>
      performRun(asked, {
        priorOf: async (name) => (await resolveOpenPrior(io, name, file)).prior,
        signal: io.signal,
        onProgress: (part) => onProgress(part, asked.method),
      }),
    ),
  )
  const { values, shape, nfe, vjps, seconds } = done
  const sha256 = createHash('sha256').update(values).digest('hex')
  await writeNewFile(target, place, '--out', (draft) => writeFile(draft, encoded(done, out)))
  const same = asked.sha256 === undefined ? undefined : asked.sha256 === sha256
  const { method, samples, seed } = asked
  io.out(
    json === true
      ? `${JSON.stringify({ tool: 'tweedie', ...{ file, method, samples, seed, shape, sha256, same }, ...{ nfe, vjps, seconds }, out }, null, 2)}\n`
      : `Wrote ${samples} samples [${shape.join(', ')}] by ${method} to ${out} (${seconds.toFixed(1)} s, ${nfe} NFE, ${vjps} gradients)\n${inWords(sha256, same)}`,
  )
  if (same === false) throw new OtherSamplesError(file, describeDevice())
}

const inWords = (sha256: string, same: boolean | undefined): string =>
  same === true
    ? `The same samples as in the page, bit for bit: SHA-256 ${sha256}\n`
    : `SHA-256 of the samples in float32: ${sha256}\n`
