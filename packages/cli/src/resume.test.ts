import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demoDigits } from './digits.ts'
import { encodePicture } from './images/png.ts'
import type { RunRecord } from './report/record.ts'
import { ran, temporaryFolder, whitePrior } from './testing.ts'

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
    writeFileSync(join(folder.path, 'd.png'), 'the picture is not needed any more')
    const second = await ran(folder.path, ['restore', '--resume', 'parts'], stopAt(2))
    expect(second.err).toContain('interrupted after step 6')
    const third = await ran(folder.path, ['restore', '--resume', 'parts'])
    expect(third).toMatchObject({ code: 0, err: '' })
    expect(readdirSync(folder.path).sort()).toEqual(['d.png', 'parts', 'whole'])
    for (const file of ['restored-1.png', 'restored-2.png']) {
      const [a, b] = ['whole', 'parts'].map((name) => readFileSync(join(folder.path, name, file)))
      expect(a!.equals(b!)).toBe(true)
    }
    const [whole, parts] = ['whole', 'parts'].map((name) => read(folder.path, name).tasks[0]!.runs[0]!)
    expect({ ...parts, seconds: 0 }).toEqual({ ...whole, seconds: 0 })
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
  writeFileSync(join(folder.path, 'part', 'run.json'), text.slice(0, 90))
  await refused(['restore', '--resume', 'part'], /run.json: is not JSON/)
})

test('an unfinished run may be started anew', async () => {
  using folder = prepared()
  await ran(folder.path, restoring('part', 'ddrm', '--resumable'), stopAt(3))
  expect(await ran(folder.path, restoring('part', 'ddrm', '--resumable'))).toMatchObject({ code: 0, err: '' })
  // DDRM's grid has ten indices for nine steps of 1000.
  expect(read(folder.path, 'part').tasks[0]!.runs[0]!.trace).toHaveLength(10)
})
