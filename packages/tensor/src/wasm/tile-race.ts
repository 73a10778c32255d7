import { ModuleBuilder } from './asm.ts'
import { emitTile } from './gemm.ts'
import type { Tile, TileChoice, TileName } from './tile.ts'
import { defaultTile, tileNames, tiles } from './tile.ts'

/** Multiply-adds a process has to do before timing tiles can pay: some 50 ms of them. */
const worthTiming = 1e9
/** A primitive of fewer does not wait for a round. */
const worthRound = 4e6
/** Rounds of the race, and milliseconds between two of them: time for the engine to optimise the code. */
const [rounds, pause] = [12, 4]
/** All a race may take of the caller's time, in milliseconds. */
const budget = 12
/** Depth of the panels that are multiplied: they stay in the first-level cache. */
const depth = 256
/** Multiply-adds of one measurement: some 30 µs. */
const perRun = 600_000
/** Another tile must be faster than the default by this factor: less may be noise. */
const worthChanging = 1.03
/** Coarsest clock that tells measurements apart, in milliseconds. */
const finest = 0.005

/** One tile in the race. */
interface Runner {
  readonly name: TileName
  /** Multiplies panels so many times. */
  readonly run: () => void
  readonly multiplyAdds: number
  /** Least time of a run, in milliseconds. */
  best: number
}

/** The full tiles of all candidates as functions of one module, with panels of zeros in a memory of their own. */
function makeRunners(relaxed: boolean): Runner[] {
  const m = new ModuleBuilder({ shared: false })
  for (const name of tileNames) emitTile(m, name, tiles[name].mr, { ...tiles[name], relaxed })
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory } })
  return tileNames.map((name) => {
    const { mr, nr }: Tile = tiles[name]
    const multiply = instance.exports[name] as (...args: number[]) => void
    const times = Math.round(perRun / (mr * nr * depth))
    // Panels of a and b, then the tile of c, all within the first 64 KiB.
    const args = [1024, 16_384, 49_152, depth, 4 * nr, 4 * nr, 0] as const
    const run = () => {
      for (let i = 0; i < times; i++) multiply(...args)
    }
    return { name, run, multiplyAdds: times * mr * nr * depth, best: Number.POSITIVE_INFINITY }
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
  private readonly relaxed: boolean
  private readonly now: () => number
  private name: TileName = defaultTile
  private why = 'the default, as long as there is little to multiply'
  private ahead = worthTiming
  private runners: readonly Runner[] | undefined
  private round = 0
  private lastRound = Number.NEGATIVE_INFINITY
  private spent = 0
  private settled = false

  constructor(relaxed: boolean, now: () => number = () => performance.now()) {
    this.relaxed = relaxed
    this.now = now
  }

  get tile(): Tile {
    return tiles[this.name]
  }

  get note(): string {
    return `tile ${named(this.name)}: ${this.why}`
  }

  expect(multiplyAdds: number): void {
    if (this.settled) return
    this.ahead -= multiplyAdds
    if (this.ahead > 0 || multiplyAdds < worthRound) return
    const start = this.now()
    if (start - this.lastRound < pause) return
    this.runRound()
    this.lastRound = this.now()
    this.spent += this.lastRound - start
    if (!this.settled && (++this.round === rounds || this.spent > budget)) this.settle()
  }

  private runRound(): void {
    if (this.runners === undefined) {
      if (clockStep(this.now) > finest) {
        this.settled = true
        this.why = 'the default, as the clock is too coarse here to time others'
        return
      }
      this.runners = makeRunners(this.relaxed)
    }
    for (const runner of this.runners) {
      const start = this.now()
      runner.run()
      runner.best = Math.min(runner.best, this.now() - start)
    }
  }

  private settle(): void {
    const speed = ({ multiplyAdds, best }: Runner) => (2 * multiplyAdds) / best / 1e6
    const all = this.runners!.map((runner) => [runner.name, speed(runner)] as const)
    const speeds = Object.fromEntries(all) as Record<TileName, number>
    this.name = winnerOf(speeds)
    const list = all.map(([name, s]) => `${named(name)} ${s.toFixed(1)}`).join(', ')
    this.why = `by timing, GFLOP/s of one thread: ${list}; took ${this.spent.toFixed(1)} ms`
    this.settled = true
    this.runners = undefined
  }
}

const races = new Map<boolean, TileRace>()

/** The race of this process, with fused multiply-add or without. */
export function tileRace(relaxed: boolean): TileChoice {
  let race = races.get(relaxed)
  if (race === undefined) races.set(relaxed, (race = new TileRace(relaxed)))
  return race
}
