import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getDevice, zeros } from '@tweedie/tensor'
import { loadParams } from '@tweedie/unet'
import { readParams } from '@tweedie/unet/node'
import { crc32 } from '../src/checkpoint/crc32.ts'

// How long checkpoints take to load, and how much memory: node packages/unet/scripts/load-speed.ts, with room for 2.2 GB in the
// folder of temporary files. Writes the files, measures each in processes of their own, removes them, prints a table.

/** A tensor of so many elements, the same in every file. */
const elements = 2 ** 22
const block = new Uint8Array(
  Float32Array.from({ length: elements }, (_, i) => ((i * 2654435761) >>> 8) / 2 ** 24).buffer,
)
const shape = [1024, 4096]
const names = (count: number) => Array.from({ length: count }, (_, i) => `layer.${i}.weight`)
const text = (s: string) => Buffer.from(s, 'latin1')
const u32 = (n: number) => Buffer.from(Uint32Array.of(n).buffer)

function written(path: string, pieces: Iterable<Uint8Array>): string {
  const file = openSync(path, 'w')
  for (const piece of pieces) writeSync(file, piece)
  closeSync(file)
  return path
}

function* safetensors(count: number) {
  const entries = names(count).map((name, i) => [
    name,
    { dtype: 'F32', shape, data_offsets: [i * block.length, (i + 1) * block.length] },
  ])
  const header = JSON.stringify(Object.fromEntries(entries)).padEnd(2 ** 16)
  yield text(String.fromCharCode(0, 0, 1, 0, 0, 0, 0, 0))
  yield text(header)
  for (let i = 0; i < count; i++) yield block
}

const string = (s: string) => Buffer.concat([text('X'), u32(s.length), text(s)])
/** How torch pickles a dictionary of tensors, each on a storage of its own. */
function pickle(count: number): Buffer {
  const tensors = names(count).map((name, i) => [
    string(name),
    text('ctorch._utils\n_rebuild_tensor_v2\n(('),
    ...[
      string('storage'),
      text('ctorch\nFloatStorage\n'),
      string(String(i)),
      string('cpu'),
      text('J'),
      u32(elements),
    ],
    ...[
      text('tQK\0J'),
      u32(1024),
      text('J'),
      u32(4096),
      text('\x86J'),
      u32(4096),
      text('K\x01\x86\x89ccollections\nOrderedDict\n)RtR'),
    ],
  ])
  return Buffer.concat([text('\x80\x02}('), ...tensors.flat(), text('u.')])
}

function* legacy(count: number) {
  yield text('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.')
  yield pickle(count)
  yield Buffer.concat([text('\x80\x02]('), ...names(count).map((_, i) => string(String(i))), text('e.')])
  for (let i = 0; i < count; i++) {
    yield Buffer.concat([u32(elements), u32(0)])
    yield block
  }
}

function* torch(count: number) {
  const data = pickle(count)
  const directory: Buffer[] = []
  let at = 0
  const sums = new Map([data, block].map((contents) => [contents as Uint8Array, crc32(contents)]))
  for (let i = -1; i < count; i++) {
    const [name, contents] = i < 0 ? ['m/data.pkl', data] : [`m/data/${i}`, block]
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt32LE(sums.get(contents) ?? 0, 10)
    fields.writeUInt32LE(contents.length, 14)
    fields.writeUInt32LE(contents.length, 18)
    fields.writeUInt16LE(name.length, 22)
    yield Buffer.concat([text('PK\x03\x04'), fields, text(name)])
    yield contents
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    directory.push(Buffer.concat([text('PK\x01\x02\x14\0'), fields, rest, text(name)]))
    at += 30 + name.length + contents.length
  }
  const list = Buffer.concat(directory)
  yield list
  const end = Buffer.alloc(18)
  for (const place of [4, 6]) end.writeUInt16LE(count + 1, place)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(at, 12)
  yield Buffer.concat([text('PK\x05\x06'), end])
}

/** What a process of its own measured. */
interface Measured {
  /** Of the processor: the file is in the system's cache, and what else the machine does counts little. */
  readonly seconds: number
  readonly maxRss: number
}

function measured(what: 'read' | 'load' | 'nothing', path: string, count: number): Measured {
  const child = spawnSync(process.execPath, [import.meta.filename, what, path, String(count)], {
    encoding: 'utf8',
  })
  if (child.status !== 0) throw new Error(child.stderr)
  return JSON.parse(child.stdout) as Measured
}

/** The work of a child: reads a file into new memory, or loads it into tensors. */
function work(what: string, path: string, count: number): Measured {
  zeros([1]).dispose()
  getDevice()
  const before = process.cpuUsage()
  if (what === 'read') {
    const out = Buffer.allocUnsafeSlow(statSync(path).size)
    const file = openSync(path, 'r')
    for (let at = 0; at < out.length; ) at += readSync(file, out, at, Math.min(2 ** 30, out.length - at), at)
    closeSync(file)
  } else if (what === 'load') {
    const spec = Object.fromEntries(names(count).map((name) => [name, shape]))
    const params = loadParams(readParams(path), spec, path)
    if (Object.keys(params).length !== count) throw new Error('not all')
  }
  const { user, system } = process.cpuUsage(before)
  return { seconds: (user + system) / 1e6, maxRss: process.resourceUsage().maxRSS / 1024 }
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-load-'))
  const rows: string[] = []
  try {
    for (const [title, make, count, turns] of [
      ['safetensors', safetensors, 25, 5],
      ['torch (zip)', torch, 132, 2],
      ['legacy torch', legacy, 132, 2],
    ] as const) {
      const path = written(join(folder, 'file'), make(count))
      const size = (count * block.length) / 2 ** 20
      const times = { read: Number.POSITIVE_INFINITY, load: Number.POSITIVE_INFINITY }
      let most = 0
      // In turns, so that both meet the same of what else the machine does; the file is in the system's cache.
      for (let turn = 0; turn < turns; turn++)
        for (const what of ['read', 'load'] as const) {
          const { seconds, maxRss } = measured(what, path, count)
          times[what] = Math.min(times[what], seconds)
          if (what === 'load') most = Math.max(most, maxRss)
        }
      const { maxRss: idle } = measured('nothing', path, count)
      const ratio = times.load / times.read
      rows.push(
        `| ${title} | ${size.toFixed(0)} MiB | ${times.read.toFixed(2)} s | ${times.load.toFixed(2)} s | ${ratio.toFixed(2)} | ${most.toFixed(0)} MiB (${idle.toFixed(0)} before) | ${(most / size).toFixed(2)} |`,
      )
      rmSync(path)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  console.log(
    '| file | weights | reading it | loading it | ratio | peak memory | of the weights |\n|---|--:|--:|--:|--:|--:|--:|',
  )
  console.log(rows.join('\n'))
}

const [what, path = '', count = ''] = process.argv.slice(2)
if (what === undefined) main()
else console.log(JSON.stringify(work(what, path, Number(count))))
