import type { SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { operators } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { ddpmConfig, ddpmConfigToDiffusers, initDdpm } from '@tweedie/unet'
import { saveSafetensors } from '@tweedie/unet/node'
import { encode } from 'fast-png'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// The command as a process: exit codes, streams and signals. All else is tested in packages/cli.

const bin = resolve(import.meta.dirname, '../packages/cli/bin/tweedie.js')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tweedie-process-'))
  // A tiny untrained network in the layout that `tweedie train` writes.
  const config = ddpmConfig({
    sampleSize: 28,
    inChannels: 1,
    outChannels: 1,
    blockOutChannels: [8, 8],
    normGroups: 4,
  })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(ddpmConfigToDiffusers(config)))
  saveSafetensors(join(folder, 'model.safetensors'), initDdpm(config, randomKey(0)))
  const record = {
    name: 'tiny',
    data: 'nothing',
    config: { timesteps: 1000 },
    parameters: 0,
    trainingImages: 0,
  }
  writeFileSync(join(folder, 'record.json'), JSON.stringify(record))
  const data = Uint8Array.from({ length: 784 }, (_, i) => (i * 7) % 256)
  writeFileSync(join(folder, 'd.png'), encode({ width: 28, height: 28, channels: 1, data }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts a program in a folder that holds a picture and a prior. */
function start([program, ...argv]: readonly [string, ...string[]], options: SpawnOptions = {}) {
  const child = spawn(program, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const text = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (part) => (text.out += part))
  child.stderr?.setEncoding('utf8').on('data', (part) => (text.err += part))
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) => {
    child.on('close', (code) => done({ code, ...text }))
  })
  return { child, ended, text }
}

const tweedie = (...argv: string[]) => start([process.execPath, bin, ...argv])

/** Waits until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 120_000) throw new Error('waited for two minutes')
    await sleep(20)
  }
}

/** Waits until a command has begun to write into `new`. @throws what it said, where it ends before. */
async function underWay({ child, text }: Pick<ReturnType<typeof start>, 'child' | 'text'>): Promise<void> {
  await until(() => {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${text.err}`)
    return existsSync(join(folder, 'new')) && readdirSync(join(folder, 'new')).length > 0
  })
}

const restoring = (...more: string[]) => ['restore', 'd.png', '--prior', '.', '--operator', 'sr:4', ...more]

describe('tweedie as a process', () => {
  test('--version and tables end with 0, JSON alone on stdout', async () => {
    expect(await tweedie('--version').ended).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^\d/),
    })
    const { code, out, err } = await tweedie('operators', '--json').ended
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out).map(({ name }: { name: string }) => name)).toEqual(operators.names)
  })

  test('wrong use ends with 2 and one line', async () => {
    const { code, out, err } = await tweedie('restore', 'd.png', '--operator', 'magic', '--prior', '.').ended
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^tweedie: --operator: no operator 'magic'; there are [^\n]*\n$/)
  })

  test('a closed pipe is no error', async () => {
    const { child, ended } = tweedie('operators')
    child.stdout?.destroy()
    expect(await ended).toMatchObject({ code: 0, err: '' })
  })

  test('restores with a network, three ways', async () => {
    for (const method of ['dps', 'ddrm', 'red-diff']) {
      const { code, out, err } = await tweedie(
        ...restoring('--method', method, '--steps', '2', '--out', 'out'),
      ).ended
      expect([code, err]).toEqual([0, ''])
      expect(out).toContain(method)
      const record = JSON.parse(readFileSync(join(folder, 'out', 'run.json'), 'utf8'))
      const vjps = method === 'dps' ? 2 : 0
      expect(record.tasks[0].runs[0]).toMatchObject({ method, nfe: 2, vjps })
    }
  })

  test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s in mid-run ends with 130 and leaves nothing',
    async (signal) => {
      const before = readdirSync(folder)
      const started = tweedie(...restoring('--steps', '1000', '--out', 'new/run'))
      const { child, ended } = started
      await underWay(started)
      expect(readdirSync(join(folder, 'new'))).toEqual([expect.stringMatching(/^\.run\.part-/)])
      child.kill(signal)
      expect(await ended).toEqual({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
      expect(readdirSync(folder)).toEqual(before)
    },
  )

  describe('by a Node that cannot run TypeScript, which starts the one that can', () => {
    // The pinned Node under another name, told not to strip types: to the launcher it is an older one.
    const older = join(resolve(import.meta.dirname, '..'), 'out', `older-node-${process.pid}`)
    beforeAll(() => {
      mkdirSync(dirname(older), { recursive: true })
      linkSync(realpathSync(process.execPath), older)
    })
    afterAll(() => rmSync(older, { force: true }))
    const launch = (...argv: string[]) => start([older, '--no-strip-types', bin, ...argv])
    const running = async (...more: string[]) => {
      const started = launch(...restoring('--steps', '1000', '--out', 'new/run', ...more))
      await underWay(started)
      return started
    }

    test('streams and the exit code pass through', async () => {
      expect(await launch('--version').ended).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringMatching(/^\d/),
      })
      expect(await launch('bogus').ended).toMatchObject({ code: 2, out: '' })
    })

    test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s sent to it alone ends the run', async (signal) => {
      const { child, ended } = await running()
      child.kill(signal)
      expect(await ended).toEqual({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
      expect(existsSync(join(folder, 'new'))).toBe(false)
    })

    test('SIGINT to both, as Ctrl-C sends it, counts as one', async () => {
      const started = start(
        [older, '--no-strip-types', bin, ...restoring('--steps', '1000', '--out', 'new/run')],
        { detached: true },
      )
      const { child, ended } = started
      await underWay(started)
      process.kill(-child.pid!, 'SIGINT')
      expect(await ended).toEqual({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
      expect(existsSync(join(folder, 'new'))).toBe(false)
    })

    test('SIGKILL leaves no orphan at work and no draft', async () => {
      const { child } = await running()
      child.kill('SIGKILL')
      await until(() => !existsSync(join(folder, 'new')))
    })
  })

  test('a standard output that cannot be written is an error in one line', async ({ skip }) => {
    if (!existsSync('/dev/full')) skip('there is no /dev/full here')
    const full = openSync('/dev/full', 'w')
    const { ended } = start([process.execPath, bin, 'operators'], { stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    expect(await ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^tweedie: the standard output cannot be written: [^\n]*\n$/),
    })
  })

  test('the demo with the shipped prior: every method beats the blurred input', async () => {
    const argv = 'demo --pictures digits --count 2 --tasks blur --steps 60 --out demo'
    const { code, out, err } = await tweedie(...argv.split(' ')).ended
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('Wrote demo/report.html')
    const { tasks } = JSON.parse(readFileSync(join(folder, 'demo', 'run.json'), 'utf8'))
    const mean = (scores: { psnr: number }[]) => (scores[0]!.psnr + scores[1]!.psnr) / 2
    for (const run of tasks[0].runs) {
      expect(mean(run.scores), run.method).toBeGreaterThan(mean(tasks[0].input.scores))
      expect(run.scores[0].misfit, run.method).toBeLessThan(2)
    }
  })

  test('the demo restores photographs: each is nearer to the truth than the blurred one', async () => {
    const argv = 'demo --pictures photographs --tasks blur --methods ddrm --steps 10 --out photographs'
    const { code, err } = await tweedie(...argv.split(' ')).ended
    expect([code, err]).toEqual([0, ''])
    const { tasks } = JSON.parse(readFileSync(join(folder, 'photographs', 'run.json'), 'utf8'))
    const [{ input, runs, samples }] = tasks
    expect(samples).toEqual(['boats', 'house', 'flower'])
    for (const [n, { psnr, misfit }] of runs[0].scores.entries()) {
      expect(psnr, samples[n]).toBeGreaterThan(input.scores[n].psnr + 1)
      expect(misfit, samples[n]).toBeLessThan(2)
    }
  })

  test('a picture of 32×32 runs the shipped network at its own size, and says so', async () => {
    const data = Uint8Array.from({ length: 1024 }, (_, i) => (i % 32 > 13 && i % 32 < 18 ? 255 : 0))
    writeFileSync(join(folder, 'bar.png'), encode({ width: 32, height: 32, channels: 1, data }))
    const argv = [
      'restore',
      'bar.png',
      '--method',
      'ddrm',
      '--operator',
      'sr:2',
      '--out',
      'bar',
      '--steps',
      '10',
    ]
    const { code, out } = await tweedie(...argv).ended
    expect(code).toBe(0)
    expect(out).toContain("the network of 'digits', trained on another size, runs on 32×32")
    const { tasks, options } = JSON.parse(readFileSync(join(folder, 'bar', 'run.json'), 'utf8'))
    expect(options.prior).toBe('digits@32')
    expect(tasks[0].runs[0].scores[0].misfit).toBeLessThan(3)
    const odd = await tweedie('sample', '--prior', 'digits@30', '--out', 'grid.png').ended
    expect([odd.code, odd.err]).toEqual([2, expect.stringContaining('30 is no multiple of 4')])
  })
})
