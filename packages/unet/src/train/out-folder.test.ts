import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openOutFolder, writeModel } from './out-folder.ts'

const base = mkdtempSync(join(tmpdir(), 'tweedie-out-'))
const out = join(base, 'a', 'b')
afterAll(() => rmSync(base, { recursive: true }))
beforeEach(() => rmSync(join(base, 'a'), { recursive: true, force: true }))
const open = () => openOutFolder(out, () => undefined)
const files = { record: 'r', model: Uint8Array.of(1), config: 'c' }

test('folders that were made and stay empty go again, those that were there stay', () => {
  open().close()
  expect(readdirSync(base)).toEqual([])
  mkdirSync(join(base, 'a'))
  open().close()
  expect(readdirSync(join(base, 'a'))).toEqual([])
  const folder = open()
  writeFileSync(folder.path('state'), '')
  folder.close()
  expect(readdirSync(out)).toEqual(['state.safetensors'])
})

test('a file in its place is refused, and so is a folder in use', () => {
  mkdirSync(join(base, 'a'))
  writeFileSync(out, '')
  expect(open).toThrow(`out: ${out} is a file; name a folder`)
  rmSync(out)
  const folder = open()
  expect(open).toThrow('has been training in this folder')
  expect(readdirSync(out)).toEqual(['train.lock'])
  folder.close()
})

test('what dead trainings left goes; what is of the living, or of others, stays', () => {
  mkdirSync(out, { recursive: true })
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const gone = [
    `state.safetensors.${dead}.tmp`,
    `record.json.part.${dead}.tmp`,
    `train.lock.stale.${dead}.tmp`,
    `loss.jsonl.${process.pid}.tmp`,
  ]
  const kept = [
    `state.safetensors.${process.ppid}.tmp`,
    `notes.txt.${dead}.tmp`,
    'state.safetensors.tmp',
    'a.1.tmp.txt',
  ]
  for (const name of [...gone, ...kept]) writeFileSync(join(out, name), '')
  open().close()
  expect(readdirSync(out).sort()).toEqual(kept.sort())
})

test('a model is there whole', () => {
  const folder = open()
  writeModel(folder, files)
  expect(readdirSync(out).sort()).toEqual(['config.json', 'model.safetensors', 'record.json', 'train.lock'])
  expect(readFileSync(folder.path('record'), 'utf8')).toBe('r')
  folder.close()
})

test.each(['record', 'model', 'config'] as const)(
  'where %s cannot be put in place there is no config.json',
  (file) => {
    const folder = open()
    mkdirSync(join(folder.path(file), 'in-the-way'), { recursive: true })
    expect(() => writeModel(folder, files)).toThrow()
    expect(existsSync(join(folder.path('config'), 'in-the-way')) || !existsSync(folder.path('config'))).toBe(
      true,
    )
    expect(readdirSync(out).filter((name) => name.endsWith('.tmp'))).toEqual([])
    folder.close()
  },
)

test('where one of the three cannot even be written, the model before stays', () => {
  const folder = open()
  writeModel(folder, files)
  mkdirSync(`${folder.path('config')}.part.${process.pid}.tmp`)
  expect(() => writeModel(folder, { record: 'R', model: Uint8Array.of(2), config: 'C' })).toThrow()
  expect([readFileSync(folder.path('record'), 'utf8'), readFileSync(folder.path('config'), 'utf8')]).toEqual([
    'r',
    'c',
  ])
  folder.close()
})

test('where a model is replaced and that fails half way, there is no config.json', () => {
  const folder = open()
  writeModel(folder, files)
  rmSync(folder.path('model'))
  mkdirSync(join(folder.path('model'), 'in-the-way'), { recursive: true })
  expect(() => writeModel(folder, { record: 'R', model: Uint8Array.of(2), config: 'C' })).toThrow()
  expect(existsSync(folder.path('config'))).toBe(false)
  folder.close()
})
