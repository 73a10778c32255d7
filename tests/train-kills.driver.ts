// A training in a process of its own that may kill itself at a chosen moment of writing its state: see train-kills.test.ts.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

const { KILL_AT = '', KILL_FOLDER = '', KILL_WORKERS = '1' } = process.env
const [moment, nth] = KILL_AT.split(':')

/** Paths of open files by their descriptors. */
const paths = new Map<number, string>()
const isState = (path: unknown) => String(path).includes('state.safetensors')
let seen = 0
/** Ends the process as `kill -9` does, the nth time that it comes to a moment with a state. */
function dieAt(here: string, path: unknown): void {
  if (here !== moment || !isState(path) || ++seen !== Number(nth)) return
  process.kill(process.pid, 'SIGKILL')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

const { openSync, writeSync, fsyncSync, renameSync } = fs
fs.openSync = (path, ...more) => {
  const file = openSync(path, ...more)
  paths.set(file, String(path))
  return file
}
fs.writeSync = ((file: number, bytes: NodeJS.ArrayBufferView, offset?: number, length?: number) => {
  const half = Math.floor((length ?? 0) / 2)
  if (moment === 'write' && isState(paths.get(file))) {
    const written = writeSync(file, bytes, offset, half)
    dieAt('write', paths.get(file))
    return written + writeSync(file, bytes, (offset ?? 0) + half, (length ?? 0) - half)
  }
  return writeSync(file, bytes, offset, length)
}) as typeof fs.writeSync
fs.fsyncSync = (file) => {
  dieAt('flush', paths.get(file))
  fsyncSync(file)
}
fs.renameSync = (from, to) => {
  dieAt('rename', to)
  renameSync(from, to)
  dieAt('renamed', to)
}
syncBuiltinESMExports()

const { ddpmConfig, trainConfig } = await import('@tweedie/unet')
const { trainFromCommand } = await import('@tweedie/unet/node')
const plain = { midAttention: false, downAttention: [false], upAttention: [false] }
const model = ddpmConfig({ sampleSize: 4, blockOutChannels: [4], normGroups: 2, ...plain })
await trainFromCommand({
  data: { path: KILL_FOLDER, crop: [4, 4], flip: true, turn: true },
  config: trainConfig({ model, steps: 12, batch: 4, shards: 4 }),
  out: join(KILL_FOLDER, 'out'),
  resume: true,
  workers: Number(KILL_WORKERS),
  saveEvery: { steps: 1 },
  logEvery: 1,
  heldOutEvery: 3,
  heldOutImages: 4,
  evaluateImages: 4,
  onProgress: ({ step }) => void writeSync(1, `${step}\n`),
})
