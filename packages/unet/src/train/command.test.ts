import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { FileFormatError, OptionError, randomKey, randomWords } from '@tweedie/tensor'
import { afterAll, describe, expect, test } from 'vitest'
import { loadDdpm, loadShippedPrior } from '../checkpoint/shipped.ts'
import { heldOutDigits } from '../data/files.ts'
import { ddpmConfig } from '../ddpm/config.ts'
import { trainFromCommand } from './command.ts'
import { trainConfig } from './config.ts'
import { evaluate } from './evaluate.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-command-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** An IDX file of random 28×28 images. */
function writeImages(name: string, count: number, seed: number): void {
  const head = Buffer.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28])
  const pixels = Uint8Array.from(randomWords(randomKey(seed), 784 * count))
  writeFileSync(join(folder, name), gzipSync(Buffer.concat([head, pixels])))
}

describe('the training command', () => {
  writeImages('train-images-idx3-ubyte.gz', 6, 1)
  writeImages('t10k-images-idx3-ubyte.gz', 3, 2)
  const model = ddpmConfig({
    sampleSize: 28,
    blockOutChannels: [8],
    midAttention: false,
    downAttention: [false],
    upAttention: [false],
  })
  const config = trainConfig({ model, steps: 3, batch: 2, shards: 2 })
  const command = { data: folder, config, logEvery: 1 }
  const read = (name: string, file: string) => readFileSync(join(folder, name, file))

  test('interrupted and continued writes the same files as in one go', async () => {
    const record = await trainFromCommand({ ...command, out: join(folder, 'whole') })
    expect(record).toMatchObject({ trainingImages: 6, config: { steps: 3 }, evaluation: { count: 3 } })
    expect(record.lossCurve.map(([step]) => step)).toEqual([1, 2, 3])

    const controller = new AbortController()
    const out = join(folder, 'parts')
    const stopped = trainFromCommand({
      ...command,
      out,
      signal: controller.signal,
      onProgress: ({ step }) => step === 1 && controller.abort(new Error('enough')),
    })
    await expect(stopped).rejects.toThrow('enough')
    await expect(trainFromCommand({ ...command, out })).rejects.toThrow(OptionError)
    writeFileSync(join(out, 'loss.jsonl'), `${read('parts', 'loss.jsonl')}{"step":3}\n{"step"`) // A line too many, and half a line.
    await trainFromCommand({ ...command, out, resume: true, workers: 2 })
    expect(read('parts', 'model.safetensors').equals(read('whole', 'model.safetensors'))).toBe(true)
    const steps = read('parts', 'loss.jsonl')
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).step)
    expect(steps).toEqual([1, 2, 3])

    const loaded = loadDdpm(out)
    expect(loaded.config).toEqual(model)
    for (const tensor of Object.values(loaded.params)) tensor.dispose()
  })

  test('a damaged checkpoint is an error', async () => {
    const out = join(folder, 'parts')
    writeFileSync(join(out, 'state.safetensors'), read('parts', 'state.safetensors').subarray(0, 1000))
    await expect(trainFromCommand({ ...command, out, resume: true })).rejects.toThrow(FileFormatError)
  })
})

describe('shipped priors', () => {
  test('an unknown name is an error that lists the known ones', () => {
    expect(() => loadShippedPrior('cats')).toThrow(/there is no prior 'cats'; shipped are: /)
  })

  test('digits predicts the noise in digits it never saw', () => {
    const { config, params, record } = loadShippedPrior('digits')
    const { mse } = evaluate(params, config, heldOutDigits().images, { count: 200, batch: 50, seed: 3 })
    // 200 images stand for the record's thousands to within a few percent.
    expect(mse).toBeLessThan(1.25 * record.evaluation.mse)
    for (const tensor of Object.values(params)) tensor.dispose()
  })
})
