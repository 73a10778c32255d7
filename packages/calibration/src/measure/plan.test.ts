import { methods } from '@tweedie/solvers'
import { describe, expect, it } from 'vitest'
import { bipsda } from '../suites/bipsda.ts'
import { suites } from '../suites/catalog.ts'
import { gmm } from '../suites/gmm.ts'
import { tilt } from '../suites/tilt.ts'
import { findSuite, planSuite, tasksOf } from './plan.ts'
import { plans } from './registry-plans.ts'

const names = (rows: readonly { readonly name: string }[] = []) => rows.map(({ name }) => name)
const [first = ''] = names(gmm.problems)

describe('the plan of a suite', () => {
  it('has a row for every method of the registry, whichever there are, after the references', async () => {
    const { problems, extent, metrics } = await planSuite(gmm)
    expect(names(problems.map(({ posed }) => posed))).toEqual(names(gmm.problems))
    expect(extent).toMatchObject({ seeds: gmm.full.seeds, samples: gmm.full.samples })
    expect(metrics.map(({ info }) => info.name)).toEqual(gmm.metrics)
    for (const { rows } of problems) {
      expect(names(rows).slice(0, 3)).toEqual(['exact', 'exact-score', 'prior'])
      const plain = names(rows).map((name) => name.replace(' (one run)', ''))
      expect(plain.slice(3)).toEqual(methods.names)
    }
  })

  it('has the variants of a suite after their method, or those that are asked for', async () => {
    const all = names((await planSuite(bipsda, {})).problems[0]?.rows)
    const at = all.indexOf('rto-tu')
    const own = ['rto-tu', 'rto-tc', 'rto-ode', 'lang-tu', 'lang-tc', 'map-tu', 'map-tc', 'map-ode']
    expect(all.slice(at, at + 8)).toEqual(own)
    const asked = { methods: ['map-ode', 'map-tu'], problems: ['x-ray', 'inpainting-low'] }
    const { problems } = await planSuite(bipsda, asked)
    expect(names(problems[0]?.rows).slice(3)).toEqual(['map-ode', 'map-tu'])
    expect(problems[1]?.rows[3]?.words).toBe('map-tu:estimate=ode')
    const langevin = await planSuite(bipsda, { ...asked, methods: ['lang-tu'] })
    expect(langevin.problems.map(({ rows }) => rows[3]?.words)).toEqual([
      'rto-tu:draw=langevin,innerSteps=1000',
      'rto-tu:draw=langevin',
    ])
  })

  it('has the particles of one run alone where that row is asked for, or a variant has no other', async () => {
    const asked = (...texts: string[]) => planSuite(tilt, { problems: ['mixture-2d'], methods: texts })
    const rows = async (...texts: string[]) => names((await asked(...texts)).problems[0]?.rows).slice(3)
    expect(await rows('tds')).toEqual(['tds', 'tds (one run)'])
    expect(await rows('tds:steps=9 (one run)', 'dps (one run)')).toEqual(['tds (one run)'])
    expect(await rows('pure-guidance', 'vcg', 'ecg (one run)')).toEqual([
      'pure-guidance',
      'vcg (one run)',
      'ecg (one run)',
    ])
  })

  it('of its quick extent has the rows that the extent names', async () => {
    const { problems, extent } = await planSuite(gmm, { quick: true })
    expect(extent).toMatchObject({ problems: gmm.quick.problems, samples: gmm.quick.samples })
    const rows = names(problems[0]?.rows)
    expect(rows).toContain('mcg-diff (one run)')
    expect(rows).toHaveLength(1 + (gmm.quick.rows?.length ?? 0))
  })

  it('has what is asked for in place of it', async () => {
    const asked = {
      quick: true,
      problems: [first],
      methods: ['daps', 'ddrm:eta=0.5', 'prior'],
      seeds: 7,
      limit: 3,
    }
    const { problems, extent } = await planSuite(gmm, asked)
    expect(extent).toEqual({ problems: [first], seeds: 7, samples: gmm.quick.samples, limit: 3 })
    expect(names(problems[0]?.rows)).toEqual(['exact', 'exact-score', 'prior', 'daps', 'ddrm'])
    expect(problems[0]?.rows[1]?.words).toBe('exact-score:steps=20,spacing=trailing,eta=0.6')
  })

  it('names what there is where something else is asked for', async () => {
    expect(() => findSuite('nothing')).toThrow(/no suite 'nothing'; there are .*gmm/)
    await expect(planSuite(gmm, { problems: ['d=1'] })).rejects.toThrow(
      /no 'd=1'; there are d=8,dy=1,steps=20; /,
    )
    await expect(planSuite(gmm, { metrics: ['psnr'] })).rejects.toThrow(/no 'psnr'; there are sw/)
    await expect(planSuite(gmm, { methods: ['dsp'] })).rejects.toThrow(/no method 'dsp'/)
    await expect(planSuite(gmm, { samples: 0.5 })).rejects.toThrow(/positive integer, got 0.5/)
  })
})

describe('plans of suites', () => {
  it('take of the problems those that a suite has, and leave out a suite that has none', async () => {
    const all = await plans({ suites: names(suites), problems: [first], methods: ['ddrm'] })
    expect(all.map(({ suite, extent }) => [suite.name, extent.problems])).toEqual([['gmm', [first]]])
    await expect(plans({ suites: ['gmm'], problems: [first, 'd=1'] })).rejects.toThrow(/no 'd=1'/)
  })

  it('come to tasks, a case together', async () => {
    const asked = { suites: ['gmm'], problems: names(gmm.problems).slice(0, 2), methods: ['ddrm'], seeds: 2 }
    const tasks = tasksOf(await plans(asked))
    expect(
      tasks.map(({ problem, seed, row, caseOf }) => `${caseOf} ${problem.name} ${seed} ${row.name}`),
    ).toEqual(
      asked.problems.flatMap((problem, p) =>
        [0, 1].flatMap((seed) =>
          ['exact', 'exact-score', 'prior', 'ddrm'].map((row) => `${2 * p + seed} ${problem} ${seed} ${row}`),
        ),
      ),
    )
  })
})
