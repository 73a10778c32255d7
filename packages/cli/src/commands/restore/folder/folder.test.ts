import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FolderRecord, RunRecord } from '@tweedie/runs'
import { memory } from '@tweedie/tensor'
import { writeNpy } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { encodePicture } from '../../../images/png.ts'
import { readPicture } from '../../../images/read.ts'
import { expectWrongUse, ran, temporaryFolder, whitePrior } from '../../../testing.test.helper.ts'
import { demoDigits } from '../../demo/digits.ts'

const digits = demoDigits(4).map(({ picture }) => encodePicture(picture))
const options = ['--prior', 'white', '--operator', 'inpaint:box=14', '--steps', '3', '--method', 'ddrm']

/** A folder `in` with files in it, and `tweedie restore --input` of it into `out`. */
function prepared(files: Readonly<Record<string, Uint8Array | string>>) {
  const folder = temporaryFolder()
  const at = (...names: string[]) => join(folder.path, ...names)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(at('in', name, '..'), { recursive: true })
    writeFileSync(at('in', name), content)
  }
  return {
    at,
    restore: (more: readonly string[] = [], io = {}) =>
      ran(folder.path, ['restore', '--input', 'in', ...options, '--out', 'out', ...more], io),
    one: (file: string, out: string) => ran(folder.path, ['restore', file, ...options, '--out', out]),
    record: (): FolderRecord => JSON.parse(readFileSync(at('out', 'run.json'), 'utf8')),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}
const [a, b, c, d] = digits as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]

/** A prior that counts its calls, and raises Ctrl-C in the nth. */
function counting(stopAt = Infinity) {
  const stop = new AbortController()
  const white = whitePrior()
  const seen = { calls: 0 }
  const denoise: typeof white.denoise = (xt, t) => {
    if (++seen.calls === stopAt) stop.abort()
    return white.denoise(xt, t)
  }
  return { seen, io: { signal: stop.signal, priors: { white: async () => ({ ...white, denoise }) } } }
}

test('each picture is restored as it would be alone, under its name; a row each', async () => {
  using folder = prepared({ 'a.png': a, 'b.png': b, 'notes.txt': 'hello', '.hidden.png': 'no' })
  const { code, out, err } = await folder.restore()
  expect(code).toBe(0)
  expect(err.split('\n')).toEqual([
    expect.stringMatching(/^1\/2 in\/a\.png: [\d.]+ s, about \d+ s left$/),
    expect.stringMatching(/^2\/2 in\/b\.png: [\d.]+ s$/),
    '',
  ])
  expect(readdirSync(folder.at('out')).sort()).toEqual([
    'a.png',
    'b.png',
    'pictures.jsonl',
    'report.html',
    'run.json',
  ])
  await folder.one('in/b.png', 'one')
  expect(readFileSync(folder.at('out/b.png')).equals(readFileSync(folder.at('one/restored.png')))).toBe(true)
  const single: RunRecord = JSON.parse(readFileSync(folder.at('one/run.json'), 'utf8'))
  const { pictures, notes, unfinished, files } = folder.record()
  expect(unfinished).toBe(false)
  expect(notes).toEqual(['left aside as no pictures: notes.txt'])
  expect(pictures.map(({ file, outputs }) => [file, outputs])).toEqual([
    ['in/a.png', ['a.png']],
    ['in/b.png', ['b.png']],
  ])
  expect(pictures[1]?.result?.scores['psnr']).toBeCloseTo(single.tasks[0]!.runs[0]!.scores[0]!['psnr']!, 4)
  expect(pictures[1]?.inputs).toEqual(single.inputs)
  expect([...files].sort()).toEqual(readdirSync(folder.at('out')).sort())
  expect(out).toMatch(/in\/a\.png +28×28 +[\d.]+/)
  expect(out).toContain('2 of 2 pictures restored; means: PSNR')
  const page = readFileSync(folder.at('out/report.html'), 'utf8')
  expect(page.match(/<img src="data:image\/png;base64,/g)).toHaveLength(6)
  expect(page).toContain('in/b.png')
})

test('pictures of several kinds and sizes; a broken one is named, the others go on, the exit code tells', async () => {
  using folder = prepared({
    'a.png': a,
    'broken.png': a.subarray(0, 100),
    'large.png': encodePicture({ channels: 1, width: 40, height: 30, data: new Float32Array(1200) }),
    'numbers.npy': writeNpy({ shape: [28, 28], values: new Float32Array(784) }),
    'photo.heic': '\0\0\0\x18ftypheic',
  })
  const { code, out, err } = await folder.restore()
  expect(code).toBe(1)
  expect(err).toMatch(
    /\ntweedie: 3 of 5 pictures could not be restored: in\/broken\.png, in\/large\.png, in\/photo\.heic\n$/,
  )
  expect(out).toContain('\nin/broken.png: broken PNG: cut off after 100 bytes')
  const rows = folder.record().pictures
  expect(rows.map(({ error }) => error ?? '')).toEqual([
    '',
    expect.stringContaining('broken PNG'),
    expect.stringContaining("the picture is 40×30 pixels, the prior 'white' is for 28×28"),
    '',
    expect.stringContaining('an HEIC picture, which is not read'),
  ])
  expect(existsSync(folder.at('out/numbers.png'))).toBe(true)
  const page = readFileSync(folder.at('out/report.html'), 'utf8')
  expect(page).toContain('2 of 5 pictures restored')
  expect(page).toContain('broken PNG')
})

test('Ctrl-C leaves what is done; the same command goes on, to the same pictures', async () => {
  const files = { 'a.png': a, 'b.png': b, 'c.png': c }
  using whole = prepared(files)
  expect((await whole.restore()).code).toBe(0)
  using folder = prepared(files)
  // Four calls a picture: in the second of them.
  const first = await folder.restore([], counting(6).io)
  expect(first).toMatchObject({ code: 130, out: '' })
  expect(first.err).toContain(
    'tweedie: interrupted after 1 of 3 pictures, which are in out; the same command goes on\n',
  )
  expect(readdirSync(folder.at('out')).sort()).toEqual(['a.png', 'pictures.jsonl', 'report.html', 'run.json'])
  expect(folder.record()).toMatchObject({ unfinished: true, pictures: [{ file: 'in/a.png' }] })
  const rest = counting()
  const second = await folder.restore([], rest.io)
  expect(second.code).toBe(0)
  expect(rest.seen.calls).toBe(8)
  expect(folder.record().notes).toEqual(['1 of 3 pictures were restored by an earlier run, and kept'])
  for (const file of ['a.png', 'b.png', 'c.png'])
    expect(readFileSync(folder.at('out', file)).equals(readFileSync(whole.at('out', file)))).toBe(true)
  expect(readFileSync(folder.at('out/report.html'), 'utf8').match(/<img /g)).toHaveLength(9)
})

test('what a killed run leaves is gone on with: a picture that is not in the journal, a line broken off', async () => {
  using folder = prepared({ 'a.png': a, 'b.png': b })
  await folder.restore()
  const journal = readFileSync(folder.at('out/pictures.jsonl'), 'utf8')
  const [line = ''] = journal.split('\n')
  writeFileSync(folder.at('out/pictures.jsonl'), `${line}\n${line.slice(0, 50)}`)
  rmSync(folder.at('out/report.html'))
  const again = counting()
  expect((await folder.restore([], again.io)).code).toBe(0)
  expect(again.seen.calls).toBe(4)
  expect(folder.record().pictures).toHaveLength(2)
})

test('a picture is done anew where its file changed, its restoration is gone, or it failed; new ones are added', async () => {
  using folder = prepared({ 'a.png': a, 'b.png': b, 'c.png': c.subarray(0, 50), 'd.png': d })
  expect((await folder.restore()).code).toBe(1)
  writeFileSync(folder.at('in/a.png'), b)
  rmSync(folder.at('out/b.png'))
  writeFileSync(folder.at('in/c.png'), c)
  writeFileSync(folder.at('in/e.png'), a)
  const again = counting()
  expect((await folder.restore([], again.io)).code).toBe(0)
  expect(again.seen.calls).toBe(16)
  const { pictures, notes } = folder.record()
  expect(pictures.map(({ file }) => file)).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `in/${name}.png`))
  expect(notes).toEqual(['1 of 5 pictures were restored by an earlier run, and kept'])
  expect(readFileSync(folder.at('out/a.png')).equals(readFileSync(folder.at('out/b.png')))).toBe(true)
})

test('a folder of anything else is refused before any work', async () => {
  using folder = prepared({ 'a.png': a })
  await folder.restore()
  expectWrongUse(
    await folder.restore(['--seed', '1']),
    /--out: .*out holds pictures restored with another seed \(0, now 1\); name another folder/,
  )
  mkdirSync(folder.at('other'))
  writeFileSync(folder.at('other/thesis.tex'), '')
  expectWrongUse(
    await folder.restore(['--out', 'other']),
    /--out: .*other is not empty and holds no earlier run/,
  )
  expectWrongUse(await folder.restore(['--out', 'in']), /--out: .*in is not empty/)
  await folder.one('in/a.png', 'single')
  expectWrongUse(
    await folder.restore(['--out', 'single']),
    /--out: .*single is not empty and holds no earlier run/,
  )
  writeFileSync(folder.at('in/b.png'), b)
  writeFileSync(folder.at('out/b.png'), 'mine')
  expectWrongUse(await folder.restore(), /--out: .*b\.png is there already and not written by tweedie/)
  expect(readFileSync(folder.at('out/b.png'), 'utf8')).toBe('mine')
})

test('wrong use', async () => {
  using folder = prepared({ 'a.png': a })
  const refused = async (message: string | RegExp, ...argv: string[]) =>
    expectWrongUse(await ran(folder.at(), ['restore', ...argv, ...options]), message)
  await refused("--input: is in the place of an image; got 'x.png' as well", 'x.png', '--input', 'in')
  await refused('--resumable: is for one picture', '--resumable', '--input', 'in')
  await refused("--input: 'nowhere': no such file or folder", '--input', 'nowhere')
  mkdirSync(folder.at('empty'))
  await refused("--input: there are no pictures in 'empty'", '--input', 'empty')
  expectWrongUse(await folder.restore(['--method', 'magic']), "--method: no method 'magic'")
  expectWrongUse(await folder.restore(['--operator', 'magic:box=3']), "--operator: no operator 'magic'")
  expect(readdirSync(folder.at()).sort()).toEqual(['empty', 'in'])
})

test('patterns and lists of files keep their folders; names that would be one keep their endings', async () => {
  using folder = prepared({
    'a.png': a,
    'x/a.png': b,
    'x/y/c.png': c,
    'a.npy': writeNpy({ shape: [28, 28], values: new Float32Array(784) }),
  })
  const outputs = async (...input: string[]) => {
    rmSync(folder.at('out'), { recursive: true, force: true })
    const argv = ['restore', '--input', ...input, ...options, '--out', 'out']
    expect((await ran(folder.at(), argv)).code).toBe(0)
    const { pictures } = folder.record()
    for (const { outputs } of pictures)
      for (const output of outputs) await readPicture(folder.at('out', output))
    return pictures.map(({ file, outputs }) => `${file} ${outputs}`)
  }
  expect(await outputs('in')).toEqual(['in/a.npy a.npy.png', 'in/a.png a.png.png'])
  expect(await outputs('in/**/*.png')).toEqual([
    'in/a.png a.png',
    'in/x/a.png x/a.png',
    'in/x/y/c.png x/y/c.png',
  ])
  expect(await outputs('in/x/y/c.png', 'in/x/a.png')).toEqual(['in/x/y/c.png y/c.png', 'in/x/a.png a.png'])
})

test('--samples: each of them, their mean and deviation; no tensor is left behind', async () => {
  using folder = prepared({ 'a.png': a, 'b.png': b })
  expect((await folder.restore(['--samples', '2', '--json'])).err).toBe('')
  expect(
    readdirSync(folder.at('out'))
      .filter((name) => name.endsWith('png'))
      .sort(),
  ).toEqual(['a', 'b'].flatMap((name) => ['1', '2', 'mean', 'std'].map((which) => `${name}-${which}.png`)))
  // Constants of operators and methods go with them, some time: these two have none.
  using more = prepared({})
  mkdirSync(more.at('in'))
  for (let i = 0; i < 5; i++) cpSync(folder.at('in/a.png'), more.at('in', `${i}.png`))
  const before = memory().tensors
  const argv = ['--samples', '2', '--operator', 'denoise', '--method', 'dps']
  expect((await more.restore(argv)).code).toBe(0)
  expect(memory().tensors - before).toBeLessThanOrEqual(0)
})

test('--measured, of a folder of measurements', async () => {
  using folder = prepared({ 'a.png': a, 'b.png': b })
  expect((await folder.restore(['--measured'])).code).toBe(0)
  const [row] = folder.record().pictures
  expect(Object.keys(row?.result?.scores ?? {})).toEqual(['misfit'])
  expect(readFileSync(folder.at('out/report.html'), 'utf8').match(/<img /g)).toHaveLength(4)
})
