import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectWrongUse, ran, temporaryFolder, whitePrior } from '../../testing.test.helper.ts'

const argv = ['bench', 'images', '--prior', 'white', '--pictures', '2', '--seeds', '2']
const quick = [
  ...argv,
  '--methods',
  'ddrm:steps=4,dps:steps=3,scale=0.1',
  '--operators',
  'sr:4,inpaint:box=14',
]
const cellsOf = (out: string) => JSON.parse(out).cells as readonly Record<string, unknown>[]

test('methods × operators × seeds, in tables and as JSON', async () => {
  using folder = temporaryFolder()
  const { code, out, err } = await ran(folder.path, quick)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(
    /^sr:4, noise 0\.05: 4 held-out digits, 2 seeds; χ² of the truth is 32 … 70\n\nmethod +PSNR +SSIM +misfit +χ² +behind +p +NFE +VJP +seconds\n/,
  )
  expect(out).toMatch(/\ninpaint:box=14, noise 0\.05/)
  expect(out).toMatch(/ddrm:steps=4 +\d+\.\d\d ± \d+\.\d\d/)
  const json = await ran(folder.path, [...quick, '--json'])
  const cells = cellsOf(json.out)
  expect(cells).toHaveLength(8)
  expect(cells[0]).toMatchObject({
    ...{
      prior: 'white',
      operator: 'sr:4',
      noise: '0.05',
      method: 'ddrm',
      words: 'ddrm:steps=4',
      seed: 0,
      pictures: 2,
    },
    ...{ measured: 49, nfe: 4, vjps: 0 },
  })
  expect(new Set(cells.map(({ seed, method }) => `${method} ${seed}`)).size).toBe(4)
})

test('on digits methods have what suits digits, by task as in the demo, and what is said of them', async () => {
  using folder = temporaryFolder()
  const on = async (prior: string, more: readonly string[] = []) => {
    const asked = ['--methods', 'mpgd:steps=2,ddrm:steps=2', '--operators', 'sr:4,blur:size=9,std=1.5']
    const one = ['bench', 'images', '--pictures', '1', '--seeds', '1', '--json', ...asked]
    return cellsOf((await ran(folder.path, [...one, '--prior', prior, ...more])).out).map(
      ({ words }) => words,
    )
  }
  expect(await on('digits')).toEqual([
    ...['mpgd:scale=2,steps=2', 'ddrm:steps=2,eta=1'],
    ...['mpgd:scale=2,steps=2', 'ddrm:steps=2,eta=0.85'],
  ])
  const plain = ['mpgd:steps=2', 'ddrm:steps=2']
  expect(await on('white')).toEqual([...plain, ...plain])
})

test('seeds are other pictures and other noise; the same seed is the same', async () => {
  using folder = temporaryFolder()
  const one = [...argv, '--methods', 'ddrm:steps=4', '--operators', 'sr:4', '--json']
  const scores = async () => cellsOf((await ran(folder.path, one)).out).map(({ scores }) => scores)
  const first = await scores()
  expect(await scores()).toEqual(first)
  expect(first[0]).not.toEqual(first[1])
})

test('an interrupted run goes on, and its file is replaced by a later one', async () => {
  using folder = temporaryFolder()
  const stop = new AbortController()
  let calls = 0
  const { denoise, ...rest } = whitePrior()
  const counted = (limit: number) => ({
    white: async () => ({
      ...rest,
      denoise: (...args: Parameters<typeof denoise>) => {
        if (++calls === limit) stop.abort()
        return denoise(...args)
      },
    }),
  })
  const whole = cellsOf((await ran(folder.path, [...quick, '--json'])).out)
  const into = [...quick, '--out', 'r.json']
  const stopped = await ran(folder.path, into, { signal: stop.signal, priors: counted(9) })
  expect(stopped).toMatchObject({ code: 130, err: expect.stringMatching(/the same command goes on/) })
  expect(existsSync(join(folder.path, 'r.json'))).toBe(false)
  calls = 0
  const rested = await ran(folder.path, into, { priors: counted(Infinity) })
  expect(rested).toMatchObject({ code: 0, err: 'going on: 2 cells are there already\n' })
  expect(calls).toBe(3 * (4 + 3))
  const kept = (cells: readonly Record<string, unknown>[]) => cells.map(({ seconds: _, ...cell }) => cell)
  const found = JSON.parse(readFileSync(join(folder.path, 'r.json'), 'utf8'))
  expect(kept(found.cells)).toEqual(kept(whole))
  expect(found).toMatchObject({
    truth: 'held-out digits',
    command: expect.stringMatching(/^tweedie bench images/),
  })
  expect(existsSync(join(folder.path, 'r.json.parts.jsonl'))).toBe(false)
  expect((await ran(folder.path, into)).code).toBe(0)
})

test('draws of the prior where it is for other pictures; what does not fit is said', async () => {
  using folder = temporaryFolder()
  const colour = [
    'bench',
    'images',
    '--prior',
    'colour',
    '--pictures',
    '1',
    '--seeds',
    '1',
    '--operators',
    'sr:4',
  ]
  const drawn = await ran(folder.path, [...colour, '--methods', 'ddrm:steps=2,repaint,red-diff:steps=2'])
  expect(drawn.out).toMatch(/^sr:4, noise 0\.05: 1 draws of the prior white, 100 steps/)
  expect(drawn.out).toMatch(/ {2}repaint: needs orthonormal rows/)
  expectWrongUse(await ran(folder.path, [...colour, '--truth', 'digits']), '--truth: digits are [1, 28, 28]')
  expectWrongUse(await ran(folder.path, [...argv, '--methods', 'dpss']), "--methods: no method 'dpss'")
  expectWrongUse(await ran(folder.path, [...argv, '--operators', 'sr:5']), '--operators: ')
  writeFileSync(join(folder.path, 'mine.json'), '{}')
  expectWrongUse(
    await ran(folder.path, [...argv, '--out', 'mine.json']),
    'mine.json is there already and not written by tweedie',
  )
})
