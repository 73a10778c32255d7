import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { RunRecord } from '@tweedie/runs'
import type { Prior } from '@tweedie/solvers'
import { memory } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { demoDigits } from './commands/demo/digits.ts'
import { ran, temporaryFolder, whitePrior } from './testing.test.helper.ts'

const read = (...path: string[]): RunRecord => JSON.parse(readFileSync(join(...path, 'run.json'), 'utf8'))

describe('demo', () => {
  const argv = 'demo --pictures digits --prior white --count 2 --steps 3 --out out/demo'.split(' ')

  test('in which no method finishes fails, in one line, and writes nothing', async () => {
    using folder = temporaryFolder()
    const result = await ran(folder.path, [...argv, '--noise', '1e20'])
    expect(result).toMatchObject({ code: 1, out: '' })
    expect(result.err).toMatch(/^tweedie: no method finished: dps: .*diverged.*\n$/)
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('a table of methods and tasks, a record, a report', async () => {
    using folder = temporaryFolder()
    const { code, out, err } = await ran(folder.path, argv)
    expect([code, err]).toEqual([0, ''])
    expect(out.match(/^\S.*input \((pseudo-inverse|measurement)\)/gm)).toHaveLength(3)
    expect(out).toMatch(/does not beat the input: its residual is/)
    const record = read(folder.path, 'out', 'demo')
    expect(record.tasks.map((task) => task.runs.map((run) => run.method))).toEqual(
      Array(3).fill(['dps', 'ddrm', 'red-diff']),
    )
    expect(record.tasks.flatMap((task) => task.runs.map((run) => run.scores.length))).toEqual(
      Array(9).fill(2),
    )
    const html = readFileSync(join(folder.path, 'out', 'demo', 'report.html'), 'utf8')
    expect(html.match(/<img /g)!.length).toBeGreaterThan(3 * 2 * 5)
  })

  test('--json prints the record and nothing else', async () => {
    using folder = temporaryFolder()
    const { out, err } = await ran(folder.path, [...argv, '--tasks', 'sr', '--methods', 'ddrm', '--json'])
    expect(err).toBe('')
    expect(JSON.parse(out)).toMatchObject({ command: 'demo', tasks: [{ runs: [{ method: 'ddrm' }] }] })
  })

  test('a bar on a terminal, on stderr', async () => {
    using folder = temporaryFolder()
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 80,
      rows: 24,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    })
    const { code } = await ran(folder.path, [...argv, '--tasks', 'sr'], {
      terminal: terminal as unknown as NodeJS.WriteStream,
    })
    expect(code).toBe(0)
    terminal.end()
    expect(String(terminal.read())).toContain('×4 super-resolution · red-diff')
  })

  test('an interrupt keeps the earlier run and leaves nothing of its own', async () => {
    using folder = temporaryFolder()
    await ran(folder.path, [...argv, '--tasks', 'sr', '--seed', '1'])
    const before = memory().tensors
    const stop = new AbortController()
    const white = whitePrior()
    let calls = 0
    const stopping: Prior = {
      ...white,
      denoise: (xt, t) => {
        if (++calls === 8) stop.abort()
        return white.denoise(xt, t)
      },
    }
    const result = await ran(folder.path, argv, {
      signal: stop.signal,
      priors: { white: async () => stopping },
    })
    expect(result).toMatchObject({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
    expect(calls).toBe(8)
    expect(read(folder.path, 'out', 'demo').seed).toBe(1)
    expect(readdirSync(join(folder.path, 'out'))).toEqual(['demo'])
    expect(memory().tensors - before).toBeLessThan(20)
  })

  test('photographs beside digits: each task with its own prior and samples', async () => {
    using folder = temporaryFolder()
    const argv = 'demo --prior white --count 2 --tasks blur --methods ddrm --steps 1 --out demo'.split(' ')
    const { code, out, err } = await ran(folder.path, argv)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('Means over 2 or 3 samples')
    const { prior, tasks } = read(folder.path, 'demo')
    expect(prior.name).toBe('white')
    expect(tasks.map((task) => [task.prior?.shape, task.samples])).toEqual([
      [
        [1, 28, 28],
        ['0', '1'],
      ],
      [
        [3, 256, 256],
        ['boats', 'house', 'flower'],
      ],
    ])
    expect(tasks.map(({ sigma }) => sigma)).toEqual([0.05, 0.02])
    const html = readFileSync(join(folder.path, 'demo', 'report.html'), 'utf8')
    expect(html).toMatch(/priors white \[1, 28, 28\], [^;]+; photos@256 \[3, 256, 256\], /)
  })

  test('the digits: 0 to 9 in turn, fixed, in [0, 1]', () => {
    const digits = demoDigits(12)
    expect(digits.map((d) => d.name[0]).join('')).toBe('012345678901')
    expect(digits.map((d) => d.name)).toEqual(demoDigits(12).map((d) => d.name))
    expect(digits[0]!.name).not.toBe(digits[10]!.name)
    for (const { picture } of digits) {
      expect(Math.max(...picture.data)).toBeGreaterThan(0.9)
      expect(Math.min(...picture.data)).toBe(0)
    }
  })
})
