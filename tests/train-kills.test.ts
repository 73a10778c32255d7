import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

// A training that is killed again and again, in the middle of writing its state among others, and goes on with other numbers of
// threads, ends with the bits of one that nothing happened to.

const driver = resolve(import.meta.dirname, 'train-kills.driver.ts')
const base = mkdtempSync(join(tmpdir(), 'tweedie-kills-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

const idx = (count: number, first: number) =>
  Buffer.concat([
    Buffer.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 6, 0, 0, 0, 6]),
    Buffer.from(Array.from({ length: 36 * count }, (_, i) => (first + 7 * i) % 256)),
  ])
const folders = ['whole', 'killed'].map((name) => join(base, name))
beforeAll(() => {
  for (const folder of folders) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'train-images-idx3-ubyte'), idx(5, 0))
    writeFileSync(join(folder, 't10k-images-idx3-ubyte'), idx(4, 3))
  }
})

/** Runs the driver in a folder; `lines` are what it printed, a line a step. */
function run(
  folder: string,
  workers: number,
  at = '',
  onLine: (line: number, kill: () => void) => void = () => undefined,
) {
  const env = { ...process.env, KILL_FOLDER: folder, KILL_WORKERS: String(workers), KILL_AT: at }
  const child = spawn(process.execPath, [driver], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { err: '' }
  child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trim().split('\n')) onLine(Number(line), () => child.kill('SIGKILL'))
  })
  return new Promise<{ code: number | null; signal: string | null; err: string }>((done) => {
    child.on('close', (code, signal) => done({ code, signal, err: said.err }))
  })
}
const result = (folder: string) => {
  const lines = readFileSync(join(folder, 'out', 'loss.jsonl'), 'utf8')
    .trim()
    .split('\n')
  return {
    model: readFileSync(join(folder, 'out', 'model.safetensors')).toString('base64'),
    log: lines.map((line) => ({ ...JSON.parse(line), imagesPerSecond: 0 })),
  }
}

test('killed at every moment of writing a state and at random ones, with 1, 2 and 3 threads: the same bits', async () => {
  const [whole = '', killed = ''] = folders
  expect(await run(whole, 1)).toMatchObject({ code: 0 })
  const moments = ['renamed:2', 'flush:1', 'write:2']
  for (const [i, moment] of moments.entries())
    expect(await run(killed, 1 + (i % 3), moment), moment).toMatchObject({ signal: 'SIGKILL' })
  // Half a state lay beside the whole one when the last died, and a loss whose step is not in it.
  expect(readdirSync(join(killed, 'out'))).toContainEqual(
    expect.stringMatching(/^state\.safetensors\.\d+\.tmp$/),
  )
  const random = await run(killed, 2, '', (_, kill) => setTimeout(kill, 50 * Math.random()))
  expect([null, 0]).toContain(random.code)
  expect(await run(killed, 3)).toMatchObject({ code: 0 })
  expect(result(killed)).toEqual(result(whole))
  expect(result(whole).log.map(({ heldOut }) => typeof heldOut === 'number')).toEqual(
    Array.from({ length: 12 }, (_, i) => i % 3 === 2),
  )
  expect(
    readdirSync(join(killed, 'out')).filter((name) => name.includes('.tmp') || name.includes('lock')),
  ).toEqual([])
})
