import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseNpy, writeNpy } from '@tweedie/unet'
import { describe, expect, test } from 'vitest'
import { isOurSamples } from '../../files/samples.ts'
import { expectWrongUse, ran, temporaryFolder } from '../../testing.test.helper.ts'

const problem = {
  prior: { mixture: { weights: [1, 2], means: 'means.npy', covariances: 'sub/covariances.npy' } },
  operator: { matrix: 'A.npy' },
  noise: { gaussian: 0.3 },
  y: 'y.npy',
}

/** A folder with a problem in a folder of its own, and arrays beside it. */
function posed() {
  const folder = temporaryFolder()
  const at = join(folder.path, 'p')
  mkdirSync(join(at, 'sub'), { recursive: true })
  const arrays = {
    'means.npy': { shape: [2, 2], values: Float32Array.of(-2, 0, 2, 1) },
    'sub/covariances.npy': { shape: [2, 2, 2], values: Float64Array.of(0.5, 0.2, 0.2, 0.4, 0.3, 0, 0, 0.3) },
    'A.npy': { shape: [1, 2], values: Int32Array.of(1, 2) },
    'y.npy': { shape: [1, 1], values: Float64Array.of(1) },
  }
  for (const [name, array] of Object.entries(arrays)) writeFileSync(join(at, name), writeNpy(array))
  const write = (given: object) => writeFileSync(join(at, 'P.json'), JSON.stringify(given))
  write(problem)
  return { ...folder, path: folder.path, write, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

const ask = (...more: readonly string[]) => ['posterior', '--problem', 'p/P.json', ...more]
const samplesOf = (folder: string, file = 's.npy') => {
  const { shape, dtype, values } = parseNpy(readFileSync(join(folder, file)), file)
  return { shape, dtype, values: values() }
}

describe('samples', () => {
  test('are compared with the exact posterior where they have up to 256 numbers, or where it is asked for', async () => {
    using folder = posed()
    const compared = async (d: number, ...more: readonly string[]) => {
      folder.write({
        prior: { gaussian: { mean: Array(d).fill(0), covariance: 1 } },
        operator: 'identity',
        noise: 1,
        y: Array(d).fill(1),
      })
      const argv = ask('--method', 'ddrm', '--steps', '2', '--samples', '2', '--json', '--out', 's.npy')
      const { out } = await ran(folder.path, [...argv, ...more])
      return JSON.parse(out) as { unknown?: string; summary: { exact?: object } }
    }
    for (const [d, yes, ...more] of [
      [3, true],
      [3, false, '--no-compare'],
      [257, false],
      [257, true, '--compare'],
    ] as const) {
      const { unknown, summary } = await compared(d, ...more)
      expect(summary.exact !== undefined, `${d} ${more}`).toBe(yes)
      expect(unknown ?? '').toEqual(yes ? '' : expect.stringContaining('--compare does'))
    }
  })

  test('are [N, d] in float64, the same for the same seed whatever the batch', async () => {
    using folder = posed()
    const argv = ask('--method', 'dps', '--set', 'scale=0.5', '--steps', '4', '--samples', '5', '--json')
    const first = await ran(folder.path, [...argv, '--out', 's.npy'])
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(first.out)).toMatchObject({
      tool: 'tweedie', method: 'dps:scale=0.5,steps=4', samples: 5, dimension: 2, seed: 0, file: 's.npy', cost: { nfe: 4, vjps: 4 },
    }) // biome-ignore format: a record
    const { shape, dtype, values } = samplesOf(folder.path)
    expect([shape, dtype]).toEqual([[5, 2], 'F64'])
    for (const [file, ...more] of [
      ['b.npy', '--batch', '2'],
      ['new/c.npy', '--batch', '1'],
    ] as const) {
      expect((await ran(folder.path, [...argv, '--out', file, ...more])).code).toBe(0)
      expect(samplesOf(folder.path, file).values).toEqual(values)
    }
    expect((await ran(folder.path, [...argv, '--out', 's.npy', '--seed', '1'])).code).toBe(0)
    expect(samplesOf(folder.path).values).not.toEqual(values)
    expect((await ran(folder.path, [...argv, '--out', 's.npy', '--samples', '3'])).code).toBe(0)
    expect(samplesOf(folder.path).values).toEqual(values.slice(0, 6))
  })

  test('exact ones, with what is said of them', async () => {
    using folder = posed()
    const { code, out, err } = await ran(
      folder.path,
      ask('--method', 'exact', '--samples', '500', '--out', 's.npy'),
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^coordinate +mean +std +exact mean +exact std\n/)
    expect(out).toMatch(/\nmode +share of samples +probability\n/)
    expect(out).toMatch(/\nagainst exact +samples +floor +of sets\n/)
    expect(out).toMatch(/\nsw +0\.\d+ +0\.\d+ +0\.\d+ … 0\.\d+ +sliced Wasserstein/)
    expect(out).toMatch(/log p\(y\) = -\d/)
    expect(out).toMatch(/Wrote 500 samples of 2 numbers by exact to s\.npy \(\d+\.\d s\)\n$/)
    const again = await ran(
      folder.path,
      ask('--method', 'exact', '--samples', '500', '--out', 't.npy', '--batch', '7'),
    )
    expect(again.code).toBe(0)
    expect(samplesOf(folder.path, 't.npy')).toEqual(samplesOf(folder.path))
  })

  test('of a module, its values and its function', async () => {
    using folder = posed()
    writeFileSync(
      join(folder.path, 'own.ts'),
      `import { gaussianPrior, matrixOperator, poissonNoise } from '@tweedie/solvers'
import { tensor } from '@tweedie/tensor'
export const prior = gaussianPrior({ mean: [0, 0], covariance: 0.1 })
export const operator = matrixOperator(tensor([[1, 0]]))
export const noise = poissonNoise(30)
export const y: number[] = [0.2]`,
    )
    writeFileSync(
      join(folder.path, 'made.ts'),
      `export default async () => ({ prior: { gaussian: { mean: [0, 0], covariance: 1 } }, operator: 'identity', noise: 0.1, y: 'p/two.npy' })`,
    )
    writeFileSync(join(folder.path, 'p/two.npy'), writeNpy({ shape: [2], values: Float64Array.of(1, 2) }))
    const argv = ['posterior', '--out', 's.npy', '--samples', '4', '--steps', '3']
    const own = await ran(folder.path, [
      ...argv,
      '--problem',
      './own.ts',
      '--method',
      'dps',
      '--set',
      'scale=0.1',
    ])
    expect(own.err).toBe('')
    expect(own.out).toContain('There is nothing exact to compare with: the poisson noise is not Gaussian.')
    const made = await ran(folder.path, [...argv, '--problem', 'made.ts', '--method', 'ddrm'])
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(samplesOf(folder.path).shape).toEqual([4, 2])
    expectWrongUse(
      await ran(folder.path, [...argv, '--problem', 'own.ts', '--method', 'ddrm']),
      "--method: ddrm: needs the noise level σ_y (in units of [−1, 1]); 'poisson' has no sigma; these would: dps",
    )
  })
})

describe('what is wrong', () => {
  const argv = ask('--method', 'dps', '--out', 's.npy')
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['no such problem', "--problem: there is no file 'none.json'", ['--problem', 'none.json']],
    ['no such method', "--method: no method 'dpss'", ['--method', 'dpss']],
    ['no such option', 'zeta: is no option of dps', ['--set', 'zeta=1']],
    ['a seed that is set', '--set: seed is not one to set here; give --seed', ['--set', 'seed=1']],
    ['settings of the closed form', 'exact is the closed form', ['--method', 'exact', '--steps', '3']],
    ['another ending', "--out: 's.csv' should end in .npy", ['--out', 's.csv']],
    ['no samples', 'must be an integer from 1 to 10000000'.replace('must', 'It must'), ['--samples', '0']],
    ['too many samples', '--samples: 10000000 of 16 numbers are more than', ['--problem', 'p/wide.json', '--samples', '10000000']],
    ['a method that does not fit', 'these would: ', ['--method', 'repaint']],
    ['no text', 'is no text in UTF-8', ['--problem', 'p/A.npy']],
    ['a picture for an array', 'A.npy: ', ['--problem', 'p/torn.json']],
  ] // biome-ignore format: a table
  test.each(cases)('%s', async (_, message, more) => {
    using folder = posed()
    const wide = {
      prior: { gaussian: { mean: new Array(16).fill(0), covariance: 1 } },
      operator: 'identity',
      noise: 1,
      y: new Array(16).fill(0),
    }
    writeFileSync(join(folder.path, 'p/wide.json'), JSON.stringify(wide))
    writeFileSync(join(folder.path, 'p/torn.json'), JSON.stringify({ ...problem, y: 'sub/torn/A.npy' }))
    mkdirSync(join(folder.path, 'p/sub/torn'))
    writeFileSync(
      join(folder.path, 'p/sub/torn/A.npy'),
      readFileSync(join(folder.path, 'p/A.npy')).subarray(0, 130),
    )
    const result = await ran(folder.path, [...argv, ...more])
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toContain(message)
    expect(readdirSync(folder.path)).toEqual(['p'])
  })

  test.each([
    [{ ...problem, y: 'none.npy' }, "--problem: y: there is no file 'none.npy'"],
    [{ ...problem, nois: 1 }, '--problem: nois: is no key of the problem'],
    [{ ...problem, y: [1, 2] }, "--problem: y: must be [1], what 'matrix' yields; got [2]"],
  ])('the problem, case %#', async (given, message) => {
    using folder = posed()
    folder.write(given)
    expectWrongUse(await ran(folder.path, argv), message)
  })

  test('a file that is not ours, one that is', async () => {
    using folder = posed()
    const theirs = writeNpy({ shape: [1, 2], values: Float64Array.of(1, 2) })
    writeFileSync(join(folder.path, 's.npy'), theirs)
    expectWrongUse(await ran(folder.path, argv), 's.npy is there already and not written by tweedie')
    expect(readFileSync(join(folder.path, 's.npy')).equals(theirs)).toBe(true)
    expect(isOurSamples(theirs)).toBe(false)
    expectWrongUse(
      await ran(folder.path, ask('--method', 'exact', '--out', 'p/means.npy')),
      'means.npy is there already',
    )
    writeFileSync(join(folder.path, 't.npy'), theirs.subarray(0, 9))
    expectWrongUse(
      await ran(folder.path, ask('--method', 'exact', '--out', 't.npy')),
      'not written by tweedie',
    )
  })

  test('a run that diverges, and an interrupt, leave nothing', async () => {
    using folder = posed()
    const wild = await ran(folder.path, [...argv, '--set', 'scale=1e200', '--steps', '50'])
    expect(wild).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/diverged/) })
    const stopped = await ran(folder.path, [...argv, '--out', 'new/s.npy'], { signal: AbortSignal.abort() })
    expect(stopped).toMatchObject({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
    expect(existsSync(join(folder.path, 'new'))).toBe(false)
    expect(readdirSync(folder.path)).toEqual(['p'])
  })
})

describe('--check', () => {
  const argv = ['posterior', '--check', '--seeds', '16', '--samples', '20']
  test('exact draws pass, DDRM on a mixture does not', async () => {
    using folder = temporaryFolder()
    const exact = await ran(folder.path, [...argv, '--method', 'exact'])
    expect(exact).toMatchObject({ code: 0, err: '' })
    expect(exact.out).toMatch(/✓ +sbc +ranks of the truth/)
    expect(exact.out).toContain(
      'exact on d=8,dy=1,steps=20: as draws of the posterior, as far as 16 cases tell.',
    )
    const ddrm = await ran(folder.path, [...argv, '--method', 'ddrm', '--steps', '10', '--json'])
    expect(ddrm).toMatchObject({ code: 1, err: 'tweedie: ddrm:steps=10 does not sample the posterior\n' })
    expect(JSON.parse(ddrm.out)).toMatchObject({
      method: 'ddrm:steps=10',
      suite: 'gmm',
      checks: [{ holds: false, cases: 16 }],
    })
  })

  test('a module of the user is a method like any other', async () => {
    using folder = temporaryFolder()
    writeFileSync(
      join(folder.path, 'mine.ts'),
      "import { ddrm } from '@tweedie/solvers'\nexport default Object.assign((...a) => ddrm(...a), { info: { ...ddrm.info, name: 'mine' }, run: ddrm.run })",
    )
    const mine = await ran(folder.path, [...argv, '--method', './mine.ts', '--set', 'steps=5'])
    expect(mine).toMatchObject({ code: 1, err: 'tweedie: mine:steps=5 does not sample the posterior\n' })
    expect(mine.out).toMatch(/mine:steps=5 on d=8,dy=1,steps=20: not draws of the posterior: /)
  })

  test.each([
    ['no such suite', "--suite: no suite 'gm'; there are gmm", ['--suite', 'gm']],
    ['no such problem', "--problems: gmm has no 'd=9'; it has d=8,dy=1,steps=20; ", ['--problems', 'd=9']],
    ['a problem of files', '--check: takes no --problem', ['--problem', 'P.json']],
    ['no such option', 'zeta: is no option of ddrm', ['--set', 'zeta=1']],
  ])('%s', async (_, message, more) => {
    using folder = temporaryFolder()
    expectWrongUse(await ran(folder.path, [...argv, '--method', 'ddrm', ...more]), message)
  })

  test('options of it without it, and what is missing without it', async () => {
    using folder = posed()
    expectWrongUse(
      await ran(folder.path, ask('--method', 'dps', '--out', 's.npy', '--suite', 'gmm')),
      '--suite: is of --check',
    )
    expectWrongUse(
      await ran(folder.path, ask('--method', 'dps')),
      "required option '--out <file.npy>' not specified",
    )
    expectWrongUse(
      await ran(folder.path, ['posterior', '--method', 'dps']),
      "required option '--problem <file>'",
    )
  })
})

test('methods that are made for pictures have other settings for numbers, which are told', async () => {
  using folder = posed()
  const argv = ask('--samples', '2', '--steps', '3', '--out', 's.npy')
  const own = await ran(folder.path, [...argv, '--method', 'dps'])
  expect(own.out).toContain(
    'Note: dps:scale=0.1 as for problems of a few numbers, where nothing else is set.',
  )
  expect(own.out).toContain('by dps:scale=0.1,steps=3 to s.npy')
  const set = await ran(folder.path, [...argv, '--method', 'dps:scale=0.2'])
  expect(set.out).not.toContain('as for problems of a few numbers')
})
