import type { Expr, ModuleBuilder as Module } from '@tweedie/tensor/wasm'
import { f32x4, i32, ModuleBuilder, v128 } from '@tweedie/tensor/wasm'

/** A register tile of a matrix product. */
export interface Tile {
  readonly rows: number
  readonly columns: number
}

/** Tiles that fill the registers of one machine or another. */
export const peakTiles: readonly Tile[] = [
  { rows: 4, columns: 8 },
  { rows: 6, columns: 8 },
  { rows: 3, columns: 12 },
  { rows: 2, columns: 16 },
]

/** Length of the sums of a tile: both panels, at most (6 + 8)·4·256 bytes, fit the first cache. */
const depth = 256

/** Operations in one tile. */
export const tileFlops = ({ rows, columns }: Tile): number => 2 * rows * columns * depth

/** `run(at, repeats)`: so many times the product of two packed panels that start at `at`, into registers. */
export function emitPeak(m: Module, { rows, columns, fused }: Tile & { readonly fused: boolean }): void {
  m.procedure('run', (f, at, repeats) => {
    const sums = Array.from({ length: (rows * columns) / 4 }, () => f.vector())
    const right = Array.from({ length: columns / 4 }, () => f.vector())
    const [left, a, b, end] = [f.vector(), f.local('i32'), f.local('i32'), f.local('i32')]
    f.while(repeats, () => {
      f.set(a, at)
      f.set(end, i32.add(at, 4 * rows * depth))
      f.set(b, end)
      f.while(i32.ltU(a, end), () => {
        right.forEach((vector, j) => f.set(vector, v128.load(b, 16 * j)))
        for (let i = 0; i < rows; i++) {
          f.set(left, v128.load32Splat(a, 4 * i))
          right.forEach((vector, j) => {
            const sum = sums[(i * columns) / 4 + j]!
            const term = fused
              ? f32x4.relaxedMadd(left, vector, sum)
              : f32x4.add(sum, f32x4.mul(left, vector))
            f.set(sum, term)
          })
        }
        f.add(a, 4 * rows)
        f.add(b, 4 * columns)
      })
      f.add(repeats, -1)
    })
    // Results that are used nowhere would not have to be computed.
    sums.forEach((sum, i) => f.emit(v128.store(end, sum, 16 * i)))
  })
}

/** Vectors per turn: as many loads in flight as hide their latency. */
const ways = 8

/**
 * `read(at, bytes, repeats)` reads a block so many times; `copy(at, bytes, repeats)` copies one of so many
 * bytes onto what follows it, so many times. `bytes` is a multiple of 128.
 */
export function emitBandwidth(m: Module): void {
  m.procedure('read', (f, at, bytes, repeats) => {
    const sums = Array.from({ length: ways }, () => f.vector())
    const [from, end] = [f.local('i32'), f.let(i32.add(at, bytes))]
    f.while(repeats, () => {
      f.set(from, at)
      f.while(i32.ltU(from, end), () => {
        sums.forEach((sum, i) => f.set(sum, v128.xor(sum, v128.load(from, 16 * i))))
        f.add(from, 16 * ways)
      })
      f.add(repeats, -1)
    })
    const all = sums.reduce<Expr<'v128'>>((a, b) => v128.xor(a, b), v128.zero())
    // An even number of repeats leaves zero, an odd one what the block holds: never all ones in floats.
    f.if(i32.eqz(v128.anyTrue(v128.not(all))), () => f.emit(v128.store(at, all)))
  })
  m.procedure('copy', (f, at, bytes, repeats) => {
    const [from, to, end] = [f.local('i32'), f.local('i32'), f.let(i32.add(at, bytes))]
    const moved = Array.from({ length: ways }, () => f.vector())
    f.while(repeats, () => {
      f.set(from, at)
      f.set(to, end)
      f.while(i32.ltU(from, end), () => {
        moved.forEach((vector, i) => f.set(vector, v128.load(from, 16 * i)))
        moved.forEach((vector, i) => f.emit(v128.store(to, vector, 16 * i)))
        f.add(from, 16 * ways)
        f.add(to, 16 * ways)
      })
      f.add(repeats, -1)
    })
  })
}

/** Whether the engine has fused multiply-add. */
export function relaxedSimd(): boolean {
  const m = new ModuleBuilder({ shared: false })
  emitPeak(m, { rows: 4, columns: 8, fused: true })
  return WebAssembly.validate(m.bytes())
}
