import { joined, latin, little, nastyNumbers, nastyTexts } from './bytes.test.helper.ts'
import type { Random } from './random.test.helper.ts'

/** How long the argument of an opcode is: bytes, lines, or a length of so many bytes before it. */
const lengths = new Map<number, number>()
const [lines, counted] = [new Map<number, number>(), new Map<number, number>()]
const code = (opcode: string | number) => (typeof opcode === 'number' ? opcode : opcode.charCodeAt(0))
for (const [bytes, opcodes] of [
  [1, ['K', 'q', 'h', 0x80, 0x82]],
  [2, ['M', 0x83]],
  [4, ['J', 'r', 'j', 0x84]],
  [8, ['G', 0x95]],
] as const)
  for (const opcode of opcodes) lengths.set(code(opcode), bytes)
for (const [count, opcodes] of [
  [2, ['c', 'i']],
  [1, ['g', 'p', 'I', 'L', 'F', 'S', 'V', 'P']],
] as const)
  for (const opcode of opcodes) lines.set(code(opcode), count)
for (const [width, opcodes] of [
  [1, ['U', 'C', 0x8a, 0x8c]],
  [4, ['X', 'T', 'B', 0x8b]],
  [8, [0x8d, 0x8e, 0x96]],
] as const)
  for (const opcode of opcodes) counted.set(code(opcode), width)

/** A pickle by its opcodes, each with its argument; what follows its end is one more. */
export function splitPickle(bytes: Uint8Array): Uint8Array[] {
  const ops: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const opcode = bytes[at]!
    let end = at + 1 + (lengths.get(opcode) ?? 0)
    for (let i = 0; i < (lines.get(opcode) ?? 0); i++) end = bytes.indexOf(10, end) + 1 || bytes.length
    const width = counted.get(opcode)
    if (width !== undefined) {
      let length = 0
      for (let i = width - 1; i >= 0; i--) length = length * 256 + (bytes[end + i] ?? 0)
      end += width + length
    }
    ops.push(bytes.subarray(at, end))
    at = end
    if (opcode === code('.')) break
  }
  if (at < bytes.length) ops.push(bytes.subarray(at))
  return ops
}

/** Globals that run something, and others that should not be trusted either. */
const globals = (
  'os system|posix system|nt system|builtins eval|builtins exec|__builtin__ eval|builtins getattr|builtins __import__|' +
  'subprocess Popen|subprocess check_output|shutil rmtree|runpy _run_code|pickle loads|operator attrgetter|' +
  'torch.serialization load|torch.hub load|numpy load|webbrowser open|socket socket|sys exit|importlib import_module|' +
  'constructor constructor|__proto__ __proto__|toString call|Object defineProperty|torch nn.Module|' +
  'collections OrderedDict|collections defaultdict|collections Counter|collections deque|argparse Namespace|' +
  'torch FloatStorage|torch QInt8Storage|torch.cuda HalfStorage|torch.storage UntypedStorage|torch float32|torch Size|' +
  'torch._utils _rebuild_tensor|torch._utils _rebuild_tensor_v2|torch._utils _rebuild_tensor_v3|torch._utils _rebuild_parameter|' +
  'torch._utils _rebuild_sparse_tensor|torch._utils _rebuild_qtensor|torch._tensor _rebuild_from_type_v2|builtins set|' +
  'numpy.core.multiarray _reconstruct|numpy.core.multiarray scalar|numpy dtype|numpy ndarray|_codecs encode|builtins bytearray'
).split('|')

const text = (value: string) => {
  const bytes = new TextEncoder().encode(value)
  return joined('X', little(bytes.length, 4), bytes)
}

/** One opcode of any kind. */
function anyOp(random: Random): Uint8Array {
  const small = random.below(8)
  switch (random.below(9)) {
    case 0:
      return latin(
        random.pick([
          'N',
          '}',
          ']',
          ')',
          '(',
          '0',
          '1',
          '2',
          'a',
          'e',
          's',
          'u',
          't',
          'd',
          'l',
          'b',
          'R',
          'Q',
          '.',
        ]),
      )
    case 1:
      return Uint8Array.of(
        random.pick([0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94]),
      )
    case 2:
      return joined('c', random.pick(globals).replace(' ', '\n'), '\n')
    case 3:
      return joined(
        text(random.pick(globals).split(' ')[0] ?? ''),
        text(random.pick(globals).split(' ')[1] ?? ''),
        '\x93',
      )
    case 4:
      return text(random.pick(nastyTexts))
    case 5:
      return anyNumber(random)
    case 6:
      return joined(random.pick(['q', 'h']), Uint8Array.of(small))
    case 7:
      return joined(random.pick(['X', 'B', 'T', '\x8b']), little(random.pick(nastyNumbers), 4))
    default:
      return Uint8Array.of(random.below(256))
  }
}

function anyNumber(random: Random): Uint8Array {
  const value = random.pick(nastyNumbers)
  const width = random.pick([1, 4, 8, 9])
  return random.chance(0.5)
    ? joined('J', little(value, 4))
    : joined('\x8a', Uint8Array.of(width), little(value, width))
}

const isNumber = (op: Uint8Array | undefined) => op !== undefined && [75, 77, 74, 0x8a].includes(op[0] ?? 0)
const isText = (op: Uint8Array | undefined) => op !== undefined && [88, 0x8c].includes(op[0] ?? 0)
const isGlobal = (op: Uint8Array | undefined) => op?.[0] === code('c')

/** A pickle with one to four of its opcodes changed. */
export function mutatePickle(pickle: Uint8Array, random: Random): Uint8Array {
  const ops = splitPickle(pickle)
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = 1 + random.below(ops.length - 1)
    const several = 1 + random.below(Math.min(12, ops.length))
    switch (random.below(10)) {
      case 0:
        ops.splice(at, 1)
        break
      case 1:
        ops.splice(at, 0, anyOp(random))
        break
      case 2:
        ops[at] = anyOp(random)
        break
      case 3: {
        const part = ops.slice(at, at + several)
        for (let times = random.pick([1, 2, 10, 60]); times > 0; times--) ops.splice(at, 0, ...part)
        break
      }
      case 4: {
        const other = 1 + random.below(ops.length - 1)
        ;[ops[at], ops[other]] = [ops[other] ?? ops[0]!, ops[at] ?? ops[0]!]
        break
      }
      case 5:
      case 6: {
        // Shapes, strides, offsets, sizes, places in the memo.
        const places = ops.flatMap((op, i) => (isNumber(op) ? [i] : []))
        if (places.length > 0) ops[random.pick(places)] = anyNumber(random)
        break
      }
      case 7: {
        const places = ops.flatMap((op, i) => (isText(op) ? [i] : []))
        if (places.length > 0) ops[random.pick(places)] = text(random.pick(nastyTexts))
        break
      }
      case 8: {
        const places = ops.flatMap((op, i) => (isGlobal(op) ? [i] : []))
        if (places.length > 0)
          ops[random.pick(places)] = joined('c', random.pick(globals).replace(' ', '\n'), '\n')
        break
      }
      default: {
        const unit = anyOp(random)
        ops.splice(at, 0, ...Array.from({ length: random.pick([3, 70, 2000]) }, () => unit))
      }
    }
    if (ops.length < 3) break
  }
  return joined(...ops)
}
