import { describe, expect, test } from 'vitest'
import { fusions } from '../oracle-rooms.test.helper.ts'
import type { Expr, FunctionBuilder, MemoryType, ValueType } from './index.ts'
import {
  atomics,
  bulk,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i16x8,
  i32,
  i32x4,
  i64x2,
  ModuleBuilder,
  select,
  shuffle8,
  shuffle32,
  shuffle64,
  v128,
} from './index.ts'
import { signed, signed64, unsigned } from './types.ts'

type Fn = (...args: number[]) => void

function build(define: (m: ModuleBuilder) => void, type: MemoryType = { shared: false }, fused = false) {
  const m = new ModuleBuilder(type, fused)
  define(m)
  const memory = new WebAssembly.Memory(
    type.shared ? { initial: 1, maximum: type.maximum ?? 1, shared: true } : { initial: 1 },
  )
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory } })
  return { run: exports as Record<string, Fn>, memory }
}

describe('integers of the binary format', () => {
  test.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('unsigned %d', (value, bytes) => expect(unsigned(value)).toEqual(bytes))

  test.each([
    [0, [0]],
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-123456, [0xc0, 0xbb, 0x78]],
  ])('signed %d', (value, bytes) => {
    expect(signed(value)).toEqual(bytes)
    expect(signed64(BigInt(value))).toEqual(bytes)
  })
})

describe('vector constants', () => {
  test('are set before the first statement, wherever they are asked for, and are one variable each', () => {
    const { run, memory } = build((m) => {
      m.procedure('store', (f, at, skip) => {
        f.if(skip, () => f.emit(v128.store(at, f.f32(1.5))))
        f.emit(v128.store(at, f32x4.add(f.f32(1.5), f.i32(0)), 16))
        f.emit(v128.store(at, f.f64(-2.5), 32))
        f.emit(v128.store(at, f.i32(-7), 48))
        f.emit(v128.store(at, f.f32(0), 64), v128.store(at, f.f32(-0), 80), v128.store(at, f.f64(-0), 96))
        expect(f.f32(1.5)).toBe(f.f32(1.5))
        expect(f.f64(0)).not.toBe(f.f64(-0))
      })
    })
    run['store']!(0, 0)
    const floats = new Float32Array(memory.buffer)
    expect([...floats.subarray(0, 8)]).toEqual([0, 0, 0, 0, 1.5, 1.5, 1.5, 1.5])
    expect([...new Float64Array(memory.buffer, 32, 2)]).toEqual([-2.5, -2.5])
    expect([...new Int32Array(memory.buffer, 48, 4)]).toEqual([-7, -7, -7, -7])
    expect([...floats.subarray(16, 28)]).toEqual([0, 0, 0, 0, -0, -0, -0, -0, 0, -0, 0, -0])
  })
})

describe.each(fusions)('multiply-add, fused %j', (fused) => {
  /** The first float32 and float64 of what an expression over the constants gives. */
  const firstOf = (expression: (f: FunctionBuilder) => Expr<'v128'>) => {
    const { run, memory } = build(
      (m) => m.procedure('run', (f, at) => f.emit(v128.store(at, expression(f)))),
      { shared: false },
      fused,
    )
    run['run']!(0)
    return { single: new Float32Array(memory.buffer)[0], double: new Float64Array(memory.buffer)[0] }
  }

  test('a·b + c and c − a·b; fused, they are rounded once', () => {
    expect(firstOf((f) => f.madd(f.f32(3), f.f32(5), f.f32(7))).single).toBe(22)
    expect(firstOf((f) => f.nmadd(f.f32(3), f.f32(5), f.f32(7))).single).toBe(-8)
    expect(firstOf((f) => f.maddWide(f.f64(3), f.f64(5), f.f64(7))).double).toBe(22)
    // (1 + ε)² − 1 − 2ε is ε², which two roundings lose.
    const [single, double] = [2 ** -23, 2 ** -52]
    const a = firstOf((f) => f.madd(f.f32(1 + single), f.f32(1 + single), f.f32(-1 - 2 * single))).single
    const b = firstOf((f) => f.nmadd(f.f32(1 + single), f.f32(1 + single), f.f32(1 + 2 * single))).single
    const c = firstOf((f) => f.maddWide(f.f64(1 + double), f.f64(1 + double), f.f64(-1 - 2 * double))).double
    const rest = (epsilon: number) => (fused ? epsilon ** 2 : 0)
    expect([a, b === 0 ? 0 : -b!, c]).toEqual([rest(single), rest(single), rest(double)])
  })

  test('a polynomial has its highest power last', () => {
    expect(firstOf((f) => f.polynomial(f.f32(2), [3, 5, 7])).single).toBe(3 + 10 + 28)
  })
})

describe('functions', () => {
  test('the example of the doc comment', () => {
    const { run, memory } = build((m) => {
      m.func('axpy', ['i32', 'f32', 'i32', 'i32'], (f, n, a, x, y) => {
        const scale = f.vector(f32x4.splat(a))
        const end = f.let(i32.add(x, i32.shl(n, 2)))
        f.while(i32.ltU(x, end), () => {
          f.emit(v128.store(y, f32x4.add(v128.load(y), f32x4.mul(scale, v128.load(x)))))
          f.add(x, 16)
          f.add(y, 16)
        })
      })
    })
    const floats = new Float32Array(memory.buffer)
    floats.set([1, 2, 3, 4, 5, 6, 7, 8])
    floats.fill(1, 16, 24)
    run['axpy']!(8, 0.5, 0, 64)
    expect([...floats.subarray(16, 24)]).toEqual([1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5])
  })

  test('nested loops, conditions, calls and early returns', () => {
    const { run, memory } = build((m) => {
      const sum = m.procedure('sum', (f, out, from, to) => {
        const [i, total] = f.locals('i32', 2)
        f.if(i32.gtS(from, to), () => {
          f.emit(i32.store(out, -1))
          f.return()
        })
        f.loop(i, from, to, 1, () => f.add(total, i))
        f.emit(i32.store(out, total))
      })
      m.procedure('triangle', (f, out, n) => {
        const [i, total] = f.locals('i32', 2)
        f.loop(i, 0, n, 1, () => {
          f.if(i32.eq(i, 5), () => f.return())
          f.run(sum, i32.add(out, 4), 0, i32.add(i, 1))
          f.add(total, i32.load(out, 4))
          f.if(
            i32.and(i, 1),
            () => f.emit(i32.store(out, total, 8)),
            () => f.emit(i32.store(out, total, 12)),
          )
          f.emit(i32.store(out, total))
        })
      })
    })
    const words = new Int32Array(memory.buffer)
    const sum = (from: number, to: number) => {
      run['sum']!(0, from, to)
      return words[0]
    }
    expect(sum(3, 7)).toBe(3 + 4 + 5 + 6)
    expect(sum(7, 3)).toBe(-1)
    run['triangle']!(64, 4)
    expect([...words.subarray(16, 20)]).toEqual([10, 6, 10, 4])
    run['triangle']!(64, 100)
    expect([...words.subarray(16, 20)]).toEqual([20, 10, 10, 20])
  })

  test('a loop leaves its counter at the first value not taken', () => {
    const { run, memory } = build((m) => {
      m.procedure('after', (f, out, to) => {
        const i = f.local('i32')
        f.loop(i, 0, i32.sub(to, 3), 4, () => {})
        f.emit(i32.store(out, i))
      })
    })
    const after = (n: number) => {
      run['after']!(0, n)
      return new Int32Array(memory.buffer)[0]
    }
    expect([-2, 3, 4, 8, 11].map(after)).toEqual([0, 0, 4, 8, 8])
  })
})

describe('operations', () => {
  test('scalars', () => {
    const { run, memory } = build((m) => {
      m.func('f', ['i32', 'f32', 'f32'], (f, out, x, y) =>
        f.emit(f32.store(out, f32.add(f32.sqrt(f32.mul(x, x)), f32.max(f32.neg(y), f32.floor(2.75))))),
      )
      m.func('d', ['i32', 'f64', 'i32'], (f, out, x, n) =>
        f.emit(f64.store(out, f64.div(f64.add(x, f64.convertI32S(n)), f64.promoteF32(f32.demoteF64(4))))),
      )
      m.procedure('pick', (f, out, n) =>
        f.emit(i32.store(out, select(i32.ltS(n, 0), i32.const(-1), i32.shrU(n, 1)))),
      )
    })
    const view = new DataView(memory.buffer)
    const f = (x: number, y: number) => {
      run['f']!(0, x, y)
      return view.getFloat32(0, true)
    }
    const pick = (n: number) => {
      run['pick']!(0, n)
      return view.getInt32(0, true)
    }
    expect([f(-3, 5), f(-3, -5)]).toEqual([5, 8])
    run['d']!(0, 1.5, -7)
    expect(view.getFloat64(0, true)).toBe(-1.375)
    expect([pick(-5), pick(9)]).toEqual([-1, 4])
  })

  test('vectors', () => {
    const { run, memory } = build((m) => {
      m.procedure('run', (f, x, y) => {
        const [a, b] = [f.vector(v128.load(x)), f.vector(v128.load(x, 16))]
        const results = [
          f32x4.sub(a, b),
          v128.bitselect(a, b, f32x4.lt(a, b)),
          shuffle32(a, b, [0, 4, 3, 7]),
          shuffle64(a, b, [1, 2]),
          f32x4.convertI32x4S(i32x4.truncSatF32x4S(f32x4.mul(a, f32x4.const(1.5)))),
          i32x4.replaceLane(f32x4.splat(f32x4.extractLane(b, 2)), 1, 0x41100000),
          v128.load32Splat(x, 4),
          f32x4.demoteF64x2Zero(f64x2.abs(f64x2.promoteLowF32x4(a))),
          select(1, a, b),
        ]
        results.forEach((result, i) => {
          f.emit(v128.store(y, result, 16 * i))
        })
      })
    })
    const floats = new Float32Array(memory.buffer)
    floats.set([1, -2, 3, 4, 2, -3, 5, 0.5])
    run['run']!(0, 1024)
    expect(Array.from({ length: 9 }, (_, i) => [...floats.subarray(256 + 4 * i, 260 + 4 * i)])).toEqual([
      [-1, 1, -2, 3.5],
      [1, -3, 3, 0.5],
      [1, 2, 4, 0.5],
      [3, 4, 2, -3],
      [1, -3, 4, 6],
      [5, 9, 5, 5],
      [-2, -2, -2, -2],
      [1, 2, 0, 0],
      [1, -2, 3, 4],
    ])
  })

  test('bytes widen and narrow', () => {
    const { run, memory } = build((m) => {
      m.procedure('run', (f, x, y) => {
        const wide = i32x4.extendLowI16x8U(i16x8.extendLowI8x16U(v128.load32Zero(x)))
        f.emit(v128.store(y, wide))
        const narrow = i16x8.narrowI32x4S(i32x4.gtS(wide, i32x4.const(1)), v128.zero())
        const bytes = i8x16.narrowI16x8S(narrow, narrow)
        f.emit(v128.store32Lane(y, bytes, 0, 16), bulk.fill(i32.add(y, 20), 7, 3))
      })
    })
    const bytes = new Uint8Array(memory.buffer)
    bytes.set([1, 2, 0, 255])
    run['run']!(0, 64)
    expect([...new Int32Array(memory.buffer, 64, 4)]).toEqual([1, 2, 0, 255])
    expect([...bytes.subarray(80, 84)]).toEqual([0, 255, 0, 255])
    expect([...bytes.subarray(84, 88)]).toEqual([7, 7, 7, 0])
  })

  test('atomics on a shared memory', () => {
    const { run, memory } = build(
      (m) => {
        const at = 8
        m.procedure('add', (f, out, by) => f.emit(i32.store(out, atomics.add(at, by))))
        m.procedure('swap', (f, out) => f.emit(i32.store(out, atomics.compareExchange(at, 5, 11))))
        m.procedure('wake', (f, out) => f.emit(i32.store(out, atomics.notify(at, 1))))
        m.procedure('sleep', (f, out) => {
          f.emit(atomics.store(16, 3), atomics.fence())
          f.emit(i32.store(out, i32.add(atomics.wait(16, 3, 1000n), atomics.load(16))))
        })
      },
      { shared: true, maximum: 2 },
    )
    const words = new Int32Array(memory.buffer)
    run['add']!(64, 5)
    run['swap']!(68)
    run['wake']!(72)
    run['sleep']!(76)
    expect([...words.subarray(16, 20)]).toEqual([0, 5, 0, 2 + 3])
    expect(words[2]).toBe(11)
  })

  test('everything in the tables is valid code', () => {
    // Each operation by the types it takes; memory operations and constants are exercised above.
    const takes: Record<string, readonly ValueType[]> = { splat: ['i32'], shl: ['v128', 'i32'] }
    const tables = { f32x4, f64x2, i32x4, i64x2, i16x8, i8x16 } as const
    for (const [table, ops] of Object.entries(tables)) {
      for (const [name, op] of Object.entries(ops)) {
        const splat: ValueType = table === 'f32x4' ? 'f32' : table === 'f64x2' ? 'f64' : 'i32'
        if (/const|lanes|Lane/.test(name)) continue
        const types =
          name === 'splat'
            ? [splat]
            : /^sh[lr]/.test(name)
              ? takes['shl']!
              : new Array<ValueType>(op.length).fill('v128')
        const m = new ModuleBuilder({ shared: false })
        m.func('f', types, (f, ...params) => {
          const value = (op as (...args: unknown[]) => Expr<ValueType>)(...params)
          f.local(value.type, value)
        })
        expect(WebAssembly.validate(m.bytes()), `${table}.${name}`).toBe(true)
      }
    }
    expect(shuffle8(v128.zero(), v128.zero(), new Array<number>(16).fill(31)).type).toBe('v128')
  })
})
