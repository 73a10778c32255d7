import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeNpy } from '@tweedie/unet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// A user's own modules, given to the command as a process: in a folder outside the repository, where nothing is installed.

const root = resolve(import.meta.dirname, '..')
const bin = join(root, 'packages/cli/bin/tweedie.js')
let folder: string

/** Runs the command in the folder; a colourless terminal of endless lines. */
function tweedie(...argv: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}
const write = (file: string, text: string) => writeFileSync(join(folder, file), text)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tweedie-own-'))
  const pixels = Float32Array.from({ length: 784 }, (_, i) => Math.sin(i / 9) * Math.cos((i % 28) / 5))
  writeFileSync(join(folder, 'x.npy'), writeNpy({ shape: [1, 28, 28], values: pixels }))
  for (const [kind, name] of [
    ['method', 'posterior-mean'],
    ['operator', 'double-exposure'],
    ['prior', 'pixelwise'],
  ] as const) {
    // biome-ignore format: pairs
    const made = tweedie('new', kind, name)
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toContain(`Wrote ${name}.ts and ${name}.test.ts`)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('tweedie new', () => {
  test('leaves files that are there alone, and writes none beside them', () => {
    rmSync(join(folder, 'pixelwise.test.ts'))
    const before = readFileSync(join(folder, 'pixelwise.ts'), 'utf8')
    expect(tweedie('new', 'method', 'pixelwise')).toEqual({
      code: 2,
      out: '',
      err: 'tweedie: new: pixelwise.ts is there already in .\n',
    })
    expect(readFileSync(join(folder, 'pixelwise.ts'), 'utf8')).toBe(before)
    expect(readdirSync(folder)).not.toContain('pixelwise.test.ts')
  })

  test.each([['Mine'], ['../up'], ['a--b'], ['1st']])('takes no name such as %s', (name) => {
    expect(tweedie('new', 'method', name).err).toContain('lower-case words joined by hyphens')
  })

  test('its modules are those of the page, 25 lines each', () => {
    const page = readFileSync(join(root, 'docs/your-own.md'), 'utf8')
    for (const file of [
      'posterior-mean.ts',
      'posterior-mean.test.ts',
      'double-exposure.ts',
      'pixelwise.ts',
    ]) {
      const text = readFileSync(join(folder, file), 'utf8')
      expect(page).toContain(`\`\`\`ts${file.includes('.test.') ? ' no-run' : ''}\n${text}\`\`\``)
      expect(text.trim().split('\n').length, file).toBeLessThanOrEqual(25)
    }
  })

  test('its tests pass under the test runner of Node, where the packages are installed', () => {
    const inside = join(root, 'tests', '.own-modules')
    rmSync(inside, { recursive: true, force: true })
    mkdirSync(inside)
    try {
      for (const kind of ['method', 'operator', 'prior'])
        expect(tweedie('new', kind, `a-${kind}`, '--out', inside).code).toBe(0)
      const files = ['method', 'operator', 'prior'].map((kind) => join(inside, `a-${kind}.test.ts`))
      const ran = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...files], {
        encoding: 'utf8',
      })
      expect(ran.stdout).toContain('# fail 0')
      expect(Number(/# pass (\d+)/.exec(ran.stdout)?.[1])).toBeGreaterThan(40)
    } finally {
      rmSync(inside, { recursive: true, force: true })
    }
  })
})

describe('tweedie check', () => {
  test.each([
    ['./posterior-mean.ts', "method 'posterior-mean'", 12],
    ['./double-exposure.ts:5', "operator 'double-exposure'", 7],
    ['./pixelwise.ts', "prior 'pixelwise'", 8],
  ])('%s', (module, what, laws) => {
    const { code, out, err } = tweedie('check', module)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(what)
    expect(out).toContain(`All ${laws} laws hold.`)
  })

  test('says which law does not hold, and what was found', () => {
    const text = readFileSync(join(folder, 'double-exposure.ts'), 'utf8')
    write('wrong.ts', text.replace('forward: (x) => {', 'adjoint: (y) => y,\n      forward: (x) => {'))
    const { code, out, err } = tweedie('check', './wrong.ts', '--json')
    expect({ code, err }).toEqual({ code: 1, err: 'tweedie: 1 of 7 laws do not hold\n' })
    const broken = JSON.parse(out).laws.filter(({ holds }: { holds: boolean }) => !holds)
    expect(broken).toMatchObject([
      { law: '⟨Ax, y⟩ = ⟨x, Aᵀy⟩', why: expect.stringMatching(/^in float64 ⟨Ax, y⟩ = /) },
    ])
  })
})

describe('tweedie restore', () => {
  const restoring = (...more: string[]) =>
    ['restore', 'x.npy', '--operator', './double-exposure.ts:shift=5', '--method', './posterior-mean.ts', '--prior', './pixelwise.ts', '--steps', '12', ...more] // biome-ignore format: one line

  test('with a method, an operator and a prior of the user: tables, record, report', () => {
    const { code, out, err } = tweedie(...restoring('--set', 'eta=0.5', '--out', 'all'))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('posterior-mean')
    const record = JSON.parse(readFileSync(join(folder, 'all', 'run.json'), 'utf8'))
    expect(record.tasks[0].runs[0]).toMatchObject({
      method: 'posterior-mean',
      options: { eta: 0.5 },
      nfe: 12,
    })
    expect(record.prior.name).toBe('pixelwise')
    expect(record.inputs.map(({ file }: { file: string }) => file)).toEqual([
      'x.npy',
      './posterior-mean.ts',
      './double-exposure.ts',
      './pixelwise.ts',
    ])
    expect(readFileSync(join(folder, 'all', 'report.html'), 'utf8')).toContain('posterior-mean')
  })

  test('goes on with them bit for bit, and says where a module has changed', async () => {
    expect(tweedie(...restoring('--steps', '400', '--out', 'whole')).code).toBe(0)
    // Stopped between two steps, when the prior is asked for the 30th time.
    const text = readFileSync(join(folder, 'pixelwise.ts'), 'utf8')
    write(
      'stops.ts',
      `let calls = 0\n${text.replace('predict: (xt, t) => {', "predict: (xt, t) => {\n    if (++calls === 30 && process.env['STOP']) process.kill(process.pid, 'SIGINT')")}`,
    )
    const argv = restoring('--steps', '400', '--prior', './stops.ts', '--out', 'parts', '--resumable')
    const child = spawn(
      process.execPath,
      ['--experimental-strip-types', join(root, 'packages/cli/src/main.ts'), ...argv],
      {
        cwd: folder,
        env: { ...process.env, STOP: '1' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (part) => (said += part))
    const code = await new Promise((done) => child.on('close', done))
    expect([code, said]).toEqual([130, expect.stringMatching(/interrupted after step \d+; go on with/)])
    write('posterior-mean.ts', `${readFileSync(join(folder, 'posterior-mean.ts'), 'utf8')}// a remark\n`)
    const resumed = tweedie('restore', '--resume', 'parts')
    expect(resumed).toMatchObject({ code: 0, err: '' })
    expect(resumed.out).toContain('./posterior-mean.ts has changed since the run read it')
    const [whole, parts] = ['whole', 'parts'].map((out) => readFileSync(join(folder, out, 'restored.npy')))
    expect(parts?.equals(whole ?? Buffer.alloc(0))).toBe(true)
  })

  /** A folder of an older package beside the modules, with some of them in it. */
  const inPackage = (name: string, manifest: object, files: Readonly<Record<string, string>>) => {
    mkdirSync(join(folder, name, 'deep'), { recursive: true })
    write(join(name, 'package.json'), JSON.stringify(manifest))
    for (const [file, text] of Object.entries(files)) write(join(name, file), text)
  }
  /** The method of the template, with its width in a second file, and no types: TypeScript and JavaScript alike. */
  const inTwoFiles = (second: string) =>
    `import { width } from './${second}'\n${readFileSync(join(folder, 'posterior-mean.ts'), 'utf8').replace(
      'sigma / Math.hypot(alpha, sigma)',
      'width(sigma, alpha)',
    )}`
  const width = 'export const width = (sigma, alpha) => sigma / Math.hypot(alpha, sigma)\n'

  test('any way of writing a module gives the same numbers', () => {
    const typed = width.replace('(sigma, alpha)', '(sigma: number, alpha: number): number')
    inPackage(
      'an old package',
      { type: 'commonjs' },
      {
        'two.ts': inTwoFiles('deep/width.ts'),
        'deep/width.ts': typed,
        'two.js': inTwoFiles('deep/width.js'),
        'deep/width.js': width,
        'two.mts': inTwoFiles('deep/width.mjs'),
        'deep/width.mjs': width,
        'required.cjs': inTwoFiles('deep/width.cjs')
          .replace(/^import (\{[^}]*\}) from ('[^']*')/gm, 'const $1 = require($2)')
          .replace('export default', 'module.exports ='),
        'deep/width.cjs': width.replace('export const ', 'exports.'),
      },
    )
    inPackage(
      'typeless',
      { name: 'typeless' },
      { 'two.js': inTwoFiles('deep/width.js'), 'deep/width.js': width },
    )
    const restored = (method: string) => {
      const { code, err } = tweedie(...restoring('--method', method, '--out', 'way'))
      expect({ method, code, err }).toEqual({ method, code: 0, err: '' })
      return readFileSync(join(folder, 'way', 'restored.npy'))
    }
    const first = restored('./posterior-mean.ts')
    for (const method of [
      'an old package/two.ts',
      join(folder, 'an old package', 'two.js'),
      './an old package/two.mts:eta=1',
      './an old package/required.cjs',
      'typeless/two.js',
    ])
      expect(restored(method).equals(first), method).toBe(true)
  })

  test('an operator that is not linear, and a prior that takes its time', () => {
    write(
      'film.ts',
      `import { defineOperator, number } from '@tweedie/solvers'
export default defineOperator({
  name: 'film',
  summary: 'exposed film',
  options: { gain: number('contrast', { default: 1, min: 0 }) },
  build: (shape, { gain }) => ({ inShape: shape, outShape: shape, forward: (x) => x.mul(gain).exp() }),
})
`,
    )
    write(
      'slow.ts',
      `import prior from './pixelwise.ts'
export default async () => {
  await new Promise((done) => setTimeout(done, 1))
  return { ...prior, name: 'slow' }
}
`,
    )
    const film = (...more: string[]) =>
      tweedie(
        ...restoring('--operator', './film.ts:gain=0.5', '--prior', './slow.ts', '--out', 'film', ...more),
      )
    expect(tweedie('check', './film.ts').out).toContain('All 5 laws hold.')
    expect(tweedie('check', './slow.ts').out).toContain("prior 'slow'")
    expect(film('--method', 'dps')).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(readFileSync(join(folder, 'film', 'run.json'), 'utf8')).prior.name).toBe('slow')
    expect(film().err).toMatch(
      /^tweedie: --method: posterior-mean: .*needs a linear operator; 'film' has no adjoint\(\).*; these would: dps, [a-z, -]+\n$/,
    )
    expect(tweedie(...restoring('--noise', 'poisson:peak=30')).err).toMatch(
      /^tweedie: --method: posterior-mean: needs the noise level σ_y .*'poisson' has no sigma; these would: [a-z, -]+\n$/,
    )
    expect(
      tweedie('sample', '--prior', './slow.ts', '--sampler', 'heun', '--steps', '4', '--out', 's.png').code,
    ).toBe(0)
  })

  test('every package of ours can be imported, and is the one that runs', () => {
    const text = readFileSync(join(folder, 'posterior-mean.ts'), 'utf8')
    const imports = [
      "import { vjp } from '@tweedie/autograd'",
      "import { tensor } from '@tweedie/tensor'",
      "import { drive } from '@tweedie/runs'",
      "import { suites } from '@tweedie/calibration'",
      "import { ddpm } from '@tweedie/unet'",
      "import { methodLaws } from '@tweedie/solvers/laws'",
      'const [y, back] = vjp((x: ReturnType<typeof tensor>) => x.mul(3), tensor([2]))',
      "if (back(tensor([1]))[0].dataSync()[0] !== 3 || y.dataSync()[0] !== 6) throw new Error('another engine')",
      "if ([drive, ddpm, methodLaws, suites].includes(undefined as never)) throw new Error('missing')",
    ]
    write('engine.ts', `${imports.join('\n')}\n${text}`)
    expect(tweedie('methods', './engine.ts')).toMatchObject({ code: 0, err: '' })
  })

  test('the lists show them', () => {
    expect(tweedie('methods', './posterior-mean.ts').out).toMatch(/eta +1 +a number from 0 to 1/)
    expect(tweedie('operators', './double-exposure.ts').out).toMatch(/shift \* .*an integer of at least 0 +3/)
  })

  test.each([
    ['--method', './nope.ts', "--method: there is no file './nope.ts'"],
    [
      '--method',
      './pixelwise.ts',
      "--method: the default export of './pixelwise.ts' is a kind of prior, not a method",
    ],
    ['--operator', './posterior-mean.ts', 'is a kind of method, not an operator'],
    ['--prior', './double-exposure.ts', 'is a kind of operator, not a prior'],
    ['--method', './posterior-mean.ts:eta=2', "--method: eta: must be a number from 0 to 1, got '2'"],
    [
      '--operator',
      './double-exposure.ts:shift=x',
      "--operator: shift: must be an integer of at least 0, got 'x'",
    ],
    [
      '--operator',
      './double-exposure.ts:zeta=1',
      '--operator: zeta: is no option of double-exposure; it has shift',
    ],
    ['--prior', './pixelwise.ts@32', "a module's prior takes no options"],
    ['--method', './bare.ts', "--method: './bare.ts' has no default export; it exports mine"],
    ['--method', './enum.ts', './enum.ts: cannot be loaded: SyntaxError'],
    [
      '--method',
      './missing.ts',
      "./missing.ts: cannot be loaded: SyntaxError: The requested module '@tweedie/solvers'",
    ],
    ['--method', './throws.ts', './throws.ts: cannot be loaded: TypeError: no (line 2)'],
  ])('%s %s is refused before any work', (option, value, message) => {
    write('bare.ts', 'export const mine = 1\n')
    write('enum.ts', 'enum Kind { A }\nexport default Kind\n')
    write('missing.ts', "import { nothing } from '@tweedie/solvers'\nexport default nothing\n")
    write('throws.ts', "const fail = () => {\n  throw new TypeError('no') }\nexport default fail()\n")
    const { code, out, err } = tweedie(
      'restore',
      'x.npy',
      '--operator',
      'denoise',
      '--out',
      'none',
      option,
      value,
    )
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(err).toMatch(/^tweedie: [^\n]*\n$/)
    expect(readdirSync(folder)).not.toContain('none')
  })

  test('an error in a step of theirs is said to be theirs, with its place', () => {
    const text = readFileSync(join(folder, 'posterior-mean.ts'), 'utf8')
    write(
      'breaks.ts',
      text.replace('const r = ', "if (sigma > 0) throw new RangeError('mine')\n        const r = "),
    )
    const { code, err } = tweedie(
      'restore',
      'x.npy',
      '--operator',
      'denoise',
      '--method',
      './breaks.ts',
      '--out',
      'none',
    )
    expect(code).toBe(1)
    expect(err).toMatch(
      /^tweedie: an error in a module of yours\nRangeError: mine\n +at .*breaks\.ts:\d+:\d+/,
    )
  })
})
