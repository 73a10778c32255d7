import { zipOf } from '../zip-writer.test.helper.ts'
import { joined, little, mutateBytes, nastyNumbers, nastyTexts } from './bytes.test.helper.ts'
import { mutatePickle, splitPickle } from './pickle.test.helper.ts'
import type { Random } from './random.test.helper.ts'

/** A file that is in order, in parts that can be changed one by one. */
export type Sound =
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }
  /** Its header as JSON. */
  | {
      readonly kind: 'safetensors'
      readonly header: Readonly<Record<string, unknown>>
      readonly data: Uint8Array
    }
  | { readonly kind: 'zip'; readonly members: Readonly<Record<string, Uint8Array>> }
  | { readonly kind: 'npy'; readonly description: string; readonly data: Uint8Array }
  /** A pickle that is the whole file, as EDM's: its storages are files of torch within it. */
  | { readonly kind: 'pickle'; readonly pickle: Uint8Array }
  /** Pickles, one after the other, and the storages. */
  | { readonly kind: 'legacy'; readonly pickles: readonly Uint8Array[]; readonly storages: Uint8Array }

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []

/** A value of JSON with one thing in it changed. */
function mutateJson(value: unknown, random: Random): unknown {
  const entries = entriesOf(value)
  if (entries.length > 0 && random.chance(0.85)) {
    const at = random.below(entries.length)
    const [key, item] = entries[at] ?? ['', 0]
    if (Array.isArray(value)) {
      const out = [...(value as unknown[])]
      const change = random.below(10)
      if (change === 0) out.splice(at, 1)
      else if (change === 1) out.splice(at, 0, ...new Array(random.pick([1, 64])).fill(item))
      else out[at] = mutateJson(item, random)
      return out
    }
    const other: [string, unknown] = random.chance(0.2)
      ? [random.pick(nastyTexts), item]
      : [key, mutateJson(item, random)]
    const rest = random.chance(0.1) ? entries : entries.toSpliced(at, 1)
    return Object.fromEntries([...rest.slice(0, at), other, ...rest.slice(at)])
  }
  if (typeof value === 'number' && random.chance(0.8))
    return random.chance(0.5) ? value + random.pick([-8, -4, -1, 1, 4, 8]) : random.pick(nastyNumbers)
  return random.pick<unknown>([
    ...['F32', 'F64', 'I64', 'BOOL', 'F8_E8M0', 'C64', 'F4', 'Q4', 'f32', '__proto__', '\0'],
    ...[
      null,
      true,
      [],
      {},
      [[]],
      [-1],
      [2 ** 53],
      [0.5],
      ['1'],
      [0, 2 ** 53],
      new Array(65).fill(1),
      { a: { b: 1 } },
      Number.MAX_VALUE,
    ],
  ])
}

function safetensors(header: string, data: Uint8Array, claimed: number | undefined): Uint8Array {
  const bytes = new TextEncoder().encode(header)
  return joined(little(claimed ?? bytes.length, 8), bytes, data)
}

function npy(description: string, data: Uint8Array, random: Random): Uint8Array {
  const version = random.chance(0.9) ? 1 : random.below(5)
  const text = new TextEncoder().encode(description)
  const length = random.chance(0.9) ? text.length : random.pick(nastyNumbers)
  return joined('\x93NUMPY', Uint8Array.of(version, 0), little(length, version > 1 ? 4 : 2), text, data)
}

/** A description of an array with one of its parts changed. */
function mutateDescription(description: string, random: Random): string {
  const numbers = () => Array.from({ length: random.below(5) }, () => random.pick(nastyNumbers)).join(', ')
  switch (random.below(5)) {
    case 0:
      return description.replace(/\([^)]*\)/, `(${numbers()})`)
    case 1:
      return description.replace(
        /'descr': '[^']*'/,
        `'descr': ${random.pick(["'<f4'", "'>f8'", "'|O'", "'<c8'", "'<M8[D]'", "[('a', '<f4')]", "'<V4'", "'__proto__'", "'|b1'", "'<u8'"])}`,
      )
    case 2:
      return description.replace(/False|True/, random.pick(['True', 'False', 'None', '1']))
    case 3:
      return description.replace(/\d/, () => String(random.below(10)))
    default:
      return new TextDecoder('latin1').decode(mutateBytes(new TextEncoder().encode(description), random))
  }
}

/** An archive of members; now and then fields of its directory and headers are overwritten. */
function archive(members: Readonly<Record<string, Uint8Array>>, random: Random): Uint8Array {
  const out = zipOf(members, {
    deflate: random.chance(0.3),
    ...(random.chance(0.05) ? { flags: random.below(65536) } : {}),
    ...(random.chance(0.05) ? { method: random.below(20) } : {}),
    ...(random.chance(0.05) ? { size: random.pick(nastyNumbers) >>> 0 } : {}),
    ...(random.chance(0.05) ? { comment: random.pick(nastyTexts) } : {}),
  })
  if (random.chance(0.6)) return out
  const view = new DataView(out.buffer)
  // Headers start by PK; their fields follow within 46 bytes.
  const starts: number[] = []
  for (let at = 0; at + 4 <= out.length; at++) if (out[at] === 0x50 && out[at + 1] === 0x4b) starts.push(at)
  for (let changes = 1 + random.below(2); changes > 0; changes--) {
    const at = random.pick(starts) + 4 + random.below(42)
    const value = random.pick(nastyNumbers)
    if (at + 4 > out.length) continue
    if (random.chance(0.5)) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
  }
  return out
}

function mutateMember(name: string, contents: Uint8Array, random: Random): Uint8Array {
  if (name.endsWith('.pkl') && random.chance(0.9)) return mutatePickle(contents, random)
  if (name.endsWith('.npy') && contents.length > 10 && random.chance(0.8)) {
    const start = 10 + (contents[8] ?? 0) + 256 * (contents[9] ?? 0)
    const description = new TextDecoder('latin1').decode(contents.subarray(10, start))
    return npy(mutateDescription(description, random), contents.subarray(start), random)
  }
  return mutateBytes(contents, random)
}

/** A file of a sound one, put together again after one of its parts was changed: case by case another. */
export function mutated(sound: Sound, random: Random): Uint8Array {
  switch (sound.kind) {
    case 'raw': {
      let bytes = sound.bytes
      for (let changes = 1 + random.below(3); changes > 0; changes--) bytes = mutateBytes(bytes, random)
      return bytes
    }
    case 'safetensors': {
      let { header }: { header: unknown } = sound
      for (let changes = 1 + random.below(3); changes > 0; changes--) header = mutateJson(header, random)
      let text = JSON.stringify(header) ?? ''
      if (random.chance(0.1)) text = text.replace(/"([^"]*)"/, (_, name) => `"${name}":0,"${name}"`)
      if (random.chance(0.1))
        text = new TextDecoder('latin1').decode(mutateBytes(new TextEncoder().encode(text), random))
      const claimed = random.chance(0.05) ? random.pick(nastyNumbers) : undefined
      return safetensors(text, random.chance(0.1) ? mutateBytes(sound.data, random) : sound.data, claimed)
    }
    case 'zip': {
      const names = Object.keys(sound.members)
      const name = random.chance(0.6)
        ? (names.find((each) => each.endsWith('data.pkl')) ?? random.pick(names))
        : random.pick(names)
      const members = Object.entries(sound.members).map(([key, contents]): [string, Uint8Array] => [
        key === name && random.chance(0.08) ? random.pick(nastyTexts) : key,
        key === name && random.chance(0.9) ? mutateMember(key, contents, random) : contents,
      ])
      return archive(Object.fromEntries(members), random)
    }
    case 'npy':
      return npy(mutateDescription(sound.description, random), sound.data, random)
    case 'pickle':
      return random.chance(0.85) ? mutatePickle(sound.pickle, random) : mutateBytes(sound.pickle, random)
    default: {
      const pickles = [...sound.pickles]
      const at = random.chance(0.6) ? 3 : random.below(pickles.length)
      if (random.chance(0.85)) pickles[at] = mutatePickle(pickles[at] ?? sound.storages, random)
      const storages = random.chance(0.3) ? mutateBytes(sound.storages, random) : sound.storages
      return joined(...pickles, storages)
    }
  }
}

/** A sound file by its parts. */
export function partsOf(
  bytes: Uint8Array,
  members: (bytes: Uint8Array) => Record<string, Uint8Array>,
): Sound {
  if (bytes[0] === 0x50) return { kind: 'zip', members: members(bytes) }
  if (bytes[0] === 0x93) {
    const start = 10 + (bytes[8] ?? 0) + 256 * (bytes[9] ?? 0)
    return {
      kind: 'npy',
      description: new TextDecoder('latin1').decode(bytes.subarray(10, start)),
      data: bytes.subarray(start),
    }
  }
  if (bytes[8] === 0x7b) {
    const length = (bytes[0] ?? 0) + 256 * (bytes[1] ?? 0)
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
      string,
      unknown
    >
    return { kind: 'safetensors', header, data: bytes.subarray(8 + length) }
  }
  if (bytes[0] !== 0x80) return { kind: 'raw', bytes }
  const pickles: Uint8Array[] = []
  let rest = bytes
  while (pickles.length < 5) {
    const ops = splitPickle(rest)
    const end = ops.findIndex((op) => op[0] === 0x2e && op.length === 1) + 1
    const length = ops.slice(0, end).reduce((sum, op) => sum + op.length, 0)
    pickles.push(rest.subarray(0, length))
    rest = rest.subarray(length)
    if (rest.length === 0) return { kind: 'pickle', pickle: bytes }
  }
  return { kind: 'legacy', pickles, storages: rest }
}
