import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { encode } from 'fast-png'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// Where a picture may come from: pipes, devices and files that are none. Each is a process of its own, since
// what is tested is that it ends.

const bin = resolve(import.meta.dirname, '../packages/cli/bin/tweedie.js')
const data = Uint8Array.from({ length: 784 }, (_, i) => (i * 7) % 256)
const picture = encode({ width: 28, height: 28, channels: 1, data })
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tweedie-inputs-'))
  writeFileSync(join(folder, 'd.png'), picture)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options = '--operator sr:4 --method ddrm --steps 2 --json'

/** A line of bash in which $TWEEDIE is the command. */
function bash(line: string) {
  const child = spawn('bash', ['-c', line], {
    cwd: folder,
    env: { ...process.env, TWEEDIE: `${process.execPath} ${bin}` },
  })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (part) => (text.out += part))
  child.stderr.setEncoding('utf8').on('data', (part) => (text.err += part))
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) => {
    child.on('close', (code) => done({ code, ...text }))
  })
  return { child, ended, text }
}

/** Waits until a process has a file open. @throws what it said, where it ends before. */
async function untilOpen({ child, text }: ReturnType<typeof bash>, path: string): Promise<void> {
  const fds = `/proc/${child.pid}/fd`
  const opened = () => {
    try {
      return readdirSync(fds).some((fd) => readlinkSync(join(fds, fd)) === path)
    } catch {
      return false // a descriptor was closed in between
    }
  }
  while (!opened()) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${text.err}`)
    await sleep(20)
  }
}

const misfitOf = (out: string): number => JSON.parse(out).tasks[0].runs[0].scores[0].misfit

describe.skipIf(process.platform !== 'linux')('pictures from elsewhere than a file (Linux)', () => {
  let known: number
  beforeAll(async () => {
    known = misfitOf((await bash(`$TWEEDIE restore d.png ${options} --out file`).ended).out)
  })

  test.for([
    ['a pipe on standard input', `cat d.png | $TWEEDIE restore /dev/stdin ${options} --out a`],
    [
      'a slow pipe',
      `(head -c 9 d.png; sleep 0.2; tail -c +10 d.png) | $TWEEDIE restore /dev/stdin ${options} --out b`,
    ],
    ['a file on standard input', `$TWEEDIE restore /dev/stdin ${options} --out c < d.png`],
    ['a process substitution', `$TWEEDIE restore <(cat d.png) ${options} --out d`],
    ['a named pipe', `mkfifo p && (cat d.png > p &) && $TWEEDIE restore p ${options} --out e`],
  ] as const)('%s', async ([, line]) => {
    const { code, out, err } = await bash(line).ended
    expect([code, err]).toEqual([0, ''])
    expect(misfitOf(out)).toBe(known)
  })

  test('a socket on standard input, as parent processes give', async () => {
    const { child, ended } = bash(`exec $TWEEDIE restore /dev/stdin ${options} --out f`)
    child.stdin.end(picture)
    const { code, out } = await ended
    expect(code).toBe(0)
    expect(misfitOf(out)).toBe(known)
  })

  test.for([
    ['/dev/zero', /^tweedie: \/dev\/zero: is too large; at most 256 MB are read\n$/],
    ['/proc/self/mem', /^tweedie: \/proc\/self\/mem: cannot be read \(EIO\)\n$/],
    ['/dev/null', /^tweedie: \/dev\/null: the file is empty; [^\n]*\n$/],
    ['.', /^tweedie: [^\n]*: this is a folder; name a file\n$/],
    ['none.png', /^tweedie: [^\n]*: no such file or folder\n$/],
  ] as const)('%s ends with 2 and one line', async ([name, message]) => {
    const { code, out, err } = await bash(`$TWEEDIE restore ${name} ${options} --out g`).ended
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
  })

  test('a pipe that nobody writes to is waited for, until Ctrl-C', async () => {
    const path = join(folder, 'silent')
    execFileSync('mkfifo', [path])
    const started = bash(`exec $TWEEDIE restore silent ${options} --out h`)
    const { child, ended } = started
    await untilOpen(started, path)
    child.kill('SIGINT')
    expect(await ended).toEqual({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
    expect(readdirSync(folder)).not.toContain('h')
  })

  test('run.json tells what was read', () => {
    const { inputs } = JSON.parse(readFileSync(join(folder, 'file', 'run.json'), 'utf8'))
    expect(inputs).toEqual([
      { file: 'd.png', bytes: picture.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
  })
})
