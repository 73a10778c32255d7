import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { skipUnlessShared } from './shared.ts'

// `tweedie train` as processes in one folder: what signals and sudden deaths leave behind.

const bin = resolve(import.meta.dirname, '../packages/cli/bin/tweedie.js')
const folder = mkdtempSync(join(tmpdir(), 'tweedie-train-process-'))
const out = join(folder, 'out')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const model = { sampleSize: 4, blockOutChannels: [4], normGroups: 2, midAttention: false }
const config = { model, steps: 1e9, batch: 1, shards: 1, warmup: 0, decay: 'constant' }
writeFileSync(join(folder, 'c.json'), JSON.stringify(config))
const idx = (count: number) =>
  Buffer.concat([
    Buffer.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 4, 0, 0, 0, 4]),
    Buffer.alloc(16 * count, 99),
  ])
writeFileSync(join(folder, 'train-images.idx3-ubyte'), idx(3))
writeFileSync(join(folder, 't10k-images.idx3-ubyte'), idx(1))

/** Starts a training that would run for days, saving its state after every step. */
function training(...more: string[]) {
  const argv = ['train', '--data', '.', '--config', 'c.json', '--out', 'out', '--save-every', '1', ...more]
  const child = spawn(process.execPath, [bin, ...argv], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const said = { err: '' }
  child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text))
  const ended = new Promise<number | null>((done) => {
    child.on('close', done)
  })
  /** Waits until it has said that it trains, and a state is there. */
  const runs = async () => {
    while (!(said.err.includes('training on') && existsSync(join(out, 'state.safetensors')))) {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${said.err}`)
      await sleep(20)
    }
  }
  return { child, said, ended, runs }
}

test('a signal saves and gives the folder back; a killed training leaves it to be taken over', async () => {
  const first = training()
  await first.runs()
  const second = training('--resume')
  expect(await second.ended).toBe(2)
  expect(second.said.err).toMatch(
    new RegExp(`^tweedie: --out: process ${first.child.pid} on .* has been training`),
  )

  first.child.kill('SIGINT')
  expect(await first.ended).toBe(130)
  expect(first.said.err).toMatch(/interrupted; the state after step \d+ is saved, go on with --resume\n$/)
  expect(readdirSync(out).filter((name) => name !== 'loss.jsonl')).toEqual(['state.safetensors'])

  const killed = training('--resume')
  await killed.runs()
  killed.child.kill('SIGKILL')
  await killed.ended
  expect(JSON.parse(readFileSync(join(out, 'train.lock'), 'utf8')).pid).toBe(killed.child.pid)
  // As if it had been killed while it wrote.
  writeFileSync(join(out, `state.safetensors.${killed.child.pid}.tmp`), 'half')

  const last = training('--resume')
  await last.runs()
  expect(last.said.err).toContain(`took over from process ${killed.child.pid}`)
  last.child.kill('SIGTERM')
  expect(await last.ended).toBe(130)
  expect(readdirSync(out).filter((name) => name !== 'loss.jsonl')).toEqual(['state.safetensors'])
})

test('xray.json is ready to run', async (context) => {
  const data = skipUnlessShared(context, 'data', 'pneumoniamnist', 'pneumoniamnist.npz')
  const xray = resolve(import.meta.dirname, '../packages/unet/scripts/xray.json')
  const argv = [
    'train',
    '--config',
    xray,
    '--data',
    data,
    '--out',
    'xray',
    '--set',
    'batch=2',
    '--dry-run',
    '--json',
  ]
  const { status, stdout } = spawnSync(process.execPath, [bin, ...argv], { cwd: folder, encoding: 'utf8' })
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    data: '3,882 images of 28×28 in pneumoniamnist/pneumoniamnist.npz:train_images less 10 that are among those to evaluate on',
    trainingImages: 3872,
    testImages: 624,
    parameters: 873_001,
  })
  expect(existsSync(join(folder, 'xray'))).toBe(false)
})
