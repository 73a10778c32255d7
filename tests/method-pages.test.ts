import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ddrm, methods, presetsOf } from '@tweedie/solvers'
import { describe, expect, test } from 'vitest'
import { faultsOf, framed, frameOf, headings } from '../scripts/docs/frame.ts'
import { root } from '../scripts/docs/measured.ts'
import { pages, pictureOf, strays } from '../scripts/docs/pages.ts'
import { sections } from '../scripts/docs/survey.ts'

describe.each(pages().map((page) => [page.path, page] as const))('%s', (path, { is, should, faults }) => {
  test('is there, with its headings', () => expect(faults).toEqual([]))
  test('its frame is up to date: npm run docs', () => expect(is).toBe(should))
  test('its links lead somewhere', () => {
    for (const [, target = ''] of (is ?? '').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue
      expect(existsSync(join(root, dirname(path), target)), target).toBe(true)
    }
  })
})

test('every page is of a method', () => expect(strays()).toEqual([]))

test('the survey has every method once', () => {
  const named = sections.flatMap(({ entries }) => entries.flatMap((entry) => entry.methods))
  expect(named.toSorted()).toEqual(methods.names.toSorted())
})

test('each has a picture of its run, a small one', () => {
  for (const name of methods.names) {
    const picture = join(root, pictureOf(name))
    expect(existsSync(picture), `${name}: npm run docs -- --pictures ${name}`).toBe(true)
    expect(statSync(picture).size, name).toBeLessThanOrEqual(40_000)
  }
})

test('each is one file of at most 120 lines, its doc among them', () => {
  for (const { info } of methods) {
    const file = join(root, `packages/solvers/src/methods/${info.family}/${info.name}.ts`)
    expect(readFileSync(file, 'utf8').split('\n').length - 1, info.name).toBeLessThanOrEqual(120)
  }
})

describe('the check', () => {
  const page = readFileSync(join(root, 'docs/methods/ddrm.md'), 'utf8')
  const source = { measured: { distances: {}, runs: {} }, picture: false }

  test('finds what is missing from a page', () => {
    expect(faultsOf(page)).toEqual([])
    expect(faultsOf(page.replace(/^# .*/, 'DDRM'))).not.toEqual([])
    for (const heading of headings) {
      expect(faultsOf(page.replace(`## ${heading}\n`, ''))).not.toEqual([])
      const emptied = page.replace(new RegExp(`(## ${heading}\n)[\\s\\S]*?(\n## |$(?![\\s\\S]))`), '$1$2')
      expect(faultsOf(emptied)).toEqual([`there is nothing under '## ${heading}'`])
    }
    expect(faultsOf(page.replace('<!-- /facts -->', ''))).toEqual([
      '<!-- facts --> and <!-- /facts --> are not there',
    ])
  })

  test('a frame says what the method says of itself', () => {
    const frame = frameOf(ddrm, source)
    expect(frame).toContain('[arXiv 2201.11793](https://arxiv.org/abs/2201.11793)')
    expect(frame).toContain('| cost of a step | S+D: one call of the denoiser; a decomposition')
    expect(frame).toContain('| `eta` | `0.85` | a number from 0 to 1 |')
    for (const { name, from } of presetsOf(ddrm)) {
      expect(frame).toContain(`| \`${name}\` |`)
      expect(frame).toContain(from)
    }
    expect(frame).not.toContain('images/methods')
    expect(frameOf(ddrm, { ...source, picture: true })).toContain('(../images/methods/ddrm.png)')
    const measured = {
      runs: { ddrm: 'ddrm:steps=7' },
      distances: {
        ddrm: { one: { sliced: 0.12345, mean: 1, covariance: 2 }, two: 'why not' },
        exact: { one: { sliced: 0.01, mean: 0, covariance: 0 }, two: { sliced: 0, mean: 0, covariance: 0 } },
      },
    }
    const told = frameOf(ddrm, { ...source, measured })
    expect(told).toContain('| `ddrm:steps=7` | 0.123 | 1 | 2 | – | – | – |')
    expect(told).toContain('two: why not.')
  })

  test('a frame is put between the markers, and nothing else is touched', () => {
    const once = framed(page, 'new')
    expect(once).toContain('<!-- facts -->\nnew\n<!-- /facts -->')
    expect(framed(once ?? '', frameOf(ddrm, source))?.split('<!-- /facts -->')[1]).toBe(
      page.split('<!-- /facts -->')[1],
    )
    expect(framed('# No place', 'new')).toBeUndefined()
  })
})
