import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseResults } from '@tweedie/calibration'
import { journalOf } from '@tweedie/calibration/node'
import { describe, expect, it } from 'vitest'
import { expectWrongUse, ran, temporaryFolder } from '../../testing.test.helper.ts'
import { methodTexts } from './posterior-command.ts'

const problem = 'd=8,dy=2,steps=20'
const bench = ['bench', 'posterior', 'gmm', '--problems', problem, '--samples', '30', '--seeds', '2']

const mine = `import { defineMethod, stepping } from '@tweedie/solvers'
import { number } from '@tweedie/solvers'
export default defineMethod({
  name: 'origin', title: 'Nothing but the origin', family: 'explicit', needs: [], steps: 3, spacing: 'linspace',
  options: { at: number('every coordinate', { default: 0 }) },
  plan: ({ prior, options, noise, problem: { y } }) => stepping({
    start: () => ({ x: noise() }),
    step: ({ x }) => ({ state: { x: x.mul(0).add(options.at) }, shown: { x0hat: x }, numbers: { residual: y.sum(1) } }),
  }),
})
`

describe('bench posterior', () => {
  it('prints a table a problem, and writes results from which a second run goes on', async () => {
    using folder = temporaryFolder()
    const argv = [...bench, '--methods', 'ddrm,ddrm:eta=0.5', '--out', 'r.json', '--markdown', 't.md']
    const { code, out } = await ran(folder.path, argv)
    expect(code).toBe(0)
    expect(out).toMatch(/^gmm d=8,dy=2,steps=20: 25 components in 8 dimensions/)
    expect(out).toMatch(/\nexact +\S+ ± \S+ \(\S+\) +sw 0\.12 ± 0\.04 +30 /)
    expect(out).toMatch(/\nddrm, eta=0\.5 +/)
    expect(readFileSync(join(folder.path, 't.md'), 'utf8')).toMatch(/\| row \| sw \| published \|/)
    const text = readFileSync(join(folder.path, 'r.json'), 'utf8')
    const results = parseResults(text, 'r.json')
    expect(results.command).toBe(`tweedie bench ${argv.slice(1).join(' ')}`)
    expect(results.suites[0]?.rows.map(({ row, cells }) => [row, cells.length])).toEqual(
      ['exact', 'exact-score', 'prior', 'ddrm', 'ddrm'].map((row) => [row, 2]),
    )
    expect(existsSync(journalOf(join(folder.path, 'r.json')))).toBe(false)

    const again = await ran(folder.path, [...argv, '--compare', 'r.json'])
    expect(again.out).toMatch(/\n0 of 5 numbers differ beyond their 95 % intervals\.\n$/)
  })

  it('goes on where it was interrupted', async () => {
    using folder = temporaryFolder()
    const stop = new AbortController()
    const argv = [...bench, '--methods', 'ddrm', '--out', 'r.json']
    const watch = setInterval(() => existsSync(journalOf(join(folder.path, 'r.json'))) && stop.abort(), 1)
    const stopped = await ran(folder.path, argv, { signal: stop.signal })
    clearInterval(watch)
    expect(stopped.code).toBe(130)
    expect(stopped.err).toMatch(/the same command goes on/)
    expect(existsSync(join(folder.path, 'r.json'))).toBe(false)
    const { code, err } = await ran(folder.path, argv)
    expect(code).toBe(0)
    expect(err).toMatch(/going on: [1-7] of 8 cells/)
    expect(parseResults(readFileSync(join(folder.path, 'r.json'), 'utf8'), '').suites[0]?.rows).toHaveLength(
      4,
    )
  })

  it('runs a method of the user’s own, in threads as well', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'own'))
    writeFileSync(join(folder.path, 'own/origin.ts'), mine)
    const argv = [...bench, '--methods', './own/origin.ts:at=2', '--json']
    const here = await ran(folder.path, argv)
    const there = await ran(folder.path, [...argv, '--jobs', '2'])
    expect(here.code, here.err).toBe(0)
    const rows = [here, there].map(({ out }) =>
      parseResults(out, '').suites[0]?.rows.map(({ words, cells }) => ({
        words,
        metrics: cells.map((cell) => 'metrics' in cell && cell.metrics),
      })),
    )
    expect(rows[0]).toEqual(rows[1])
    expect(rows[0]?.[3]?.words).toBe('origin:steps=20,spacing=trailing,at=2')
  })

  it('lists suites, with problems and metrics', async () => {
    using folder = temporaryFolder()
    expect((await ran(folder.path, ['bench', 'posterior', '--list'])).out).toMatch(/gmm +Mixture of 25/)
    const { out } = await ran(folder.path, ['bench', 'posterior', 'gmm', '--list', '--json'])
    expect(JSON.parse(out)[0]).toMatchObject({
      name: 'gmm',
      metrics: ['sw'],
      full: { seeds: 20, samples: 300 },
    })
  })

  it('refuses what there is not, before any work', async () => {
    using folder = temporaryFolder()
    const refused = async (argv: readonly string[], message: RegExp) =>
      expectWrongUse(await ran(folder.path, ['bench', 'posterior', ...argv]), message)
    await refused(['nothing'], /no suite 'nothing'; there are gmm/)
    await refused(['gmm', '--problems', 'd=9'], /no 'd=9'; there are d=8,dy=1/)
    await refused(['gmm', '--metrics', 'psnr'], /no 'psnr'/)
    await refused(['gmm', '--methods', 'dsp'], /--methods: no method 'dsp'/)
    await refused(['gmm', '--methods', 'dps:zeta=1'], /zeta/)
    await refused(['gmm', '--seeds', '0'], /--seeds/)
    writeFileSync(join(folder.path, 'mine.txt'), 'notes')
    await refused(['gmm', '--out', 'mine.txt'], /not written by tweedie/)
    await refused(['gmm', '--compare', 'mine.txt'], /holds no results/)
  })
})

it('methods with several options are one method each', () => {
  expect(methodTexts('dps, ddrm:eta=0.5,etaB=1,./mine.ts:a=1,tds')).toEqual([
    'dps',
    'ddrm:eta=0.5,etaB=1',
    './mine.ts:a=1',
    'tds',
  ])
})
