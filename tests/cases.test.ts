import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { runCli } from '@tweedie/cli'
import { FileFormatError } from '@tweedie/tensor'
import { inferAdm, openCheckpoint } from '@tweedie/unet'
import { findModel } from '@tweedie/unet/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { skipUnlessShared } from './shared.ts'

// Inputs that failed once, in the folder `shared` beside the project where there is one. The tests of the packages make
// such files and their siblings themselves, or have copies in tests/fixtures; here are the very files.

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tweedie-cases-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command line in the temporary folder. */
async function ran(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const code = await runCli(argv, {
    cwd: folder,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    terminal: undefined,
    color: false,
    signal: new AbortController().signal,
  })
  return { code, ...written }
}

/** Runs a program of a case as a file of this project; what it printed on the standard output. */
function printedBy(path: string): string {
  const inside = join(resolve(import.meta.dirname, '..'), 'out', `case-${process.pid}.ts`)
  mkdirSync(join(inside, '..'), { recursive: true })
  copyFileSync(path, inside)
  try {
    return spawnSync(process.execPath, [inside], { encoding: 'utf8', timeout: 150_000 }).stdout
  } finally {
    rmSync(inside)
  }
}

const open = (path: string) => openCheckpoint(readFileSync(path), path)

describe('checkpoints', () => {
  test.for<[folder: string, file: string, tensors: Record<string, number[]>]>([
    ['torch-neg-bit', 'conj-imag.pt', { imag: [-1, 2, -3] }],
    ['torch-plain-values', 'device.pt', { w: [1, 1] }],
    ['torch-plain-values', 'dtype.pt', { w: [1, 1] }],
    ['torch-plain-values', 'size.pt', { w: [1, 1] }],
    ['safetensors-integer-tensor', 'i64.safetensors', { a: [1], n: [5] }],
    ['torch-legacy', 'legacy.pt', { w: [1, 1] }],
  ])('%s/%s is read', ([name, file, tensors], context) => {
    const source = open(skipUnlessShared(context, 'cases', name, file))
    const values = source.entries.map((entry) => [entry.name, [...source.values(entry.name)]])
    expect(Object.fromEntries(values)).toEqual(tensors)
  })

  test('torch-plain-values/expanded.pt is read', (context) => {
    const source = open(skipUnlessShared(context, 'cases', 'torch-plain-values', 'expanded.pt'))
    expect(source.entries).toMatchObject([{ name: 'w', shape: [3, 4] }])
    expect(new Set(source.values('w'))).toHaveLength(1)
  })

  test.for([
    ['torch-legacy', 'lfs-pointer.safetensors', 'is a git-lfs pointer'],
    ['hostile', 'npz-overlap-bomb.npz', "'a0.npy' and 'a1.npy' overlap"],
    ['hostile', 'st-deep-header.safetensors', 'nests deeper than 64 levels'],
    ['hostile', 'st-deep-shape.safetensors', 'nests deeper than 64 levels'],
    ['hostile', 'st-dtype-tostring.safetensors', 'the dtype must be a string, got an object'],
    ['hostile', 'st-dup-names.safetensors', "two tensors are named 'a'"],
    ['hostile', 'torch-bigtuple-splice.pt', 'unpacks to 60000005 bytes'],
    ['hostile', 'torch-bomb-dicts.pt', 'unpacks to 40000003 bytes'],
    ['hostile', 'torch-bomb-lists.pt', 'unpacks to 90000003 bytes'],
    ['hostile', 'torch-bomb-marks.pt', 'unpacks to 90000003 bytes'],
    ['hostile', 'torch-laughs-dicts.pt', 'describes more values than its 969 bytes may'],
    ['hostile', 'torch-laughs-tensors.pt', 'describes more values than its 1119 bytes may'],
    ['hostile', 'torch-rank-bomb.pt', 'a tensor has 200001 axes'],
  ] as const)('%s/%s is refused', ([name, file, message], context) => {
    const path = skipUnlessShared(context, 'cases', name, file)
    expect(() => open(path)).toThrow(FileFormatError)
    expect(() => open(path)).toThrow(path)
    expect(() => open(path)).toThrow(message)
  })

  test.for(['st-infer-blocks', 'st-infer-blocks2'])('hostile/%s: no network is made up', (name, context) => {
    const { entries } = open(skipUnlessShared(context, 'cases', 'hostile', `${name}.safetensors`))
    expect(inferAdm(new Map(entries.map((entry) => [entry.name, entry.shape])))).toBeUndefined()
  })

  test('hostile/st-escape-names: nothing but letters reaches the terminal', async (context) => {
    const path = skipUnlessShared(context, 'cases', 'hostile', 'st-escape-names.safetensors')
    const { code, out } = await ran('inspect', path)
    expect([code, out.includes('\u001b'), out.includes('\\u{1b}')]).toEqual([0, false, true])
  })
})

describe('models', () => {
  test.for(['layers-1e6', 'layers-1e9', 'sample-size-1e5'])('hostile/config-%s', async (name, context) => {
    const cases = skipUnlessShared(context, 'cases')
    const prior = join(folder, name)
    mkdirSync(prior)
    copyFileSync(join(cases, 'hostile', `config-${name}.json`), join(prior, 'config.json'))
    copyFileSync(join(cases, 'hostile', 'record-empty.json'), join(prior, 'record.json'))
    copyFileSync(
      join(cases, 'safetensors-integer-tensor', 'i64.safetensors'),
      join(prior, 'model.safetensors'),
    )
    const { code, out, err } = await ran('sample', '--prior', name, '--out', 'no.png')
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(
      /^tweedie: [^\n]*config\.json: (layers_per_block|sample_size): must be a whole number from 1[^\n]*\n$/,
    )
    expect(existsSync(join(folder, 'no.png'))).toBe(false)
  })

  test.for([
    ['v-prediction', { schedule: { timesteps: 1000 }, predicts: 'v' }],
    ['T200', { schedule: { timesteps: 200 }, predicts: 'epsilon' }],
  ] as const)("diffusers-scheduler/%s: the pipeline's own scheduler", ([name, said], context) => {
    const found = findModel(skipUnlessShared(context, 'cases', 'diffusers-scheduler', name, 'unet'))
    expect(found?.training).toMatchObject({ kind: 'scheduler', trainedOn: said })
  })
})

describe('training', () => {
  const training = (name: string, context: Parameters<typeof skipUnlessShared>[0]) => {
    const data = skipUnlessShared(context, 'cases', name)
    return ran('train', '--data', data, '--config', join(data, 'config.json'), '--out', name)
  }

  test('train-other-size: trains', async (context) => {
    expect(await training('train-other-size', context)).toMatchObject({ code: 0 })
    const record = JSON.parse(readFileSync(join(folder, 'train-other-size', 'record.json'), 'utf8'))
    expect(record).toMatchObject({ trainingImages: 24, dataset: { shape: [1, 32, 32] } })
    expect(JSON.stringify(record)).not.toContain('MNIST')
  })

  test('train-no-test-set: refused before any work', async (context) => {
    const { code, err } = await training('train-no-test-set', context)
    expect(code).toBe(2)
    expect(err).toMatch(/^tweedie: [^\n]*no test images[^\n]*\n$/)
    expect(existsSync(join(folder, 'train-no-test-set'))).toBe(false)
  })
})

describe('programs', () => {
  test('numbers: every line is as it says', (context) => {
    const lines = printedBy(skipUnlessShared(context, 'cases', 'numbers', 'check.ts'))
      .trim()
      .split('\n')
    expect(lines).toHaveLength(16)
    const casts = new Set<string>()
    for (const line of lines) {
      const [, found = '', right = ''] = /^(.*) {4}right: ([^(]*)/.exec(line) ?? []
      const wanted = right.trim().split(' ')
      const numbers = found.split(' ').slice(-wanted.length)
      if (line.includes(' cast ')) casts.add(numbers.join())
      else wanted.forEach((number, i) => expect(Number(numbers[i]), line).toBeCloseTo(Number(number), 6))
    }
    expect(casts.size).toBe(1)
  })

  test('hostile/poc-heap: refused, and nobody else is overwritten', (context) => {
    const lines = printedBy(skipUnlessShared(context, 'cases', 'hostile', 'poc-heap.ts'))
      .trim()
      .split('\n')
    expect(lines).toHaveLength(6) // and then a slice at 1.5, which ends the program
    for (const line of lines) {
      expect(line).toMatch(/→ (ShapeError|OptionError): .* then b=2,2 *$/)
    }
  })

  test('hostile/poc-heap-nan: no element is damaged', (context) => {
    const text = printedBy(skipUnlessShared(context, 'cases', 'hostile', 'poc-heap-nan.ts'))
    const damaged = [...text.matchAll(/damaged elements (\d+)/g)].map(([, count]) => count)
    expect(damaged).toEqual(Array(5).fill('0'))
  })

  test('hostile/exc: exceptions leave nothing behind', (context) => {
    const lines = printedBy(skipUnlessShared(context, 'cases', 'hostile', 'exc.ts')).split('\n')
    const leaks = lines.filter((line) => line.startsWith('LEAK')).map((line) => line.slice(6, 40).trim())
    expect(lines.filter((line) => line.startsWith('clean')).length).toBeGreaterThan(20)
    // What is the program's own: a cotangent and a pullback that it keeps, an argument that it makes in passing, and a
    // function that never ends.
    expect(leaks).toEqual(['pullback wrong shape', 'detectAnomaly', 'async vjp never settles (GC)'])
  })
})

test.for([
  'diffusers-layouts',
  'exif-orientation',
  'jpeg-adobe-rgb',
  'png-adam7-low-depth',
  'png-colour-key',
])('%s: the copies in tests/fixtures are the files themselves', (name, context) => {
  const shared = skipUnlessShared(context, 'cases', name)
  const own = join(import.meta.dirname, 'fixtures', 'cases', name)
  const files = readdirSync(shared, { recursive: true, encoding: 'utf8' }).filter(
    (file) => extname(file) !== '',
  )
  expect(files.length).toBeGreaterThan(1)
  for (const file of files.filter((file) => !file.endsWith('README.md') && extname(file) !== ''))
    expect(readFileSync(join(own, file)).equals(readFileSync(join(shared, file))), file).toBe(true)
})
