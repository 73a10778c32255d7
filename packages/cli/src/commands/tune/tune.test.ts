import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { expectWrongUse, ran, temporaryFolder } from '../../testing.test.helper.ts'

const small = [
  '--steps',
  '4',
  '--candidates',
  '4',
  '--keep',
  '2',
  '--seeds',
  '1',
  '--test-seeds',
  '2',
  '--samples',
  '5',
]
const argv = ['tune', '--method', 'ddrm', ...small, '--options', 'eta,etaB', '--out', 'p.json']
const read = (folder: string) => JSON.parse(readFileSync(join(folder, 'p.json'), 'utf8'))

describe('tune', () => {
  test('writes a preset with its record, which posterior and restore take', async () => {
    using folder = temporaryFolder()
    const { code, out, err } = await ran(folder.path, argv)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^before {2}ddrm:steps=4\ntuned {3}ddrm:steps=4/)
    expect(out).toMatch(/\nd=8,dy=1,steps=20 +crps +\d/)
    expect(out).toContain('candidates × cases: 4 × 1, 2 × 2; tested on 2 other cases.')
    const preset = read(folder.path)
    expect(preset).toMatchObject({
      ...{ format: 'tweedie preset 1', method: 'ddrm', name: 'tuned', settings: { steps: 4 } },
      record: {
        suite: { name: 'gmm', problems: ['d=8,dy=1,steps=20'] },
        ...{
          by: 'crps',
          samples: 5,
          seed: 0,
          fixed: { steps: 4 },
          budget: { candidates: 4, keep: 2, seeds: 1 },
        },
        seeds: { validation: [1_000_000, 1_000_001], test: [0, 1] },
        trace: [
          { candidates: 4, seeds: 1 },
          { candidates: 2, seeds: 2 },
        ],
      },
    })
    const problem = {
      prior: { gaussian: { mean: [0, 1], covariance: 1 } },
      operator: 'identity',
      noise: 0.5,
      y: [1, 1],
    }
    writeFileSync(join(folder.path, 'P.json'), JSON.stringify({ ...problem }))
    const ask = [
      'posterior',
      '--problem',
      'P.json',
      '--samples',
      '3',
      '--out',
      's.npy',
      '--preset',
      'p.json',
      '--json',
    ]
    const drawn = await ran(folder.path, [...ask, '--method', 'ddrm'])
    expect(JSON.parse(drawn.out)).toMatchObject({ method: expect.stringMatching(/^ddrm:.*steps=4/) })
    const over = await ran(folder.path, [...ask, '--method', 'ddrm:steps=5'])
    expect(JSON.parse(over.out)).toMatchObject({ cost: { nfe: 5 } })
    expectWrongUse(
      await ran(folder.path, [...ask, '--method', 'dps']),
      "--preset: 'p.json' is a preset of ddrm, not of dps",
    )
    const data = new Float32Array(784).fill(0.5)
    writeFileSync(join(folder.path, 'd.png'), encodePicture({ channels: 1, height: 28, width: 28, data }))
    const restore = [
      'restore',
      'd.png',
      '--prior',
      'white',
      '--operator',
      'sr:4',
      '--preset',
      'p.json',
      '--json',
    ]
    const restored = await ran(folder.path, restore)
    expect(restored.err).toBe('')
    expect(JSON.parse(restored.out).tasks[0].runs[0]).toMatchObject({
      method: 'ddrm',
      options: preset.settings,
    })
    expectWrongUse(
      await ran(folder.path, [...restore.slice(0, -2), 'none.json']),
      "--preset: there is no file 'none.json'",
    )
    writeFileSync(join(folder.path, 'q.json'), '{}')
    expectWrongUse(await ran(folder.path, [...restore.slice(0, -2), 'q.json']), 'q.json: holds no preset')
  })

  test('an interrupted search goes on to the same preset', async () => {
    using folder = temporaryFolder()
    const watched = globalThis as { stopSearch?: () => void }
    writeFileSync(
      join(folder.path, 'mine.ts'),
      `import { ddrm } from '@tweedie/solvers'
const run = (...a) => (globalThis.stopSearch?.(), ddrm.run(...a))
export default Object.assign((...a) => run(...a), { info: { ...ddrm.info, name: 'mine' }, run })`,
    )
    const own = ['tune', '--method', './mine.ts', ...small, '--options', 'eta,etaB', '--out']
    expect((await ran(folder.path, [...own, 'p.json'])).code).toBe(0)
    const whole = read(folder.path)
    const stop = new AbortController()
    let runs = 0
    watched.stopSearch = () => {
      if (++runs === 5) stop.abort()
    }
    const stopped = await ran(folder.path, [...own, 'q.json'], { signal: stop.signal })
    expect(stopped).toMatchObject({
      code: 130,
      out: '',
      err: expect.stringMatching(/the same command goes on/),
    })
    runs = -Infinity
    const again = await ran(folder.path, [...own, 'q.json'])
    delete watched.stopSearch
    expect(again).toMatchObject({ code: 0, err: 'going on: 4 cells are there already\n' })
    const found = JSON.parse(readFileSync(join(folder.path, 'q.json'), 'utf8'))
    expect(found.settings).toEqual(whole.settings)
    expect(found.record.trace).toEqual(whole.record.trace)
    expect(existsSync(join(folder.path, 'q.json.cells.jsonl'))).toBe(false)
  })

  test.each([
    ['no such method', "--method: no method 'ddrn'", ['--method', 'ddrn']],
    ['no such metric', "--by: no metric 'mse'; there are sw", ['--by', 'mse']],
    ['no such option', 'zeta: is no option of ddrm', ['--options', 'zeta']],
    ['an option that is given', 'eta: is given, so it is not tuned', ['--set', 'eta=1']],
    ['a range out of limits', 'eta: 0 … 3 is no range of it', ['--range', 'eta=0..3']],
    ['no range', 'It must look like scale=0.01..3.', ['--range', 'eta=1']],
    ['no such problem', "--problems: gmm has no 'x'", ['--problems', 'x']],
    ['another ending', "--out: 'p.txt' should end in .json", ['--out', 'p.txt']],
  ])('%s', async (_, message, more) => {
    using folder = temporaryFolder()
    const result = await ran(folder.path, [...argv, ...more])
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toContain(message)
  })

  test('a file that is not ours stays', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'p.json'), '{"a":1}')
    expectWrongUse(await ran(folder.path, argv), 'p.json is there already and not written by tweedie')
  })
})
