import { bytesInWords } from '@tweedie/unet'
import type { DryRun } from '@tweedie/unet/node'
import { timeInWords } from '@tweedie/unet/node'

const number = (value: number) => value.toLocaleString('en')

const sizeInWords = (bytes: number) =>
  bytes < 2 ** 18 ? `${Math.ceil(bytes / 1024)} KiB` : bytesInWords(bytes)

/** What a dry run found, in lines. */
export function dryRunInWords(found: DryRun, out: string): string {
  const { parameters, data, test, trainingImages, testImages, shape, step, steps } = found
  const rows: readonly (readonly [string, string])[] = [
    ['training images', `${data} (${number(trainingImages)})`],
    ['test images', test === null ? 'none' : `${test} (${number(testImages)})`],
    ['sample', `[${shape.join(', ')}]`],
    ['parameters', number(parameters)],
    ['steps', step === 0 ? number(steps) : `${number(steps)}, of which ${number(step)} are done`],
    ['a step', found.secondsPerStep === null ? 'none is left' : timeInWords(found.secondsPerStep)],
    ['in all', `about ${timeInWords(found.secondsInAll)}, evaluations among it`],
    [
      'memory',
      `${bytesInWords(found.peakBytes)} at most so far${found.deviceBytes === null ? '' : `; tensors may have ${bytesInWords(found.deviceBytes)}`}`,
    ],
    ['files', found.files.map(({ name, bytes }) => `${out}/${name} (${sizeInWords(bytes)})`).join(', ')],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return `${rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')}\nNothing was written.\n`
}
