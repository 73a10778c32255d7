import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { takeLock } from './lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-lock-'))
const path = join(folder, 'train.lock')
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => rmSync(path, { force: true, recursive: true }))

/** The number of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid
const started = '2026-01-01T00:00:00.000Z'
const leave = (owner: object) => writeFileSync(path, JSON.stringify(owner))
const taken = () => {
  const said: string[] = []
  takeLock(path, (message) => said.push(message))()
  return said
}

describe('a lock', () => {
  test('is had once, names who has it, and is given back', () => {
    const release = takeLock(path)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() })
    expect(() => takeLock(path)).toThrow(OptionError)
    expect(() => takeLock(path)).toThrow(
      `out: process ${process.pid} on ${hostname()} has been training in this folder since 20`,
    )
    release()
    expect(readdirSync(folder)).toEqual([])
    expect(taken()).toEqual([])
  })

  test('of a process that has ended is taken over, and that is said', () => {
    const pid = deadPid()
    leave({ pid, host: hostname(), started, birth: '' })
    expect(taken()).toEqual([`took over from process ${pid}, which had ended without giving the folder back`])
    expect(readdirSync(folder)).toEqual([])
  })

  test.runIf(existsSync('/proc/self/stat'))('of an earlier process of the same number is taken over', () => {
    leave({ pid: process.pid, host: hostname(), started, birth: '1' })
    expect(taken()).toHaveLength(1)
  })

  test('of a living process, or of another host, stands', () => {
    leave({ pid: process.ppid, host: hostname(), started, birth: '' })
    expect(taken).toThrow(`process ${process.ppid} on ${hostname()} has been training`)
    leave({ pid: deadPid(), host: 'elsewhere', started, birth: '' })
    expect(taken).toThrow(/on elsewhere has been .* if that process has ended, remove .*train\.lock$/)
  })

  test.each(['', 'null', '{"pid":-1}', 'not a lock'])(
    'that cannot be read (%j) stands, and is named',
    (text) => {
      writeFileSync(path, text)
      expect(taken).toThrow(`out: ${path} is no lock of a training`)
      expect(readFileSync(path, 'utf8')).toBe(text)
    },
  )

  test('that is a folder stands', () => {
    mkdirSync(path)
    expect(taken).toThrow('is no lock of a training')
  })

  test('that another has taken meanwhile is not removed', () => {
    const release = takeLock(path)
    leave({ pid: process.ppid, host: hostname(), started, birth: '' })
    release()
    expect(existsSync(path)).toBe(true)
  })

  test('is given back by a process that exits, and left by one that is killed', async () => {
    const source = (end: string) =>
      `const { takeLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)});` +
      `takeLock(${JSON.stringify(path)}); console.log('taken'); ${end}`
    const run = async (end: string) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', source(end)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = new Promise((done) => child.on('close', done))
      for await (const text of child.stdout) {
        expect(String(text)).toContain('taken')
        expect(existsSync(path) || end.startsWith('process.exit')).toBe(true)
        break
      }
      return { child, ended }
    }
    await (await run('process.exit(3)')).ended
    expect(existsSync(path)).toBe(false)
    const { child, ended } = await run('setInterval(() => 0, 1000)')
    expect(taken).toThrow(`process ${child.pid} on`)
    child.kill('SIGKILL')
    await ended
    expect(taken()).toHaveLength(1)
  })
})
