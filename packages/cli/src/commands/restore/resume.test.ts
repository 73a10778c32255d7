import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '@tweedie/runs'
import { expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { ran, temporaryFolder, whitePrior } from '../../testing.test.helper.ts'
import { demoDigits } from '../demo/digits.ts'

const read = (...path: string[]): RunRecord => JSON.parse(readFileSync(join(...path, 'run.json'), 'utf8'))
const restoring = (out: string, method: string, ...more: string[]) => [
  ...[
    'restore',
    'd.png',
    '--prior',
    'white',
    '--operator',
    'inpaint:box=14',
    '--steps',
    '9',
    '--samples',
    '2',
  ],
  ...['--method', method, '--out', out, ...more],
]
function prepared() {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, 'd.png'), encodePicture(demoDigits(1)[0]!.picture))
  return folder
}
/** What raises Ctrl-C in the nth call of the prior. */
function stopAt(n: number) {
  const stop = new AbortController()
  const white = whitePrior()
  let calls = 0
  const denoise: typeof white.denoise = (xt, t) => {
    if (++calls === n) stop.abort()
    return white.denoise(xt, t)
  }
  return { signal: stop.signal, priors: { white: async () => ({ ...white, denoise }) } }
}

test.for(['dps', 'ddrm', 'red-diff'])(
  '%s: stopped twice and continued, it ends as if it had not been',
  async (method) => {
    using folder = prepared()
    expect((await ran(folder.path, restoring('whole', method))).code).toBe(0)
    const first = await ran(folder.path, restoring('parts', method, '--resumable'), stopAt(4))
    expect(first).toMatchObject({ code: 130, out: '' })
    expect(first.err).toBe('tweedie: interrupted after step 4; go on with: tweedie restore --resume parts\n')
    expect(readdirSync(join(folder.path, 'parts')).sort()).toEqual(['run.json', 'state.safetensors'])
    rmSync(join(folder.path, 'd.png'))
    const second = await ran(folder.path, ['restore', '--resume', 'parts'], stopAt(2))
    expect(second.err).toContain('interrupted after step 6')
    const third = await ran(folder.path, ['restore', '--resume', 'parts'])
    expect(third).toMatchObject({ code: 0, err: '' })
    expect(readdirSync(folder.path).sort()).toEqual(['parts', 'whole'])
    for (const file of ['restored-1.png', 'restored-2.png']) {
      const [a, b] = ['whole', 'parts'].map((name) => readFileSync(join(folder.path, name, file)))
      expect(a!.equals(b!)).toBe(true)
    }
    const [whole, parts] = ['whole', 'parts'].map((name) => read(folder.path, name).tasks[0]!.runs[0]!)
    // What a run took is of that run: the seconds of all parts, the most bytes of any.
    const took = { seconds: 0, peakBytes: 0 }
    expect({ ...parts, ...took }).toEqual({ ...whole, ...took })
    expect((parts?.peakBytes ?? 0) / (whole?.peakBytes ?? 0)).toBeCloseTo(1, 1)
    expect(readdirSync(join(folder.path, 'parts'))).not.toContain('state.safetensors')
  },
)

test('what cannot be continued says why', async () => {
  using folder = prepared()
  const refused = async (argv: string[], message: string | RegExp) => {
    const result = await ran(folder.path, argv)
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toMatch(message)
    expect(result.err).toMatch(/^tweedie: [^\n]*\n$/)
  }
  await refused(['restore', '--resume', 'none'], '--resume: none holds no run of tweedie restore')
  await ran(folder.path, restoring('done', 'ddrm'))
  await refused(['restore', '--resume', 'done'], '--resume: the run in done is finished')
  await refused(restoring('done', 'ddrm', '--resumable'), '--resumable: done holds a finished run')
  await ran(folder.path, restoring('part', 'ddrm', '--resumable'), stopAt(3))
  await refused(['restore', 'd.png', '--resume', 'part'], '--resume: takes no image')
  await refused(['restore', '--resume', 'part', '--steps', '20'], '--resume: takes no --steps')
  const state = readFileSync(join(folder.path, 'part', 'state.safetensors'))
  writeFileSync(join(folder.path, 'part', 'state.safetensors'), state.subarray(0, 900))
  await refused(['restore', '--resume', 'part'], /state.safetensors: truncated/)
  const text = readFileSync(join(folder.path, 'part', 'run.json'), 'utf8')
  writeFileSync(join(folder.path, 'part', 'run.json'), text.replace('"next":3', '"next":-3'))
  await refused(['restore', '--resume', 'part'], /run.json: unfinished.next/)
  const edited = (change: (record: { options: object; unfinished: object; inputs: unknown }) => void) => {
    const record = JSON.parse(text)
    change(record)
    return JSON.stringify(record)
  }
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const edits: [string, RegExp][] = [
    [edited(({ options }) => Object.assign(options, { samples: 0 })), /run.json: options.samples/],
    [
      edited(({ options }) => Object.assign(options, { samples: 3 })),
      /run.json: is not as the interrupted run left it/,
    ],
    [
      edited(({ options }) => Object.assign(options, { seed: 1 })),
      /run.json: is not as the interrupted run left it/,
    ],
    [edited(({ options }) => Object.assign(options, { operator: 'denoise' })), /run.json: is not as/],
    [edited(({ unfinished }) => Object.assign(unfinished, { next: 5 })), /run.json: is not as/],
    [edited(({ unfinished }) => Object.assign(unfinished, { tree: {} })), /run.json: is not as/],
    [edited(({ unfinished }) => Object.assign(unfinished, { tree: null })), /run.json: unfinished.tree/],
    [text.replace(/"tree":\{/, `"tree":{"deep":${deep},`), /run.json: is not as/],
    [text.slice(0, 90), /run.json: is not JSON/],
  ]
  for (const [content, message] of edits) {
    writeFileSync(join(folder.path, 'part', 'run.json'), content)
    await refused(['restore', '--resume', 'part'], message)
  }
})

test('the state of another run with pictures of the same size is refused; white space in run.json is nothing', async () => {
  using folder = prepared()
  await ran(folder.path, restoring('part', 'ddrm', '--resumable'), stopAt(3))
  writeFileSync(join(folder.path, 'd.png'), encodePicture(demoDigits(2)[1]!.picture))
  await ran(folder.path, restoring('other', 'ddrm', '--resumable'), stopAt(3))
  const at = (name: string, file: string) => join(folder.path, name, file)
  const [state, text] = [
    readFileSync(at('part', 'state.safetensors')),
    readFileSync(at('part', 'run.json'), 'utf8'),
  ]
  writeFileSync(at('part', 'state.safetensors'), readFileSync(at('other', 'state.safetensors')))
  const swapped = await ran(folder.path, ['restore', '--resume', 'part'])
  expect(swapped).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/state.safetensors: is not as the interrupted run left it/),
  })
  writeFileSync(at('part', 'state.safetensors'), state)
  writeFileSync(at('part', 'run.json'), JSON.stringify(JSON.parse(text), null, 2))
  const resumed = await ran(folder.path, ['restore', '--resume', 'part'])
  expect(resumed).toMatchObject({ code: 0, err: '' })
  expect(resumed.out).toContain('Note: d.png has changed since the run read it')
  expect(read(folder.path, 'part').inputs).toMatchObject([
    { file: 'd.png', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ])
})

test('an unfinished run may be started anew', async () => {
  using folder = prepared()
  await ran(folder.path, restoring('part', 'ddrm', '--resumable'), stopAt(3))
  expect(await ran(folder.path, restoring('part', 'ddrm', '--resumable'))).toMatchObject({ code: 0, err: '' })
  // DDRM's grid has ten indices for nine steps of 1000.
  expect(read(folder.path, 'part').tasks[0]!.runs[0]!.trace).toHaveLength(10)
})
