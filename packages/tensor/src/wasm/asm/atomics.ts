import { codeAddress, codeI32, codeI64, memoryOperand } from './scalar.ts'
import type { I32, Statement } from './types.ts'
import { expr, unsigned } from './types.ts'

const atomic = (op: number, alignment: number, offset: number) => [
  0xfe,
  ...unsigned(op),
  ...memoryOperand(alignment, offset),
]
const rmw =
  (op: number) =>
  (at: I32, value: I32, offset = 0) =>
    expr('i32', codeAddress(at), codeI32(value), atomic(op, 2, offset))

/** Atomics on aligned i32 cells of a shared memory. */
export const atomics = {
  load: (at: I32, offset = 0) => expr('i32', codeAddress(at), atomic(0x10, 2, offset)),
  store: (at: I32, value: I32, offset = 0): Statement =>
    expr('void', codeAddress(at), codeI32(value), atomic(0x17, 2, offset)),
  /** These give the cell's former value. */
  add: rmw(0x1e),
  sub: rmw(0x25),
  and: rmw(0x2c),
  or: rmw(0x33),
  exchange: rmw(0x41),
  compareExchange: (at: I32, expected: I32, value: I32, offset = 0) =>
    expr('i32', codeAddress(at), codeI32(expected), codeI32(value), atomic(0x48, 2, offset)),
  /** Wakes up to `count` waiters and gives how many. */
  notify: (at: I32, count: I32, offset = 0) =>
    expr('i32', codeAddress(at), codeI32(count), atomic(0x00, 2, offset)),
  /** Sleeps while the cell is `expected`: 0 woken, 1 differed, 2 timed out. Timeout in ns, −1 for none. */
  wait: (at: I32, expected: I32, timeout: bigint, offset = 0) =>
    expr('i32', codeAddress(at), codeI32(expected), codeI64(timeout), atomic(0x01, 2, offset)),
  fence: (): Statement => expr('void', [0xfe, 0x03, 0x00]),
}
