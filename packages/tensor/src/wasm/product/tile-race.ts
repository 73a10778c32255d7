import type { FunctionRef, Procedure } from '../asm/index.ts'
import { i32, ModuleBuilder } from '../asm/index.ts'
import type { Tile, TileChoice, TileName } from '../runtime/tile.ts'
import { defaultTile, tileNames, tiles } from '../runtime/tile.ts'
import { emitTile } from './gemm.ts'
import { blocking } from './product.ts'

/** Multiply-adds a process has to do before timing tiles can pay: some 50 ms of them. */
const worthTiming = 1e9
/** A primitive of fewer does not wait for a round. */
const worthRound = 4e6
/** Least rounds of the race, and milliseconds between two of them: time for the engine to optimise the code. */
const [rounds, pause] = [12, 4]
/** Times have settled once no tile got faster by this factor in that many rounds. */
const [calmRounds, faster] = [6, 1.02]
/** All a race may take of the caller's time, in milliseconds. */
const budget = 20
/**
 * What a measurement multiplies, as products do it: panels of a, some `rows` in all, from the second-level cache, by one
 * panel of b, some `columns` wide, in the first. It takes some 30 µs.
 */
const [depth, rows, columns] = [blocking.depth, blocking.rows, 16]
/** Another tile must be faster than the default by this factor: a lead of less may not last outside the race. */
const worthChanging = 1.05
/** Coarsest clock that tells measurements apart, in milliseconds. */
const finest = 0.005

/** One tile in the race. */
interface Runner {
  readonly name: TileName
  /** Multiplies all panels of a by the panel of b: one measurement. */
  readonly run: () => void
  readonly multiplyAdds: number
  /** Least time of a run, in milliseconds. */
  best: number
}

/** `name(a, end, b, c)`: the panels of a up to `end` times a panel of b, into tiles of c, row by row. */
const emitSweep: Procedure<[tile: FunctionRef, shape: Tile]> = (f, tile, { mr, nr }, a, end, b, c) => {
  f.while(i32.ltU(a, end), () => {
    f.run(tile, a, b, c, depth, 4 * nr, 4 * nr, 0)
    f.add(a, 4 * mr * depth)
    f.add(c, 4 * mr * nr)
  })
}

/** Bytes of the panels of a and of b, and the end of the result; the first KiB is left alone. */
const [left, right, result] = [4 * rows * depth, 4 * columns * depth, 4 * rows * columns]
const [aStart, bStart] = [1024, 1024 + left]
const pages = Math.ceil((bStart + right + result) / 65_536)

/** Measurements of all candidates as functions of one module, on zeros in a memory of their own. */
function makeRunners(fused: boolean): Runner[] {
  const m = new ModuleBuilder({ shared: false }, fused)
  for (const name of tileNames) {
    const shape = tiles[name]
    m.procedure(name, emitSweep, m.procedure(`${name} tile`, emitTile, shape.mr, shape), shape)
  }
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory } })
  return tileNames.map((name) => {
    const { mr, nr }: Tile = tiles[name]
    const multiply = instance.exports[name] as (...args: number[]) => void
    const panels = Math.floor(rows / mr)
    const times = Math.floor(columns / nr)
    const end = aStart + 4 * panels * mr * depth
    const run = () => {
      for (let i = 0; i < times; i++) multiply(aStart, end, bStart, bStart + right)
    }
    return { name, run, multiplyAdds: times * panels * mr * nr * depth, best: Infinity }
  })
}

/** The fastest tile, or the default where none is clearly faster; speeds in GFLOP/s. */
export function winnerOf(speeds: Readonly<Record<TileName, number>>): TileName {
  let winner: TileName = defaultTile
  for (const name of tileNames) {
    if (speeds[name] > worthChanging * speeds[defaultTile] && speeds[name] > speeds[winner]) winner = name
  }
  return winner
}

/** Least step of the clock, in milliseconds. */
function clockStep(now: () => number): number {
  const start = now()
  let next = start
  while (next === start) next = now()
  return next - start
}

const named = (name: TileName): string => name.replace('x', '×')

/**
 * Finds the fastest tile by timing all of them, once a process has shown that it multiplies much: one short round
 * before each of the next large primitives, so that nobody waits and the engine has time to optimise the code in
 * between. The least time of each counts, which delays by other programs do not touch.
 */
export class TileRace implements TileChoice {
  readonly #relaxed: boolean
  readonly #now: () => number
  #name: TileName = defaultTile
  #why = 'the default, as long as there is little to multiply'
  #ahead = worthTiming
  #runners: readonly Runner[] | undefined
  #round = 0
  /** Rounds since a tile got faster. */
  #calm = 0
  #lastRound = -Infinity
  #spent = 0
  #settled = false

  constructor(relaxed: boolean, now: () => number = () => performance.now()) {
    this.#relaxed = relaxed
    this.#now = now
  }

  get tile(): Tile {
    return tiles[this.#name]
  }

  get note(): string {
    return `tile ${named(this.#name)}: ${this.#why}`
  }

  expect(multiplyAdds: number): void {
    if (this.#settled) return
    this.#ahead -= multiplyAdds
    if (this.#ahead > 0 || multiplyAdds < worthRound) return
    const start = this.#now()
    if (start - this.#lastRound < pause) return
    this.#runRound()
    this.#lastRound = this.#now()
    this.#spent += this.#lastRound - start
    if (this.#settled) return
    this.#round++
    if (this.#round >= rounds && this.#calm >= calmRounds) this.#settle()
    else if (this.#spent > budget) this.#giveUp('as times did not settle')
  }

  #runRound(): void {
    if (this.#runners === undefined) {
      if (clockStep(this.#now) > finest) {
        this.#giveUp('as the clock is too coarse here to time others')
        return
      }
      this.#runners = makeRunners(this.#relaxed)
    }
    // Another one first in every round: the first finds caches and clock rate as the caller left them.
    const first = this.#round % this.#runners.length
    for (const runner of [...this.#runners.slice(first), ...this.#runners.slice(0, first)]) {
      const start = this.#now()
      runner.run()
      const time = this.#now() - start
      if (faster * time < runner.best) this.#calm = -1
      runner.best = Math.min(runner.best, time)
    }
    this.#calm++
  }

  #giveUp(reason: string): void {
    this.#why = `the default, ${reason}`
    this.#settled = true
    this.#runners = undefined
  }

  #settle(): void {
    const speed = ({ multiplyAdds, best }: Runner) => (2 * multiplyAdds) / best / 1e6
    const all = this.#runners!.map((runner) => [runner.name, speed(runner)] as const)
    const speeds = Object.fromEntries(all) as Record<TileName, number>
    this.#name = winnerOf(speeds)
    const list = all.map(([name, s]) => `${named(name)} ${s.toFixed(1)}`).join(', ')
    this.#why = `by timing, GFLOP/s of one thread: ${list}; took ${this.#spent.toFixed(1)} ms`
    this.#settled = true
    this.#runners = undefined
  }
}

const races = new Map<boolean, TileRace>()

/** The race of this process, with fused multiply-add or without. */
export function tileRace(relaxed: boolean): TileChoice {
  let race = races.get(relaxed)
  if (race === undefined) races.set(relaxed, (race = new TileRace(relaxed)))
  return race
}
